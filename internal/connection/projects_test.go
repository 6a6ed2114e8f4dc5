// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

func project(i int) string { return fmt.Sprintf("%024x", 1000+i) }

// listProject sets the clock, and requests a list of a project that is not older than an age.
func (e *environment) listProject(projectID string, at, age time.Duration) *connection.Project {
	e.t.Helper()
	e.clock.SetTime(start.Add(at))
	found, err := e.session.Project(e.t.Context(), projectID, start.Add(at-age), func() {})
	e.Expect(err).NotTo(HaveOccurred())
	return found
}

func (e *environment) projectRequests() int {
	return e.cognigy.Count(http.MethodGet, simulator.RouteEndpoints)
}

// Hundreds of resources that name Endpoints of a project cost one list a minute.
func TestProjectIsShared(t *testing.T) {
	e := newEnvironment(t)
	one := e.cognigy.AddEndpoint(project(1), "One")
	e.cognigy.Inject(simulator.Fault{Method: http.MethodGet, Delay: 50 * time.Millisecond})
	var callers sync.WaitGroup
	var charged atomic.Int32
	for range 20 {
		callers.Go(func() {
			found, err := e.session.Project(e.t.Context(), project(1), start, func() { charged.Add(1) })
			e.Expect(err).NotTo(HaveOccurred())
			e.Expect(found.Named("One")).To(Equal([]string{one.ID}))
		})
	}
	callers.Wait()
	e.Expect(e.projectRequests()).To(Equal(1))
	e.Expect(charged.Load()).To(BeEquivalentTo(1), "who shares a list sends nothing")

	e.listProject(project(1), time.Minute, time.Minute)
	e.Expect(e.projectRequests()).To(Equal(1))
	e.cognigy.AddEndpoint(project(1), "Two")
	e.Expect(e.listProject(project(1), time.Minute+time.Second, time.Minute).IDs()).To(HaveLen(2), "an older list will not do")
	e.listProject(project(2), time.Minute+time.Second, time.Minute)
	e.Expect(e.projectRequests()).To(Equal(3), "another project has another list")
	other := &connection.Session{Client: e.session.Client, Lists: e.session.Lists, Connection: "another"}
	e.Expect(other.KnownProject(project(1))).To(BeNil(), "another connection may lead to another Cognigy")
}

func TestProjectFailures(t *testing.T) {
	e := newEnvironment(t)
	refuse := func(after, status, code int) {
		e.cognigy.ClearFaults()
		e.cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: status, Code: code, After: after})
	}
	request := func() (*connection.Project, error) {
		return e.session.Project(e.t.Context(), project(1), start, func() {})
	}
	refuse(0, 403, 403)
	_, err := request()
	e.Expect(cognigy.IsKind(err, cognigy.Forbidden)).To(BeTrue())
	for i := range 101 {
		e.cognigy.AddEndpoint(project(1), fmt.Sprint(i))
	}
	refuse(1, 404, 1002)
	_, err = request()
	e.Expect(cognigy.IsKind(err, cognigy.NotFound)).To(BeTrue(), "a part of a list is none")
	e.Expect(e.session.KnownProject(project(1))).To(BeNil())
	refuse(0, 404, 1002)
	found, err := request()
	e.Expect(err).NotTo(HaveOccurred())
	e.Expect(found.Endpoints).To(BeEmpty(), "a project that does not exist has no Endpoints")
}

func TestNames(t *testing.T) {
	g := NewWithT(t)
	listed := &connection.Project{Endpoints: []cognigy.Endpoint{{ID: "1", Name: "CRM"}, {ID: "2", Name: " crm"}, {ID: "3", Name: "CRM 2"}, {ID: "4", Name: "CRM"}}}
	g.Expect(listed.Named("CRM")).To(Equal([]string{"1", "4"}))
	g.Expect(listed.Named("Crm")).To(BeEmpty())
	g.Expect(listed.Resembling("Crm")).To(Equal([]string{"1", "2", "4"}))
	g.Expect(listed.Resembling("CRM")).To(Equal([]string{"2"}))
	g.Expect(listed.IDs()).To(Equal([]string{"1", "2", "3", "4"}))
}

// A tenant decides how many projects its resources name, and how long the names of Endpoints are.
func TestRememberedProjectsAreBounded(t *testing.T) {
	e := newEnvironment(t)
	const projects = 30
	for i := range projects {
		e.cognigy.AddEndpoint(project(i), strings.Repeat("n", 1<<20))
		e.listProject(project(i), time.Duration(i)*time.Second, 0)
		e.Expect(e.session.KnownProject(project(0))).NotTo(BeNil(), "it is in use")
	}
	size := 0
	for i := range projects {
		if known := e.session.KnownProject(project(i)); known != nil {
			for _, endpoint := range known.Endpoints {
				size += endpoint.Size()
			}
		}
	}
	e.Expect(size).To(And(BeNumerically("<=", 8<<20), BeNumerically(">", 6<<20)))
	e.Expect(e.session.KnownProject(project(projects - 1))).NotTo(BeNil())
	e.Expect(e.session.KnownProject(project(1))).To(BeNil(), "the least recently used ones are forgotten")
	e.listProject(project(projects-1), 25*time.Hour, 0)
	e.Expect(e.session.KnownProject(project(0))).To(BeNil(), "nobody asked for it in a day")
}
