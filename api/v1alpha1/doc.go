// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 is the API of the operator: EndpointAPIKey, CognigyConnection and ClusterCognigyConnection, with
// their conditions and reasons. It holds types and constants only; what they mean is carried out by the controllers.
//
// +kubebuilder:object:generate=true
// +groupName=cognigy-operator.io
package v1alpha1
