// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// token is what an Authenticator obtains from Cognigy and uses until it expires. It is in memory only.
type token struct {
	header, prefix string // of the value in a request
	// obtain asks Cognigy for another one. Its calls do not overlap. It returns how long the token works from now on.
	obtain func(ctx context.Context, through *exchanger) (value Sensitive, lifetime time.Duration, err error)

	requests singleflight.Group

	mu                 sync.Mutex
	value              Sensitive
	renewAt, expiresAt time.Time // zero without a value
}

func (t *token) authenticate(ctx context.Context, through *exchanger, request *http.Request) error {
	value, err := t.get(ctx, through)
	if err != nil {
		return err
	}
	request.Header.Set(t.header, t.prefix+value.Reveal())
	return nil
}

// reject drops the token that a request had, unless another one has taken its place.
func (t *token) reject(request *http.Request) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if request.Header.Get(t.header) == t.prefix+t.value.Reveal() {
		t.value, t.renewAt, t.expiresAt = Sensitive{}, time.Time{}, time.Time{}
	}
	return true
}

// get returns a token that works. All who need another one at the same time share one request for it, which outlives those that give
// up. While the one before works, a failure to renew it is none.
func (t *token) get(ctx context.Context, through *exchanger) (Sensitive, error) {
	if value, _, due := t.known(); !due {
		return value, nil
	}
	request := t.requests.DoChan("", func() (any, error) { return nil, t.renew(context.WithoutCancel(ctx), through) })
	var err error
	select {
	case result := <-request:
		err = result.Err
	case <-ctx.Done():
		err = ctx.Err()
	}
	if value, works, _ := t.known(); works {
		return value, nil
	}
	return Sensitive{}, err
}

// known returns the token, whether it still works, and whether it is time to renew it.
func (t *token) known() (value Sensitive, works, due bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	return t.value, now.Before(t.expiresAt), !now.Before(t.renewAt)
}

func (t *token) renew(ctx context.Context, through *exchanger) error {
	if _, _, due := t.known(); !due {
		return nil // another request has just ended
	}
	ctx, cancel := context.WithTimeout(ctx, through.timeout)
	defer cancel()
	asked := time.Now()
	value, lifetime, err := t.obtain(ctx, through)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		if left := time.Until(t.expiresAt); left > 0 {
			t.renewAt = time.Now().Add(left / 4)
		}
		return err
	}
	// Two thirds of its life leave time to renew it while it still works.
	t.value, t.renewAt, t.expiresAt = value, asked.Add(lifetime*2/3), asked.Add(lifetime)
	return nil
}
