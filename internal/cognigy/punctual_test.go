// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// A process that was paused between the dial and the request must not send it when it wakes up, although none of its timers has
// told it yet that it is late. Here the context has no deadline of its own, as if its timer had not fired.
func TestNothingIsWrittenTooLate(t *testing.T) {
	for name, test := range map[string]struct {
		left  time.Duration
		first string
	}{
		"in time":  {left: time.Minute, first: "POST"},
		"too late": {left: 0, first: ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			g.Expect(err).NotTo(HaveOccurred())
			received := make(chan []byte, 1)
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
				first := make([]byte, 4)
				n, _ := io.ReadFull(conn, first)
				received <- first[:n]
				_ = conn.Close()
			}()
			defer func() { _ = listener.Close() }()
			transport, err := newTransport(nil, "", time.Minute)
			g.Expect(err).NotTo(HaveOccurred())
			ctx := context.WithValue(t.Context(), sendByKey{}, time.Now().Add(test.left))
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+listener.Addr().String(), nil)
			g.Expect(err).NotTo(HaveOccurred())
			response, err := withoutReuse(transport).RoundTrip(request)
			if err == nil {
				_ = response.Body.Close()
			}
			g.Expect(err).To(HaveOccurred(), "nobody answers")
			g.Expect(errors.Is(err, os.ErrDeadlineExceeded)).To(Equal(test.first == ""), "%v", err)
			g.Expect(string(<-received)).To(Equal(test.first))
		})
	}
}
