// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

func TestRotation(t *testing.T) {
	notBefore := func(at time.Duration) change { return rotation(plan.Rotation{NotBefore: start.Add(at)}) }
	wish := func(at time.Duration) change { return rotation(plan.Rotation{Requested: start.Add(at)}) }
	shown := freshList(key("k1", -time.Hour))
	check(t, []scenario{
		{
			"A key that is older than the instant asked for is replaced, make before break.",
			delivered(notBefore(-time.Minute), shown), "issue, rotating key requeue:-1m0s rotates:-1m0s names:k1",
		},
		{
			"At the instant itself, too.",
			delivered(notBefore(0), shown), "issue, rotating key requeue:0s rotates:0s names:k1",
		},
		{
			"Not without a look: the Secret may hold a newer key by now.",
			delivered(notBefore(0)), "list, rotating key requeue:0s rotates:0s names:k1",
		},
		{
			"An instant in the future is waited for.",
			delivered(notBefore(time.Minute), shown), "wait, delivered key requeue:1m0s rotates:1m0s",
		},
		{
			"A key from that very instant is not older than it: a rotation must not ask for the next.",
			delivered(notBefore(-time.Hour), shown), "wait, delivered key requeue:10m0s",
		},
		{
			"A key from just before is.",
			delivered(notBefore(-time.Hour+1), shown), "issue, rotating key requeue:-59m59.999999999s rotates:-59m59.999999999s names:k1",
		},
		{
			"A request by annotation replaces a key that is older than it.",
			delivered(wish(-time.Minute), shown), "issue, rotating key requeue:-1m0s rotates:-1m0s names:k1",
		},
		{
			"It replaces none twice: the same manifest may be applied again, or restored.",
			delivered(wish(-time.Hour), shown), "wait, delivered key requeue:10m0s",
		},
		{
			"A request from the future waits, since the next key must not be older than it.",
			delivered(wish(time.Minute), shown), "wait, delivered key requeue:1m0s rotates:1m0s",
		},
		{
			"Who wants both gets whichever comes first.",
			delivered(rotation(plan.Rotation{Every: 24 * time.Hour, NotBefore: start.Add(time.Minute)}), shown),
			"wait, delivered key requeue:1m0s rotates:1m0s",
		},
		{
			"An open intent is looked into before a rotation adds another key.",
			delivered(notBefore(0), intent(-time.Minute)), "list, verifying key pending",
		},
		{
			"Wrong labels wait for the rotation, which puts them right.",
			delivered(notBefore(0), shown, func(o *plan.Observed) { o.Secret.Outdated = true }), "issue, rotating key requeue:0s rotates:0s names:k1",
		},
	})
}

// rotatesAt is when a key of that id is replaced, in time since it was issued.
func rotatesAt(id string, wanted plan.Rotation) time.Duration {
	o := delivered(rotation(wanted), freshList(key(id, -time.Hour)))
	o.Secret.KeyID = id
	return plan.Next(o, start, timing).RotatesAt.Sub(o.Secret.IssuedAt)
}

// Each key lives up to a tenth less than every, and the same key always the same time, or its rotation would move about.
func TestRotationByAge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		every := time.Duration(rapid.Int64Range(int64(time.Hour), int64(10000*time.Hour)).Draw(t, "every"))
		overlap := time.Duration(rapid.Int64Range(0, int64(every)).Draw(t, "overlap"))
		id := rapid.StringMatching(`[a-z0-9]{24}`).Draw(t, "id")
		lives := rotatesAt(id, plan.Rotation{Every: every, Overlap: overlap})
		switch {
		case lives > every || lives < every-every/10:
			t.Fatalf("rotates after %s, wanted %s or up to a tenth less", lives, every)
		case lives < overlap:
			t.Fatalf("rotates after %s, when the key before works until %s", lives, overlap)
		case lives != rotatesAt(id, plan.Rotation{Every: every, Overlap: overlap}):
			t.Fatal("rotates at another time when asked again")
		}
	})
}

func TestRotationIsDueByAge(t *testing.T) {
	every := 2 * time.Hour
	lives := rotatesAt("k1", plan.Rotation{Every: every})
	at := func(age time.Duration) plan.Plan {
		return plan.Next(delivered(issued(-age), rotation(plan.Rotation{Every: every}), freshList(key("k1", -age))), start, timing)
	}
	if p := at(lives - 1); p.Do != plan.Wait || !p.RequeueAt.Equal(start.Add(1)) {
		t.Errorf("just before, planned %s", summary(p))
	}
	if p := at(lives); p.Do != plan.Issue || p.State != plan.Rotating {
		t.Errorf("when due, planned %s", summary(p))
	}
	if p := plan.Next(delivered(freshList(key("k1", -time.Hour))), start, timing); !p.RotatesAt.IsZero() {
		t.Errorf("without spec.rotation, planned %s", summary(p))
	}
}

// Keys that were made together are replaced at times that spread evenly, each tenth of the range getting about its share.
func TestRotationSpreads(t *testing.T) {
	const keys = 10000
	var tenths [10]int
	for i := range keys {
		early := 100*time.Hour - rotatesAt(fmt.Sprintf("%024x", i), plan.Rotation{Every: 100 * time.Hour})
		tenths[early/time.Hour]++
	}
	for i, count := range tenths {
		if count < keys/10*8/10 || count > keys/10*12/10 {
			t.Errorf("%d of %d keys rotate in tenth %d of the range: %v", count, keys, i, tenths)
		}
	}
}

// Intervals vary by up to a tenth either way.
func TestSpread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		interval := time.Duration(rapid.Int64Range(int64(time.Second), int64(100*time.Hour)).Draw(t, "interval"))
		name := rapid.String().Draw(t, "name")
		spread := plan.Spread(interval, name)
		if spread < interval-interval/10 || spread > interval+interval/10 || spread != plan.Spread(interval, name) {
			t.Fatalf("%s became %s", interval, spread)
		}
	})
}
