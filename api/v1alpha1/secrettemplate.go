// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// TemplateText is a template of Go's text/template.
// +kubebuilder:validation:MaxLength=65536
type TemplateText string

// SecretTemplate makes more data of a Secret, beside the plaintext under its own data key.
type SecretTemplate struct {
	// data are templates by their data keys: 16 at most, with 64 KiB together. What they make is 256 KiB at most, together. They may use
	// the fields .key (the plaintext), .keyID, .keyPreview, .issuedAt (RFC 3339), .endpointID, .endpointName, .urlToken, .endpointURL (the
	// connection's endpointBaseURL and the token) and .baseURL (the connection's), variables, if, and the functions and, b64enc, default,
	// eq, lower, ne, not, or, print, quote, toJson, trim, trimPrefix, trimSuffix, upper and urlquery. A template that fails keeps the
	// operator from issuing a key. A change rewrites the Secret, and needs no other key; a renamed Endpoint shows with the next change or
	// key.
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() <= 253 && k.matches('^[-._a-zA-Z0-9]+$') && k != '.' && !k.startsWith('..'))",message="a Secret's data key has at most 253 letters, digits, '-', '_' and '.', is not '.' and does not begin with '..'; write for example webhook.env"
	// +kubebuilder:validation:XValidation:rule="self.map(k, self[k].size()).sum() <= 65536",message="the templates have more than 64 KiB together; shorten them"
	// +optional
	Data map[string]TemplateText `json:"data,omitempty"`
}

// Templates returns the templates of the Secret by their data keys; nil if there are none.
func (k *EndpointAPIKey) Templates() map[string]string {
	template := k.Spec.Secret.Template
	if template == nil || len(template.Data) == 0 {
		return nil
	}
	texts := map[string]string{}
	for key, text := range template.Data {
		texts[key] = string(text)
	}
	return texts
}
