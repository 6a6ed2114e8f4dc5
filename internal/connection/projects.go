// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"maps"
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
	newest map[projectPlace]*rememberedProject
	size   int // of all lists, in bytes
}

// projectPlace is a project as a connection shows it.
type projectPlace struct {
	connection types.UID
	projectID  string
}

type rememberedProject struct {
	*Project
	size int       // in bytes
	used time.Time // when someone last asked for it
}

// projectAnswer is a list, or its failure, with the time at which it was requested.
type projectAnswer struct {
	at      time.Time
	project *Project
}

// Project returns a list of a project's Endpoints that was requested at notBefore or later. Callers at the same time share the requests,
// the list and its failure. charge is called before each request that this call sends, not before those of others.
func (s *Session) Project(ctx context.Context, projectID string, notBefore time.Time, charge func()) (*Project, error) {
	for {
		if known := s.KnownProject(projectID); known != nil && !known.At.Before(notBefore) {
			return known, nil
		}
		request := s.Lists.projects.requests.DoChan(string(s.Connection)+"/"+projectID, func() (any, error) {
			return s.requestProject(context.WithoutCancel(ctx), projectID, charge)
		})
		select {
		case result := <-request:
			// A request that was under way before notBefore answers another question.
			if answer := result.Val.(projectAnswer); !answer.at.Before(notBefore) {
				return answer.project, result.Err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *Session) requestProject(ctx context.Context, projectID string, charge func()) (projectAnswer, error) {
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
		return projectAnswer{at: at}, err
	}
	found := &Project{At: at, Endpoints: endpoints}
	s.Lists.projects.remember(projectPlace{s.Connection, projectID}, found, s.Lists.clock.Now())
	return projectAnswer{at, found}, nil
}

// KnownProject returns the newest list of a project's Endpoints, or nil if the process does not remember one.
func (s *Session) KnownProject(projectID string) *Project {
	p := &s.Lists.projects
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.newest[projectPlace{s.Connection, projectID}]
	if known == nil {
		return nil
	}
	known.used = s.Lists.clock.Now()
	return known.Project
}

// remember keeps a list, and forgets the least recently used ones if all take too much memory.
func (p *projects) remember(of projectPlace, found *Project, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	size := projectBytes
	for _, endpoint := range found.Endpoints {
		size += endpoint.Size()
	}
	p.forget(of)
	if p.newest == nil {
		p.newest = map[projectPlace]*rememberedProject{}
	}
	p.newest[of], p.size = &rememberedProject{found, size, now}, p.size+size
	oldestFirst := slices.SortedFunc(maps.Keys(p.newest), func(a, b projectPlace) int { return p.newest[a].used.Compare(p.newest[b].used) })
	for _, of := range oldestFirst {
		// mutation: remember-every-project
		if p.size <= maxProjectsBytes && now.Sub(p.newest[of].used) <= forgetAfter {
			return
		}
		p.forget(of)
	}
}

// forget forgets the list of a project. The caller holds the lock.
func (p *projects) forget(of projectPlace) {
	if known := p.newest[of]; known != nil {
		p.size -= known.size
		delete(p.newest, of)
	}
}

// forgetConnection forgets what a connection showed, as another user may see other Endpoints.
func (p *projects) forgetConnection(uid types.UID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for of := range p.newest {
		if of.connection == uid {
			p.forget(of)
		}
	}
}
