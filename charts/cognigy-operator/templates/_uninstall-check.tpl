{{/* By what a NetworkPolicy selects the Pod of the check. No Service, no PodDisruptionBudget and no Deployment selects it. */}}
{{- define "cognigy-operator.uninstallCheckLabels" -}}
app.kubernetes.io/name: cognigy-operator
app.kubernetes.io/component: uninstall-check
{{- end -}}

{{/* Labels and annotations of a hook that is created before the release is uninstalled, in the order of the weights. A Job that failed stays, to be
read, until the next try; everything else goes at once. */}}
{{- define "cognigy-operator.uninstallCheckMetadata" -}}
labels:
  {{- include "cognigy-operator.labels" .root | nindent 2 }}
annotations:
  helm.sh/hook: pre-delete
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
