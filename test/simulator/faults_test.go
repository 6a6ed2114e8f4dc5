// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestFaultsThatAnswerWithoutActing(t *testing.T) {
	tests := []struct {
		name              string
		fault             Fault
		status, code      int
		header, want, has string
	}{
		{name: "Cognigy's own error", fault: Fault{Kind: FaultStatus, Status: 409, Code: 1004}, status: 409, code: 1004},
		{
			name: "asked to come back later", fault: Fault{Kind: FaultStatus, Status: 429, Code: 429, RetryAfter: "7"},
			status: 429, code: 429, header: "Retry-After", want: "7",
		},
		{
			name: "a proxy's page", fault: Fault{Kind: FaultStatus, Status: 503},
			status: 503, header: "Content-Type", want: "text/html", has: "<h1>503 Service Unavailable</h1>",
		},
		{
			name: "a portal that says all is well", fault: Fault{Kind: FaultStatus, Status: 200, Body: "log in"},
			status: 200, header: "Content-Type", want: "text/html", has: "log in",
		},
		{
			name: "a body of one's own", fault: Fault{Kind: FaultStatus, Status: 404, ContentType: "text/plain", Body: "no"},
			status: 404, header: "Content-Type", want: "text/plain", has: "no",
		},
		{
			name: "sent elsewhere", fault: Fault{Kind: FaultRedirect, Body: "http://127.0.0.1:1/"},
			status: 307, header: "Location", want: "http://127.0.0.1:1/",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := start(t, Options{})
			r.Inject(tt.fault)
			answer := r.post("a key")
			equal(t, "status", answer.status, tt.status)
			if tt.code != 0 {
				equal(t, "code", decode[problem](t, answer.body).Code, tt.code)
			}
			if tt.header != "" {
				equal(t, tt.header, answer.header.Get(tt.header), tt.want)
			}
			if !strings.Contains(answer.body, tt.has) {
				t.Errorf("body is %q", answer.body)
			}
			r.wantLedger()
			equal(t, "status recorded", r.Requests()[0].Status, tt.status)
		})
	}
}

func TestFaultsThatActAndSpoilTheAnswer(t *testing.T) {
	tests := []struct {
		kind   FaultKind
		status int
		check  func(t *testing.T, body string, made Entry)
	}{
		{FaultMalformed, 201, func(t *testing.T, body string, _ Entry) {
			if !strings.HasPrefix(body, `{"key":"`) || json.Valid([]byte(body)) {
				t.Errorf("body is %q", body)
			}
		}},
		{FaultOmitKey, 201, func(t *testing.T, body string, made Entry) {
			equal(t, "id", decode[createdKey](t, body).ID, made.ID)
			equal(t, "has a key", strings.Contains(body, `"key"`), false)
		}},
		{FaultBadID, 201, func(t *testing.T, body string, made Entry) {
			answered := decode[createdKey](t, body)
			equal(t, "id is one", idPattern.MatchString(answered.ID), false)
			equal(t, "key", fingerprint(answered.Key), made.SHA256)
		}},
		{FaultRename, 201, func(t *testing.T, body string, made Entry) {
			equal(t, "name answered", decode[createdKey](t, body).Name, renamed)
			equal(t, "name stored", made.Name, renamed)
		}},
		{FaultCommitThen500, 500, func(t *testing.T, body string, _ Entry) {
			equal(t, "code", decode[problem](t, body).Code, codeInternal)
		}},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			r := start(t, Options{})
			r.Inject(Fault{Kind: tt.kind, Times: 1})
			answer := r.post("a key")
			r.wantLedger("made")
			equal(t, "status", answer.status, tt.status)
			tt.check(t, answer.body, r.Ledger()[0])

			made := r.create()
			equal(t, "works again", r.Works(r.endpoint.ID, made.Key), true)
		})
	}
}

func TestFaultsOnDelete(t *testing.T) {
	tests := []struct {
		fault  Fault
		status int // 0: no answer
		after  string
	}{
		{Fault{Kind: FaultMalformed}, 200, "made API"},
		{Fault{Kind: FaultCommitThen500}, 500, "made API"},
		{Fault{Kind: FaultCommitThenDrop}, 0, "made API"},
		{Fault{Kind: FaultResetBefore}, 0, "made"},
		{Fault{Kind: FaultStatus, Status: 502}, 502, "made"},
		{Fault{Kind: FaultOmitKey}, 204, "made API"}, // can do nothing to a DELETE
	}
	for _, tt := range tests {
		t.Run(string(tt.fault.Kind), func(t *testing.T) {
			r := start(t, Options{})
			id := r.create().ID
			r.Inject(tt.fault)
			answer, err := r.try(r.request(http.MethodDelete, r.key(id), ""))
			equal(t, "has no answer", err != nil, tt.status == 0)
			equal(t, "status", answer.status, tt.status)
			equal(t, "is valid JSON", json.Valid([]byte(answer.body)), tt.status == 500)
			r.wantLedger(tt.after)
		})
	}
}

