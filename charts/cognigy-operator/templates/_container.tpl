{{/* The operator's flags. Those that the values leave empty have the operator's own defaults. */}}
{{- define "cognigy-operator.args" -}}
{{- $flags := list }}
{{- if .Values.leaderElection.enabled }}
{{- $flags = append $flags "--leader-elect" }}
{{- end }}
{{- $flags = append $flags (printf "--metrics-bind-address=%s" (.Values.metrics.enabled | ternary ":8443" "0")) }}
{{- $flags = append $flags "--health-probe-bind-address=:8081" }}
{{- with .Values.watchNamespaces }}
{{- $flags = append $flags (printf "--watch-namespaces=%s" (join "," .)) }}
{{- end }}
{{- if kindIs "bool" .Values.clusterConnections }}
{{- $flags = append $flags (printf "--cluster-connections=%t" .Values.clusterConnections) }}
{{- end }}
{{- with .Values.clusterID }}
{{- $flags = append $flags (printf "--cluster-id=%s" .) }}
{{- end }}
{{- with .Values.formerClusterIDs }}
{{- $flags = append $flags (printf "--former-cluster-ids=%s" (join "," .)) }}
{{- end }}
{{- with .Values.allowedHosts }}
{{- $flags = append $flags (printf "--allowed-hosts=%s" (join "," .)) }}
{{- end }}
{{- range $host, $limit := .Values.hostRateLimits }}
{{- $flags = append $flags (printf "--host-rate-limits=%s=%s" $host $limit) }}
{{- end }}
{{- with .Values.driftInterval }}
{{- $flags = append $flags (printf "--drift-interval=%s" .) }}
{{- end }}
{{- with .Values.logLevel }}
{{- $flags = append $flags (printf "--zap-log-level=%s" .) }}
{{- end }}
{{- if .Values.auditLog }}
{{- $flags = append $flags "--audit-log=-" }}
{{- end }}
{{- toYaml $flags }}
{{- end -}}

{{- define "cognigy-operator.env" -}}
# Where the Lease is, and the Secrets of ClusterCognigyConnections.
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- with .Values.proxy }}
{{- with .http }}
- name: HTTP_PROXY
  value: {{ . | quote }}
{{- end }}
{{- with .https }}
- name: HTTPS_PROXY
  value: {{ . | quote }}
{{- end }}
{{- if or .http .https }}
# The kubelet replaces the first by the address of the API server, whatever it is in this cluster.
- name: NO_PROXY
  value: {{ concat (list "$(KUBERNETES_SERVICE_HOST)" "localhost" "127.0.0.1" "::1" ".svc" ".cluster.local") (.noProxy | default list) | join "," | quote }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
