// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/internal/condition"
)

// maxNote is the length of an event's note that the API server accepts, in bytes.
const maxNote = 1024

// Event says what happened to an object.
type Event struct {
	Type   string // corev1.EventTypeNormal or corev1.EventTypeWarning
	Reason string // an event reason of the API
	Action string // what the operator did or tried
	// KeyID is the key in Cognigy that the event is about, or "". Kubernetes takes events that differ in their note only for
	// repetitions of one, so that the key becomes the event's related object.
	KeyID string
}

// Emit records an event on an object. A note that is too long is cut.
func (e Event) Emit(recorder events.EventRecorder, about client.Object, format string, args ...any) {
	note := condition.Clip(fmt.Sprintf(format, args...), maxNote)
	if e.KeyID == "" {
		recorder.Eventf(about, nil, e.Type, e.Reason, e.Action, "%s", note)
		return
	}
	recorder.Eventf(about, related(about, e.KeyID), e.Type, e.Reason, e.Action, "%s", note)
}

func related(about metav1.Object, keyID string) *corev1.ObjectReference {
	return &corev1.ObjectReference{Kind: "CognigyAPIKey", Namespace: about.GetNamespace(), Name: keyID}
}