func TestCutConnections(t *testing.T) {
	tests := []struct {
		kind   FaultKind
		err    error
		ledger []string
	}{
		{FaultResetBefore, syscall.ECONNRESET, nil},
		{FaultCommitThenDrop, io.EOF, []string{"made"}},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			r := start(t, Options{})
			r.Inject(Fault{Kind: tt.kind, Method: http.MethodPost})
			_, err := r.try(r.request(http.MethodPost, r.keys(), `{"name":"a"}`))
			if !errors.Is(err, tt.err) {
				t.Errorf("the client sees %v, want %v", err, tt.err)
			}
			r.wantLedger(tt.ledger...)
			equal(t, "requests", r.Count(http.MethodPost, RouteKeys), 1)
			equal(t, "status recorded", r.Requests()[0].Status, 0)
			equal(t, "listed", len(r.list()), len(tt.ledger))
		})
	}
}

func TestHugeAnswer(t *testing.T) {
	r := start(t, Options{})
	r.Inject(Fault{Kind: FaultHuge})
	response, err := r.client.Do(r.request(http.MethodPost, r.keys(), `{"name":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	begin := make([]byte, 16<<20)
	if _, err := io.ReadFull(response.Body, begin); err != nil {
		t.Errorf("ended after less than 16 MB: %v", err)
	}
	equal(t, "status", response.StatusCode, http.StatusCreated)
	equal(t, "begins as JSON", strings.HasPrefix(string(begin), `[{"_id":"`), true)
	r.wantLedger("made")
	_ = response.Body.Close()
	r.Close() // returns only once the handler has noticed
}

func TestDelay(t *testing.T) {
	const delay = 50 * time.Millisecond
	r := start(t, Options{})
	// Faults without a kind come on top of the one that has a kind.
	r.Inject(Fault{Delay: delay})
	r.Inject(Fault{Kind: FaultStatus, Status: 503, Delay: delay, Times: 1})
	r.Inject(Fault{Delay: delay})
	for _, want := range []struct {
		status int
		delay  time.Duration
	}{{503, 3 * delay}, {201, 2 * delay}} {
		begin := time.Now()
		equal(t, "status", r.post("a key").status, want.status)
		if took := time.Since(begin); took < want.delay {
			t.Errorf("took %s, want %s", took, want.delay)
		}
	}
}

func TestClientsThatDisconnectDuringADelay(t *testing.T) {
	abandon := func(r *rig, fault Fault) {
		r.Inject(fault)
		ctx, cancel := context.WithCancel(t.Context())
		request := r.request(http.MethodPost, r.keys(), `{"name":"a"}`).WithContext(ctx)
		left := make(chan error)
		go func() {
			_, err := r.try(request)
			left <- err
		}()
		eventually(t, "the request arrives", func() bool { return len(r.Requests()) == 1 })
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("the client sees %v", err)
		}
		eventually(t, "the request is over", r.idle)
		equal(t, "status recorded", r.Requests()[0].Status, 0)
	}

	usual := start(t, Options{})
	abandon(usual, Fault{Delay: time.Hour})
	usual.wantLedger()

	slow := start(t, Options{})
	abandon(slow, Fault{Kind: FaultCommitAfterDelay, Delay: 200 * time.Millisecond})
	slow.wantLedger("made")
}

func TestLaggingList(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	r := start(t, Options{Now: func() time.Time { return now }})
	old := r.create()
	now = now.Add(time.Hour)
	r.remove(old.ID)
	fresh := r.create()
	r.Inject(Fault{Kind: FaultLagList, Lag: 10 * time.Second})

	equal(t, "before the lag is over", r.list()[0].ID, old.ID)
	now = now.Add(9 * time.Second)
	equal(t, "before the lag is over", r.list()[0].ID, old.ID)
	now = now.Add(time.Second)
	equal(t, "after the lag", r.list()[0].ID, fresh.ID)
	equal(t, "after the lag", len(r.list()), 1)
}

// A clock that is set back must not hide keys: LIST without a fault shows what is live.
func TestListDoesNotDependOnTheClock(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	r := start(t, Options{Now: func() time.Time { return now }})
	r.create()
	now = now.Add(-time.Hour)
	equal(t, "listed", len(r.list()), 1)
}

func TestWhichRequestsAFaultMeets(t *testing.T) {
	r := start(t, Options{})
	other := r.AddEndpoint(projectID, "another")
	list := func() int { return r.do(http.MethodGet, r.keys(), "").status }
	listOther := func() int { return r.do(http.MethodGet, "/new/v2.0/endpoints/"+other.ID+"/apikeys", "").status }
	post := func() int { return r.post("a key").status }
	endpoints := func() int { return r.do(http.MethodGet, RouteEndpoints, "").status }

	tests := []struct {
		name  string
		fault Fault
		calls []func() int
		want  []int
	}{
		{"any", Fault{}, []func() int{list, post, endpoints}, []int{503, 503, 503}},
		{"method", Fault{Method: "POST"}, []func() int{list, post}, []int{200, 503}},
		{"route", Fault{Route: RouteKeys}, []func() int{endpoints, list}, []int{200, 503}},
		{"endpoint", Fault{EndpointID: other.ID}, []func() int{list, listOther}, []int{200, 503}},
		{"times", Fault{Times: 2}, []func() int{list, post, list}, []int{503, 503, 200}},
		{"after", Fault{After: 2, Times: 1}, []func() int{list, list, list, list}, []int{200, 200, 503, 200}},
		{
			"after, counting only what matches",
			Fault{Method: "POST", After: 1},
			[]func() int{list, post, list, post},
			[]int{200, 201, 200, 503},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.fault.Kind, tt.fault.Status = FaultStatus, 503
			r.Inject(tt.fault)
			for i, call := range tt.calls {
				equal(t, "status", call(), tt.want[i])
			}
			r.ClearFaults()
			equal(t, "status when cleared", list(), 200)
		})
	}
}

func TestFirstInjectedGoesFirst(t *testing.T) {
	r := start(t, Options{})
	for _, status := range []int{502, 503} {
		r.Inject(Fault{Kind: FaultStatus, Status: status, Times: 1})
	}
	for _, want := range []int{502, 503, 201} {
		equal(t, "status", r.post("a key").status, want)
	}
	equal(t, "faults kept though spent", len(r.armed), 0)
}

func TestRateIsReproducible(t *testing.T) {
	choices := func(seed uint64) (chosen string, share int) {
		f := faults{seed: seed}
		f.Inject(Fault{Kind: FaultStatus, Status: 500, Rate: 0.3})
		for range 1000 {
			if f.take(call{}).Kind == "" {
				chosen += "."
			} else {
				chosen += "x"
				share++
			}
		}
		return chosen, share
	}
	first, share := choices(1)
	again, _ := choices(1)
	another, _ := choices(2)
	equal(t, "same seed, same choices", first == again, true)
	equal(t, "another seed, other choices", first == another, false)
	if share < 250 || share > 350 {
		t.Errorf("applies to %d of 1000, want about 300", share)
	}
}

func TestFaultJSON(t *testing.T) {
	fault := Fault{
		Method: "POST", Route: RouteKeys, EndpointID: absentID, Kind: FaultStatus, Times: 1, Rate: 0.5,
		After: 2, Delay: 1500 * time.Millisecond, Lag: time.Minute, Status: 429, Code: 429, RetryAfter: "7",
		ContentType: "text/plain", Body: "no",
	}
	encoded, err := json.Marshal(fault)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "fault", decode[Fault](t, string(encoded)), fault)
	if !strings.Contains(string(encoded), `"delay":"1.5s"`) {
		t.Errorf("nobody could write %s", encoded)
	}
	for _, broken := range []string{`{"metod":"POST"}`, `{"delay":"soon"}`, `{"times":"1"}`} {
		if json.Unmarshal([]byte(broken), &Fault{}) == nil {
			t.Errorf("%s is accepted", broken)
		}
	}
}

func TestSenselessFaultsAreRefused(t *testing.T) {
	for _, fault := range []Fault{
		{Kind: "Typo"},
		{Route: "/new/v2.0/endpoint"},
		{Kind: FaultStatus},
		{Kind: FaultStatus, Status: 99},
		{Kind: FaultCommitThenStatus},
		{Kind: FaultRedirect},
		{Kind: FaultLagList},
		{Lag: time.Second},
		{Rate: 1.1},
		{Times: -1},
		{Delay: -1},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is accepted", fault)
				}
			}()
			new(faults).Inject(fault)
		}()
	}
}
