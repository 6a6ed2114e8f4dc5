// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

const patience = 2 * time.Minute

// onAmd64 skips a test where the binary of the image cannot run.
func onAmd64(t *testing.T) {
	t.Helper()
	if runtime.GOOS+"/"+runtime.GOARCH != amd64 {
		t.Skip("the binary is for " + amd64)
	}
}

// starts checks that a binary of an image says what it is, and that it leads and is ready on a control plane.
func starts(t *testing.T, binary, says string) {
	t.Helper()
	g := NewWithT(t)
	printed, err := exec.CommandContext(t.Context(), binary, "--version").Output()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(strings.TrimSpace(string(printed))).To(Equal(says))

	bed, err := testbed.Start(context.Background())
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { g.Expect(bed.Stop()).To(Succeed()) })
	bed.Binary = binary
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	g.Expect(os.WriteFile(kubeconfig, bed.Kubeconfig, 0o600)).To(Succeed())
	var output testbed.Output
	process, err := bed.Run(kubeconfig, nil, &output, "--namespace="+installation.Namespace, "--leader-elect",
		"--health-probe-bind-address=127.0.0.1:0", "--metrics-bind-address=127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(process.Kill)
	g.Eventually(output.String).WithTimeout(patience).Should(And(ContainSubstring("starting "+says), ContainSubstring("Starting workers")))
	g.Expect(process.Stop(patience)).To(Succeed(), output.String())
}

func TestOperatorStarts(t *testing.T) {
	onAmd64(t)
	starts(t, binary(t, pulled(t)[amd64]), "cognigy-operator "+version+" ("+runtime.Version()+", "+amd64+")")
}

// The version is that of the frozen module which has a certificate; see lib/fips140 in Go's own source.
func TestFIPSOperatorStarts(t *testing.T) {
	onAmd64(t)
	g := NewWithT(t)
	output := filepath.Join(t.TempDir(), "layout")
	_, err := build(t.Context(), repository, nil, "--fips140", "v1.0.0", "--platforms", amd64, "--output", output)
	g.Expect(err).NotTo(HaveOccurred())
	starts(t, binary(t, writtenBy(t, output)[amd64]),
		"cognigy-operator "+version+" ("+runtime.Version()+", "+amd64+", FIPS 140-3 module v1.0.0)")
}
