{{/*
The sidecar for a database's pod. Every template takes (dict "context" . "sidecar" <values as under `sidecar`> "name" <name
of the ConfigMap>). In a chart that depends on this one as `chaperone`:

  metadata:
    labels: {{ include "chaperone.sidecar.labels" . }}
  spec:
    securityContext: {fsGroup: 10001}
    initContainers:
      {{- include "chaperone.sidecar.container" $args | nindent 6 }}
    volumes:
      {{- include "chaperone.sidecar.volumes" $args | nindent 6 }}
*/}}

{{/* Marks the pod: the control plane's NetworkPolicy lets it in. */}}
{{- define "chaperone.sidecar.labels" -}}
chaperone.dev/sidecar: "true"
{{- end -}}

{{/* One entry of initContainers. restartPolicy Always makes it a native sidecar: it starts before the database and stops after it. */}}
{{- define "chaperone.sidecar.container" -}}
{{- $sidecar := .sidecar -}}
- name: chaperone
  restartPolicy: Always
  image: {{ include "chaperone.image" $sidecar.image }}
  imagePullPolicy: {{ $sidecar.image.pullPolicy }}
  args: [--config, /etc/chaperone/config/sidecar.yaml]
  ports:
    - {name: agents, containerPort: 15432}
    - {name: chaperone, containerPort: 9401}
  # The database's container waits for this one: /healthz asks nothing of the database.
  startupProbe:
    httpGet: {path: /healthz, port: chaperone}
    periodSeconds: 1
    failureThreshold: 60
  livenessProbe:
    httpGet: {path: /healthz, port: chaperone}
    periodSeconds: 10
    failureThreshold: 3
  readinessProbe:
    httpGet: {path: /readyz, port: chaperone}
    periodSeconds: 5
  resources:
    {{- toYaml $sidecar.resources | nindent 4 }}
  securityContext:
    {{- include "chaperone.containerSecurity" . | nindent 4 }}
  volumeMounts:
    - {name: chaperone-config, mountPath: /etc/chaperone/config, readOnly: true}
    - {name: chaperone-tls, mountPath: /etc/chaperone/tls, readOnly: true}
    - {name: chaperone-server-tls, mountPath: /etc/chaperone/server-tls, readOnly: true}
    - {name: chaperone-credential, mountPath: /etc/chaperone/credential, readOnly: true}
    {{- if $sidecar.upstream.caSecret }}
    - {name: chaperone-upstream-ca, mountPath: /etc/chaperone/upstream-ca, readOnly: true}
    {{- end }}
    - {name: {{ include "chaperone.sidecar.spoolVolume" . }}, mountPath: /var/spool/chaperone}
{{- end -}}

{{/* The name of the spool's volume: a claim template names its volume itself. */}}
{{- define "chaperone.sidecar.spoolVolume" -}}
{{- if eq .sidecar.spool.type "claimTemplate" -}}
{{ required "sidecar.spool.claimName: the entry in volumeClaimTemplates" .sidecar.spool.claimName }}
{{- else -}}
chaperone-spool
{{- end -}}
{{- end -}}

{{/* Entries of the pod's volumes. The credential is mounted into the sidecar's container alone. */}}
{{- define "chaperone.sidecar.volumes" -}}
{{- $sidecar := .sidecar -}}
- name: chaperone-config
  configMap:
    name: {{ .name }}
- name: chaperone-tls
  secret:
    secretName: {{ required "sidecar.tlsSecret: the sidecar's certificate towards the control plane" $sidecar.tlsSecret }}
    defaultMode: 0440
- name: chaperone-server-tls
  secret:
    secretName: {{ required "sidecar.serverTlsSecret: the certificate that agents see" $sidecar.serverTlsSecret }}
    defaultMode: 0440
- name: chaperone-credential
  secret:
    secretName: {{ required "sidecar.upstream.credentialSecret: the password of the role that the sidecar uses" $sidecar.upstream.credentialSecret }}
    defaultMode: 0440
    items:
      - {key: {{ $sidecar.upstream.credentialKey }}, path: password}
{{- if $sidecar.upstream.caSecret }}
- name: chaperone-upstream-ca
  secret:
    secretName: {{ $sidecar.upstream.caSecret }}
    defaultMode: 0444
{{- end }}
{{- if eq $sidecar.spool.type "emptyDir" }}
- name: chaperone-spool
  emptyDir:
    sizeLimit: {{ $sidecar.spool.size }}
{{- else if eq $sidecar.spool.type "existingClaim" }}
- name: chaperone-spool
  persistentVolumeClaim:
    claimName: {{ required "sidecar.spool.claimName: the existing claim" $sidecar.spool.claimName }}
{{- end }}
{{- end -}}

{{/* The ConfigMap with sidecar.yaml. */}}
{{- define "chaperone.sidecar.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .name }}
  namespace: {{ .context.Release.Namespace }}
  labels:
    {{- include "chaperone.labels" (dict "context" .context "component" "sidecar") | nindent 4 }}
data:
  sidecar.yaml: |
    {{- include "chaperone.sidecar.config" . | nindent 4 }}
{{- end -}}
