// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"net/http"
	"time"

	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// faults are what goes wrong with Cognigy, with the operator, and with what lies between it and the API server.
var faults = map[string]operation{
	"POST commits, no answer":   {3, injected(post, simulator.FaultCommitThenDrop)},
	"POST commits, 500":         {3, injected(post, simulator.FaultCommitThen500)},
	"POST commits, refusal":     {3, func(c *chaos, _ step) error { c.Cognigy.Inject(refused(2)); return nil }},
	firewall:                    {1, func(c *chaos, _ step) error { c.Cognigy.Inject(blocked(2)); return nil }},
	"POST answer is cut":        {1, injected(post, simulator.FaultMalformed)},
	"POST answer has no key":    {1, injected(post, simulator.FaultOmitKey)},
	"POST answer has a bad id":  {1, injected(post, simulator.FaultBadID)},
	"POST is reset":             {1, injected(post, simulator.FaultResetBefore)},
	"POST takes too long":       {3, slowly(post)},
	"POST is refused by proxy":  {1, answered404(post)},
	"LIST lags":                 {3, (*chaos).lag},
	"LIST fails":                {1, injected(list, simulator.FaultCommitThen500)},
	"LIST is cut":               {1, injected(list, simulator.FaultMalformed)},
	"LIST takes too long":       {1, slowly(list)},
	"LIST is refused by proxy":  {1, answered404(list)},
	"DELETE commits, no answer": {2, injected(revoke, simulator.FaultCommitThenDrop)},
	"DELETE commits, 500":       {1, injected(revoke, simulator.FaultCommitThen500)},
	"DELETE is reset":           {1, injected(revoke, simulator.FaultResetBefore)},
	"DELETE takes too long":     {1, slowly(revoke)},
	"DELETE is refused":         {1, answered404(revoke)},
	"429 storm":                 {2, (*chaos).storm},
	"Cognigy is down":           {2, (*chaos).down},
	"credentials are refused":   {1, (*chaos).refuse},

	"super API keys expire":  {1, func(c *chaos, _ step) error { c.Cognigy.ExpireTokens(); return nil }},
	"super API keys are off": {1, (*chaos).switchSuperKeysOff},
	"Endpoint is renamed":    {2, (*chaos).renameEndpoint},

	"kill":                 {5, (*chaos).killAndStart},
	"pause":                {3, (*chaos).pause},
	"second operator":      {2, func(c *chaos, _ step) error { return c.run() }},
	"watches held back":    {3, (*chaos).holdBack},
	"watches cut":          {2, func(c *chaos, _ step) error { c.view.cut(); return nil }},
	"watches late":         {1, func(c *chaos, s step) error { c.view.delay(s.For / 2); return nil }},
	"API server's answers": {3, func(c *chaos, _ step) error { c.injector.lose(2); return nil }},
}

// firewall blocks answers that contain a key. Two in a row have the operator wait for a window of the issuance budget.
const firewall = "POST commits, firewall"

// Requests that faults are injected into.
var (
	post   = simulator.Fault{Method: http.MethodPost, Route: simulator.RouteKeys}
	list   = simulator.Fault{Method: http.MethodGet, Route: simulator.RouteKeys}
	revoke = simulator.Fault{Method: http.MethodDelete, Route: simulator.RouteKey}
)

// injected makes an operation of a fault that the next two requests meet.
func injected(requests simulator.Fault, kind simulator.FaultKind) func(*chaos, step) error {
	return func(c *chaos, _ step) error {
		requests.Kind, requests.Times = kind, 2
		c.Cognigy.Inject(requests)
		return nil
	}
}

// slowly has a request be carried out after the operator has given up on it, but not later than lists are expected to lag.
func slowly(requests simulator.Fault) func(*chaos, step) error {
	return func(c *chaos, s step) error {
		requests.Kind, requests.Times, requests.Delay = simulator.FaultCommitAfterDelay, 1, requestTimeout+s.For/4
		c.Cognigy.Inject(requests)
		return nil
	}
}

// answered404 has a proxy answer that knows nothing of Cognigy.
func answered404(requests simulator.Fault) func(*chaos, step) error {
	return func(c *chaos, _ step) error {
		requests.Kind, requests.Times, requests.Status = simulator.FaultStatus, 2, http.StatusNotFound
		c.Cognigy.Inject(requests)
		return nil
	}
}

func (c *chaos) lag(s step) error {
	lagging := list
	lagging.Kind, lagging.Times, lagging.Lag = simulator.FaultLagList, 3, s.For
	c.Cognigy.Inject(lagging)
	return nil
}

func (c *chaos) storm(step) error {
	c.Cognigy.Inject(simulator.Fault{
		Kind: simulator.FaultStatus, Times: 10, Status: http.StatusTooManyRequests, Code: http.StatusTooManyRequests, RetryAfter: "1",
	})
	return nil
}

// down stops Cognigy from answering for a while, and drops the faults injected before.
func (c *chaos) down(s step) error {
	c.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultResetBefore})
	c.lasts(s.For, c.Cognigy.ClearFaults)
	return nil
}

func (c *chaos) refuse(s step) error {
	c.Cognigy.SetAPIKeys()
	c.lasts(s.For, c.accept)
	return nil
}

func (c *chaos) killAndStart(step) error {
	c.kill()
	return c.run()
}

// pause keeps the operator that was started last from doing anything, for longer than a request may take.
func (c *chaos) pause(s step) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.operators) == 0 {
		return nil
	}
	operator := c.operators[len(c.operators)-1]
	operator.Pause()
	c.lasts(s.For+requestTimeout, operator.Resume)
	return nil
}

func (c *chaos) holdBack(s step) error {
	c.view.hold()
	c.lasts(s.For, c.view.release)
	return nil
}

// lasts ends something later.
func (c *chaos) lasts(wait time.Duration, end func()) {
	c.later.Go(func() {
		select {
		case <-time.After(wait):
		case <-c.Context.Done():
		}
		end()
	})
}
