// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// node is a line of a tree, with the lines below it.
type node struct {
	text  string
	below []*node
}

func (n *node) add(format string, args ...any) *node {
	child := &node{text: fmt.Sprintf(format, args...)}
	n.below = append(n.below, child)
	return child
}

// child returns the node below with a text, which it adds if there is none.
func (n *node) child(text string) *node {
	for _, each := range n.below {
		if each.text == text {
			return each
		}
	}
	return n.add("%s", text)
}

// lines draws what is below a node.
func (n *node) lines(indent string) []string {
	var drawn []string
	for i, child := range n.below {
		branch, further := "├── ", "│   "
		if i == len(n.below)-1 {
			branch, further = "└── ", "    "
		}
		drawn = append(drawn, indent+branch+child.text)
		drawn = append(drawn, child.lines(indent+further)...)
	}
	return drawn
}

// tree prints which connections lead to which Endpoints, which keys these have, and what reads them.
func (p *plugin) tree(ctx context.Context, cluster *cluster, keys []v1alpha1.EndpointAPIKey) error {
	if len(keys) == 0 {
		say(p.ErrOut, "No EndpointAPIKeys found.")
		return nil
	}
	slices.SortStableFunc(keys, func(a, b v1alpha1.EndpointAPIKey) int {
		return cmp.Or(cmp.Compare(treePlace(&a), treePlace(&b)), cmp.Compare(endpointOf(&a), endpointOf(&b)))
	})
	root, now, consumers := &node{}, p.clock.Now(), map[string]*consumers{}
	connections := map[string]*node{}
	for i := range keys {
		key := &keys[i]
		if connections[treePlace(key)] == nil {
			text, err := p.connectionLine(ctx, cluster, key)
			if err != nil {
				return err
			}
			connections[treePlace(key)] = root.add("%s", text)
		}
		if consumers[key.Namespace] == nil {
			found, err := readConsumers(ctx, cluster, key.Namespace)
			if err != nil {
				return err
			}
			consumers[key.Namespace] = found
		}
		endpoint := connections[treePlace(key)].child("Endpoint " + endpointOf(key))
		p.keyNode(endpoint, key, consumers[key.Namespace], now)
	}
	for _, each := range root.below {
		p.say("%s", each.text)
		for _, line := range each.lines("") {
			p.say("%s", line)
		}
	}
	for _, namespace := range sortedKeys(consumers) {
		for _, hidden := range consumers[namespace].hidden {
			say(p.ErrOut, "Not shown: %s.", hidden)
		}
	}
	return nil
}

// treePlace tells the connection of a key from all others.
func treePlace(key *v1alpha1.EndpointAPIKey) string {
	name := connection.NameOf(key)
	return strings.Join([]string{name.Namespace, connectionOf(key)}, "/")
}

// connectionLine shows a connection. That it does not exist, or may not be read, keeps nothing else from being shown.
func (p *plugin) connectionLine(ctx context.Context, cluster *cluster, key *v1alpha1.EndpointAPIKey) (string, error) {
	kind := connection.Namespaced
	if connection.ReferredIsCluster(key) {
		kind = connection.Cluster
	}
	found, name := kind.New(), connection.NameOf(key)
	title := fmt.Sprintf("%s %s", cmp.Or(key.Spec.ConnectionRef.Kind, v1alpha1.ConnectionKindNamespaced), strings.TrimPrefix(name.String(), "/"))
	switch err := cluster.Get(ctx, name, found); {
	case apierrors.IsNotFound(err):
		return title + "  " + p.paint.paint("does not exist", red), nil
	case apierrors.IsForbidden(err):
		return title + "  (" + err.Error() + ")", nil
	case err != nil:
		return "", err
	}
	return fmt.Sprintf("%s  %s  %s", title, p.inBrief(connectionReport(found)), found.GetConnectionSpec().BaseURL), nil
}

// inBrief is the word for a report, and its reason where the word leaves something open.
func (p *plugin) inBrief(said report) string {
	text := p.paint.paint(string(said.health), colours[said.health])
	if said.health == healthReady || said.health == healthSuspended {
		return text
	}
	return text + " (" + said.reason + ")"
}

func (p *plugin) keyNode(endpoint *node, key *v1alpha1.EndpointAPIKey, consumers *consumers, now time.Time) {
	line := endpoint.add("EndpointAPIKey %s/%s  %s", key.Namespace, key.Name, p.inBrief(keyReport(key)))
	status := key.Status
	if status.KeyID != "" {
		text := fmt.Sprintf("key %s (%s), issued %s ago", status.KeyID, status.KeyPreview, ago(timeOf(status.IssuedAt), now))
		if status.RotatesAt != nil {
			text += ", rotates " + until(status.RotatesAt.Time, now)
		}
		line.add("%s", text)
	}
	for _, replaced := range status.Retiring {
		line.add("replaced key %s (%s), works on until revoked %s", replaced.KeyID, replaced.KeyPreview, until(replaced.RevokeAt.Time, now))
	}
	secret := line.add("Secret %s", key.SecretName().Name)
	readers := consumers.of(key.SecretName().Name)
	for _, reader := range readers {
		secret.add("%s", reader)
	}
	if len(readers) == 0 && len(consumers.hidden) == 0 {
		secret.add("%s", p.paint.paint("no workload reads it", faint))
	}
}
