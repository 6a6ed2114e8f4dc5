// Package controlplane pins the versions of the control plane that tests and the demo run against. It holds no
// code: hack/control-plane.sh builds the commands of the modules imported here.
package controlplane

import (
	_ "go.etcd.io/etcd/server/v3/etcdmain"
	_ "k8s.io/kubectl/pkg/cmd"
	_ "k8s.io/kubernetes/cmd/kube-apiserver/app"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)
