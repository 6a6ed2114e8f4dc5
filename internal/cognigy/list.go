// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"encoding/json"
	"errors"
	"io"
)

const (
	// maxListBytes is how much of a list the client reads: the keys of some 250,000 resources. It bounds the processor time that a
	// server can take.
	maxListBytes = 64 << 20
	// maxElementBytes is how long an element may be: a name that fills Cognigy's largest body, each byte escaped as \u0000.
	maxElementBytes = 6 * smallBodyBytes
)

var (
	errTooLong     = errors.New("too long")
	errTooManyKeys = errors.New("too many keys")
	errNoList      = errors.New("no list")
)

// list is an answer that is a JSON array, while it is read.
type list struct {
	answer io.Reader
	total  int // bytes that may still be read
	left   int // of these, before the next element begins
	// broken is the failure of the connection. A decoder returns io.ErrUnexpectedEOF for it as for JSON without an end.
	broken error
}

// Read implements io.Reader for a decoder, which holds at most one element at a time.
func (l *list) Read(p []byte) (int, error) {
	most := min(l.total, l.left, len(p))
	if most == 0 {
		return 0, errTooLong
	}
	n, err := l.answer.Read(p[:most])
	l.total, l.left = l.total-n, l.left-n
	if err != nil && !errors.Is(err, io.EOF) {
		l.broken = err
	}
	return n, err
}

// next allows for another element.
func (l *list) next() { l.left = maxElementBytes }

// decode passes each element to each. It returns nil for a complete list only: a shorter one would show keys as revoked.
func (l *list) decode(each func(*json.Decoder) error) error {
	decoder := json.NewDecoder(l)
	l.next()
	// JSON null is no list: if it counted as an empty one, every key would seem revoked.
	if begin, err := decoder.Token(); err != nil || begin != json.Delim('[') {
		return errors.Join(errNoList, err)
	}
	for ; decoder.More(); l.next() {
		if err := each(decoder); err != nil {
			return err
		}
	}
	if _, err := decoder.Token(); err != nil { // the end of the list
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.Join(errNoList, err)
	}
	return nil
}

// readList has call.each decode the elements of an answer.
func (c *exchanger) readList(call call, status int, answer io.Reader) error {
	// The byte beyond the limit tells a list that is too long from one that just fits.
	elements := &list{answer: answer, total: maxListBytes + 1}
	err := elements.decode(call.each)
	switch {
	case err == nil:
		return nil
	case elements.broken != nil:
		return c.transportError(call, elements.broken, true)
	case errors.Is(err, errTooManyKeys):
		return &Error{Kind: TooManyKeys, Method: call.method, Route: call.route, Status: status, detail: "more than 8 MiB of keys concern the operator"}
	case errors.Is(err, errTooLong):
		return unexpected(call, status, "the list is longer than 64 MiB, or one of its elements than 360 KiB")
	default:
		return unexpected(call, status, undocumented)
	}
}
