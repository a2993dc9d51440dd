{{/* User names that act for the operator: itself, the Job that gives fields back, and what values add. */}}
{{- define "saferollout.operatorUsers" -}}
{{- $accounts := list (include "saferollout.fullname" .) (include "saferollout.giveBackAccount" .) -}}
{{- $users := list -}}
{{- range $accounts -}}
{{- $users = append $users (printf "'system:serviceaccount:%s:%s'" $.Release.Namespace .) -}}
{{- end -}}
{{- range .Values.operatorUsers -}}
{{- $users = append $users (printf "'%s'" .) -}}
{{- end -}}
[{{ join ", " $users }}]
{{- end -}}

{{- define "saferollout.notOperator" -}}
- name: not-the-operator
  expression: "!(request.userInfo.username in {{ include "saferollout.operatorUsers" . }})"
{{- end -}}

{{- define "saferollout.byOperator" -}}
- name: the-operator
  expression: "request.userInfo.username in {{ include "saferollout.operatorUsers" . }}"
{{- end -}}

{{/* The native controllers write to Deployments too (deployment.kubernetes.io/revision): nobody reads their warnings. */}}
{{- define "saferollout.notController" -}}
- name: not-a-native-controller
  expression: >-
    request.userInfo.username != 'system:kube-controller-manager'
    && !request.userInfo.username.startsWith('system:serviceaccount:kube-system:')
{{- end -}}

{{/* The annotation counts only with a reason, only in the update that adds or changes it, only with a reason that was not used before
     (one that lies in Git comes back with every sync), and only with the verb: GitOps tools often are cluster admins, so the verb
     alone would let everything through. */}}
{{- define "saferollout.bypassed" -}}
(object.metadata.?annotations[?'saferollout.io/bypass'].orValue('') != ''
&& (oldObject == null
|| (oldObject.metadata.?annotations[?'saferollout.io/bypass'].orValue('') != object.metadata.annotations['saferollout.io/bypass']
&& !({{ include "saferollout.bypassLine" . }} in oldObject.metadata.?annotations[?'saferollout.io/bypassed'].orValue('').split('\n'))))
&& authorizer.group('saferollout.io').resource('saferollouts').namespace(request.namespace).check('bypass').allowed())
{{- end -}}

{{/* A reason as one line of the annotation with the reasons that were used: workloads/used_bypasses.py writes the same. */}}
{{- define "saferollout.bypassLine" -}}
object.metadata.annotations['saferollout.io/bypass'].replace('\n', ' ')
{{- end -}}

{{- define "saferollout.notBypassed" -}}
- name: not-bypassed
  expression: >-
    !{{ include "saferollout.bypassed" . | nindent 4 | trim }}
{{- end -}}

{{/* Deployments that carry one of our labels, before or after the change: the selector looks at both objects. */}}
{{- define "saferollout.matchDeployments" -}}
matchConstraints:
  resourceRules:
  - apiGroups: [apps]
    apiVersions: [v1]
    resources: {{ default "[deployments]" .resources }}
    operations: {{ .operations }}
  objectSelector:
    matchExpressions:
    - {key: {{ .label }}, operator: Exists}
{{- end -}}

{{/* What of a policy's business is in metadata and template alone: the same for every kind that is released. */}}
{{- define "saferollout.released" -}}
{{- ternary "[deployments, statefulsets]" "[deployments]" .Values.statefulSets.enabled -}}
{{- end -}}

{{/* JSON patches that make sure there is a map of labels, and of annotations, to add to. */}}
{{- define "saferollout.ensureLabels" -}}
(has(object.metadata.labels) ? [] : [JSONPatch{op: 'add', path: '/metadata/labels', value: {}}])
{{- end -}}
{{- define "saferollout.ensureAnnotations" -}}
(has(object.metadata.annotations) ? [] : [JSONPatch{op: 'add', path: '/metadata/annotations', value: {}}])
{{- end -}}

{{/* Whoever leaves the label out does not leave management in the middle of something; whoever states another name corrects it. */}}
{{- define "saferollout.keepManagedBy" -}}
[JSONPatch{op: 'add', path: '/metadata/labels/saferollout.io~1managed-by', value:
string(object.metadata.?labels[?'saferollout.io/managed-by'].orValue(
oldObject == null ? '' : oldObject.metadata.?labels[?'saferollout.io/managed-by'].orValue('')))}]
{{- end -}}

{{/* JSON patch that keeps one annotation of the old object, if it has it. Arguments: key, escaped. */}}
{{- define "saferollout.keepAnnotation" -}}
('{{ .key }}' in oldObject.metadata.?annotations.orValue({})
? [JSONPatch{op: 'add', path: '/metadata/annotations/{{ .key | replace "/" "~1" }}', value: string(oldObject.metadata.annotations['{{ .key }}'])}]
: [])
{{- end -}}

{{/* A whole pod template as one text, maps sorted by key, without restart annotations: CEL has no digest. Both sides of a comparison are
     made here, on the API server, so the text may be what it wants. Arguments: root, template (an expression). */}}
{{- define "saferollout.templateText" -}}
'%s'.format([[{{ .template }}.spec, {{ .template }}.metadata.?labels.orValue({}),
{{ .template }}.metadata.?annotations.orValue({}).transformMap(key, value, !(key in [{{ include "saferollout.restartAnnotations" .root }}]), value)]])
{{- end -}}

{{/* What is no change of a template: api/names.py has the same, and values add to it. */}}
{{- define "saferollout.restartAnnotations" -}}
{{- $quoted := list -}}
{{- range concat (list "kubectl.kubernetes.io/restartedAt" "reloader.stakater.com/last-reloaded-from") .Values.restartAnnotations -}}
{{- $quoted = append $quoted (printf "'%s'" .) -}}
{{- end -}}
{{ join ", " $quoted }}
{{- end -}}

{{/* The largest text that is kept, in bytes. */}}
{{- define "saferollout.largestTemplateText" -}}65536{{- end -}}

{{/* JSON patch that takes an annotation off, if it is there. Argument: key. */}}
{{- define "saferollout.dropAnnotation" -}}
('{{ .key }}' in object.metadata.?annotations.orValue({})
? [JSONPatch{op: 'remove', path: '/metadata/annotations/{{ .key | replace "/" "~1" }}'}] : [])
{{- end -}}

{{/* Why a held StatefulSet without pods is not scaled up. Argument: what carries its labels (an expression). */}}
{{- define "saferollout.emptyMessage" -}}
>-
      'held by SafeRollout ' + {{ . }}.metadata.?labels[?'saferollout.io/managed-by'].orValue('') + ' and without pods: scaled up now it would start the held template. '
      + 'The operator puts the one that ran before back first, so try again; where it is down, when it is back. To release the held template: kubectl annotate statefulset '
      + object.metadata.name + ' -n ' + request.namespace + ' --overwrite saferollout.io/bypass=REASON'
{{- end -}}

{{/* Arguments: root, kind, name; actions of a validating one; held: it is asked once for each held StatefulSet of the namespace. */}}
{{- define "saferollout.binding" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  labels: {{- include "saferollout.labels" .root | nindent 4 }}
spec:
  policyName: {{ .name }}
{{- with .actions }}
  validationActions: {{ . }}
{{- end }}
{{- with .held }}
  paramRef:
    selector: {matchLabels: {saferollout.io/held: "true"}}
    parameterNotFoundAction: Allow
{{- end }}
{{- with .root.Values.watchNamespaces }}
  matchResources:
    namespaceSelector:
      matchExpressions:
      - {key: kubernetes.io/metadata.name, operator: In, values: {{ toJson . }}}
{{- end }}
{{- end -}}
