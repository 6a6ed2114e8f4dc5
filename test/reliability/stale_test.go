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
	// early begins with the operator's start, else when the scenario begins: what came before was seen as it was.
	early bool
	begin func(*environment)
	// after is what happens when the user has acted; the disturbance ends with it.
	after func(*environment)
}

// blind is how long the operator does not see what happens: longer than a request may take, and than a drift interval.
const blind = requestTimeout + time.Second

var disturbances = []disturbance{
	{
		name: "late", early: true,
		begin: func(e *environment) { e.view.delay(blind / 2) },
		after: func(e *environment) { time.AfterFunc(3*blind, e.view.release) },
	},
	{
		name:  "held back",
		begin: func(e *environment) { e.view.hold() },
		after: func(e *environment) { time.AfterFunc(blind, e.view.release) },
	},
	{
		name:  "cut",
		begin: (*environment).keepCutting,
		after: func(*environment) {},
	},
	{
		// What was seen is seen again, from the very first list on, and only slowly gets to be what is.
		name:  "replayed",
		begin: func(e *environment) { e.view.hold() },
		after: (*environment).restartInThePast,
	},
}

// keepCutting breaks all watches off every now and then, for a while.
func (e *environment) keepCutting() {
	ticker, end := time.NewTicker(blind/10), time.After(3*blind)
	go func() {
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				e.view.cut()
			case <-end:
				return
			case <-e.Context.Done():
				return
			}
		}
	}()
}

// restartInThePast has another process begin with the first list that an API server answered, which a cache may do.
func (e *environment) restartInThePast() {
	e.kill()
	e.view.age()
	e.start()
	time.AfterFunc(blind, e.view.release)
}

// TestStale runs every scenario while the operator sees what was, sees it again, or does not see what happens in between.
func TestStale(t *testing.T) {
	t.Parallel()
	total := newFigures()
	t.Cleanup(func() { publish(t, total) })
	for i := range scenarios {
		for j := range disturbances {
			if !isDisturbed(i, j) {
				continue
			}
			scenario, disturbance := &scenarios[i], &disturbances[j]
			t.Run(scenario.name+"/"+disturbance.name, func(t *testing.T) {
				t.Parallel()
				runDisturbed(t, scenario, disturbance, total)
			})
		}
	}
}

func runDisturbed(t *testing.T, scenario *scenario, d *disturbance, total *figures) {
	t.Helper()
	e := newEnvironment(t, scenario)
	e.watchList = map[bool]string{true: "false", false: "true"}[d.name == "replayed"]
	defer func() {
		one := e.count()
		one.cases = 1
		total.add(d.name, one)
	}()
	if d.early {
		d.begin(e)
	}
	e.begin(func() {
		e.injector.arm(nil)
		if !d.early && !scenario.early() {
			d.begin(e)
		}
	})
	if !d.early && scenario.early() { // it has seen what there was when it has its first effect
		e.Eventually(e.injector.seen).WithTimeout(patience).WithPolling(poll / 10).Should(BeNumerically(">", 0))
		d.begin(e)
	}
	d.after(e)
	e.converges()
	e.Expect(e.view.spoilt()).To(BeNumerically(">", 0), "nothing was disturbed")
	e.kill()
	e.checkInvariants()
}
