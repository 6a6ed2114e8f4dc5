// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"net/http"
	"testing"
	"time"
)

func TestRateLimit(t *testing.T) {
	r := startLenient(t, Options{})
	r.SetRateLimit(0.4, 2)
	r.create()
	r.create()
	refused := r.post("one too many")
	equal(t, "status", refused.status, http.StatusTooManyRequests)
	equal(t, "code", decode[problem](t, refused.body).Code, http.StatusTooManyRequests)
	equal(t, "Retry-After", refused.header.Get("Retry-After"), "3")
	equal(t, "unknown routes count too", r.do(http.MethodGet, "/elsewhere/unknown", "").status, http.StatusTooManyRequests)
	equal(t, "the Endpoint itself", r.do(http.MethodPost, "/unknown", "").status, http.StatusNotFound)
	equal(t, "refused", r.RateLimited(), 2)
	equal(t, "recorded", r.Requests()[2].Status, http.StatusTooManyRequests)
	r.wantLedger("made", "made")

	r.SetRateLimit(0, 0)
	r.create()
	equal(t, "refused", r.RateLimited(), 2)
}

// A refused request costs nothing: one that comes after the wait succeeds.
func TestRateLimitRefills(t *testing.T) {
	limit, now := rateLimit{}, time.Unix(1_700_000_000, 0)
	limit.SetRateLimit(2, 1)
	equal(t, "first", limit.exceeded(call{}, now), 0)
	for range 5 {
		equal(t, "too early", limit.exceeded(call{}, now), 500*time.Millisecond)
	}
	equal(t, "in time", limit.exceeded(call{}, now.Add(500*time.Millisecond)), 0)
}

// A window's quota is whole again when the next begins.
func TestQuota(t *testing.T) {
	limit, now := rateLimit{}, time.Unix(1_700_000_000, 0)
	limit.SetQuota(2, time.Minute)
	for _, after := range []time.Duration{0, time.Second, time.Minute} {
		equal(t, "within the quota", limit.overQuota(call{}, now.Add(after)), false)
	}
	equal(t, "the last", limit.overQuota(call{}, now.Add(70*time.Second)), false)
	equal(t, "one too many", limit.overQuota(call{}, now.Add(119*time.Second)), true)
	equal(t, "the next window", limit.overQuota(call{}, now.Add(120*time.Second)), false)
	equal(t, "refused", limit.RateLimited(), 1)
}

func TestQuotaIsRefusedByAProxy(t *testing.T) {
	for _, bare := range []bool{false, true} {
		r := start(t, Options{BareQuota: bare})
		r.SetQuota(1, time.Hour)
		r.create()
		refused := r.post("one too many")
		equal(t, "status", refused.status, http.StatusTooManyRequests)
		equal(t, "has a body", refused.body != "", !bare)
		equal(t, "is HTML", refused.header.Get("Content-Type") == "text/html", !bare)
		equal(t, "Retry-After", refused.header.Get("Retry-After"), "")
		r.wantLedger("made")
	}
}
