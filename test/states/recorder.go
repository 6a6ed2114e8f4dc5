// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package states

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
)

// resources are the plural names of the operator's kinds.
var resources = []string{"endpointapikeys", "cognigyconnections", "clustercognigyconnections"}

// Recorder watches the operator's resources, and keeps every state that it sees.
type Recorder struct {
	mu   sync.Mutex
	err  error
	seen map[string]string // by a state's name: the shortest example, as YAML
}

// Record starts to watch all namespaces of a cluster, until the context ends.
func Record(ctx context.Context, config *rest.Config) (*Recorder, error) {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	r := &Recorder{seen: map[string]string{}}
	informers := dynamicinformer.NewDynamicSharedInformerFactory(client, 0)
	for _, resource := range resources {
		_, err := informers.ForResource(v1alpha1.GroupVersion.WithResource(resource)).Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(object any) { r.see(object.(*unstructured.Unstructured)) },
			UpdateFunc: func(_, object any) { r.see(object.(*unstructured.Unstructured)) },
		})
		if err != nil {
			return nil, err
		}
	}
	informers.Start(ctx.Done())
	informers.WaitForCacheSync(ctx.Done())
	return r, context.Cause(ctx)
}

func (r *Recorder) see(object *unstructured.Unstructured) {
	if !reportedByOperator(object) {
		return
	}
	text, err := normalise(object)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = errors.Join(r.err, err)
	for _, name := range facts(object) {
		if before, found := r.seen[name]; !found || shorter(text, before) {
			r.seen[name] = text
		}
	}
}

// shorter orders texts by length, then by alphabet.
func shorter(a, b string) bool { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) < 0 }

// reportedByOperator says whether nobody but the operator wrote the object's conditions: tests forge some.
func reportedByOperator(object *unstructured.Unstructured) bool {
	return !slices.ContainsFunc(object.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		if entry.Manager == delivery.FieldManager || entry.Subresource != "status" || entry.FieldsV1 == nil {
			return false
		}
		fields := entry.FieldsV1.GetRawString()
		return strings.Contains(fields, `"f:conditions"`) || strings.Contains(fields, `"f:observedGeneration"`)
	})
}

// Write writes an example of each state that has no file in a folder yet. Which examples a run sees is up to chance, and a file should
// change only if somebody wants it to.
func (r *Recorder) Write(folder string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.err
	for name, text := range r.seen {
		file := filepath.Join(folder, name+".yaml")
		if _, missing := os.Stat(file); errors.Is(missing, fs.ErrNotExist) {
			err = errors.Join(err, os.WriteFile(file, []byte(text), 0o600))
		}
	}
	return err
}
