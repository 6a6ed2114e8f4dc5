// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MetricsReader is the ClusterRole of whoever may read the operator's metrics.
const MetricsReader = "cognigy-operator-metrics-reader"

// Account makes a ServiceAccount, binds it to a ClusterRole if one is named, and returns a token.
func (b *Testbed) Account(ctx context.Context, name, role string) (token string, err error) {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
	if err := b.Cluster.Create(ctx, account); err != nil {
		return "", err
	}
	if role != "" {
		if err := b.Cluster.Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: account.Namespace, Name: name}},
		}); err != nil {
			return "", err
		}
	}
	request := &authenticationv1.TokenRequest{}
	err = b.Cluster.SubResource("token").Create(ctx, account, request)
	return request.Status.Token, err
}
