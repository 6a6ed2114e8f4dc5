// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// point is a place to crash at: an effect of a scenario, by its kind and how often the scenario had that kind before. A plain number
// would mean another effect in each run, since probes and routine looks come in between by the clock.
type point struct {
	effect string
	nth    int
}

func (p point) String() string { return fmt.Sprintf("%s #%d", p.effect, p.nth) }

// moment is when, relative to the effect, the operator is killed or paused.
type moment string

const (
	before    moment = "before"    // the request never leaves
	committed moment = "committed" // the request is carried out, the answer never arrives
	answered  moment = "answered"  // the answer arrives, and nothing follows
	paused    moment = "paused"    // the request is carried out, and the process paused: it finds the answer when it wakes up
)

var moments = []moment{before, committed, answered}

// crash is a case.
type crash struct {
	point  point
	moment moment
}

func (c crash) String() string { return fmt.Sprintf("%s/%s", c.point, c.moment) }

// Effects that the checker looks at.
const (
	effectPost    = "cognigy POST apikeys"
	effectDelete  = "cognigy DELETE apikeys"
	effectCreate  = "create secrets"
	effectPatch   = "patch endpointapikeys"
	effectRestart = "patch deployments"
	effectSuper   = "cognigy POST superapikeys"
	dryRun        = " (dry run)" // ends the name of a dry run
)

// kubernetesEffect names a request to the API server that is to change something, dry runs included. Events and leases are
// reports, which nothing is decided on, and reviews are questions.
func kubernetesEffect(r *http.Request) (string, bool) {
	verbs := map[string]string{
		http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete",
	}
	verb, writes := verbs[r.Method]
	if !writes {
		return "", false
	}
	name := verb + " " + resource(r.URL.Path)
	if strings.HasSuffix(name, " events") || strings.HasSuffix(name, " leases") || strings.HasSuffix(name, "reviews") {
		return "", false
	}
	if r.URL.Query().Has("dryRun") {
		name += dryRun
	}
	return name, true
}

// resource returns the resource and the subresource of a path, such as endpointapikeys.status.
func resource(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	skip := 2 // api, v1
	if parts[0] == "apis" {
		skip = 3
	}
	parts = parts[min(skip, len(parts)):]
	if len(parts) > 2 && parts[0] == "namespaces" && parts[2] != "status" {
		parts = parts[2:]
	}
	switch len(parts) {
	case 0:
		return path
	case 1, 2:
		return parts[0]
	default:
		return parts[0] + "." + parts[2] // a slash would begin another subtest
	}
}

// cognigyEffect names a request to Cognigy. Reads count too: what the operator learns is what it acts on.
func cognigyEffect(r *http.Request) (string, bool) {
	kind := "endpoints"
	switch {
	case strings.Contains(r.URL.Path, "/organisations/"):
		kind = "superapikeys"
	case strings.Contains(r.URL.Path, "/apikeys"):
		kind = "apikeys"
	}
	return "cognigy " + r.Method + " " + kind, true
}

// writes reports whether an effect changes, or might change, anything.
func writes(effect string) bool {
	return !strings.HasPrefix(effect, "cognigy GET ")
}

// exchange is an effect on its way.
type exchange struct {
	effect  string
	path    string
	body    []byte // of the request
	forward func() (answer, error)
	deliver func(answer)

	arrived time.Time
	answer  answer
	secret  *corev1.Secret // what it writes over; nil for anything else
	restart *restart       // of a workload, if it takes effect; nil for anything else
}

// postedName is the name of the key that a POST asks for.
func (x *exchange) postedName() string {
	var asked struct{ Name string }
	_ = json.Unmarshal(x.body, &asked) // what is no JSON asks for no name
	return asked.Name
}

// objectName is the name of the object that a write to the API server is about.
func (x *exchange) objectName() string {
	parts := strings.Split(strings.Trim(x.path, "/"), "/")
	for i, part := range parts[:len(parts)-1] {
		if part == "secrets" || part == "endpointapikeys" || part == "deployments" {
			return parts[i+1]
		}
	}
	if object, ok := decode(x.body).(metav1.Object); ok {
		return object.GetName()
	}
	return ""
}

// decode reads an object of Kubernetes' own kinds, whose encoding is protobuf as a rule; nil if it is none.
func decode(body []byte) runtime.Object {
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	if err != nil {
		return nil
	}
	return object
}
