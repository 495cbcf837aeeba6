"""A real Prometheus for a test, on a port of its own, that scrapes both services each second and has our rules with their waits shortened.

    with Prometheus(system, rules, faster=12) as prometheus:
        prometheus.query("up")
"""
import json, re, shutil, subprocess, sys, tempfile, urllib.error, urllib.parse, urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "deploy"), str(HERE.parent / "end_to_end")]
from system import free_port, until
from tools import prometheus_program, yaml


def shortened(spec, faster):
    """The same rules; what must hold for a minute must hold for 60/faster seconds. Conditions and ranges stay."""
    for rule in (r for g in spec["groups"] for r in g["rules"]):
        if "for" in rule:
            assert re.fullmatch(r"\d+m", rule["for"]), rule["for"]
            rule["for"] = f"{int(rule['for'][:-1]) * 60 // faster}s"
    return spec


class Prometheus:
    def __init__(self, targets, spec, faster):
        """targets: {job: port}"""
        self.directory = Path(tempfile.mkdtemp(prefix="orderly-prometheus-"))
        self.port = free_port()
        (self.directory / "rules.yaml").write_text(yaml.safe_dump(shortened(spec, faster)))
        jobs = [{"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]} for job, port in targets.items()]
        (self.directory / "prometheus.yaml").write_text(yaml.safe_dump(
            {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": ["rules.yaml"], "scrape_configs": jobs}))

    def __enter__(self):
        self.log = open(self.directory / "log", "wb")
        self.process = subprocess.Popen(
            [prometheus_program("prometheus"), f"--config.file={self.directory}/prometheus.yaml", f"--storage.tsdb.path={self.directory}/data",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=self.log, stderr=self.log)
        until(lambda: self.ask("/-/ready") is not None or self.has_ended(), 60, "Prometheus is ready")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def has_ended(self):
        if self.process.poll() is not None:
            raise AssertionError("Prometheus ended:\n" + (self.directory / "log").read_text(errors="replace")[-2000:])

    def ask(self, path, **parameters):
        """The answer's text; None where there is none."""
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            if error.code == 503:  # it starts
                return None
            raise AssertionError(f"{path} {parameters}: {error.read().decode()}") from None
        except OSError:
            return None

    def query(self, expression):
        return json.loads(self.ask("/api/v1/query", query=expression))["data"]["result"]

    def metrics(self):
        return set(json.loads(self.ask("/api/v1/label/__name__/values"))["data"])

    def firing(self, severity):
        """The names of the alerts of this severity that fire now."""
        alerts = json.loads(self.ask("/api/v1/alerts"))["data"]["alerts"]
        return {a["labels"]["alertname"] for a in alerts if a["state"] == "firing" and a["labels"]["severity"] == severity}
