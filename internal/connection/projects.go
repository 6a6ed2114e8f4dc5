// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

const (
	// ProjectAge is how old a list of a project's Endpoints may be that decides what a name means, or what a grant opens.
	ProjectAge = time.Minute
	// maxProjectsBytes bounds how much memory the newest lists of projects of a tenant take. A tenant decides how many projects its
	// resources name, and may decide what their lists show.
	maxProjectsBytes = 8 << 20
	// projectBytes is what a project takes in memory beside its Endpoints, about.
	projectBytes = 256
)

// Project is a list of the Endpoints of a project.
type Project struct {
	At        time.Time // when its first request was sent
	Endpoints []cognigy.Endpoint
}

// Named returns the ids of the Endpoints that have exactly this name.
func (p *Project) Named(name string) []string {
	return p.idsOf(func(found cognigy.Endpoint) bool { return found.Name == name })
}

// Resembling returns the ids of the Endpoints whose names differ from this one in upper and lower case or in white space alone.
func (p *Project) Resembling(name string) []string {
	return p.idsOf(func(found cognigy.Endpoint) bool { return found.Name != name && folded(found.Name) == folded(name) })
}

// IDs returns the ids of all Endpoints.
func (p *Project) IDs() []string { return p.idsOf(func(cognigy.Endpoint) bool { return true }) }

func (p *Project) idsOf(wanted func(cognigy.Endpoint) bool) []string {
	var ids []string
	for _, found := range p.Endpoints {
		if wanted(found) {
			ids = append(ids, found.ID)
		}
	}
	return ids
}

func folded(name string) string { return strings.Join(strings.Fields(strings.ToLower(name)), " ") }

// shows reports whether an Endpoint is in the list; false for a nil list.
func (p *Project) shows(endpointID string) bool {
	return p != nil && slices.ContainsFunc(p.Endpoints, func(found cognigy.Endpoint) bool { return found.ID == endpointID })
}

// projects keeps the newest lists of the Endpoints of projects. All resources of a connection share those, also while they are requested.
type projects struct {
	requests singleflight.Group

	mu     sync.Mutex
	newest newest[projectPlace, *Project]
}

func newProjects() projects {
	return projects{newest: newest[projectPlace, *Project]{bound: maxProjectsBytes}}
}

// projectPlace is a project as a connection shows it.
type projectPlace struct {
	connection types.UID
	projectID  string
}

// Project returns a list of a project's Endpoints that was requested at notBefore or later. Callers at the same time share the requests,
// the list and its failure. charge is called before each request that this call sends, not before those of others.
func (s *Session) Project(ctx context.Context, projectID string, notBefore time.Time, charge func()) (*Project, error) {
	known := func() (*Project, time.Time) {
		if project := s.KnownProject(projectID); project != nil {
			return project, project.At
		}
		return nil, time.Time{}
	}
	return share(ctx, &s.Lists.projects.requests, string(s.Connection)+"/"+projectID, notBefore, known,
		func(ctx context.Context) (answer[*Project], error) { return s.requestProject(ctx, projectID, charge) })
}

func (s *Session) requestProject(ctx context.Context, projectID string, charge func()) (answer[*Project], error) {
	at, sent := s.Lists.clock.Now(), 0
	endpoints, err := s.ListProject(ctx, projectID, func(request func() error) error {
		charge()
		sent++
		return request()
	})
	// A project that does not exist, or not for this user, has no Endpoints. One that goes while it is listed is asked for again.
	if cognigy.IsKind(err, cognigy.NotFound) && sent == 1 {
		err = nil
	}
	if err != nil {
		return answer[*Project]{at: at}, err
	}
	found := &Project{At: at, Endpoints: endpoints}
	s.Lists.projects.remember(projectPlace{s.Connection, projectID}, found, s.Lists.clock.Now())
	return answer[*Project]{at, found}, nil
}

// KnownProject returns the newest list of a project's Endpoints, or nil if the process does not remember one.
func (s *Session) KnownProject(projectID string) *Project {
	p := &s.Lists.projects
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.newest.of(projectPlace{s.Connection, projectID}, s.Lists.clock.Now())
}

// remember keeps a list.
func (p *projects) remember(of projectPlace, found *Project, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	size := projectBytes
	for _, endpoint := range found.Endpoints {
		size += endpoint.Size()
	}
	p.newest.keep(of, found, size, now)
}

// forgetConnection forgets what a connection showed, as another user may see other Endpoints.
func (p *projects) forgetConnection(uid types.UID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.newest.forgetIf(func(of projectPlace, _ *Project) bool { return of.connection == uid })
}
