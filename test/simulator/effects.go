// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"io"
	"net"
	"net/http"
)

const (
	renamed = "Renamed by the server"
	// badID would reach another route if a client put it into a path unchecked.
	badID    = "../../NOT-AN-ID"
	hugeSize = 2 << 30
)

// play acts and answers as the call's fault says.
func (s *Simulator) play(c call) answer {
	switch c.fault.Kind {
	case FaultStatus:
		return c.fault.standIn(c)
	case FaultCommitThenStatus:
		s.handle(c)
		return c.fault.standIn(c)
	case FaultRedirect:
		return answer{status: http.StatusTemporaryRedirect, header: map[string]string{"Location": c.fault.Body}}
	case FaultCommitThen500:
		s.handle(c)
		return refuse(c, http.StatusInternalServerError, codeInternal, "An internal error has occurred.")
	default:
		return c.fault.spoil(s.handle(c))
	}
}

// standIn is what FaultStatus answers.
func (f Fault) standIn(c call) answer {
	var a answer
	switch {
	case f.Body != "":
		a = answer{status: f.Status, body: document{cmp.Or(f.ContentType, "text/html"), f.Body}}
	case f.Code != 0:
		a = refuse(c, f.Status, f.Code, "The simulator was told to refuse this.")
	default:
		a = proxyPage(f.Status)
	}
	if f.RetryAfter != "" {
		a.header = map[string]string{"Retry-After": f.RetryAfter}
	}
	return a
}

// spoil turns a success into the answer of the fault.
func (f Fault) spoil(a answer) answer {
	if a.status >= http.StatusMultipleChoices {
		return a
	}
	switch f.Kind {
	case FaultMalformed:
		return truncated(a)
	case FaultHuge:
		return answer{status: bodyStatus(a.status), body: endless{}}
	case FaultOmitKey:
		made := a.body.(createdKey)
		made.Key = ""
		a.body = made
	case FaultBadID:
		made := a.body.(createdKey)
		made.ID = badID
		a.body = made
	}
	return a
}

func truncated(a answer) answer {
	whole := document{"application/json; charset=utf-8", `{"ok":true}`}
	if a.body != nil {
		whole = a.encode()
	}
	whole.text = whole.text[:len(whole.text)/2]
	return answer{status: bodyStatus(a.status), body: whole}
}

// bodyStatus is a status that allows for a body.
func bodyStatus(status int) int {
	if status == http.StatusNoContent {
		return http.StatusOK
	}
	return status
}

// endless is a body that no client should read to its end: a JSON array of keys, well formed from
// the first byte to the last.
type endless struct{}

func (endless) write(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	item := encodeJSON(keyItem{ID: randomHex(12), Name: "one of very many"}) + ","
	chunk := bytes.Repeat([]byte(item), 1024)
	if _, err := io.WriteString(w, "["); err != nil {
		return
	}
	for range hugeSize / len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return // the client has left, or the simulator was closed
		}
	}
	_, _ = io.WriteString(w, "null]")
}

// drop closes the connection without an answer, as a server that stops does.
func drop(w http.ResponseWriter) {
	_ = connection(w).Close()
}

// reset ends the connection with a TCP reset, as a firewall or a crash does.
func reset(w http.ResponseWriter) {
	conn := connection(w)
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// connection takes the connection over from net/http, which would otherwise answer 200 by itself.
// It is the one below TLS: a polite end of the TLS session is not what a cut connection looks like.
func connection(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's own way to cut
	}
	if secure, ok := conn.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return conn
}
