// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"time"

	"github.com/spf13/cobra"
	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

func (p *plugin) reportCommand() *cobra.Command {
	var file string
	var allNamespaces bool
	command := &cobra.Command{
		Use: "report", GroupID: groupLook, Args: cobra.NoArgs,
		Short: "Write what support needs to know into a file, without secrets",
		Long: "Collects keys, connections, metadata of their Secrets, events, Deployments of the operator and its logs, as far as you may read them, into a .tar.gz.\n\n" +
			"It reads no data of a Secret. It leaves out certificate authorities, templates, annotations of others and values of environment variables, and\n" +
			"replaces whatever has the form of a key. missing.txt names what could not be read. Look through the files before you send them: they name your\n" +
			"namespaces, hosts and Endpoints.",
		Example: "  kubectl cognigy report -n crm\n  kubectl cognigy report -A -f cognigy.tar.gz",
		RunE: func(command *cobra.Command, _ []string) error {
			return p.report(command.Context(), file, allNamespaces)
		},
	}
	command.Flags().StringVarP(&file, "file", "f", "", "The file to write; cognigy-report-<time>.tar.gz by default.")
	command.Flags().BoolVarP(&allNamespaces, "all-namespaces", "A", false, "Report on all namespaces.")
	return command
}

// bundle is a report that is being written.
type bundle struct {
	files   map[string][]byte
	missing string
}

func (p *plugin) report(ctx context.Context, file string, allNamespaces bool) error {
	connected, err := p.connect()
	if err != nil {
		return err
	}
	namespace, now := connected.namespace, p.clock.Now()
	if allNamespaces {
		namespace = ""
	}
	if file == "" {
		file = "cognigy-report-" + now.UTC().Format("20060102-150405") + ".tar.gz"
	}
	b := &bundle{files: map[string][]byte{}}
	for _, collect := range []func(context.Context, *cluster, string){b.keys, b.connections, b.secrets, b.events, b.operators} {
		if collect(ctx, connected, namespace); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	b.files["missing.txt"] = []byte(b.missing)
	b.files["about.txt"] = fmt.Appendf(nil, "written %s by kubectl-cognigy %s\n", now.UTC().Format(time.RFC3339), p.version)
	if err := b.write(file, now); err != nil {
		return err
	}
	p.say("Wrote %s: %s. Look through it before you send it.", file, count(len(b.files), "file"))
	if b.missing != "" {
		say(p.ErrOut, "Not everything could be read:\n%s", b.missing)
	}
	return nil
}

// add writes an object, or notes why it is missing.
func (b *bundle) add(name string, object any, err error) {
	var data []byte
	if err == nil {
		data, err = yaml.Marshal(object)
	}
	if err != nil {
		b.missing += fmt.Sprintf("%s: %s\n", name, err)
		return
	}
	b.files[name] = scrub(data)
}

func (b *bundle) keys(ctx context.Context, c *cluster, namespace string) {
	keys, err := c.keys(ctx, namespace)
	if err != nil {
		b.add("endpointapikeys", nil, err)
	}
	for i := range keys {
		b.add(path.Join("endpointapikeys", keys[i].Namespace, keys[i].Name+".yaml"), redactKey(&keys[i]), nil)
	}
}

func (b *bundle) connections(ctx context.Context, c *cluster, namespace string) {
	for _, kind := range connectionKindsInOrder {
		found, err := c.connections(ctx, kind, namespace)
		if err != nil {
			b.add(kind.Prefix+"connections", nil, err)
		}
		for _, each := range found {
			b.add(path.Join(kind.Prefix+"connections", each.GetNamespace(), each.GetName()+".yaml"), redactConnection(each), nil)
		}
	}
}

func (b *bundle) secrets(ctx context.Context, c *cluster, namespace string) {
	for _, kind := range []string{v1alpha1.SecretTypeAPIKey, v1alpha1.SecretTypeCredentials} {
		err := eachSecret(ctx, c, namespace, kind, func(secret *metadataOnly) {
			b.add(path.Join("secrets", secret.Namespace, secret.Name+".yaml"), redactMetadata(secret.ObjectMeta), nil)
		})
		if err != nil {
			b.add("secrets of the type "+kind, nil, err)
		}
	}
}

func (b *bundle) events(ctx context.Context, c *cluster, namespace string) {
	list := &eventsv1.EventList{}
	err := c.List(ctx, list, client.InNamespace(namespace))
	lines := []string{}
	for _, event := range list.Items {
		if event.Regarding.APIVersion == v1alpha1.GroupVersion.String() {
			lines = append(lines, fmt.Sprintf("%s %s %s %s/%s %s: %s", event.EventTime.UTC().Format(time.RFC3339), event.Type,
				event.Regarding.Kind, event.Regarding.Namespace, event.Regarding.Name, event.Reason, event.Note))
		}
	}
	b.add("events.yaml", lines, err)
}

// write writes the files in order. It overwrites nothing.
func (b *bundle) write(file string, now time.Time) (err error) {
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the user names the file
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	compressed := gzip.NewWriter(out)
	archive := tar.NewWriter(compressed)
	for _, name := range sortedKeys(b.files) {
		header := &tar.Header{Name: path.Join("cognigy-report", name), Mode: 0o600, Size: int64(len(b.files[name])), ModTime: now}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(b.files[name]); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), compressed.Close())
}
