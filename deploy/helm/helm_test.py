#!/usr/bin/env python3
"""Lints and renders the chart with several sets of values and looks at what comes out. Needs helm, as tools/setup puts it."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import yaml

HERE = pathlib.Path(__file__).resolve().parent
CHART = HERE / "chaperone"
HELM = HERE.parents[1] / "tools/npm/node_modules/.tools/helm"

MINIMAL = {"controlPlane": {"tlsSecret": "controlplane-tls"}}
EXAMPLE = {
    "controlPlane": {"tlsSecret": "controlplane-tls"},
    "sidecar": {
        "endpoint": "shop-prod",
        "tlsSecret": "sidecar-tls",
        "serverTlsSecret": "server-tls",
        "upstream": {"credentialSecret": "shop-credential"},
    },
    "example": {"enabled": True, "passwordSecret": "shop-superuser"},
}


def merged(base, over):
    result = dict(base)
    for key, value in over.items():
        result[key] = merged(result[key], value) if isinstance(value, dict) and isinstance(result.get(key), dict) else value
    return result


def run_helm(*arguments):
    if not HELM.exists():
        raise AssertionError(f"{HELM} is missing; run tools/setup")
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": home, "HELM_CACHE_HOME": home,
                       "HELM_CONFIG_HOME": home, "HELM_DATA_HOME": home}
        return subprocess.run([str(HELM), *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False, timeout=60)


def with_values(values, *arguments):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(values, file)
        file.flush()
        return run_helm(*arguments, "--values", file.name)


def render(values, chart=CHART):
    """The objects of a release "shop" in the namespace "security", by (kind, name)."""
    done = with_values(values, "template", "shop", str(chart), "--namespace", "security", "--kube-version", "1.31.0")
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    objects = [o for o in yaml.safe_load_all(done.stdout) if o]
    by_name = {(o["kind"], o["metadata"]["name"]): o for o in objects}
    assert len(by_name) == len(objects), "two objects share a name"
    return by_name


class LintTest(unittest.TestCase):
    def test_lint_is_clean_with_every_set_of_values(self):
        for values in (MINIMAL, EXAMPLE, {"controlPlane": {"enabled": False}}):
            done = with_values(values, "lint", "--strict", str(CHART))
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            self.assertIn("0 chart(s) failed", done.stdout)

    def test_the_default_image_tags_are_the_charts_app_version(self):
        version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
        values = yaml.safe_load((CHART / "values.yaml").read_text())
        self.assertEqual([version, version], [values[c]["image"]["tag"] for c in ("controlPlane", "sidecar")])

    def test_every_value_of_the_schema_has_a_default_and_the_other_way_round(self):
        schema = json.loads((CHART / "values.schema.json").read_text())

        def compare(properties, values, path):
            known = {k for k in properties if (path, k) != ("", "global")}
            self.assertEqual(known, set(values), f"at {path or 'the top'}")
            for key in known:
                child = properties[key]
                child = schema["$defs"][child["$ref"].rsplit("/", 1)[1]] if "$ref" in child else child
                if child.get("additionalProperties") is False and key not in ("resources",):
                    compare(child["properties"], values[key], f"{path}.{key}")

        compare(schema["properties"], yaml.safe_load((CHART / "values.yaml").read_text()), "")


class ControlPlaneTest(unittest.TestCase):
    NAME = "shop-chaperone-controlplane"

    @classmethod
    def setUpClass(cls):
        cls.objects = render(MINIMAL)
        cls.stateful_set = cls.objects["StatefulSet", cls.NAME]
        cls.pod = cls.stateful_set["spec"]["template"]["spec"]
        cls.container = cls.pod["containers"][0]

    def test_the_objects_of_a_control_plane_and_no_more(self):
        kinds = sorted(kind for kind, _ in self.objects)
        self.assertEqual(["ConfigMap", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount", "StatefulSet"], kinds)
        self.assertEqual({}, render({"controlPlane": {"enabled": False}}))

    def test_one_writer_with_a_volume_that_outlives_the_release(self):
        spec = self.stateful_set["spec"]
        self.assertEqual(1, spec["replicas"])
        self.assertEqual("Retain", spec["persistentVolumeClaimRetentionPolicy"]["whenDeleted"])
        claim = spec["volumeClaimTemplates"][0]
        self.assertEqual(("store", ["ReadWriteOnce"]), (claim["metadata"]["name"], claim["spec"]["accessModes"]))
        self.assertIn({"name": "store", "mountPath": "/var/lib/chaperone"}, self.container["volumeMounts"])

    def test_the_service_has_both_ports_and_finds_the_pod(self):
        service = self.objects["Service", self.NAME]["spec"]
        self.assertEqual({"grpc": 7400, "metrics": 9400}, {p["name"]: p["port"] for p in service["ports"]})
        ports = {p["name"]: p["containerPort"] for p in self.container["ports"]}
        self.assertEqual({"grpc": 7400, "metrics": 9400}, ports)
        labels = self.stateful_set["spec"]["template"]["metadata"]["labels"]
        self.assertLessEqual(service["selector"].items(), labels.items())

    def test_probes_ask_healthz_and_readyz(self):
        self.assertEqual("/healthz", self.container["livenessProbe"]["httpGet"]["path"])
        self.assertEqual("/healthz", self.container["startupProbe"]["httpGet"]["path"])
        self.assertEqual("/readyz", self.container["readinessProbe"]["httpGet"]["path"])

    def test_nothing_runs_with_privileges(self):
        self.assertIs(self.pod["automountServiceAccountToken"], False)
        for objects in (self.objects, render(EXAMPLE)):
            for (kind, _), workload in objects.items():
                if kind != "StatefulSet":
                    continue
                pod = workload["spec"]["template"]["spec"]
                self.assertEqual("RuntimeDefault", pod["securityContext"]["seccompProfile"]["type"])
                for container in pod.get("initContainers", []) + pod["containers"]:
                    security = container["securityContext"]
                    self.assertIs(security["allowPrivilegeEscalation"], False)
                    self.assertIs(security["runAsNonRoot"], True)
                    self.assertNotEqual(0, security["runAsUser"])
                    self.assertEqual(["ALL"], security["capabilities"]["drop"])
                    if container["image"].startswith("chaperone/"):
                        self.assertIs(security["readOnlyRootFilesystem"], True)

    def test_certificates_come_from_a_secret_that_others_cannot_read(self):
        tls = next(v for v in self.pod["volumes"] if v["name"] == "tls")
        self.assertEqual(("controlplane-tls", 0o440), (tls["secret"]["secretName"], tls["secret"]["defaultMode"]))

    def test_only_sidecars_and_named_clients_reach_grpc(self):
        clients = [{"namespaceSelector": {"matchLabels": {"team": "dba"}}}]
        policy = render(merged(MINIMAL, {"controlPlane": {"networkPolicy": {"clients": clients}}}))["NetworkPolicy", self.NAME]
        grpc = policy["spec"]["ingress"][0]
        self.assertEqual("grpc", grpc["ports"][0]["port"])
        self.assertEqual({"chaperone.dev/sidecar": "true"}, grpc["from"][0]["podSelector"]["matchLabels"])
        self.assertEqual(clients, grpc["from"][1:])
        self.assertEqual([], policy["spec"]["egress"])

    def test_egress_opens_only_towards_the_issuers(self):
        issuers = [{"ipBlock": {"cidr": "192.0.2.0/24"}}]
        values = merged(MINIMAL, {"controlPlane": {"networkPolicy": {"issuers": issuers}}})
        egress = render(values)["NetworkPolicy", self.NAME]["spec"]["egress"]
        self.assertEqual([{"protocol": "TCP", "port": 443}], egress[1]["ports"])
        self.assertEqual(issuers, egress[1]["to"])

    def test_free_form_configuration_goes_over_what_the_chart_fills_in(self):
        issuers = [{"issuer": "https://idp.example.com", "audiences": ["chaperone"]}]
        values = merged(MINIMAL, {"controlPlane": {"config": {"issuers": issuers, "telemetry": {"port": 9500}}}})
        objects = render(values)
        config = yaml.safe_load(objects["ConfigMap", self.NAME]["data"]["controlplane.yaml"])
        self.assertEqual(issuers, config["issuers"])
        self.assertEqual({"address": "0.0.0.0", "port": 7400}, config["listen"])
        self.assertEqual({"address": "0.0.0.0", "port": 9500}, config["telemetry"])
        annotation = "chaperone.dev/config-checksum"
        checksum = objects["StatefulSet", self.NAME]["spec"]["template"]["metadata"]["annotations"][annotation]
        self.assertNotEqual(self.stateful_set["spec"]["template"]["metadata"]["annotations"][annotation], checksum)

    def test_the_configuration_names_the_mounted_paths(self):
        config = yaml.safe_load(self.objects["ConfigMap", self.NAME]["data"]["controlplane.yaml"])
        mounts = [m["mountPath"] for m in self.container["volumeMounts"]]
        for path in (config["state"], *config["tls"].values()):
            self.assertTrue(any(path.startswith(mount + "/") for mount in mounts), path)
        self.assertEqual({"listen", "telemetry", "state", "tls"}, set(config))

    def test_the_masking_key_is_mounted_from_its_secret(self):
        objects = render(merged(MINIMAL, {"controlPlane": {"maskingKeySecret": {"name": "mask", "key": "k"}}}))
        pod = objects["StatefulSet", self.NAME]["spec"]["template"]["spec"]
        volume = next(v for v in pod["volumes"] if v["name"] == "masking-key")
        self.assertEqual("mask", volume["secret"]["secretName"])
        config = yaml.safe_load(objects["ConfigMap", self.NAME]["data"]["controlplane.yaml"])
        mount = next(m for m in pod["containers"][0]["volumeMounts"] if m["name"] == "masking-key")
        self.assertEqual(config["masking_key_file"], f"{mount['mountPath']}/{volume['secret']['items'][0]['path']}")

    def test_the_service_monitor_is_made_on_demand(self):
        values = merged(MINIMAL, {"controlPlane": {"serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}}}})
        monitor = render(values)["ServiceMonitor", self.NAME]
        self.assertEqual("metrics", monitor["spec"]["endpoints"][0]["port"])
        self.assertEqual("prometheus", monitor["metadata"]["labels"]["release"])

    def test_a_digest_replaces_the_tag(self):
        digest = "sha256:" + "a" * 64
        objects = render(merged(MINIMAL, {"controlPlane": {"image": {"digest": digest}}}))
        container = objects["StatefulSet", self.NAME]["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(f"chaperone/controlplane@{digest}", container["image"])


class SidecarTest(unittest.TestCase):
    NAME = "shop-chaperone-postgresql"

    @classmethod
    def setUpClass(cls):
        cls.objects = render(EXAMPLE)
        cls.template = cls.objects["StatefulSet", cls.NAME]["spec"]["template"]
        cls.pod = cls.template["spec"]

    def mounts(self, container):
        return {m["name"]: m["mountPath"] for m in container["volumeMounts"]}

    def test_the_sidecar_is_a_native_one_beside_the_database(self):
        self.assertEqual(["chaperone"], [c["name"] for c in self.pod["initContainers"]])
        self.assertEqual("Always", self.pod["initContainers"][0]["restartPolicy"])
        self.assertEqual(["postgresql"], [c["name"] for c in self.pod["containers"]])
        self.assertEqual("/healthz", self.pod["initContainers"][0]["startupProbe"]["httpGet"]["path"])
        self.assertEqual("true", self.template["metadata"]["labels"]["chaperone.dev/sidecar"])

    def test_the_credential_is_a_file_that_only_the_sidecar_sees(self):
        sidecar, database = self.pod["initContainers"][0], self.pod["containers"][0]
        self.assertEqual("/etc/chaperone/credential", self.mounts(sidecar)["chaperone-credential"])
        self.assertEqual({"data", "run"}, set(self.mounts(database)))
        self.assertNotIn("env", sidecar)
        self.assertNotIn("shop-credential", yaml.safe_dump(self.objects["ConfigMap", self.NAME]))
        config = yaml.safe_load(self.objects["ConfigMap", self.NAME]["data"]["sidecar.yaml"])
        self.assertEqual("/etc/chaperone/credential/password", config["upstream"]["password_file"])

    def test_every_mount_has_its_volume(self):
        volumes = {v["name"] for v in self.pod["volumes"]}
        volumes |= {c["metadata"]["name"] for c in self.objects["StatefulSet", self.NAME]["spec"]["volumeClaimTemplates"]}
        for container in self.pod["initContainers"] + self.pod["containers"]:
            self.assertLessEqual(set(self.mounts(container)), volumes)

    def test_the_database_is_reached_through_the_sidecar_alone(self):
        self.assertIn("listen_addresses=127.0.0.1", self.pod["containers"][0]["args"])
        service = self.objects["Service", self.NAME]["spec"]
        self.assertEqual([15432], [p["targetPort"] for p in service["ports"]])
        ingress = self.objects["NetworkPolicy", self.NAME]["spec"]["ingress"]
        self.assertEqual([15432, 9401], [p["port"] for rule in ingress for p in rule["ports"]])
        config = yaml.safe_load(self.objects["ConfigMap", self.NAME]["data"]["sidecar.yaml"])
        self.assertEqual(("127.0.0.1", 5432), (config["upstream"]["host"], config["upstream"]["port"]))

    def test_the_sidecar_finds_the_control_plane_of_its_release(self):
        config = yaml.safe_load(self.objects["ConfigMap", self.NAME]["data"]["sidecar.yaml"])
        self.assertEqual("shop-chaperone-controlplane.security.svc:7400", config["control_plane"]["address"])
        self.assertIn(("Service", "shop-chaperone-controlplane"), self.objects)

    def test_the_spool_is_where_the_values_say(self):
        empty_dir = next(v for v in self.pod["volumes"] if v["name"] == "chaperone-spool")
        self.assertEqual("2Gi", empty_dir["emptyDir"]["sizeLimit"])
        claimed = render(merged(EXAMPLE, {"sidecar": {"spool": {"type": "claimTemplate", "claimName": "spool", "size": "5Gi"}}}))
        spec = claimed["StatefulSet", self.NAME]["spec"]
        self.assertEqual("/var/spool/chaperone", self.mounts(spec["template"]["spec"]["initContainers"][0])["spool"])
        claims = {c["metadata"]["name"]: c["spec"]["resources"]["requests"]["storage"] for c in spec["volumeClaimTemplates"]}
        self.assertEqual("5Gi", claims["spool"])
        existing = render(merged(EXAMPLE, {"sidecar": {"spool": {"type": "existingClaim", "claimName": "old"}}}))
        volumes = existing["StatefulSet", self.NAME]["spec"]["template"]["spec"]["volumes"]
        self.assertIn({"name": "chaperone-spool", "persistentVolumeClaim": {"claimName": "old"}}, volumes)

    def test_a_database_elsewhere_is_verified(self):
        upstream = {"host": "db.example.com", "tlsMode": "verify-full", "caSecret": "db-ca"}
        objects = render(merged(EXAMPLE, {"sidecar": {"upstream": upstream}}))
        config = yaml.safe_load(objects["ConfigMap", self.NAME]["data"]["sidecar.yaml"])
        self.assertEqual({"mode": "verify-full", "ca": "/etc/chaperone/upstream-ca/ca.crt"}, config["upstream"]["tls"])
        pod = objects["StatefulSet", self.NAME]["spec"]["template"]["spec"]
        self.assertEqual("/etc/chaperone/upstream-ca", self.mounts(pod["initContainers"][0])["chaperone-upstream-ca"])

    def test_another_chart_includes_the_templates(self):
        with tempfile.TemporaryDirectory() as folder:
            consumer = pathlib.Path(folder, "consumer")
            shutil.copytree(HERE / "testdata/consumer", consumer)
            shutil.copytree(CHART, consumer / "charts/chaperone")
            objects = render({}, consumer)
        self.assertEqual({("ConfigMap", "orders-sidecar"), ("Pod", "orders")}, set(objects))
        pod = objects["Pod", "orders"]["spec"]
        self.assertEqual("Always", pod["initContainers"][0]["restartPolicy"])
        config = yaml.safe_load(objects["ConfigMap", "orders-sidecar"]["data"]["sidecar.yaml"])
        self.assertEqual("chaperone-controlplane.security.svc:7400", config["control_plane"]["address"])
        self.assertLessEqual(set(self.mounts(pod["initContainers"][0])), {v["name"] for v in pod["volumes"]})


class RefusalTest(unittest.TestCase):
    def refused(self, over, *words, base=None):
        done = with_values(merged(EXAMPLE if base is None else base, over), "template", "shop", str(CHART))
        self.assertNotEqual(0, done.returncode, f"{over} was accepted")
        for word in words:
            self.assertIn(word, done.stderr)

    def test_unknown_keys_are_refused_at_every_level(self):
        self.refused({"controlplane": {}}, "controlplane")
        self.refused({"controlPlane": {"replicas": 3}}, "replicas")
        self.refused({"controlPlane": {"persistence": {"siez": "1Gi"}}}, "siez")
        self.refused({"sidecar": {"upstream": {"password": "secret"}}}, "password")
        self.refused({"example": {"podMonitor": {"on": True}}}, "on")

    def test_wrong_types_and_values_are_refused(self):
        self.refused({"controlPlane": {"enabled": "yes"}}, "enabled")
        self.refused({"controlPlane": {"persistence": {"size": "much"}}}, "size")
        self.refused({"controlPlane": {"persistence": {"accessModes": ["ReadWriteMany"]}}}, "accessModes")
        self.refused({"controlPlane": {"image": {"digest": "sha256:abc"}}}, "digest")
        self.refused({"sidecar": {"upstream": {"port": 70000}}}, "port")
        self.refused({"sidecar": {"controlPlaneAddress": "controlplane"}}, "controlPlaneAddress")
        self.refused({"sidecar": {"spool": {"type": "memory"}}}, "type")
        self.refused({"sidecar": {"endpoint": "shop/*"}}, "endpoint")

    def test_unsafe_values_are_refused(self):
        self.refused({"sidecar": {"upstream": {"user": "postgres"}}}, "user")
        self.refused({"sidecar": {"upstream": {"host": "db.example.com", "tlsMode": "disable"}}}, "host")
        self.refused({"sidecar": {"upstream": {"host": "db.example.com", "tlsMode": "verify-full"}}}, "caSecret")

    def test_missing_secrets_are_named(self):
        self.refused({"controlPlane": {"tlsSecret": ""}}, "controlPlane.tlsSecret")
        self.refused({"sidecar": {"tlsSecret": ""}}, "sidecar.tlsSecret")
        self.refused({"sidecar": {"serverTlsSecret": ""}}, "sidecar.serverTlsSecret")
        self.refused({"sidecar": {"upstream": {"credentialSecret": ""}}}, "credentialSecret")
        self.refused({"sidecar": {"endpoint": ""}}, "sidecar.endpoint")
        self.refused({"example": {"passwordSecret": ""}}, "example.passwordSecret")

    def test_kubernetes_without_native_sidecars_is_refused(self):
        done = with_values(EXAMPLE, "template", "shop", str(CHART), "--kube-version", "1.28.0")
        self.assertNotEqual(0, done.returncode)
        self.assertIn("1.29", done.stderr)


if __name__ == "__main__":
    unittest.main()
