{{/* What the operator does to workloads and SafeRollouts. No wildcard, no Secret, no exec; it creates no pod, and deletes pods of StatefulSets only. */}}
{{- define "saferollout.operatorRules" -}}
- apiGroups: [saferollout.io]
  resources: [saferollouts]
  verbs: [get, list, watch, update, patch]
- apiGroups: [saferollout.io]
  resources: [saferollouts/status]
  verbs: [get, update, patch]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, patch]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [get, list, watch, patch, delete]
{{- if .Values.statefulSets.enabled }}
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch, patch]
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list, watch]
- apiGroups: [""]   # a broken pod keeps all others from going back: only those of a failed revision, each by its uid
  resources: [pods]
  verbs: [delete]
{{- end }}
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
- apiGroups: ["", events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/* What the Job does that gives everything back. */}}
{{- define "saferollout.giveBackRules" -}}
- apiGroups: [saferollout.io]
  resources: [saferollouts]
  verbs: [get, list, patch]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, patch]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [get, list]
{{- if .Values.statefulSets.enabled }}
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, patch]
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list]
{{- end }}
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list]
{{- end -}}

{{/* Rules cluster-wide, or as a Role in each watched namespace. Arguments: root, name, account, rules, annotations. */}}
{{- define "saferollout.grant" -}}
{{- $kind := ternary "Role" "ClusterRole" (not (empty .root.Values.watchNamespaces)) -}}
{{- $namespaces := default (list "") .root.Values.watchNamespaces -}}
{{- range $namespaces }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  name: {{ $.name }}
  {{- with . }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- include "saferollout.labels" $.root | nindent 4 }}
  {{- with $.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
rules:
{{ $.rules }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ $.name }}
  {{- with . }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- include "saferollout.labels" $.root | nindent 4 }}
  {{- with $.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: {{ $kind }}, name: {{ $.name }}}
subjects:
- {kind: ServiceAccount, name: {{ $.account }}, namespace: {{ $.root.Release.Namespace }}}
{{- end }}
{{- end -}}
