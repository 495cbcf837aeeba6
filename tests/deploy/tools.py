"""The programs that these tests need beside the system: from the PATH, else fetched once into build/tests/tools, else the test is
skipped with the reason."""
import os, shutil, subprocess, sys, tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build/tests/tools"
OVERLAYS = ("local", "production")
SKIPPED = 77
KUBE_SCORE = "github.com/zegl/kube-score/cmd/kube-score@v1.20.0"
OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(SKIPPED)


try:
    import yaml
except ImportError:
    skip("the Python package PyYAML is not installed (tests/run installs tests/requirements.txt)")


def kubectl():
    return shutil.which("kubectl") or skip("there is no kubectl")


def render(directory):
    """Every object of an overlay, as kustomize makes it."""
    out = subprocess.run([kubectl(), "kustomize", str(directory)], capture_output=True, text=True)
    assert out.returncode == 0, f"{directory}: {out.stderr}"
    assert not out.stderr, f"kustomize warns about {directory}: {out.stderr}"
    return [o for o in yaml.safe_load_all(out.stdout) if o]


def prometheus_program(name):
    """prometheus or promtool of Debian's package, which need not be installed for it."""
    found = shutil.which(name)
    unpacked = TOOLS / "prometheus/usr/bin" / name
    if found or unpacked.exists():
        return found or str(unpacked)
    if not shutil.which("apt-get"):
        skip(f"there is no {name}, and no apt-get to fetch it with")
    TOOLS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TOOLS) as scratch:
        fetched = subprocess.run(["apt-get", "-q", "download", "prometheus"], cwd=scratch, capture_output=True, text=True)
        if fetched.returncode:
            skip(f"{name} is not installed and Debian's package cannot be fetched: {fetched.stderr.strip()}")
        (package,) = Path(scratch).glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", str(package), f"{scratch}/root"], check=True)
        os.rename(f"{scratch}/root", TOOLS / "prometheus")
    return str(unpacked)


def kube_score():
    """None where it is neither installed nor buildable."""
    found = shutil.which("kube-score") or shutil.which("kube-score", path=TOOLS)
    if found or not shutil.which("go"):
        return found
    TOOLS.mkdir(parents=True, exist_ok=True)
    built = subprocess.run(["go", "install", "-p", "1", KUBE_SCORE], capture_output=True, text=True, env={**os.environ, "GOBIN": str(TOOLS)})
    if built.returncode:
        print(f"kube-score cannot be built: {built.stderr.strip().splitlines()[-1:]}")
    return shutil.which("kube-score", path=TOOLS)


def operator_definitions():
    """The CustomResourceDefinitions of the Prometheus Operator, by kind; empty where the Go module proxy cannot be reached."""
    if not shutil.which("go"):
        return {}
    import json
    with tempfile.TemporaryDirectory() as scratch:
        out = subprocess.run(["go", "mod", "download", "-json", OPERATOR], cwd=scratch, capture_output=True, text=True)
    if out.returncode:
        return {}
    directory = Path(json.loads(out.stdout)["Dir"]) / "example/prometheus-operator-crd"
    files = (directory / f"monitoring.coreos.com_{plural}.yaml" for plural in ("servicemonitors", "prometheusrules"))
    return {d["spec"]["names"]["kind"]: d for d in (yaml.safe_load(f.read_text()) for f in files)}
