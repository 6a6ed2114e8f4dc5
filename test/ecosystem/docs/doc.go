// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package docs does what the README and the pages of docs say: it applies their YAML and executes their commands, page by page and in order,
// with bash, kubectl, helm, curl and kubectl-cognigy, on a real API server with kube-controller-manager. The operator's binary runs while
// its Pods exist, and reaches simulated Cognigys under the hosts that the pages name.
//
// What becomes of a block follows from its language:
//
//   - sh is executed, with bash.
//   - console has commands after "$ ", which are executed, and what they print, which is compared. Of ids, previews, times and
//     durations the form counts; a line of "..." stands for any lines, "..." at the end of a line for any rest of it.
//   - yaml whose first line is a comment with the name of a file becomes that file, which a command of the page has to name. Otherwise
//     it is applied if it has objects.
//   - promql has expressions, one a line. Prometheus has to understand each, and the operator to have its metrics.
//
// A comment in HTML on the line before a block says otherwise:
//
//   - "as KIND NAMESPACE/NAME": the block is a part of an object of the operator's, which the API server has to accept.
//   - "as values of CHART": the block has values of a chart, which Helm has to render.
//   - "raises ALERT": the block has the expression of an alert, which Prometheus raises for what the operator's metrics are.
//   - "not run: REASON", with a reason of the list in reasons_test.go.
package docs
