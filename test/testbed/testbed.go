// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package testbed is what the tests of the operator stand on: a control plane on which everything is installed but the
// Deployment, and the operator's binary.
package testbed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// binaryName is what the image calls the operator, too: client-go makes the field manager of the Lease from it.
const binaryName = "cognigy-operator"

// access is what a process needs in order to use a testbed that another one started.
type access struct {
	Admin      []byte // an administrator's kubeconfig
	Kubeconfig []byte // the operator's, under its own ServiceAccount
	AuditLog   string // the API server's, a file
	Etcd       string // its address
	Binary     string // the operator's, a file; "" if it was not built
}

// Testbed is a control plane and, if it was built, the operator's binary.
type Testbed struct {
	access
	Config     *rest.Config  // an administrator's
	Cluster    client.Client // as administrator
	ClusterUID string        // of the namespace kube-system

	plane  *controlplane.ControlPlane // nil if another process started it
	folder string
}

// Start starts a control plane, with kube-controller-manager: what has no owner must really be collected. Stop ends it.
func Start(ctx context.Context) (*Testbed, error) {
	folder, err := os.MkdirTemp("", "cognigy-operator-test-")
	if err != nil {
		return nil, err
	}
	b := &Testbed{folder: folder, access: access{AuditLog: filepath.Join(folder, "audit.log")}}
	if err := b.start(ctx); err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	return b, nil
}

// StartWithBinary does the same, and builds the operator, so that Run can start it.
func StartWithBinary(ctx context.Context) (*Testbed, error) {
	b, err := Start(ctx)
	if err != nil {
		return nil, err
	}
	b.Binary = filepath.Join(b.folder, binaryName)
	if err := Build(ctx, b.Binary); err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	return b, nil
}

// Build builds the operator into a file.
func Build(ctx context.Context, file string) error {
	build := exec.CommandContext(ctx, "go", "build", "-o", file, "./cmd")
	build.Dir = filepath.Dir(filepath.Dir(installation.File())) // of which the caller's module may be another
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the operator: %w\n%s", err, output)
	}
	return nil
}

// FreeAddress returns an address on loopback on which nothing listened a moment ago.
func FreeAddress(ctx context.Context) (string, error) {
	addresses, err := FreeAddresses(ctx, "127.0.0.1", 1)
	if err != nil {
		return "", err
	}
	return addresses[0], nil
}

// FreeAddresses returns different addresses on a host (127.0.0.1 or [::1]) on which nothing listened a moment ago.
func FreeAddresses(ctx context.Context, host string, count int) (addresses []string, err error) {
	for range count {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", host+":0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = listener.Close() }() // after all are found, so that none is found twice
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses, nil
}

// Share returns what Join needs in another process.
func (b *Testbed) Share() ([]byte, error) { return json.Marshal(b.access) }

// Join uses a testbed that another process started and shares. That process stops it.
func Join(ctx context.Context, shared []byte) (*Testbed, error) {
	b := &Testbed{}
	if err := json.Unmarshal(shared, &b.access); err != nil {
		return nil, err
	}
	return b, b.connect(ctx)
}

func (b *Testbed) start(ctx context.Context) (err error) {
	// kube-controller-manager looks for new CRDs every 30 seconds only, so that it has to find them.
	options := controlplane.Options{CRDs: []string{installation.File()}, ControllerManager: true, AuditLog: b.AuditLog}
	if b.plane, err = controlplane.Start(ctx, options); err != nil {
		return err
	}
	b.Admin, b.Etcd = b.plane.Kubeconfig(), b.plane.Etcd()
	if err := b.Install(ctx); err != nil {
		return err
	}
	return b.connect(ctx)
}

// Install applies what users install, and makes the operator's kubeconfig. Start did so; it is for the process that called Start, after it
// has removed the installation.
func (b *Testbed) Install(ctx context.Context) (err error) {
	if err := installation.Apply(ctx, b.plane.Config(), installation.File()); err != nil {
		return err
	}
	b.Kubeconfig, err = b.plane.KubeconfigFor(ctx, installation.Namespace, installation.ServiceAccount)
	return err
}

// connect makes the administrator's client.
func (b *Testbed) connect(ctx context.Context) (err error) {
	if b.Config, err = clientcmd.RESTConfigFromKubeConfig(b.Admin); err != nil {
		return err
	}
	b.Config.QPS = -1 // tests wait for the operator, not for a rate limit of their client
	if b.Cluster, err = installation.NewClient(b.Config); err != nil {
		return err
	}
	system := &corev1.Namespace{}
	err = b.Cluster.Get(ctx, types.NamespacedName{Name: "kube-system"}, system)
	b.ClusterUID = string(system.UID)
	return err
}

// KubeconfigAt returns the operator's kubeconfig with another address in place of the API server's, such as a proxy's, and the
// certificate authority to trust there.
func (b *Testbed) KubeconfigAt(server string, authority []byte) ([]byte, error) {
	config, err := clientcmd.Load(b.Kubeconfig)
	if err != nil {
		return nil, err
	}
	for _, cluster := range config.Clusters {
		cluster.Server, cluster.CertificateAuthorityData = server, authority
	}
	return clientcmd.Write(*config)
}

// ConfigFor returns the configuration of a ServiceAccount that exists: what it may do, and no more.
func (b *Testbed) ConfigFor(ctx context.Context, namespace, name string) (*rest.Config, error) {
	token := &authenticationv1.TokenRequest{}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	if err := b.Cluster.SubResource("token").Create(ctx, account, token); err != nil {
		return nil, err
	}
	config := rest.AnonymousClientConfig(b.Config)
	config.BearerToken = token.Status.Token
	return config, nil
}

// Stop ends the control plane and removes every file. It is for the process that called Start.
func (b *Testbed) Stop() error {
	var err error
	if b.plane != nil {
		err = b.plane.Stop()
	}
	return errors.Join(err, os.RemoveAll(b.folder))
}
