// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ratelimit decides whose request to Cognigy may be sent when.
//
// All connections to one host share one budget, since Cognigy's shared installations count requests per source address. Who
// wants to send a request takes a turn. Where there is none yet, it waits in the host's queue, and is woken once it has its
// turn: no worker waits, and nobody asks again and again. Namespaces take turns, so that none slows another.
//
// What a file adds to golang.org/x/time/rate, which keeps the token buckets:
//
//   - queue.go: the order in which those that wait are served;
//   - places.go: how many requests of a namespace, a connection and an Endpoint are under way at a time;
//   - share.go: how much of the budget a namespace may use while others have not asked for any;
//   - adaptation.go: how the operator learns what a host bears;
//   - host.go and turn.go: turns, which join these.
package ratelimit
