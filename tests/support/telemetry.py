"""Reads what the programs tell operators over HTTP: /readyz, /healthz and Prometheus' text format."""
import re
import urllib.error
import urllib.request

_SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


class Telemetry:
    """The telemetry endpoint of one program."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path):
        """(status, body); (0, reason) when nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def ready(self):
        return self.get("/readyz")[0] == 200

    def metrics(self):
        """The text of /metrics."""
        return self.get("/metrics")[1]

    def value(self, name, **labels):
        """The sum of a metric's samples that carry these labels; 0.0 when there is none."""
        total = 0.0
        for line in self.metrics().splitlines():
            found = _SAMPLE.match(line)
            if found and found[1] == name:
                have = dict(_LABEL.findall(found[2] or ""))
                if all(have.get(k) == v for k, v in labels.items()):
                    total += float(found[3])
        return total
