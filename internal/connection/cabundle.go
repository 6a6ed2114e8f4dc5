// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"crypto/x509"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
)

// caBundle returns the certificate authorities that a connection trusts, in PEM, and whether the Secret that holds them, if one does, is
// protected. It reads what caBundleRef names from the API server, whenever the connection is used: to watch the ConfigMaps of a cluster
// would cost memory for each of them.
func (r *Resolver) caBundle(ctx context.Context, connection v1alpha1.Connection) (bundle []byte, protected bool, err error) {
	spec := connection.GetConnectionSpec()
	ref := spec.CABundleRef
	if ref == nil {
		return spec.CABundle, true, nil
	}
	name := r.nameOf(connection, ref.Name)
	bundle, protected, err = r.readCABundle(ctx, ref, name)
	if apierrors.IsNotFound(err) {
		// A namespace that is deleted loses its ConfigMaps at once, while keys are still to be revoked.
		if before := r.lastCABundle(connection); before != nil && !connection.GetDeletionTimestamp().IsZero() {
			return before, false, nil
		}
		return nil, false, condition.Waiting(v1alpha1.ReasonCABundleNotFound, "there is no %s %q with the certificate authorities; create it", ref.Kind, name)
	}
	switch {
	case err != nil:
		return nil, false, err
	case bundle == nil:
		return nil, false, condition.Waiting(v1alpha1.ReasonCABundleNotFound,
			"the %s %q has no data key %q; add it, or name another in caBundleRef.key", ref.Kind, name, ref.Key)
	case !x509.NewCertPool().AppendCertsFromPEM(bundle):
		return nil, false, condition.Stalled(v1alpha1.ReasonCABundleInvalid,
			"data key %q of the %s %q holds no PEM certificate; put the bundle that begins with -----BEGIN CERTIFICATE----- there", ref.Key, ref.Kind, name)
	}
	return bundle, protected, nil
}

// readCABundle returns nil if the object lacks the data key.
func (r *Resolver) readCABundle(ctx context.Context, ref *v1alpha1.CABundleReference, name types.NamespacedName) ([]byte, bool, error) {
	if ref.Kind == v1alpha1.CABundleKindSecret {
		secret := &corev1.Secret{}
		err := r.Client.Get(ctx, name, secret)
		return secret.Data[string(ref.Key)], isProtected(secret), err
	}
	object := &corev1.ConfigMap{}
	err := r.APIReader.Get(ctx, name, object)
	if text, ok := object.Data[string(ref.Key)]; ok {
		return []byte(text), true, err
	}
	return object.BinaryData[string(ref.Key)], true, err
}

// lastCABundle is what the connection's session trusts, or nil.
func (r *Resolver) lastCABundle(connection v1alpha1.Connection) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions[connection.GetUID()].caBundle
}
