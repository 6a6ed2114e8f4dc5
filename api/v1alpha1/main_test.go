// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1_test proves on a real API server what the markers of the types claim: what is accepted, what is
// refused and with which words, and that whatever is accepted can be read back into the Go types.
package v1alpha1_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

var (
	// typed reads and writes through the Go types, as the operator does.
	typed client.Client
	// raw sends bodies that no Go type could produce.
	raw kubernetes.Interface
)

func TestMain(m *testing.M) {
	controlplane.Main(func() (int, error) { return run(m) })
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	// CRDs whose rules cost too much are refused right here.
	plane, err := controlplane.Start(ctx, controlplane.Options{CRDs: []string{"../../config/crd/bases"}})
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, plane.Stop()) }()
	config := plane.Config()
	// Unknown fields are sent on purpose.
	config.WarningHandler = rest.NoWarnings{}
	if typed, err = installation.NewClient(config); err != nil {
		return 1, err
	}
	if raw, err = kubernetes.NewForConfig(config); err != nil {
		return 1, err
	}
	code = m.Run()
	return code, listEverything(ctx)
}

// listEverything reads what an informer would. The tests delete nothing, so this covers all that was ever accepted: one
// object that cannot be decoded would blind the operator to every other.
func listEverything(ctx context.Context) error {
	for _, k := range kinds {
		list := k.newList()
		if err := typed.List(ctx, list); err != nil {
			return fmt.Errorf("the API server accepted a %s that cannot be decoded: %w", k.kind, err)
		}
	}
	return nil
}
