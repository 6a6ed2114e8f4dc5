// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	eventsv1 "k8s.io/api/events/v1"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

func (d *demo) leaksNothing(ctx context.Context) error {
	log, err := os.ReadFile(d.logFile())
	if err != nil {
		return err
	}
	events := &eventsv1.EventList{}
	if err := d.cluster.List(ctx, events); err != nil {
		return err
	}
	encoded, err := json.Marshal(events)
	if err != nil {
		return err
	}
	lines := strings.Count(string(log), "\n")
	return d.claims(
		// Without the keys' ids there would be nothing to search.
		claim{"the operator's log names every key by its id", d.namesAll(string(log)), fmt.Sprintf("%d lines without some of them", lines)},
		d.hidesPlaintexts(fmt.Sprintf("%d lines of the operator's log", lines), string(log)),
		d.hidesPlaintexts(fmt.Sprintf("%d events", len(events.Items)), string(encoded)),
	)
}

// allKeys are those of both resources.
func (d *demo) allKeys() []delivered { return slices.Concat(d.keys, d.onPremise.keys) }

func (d *demo) namesAll(text string) bool {
	return !slices.ContainsFunc(d.allKeys(), func(found delivered) bool { return !strings.Contains(text, found.id) })
}

// hidesPlaintexts claims that neither a key, whether it was delivered or not, nor the credential is found in a text.
func (d *demo) hidesPlaintexts(place, text string) claim {
	values := []string{d.cognigy.APIKey(), d.managementPassword}
	for _, found := range d.allKeys() {
		values = append(values, string(found.value))
	}
	findings := fixtures.FindPlaintexts(d.cognigy, map[string]string{place: text}, values...)
	return claim{
		fmt.Sprintf("neither a key, a super API key nor a credential is found in the %s", place), len(findings) == 0, strings.Join(findings, "; "),
	}
}
