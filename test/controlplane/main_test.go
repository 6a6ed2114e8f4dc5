// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

const crds = "../../config/crd/bases"

// One control plane for the tests that only use it; those that stop one start their own.
var (
	plane    *ControlPlane
	auditLog string
	admin    client.Client
)

func TestMain(m *testing.M) {
	if os.Getenv(victimVariable) != "" {
		beVictim()
		return
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	folder, err := os.MkdirTemp("", "control-plane-test-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	auditLog = filepath.Join(folder, "audit.log")
	plane, err = Start(context.Background(), Options{CRDs: []string{crds}, ControllerManager: true, AuditLog: auditLog})
	if err != nil {
		return 1, err
	}
	code := 1
	if admin, err = installation.NewClient(plane.Config()); err == nil {
		code = m.Run()
	}
	if stopErr := plane.Stop(); stopErr != nil {
		return 1, stopErr
	}
	return code, err
}

func newNamespace(t *testing.T) string {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := admin.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	return namespace.Name
}
