// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"crypto/sha256"
	"encoding/hex"
)

// TargetKind is the kind of a workload that the operator restarts.
// +kubebuilder:validation:Enum=Deployment;StatefulSet;DaemonSet
type TargetKind string

// The kinds of workloads that the operator restarts.
const (
	TargetKindDeployment  TargetKind = "Deployment"
	TargetKindStatefulSet TargetKind = "StatefulSet"
	TargetKindDaemonSet   TargetKind = "DaemonSet"
)

// RolloutRestartTarget names a workload in the namespace of the resource.
type RolloutRestartTarget struct {
	// kind is Deployment, StatefulSet or DaemonSet.
	// +required
	Kind TargetKind `json:"kind"`

	// name is the name of the workload.
	// +required
	Name ObjectName `json:"name"`
}

// restartDigits keep the annotation within the 63 characters that Kubernetes allows, and leave no room for a collision.
const restartDigits = 24

// RestartAnnotation is the annotation by which the operator restarts a workload for this resource: on the workload and on its Pod
// template, with the id of the key as its value. Its name ends with a hash of the resource's UID, since several resources may
// restart one workload.
func (k *EndpointAPIKey) RestartAnnotation() string {
	sum := sha256.Sum256([]byte(k.UID))
	return "cognigy-operator.io/key-" + hex.EncodeToString(sum[:])[:restartDigits]
}
