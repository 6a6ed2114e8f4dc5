// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/options"
)

const (
	// uninstallPatience is how long the check waits for deletions that have begun. The operator needs seconds for most.
	uninstallPatience = 30 * time.Second
	uninstallInterval = time.Second
	// namedLeft is how many resources of a kind the check names. A name has up to 317 bytes with its namespace, and Kubernetes keeps 2048
	// bytes of what a container printed last.
	namedLeft = 3
)

// CheckUninstall returns an error that lists the resources that the installation serves, if there are any: without the operator, nothing
// revokes their keys. It waits for those whose deletion has begun, and for its permissions and its network, which are as new as its Pod.
func CheckUninstall(ctx context.Context, config *rest.Config, options *options.Options) error {
	config = rest.CopyConfig(config)
	config.WarningHandler = rest.NoWarnings{} // which would be printed among the reasons
	config.Timeout = uninstallPatience / 3
	reader, err := client.New(config, client.Options{})
	if err != nil {
		return err
	}
	for end := time.Now().Add(uninstallPatience); ; {
		found, err := findLeft(ctx, reader, options)
		switch over := time.Now().After(end); {
		case over && err != nil:
			return fmt.Errorf("cannot find out whether EndpointAPIKeys or connections are left, so that the operator should stay: %w", err)
		case err != nil: // the next time
		case len(found) == 0:
			return nil
		case over || !found.allDeleting():
			return found
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(uninstallInterval):
		}
	}
}

// left are the resources of a kind that are left.
type left struct {
	kind            string
	count, deleting int
	names           []string // of the first
}

// leftovers are resources of several kinds. As an error they say what to do.
type leftovers []left

func (l leftovers) allDeleting() bool {
	for _, each := range l {
		if each.deleting < each.count {
			return false
		}
	}
	return true
}

// Error implements error. What is to be done comes last, since Kubernetes cuts off the beginning of a text that is too long.
func (l leftovers) Error() string {
	var text strings.Builder
	text.WriteString("the operator is still needed: without it, nothing revokes keys in Cognigy, and these resources could not be deleted.\n")
	for _, each := range l {
		more := ""
		if each.count > len(each.names) {
			more = ", ..."
		}
		fmt.Fprintf(&text, "  %d %s (%d being deleted): %s%s\n", each.count, each.kind, each.deleting, strings.Join(each.names, ", "), more)
	}
	text.WriteString("Delete the EndpointAPIKeys and wait until they are gone, then delete the connections, and uninstall again. " +
		"To keep a key, set deletionPolicy: Retain on its EndpointAPIKey before. " +
		"If deletions do not end, `kubectl describe` the resources: their conditions say why.")
	return text.String()
}

// findLeft finds what is left of the kinds that the installation serves. Nothing is left of a kind that the API server does not serve.
func findLeft(ctx context.Context, reader client.Reader, options *options.Options) (found leftovers, err error) {
	everywhere := []string{metav1.NamespaceAll}
	namespaces := options.WatchNamespaces
	if len(namespaces) == 0 {
		namespaces = everywhere
	}
	kinds, scopes := []string{"EndpointAPIKey", "CognigyConnection"}, [][]string{namespaces, namespaces}
	if options.ClusterConnections {
		kinds, scopes = append(kinds, "ClusterCognigyConnection"), append(scopes, everywhere)
	}
	var errs []error
	for i, kind := range kinds {
		one, err := leftOf(ctx, reader, v1alpha1.GroupVersion.WithKind(kind+"List"), scopes[i])
		if !kube.IsNotServed(err) {
			errs = append(errs, err)
		}
		if one.count > 0 {
			found = append(found, one)
		}
	}
	return found, errors.Join(errs...)
}

func leftOf(ctx context.Context, reader client.Reader, list schema.GroupVersionKind, namespaces []string) (found left, err error) {
	found.kind = strings.TrimSuffix(list.Kind, "List")
	for _, namespace := range namespaces {
		err = cmp.Or(err, kube.EachMetadata(ctx, reader, list, found.add, client.InNamespace(namespace)))
	}
	if found.count > 1 {
		found.kind += "s"
	}
	return found, err
}

func (l *left) add(object *metav1.PartialObjectMetadata) {
	l.count++
	if !object.DeletionTimestamp.IsZero() {
		l.deleting++
	}
	if len(l.names) < namedLeft {
		l.names = append(l.names, strings.TrimPrefix(object.Namespace+"/"+object.Name, "/"))
	}
}
