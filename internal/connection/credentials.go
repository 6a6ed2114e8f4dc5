// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
)

// CredentialsInterval is the time between two reads of a credentials Secret that does not exist: without our label, its
// creation causes no event.
const CredentialsInterval = 3 * time.Second

// Credentials are what a connection authenticates with, and whom it trusts.
type Credentials struct {
	method   *method
	values   []cognigy.Sensitive // of method.data
	caBundle []byte              // PEM; the system's authorities if empty
	// Protected is whether the Secrets that hold them are there to stay: they have the finalizer that keeps them while keys depend on
	// them, and nobody deletes them.
	Protected bool
	changedAt time.Time // of the values
}

// SecretNames are the Secrets that a connection names: that of its credentials, and that of its authorities where a Secret holds them.
func (r *Resolver) SecretNames(connection v1alpha1.Connection) []types.NamespacedName {
	spec := connection.GetConnectionSpec()
	var names []types.NamespacedName
	if chosen := methodOf(spec.Auth); chosen != nil {
		names = append(names, r.nameOf(connection, chosen.secret))
	}
	if ref := spec.CABundleRef; ref != nil && ref.Kind == v1alpha1.CABundleKindSecret {
		names = append(names, r.nameOf(connection, ref.Name))
	}
	return slices.Compact(names)
}

// nameOf is the name of an object that a connection names.
func (r *Resolver) nameOf(connection v1alpha1.Connection, name v1alpha1.ObjectName) types.NamespacedName {
	if IsCluster(connection) {
		return types.NamespacedName{Namespace: r.Namespace, Name: string(name)}
	}
	return types.NamespacedName{Namespace: connection.GetNamespace(), Name: string(name)}
}

// credentials reads the connection's credentials and authorities from the API server.
func (r *Resolver) credentials(ctx context.Context, connection v1alpha1.Connection) (Credentials, error) {
	chosen := methodOf(connection.GetConnectionSpec().Auth)
	if chosen == nil {
		return Credentials{}, condition.Stalled(v1alpha1.ReasonInvalidSpec,
			"the connection has no authentication that this version of the operator knows; set auth.apiKey")
	}
	name := r.nameOf(connection, chosen.secret)
	secret := &corev1.Secret{}
	if err := r.Client.Get(ctx, name, secret); apierrors.IsNotFound(err) {
		return Credentials{}, condition.Waiting(v1alpha1.ReasonCredentialsNotFound, "there is no Secret %q with the credentials; create it", name)
	} else if err != nil {
		return Credentials{}, err
	}
	found := Credentials{method: chosen, changedAt: changedAt(secret, chosen.data)}
	for _, each := range chosen.data {
		value, err := each.read(secret)
		if err != nil {
			return Credentials{}, err
		}
		found.values = append(found.values, value)
	}
	bundle, protected, err := r.caBundle(ctx, connection)
	found.caBundle, found.Protected = bundle, protected && isProtected(secret)
	return found, err
}

func isProtected(secret client.Object) bool {
	return secret.GetDeletionTimestamp().IsZero() && controllerutil.ContainsFinalizer(secret, v1alpha1.InUseFinalizer)
}

// read returns a part of the credentials.
func (d datum) read(secret *corev1.Secret) (cognigy.Sensitive, error) {
	value, ok := secret.Data[string(d.key)]
	trimmed := d.trim(string(value))
	name := client.ObjectKeyFromObject(secret)
	switch {
	case !ok:
		return cognigy.Sensitive{}, condition.Waiting(v1alpha1.ReasonCredentialsNotFound,
			"the credentials Secret %q has no data key %q; add it, or name another in %s", name, d.key, d.field)
	case trimmed == "":
		return cognigy.Sensitive{}, condition.Stalled(v1alpha1.ReasonCredentialsInvalid,
			"data key %q of the credentials Secret %q is empty; put %s there", d.key, name, d.what)
	case strings.ContainsFunc(trimmed, d.unfit):
		return cognigy.Sensitive{}, condition.Stalled(v1alpha1.ReasonCredentialsInvalid,
			"data key %q of the credentials Secret %q holds white space or characters that %s cannot have; check what was put there", d.key, name, d.what)
	}
	return cognigy.NewSensitive(trimmed), nil
}

// fingerprint changes whenever the connection needs another Authenticator.
func (c Credentials) fingerprint(spec *v1alpha1.ConnectionSpec) [sha256.Size]byte {
	encoded, _ := json.Marshal(spec.Auth) // names and numbers
	for _, value := range c.values {
		encoded = fmt.Appendf(encoded, " %q", value.Reveal())
	}
	return sha256.Sum256(encoded)
}
