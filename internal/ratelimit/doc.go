// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ratelimit decides whose request to Cognigy may be sent when.
//
// All connections to one host share one budget, since Cognigy's shared installations count requests per source address. A request
// that may not be sent yet waits in the host's queue, and the queue wakes its waiter by one event once there is a reservation for
// it: no worker blocks, and no resource polls. The queue serves namespaces round-robin, so that none slows another.
//
// What a file adds to golang.org/x/time/rate, which keeps the token buckets:
//
//   - queue.go: the order in which those that wait are served;
//   - concurrency.go: how many requests of a namespace, a connection and an Endpoint are under way at a time;
//   - share.go: how much of the budget a namespace may use while others have not asked for any;
//   - adaptation.go: how the operator learns what a host bears;
//   - host.go and reservation.go: what joins these.
package ratelimit
