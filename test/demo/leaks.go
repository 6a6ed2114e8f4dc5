// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func (d *demo) leaksNothing(ctx context.Context) error {
	log, err := os.ReadFile(d.logFile())
	if err != nil {
		return err
	}
	events := &eventsv1.EventList{}
	if err := d.cluster.List(ctx, events, client.InNamespace(d.name.Namespace)); err != nil {
		return err
	}
	encoded, err := json.Marshal(events)
	if err != nil {
		return err
	}
	values := []string{d.cognigy.APIKey()}
	for _, found := range d.keys {
		values = append(values, string(found.value))
	}
	lines := strings.Count(string(log), "\n")
	return d.claims(
		// Without the keys' ids there would be nothing to search.
		claim{"the operator's log names every key by its id", d.namesAll(string(log)), fmt.Sprintf("%d lines without some of them", lines)},
		absent(fmt.Sprintf("the %d lines of the operator's log", lines), string(log), values),
		absent(fmt.Sprintf("the %d events", len(events.Items)), string(encoded), values),
	)
}

func (d *demo) namesAll(text string) bool {
	for _, found := range d.keys {
		if !strings.Contains(text, found.id) {
			return false
		}
	}
	return true
}

// absent claims that none of the values is found in a text.
func absent(where, text string, values []string) claim {
	found := 0
	for _, value := range values {
		if strings.Contains(text, value) {
			found++
		}
	}
	return claim{
		fmt.Sprintf("neither a key nor the credential is found in %s", where), found == 0,
		fmt.Sprintf("%d of %d are", found, len(values)),
	}
}
