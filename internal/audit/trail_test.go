// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"
	testingclock "k8s.io/utils/clock/testing"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

var began = testingclock.NewFakePassiveClock(time.Date(2026, 11, 22, 11, 0, 0, 123456789, time.FixedZone("CET", 3600)))

func TestTrailAppendsToAFileThatNobodyElseReads(t *testing.T) {
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	for i := range 2 { // as after a restart
		trail, err := Open(file, began)
		g.Expect(err).NotTo(HaveOccurred())
		trail.Record(t.Context(), Line{Action: Revoked, Reason: ReasonReplaced, Kind: "EndpointAPIKey", Name: "crm", UID: "u", KeyID: fmt.Sprint(i)})
		g.Expect(trail.Close()).To(Succeed())
	}
	written, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	line := `{"time":"2026-11-22T10:00:00.123456Z","action":"revoked","reason":"replaced","kind":"EndpointAPIKey","name":"crm","uid":"u",` +
		`"generation":0,"keyID":"%d"}` + "\n"
	g.Expect(string(written)).To(Equal(fmt.Sprintf(line, 0) + fmt.Sprintf(line, 1)))
	info, err := os.Stat(file)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(info.Mode().Perm()).To(Equal(fs.FileMode(0o600)))
}

func TestTrailWithoutAnAuditLogStillLogs(t *testing.T) {
	g := NewWithT(t)
	trail, err := Open("", began)
	g.Expect(err).NotTo(HaveOccurred())
	var logged string
	ctx := logf.IntoContext(t.Context(), funcr.NewJSON(func(text string) { logged += text }, funcr.Options{}))
	trail.Record(ctx, Line{Action: Delivered, KeyID: "id"})
	g.Expect(logged).To(And(ContainSubstring(`"msg":"key delivered"`), ContainSubstring(`"keyID":"id"`)))
	g.Expect(trail.Close()).To(Succeed())
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	_, err := Open(filepath.Join(t.TempDir(), "missing", "audit.jsonl"), began)
	NewWithT(t).Expect(err).To(MatchError(And(ContainSubstring("--audit-log"), ContainSubstring("volume"))))
	NewWithT(t).Expect(errors.Is(err, fs.ErrNotExist)).To(BeTrue())
}

// pieces is what was written, write by write.
type pieces struct {
	bytes.Buffer

	broken bool
	count  int
}

func (p *pieces) Write(text []byte) (int, error) {
	p.count++
	if p.broken {
		return 0, errors.New("no space left on device")
	}
	return p.Buffer.Write(text)
}

func (p *pieces) Close() error { return nil }

func TestLinesOfSeveralReconcilesDoNotMix(t *testing.T) {
	g := NewWithT(t)
	written := &pieces{}
	trail := &Trail{clock: began, file: written}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { trail.Record(t.Context(), Line{Action: Issued}) })
	}
	all.Wait()
	g.Expect(written.count).To(Equal(50))
	g.Expect(strings.Count(written.String(), "\n")).To(Equal(50))
}

func TestAFullDiskHoldsNothingUp(t *testing.T) {
	g := NewWithT(t)
	var logged string
	ctx := logf.IntoContext(t.Context(), funcr.NewJSON(func(text string) { logged += text + "\n" }, funcr.Options{}))
	(&Trail{clock: began, file: &pieces{broken: true}}).Record(ctx, Line{Action: Issued, KeyID: "id"})
	g.Expect(logged).To(And(ContainSubstring("key issued"), ContainSubstring("could not write into the audit log"), ContainSubstring("no space left")))
}

// What could hold a value must be noticed by whoever adds it.
func TestALineHasNoPlaceForAValue(t *testing.T) {
	fields := reflect.TypeFor[Line]()
	for i := range fields.NumField() {
		field := fields.Field(i)
		g := NewWithT(t)
		g.Expect(field.Tag.Get("about")).NotTo(BeEmpty(), field.Name)
		g.Expect(strings.ToLower(field.Name)).NotTo(Or(ContainSubstring("preview"), ContainSubstring("plaintext"), ContainSubstring("value")))
		g.Expect(field.Type.Kind()).To(BeElementOf(reflect.String, reflect.Int64, reflect.Struct), field.Name)
	}
}
