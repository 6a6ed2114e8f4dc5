// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"

	corev1 "k8s.io/api/core/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/render"
)

// Place is what templates may say of where a key works, beside the id of its Endpoint.
type Place struct {
	EndpointName string
	URLToken     string
	BaseURL      string // of Cognigy's API
	EndpointURL  string // to which callers send the key
}

// Render replaces the data that templates made in a Secret: from its value, its record and the spec. If a template fails, the Secret stays
// as it is, and the error says where.
func Render(secret *corev1.Secret, owner *v1alpha1.EndpointAPIKey, place Place) error {
	texts := owner.Templates()
	templates, err := render.Parse(texts)
	if err != nil {
		return err
	}
	record, _ := readRecord(secret)
	data, err := templates.Execute(render.Fields{
		Key: string(secret.Data[owner.SecretKey()]), KeyID: record.KeyID, KeyPreview: record.Preview,
		EndpointID: record.EndpointID, IssuedAt: record.IssuedAt,
		EndpointName: place.EndpointName, URLToken: place.URLToken, BaseURL: place.BaseURL, EndpointURL: place.EndpointURL,
	})
	if err != nil {
		return err
	}
	for key := range made(secret) {
		delete(secret.Data, key)
	}
	maps.Copy(secret.Data, data)
	delete(secret.Annotations, v1alpha1.TemplatesAnnotation)
	if len(texts) > 0 {
		secret.Annotations[v1alpha1.TemplatesAnnotation] = sums(secret, texts)
	}
	return nil
}

// Rendered reports whether the data is what the templates of the spec made of the key. It does not render them.
func Rendered(secret *corev1.Secret, owner *v1alpha1.EndpointAPIKey) bool {
	written, found := secret.Annotations[v1alpha1.TemplatesAnnotation]
	if texts := owner.Templates(); len(texts) > 0 {
		return written == sums(secret, texts)
	}
	return !found
}

// made returns the data keys of what templates made, with the sums of that.
func made(secret *corev1.Secret) map[string]string {
	var written map[string]string
	if json.Unmarshal([]byte(secret.Annotations[v1alpha1.TemplatesAnnotation]), &written) != nil {
		return nil
	}
	return written
}

// sums is the TemplatesAnnotation of a Secret whose data the templates made.
func sums(secret *corev1.Secret, texts map[string]string) string {
	written := map[string]string{}
	for key, text := range texts {
		hash := sha256.New()
		hash.Write([]byte(text))
		hash.Write([]byte{0})
		hash.Write(secret.Data[key])
		written[key] = hex.EncodeToString(hash.Sum(nil))
	}
	return encode(written)
}

// put puts the value under a data key, which is no template's from then on.
func put(secret *corev1.Secret, key string, value []byte) {
	secret.Data[key] = value
	if written := made(secret); written[key] != "" {
		delete(written, key)
		secret.Annotations[v1alpha1.TemplatesAnnotation] = encode(written)
	}
}

func encode(written map[string]string) string {
	encoded, err := json.Marshal(written)
	if err != nil {
		panic(err) // texts do not fail
	}
	return string(encoded)
}
