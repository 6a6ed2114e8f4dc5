SHELL := bash
.DEFAULT_GOAL := help

# The image and its version are stated in config/manager/kustomization.yaml, once.
IMAGE   := $(shell sed -n 's/^ *newName: *//p' config/manager/kustomization.yaml)
VERSION := $(shell sed -n 's/^ *newTag: *//p' config/manager/kustomization.yaml)
IMG     ?= $(IMAGE):$(VERSION)$(FLAVOUR)

# Tools come from a module of their own, at the versions that its go.mod names. Go builds each once and keeps it.
TOOL      := go tool -modfile=hack/tools/go.mod
# The manifests of the operator, with the image that IMG names.
MANIFESTS  = set -o pipefail; $(TOOL) kustomize build config/default | sed 's|image: $(IMAGE):.*|image: $(IMG)|'
GENERATED := config/grafana/dashboard.json api/v1alpha1/zz_generated.deepcopy.go config/crd/bases config/rbac/role.yaml docs/api-reference.md \
	charts/*/Chart.yaml charts/*/README.md charts/*/values.schema.json charts/cognigy-operator/files

##@ General

.PHONY: help
help: ## List the targets.
	@awk 'BEGIN { FS = ":.*## "; print "Usage: make <target> [IMG=<image>]" } \
		/^##@ / { print "\n" substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Development

.PHONY: generate
generate: ## Generate the DeepCopy methods of the API types.
	$(TOOL) controller-gen object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: manifests
manifests: ## Generate the CRDs from the API types and the operator's permissions from markers.
	$(TOOL) controller-gen crd paths=./api/... output:crd:dir=config/crd/bases
	$(TOOL) controller-gen rbac:roleName=manager-role paths=./internal/... paths=./cmd/... output:rbac:dir=config/rbac

.PHONY: api-docs
api-docs: ## Generate docs/api-reference.md from the API types.
	mkdir -p docs
	$(TOOL) crd-ref-docs --log-level=ERROR --config=hack/api-reference.yaml --source-path=api --renderer=markdown \
		--output-path=docs/api-reference.md

.PHONY: dashboard
dashboard: ## Generate config/grafana/dashboard.json, the dashboard for Grafana.
	mkdir -p config/grafana
	go -C hack/dashboard run . ../../config/grafana/dashboard.json

# The CRDs, the operator's permissions, the policies that narrow them, the alerts and the dashboard are copied; hack/chart generates what the charts say of
# themselves.
.PHONY: chart
chart: manifests dashboard ## Generate what the Helm charts have in common with other files: CRDs, permissions, policies, alerts, dashboard, version, schema, table of values.
	rm -rf charts/cognigy-operator/files && mkdir -p charts/cognigy-operator/files/crds
	cp config/crd/bases/*.yaml charts/cognigy-operator/files/crds/
	cp config/rbac/role.yaml config/prometheus/prometheus_rule.yaml config/grafana/dashboard.json charts/cognigy-operator/files/
	cp config/write-policy/write_policy.yaml charts/cognigy-operator/files/write-policy.yaml
	go run ./hack/chart --version $(VERSION) --image $(IMAGE) charts/*

.PHONY: verify
verify: generate manifests api-docs chart ## Check that what is generated is current: regenerate it and show what differs.
	@git --no-pager diff --exit-code -- $(GENERATED) || \
		{ echo "Out of date, as shown above. It is regenerated now: commit it." >&2; exit 1; }
	@new=$$(git ls-files --others --exclude-standard -- $(GENERATED)); \
		[[ -z $$new ]] || { echo "Generated, but not in git:" $$new >&2; exit 1; }

.PHONY: fmt
fmt: ## Format the code.
	hack/golangci-lint.sh fmt

.PHONY: vet
vet: ## Look for suspicious code with go vet.
	go vet ./...

.PHONY: lint
lint: ## Check the code with golangci-lint (built on first use, which takes minutes).
	hack/golangci-lint.sh run

.PHONY: lint-others
lint-others: ## Check the code of the modules beside the operator's own, whose dependencies are many.
	@for module in test/ecosystem hack/image hack/dashboard; do echo "$$module:" && MODULE=$$module hack/golangci-lint.sh run || exit 1; done

.PHONY: control-plane
control-plane: ## Make sure that there are etcd, kube-apiserver and kube-controller-manager for the tests.
	@hack/control-plane.sh >/dev/null

# gotestsum prints each test as it ends and, at the end, what failed. The assets are the control plane's binaries.
SUITES   = assets=$$(hack/control-plane.sh) && KUBEBUILDER_ASSETS=$$assets $(TOOL) gotestsum --format testname --format-hide-empty-pkg --
# Packages that start a control plane, or for minutes many processes. They run one after the other, since side by side they
# would take each other's time; and always, since the test cache does not know what the operator's binary was built from.
ALONE   := ./api/v1alpha1 ./test/controlplane ./test/fixtures ./test/bench ./test/reliability
SIDE_BY_SIDE = $(filter-out $(patsubst ./%,$(MODULE)/%,$(ALONE) ./test/integration ./test/e2e),$(shell go list ./...))
# A Ginkgo suite runs in several processes, which wait much longer than they compute: $(call SPECS,<folder>,<processes>,<flags>).
SPECS    = assets=$$(hack/control-plane.sh) && KUBEBUILDER_ASSETS=$$assets go tool ginkgo run --procs=$(2) --timeout=40m --no-color \
	--fail-on-empty --fail-on-pending --output-dir=$(REPORTS) --junit-report=$(1).xml $(3) ./test/$(1)
REPORTS := bin/reports$(addprefix /,$(KUBERNETES))
MODULE   = $(shell go list -m)
# What the long suites measure is collected here, since go test shows nothing of a test that passes.
export FIGURES = $(CURDIR)/bin/figures

.PHONY: test
test: build-tests run-tests ## Run all tests, against a real control plane.

.PHONY: test-busy
test-busy: build-tests ## Run all tests beside four busy loops, as on a slow machine (at most an hour).
	hack/busy.sh $(MAKE) run-tests

# Everything is built before anything runs: compilers beside a test take its time.
.PHONY: build-tests
build-tests: control-plane build-installer
	@echo "Building the operator and the tests"
	@hack/progress.sh "the operator" go build -v ./...
	@hack/progress.sh "the tests" go list -v -export -test -deps ./...
	@$(TOOL) gotestsum --version
	@go tool ginkgo version
	@hack/promtool.sh --version | head -1
	@rm -rf $(FIGURES) && mkdir -p $(FIGURES)

.PHONY: run-tests
run-tests:
	@echo "Testing packages that need no control plane, side by side"
	@$(SUITES) -timeout 20m $(SIDE_BY_SIDE)
	@echo "Testing the controllers against a control plane, with 16 processes"
	@$(call SPECS,integration,16)
	@echo "Testing the operator's binary against a control plane, with 4 processes"
	@$(call SPECS,e2e,4)
	@echo "Testing against a control plane, one package after the other: $(ALONE)"
	@$(SUITES) -p 1 -count=1 -timeout 40m $(ALONE)
	@cat $(FIGURES)/Test* $(FIGURES)/bench.txt

# Tests with the code of other tools, which a module of its own requires.
WITH_KUBECTL = hack/control-plane.sh etcd kube-apiserver kube-controller-manager kubectl
ECOSYSTEM    = assets=$$($(WITH_KUBECTL)) && cd test/ecosystem && KUBEBUILDER_ASSETS=$$assets go test -count=1
.PHONY: test-ecosystem
test-ecosystem: ecosystem-tools build-installer ## Test with the code of the tools that install and check the operator.
	@echo "Testing with the tools that install and check the operator"
	@FLUX_ASSETS=$$(hack/flux.sh) && export FLUX_ASSETS && $(ECOSYSTEM) -p 1 -timeout 40m ./...

.PHONY: test-docs
test-docs: build-installer ## Do what the README and docs say, page by page: run the commands, apply the YAML, compare what is printed (about eight minutes; a part of test-ecosystem).
	@hack/promtool.sh --version | head -1
	@$(ECOSYSTEM) -timeout 20m ./docs

.PHONY: ecosystem-tools
ecosystem-tools: ## Build what test-ecosystem runs, where it is missing: kubectl, promtool, Flux's controllers, the builder of images, the tests (cold: a quarter of an hour).
	@$(WITH_KUBECTL) >/dev/null
	@hack/promtool.sh --version | head -1
	@hack/flux.sh >/dev/null
	@$(IMAGE_BUILDER)
	@hack/progress.sh "the tests with other tools" go list -C test/ecosystem -v -export -test -deps ./...

# It needs as much of Prometheus as a database and an engine for queries, in the module of the dashboard.
LIVE_DASHBOARD = assets=$$(hack/control-plane.sh) && KUBEBUILDER_ASSETS=$$assets go -C hack/dashboard test -count=1 ./...
.PHONY: test-dashboard
test-dashboard: control-plane build-installer ## Answer every expression of the dashboard with what a running operator tells (about four minutes).
	@$(LIVE_DASHBOARD)

.PHONY: dashboard-pictures
dashboard-pictures: control-plane build-installer ## Draw the pictures of docs/dashboard.md from such a run.
	@$(LIVE_DASHBOARD) -args -update

.PHONY: argocd
argocd: control-plane build-installer ## Generate of config/argocd what its scripts and the captured states determine.
	@$(ECOSYSTEM) ./argocd -run '^Test(Settings|.*Cases)$$' -args -update

.PHONY: health
health: control-plane build-installer ## Generate docs/health.md: what other tools make of the captured states.
	@$(ECOSYSTEM) ./health -args -update

# A state that is there stays as it is: delete what should be captured anew. The specs have to pass, since a state that a broken operator
# reaches is none.
.PHONY: states
states: export STATES = $(CURDIR)/test/states/captured
states: build-tests ## Capture the states of resources that test/states does not have, from all specs of test/integration (about 6 minutes).
	@$(call SPECS,integration,12)

# The other supported versions of kube-apiserver, oldest and newest, are pinned in hack/controlplane.
.PHONY: test-versions
test-versions: ## Test against the oldest and the newest supported kube-apiserver (about nine minutes each, once it is built).
	$(MAKE) test-version KUBERNETES=oldest
	$(MAKE) test-version KUBERNETES=newest

# What an API server may do differently: CRDs and admission policies, all that the controllers do, and the binary under its own
# permissions. The rest of the tests has little to do with its version.
.PHONY: test-version
test-version: build-tests
	@assets=$$(hack/control-plane.sh) && echo "Testing against $$($$assets/kube-apiserver --version)"
	@$(SUITES) -count=1 ./api/v1alpha1
	@$(call SPECS,integration,16)
	@$(call SPECS,e2e,4,--label-filter='!load')

# The long suites, whole or as a larger sample than the one in make test.
RELIABILITY = $(SUITES) -count=1 -timeout 0 ./test/reliability

.PHONY: reliability-test
reliability-test: export TEST_SAMPLE = large
reliability-test: build-tests ## Crash, blind, pause and disturb the operator: a larger sample than in make test (about 10 minutes).
	$(RELIABILITY)

.PHONY: crash-test
crash-test: export TEST_SAMPLE = all
crash-test: build-tests ## Kill, pause and blind the operator at each of its side effects (about 15 minutes).
	$(RELIABILITY) -run '^Test(Crash|Stale|Leaders)$$'

.PHONY: chaos
chaos: export CHAOS_SEED = $(SEED)
chaos: export CHAOS_OPS = $(OPS)
chaos: export CHAOS_DURATION = $(DURATION)
chaos: export CHAOS_SCRIPT = $(if $(SCRIPT),$(abspath $(SCRIPT)))
chaos: build-tests ## Have random things happen: SEED=1 OPS=40 DURATION=10m; or what SCRIPT=<file> says.
	$(RELIABILITY) -run '^TestChaos$$'

# The scenarios of many keys and of neighbours, whole.
LOAD = $(call SPECS,e2e,4,--label-filter=load)

.PHONY: load-test
load-test: export TEST_SAMPLE = large
load-test: build-tests ## Slow, failing, hanging and limited Cognigys under hundreds of keys, and neighbours (about 8 minutes).
	$(LOAD)

.PHONY: bench
bench: export TEST_SAMPLE = large
bench: build-tests ## Measure what 500, 2,000 and 5,000 keys cost beside a bare program that does the same writes, then neighbours (about 25 minutes).
	assets=$$(hack/control-plane.sh) && KUBEBUILDER_ASSETS=$$assets go test -v -count=1 -timeout 60m ./test/bench
	$(LOAD)
	@cat $(FIGURES)/bench.txt
	@echo "The same as JSON: $(FIGURES)/bench.json"

.PHONY: mutation-test
mutation-test: export MUTATIONS = all
mutation-test: build-tests ## Break the operator on purpose, promise by promise: a test must notice each time.
	$(SUITES) -count=1 -timeout 60m ./test/mutations

##@ Build

.PHONY: build
build: ## Build bin/cognigy-operator and bin/kubectl-cognigy.
	go build -ldflags "-X main.version=$(VERSION)" -o bin/cognigy-operator ./cmd
	go build -ldflags "-X main.version=$(VERSION)" -o bin/kubectl-cognigy ./cmd/kubectl-cognigy

PLUGIN_PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64
.PHONY: package-plugin
package-plugin: ## Package kubectl-cognigy for every platform: dist/kubectl-cognigy_*.tar.gz, and krew's manifest of them.
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) hack/package-plugin.sh $(VERSION) $(PLUGIN_PLATFORMS)

.PHONY: plugin-docs
plugin-docs: ## Generate docs/kubectl-cognigy.md from the commands.
	go test ./internal/cli -run '^TestDocs$$' -update

.PHONY: build-installer
build-installer: ## Write everything that an installation needs into dist/install.yaml.
	mkdir -p dist
	$(MANIFESTS) > dist/install.yaml

# The packages of the charts, by Helm itself. Its module is that of the tests with other tools.
.PHONY: package-chart
package-chart: chart ## Package the Helm charts: dist/cognigy-operator-<version>.tgz and dist/cognigy-connections-<version>.tgz.
	mkdir -p dist
	go -C test/ecosystem tool helm package $(abspath $(wildcard charts/*)) --destination $(CURDIR)/dist

# Built and executed instead of `go run`, so that Ctrl-C and SIGTERM reach the demo itself, and it can clean up.
.PHONY: demo
demo: ## Watch the operator at work, without a cluster or Cognigy (ONCE=1 ends by itself, else Ctrl-C).
	@hack/control-plane.sh >/dev/null
	@echo "Building the operator, its manifests and the demo"
	@hack/progress.sh "the demo" go build -v -o bin/demo ./test/demo
	@$(MAKE) --no-print-directory build build-installer
	@assets=$$(hack/control-plane.sh) && exec bin/demo --manager bin/cognigy-operator --manifests dist/install.yaml \
		--samples config/samples --assets "$$assets" $(if $(filter 1,$(ONCE)),--once)

# The image has Go's FIPS 140-3 module with FIPS=1, in the version that has a certificate, and then a tag of its own.
FIPS140    = v1.0.0
FLAVOUR    = $(if $(FIPS),-fips)
# The time of the source is that of everything in the image, so that who builds it again gets the same digest.
image push: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
IMAGE_BUILDER = mkdir -p bin && hack/progress.sh "the builder of images" go build -C hack/image -v -o $(CURDIR)/bin/image .
BUILD_IMAGE = rm -rf dist/image$(FLAVOUR) && mkdir -p dist && $(IMAGE_BUILDER) && \
	bin/image --version $(VERSION) --revision "$$(git describe --always --abbrev=40 --dirty --exclude '*')" \
	$(if $(FIPS),--fips140 $(FIPS140)) --output dist/image$(FLAVOUR)

.PHONY: image
image: ## Build the image for amd64 and arm64, without Docker: the OCI layout dist/image and SBOMs (FIPS=1: with Go's FIPS 140-3 module).
	@$(BUILD_IMAGE)

.PHONY: push
push: ## Build the same, push it to IMG with the credentials of docker login, and print its digest.
	@$(BUILD_IMAGE) --push $(IMG)

# What a release has besides its images. The names are those in the checksums, so that `sha256sum --check` finds them.
CHARTS = $(wildcard charts/*)
.PHONY: dist
dist: build-installer $(if $(CHARTS),package-chart) ## Write what a release has into dist: manifests, CRDs, JSON schemas, charts, SBOMs (of make image), kubectl-cognigy (of make package-plugin), checksums.
	set -o pipefail; $(TOOL) kustomize build config/crd > dist/crds.yaml
	rm -rf dist/schemas && go run ./hack/schemas dist/schemas config/crd/bases/*.yaml
	tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@$$(git log -1 --format=%ct) -C dist/schemas -c . | gzip -n > dist/schemas.tar.gz
	cd dist && sha256sum install.yaml crds.yaml schemas.tar.gz $(if $(CHARTS),*.tgz) $$(ls *.spdx.json kubectl-cognigy_*.tar.gz krew.yaml 2>/dev/null) > checksums.txt

.PHONY: version
version: # What the release workflow compares with its tag.
	@echo $(VERSION)

##@ Deployment, to the cluster of the current kubectl context

.PHONY: install
install: ## Install the CRDs.
	set -o pipefail; $(TOOL) kustomize build config/crd | kubectl apply -f -

.PHONY: uninstall
uninstall: ## Remove the CRDs of make install, and all resources with them. Where the operator is installed, make undeploy removes them.
	set -o pipefail; $(TOOL) kustomize build config/crd | kubectl delete --ignore-not-found -f -

.PHONY: deploy
deploy: ## Install the operator with the image IMG.
	$(MANIFESTS) | kubectl apply -f -

.PHONY: undeploy
undeploy: ## Remove everything in order: keys, which are revoked, connections, CRDs, operator. Says what it would do, or does it with CONFIRM=yes.
	@$(MANIFESTS) | CONFIRM=$(CONFIRM) hack/undeploy.sh
