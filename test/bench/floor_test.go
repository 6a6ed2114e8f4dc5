// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package bench_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// concurrency is how many keys of one connection the operator works on at a time, and so does the floor.
const concurrency = ratelimit.ConcurrencyLimit / 4

// floor does for each resource what makes a delivery safe, and nothing else: it reads nothing, decides nothing and repeats nothing.
type floor struct {
	client  client.Client
	cognigy *cognigy.Client
}

func (b *bench) newFloor() *floor {
	config, err := clientcmd.RESTConfigFromKubeConfig(bed.Kubeconfig)
	b.Expect(err).NotTo(HaveOccurred())
	config.QPS = -1
	f := &floor{}
	f.client, err = installation.NewClient(config)
	b.Expect(err).NotTo(HaveOccurred())
	f.cognigy, err = cognigy.New(cognigy.Config{
		BaseURL: b.Cognigy.URL(), CABundle: b.Cognigy.CABundle(), Authenticator: cognigy.APIKey(cognigy.NewSensitive(b.Cognigy.APIKey())), Timeout: time.Minute,
	})
	b.Expect(err).NotTo(HaveOccurred())
	return f
}

// floor creates resources and delivers their keys.
func (b *bench) floor(keys int) figures {
	b.t.Helper()
	f := b.newFloor()
	row := b.measure("floor", keys, func() []time.Duration {
		created := make(chan *v1alpha1.EndpointAPIKey, keys)
		var workers sync.WaitGroup
		for range concurrency {
			workers.Go(func() {
				for key := range created {
					b.Expect(f.deliver(b.Context, key)).To(Succeed())
				}
			})
		}
		latencies := b.deliveries(keys, byID, func(key *v1alpha1.EndpointAPIKey) { created <- key })
		close(created)
		workers.Wait()
		return latencies
	})
	b.Expect(b.Cognigy.Live("")).To(HaveLen(keys))
	b.discard()
	return row
}

// deliver takes the steps of the design's Issue.
func (f *floor) deliver(ctx context.Context, key *v1alpha1.EndpointAPIKey) error {
	key, err := kube.Patch(ctx, f.client, key, func(key *v1alpha1.EndpointAPIKey) { controllerutil.AddFinalizer(key, v1alpha1.Finalizer) })
	if err != nil {
		return err
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: key.Namespace, Name: key.Name, Labels: map[string]string{v1alpha1.SecretTypeLabel: v1alpha1.SecretTypeAPIKey},
			Annotations: map[string]string{v1alpha1.OwnerUIDAnnotation: string(key.UID)}, // what the operator's ServiceAccount may create
		},
		StringData: map[string]string{"api-key": "0"},
	}
	if err := f.client.Create(ctx, secret.DeepCopy(), client.DryRunAll); err != nil {
		return err
	}
	now := metav1.NowMicro()
	if key, err = kube.PatchStatus(ctx, f.client, key, func(key *v1alpha1.EndpointAPIKey) {
		key.Status.Issuance = &v1alpha1.Issuance{StartedAt: now, Deadline: &now}
	}); err != nil {
		return err
	}
	issued, err := f.cognigy.CreateKey(ctx, key.Spec.Endpoint.ID, key.Namespace+" "+key.Name)
	if err != nil {
		return err
	}
	secret.StringData["api-key"] = issued.Plaintext.Reveal()
	if err := f.client.Create(ctx, secret); err != nil {
		return err
	}
	if err := f.client.Create(ctx, deliveredEvent(key, issued.ID)); err != nil {
		return err
	}
	_, err = kube.PatchStatus(ctx, f.client, key, func(key *v1alpha1.EndpointAPIKey) {
		key.Status.Issuance, key.Status.KeyID, key.Status.KeyPreview = nil, issued.ID, issued.Preview
		condition.Set(&key.Status.Conditions, key.Generation, time.Now(), []metav1.Condition{condition.Ready(true, v1alpha1.ReasonDelivered, "delivered")})
	})
	return err
}

func deliveredEvent(key *v1alpha1.EndpointAPIKey, keyID string) *eventsv1.Event {
	return &eventsv1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: fmt.Sprintf("%s.%s", key.Name, keyID)},
		EventTime:  metav1.NowMicro(), ReportingController: "floor", ReportingInstance: "floor", Action: "Deliver", Type: corev1.EventTypeNormal,
		Reason: v1alpha1.EventDelivered, Note: "issued key " + keyID,
		Regarding: corev1.ObjectReference{Kind: "EndpointAPIKey", Namespace: key.Namespace, Name: key.Name, UID: key.UID},
	}
}

// discard removes what the floor made.
func (b *bench) discard() {
	b.t.Helper()
	b.each(func(key *v1alpha1.EndpointAPIKey) error {
		before := key.DeepCopy()
		controllerutil.RemoveFinalizer(key, v1alpha1.Finalizer)
		if err := bed.Cluster.Patch(b.Context, key, client.MergeFrom(before)); err != nil {
			return err
		}
		return bed.Cluster.Delete(b.Context, key)
	})
	b.Expect(bed.Cluster.DeleteAllOf(b.Context, &corev1.Secret{}, client.InNamespace(b.Namespace), client.HasLabels{v1alpha1.SecretTypeLabel})).To(Succeed())
	for _, entry := range b.Cognigy.Live("") {
		b.Cognigy.RevokeKey(entry.ID)
	}
}
