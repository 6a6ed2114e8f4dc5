// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package protection

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/internal/kube"
)

const (
	// confirmAbsence is the time between the first list that shows that a kind is not served, and one that proves it. An API server
	// that has just started, or that lags behind another one, may not serve a kind yet.
	confirmAbsence = 5 * time.Second
	// forgetAbsence is how long after the first list the proof has to follow.
	forgetAbsence = time.Minute
)

// Reader reads from the API server. It shows no objects of a kind whose CustomResourceDefinition was removed, so that none of them
// keeps what is being deleted.
type Reader struct {
	client.Reader
	Clock clock.PassiveClock

	mu          sync.Mutex
	absentSince map[reflect.Type]time.Time // by the type of the list
}

// List fails once at least where the API server does not serve a kind, and then succeeds without an object.
func (r *Reader) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	err := r.Reader.List(ctx, list, options...)
	r.mu.Lock()
	defer r.mu.Unlock()
	kind := reflect.TypeOf(list)
	if !kube.IsNotServed(err) {
		delete(r.absentSince, kind)
		return err
	}
	now := r.Clock.Now()
	absent := now.Sub(r.absentSince[kind])
	if absent > forgetAbsence {
		if r.absentSince == nil {
			r.absentSince = map[reflect.Type]time.Time{}
		}
		r.absentSince[kind], absent = now, 0
	}
	// mutation: believe-one-absence
	if absent < confirmAbsence {
		// Not wrapped: a caller would take it for the absence of one object.
		return fmt.Errorf("the operator asks again before it believes that there are none: %s", err.Error())
	}
	return nil
}
