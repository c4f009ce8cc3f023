{{/* Names and labels */}}
{{- define "xent.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "xent.fullname" -}}
{{- $name := include "xent.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "xent.selectorLabels" -}}
app.kubernetes.io/name: {{ include "xent.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "xent.labels" -}}
{{ include "xent.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "xent.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "xent.fullname" .) }}
{{- end }}

{{- define "xent.image" -}}
{{- if not .Values.image.repository }}
{{- fail "image.repository is empty; name the image that you built from the Dockerfile and pushed" }}
{{- end }}
{{- if not .Values.image.digest }}
{{- fail "image.digest is empty; name the digest, sha256:…, that the push of the image printed" }}
{{- end }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- end }}

{{/* A number as a setting is written: Helm would print 67108864 as 6.7108864e+07. */}}
{{- define "xent.text" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end }}
{{- end }}

{{/* The Secret with API keys; empty: there are none. */}}
{{- define "xent.keysSecret" -}}
{{- with .Values.apiKeys }}
{{- if and .existingSecret .values }}
{{- fail "apiKeys.existingSecret and apiKeys.values are both set; set one of them" }}
{{- else if and .open (or .existingSecret .values) }}
{{- fail "apiKeys.open is true, but there are API keys; set one or the other" }}
{{- else if not (or .open .existingSecret .values) }}
{{- fail "there are no API keys: set apiKeys.existingSecret (or apiKeys.values), or apiKeys.open=true to serve without keys" }}
{{- end }}
{{- .existingSecret }}
{{- if .values }}{{ include "xent.fullname" $ }}-keys{{ end }}
{{- end }}
{{- end }}

{{/* What Prometheus calls the service in `job`: other releases have other names. */}}
{{- define "xent.job" -}}
{{ .Release.Namespace }}/{{ include "xent.fullname" . }}
{{- end }}

{{/* Seconds that a pod gets to end: more than it needs. */}}
{{- define "xent.graceSeconds" -}}
{{- add .Values.preStopSeconds (ceil .Values.settings.drain_seconds) (ceil .Values.settings.finish_seconds) 5 }}
{{- end }}

{{/* Seconds that a proxy waits for a response: xent's own 503 after compute_seconds is the better one. */}}
{{- define "xent.responseSeconds" -}}
{{- add (ceil .Values.settings.compute_seconds) 10 }}
{{- end }}

{{/* A proxy asks another pod for what a pod that stops broke off. */}}
{{- define "xent.retrySeconds" -}}
{{- add (ceil .Values.settings.drain_seconds) (ceil .Values.settings.finish_seconds) 5 }}
{{- end }}

{{- define "xent.ingressAnnotations" -}}
{{- $bytes := include "xent.text" .Values.settings.max_body_bytes }}
{{- if eq .Values.ingress.controller "ingress-nginx" }}
nginx.ingress.kubernetes.io/proxy-body-size: {{ $bytes | quote }}
nginx.ingress.kubernetes.io/proxy-request-buffering: "on"
nginx.ingress.kubernetes.io/proxy-connect-timeout: "2"
nginx.ingress.kubernetes.io/proxy-send-timeout: "15"
nginx.ingress.kubernetes.io/proxy-read-timeout: {{ include "xent.responseSeconds" . | quote }}
nginx.ingress.kubernetes.io/proxy-next-upstream: error timeout http_503 non_idempotent
nginx.ingress.kubernetes.io/proxy-next-upstream-tries: "2"
nginx.ingress.kubernetes.io/proxy-next-upstream-timeout: {{ include "xent.retrySeconds" . | quote }}
{{- else if eq .Values.ingress.controller "nginx.org" }}
nginx.org/client-max-body-size: {{ $bytes | quote }}
nginx.org/proxy-connect-timeout: 2s
nginx.org/proxy-send-timeout: 15s
nginx.org/proxy-read-timeout: {{ include "xent.responseSeconds" . }}s
{{- end }}
{{- end }}

{{/* A proxy before the pods has to be let in, and only the operator knows where it is. */}}
{{- define "xent.checkClients" -}}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.clients) }}
{{- fail "networkPolicy.clients is empty, which lets in the pods of the namespace only: name the namespace of the Ingress controller or Gateway, or set networkPolicy.enabled=false" }}
{{- end }}
{{- end }}
