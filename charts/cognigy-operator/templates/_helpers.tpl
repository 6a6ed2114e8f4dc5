{{/* What the names of all objects begin with: for a release of the chart's name, the same as those of config/default. */}}
{{- define "cognigy-operator.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 36 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 36 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{/* By what a Deployment of config/default, too, selects its Pods: selectors cannot be changed. */}}
{{- define "cognigy-operator.selectorLabels" -}}
app.kubernetes.io/name: cognigy-operator
app.kubernetes.io/component: controller-manager
{{- end -}}

{{- define "cognigy-operator.labels" -}}
app.kubernetes.io/name: cognigy-operator
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "cognigy-operator.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end -}}

{{/* Whether the release serves ClusterCognigyConnections: "true" or "". The operator's flag has the same default. */}}
{{- define "cognigy-operator.clusterConnections" -}}
{{- if kindIs "bool" .Values.clusterConnections -}}
{{ .Values.clusterConnections | ternary "true" "" }}
{{- else -}}
{{ empty .Values.watchNamespaces | ternary "true" "" }}
{{- end -}}
{{- end -}}

{{- define "cognigy-operator.subjects" -}}
subjects:
- kind: ServiceAccount
  name: {{ include "cognigy-operator.fullname" . }}-controller-manager
  namespace: {{ .Release.Namespace | quote }}
{{- end -}}

{{/* Of the rules in files/role.yaml, which is generated from the operator's code, those of cluster-wide kinds, or those of all other kinds. */}}
{{- define "cognigy-operator.rulesOf" -}}
{{- range $rule := (.root.Files.Get "files/role.yaml" | fromYaml).rules }}
{{- $resources := list }}
{{- range $rule.resources }}
{{- if eq $.clusterWide (or (eq . "namespaces") (hasPrefix "clustercognigyconnections" .)) }}
{{- $resources = append $resources . }}
{{- end }}
{{- end }}
{{- with $resources }}
- {{ set (deepCopy $rule) "resources" . | toYaml | nindent 2 | trim }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What values cannot say by themselves to be wrong. */}}
{{- define "cognigy-operator.validate" -}}
{{- if and .Values.watchNamespaces (not .Values.clusterID) -}}
{{- fail "clusterID: with watchNamespaces the operator may not read the UID of the namespace kube-system, by which it otherwise identifies the cluster. Set clusterID to a text that no other cluster has. If this cluster had keys before, set it to that UID: kubectl get namespace kube-system -o jsonpath='{.metadata.uid}'" -}}
{{- end -}}
{{- if and (not .Values.leaderElection.enabled) (gt (int .Values.replicas) 1) -}}
{{- fail "replicas: without a leader, several replicas would each issue keys. Set replicas to 1, or leaderElection.enabled to true" -}}
{{- end -}}
{{- if and .Values.connectionPolicy.enabled (not .Values.connectionPolicy.hosts) -}}
{{- fail "connectionPolicy.hosts: without a host, the policy would refuse every CognigyConnection. Name the hosts that they may lead to" -}}
{{- end -}}
{{- end -}}
