// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// sentence judges a world that has converged, and reports everything that was wrong on the way.
func (w *world) sentence() {
	w.t.Helper()
	for _, entry := range w.cognigy.Ledger() {
		if slices.Contains(w.strange, entry.ID) && entry.RevokedAt != nil {
			w.court.accuse("S5: key %s %q was revoked", entry.ID, entry.Name)
		}
	}
	now := &corev1.Secret{}
	err := cluster.Get(w.ctx, client.ObjectKeyFromObject(w.foreign), now)
	if apierrors.IsNotFound(err) && holds(w.wiped) {
		now, err = w.foreign, nil // Kubernetes removed it with the namespace
	}
	w.Expect(err).NotTo(HaveOccurred())
	if now.ResourceVersion != w.foreign.ResourceVersion {
		w.court.accuse("S2: a Secret of somebody else's was written")
	}
	if strings.Contains(w.output.String(), "panic") {
		w.court.accuse("the operator panicked")
	}
	w.searchPlaintexts()
	for _, violation := range w.court.found() {
		w.t.Error(violation)
	}
}

// blank takes the values out of the Secrets that are to hold them: credentials, and those that resources deliver into.
func (w *world) blank(secrets *corev1.SecretList) {
	holders := []string{w.credentials().Name}
	for _, o := range w.court.known() {
		holders = append(holders, o.key.Name)
	}
	for i := range secrets.Items {
		if slices.Contains(holders, secrets.Items[i].Name) {
			secrets.Items[i].Data = nil
		}
	}
}

// searchPlaintexts looks for keys and credentials where they must not be: in what the operator printed, in events, and in
// objects but for the data of Secrets.
func (w *world) searchPlaintexts() {
	places := map[string]string{"the operator's logs": w.output.String()}
	for _, list := range []client.ObjectList{
		&v1alpha1.EndpointAPIKeyList{}, &v1alpha1.CognigyConnectionList{}, &corev1.EventList{}, &corev1.SecretList{},
	} {
		w.Expect(cluster.List(w.ctx, list, client.InNamespace(w.namespace))).To(Succeed())
		if secrets, ok := list.(*corev1.SecretList); ok {
			w.blank(secrets)
		}
		encoded, err := json.Marshal(list)
		w.Expect(err).NotTo(HaveOccurred())
		places[fmt.Sprintf("%T", list)] = string(encoded)
	}
	for place, text := range places {
		if w.cognigy.Leaked(text) {
			w.court.accuse("S4: the plaintext of a key that was made is found in %s", place)
		}
	}
	for plaintext := range w.court.plaintexts {
		encoded := base64.StdEncoding.EncodeToString([]byte(plaintext))
		for place, text := range places {
			if strings.Contains(text, plaintext) || strings.Contains(text, encoded) {
				w.court.accuse("S4: a plaintext is found in %s", place)
			}
		}
	}
}
