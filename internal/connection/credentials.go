// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
)

// CredentialsInterval is the time between two reads of a credentials Secret that does not exist: without our label, its
// creation causes no event.
const CredentialsInterval = 3 * time.Second

// Credentials are what a connection authenticates with.
type Credentials struct {
	apiKey cognigy.Sensitive
	// Protected is whether the Secret that holds them is there to stay: it has the finalizer that keeps it while keys depend on it,
	// and nobody deletes it.
	Protected bool
}

// credentials reads the connection's API key from the API server. White space around it is dropped: files end with a newline.
func (r *Resolver) credentials(ctx context.Context, connection v1alpha1.Connection) (Credentials, error) {
	auth := connection.GetConnectionSpec().Auth.APIKey
	if auth == nil {
		return Credentials{}, condition.Stalled(v1alpha1.ReasonInvalidSpec,
			"the connection has no authentication that this version of the operator knows; set auth.apiKey")
	}
	name, dataKey := r.SecretName(connection), auth.SecretRef.Key
	secret := &corev1.Secret{}
	if err := r.Client.Get(ctx, name, secret); apierrors.IsNotFound(err) {
		return Credentials{}, condition.Waiting(v1alpha1.ReasonCredentialsNotFound, "there is no Secret %q with the credentials; create it", name)
	} else if err != nil {
		return Credentials{}, err
	}
	value, ok := secret.Data[string(dataKey)]
	trimmed := strings.TrimSpace(string(value))
	switch {
	case !ok:
		return Credentials{}, condition.Waiting(v1alpha1.ReasonCredentialsNotFound,
			"the credentials Secret %q has no data key %q; add it, or name another in auth.apiKey.secretRef.key", name, dataKey)
	case trimmed == "":
		return Credentials{}, condition.Stalled(v1alpha1.ReasonCredentialsInvalid,
			"data key %q of the credentials Secret %q is empty; put a Cognigy API key there", dataKey, name)
	case strings.ContainsFunc(trimmed, func(r rune) bool { return r <= ' ' || r > '~' }):
		return Credentials{}, condition.Stalled(v1alpha1.ReasonCredentialsInvalid,
			"data key %q of the credentials Secret %q holds white space or characters that no API key has; check what was put there", dataKey, name)
	}
	return Credentials{
		apiKey:    cognigy.NewSensitive(trimmed),
		Protected: secret.DeletionTimestamp.IsZero() && controllerutil.ContainsFinalizer(secret, v1alpha1.InUseFinalizer),
	}, nil
}
