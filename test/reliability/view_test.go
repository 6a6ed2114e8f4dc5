// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// view is how the operator sees the cluster beside what it reads live: a test may delay, hold back and cut its watches, and
// have it list what was.
type view struct {
	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, with every change
	held    bool
	late    time.Duration
	cuts    chan struct{} // closed, and replaced, to cut all watches
	old     bool
	lists   map[string]answer // URL: the first answer, where one from a cache would do
	effects int               // how often any of this has made a difference
}

func newView() *view {
	return &view{changed: make(chan struct{}), cuts: make(chan struct{}), lists: map[string]answer{}}
}

func (v *view) change(change func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	change()
	close(v.changed)
	v.changed = make(chan struct{})
}

// hold keeps back what happens until release; it arrives then, in order.
func (v *view) hold()    { v.change(func() { v.held = true }) }
func (v *view) release() { v.change(func() { v.held, v.late = false, 0 }) }

// delay has everything that is watched arrive later.
func (v *view) delay(late time.Duration) { v.change(func() { v.late = late }) }

// age has lists that may come from a cache come from a very old one: as they were first.
func (v *view) age() { v.change(func() { v.old = true }) }

// cut breaks all watches off.
func (v *view) cut() {
	v.mu.Lock()
	defer v.mu.Unlock()
	close(v.cuts)
	v.cuts = make(chan struct{})
}

// spoil counts what was not seen as it was.
func (v *view) spoil() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.effects++
}

// spoilt is how often something was seen late, not at all, or as it was before.
func (v *view) spoilt() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.effects
}

func (v *view) scissors() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.cuts
}

// admit waits until what arrived at a time may be seen.
func (v *view) admit(ctx context.Context, at time.Time) error {
	for first := true; ; first = false {
		v.mu.Lock()
		changed, wait := v.changed, time.Until(at.Add(v.late))
		if v.held {
			wait = callTimeout
		}
		v.mu.Unlock()
		if wait <= 0 {
			return ctx.Err()
		}
		if first {
			v.spoil()
		}
		timer := time.NewTimer(wait)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func watching(r *http.Request) bool { return r.Method == http.MethodGet && r.URL.Query().Has("watch") }

// listing reports whether a request is for a list that may come from a cache.
func listing(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Query().Get("resourceVersion") == "0"
}

// list answers from a cache that is as old as the test wants.
func (p *proxy) list(w http.ResponseWriter, r *http.Request) {
	p.view.mu.Lock()
	known, ok := p.view.lists[r.URL.String()]
	old := p.view.old
	p.view.mu.Unlock()
	if ok && old {
		p.view.spoil()
		known.write(w)
		return
	}
	fresh, err := p.forward(r, nil)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if !ok && fresh.status == http.StatusOK {
		p.view.change(func() { p.view.lists[r.URL.String()] = fresh })
	}
	fresh.write(w)
}

// chunk is some bytes of a watch, which need not end with an event.
type chunk struct {
	at    time.Time
	bytes []byte
}

// watch passes on what is watched when the view admits it.
func (p *proxy) watch(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	scissors := p.view.scissors()
	go func() {
		defer cancel()
		select {
		case <-scissors:
			p.view.spoil()
		case <-ctx.Done():
		}
	}()
	response, err := p.send(ctx, r, nil)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer response.Body.Close() //nolint:errcheck // nothing is written
	answer{status: response.StatusCode, header: response.Header}.write(w)
	chunks := make(chan chunk, 1<<12)
	go read(ctx, response.Body, chunks)
	for c := range chunks {
		if p.view.admit(ctx, c.at) != nil {
			break
		}
		_, _ = w.Write(c.bytes)
		_ = http.NewResponseController(w).Flush() // fails only when the operator has left
	}
	if ctx.Err() != nil {
		panic(http.ErrAbortHandler)
	}
}

func read(ctx context.Context, from io.Reader, to chan<- chunk) {
	defer close(to)
	for {
		buffer := make([]byte, 32<<10)
		n, err := from.Read(buffer)
		if err != nil && n == 0 {
			return
		}
		select {
		case to <- chunk{time.Now(), buffer[:n]}:
		case <-ctx.Done():
			return
		}
	}
}
