// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// disturbance is something that happens to what the operator watches.
type disturbance struct {
	name string
	// early begins with the operator's start, else when the story begins: what came before was seen as it was.
	early bool
	begin func(*world)
	// after is what happens when the user has acted; the disturbance ends with it.
	after func(*world)
}

// blind is how long the operator does not see what happens: longer than a request may take, and than a drift interval.
const blind = 3 * time.Second

var disturbances = []disturbance{
	{
		name: "late", early: true,
		begin: func(w *world) { w.view.delay(blind / 2) },
		after: func(w *world) { time.AfterFunc(3*blind, w.view.release) },
	},
	{
		name:  "held back",
		begin: func(w *world) { w.view.hold() },
		after: func(w *world) { time.AfterFunc(blind, w.view.release) },
	},
	{
		name:  "cut",
		begin: (*world).keepCutting,
		after: func(*world) {},
	},
	{
		// What was seen is seen again, from the very first list on, and only slowly gets to be what is.
		name:  "replayed",
		begin: func(w *world) { w.view.hold() },
		after: (*world).restartInThePast,
	},
}

// keepCutting breaks all watches off every now and then, for a while.
func (w *world) keepCutting() {
	ticker, end := time.NewTicker(blind/10), time.After(3*blind)
	go func() {
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				w.view.cut()
			case <-end:
				return
			case <-w.ctx.Done():
				return
			}
		}
	}()
}

// restartInThePast has another process begin with the first list that an API server answered, which a cache may do.
func (w *world) restartInThePast() {
	w.kill()
	w.view.age()
	w.start()
	time.AfterFunc(blind, w.view.release)
}

// TestStale tells every story while the operator sees what was, sees it again, or does not see what happens in between.
func TestStale(t *testing.T) {
	t.Parallel()
	total := newFigures()
	t.Cleanup(func() { publish(t, total) })
	for i := range stories {
		for j := range disturbances {
			story, disturbance := &stories[i], &disturbances[j]
			t.Run(story.name+"/"+disturbance.name, func(t *testing.T) {
				t.Parallel()
				tellDisturbed(t, story, disturbance, total)
			})
		}
	}
}

func tellDisturbed(t *testing.T, story *story, d *disturbance, total *figures) {
	t.Helper()
	w := newWorld(t, story)
	w.watchList = map[bool]string{true: "false", false: "true"}[d.name == "replayed"]
	defer func() {
		one := w.count()
		one.cases = 1
		total.add(d.name, one)
	}()
	if d.early {
		d.begin(w)
	}
	w.begin(func() {
		w.gate.arm(nil)
		if !d.early && !story.early() {
			d.begin(w)
		}
	})
	if !d.early && story.early() { // it has seen what there was when it has its first effect
		w.Eventually(w.gate.seen).WithTimeout(patience).WithPolling(poll / 10).Should(BeNumerically(">", 0))
		d.begin(w)
	}
	d.after(w)
	w.converges()
	w.Expect(w.view.spoilt()).To(BeNumerically(">", 0), "nothing was disturbed")
	w.kill()
	w.sentence()
}
