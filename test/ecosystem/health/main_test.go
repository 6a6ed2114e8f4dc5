// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"context"
	"errors"
	"flag"
	"os"
	"testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/deployed"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

const (
	repository = "../../.."
	namespace  = "team"
)

// An API server without an operator, so that states stay as they are.
var (
	cluster    client.Client // as administrator
	kubeconfig string        // of the administrator, a file
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	flag.Parse()
	_ = flag.Set("test.parallel", "16") // tools wait much longer than they compute
	controlplane.Main(func() (int, error) { return run(m) })
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "health-test-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	started, err := deployed.StartCluster(ctx, folder, controlplane.Options{CRDs: []string{installation.File()}})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, started.Stop()) }()
	cluster, kubeconfig = started.Client, started.KubeconfigFile
	if err := cluster.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
		return 0, err
	}
	return m.Run(), nil
}
