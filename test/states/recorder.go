// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package states

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
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
	mu    sync.Mutex
	err   error
	texts map[string]map[string]bool // the objects, as YAML, that are examples of a state, by its name
}

// Record starts to watch all namespaces of a cluster, until the context ends.
func Record(ctx context.Context, config *rest.Config) (*Recorder, error) {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	r := &Recorder{texts: map[string]map[string]bool{}}
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
		if r.texts[name] == nil {
			r.texts[name] = map[string]bool{}
		}
		r.texts[name][text] = true
	}
}

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

// Write writes an example of each state into a folder: the one that is there already if it was seen again, else the shortest. If all
// specs ran, it removes the states that were not seen.
func (r *Recorder) Write(folder string, all bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	kept := map[string]bool{}
	for name, texts := range r.texts {
		file := filepath.Join(folder, name+".yaml")
		kept[file] = true
		before, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if texts[string(before)] {
			continue
		}
		shortest := slices.MinFunc(slices.Collect(maps.Keys(texts)), func(a, b string) int {
			return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
		})
		if err := os.WriteFile(file, []byte(shortest), 0o600); err != nil {
			return err
		}
	}
	if !all {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	for _, file := range files {
		if !kept[file] {
			err = errors.Join(err, os.Remove(file))
		}
	}
	if err != nil {
		return fmt.Errorf("removing states that no spec reaches any more: %w", err)
	}
	return nil
}
