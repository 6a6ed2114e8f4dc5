// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// later says what the operator will do, and when.
func (e explanation) later() []string {
	if e.preview.Observed.Suspended || !e.preview.Observed.DeletingSince.IsZero() {
		return nil
	}
	var sentences []string
	if next := e.rotation(); next != "" {
		sentences = append(sentences, next)
	}
	for _, replaced := range e.preview.Plan.Retiring {
		sentences = append(sentences, fmt.Sprintf("Revocation of the replaced key %s%s on %s, one %s after another key replaced it.",
			replaced.KeyID, inBrackets(replaced.Preview), on(e.preview.Observed.RevokedAt(replaced), e.now), e.overlap(replaced)))
	}
	return sentences
}

// overlap names what a replaced key's time follows from.
func (e explanation) overlap(replaced plan.RetiringKey) string {
	wanted, works := e.preview.Observed.Rotation, e.preview.Observed.RevokedAt(replaced).Sub(replaced.ReplacedAt)
	if works > wanted.Overlap {
		return fmt.Sprintf("maxOverlap (%s)", brief(works))
	}
	return fmt.Sprintf("overlap (%s)", brief(works))
}

// rotation says when the key is replaced, and why.
func (e explanation) rotation() string {
	next, observed := e.preview.Plan, e.preview.Observed
	if !next.HasKey {
		return ""
	}
	due, cause := observed.RotationDue()
	if due.IsZero() {
		return "No rotation: rotation.every and rotation.notBefore ask for none. kubectl cognigy rotate replaces the key once."
	}
	because := map[plan.RotationCause]string{
		plan.RotationByAge:     fmt.Sprintf("rotation.every is %s", brief(observed.Rotation.Every)),
		plan.RotationNotBefore: fmt.Sprintf("rotation.notBefore is %s", observed.Rotation.NotBefore.UTC().Format(time.RFC3339)),
		plan.RotationRequested: fmt.Sprintf("an annotation asks for it as of %s", observed.Rotation.Requested.UTC().Format(time.RFC3339)),
	}[cause]
	if len(observed.Rotation.Windows) == 0 || next.RotatesAt.Equal(due) {
		return fmt.Sprintf("Rotation on %s, because %s.", on(due, e.now), because)
	}
	if next.RotatesAt.IsZero() {
		return fmt.Sprintf("No rotation, although %s: no window of rotation.windows ever opens.", because)
	}
	return fmt.Sprintf("Rotation on %s: it is due on %s, because %s, and waits for a window of rotation.windows.",
		on(next.RotatesAt, e.now), due.UTC().Format(time.RFC3339), because)
}

// hidden says what the plan does without.
func (e explanation) hidden() []string {
	var sentences []string
	for _, err := range e.preview.Hidden {
		sentences = append(sentences, "- "+punctuate(err.Error())+e.instead(err.Error()))
	}
	if e.preview.Connection == nil && e.preview.Blocked == nil && len(e.preview.Hidden) == 0 {
		sentences = append(sentences, "- The connection.")
	}
	return append(sentences,
		fmt.Sprintf("- Cognigy's list of keys: the operator looks at it once per drift interval, %s, and before it revokes.", e.driftInterval()),
		"- The operator's memory: how its own attempts ended, its issuance budget, and waits for Cognigy's rate limit.",
		"- "+e.flags())
}

// driftInterval says how long it is, and from where that is known.
func (e explanation) driftInterval() string {
	interval := brief(e.operator.settings.DriftInterval)
	if e.operator.unknown != "" {
		return interval + " unless its flag --drift-interval says otherwise"
	}
	return fmt.Sprintf("%s as Deployment %s says", interval, e.operator.deployment)
}

// flags says what of the operator's settings the plan does without.
func (e explanation) flags() string {
	if e.operator.unknown != "" {
		return fmt.Sprintf("The operator's flags, such as --watch-namespaces and --allowed-hosts: %s.", withoutStop(e.operator.unknown))
	}
	return "What the operator's flag --allowed-hosts permits."
}

// instead says what stands for something that the caller may not read.
func (e explanation) instead(words string) string {
	switch {
	case strings.Contains(words, " get secrets "):
		return " The Secret is taken to be as the status says."
	case strings.Contains(words, " get namespaces"):
		return " So it is open whether the connection allows the namespace."
	default:
		return ""
	}
}
