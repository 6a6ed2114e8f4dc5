// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
)

// checkEvents has one process check, when all specs have ended, that docs/events.md describes every event that the operators emitted.
func checkEvents() {
	GinkgoHelper()
	if GinkgoParallelProcess() != 1 {
		return
	}
	clients, err := kubernetes.NewForConfig(bed.Config)
	Expect(err).NotTo(HaveOccurred())
	var mu sync.Mutex
	undescribed := map[string]bool{}
	see := func(object any) {
		event := object.(*eventsv1.Event)
		if event.ReportingController == delivery.FieldManager && !kube.IsDescribed(event.Regarding.Kind, event.Type, event.Reason, event.Action) {
			mu.Lock()
			defer mu.Unlock()
			undescribed[fmt.Sprintf("%s %s, action %s, on a %s: %s", event.Type, event.Reason, event.Action, event.Regarding.Kind, event.Note)] = true
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	factory := informers.NewSharedInformerFactory(clients, 0)
	_, err = factory.Events().V1().Events().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: see, UpdateFunc: func(_, object any) { see(object) },
	})
	Expect(err).NotTo(HaveOccurred())
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	DeferCleanup(func() {
		cancel()
		factory.Shutdown()
		Expect(slices.Sorted(maps.Keys(undescribed))).To(BeEmpty(), "add what these mean to internal/kube/eventreasons.go")
	})
}
