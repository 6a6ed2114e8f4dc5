// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// orphansOptions are the flags of orphans.
type orphansOptions struct {
	waitOptions
	allNamespaces, yes bool
	revoke             []string
}

func (p *plugin) orphansCommand() *cobra.Command {
	o := orphansOptions{}
	command := &cobra.Command{
		Use: "orphans [CONNECTION]", GroupID: groupLook, Args: cobra.MaximumNArgs(1), ValidArgsFunction: p.completeConnection,
		Short: "Show keys in Cognigy whose EndpointAPIKey does not exist any more, and have some revoked",
		Long: "Shows what the operator's latest scan of each connection found: orphans, and keys of other cluster identities. The events of the last hour\n" +
			"name those that were new.\n\n" +
			"With --revoke, asks the operator to revoke the orphans that you name by their ids, by the annotation " + v1alpha1.RevokeOrphansAnnotation + ",\n" +
			"and shows what became of each. The operator revokes a key only if two scans in a row find that it is an orphan, whoever names it. With\n" +
			"orphanPolicy: Revoke on a connection, it revokes all of those.",
		Example: "  kubectl cognigy orphans -A\n" +
			"  kubectl cognigy orphans clustercognigyconnection/production --revoke=65a1b2c3d4e5f60718293a4b,65a1b2c3d4e5f60718293a4c",
		RunE: func(command *cobra.Command, names []string) error {
			if command.Flags().Changed("revoke") {
				return p.revokeOrphans(command.Context(), o, names)
			}
			return p.orphans(command.Context(), names, o.allNamespaces)
		},
	}
	command.Flags().BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "Show connections of all namespaces.")
	command.Flags().StringSliceVar(&o.revoke, "revoke", nil, "Ids of orphans to revoke.")
	command.Flags().BoolVarP(&o.yes, "yes", "y", false, "Do not ask before --revoke.")
	o.addTo(command, 15*time.Minute)
	return command
}

func (p *plugin) orphans(ctx context.Context, names []string, allNamespaces bool) error {
	cluster, err := p.connect()
	if err != nil {
		return err
	}
	found, err := p.scannedConnections(ctx, cluster, names, allNamespaces)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		say(p.ErrOut, "No connections found%s.", place(cluster.namespace, allNamespaces))
		return nil
	}
	t, left := newTable(p.paint, "CONNECTION", "POLICY", "ORPHANS", "OTHER IDENTITIES", "SCANNED"), int32(0)
	for _, each := range found {
		policy := cmp.Or(each.GetConnectionSpec().OrphanPolicy, v1alpha1.OrphanPolicyReport)
		row := append(texts(title(each), string(policy)), cell{}, cell{}, cell{text: "never"})
		if scan := each.GetConnectionStatus().OrphanScan; scan != nil {
			row[2], row[3] = counted(scan.Count), counted(scan.OtherIdentityCount)
			row[4].text = ago(scan.Time.Time, p.clock.Now()) + " ago"
			left += scan.Count
		}
		t.add(row...)
	}
	t.print(p.Out)
	for _, each := range found {
		if err := p.scanEvents(ctx, cluster, each); err != nil {
			return err
		}
	}
	if left > 0 {
		p.say("")
		p.say("The operator revokes those that you name with --revoke, or all of a connection with orphanPolicy: Revoke, once two scans in a row find them. Before\n" +
			"that, make sure that no other cluster has this one's identity: its keys look like orphans here.")
	}
	return nil
}

func counted(number int32) cell {
	if number > 0 {
		return cell{fmt.Sprint(number), yellow}
	}
	return cell{text: "0"}
}

// scannedConnections returns the connection that a user names, or those of both kinds. Who may not list the cluster-wide kind sees the other.
func (p *plugin) scannedConnections(ctx context.Context, cluster *cluster, names []string, allNamespaces bool) ([]v1alpha1.Connection, error) {
	if len(names) == 1 {
		found, err := cluster.connection(ctx, names[0])
		return []v1alpha1.Connection{found}, err
	}
	namespace := cluster.namespace
	if allNamespaces {
		namespace = ""
	}
	found, err := cluster.connections(ctx, connection.Namespaced, namespace)
	if err != nil {
		return nil, err
	}
	others, err := cluster.connections(ctx, connection.Cluster, "")
	if apierrors.IsForbidden(err) {
		say(p.ErrOut, "Not shown: ClusterCognigyConnections (%s).", err)
		err = nil
	}
	return append(found, others...), err
}

// scanReasons are those of the events of scans that name keys.
var scanReasons = []string{v1alpha1.EventOrphaned, v1alpha1.EventOtherIdentity, v1alpha1.EventOrphansUnknown, v1alpha1.EventOrphanNotRevoked}

// scanEvents prints what the events of a connection say of its scans, the latest last.
func (p *plugin) scanEvents(ctx context.Context, cluster *cluster, found v1alpha1.Connection) error {
	list := &eventsv1.EventList{}
	err := cluster.List(ctx, list, client.InNamespace(cmp.Or(found.GetNamespace(), metav1.NamespaceDefault)))
	if apierrors.IsForbidden(err) {
		say(p.ErrOut, "Not shown: events that name the keys (%s).", err)
		return nil
	}
	if err != nil {
		return err
	}
	about := slices.DeleteFunc(list.Items, func(event eventsv1.Event) bool {
		return event.Regarding.UID != found.GetUID() || !slices.Contains(scanReasons, event.Reason)
	})
	slices.SortFunc(about, func(a, b eventsv1.Event) int { return a.EventTime.Compare(b.EventTime.Time) })
	for i, event := range about {
		if i == 0 {
			p.say("")
		}
		p.say("%s, %s ago: %s", title(found), ago(event.EventTime.Time, p.clock.Now()), strings.TrimSpace(event.Note))
	}
	return nil
}
