"""The programs that these tests need beside the system: from the PATH, else fetched once into build/tests/tools, else the test is
skipped with the reason."""
import os, shutil, subprocess, sys, tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build/tests/tools"
OVERLAYS = ("local", "production")
SKIPPED = 77
KUSTOMIZE = "sigs.k8s.io/kustomize/kustomize/v5@v5.5.0"
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


def go_program(name, module, seconds):
    """From the PATH, or built by Go once; None where neither is to be had in that time."""
    found = shutil.which(name) or shutil.which(name, path=TOOLS)
    if found or not shutil.which("go"):
        return found
    TOOLS.mkdir(parents=True, exist_ok=True)
    try:
        built = subprocess.run(["go", "install", module], capture_output=True, text=True, timeout=seconds, env={**os.environ, "GOBIN": str(TOOLS)})
    except subprocess.TimeoutExpired:
        print(f"{name} could not be built within {seconds} s")
        return None
    if built.returncode:
        print(f"{name} cannot be built: {built.stderr.strip().splitlines()[-1:]}")
    return shutil.which(name, path=TOOLS)


def kustomize():
    """The command that renders a directory."""
    if shutil.which("kubectl"):
        return ["kubectl", "kustomize"]
    program = go_program("kustomize", KUSTOMIZE, 150)
    return [program, "build"] if program else skip("there is neither kubectl nor kustomize, nor could one be built")


def render(directory):
    """Every object of an overlay, as kustomize makes it."""
    out = subprocess.run([*kustomize(), str(directory)], capture_output=True, text=True)
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
    return go_program("kube-score", KUBE_SCORE, 150)


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
