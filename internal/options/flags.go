// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"flag"
	"fmt"
	"io"

	"github.com/spf13/pflag"
	cliflag "k8s.io/component-base/cli/flag"
)

// These flags have no environment variables. One named after a version would more likely hold a version, and one that a Deployment has by mistake
// must not keep the operator from its work.
const (
	versionFlag        = "version"
	uninstallCheckFlag = "uninstall-check"
)

func hasVariable(flag string) bool { return flag != versionFlag && flag != uninstallCheckFlag }

// unparsed are values of flags that pflag has no type for.
type unparsed struct {
	limits map[string]string
	hosts  []string
}

// flags returns the operator's flags, grouped as the help shows them.
func (o *Options) flags(raw *unparsed) *cliflag.NamedFlagSets {
	groups := &cliflag.NamedFlagSets{}
	o.scopeFlags(groups.FlagSet("Scope"))
	o.identityFlags(groups.FlagSet("Identity"))
	o.cognigyFlags(groups.FlagSet("Cognigy"), raw)
	o.processFlags(groups.FlagSet("Process"))
	logging := flag.NewFlagSet("", flag.ContinueOnError)
	o.Log.BindFlags(logging)
	groups.FlagSet("Log").AddGoFlagSet(logging)
	return groups
}

func (o *Options) scopeFlags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&o.WatchNamespaces, "watch-namespaces", nil,
		"Comma-separated namespaces to work in; all if empty.")
	flags.BoolVar(&o.ClusterConnections, "cluster-connections", true,
		"Serve ClusterCognigyConnections: probe, protect and report on them. Of the installations in a cluster, one may. "+
			"With --watch-namespaces, the default is false.")
	flags.StringVar(&o.Namespace, "namespace", ownNamespace(),
		"The operator's own namespace: it holds leases and the credentials of ClusterCognigyConnections. "+
			"Defaults to the environment variable POD_NAMESPACE, then to the namespace of the Pod.")
}

func (o *Options) identityFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.ClusterID, "cluster-id", "",
		"Identity of this cluster in the names of keys in Cognigy. Defaults to the UID of the namespace kube-system. "+
			"After a change, the operator issues every key anew, unless --former-cluster-ids has the identity before.")
	flags.StringSliceVar(&o.FormerClusterIDs, "former-cluster-ids", nil,
		"Comma-separated identities that this cluster had before: earlier values of --cluster-id, or the UID of the namespace kube-system of "+
			"the cluster whose backup was restored here. The operator takes keys with these identities for its own. "+
			"No other cluster that runs may have one of them.")
}

func (o *Options) cognigyFlags(flags *pflag.FlagSet, raw *unparsed) {
	flags.StringSliceVar(&raw.hosts, "allowed-hosts", nil,
		"Comma-separated hosts that CognigyConnections may lead to, as host[:port], 443 without a port; *.example.com[:port] stands for "+
			"every name below example.com. All hosts if empty. ClusterCognigyConnections may lead to every host.")
	flags.StringToStringVar(&raw.limits, "host-rate-limits", nil,
		"How many requests the operator sends to a host of Cognigy: host[:port]=N/M is N a second and M at once; comma-separated. "+
			"* stands for every host that is not named. Without it, the largest rateLimit of the ClusterCognigyConnections to the host "+
			"applies, else 3/50.")
	flags.DurationVar(&o.DriftInterval, "drift-interval", DefaultDriftInterval,
		"Time between two drift checks of the keys of an Endpoint, varied by up to a tenth.")
}

func (o *Options) processFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.LeaderElect, "leader-elect", false,
		"Elect a leader, so that of several replicas one works and the others stand by.")
	flags.StringVar(&o.MetricsAddress, "metrics-bind-address", ":8443",
		"host:port of the metrics, served over TLS to clients that Kubernetes authorizes; 0 serves none.")
	flags.StringVar(&o.ProbeAddress, "health-probe-bind-address", ":8081", "host:port of /healthz and /readyz.")
	flags.StringVar(&o.AuditLog, "audit-log", "",
		"File to append a line of JSON to for each thing that happens to a key, besides the log; - is the standard output. No file if empty.")
	flags.BoolVar(&o.Version, versionFlag, false, "Print the version, and whether cryptography is that of the FIPS 140-3 module, and exit.")
	flags.BoolVar(&o.UninstallCheck, uninstallCheckFlag, false,
		"Exit, with an error that lists them if there are still EndpointAPIKeys or connections that this installation serves. "+
			"The Helm chart runs this before it uninstalls the operator.")
	if kubeconfig := flag.Lookup("kubeconfig"); kubeconfig != nil {
		flags.AddGoFlag(kubeconfig)
	}
}

func printHelp(to io.Writer, groups *cliflag.NamedFlagSets) {
	_, _ = fmt.Fprintf(to, "cognigy-operator manages the API keys of Cognigy.AI Endpoints as Kubernetes resources.\n\n"+
		"Each flag can be given by an environment variable instead: --watch-namespaces by %s.\n", variable("watch-namespaces"))
	cliflag.PrintSections(to, *groups, 100)
}
