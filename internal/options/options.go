// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package options holds the operator's flags, validated once.
package options

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"
	cliflag "k8s.io/component-base/cli/flag"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

const (
	// DefaultDriftInterval is that of an operator whose flags do not say otherwise.
	DefaultDriftInterval  = 10 * time.Minute
	shortestDriftInterval = time.Second
	// defaultListLag is far longer than any list was seen to lag behind. No documentation promises read-your-writes.
	defaultListLag = 5 * time.Second
	// defaultSuperKeyInterval keeps super API keys few: each works for 15 minutes, and none can be revoked.
	defaultSuperKeyInterval = time.Minute
	// From verbosity 8 on, client-go logs the bodies of requests, and with them Secrets.
	highestVerbosity   = 7
	inClusterNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
)

// Options are the operator's settings.
type Options struct {
	Version         bool // print the version and exit; the other settings are not validated then
	UninstallCheck  bool // check what an uninstallation would leave behind, and exit
	LeaderElect     bool
	MetricsAddress  string // host:port; "0" serves none
	ProbeAddress    string // host:port
	Namespace       string // of the operator: leases, and the credentials of ClusterCognigyConnections
	WatchNamespaces []string
	// ClusterConnections is whether this installation serves ClusterCognigyConnections. Two that do overwrite each other's reports.
	ClusterConnections bool
	ClusterID          string // "" for the UID of the namespace kube-system
	// FormerClusterIDs are identities that this cluster had before ClusterID.
	FormerClusterIDs []string
	DriftInterval    time.Duration
	ListLag          time.Duration              // how long Cognigy's lists may take to show what was done; no flag changes it
	SuperKeyInterval time.Duration              // between two requests for a super API key of a connection; no flag changes it
	HostRateLimits   map[string]ratelimit.Limit // by host:port, or ratelimit.AnyHost
	AllowedHosts     []string                   // of CognigyConnections, as in cognigy.Config; all if empty
	AuditLog         string                     // a file, audit.Stdout, or "" for none
	Log              zap.Options
}

// Parse reads the command line, and the environment for flags that it does not have. It returns pflag.ErrHelp after it has printed the help.
func Parse(args []string) (*Options, error) {
	options, raw, groups, flags := newOptions()
	flags.Usage = func() { printHelp(os.Stderr, groups) }
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("the operator takes flags only, but got %q", flags.Args())
	}
	if options.Version {
		return options, nil
	}
	if err := options.complete(flags, os.Getenv); err != nil {
		return nil, err
	}
	var err, hostsErr error
	if options.HostRateLimits, err = hostRateLimits(raw.limits); err != nil {
		err = fmt.Errorf("--host-rate-limits: %w", err)
	}
	if options.AllowedHosts, hostsErr = allowedHosts(raw.hosts); hostsErr != nil {
		hostsErr = fmt.Errorf("--allowed-hosts: %w", hostsErr)
	}
	return options, errors.Join(options.validate(), err, hostsErr)
}

// Read reads the settings of an operator that runs elsewhere, in this version or another one: flags that this version does not know are left
// out, and what needs no flag is taken for the default.
func Read(args []string, getenv func(string) string) (*Options, error) {
	options, _, _, flags := newOptions()
	flags.Usage = func() {}
	flags.ParseErrorsAllowlist.UnknownFlags = true
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	return options, options.complete(flags, getenv)
}

func newOptions() (*Options, *unparsed, *cliflag.NamedFlagSets, *pflag.FlagSet) {
	options, raw := &Options{ListLag: defaultListLag, SuperKeyInterval: defaultSuperKeyInterval}, &unparsed{}
	groups := options.flags(raw)
	flags := pflag.NewFlagSet("cognigy-operator", pflag.ContinueOnError)
	for _, group := range groups.FlagSets {
		flags.AddFlagSet(group)
	}
	return options, raw, groups, flags
}

// complete sets what the command line leaves to the environment, and what follows from other flags.
func (o *Options) complete(flags *pflag.FlagSet, getenv func(string) string) error {
	if err := readEnvironment(flags, getenv); err != nil {
		return err
	}
	if !flags.Changed("cluster-connections") {
		o.ClusterConnections = len(o.WatchNamespaces) == 0
	}
	return nil
}

// validate returns an error that names every invalid flag.
func (o *Options) validate() error {
	var wrong []error
	complain := func(flag, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("--%s: %s", flag, fmt.Sprintf(format, args...)))
	}
	if o.MetricsAddress != "0" && !isAddress(o.MetricsAddress) {
		complain("metrics-bind-address", "%q is not host:port, :port or 0", o.MetricsAddress)
	}
	if !isAddress(o.ProbeAddress) {
		complain("health-probe-bind-address", "%q is not host:port or :port", o.ProbeAddress)
	}
	if o.Namespace == "" {
		complain("namespace", "set it, since the operator does not run in a Pod and cannot find it out")
	} else if reasons := validation.IsDNS1123Label(o.Namespace); len(reasons) > 0 {
		complain("namespace", "%q is not the name of a namespace: %s", o.Namespace, strings.Join(reasons, "; "))
	}
	for _, namespace := range o.WatchNamespaces {
		if reasons := validation.IsDNS1123Label(namespace); len(reasons) > 0 {
			complain("watch-namespaces", "%q is not the name of a namespace: %s", namespace, strings.Join(reasons, "; "))
		}
	}
	if o.ClusterID != strings.TrimSpace(o.ClusterID) {
		complain("cluster-id", "%q begins or ends with white space", o.ClusterID)
	}
	for _, id := range o.FormerClusterIDs {
		if id == "" || id != strings.TrimSpace(id) {
			complain("former-cluster-ids", "%q is empty, or begins or ends with white space", id)
		}
	}
	if o.DriftInterval < shortestDriftInterval {
		complain("drift-interval", "%s is shorter than %s", o.DriftInterval, shortestDriftInterval)
	}
	// mutation: log-bodies
	if o.Log.Level != nil && o.Log.Level.Enabled(-highestVerbosity-1) {
		complain("zap-log-level", "at most %d: from %d on, the log would hold the bodies of requests, and with them Secrets",
			highestVerbosity, highestVerbosity+1)
	}
	return errors.Join(wrong...)
}

func isAddress(address string) bool {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func ownNamespace() string {
	if namespace := os.Getenv("POD_NAMESPACE"); namespace != "" {
		return namespace
	}
	namespace, err := os.ReadFile(inClusterNamespace)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(namespace))
}
