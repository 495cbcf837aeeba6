#!/usr/bin/env python3
"""A real API server takes every overlay (dry run, strict, no warnings), refuses the manifests that are broken for a server, and
keeps the number of write pods as it is while any of them is there.

ORDERLY_TEST_KUBECONFIG names a server that may be filled and emptied; else one is started from ORDERLY_TEST_KUBE_BIN. Neither nodes
nor the Prometheus Operator are needed."""
import contextlib, os, subprocess, tempfile, time
from pathlib import Path

from manifests_test import break_overlay
from tools import OVERLAYS, ROOT, kubectl, operator_definitions, render, yaml

KUBECONFIG = os.environ.get("ORDERLY_TEST_KUBECONFIG")
PRODUCTION = ROOT / "deploy/kubernetes/overlays/production"


def run(*arguments, input=None):
    return subprocess.run([kubectl(), "--kubeconfig", KUBECONFIG, *arguments], input=input, capture_output=True, text=True, timeout=100)


def must(*arguments, input=None):
    out = run(*arguments, input=input)
    assert out.returncode == 0, f"kubectl {' '.join(arguments)}: {out.stderr}"
    return out.stdout


def apply(objects, *options):
    return run("apply", "--server-side", "--force-conflicts", "--validate=strict", *options, "-f", "-", input=yaml.safe_dump_all(objects))


def until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.2)


def definitions():
    """The operator's, or ones that take anything, so that the rest can be tried."""
    real = operator_definitions()
    if real:
        return list(real.values())
    print("SKIPPED in part: ServiceMonitor and PrometheusRule are taken unseen (Go's module proxy is out of reach)")
    return [{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"{kind.lower()}s.monitoring.coreos.com"},
             "spec": {"group": "monitoring.coreos.com", "scope": "Namespaced", "names": {"kind": kind, "plural": kind.lower() + "s"},
                      "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                          "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}} for kind in ("ServiceMonitor", "PrometheusRule")]


def check_overlays():
    for overlay in OVERLAYS:
        out = apply(render(ROOT / "deploy/kubernetes/overlays" / overlay), "--dry-run=server")
        assert out.returncode == 0 and not out.stderr, f"{overlay}: {out.stderr}"
        print(f"{overlay}: accepted, {len(out.stdout.splitlines())} objects")


def check_broken(guarded):
    """Each with the words of broken.yaml. What only a pod would be refused for comes as a warning at its workload."""
    for entry in yaml.safe_load((ROOT / "tests/deploy/broken.yaml").read_text()):
        if "server" not in entry or entry.get("guarded", False) != guarded:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            objects = render(break_overlay(entry, Path(scratch).resolve()))
        out = apply(objects, "--dry-run=server")
        assert out.returncode != 0 or "Warning" in out.stderr, f"{entry['name']} is accepted: {out.stdout}"
        assert entry["server"] in out.stderr, f"{entry['name']} is refused, but not with \"{entry['server']}\": {out.stderr}"
        print(f"{entry['name']}: refused, {entry['server']}")


def with_writers(count):
    objects = render(PRODUCTION)
    for o in objects:
        if o["kind"] == "StatefulSet":
            before, o["spec"]["replicas"] = o["spec"]["replicas"], count
            for e in o["spec"]["template"]["spec"]["containers"][0]["env"]:
                if e["name"] == "ORDERLY_SHARDS":
                    e["value"] = e["value"].replace(f"/{before}", f"/{count}")
    return objects


def refused(out, words):
    assert out.returncode != 0 and words in out.stderr, f"not refused with \"{words}\": {out.stdout}{out.stderr}"


def pods():
    return must("-n", "orderly", "get", "pods", "-l", "app.kubernetes.io/name=write-service", "-o", "name").split()


def check_replica_guard():
    scale = ("-n", "orderly", "scale", "statefulset", "write-service")
    must(*scale, "--replicas=0")
    out = apply(with_writers(6))
    assert out.returncode == 0, out.stderr
    until(lambda: len(pods()) == 6, 60, "six pods are made")
    refused(run(*scale, "--replicas=7"), "scale write-service to 0")
    refused(apply(with_writers(4)), "scale write-service to 0")
    must(*scale, "--replicas=0")
    until(lambda: not pods(), 60, "the pods are gone")
    until(lambda: must("-n", "orderly", "get", "statefulset", "write-service", "-o", "jsonpath={.status.replicas}") in ("", "0"), 30, "status tells it")
    refused(run(*scale, "--replicas=4"), "apply the overlay with the new number")
    half = [o for o in with_writers(6) if o["kind"] == "StatefulSet"]
    half[0]["spec"]["replicas"] = 4
    refused(apply(half), "ORDERLY_SHARDS must end with the number of replicas")
    out = apply(with_writers(4))
    assert out.returncode == 0, out.stderr
    until(lambda: len(pods()) == 4, 60, "four pods are made")
    print("the number of write pods changes only from 0, and with what the pods know of it")


@contextlib.contextmanager
def api_server():
    global KUBECONFIG
    if KUBECONFIG:
        yield
        return
    from cluster import Cluster
    with tempfile.TemporaryDirectory(prefix="orderly-kube-") as directory, Cluster(directory) as cluster:
        KUBECONFIG = str(cluster.kubeconfig)
        yield


def check_all():
    assert run("get", "--raw", "/readyz").returncode == 0, f"the API server of {KUBECONFIG} does not answer"
    for definition in definitions():
        out = apply([definition])
        assert out.returncode == 0, out.stderr
    must("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
    namespace = [o for o in render(PRODUCTION) if o["kind"] == "Namespace"]
    assert apply(namespace).returncode == 0
    try:
        check_overlays()
        check_broken(guarded=False)  # while nothing is there yet: else all would be refused for what they change
        guard = [o for o in render(PRODUCTION) if o["kind"].startswith("ValidatingAdmission")]
        out = apply(guard)
        assert out.returncode == 0, out.stderr
        stateful = [o for o in with_writers(6) if o["kind"] == "StatefulSet"]
        out = apply(stateful)
        assert out.returncode == 0, out.stderr
        until(lambda: apply(with_writers(5), "--dry-run=server").returncode != 0, 30, "the guard is in force")
        check_broken(guarded=True)
        check_replica_guard()
    finally:
        run("delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", "-l", "app.kubernetes.io/part-of=orderly")
        run("delete", "namespace", "orderly", "--wait=false")


def main():
    with api_server():
        check_all()


if __name__ == "__main__":
    main()
