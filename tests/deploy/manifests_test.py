#!/usr/bin/env python3
"""Every overlay of deploy/kubernetes against the Kubernetes schemas (strict: no unknown field), the rules of lint.py, kube-score,
and the Prometheus Operator's own definitions; then broken.yaml: each manifest broken on purpose is rejected by the same checks."""
import os, re, subprocess, tempfile
from pathlib import Path

from lint import is_restricted, lint
from tools import OVERLAYS, ROOT, kube_score, operator_definitions, render, skip, yaml

try:
    import jsonschema
    import kubernetes_validate
except ImportError:
    skip("the Python package kubernetes-validate is not installed (tests/run installs tests/requirements.txt)")

VERSIONS = ("1.30", "1.36")  # the oldest with preStop.sleep and admission policies, and the newest we know
# Rules of kube-score's that we break on purpose: a tag is never built again, so an image need not be asked for at every start;
# topologySpreadConstraints keep pods apart. A CPU limit would throttle a pod while a core is idle.
IGNORED = ("container-image-pull-policy", "deployment-has-host-podantiaffinity", "statefulset-has-host-podantiaffinity")


def flaws_by_schema(objects, definitions):
    for o in objects:
        name = f"{o['kind']}/{o['metadata']['name']}"
        if o["kind"] in definitions:
            version = next(v for v in definitions[o["kind"]]["spec"]["versions"] if o["apiVersion"].endswith("/" + v["name"]))
            check = lambda: jsonschema.Draft202012Validator(closed(version["schema"]["openAPIV3Schema"])).validate(o)
        elif o["apiVersion"].startswith("monitoring.coreos.com/"):
            continue  # printed below
        else:
            check = lambda: [kubernetes_validate.validate(o, v, strict=True) for v in VERSIONS]
        try:
            check()
        except (jsonschema.ValidationError, kubernetes_validate.ValidationError) as error:
            yield f"{name}: {str(error).splitlines()[0]}"
        except kubernetes_validate.SchemaNotFoundError as error:
            yield f"{name}: {error}"


def closed(schema):
    """The schema with unknown fields refused, as the API server does, and without patterns that only Go reads; metadata stays open."""
    if isinstance(schema, dict):
        schema = {k: closed(v) for k, v in schema.items() if not (k == "pattern" and "(?i)" in str(v))}
        if "properties" in schema and schema["properties"].get("metadata") != {"type": "object"}:
            schema.setdefault("additionalProperties", False)
    return schema


def flaws_by_kube_score(program, objects):
    command = [program, "score", "--output-format", "ci", "--kubernetes-version", "v1.30", "--ignore-container-cpu-limit",
               *(f"--ignore-test={t}" for t in IGNORED), "-"]
    out = subprocess.run(command, input=yaml.safe_dump_all(objects), capture_output=True, text=True)
    assert out.returncode in (0, 1), out.stderr
    return [line for line in out.stdout.splitlines() if re.match(r"\[(CRITICAL|WARNING)\]", line)]


def break_overlay(entry, directory):
    if entry.get("delete"):
        patch = yaml.safe_dump({"$patch": "delete", "kind": entry["target"]["kind"], "metadata": {"name": entry["target"]["name"]}})
    else:
        patch = yaml.safe_dump([entry["patch"]])
    base = os.path.relpath(ROOT / "deploy/kubernetes/overlays" / entry["overlay"], directory)
    made = {"resources": [base], "patches": [{"target": entry["target"], "patch": patch}]}
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(made))
    return directory


def render_with(component, overlay):
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch).resolve()
        kubernetes = os.path.relpath(ROOT / "deploy/kubernetes", directory)
        made = {"resources": [f"{kubernetes}/overlays/{overlay}"], "components": [f"{kubernetes}/components/{component}"]}
        (directory / "kustomization.yaml").write_text(yaml.safe_dump(made))
        return render(directory)


def check_customer_keys(definitions):
    """Keys on a volume of their own, which the program is told of."""
    objects = render_with("customer-keys", "production")
    flaws = [*flaws_by_schema(objects, definitions), *lint(objects)]
    assert not flaws, f"customer-keys: {flaws}"
    write = next(o for o in objects if o["kind"] == "StatefulSet" and o["metadata"]["name"] == "write-service")["spec"]
    container = write["template"]["spec"]["containers"][0]
    folder = next(e["value"] for e in container["env"] if e["name"] == "ORDERLY_CUSTOMER_KEYS")
    volume = next(m["name"] for m in container["volumeMounts"] if m["mountPath"] == folder)
    assert volume in [v["metadata"]["name"] for v in write["volumeClaimTemplates"]] and volume != "data", volume


def check_broken(entry, definitions):
    with tempfile.TemporaryDirectory() as scratch:
        objects = render(break_overlay(entry, Path(scratch).resolve()))
    by_schema = list(flaws_by_schema(objects, definitions))
    flaws = by_schema if entry["rejected_by"] == "schema" else lint(objects)
    assert any(entry["says"] in flaw for flaw in flaws), f"{entry['name']} is not rejected with \"{entry['says']}\": {flaws}"
    assert entry["rejected_by"] == "schema" or not by_schema, f"{entry['name']}: the lint was to find this, not the schema: {by_schema}"


def main():
    definitions, score = operator_definitions(), kube_score()
    for overlay in OVERLAYS:
        objects = render(ROOT / "deploy/kubernetes/overlays" / overlay)
        flaws = [*flaws_by_schema(objects, definitions), *lint(objects), *(flaws_by_kube_score(score, objects) if score else [])]
        assert not flaws, f"{overlay}:\n  " + "\n  ".join(flaws)
        print(f"{overlay}: {len(objects)} objects, no flaw by the schemas of {' and '.join(VERSIONS)}, by lint.py"
              f"{' and by kube-score' if score else ''}")
    flaws = [*flaws_by_schema(render(ROOT / "deploy/kubernetes/move-shards"), definitions), *is_restricted(render(ROOT / "deploy/kubernetes/move-shards"))]
    assert not flaws, f"move-shards: {flaws}"
    check_customer_keys(definitions)
    if not score:
        print("SKIPPED in part: kube-score is not installed and cannot be built (it needs Go)")
    if not definitions:
        print("SKIPPED in part: ServiceMonitor and PrometheusRule have no schema here (Go's module proxy is out of reach)")
    broken = [e for e in yaml.safe_load((ROOT / "tests/deploy/broken.yaml").read_text()) if definitions or e.get("needs") != "operator"]
    for entry in broken:
        check_broken(entry, definitions)
    print(f"{len(broken)} manifests broken on purpose: all rejected")


if __name__ == "__main__":
    main()
