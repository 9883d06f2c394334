{{/*
The two programs' configuration files: what the chart knows (addresses, mounted paths), and over it the free-form `config`
value. The keys are those of the programs; they refuse unknown ones at start.
*/}}
{{- define "chaperone.controlplane.config" -}}
{{- $base := dict
  "listen" (dict "address" "0.0.0.0" "port" 7400)
  "telemetry" (dict "address" "0.0.0.0" "port" 9400)
  "state" "/var/lib/chaperone/state"
  "tls" (dict
    "certificate" "/etc/chaperone/tls/tls.crt"
    "key" "/etc/chaperone/tls/tls.key"
    "client_ca" "/etc/chaperone/tls/ca.crt")
-}}
{{- if .Values.controlPlane.maskingKeySecret.name -}}
{{- $_ := set $base "masking_key_file" "/etc/chaperone/masking/masking-key" -}}
{{- end -}}
{{- toYaml (mustMergeOverwrite $base (deepCopy .Values.controlPlane.config)) -}}
{{- end -}}

{{/* Takes (dict "context" . "sidecar" <the sidecar's values>). */}}
{{- define "chaperone.sidecar.config" -}}
{{- $sidecar := .sidecar -}}
{{- $address := $sidecar.controlPlaneAddress -}}
{{- if not $address -}}
{{- $address = printf "%s.%s.svc:7400" (include "chaperone.controlplane.name" .context) .context.Release.Namespace -}}
{{- end -}}
{{- $upstreamTls := dict "mode" $sidecar.upstream.tlsMode -}}
{{- if $sidecar.upstream.caSecret -}}
{{- $_ := set $upstreamTls "ca" "/etc/chaperone/upstream-ca/ca.crt" -}}
{{- end -}}
{{- $base := dict
  "endpoint" (required "sidecar.endpoint: the database's name in policies" $sidecar.endpoint)
  "listen" (dict
    "address" "0.0.0.0"
    "port" 15432
    "tls" (dict "certificate" "/etc/chaperone/server-tls/tls.crt" "key" "/etc/chaperone/server-tls/tls.key"))
  "telemetry" (dict "address" "0.0.0.0" "port" 9401)
  "upstream" (dict
    "host" $sidecar.upstream.host
    "port" $sidecar.upstream.port
    "user" $sidecar.upstream.user
    "password_file" "/etc/chaperone/credential/password"
    "tls" $upstreamTls)
  "control_plane" (dict
    "address" $address
    "ca" "/etc/chaperone/tls/ca.crt"
    "certificate" "/etc/chaperone/tls/tls.crt"
    "key" "/etc/chaperone/tls/tls.key")
  "spool" (dict "directory" "/var/spool/chaperone")
-}}
{{- toYaml (mustMergeOverwrite $base (deepCopy $sidecar.config)) -}}
{{- end -}}
