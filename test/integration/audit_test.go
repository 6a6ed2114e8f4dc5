// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// audited is an environment whose operator has an audit log.
type audited struct {
	*environment
	file string
}

func newAudited() *audited {
	GinkgoHelper()
	a := &audited{newEnvironment(), filepath.Join(GinkgoT().TempDir(), "audit.jsonl")}
	a.restartOperator("--audit-log=" + a.file)
	return a
}

func (a *audited) text() string {
	text, err := os.ReadFile(a.file)
	if errors.Is(err, fs.ErrNotExist) { // the operator has not started yet
		return ""
	}
	a.Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// lines reads the audit log.
func (a *audited) lines() (lines []audit.Line) {
	GinkgoHelper()
	for text := range strings.Lines(a.text()) {
		line := audit.Line{}
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.DisallowUnknownFields()
		a.Expect(decoder.Decode(&line)).To(Succeed(), text)
		lines = append(lines, line)
	}
	return lines
}

// awaitLine waits for a line about a key, and returns it.
func (a *audited) awaitLine(action audit.Action, reason audit.Reason, keyID string) (found audit.Line) {
	GinkgoHelper()
	a.Await(func(g Gomega) {
		g.Expect(a.lines()).To(ContainElement(about(action, reason, keyID), &found))
	})
	return found
}

func about(action audit.Action, reason audit.Reason, keyID string) gomegatypes.GomegaMatcher {
	return And(HaveField("Action", action), HaveField("Reason", reason), HaveField("KeyID", keyID))
}

// count counts the lines about a key with one of the actions.
func count(lines []audit.Line, keyID string, actions ...audit.Action) (count int) {
	for _, line := range lines {
		for _, action := range actions {
			if line.Action == action && line.KeyID == keyID {
				count++
			}
		}
	}
	return count
}

// agree compares the lines with the ledger of Cognigy. Of the ledger's keys, the operator made those that are not foreign.
func (a *audited) agree(foreign ...string) {
	GinkgoHelper()
	lines, known := a.lines(), map[string]bool{"": true}
	for _, entry := range a.Cognigy.Ledger() {
		known[entry.ID] = true
		a.Expect(a.text()).NotTo(ContainSubstring(entry.Preview))
		revoked := 0
		if entry.RevokedAt != nil {
			revoked = 1
		}
		a.Expect(count(lines, entry.ID, audit.Revoked)).To(Equal(revoked), "lines that tell of the end of key %s", entry.Name)
		if len(foreign) > 0 && foreign[0] == entry.ID {
			continue
		}
		attempt, ok := plan.AttemptOf(entry.Name)
		a.Expect(ok).To(BeTrue())
		named := HaveField("Attempt", attempt.Format(metav1.RFC3339Micro))
		a.Expect(lines).To(ContainElement(And(HaveField("Action", audit.Attempted), named)), "before %s", entry.Name)
		a.Expect(lines).To(ContainElement(And(HaveField("Action", BeElementOf(audit.Issued, audit.Unanswered, audit.Refused)), named)), "after %s", entry.Name)
	}
	attempted := 0
	for _, line := range lines {
		a.Expect(known).To(HaveKey(line.KeyID), "%+v", line)
		a.Expect(line.Time).To(BeTemporally("~", time.Now(), 10*time.Minute))
		a.Expect(line.ReconcileID).NotTo(BeEmpty())
		if line.Action == audit.Attempted {
			attempted++
		}
	}
	a.Expect(attempted).To(Equal(a.Posts()))
	a.Expect(a.FindPlaintexts(map[string]string{"audit log": a.text()})).To(BeEmpty())
}

var _ = Describe("The audit log", Label("security"), func() {
	It("tells of the whole life of keys: issued, rotated, retained, adopted, revoked", func() {
		a := newAudited()
		key := a.issued()
		first := a.Read(key).Status.KeyID
		line := a.awaitLine(audit.Delivered, audit.ReasonNew, first)
		a.Expect(line).To(And(HaveField("Kind", "EndpointAPIKey"), HaveField("Namespace", a.Namespace), HaveField("Name", key.Name),
			HaveField("UID", string(key.UID)), HaveField("Generation", key.Generation), HaveField("Connection", "CognigyConnection/cognigy"),
			HaveField("EndpointID", a.Endpoint.ID), HaveField("Secret", key.SecretName().Name)))

		a.request(key, later().Format(time.RFC3339))
		a.awaitRotated(key, first)
		second := a.Read(key).Status.KeyID
		a.awaitLine(audit.Delivered, audit.ReasonRotation, second)
		a.Expect(a.awaitLine(audit.Rotated, audit.ReasonRotation, first).ReplacedBy).To(Equal(second))
		a.awaitLine(audit.Revoked, audit.ReasonReplaced, first)

		a.Change(key, func() { key.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain })
		a.Delete(key)
		a.AwaitAbsent(key.DeepCopy())
		a.awaitLine(audit.Retained, audit.ReasonDeleted, second)

		again := a.Key()
		a.Create(again)
		a.Expect(a.awaitLine(audit.Adopted, audit.ReasonFormer, second).FormerUID).To(Equal(string(key.UID)))
		a.Await(func(g Gomega) { a.Served(g, clientKey(again)) })
		a.Delete(again)
		a.AwaitGone(again)
		a.awaitLine(audit.Revoked, audit.ReasonDeleted, second)
		a.agree()
		a.Expect(count(a.lines(), second, audit.Delivered)).To(Equal(1), "an adoption is no delivery")
	})

	It("tells of keys whose answer got lost, by their attempt, and of their end", func() {
		a := newAudited()
		a.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultCommitThenDrop, Method: http.MethodPost, Route: simulator.RouteKeys, Times: 1})
		key := a.Key()
		a.Create(key)
		a.AwaitDelivered(key, 1)
		lost := a.Cognigy.Ledger()[0].ID
		a.awaitLine(audit.Unanswered, audit.ReasonNew, "")
		a.awaitLine(audit.Revoked, audit.ReasonUndelivered, lost)
		a.agree()
	})

	It("tells of refused revocations, and of the one that succeeds", func() {
		a := newAudited()
		key := a.issued()
		id := a.Read(key).Status.KeyID
		a.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Method: http.MethodDelete, Status: 503, Times: 1})
		a.Delete(key)
		a.AwaitGone(key)
		a.Expect(a.awaitLine(audit.NotRevoked, audit.ReasonDeleted, id).Detail).To(ContainSubstring("503"))
		a.awaitLine(audit.Revoked, audit.ReasonDeleted, id)
		a.agree()
	})

	It("tells of orphans that are found and revoked", func() {
		a := newAudited()
		a.revoking()
		orphan := a.orphan(a.Endpoint)
		line := a.awaitLine(audit.OrphanFound, audit.ReasonScan, orphan.ID)
		a.Expect(line).To(And(HaveField("Kind", "CognigyConnection"), HaveField("Name", fixtures.ConnectionName), HaveField("EndpointID", a.Endpoint.ID)))
		a.awaitLine(audit.Revoked, audit.ReasonOrphan, orphan.ID)
		a.agree(orphan.ID)
	})

	// The second operator finds a delivery that the first could not tell of any more.
	It("tells of a delivery that a crash kept from being told", func() {
		a := newAudited()
		key := a.issued()
		id := a.Read(key).Status.KeyID
		a.stopOperator()
		a.Expect(os.Truncate(a.file, 0)).To(Succeed())
		found := a.Read(key)
		found.Status.KeyID, found.Status.KeyPreview, found.Status.IssuedAt = "", "", nil
		a.Expect(cluster.Status().Update(a.Context, found)).To(Succeed())
		a.restartOperator("--audit-log=" + a.file)
		a.awaitLine(audit.Delivered, audit.ReasonFound, id)
		a.Expect(a.Posts()).To(Equal(1))
	})
})
