// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

func TestPin(t *testing.T) {
	o := plan.Observed{Markers: []string{marker}}
	own := &plan.Listing{Keys: []plan.Key{{ID: "k1", Name: "My key " + marker}}}
	foreign := &plan.Listing{Keys: []plan.Key{{ID: "k2", Name: "My key"}}}
	for _, c := range []struct {
		why      string
		evidence plan.Evidence
		lists    plan.EndpointLists
		pin      string
	}{
		{"Nothing tells.", plan.Evidence{}, nil, ""},
		{"Before the first key, the name decides.", plan.Evidence{Name: "n"}, nil, "n"},
		{"This process believes what it saw.", plan.Evidence{Process: "p", Record: "r", Intent: "i", Status: "s", Name: "n"}, nil, "p"},
		{"After a restart, the record decides.", plan.Evidence{Record: "r", Intent: "i", Status: "s", Name: "n"}, nil, "r"},
		{"Without a record, the intent does.", plan.Evidence{Intent: "i", Status: "s", Name: "n"}, nil, "i"},
		{"The report counts for more than what the name means now.", plan.Evidence{Status: "s", Name: "n"}, nil, "s"},
		{
			"A report that names an Endpoint without keys of the resource is forged, if the one that has the name has some.",
			plan.Evidence{Status: "s", Name: "n"},
			plan.EndpointLists{"s": foreign, "n": own},
			"n",
		},
		{"So is a record.", plan.Evidence{Record: "r", Status: "s"}, plan.EndpointLists{"r": foreign, "s": own}, "s"},
		{"A renamed Endpoint has the keys.", plan.Evidence{Status: "s", Name: "n"}, plan.EndpointLists{"s": own, "n": foreign}, "s"},
		{"Where both have keys, the record decides.", plan.Evidence{Record: "r", Name: "n"}, plan.EndpointLists{"r": own, "n": own}, "r"},
		{"Where none has, too.", plan.Evidence{Record: "r", Name: "n"}, plan.EndpointLists{"r": foreign, "n": {}}, "r"},
	} {
		t.Run(c.why, func(t *testing.T) { NewWithT(t).Expect(c.evidence.Pin(c.lists, o.Owns)).To(Equal(c.pin)) })
	}
}

func TestEvidenceAgrees(t *testing.T) {
	for _, c := range []struct {
		why      string
		evidence plan.Evidence
		agree    bool
	}{
		{"The process that issued the key knows.", plan.Evidence{Process: "e"}, true},
		{"Record and report say the same.", plan.Evidence{Record: "e", Status: "e", Name: "n"}, true},
		{"The record alone may be forged.", plan.Evidence{Record: "e"}, false},
		{"The report alone may be forged.", plan.Evidence{Status: "e", Intent: "e"}, false},
		{"One of them is forged.", plan.Evidence{Record: "e", Status: "f", Process: "e"}, false},
		{"Nothing tells.", plan.Evidence{Name: "n"}, false},
	} {
		t.Run(c.why, func(t *testing.T) { NewWithT(t).Expect(c.evidence.Agree()).To(Equal(c.agree)) })
	}
}

// Otherwise a forged record would make record and status agree.
func TestEvidenceProves(t *testing.T) {
	g := NewWithT(t)
	g.Expect(plan.Evidence{Process: "e"}.Proves("e")).To(BeTrue())
	g.Expect(plan.Evidence{Name: "e"}.Proves("e")).To(BeTrue())
	g.Expect(plan.Evidence{Record: "e", Intent: "e", Status: "f"}.Proves("e")).To(BeFalse())
	g.Expect(plan.Evidence{}.Proves("")).To(BeFalse())
}

func TestMergedLists(t *testing.T) {
	g := NewWithT(t)
	lists := plan.EndpointLists{
		"a": {At: start.Add(time.Second), Keys: []plan.Key{{ID: "k1"}}},
		"b": {At: start, Keys: []plan.Key{{ID: "k2"}}},
		"c": {At: start.Add(time.Minute), EndpointGone: true},
	}
	merged := lists.Merged("a", start.Add(time.Hour))
	g.Expect(merged.At).To(Equal(start), "it is as old as the oldest")
	g.Expect(merged.Keys).To(ConsistOf(plan.Key{ID: "k1"}, plan.Key{ID: "k2"}))
	g.Expect(merged.EndpointGone).To(BeFalse())
	g.Expect(lists.Merged("c", start).EndpointGone).To(BeTrue())
	g.Expect(plan.EndpointLists{}.Merged("", start)).To(Equal(&plan.Listing{At: start}))
	g.Expect(lists.EndpointOf("k2")).To(Equal("b"))
	g.Expect(lists.EndpointOf("k3")).To(BeEmpty())
	g.Expect(lists.Missing("a", "d", "c")).To(Equal([]string{"d"}))
}
