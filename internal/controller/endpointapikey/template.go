// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"cmp"
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/render"
)

// maxTemplateError is how many bytes of an error of a template a message has: the error may quote what a tenant wrote.
const maxTemplateError = 500

func invalidTemplate(err error) error {
	return condition.Stalled(v1alpha1.ReasonInvalidTemplate, "a template in spec.secret.template.data fails, so that the operator issues no "+
		"key and leaves the Secret's data as it is; correct the template: %s", condition.Clip(err.Error(), maxTemplateError))
}

// compose returns the Secret that delivers a key, with what templates make of it.
func (s *scope) compose(record delivery.Record, plaintext string, now time.Time) (*corev1.Secret, error) {
	secret := delivery.Compose(s.secret, s.key, record, plaintext, now)
	return secret, s.render(secret)
}

// render replaces what templates made in a Secret. If one fails, the Secret stays as it is.
func (s *scope) render(secret *corev1.Secret) error {
	if err := delivery.Render(secret, s.key, s.place); err != nil {
		return invalidTemplate(err)
	}
	return nil
}

// renderAnew writes the Secret with what the templates make of its key now.
func (r *Reconciler) renderAnew(ctx context.Context, s *scope) error {
	if err := r.readPlace(ctx, s); err != nil {
		return err
	}
	secret := s.secret.DeepCopy()
	if err := s.render(secret); err != nil {
		return err
	}
	_, err := r.rewrite(ctx, s, secret)
	if err == nil && !delivery.Rendered(s.secret, s.key) {
		return errSecretMutated("data or annotations", s.key)
	}
	return err
}

// readPlace finds out what templates say of the Endpoint and its installation. It sends a request to Cognigy only if a template says
// something that Cognigy alone knows.
func (r *Reconciler) readPlace(ctx context.Context, s *scope) error {
	templates, err := render.Parse(s.key.Templates())
	if err != nil {
		return invalidTemplate(err)
	}
	asks := templates.Uses(render.FieldEndpointName) || templates.Uses(render.FieldURLToken) || templates.Uses(render.FieldEndpointURL)
	if !asks && !templates.Uses(render.FieldBaseURL) {
		return nil
	}
	if s.blocked != nil {
		return s.blocked
	}
	spec := s.connection.GetConnectionSpec()
	place := delivery.Place{BaseURL: spec.BaseURL}
	endpoints := cmp.Or(spec.EndpointBaseURL, cognigy.EndpointBaseURL(spec.BaseURL))
	if endpoints == "" && templates.Uses(render.FieldEndpointURL) {
		return condition.Stalled(v1alpha1.ReasonInvalidTemplate, "a template in spec.secret.template.data uses .endpointURL, and the connection "+
			"%q does not say at which address Cognigy's Endpoints are: set its endpointBaseURL", s.connection.GetName())
	}
	if asks {
		session, err := r.session(ctx, s, 1)
		if err != nil {
			return err
		}
		found, err := session.GetEndpoint(ctx, s.endpointID)
		if err != nil {
			return err
		}
		place.EndpointName, place.URLToken = found.Name, found.URLToken
		place.EndpointURL = strings.TrimRight(endpoints, "/") + "/" + found.URLToken
	}
	s.setPlace(place)
	return nil
}
