// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

// Stdout is the name of the standard output in Open.
const Stdout = "-"

// Trail writes lines into the log and, if it has one, into an audit log.
type Trail struct {
	clock clock.PassiveClock

	mu   sync.Mutex
	file io.WriteCloser // nil: the log alone
}

// Open returns a trail with an audit log: a file, to which it appends, Stdout, or none if that is empty. Whoever opens the trail closes it.
func Open(audit string, clock clock.PassiveClock) (*Trail, error) {
	switch audit {
	case "":
		return &Trail{clock: clock}, nil
	case Stdout:
		return &Trail{clock: clock, file: unclosed{os.Stdout}}, nil
	}
	file, err := os.OpenFile(audit, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the administrator names the file
	if err != nil {
		return nil, fmt.Errorf("--audit-log: %w; in a container whose file system is read-only, the file has to be on a volume", err)
	}
	return &Trail{clock: clock, file: file}, nil
}

// unclosed is a writer that stays open.
type unclosed struct{ io.Writer }

// Close implements io.Closer.
func (unclosed) Close() error { return nil }

// Record writes a line, with the time and the reconcile. A line that cannot be written holds nothing up: a key that is not delivered or
// not revoked would be worse.
func (t *Trail) Record(ctx context.Context, line Line) {
	line.Time = t.clock.Now().UTC().Truncate(time.Microsecond)
	line.ReconcileID = string(controller.ReconcileIDFromContext(ctx))
	log := logf.FromContext(ctx)
	log.Info("key "+string(line.Action), "audit", line)
	if t.file == nil {
		return
	}
	text, err := json.Marshal(line) //nolint:gosec // its Secret is the name of one
	if err == nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		_, err = t.file.Write(append(text, '\n')) // at once, so that lines of two processes do not mix
	}
	if err != nil {
		log.Error(err, "could not write into the audit log", "keyID", line.KeyID, "action", line.Action)
	}
}

// Close closes the audit log.
func (t *Trail) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.file == nil {
		return nil
	}
	return t.file.Close()
}
