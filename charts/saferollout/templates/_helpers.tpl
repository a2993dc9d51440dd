{{- define "saferollout.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Policies, roles and the Lease are named after it: two releases of the chart stand side by side. */}}
{{- define "saferollout.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "saferollout.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "saferollout.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "saferollout.selectorLabels" -}}
app.kubernetes.io/name: {{ include "saferollout.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "saferollout.labels" -}}
{{ include "saferollout.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "saferollout.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Whether the policies are rendered: "true" or "". */}}
{{- define "saferollout.policies" -}}
{{- $wanted := toString .Values.policies.enabled -}}
{{- if eq $wanted "true" -}}
true
{{- else if and (eq $wanted "auto") (.Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy") -}}
true
{{- end -}}
{{- end -}}

{{- define "saferollout.giveBackAccount" -}}
{{- printf "%s-give-back" (include "saferollout.fullname" .) -}}
{{- end -}}

{{/* The pod and container security of the restricted Pod Security Standard. */}}
{{- define "saferollout.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "saferollout.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* The operator's configuration file, whole; it refuses keys that it does not know. */}}
{{- define "saferollout.config" -}}
prometheus:
  url: {{ .Values.prometheus.url | quote }}
  tokenFile: {{ ternary "/etc/saferollout/prometheus/token" "" (not (empty .Values.prometheus.tokenSecret.name)) | quote }}
  tenant: {{ .Values.prometheus.tenant | quote }}
  timeoutSeconds: {{ .Values.prometheus.timeoutSeconds }}
  scrapeIntervalSeconds: {{ .Values.prometheus.scrapeIntervalSeconds }}
  labels:
    namespace: {{ .Values.prometheus.labels.namespace | quote }}
    pod: {{ .Values.prometheus.labels.pod | quote }}
    kafkaNamespace: {{ .Values.prometheus.labels.kafkaNamespace | quote }}
  series: {{ toJson .Values.prometheus.series }}
restartAnnotations: {{ toJson .Values.restartAnnotations }}
watchNamespaces: {{ toJson .Values.watchNamespaces }}
statefulSets: {{ .Values.statefulSets.enabled }}
lease:
  name: {{ include "saferollout.fullname" . }}
holdPolicy: {{ ternary (printf "%s-hold" (include "saferollout.fullname" .)) "" (ne (toString .Values.policies.enabled) "false") | quote }}
healthPort: 8080
metricsPort: 9090
logLevel: {{ .Values.logLevel }}
{{- end -}}
