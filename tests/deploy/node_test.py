#!/usr/bin/env python3
"""deploy/kubernetes on a real node: API server, scheduler, kubelet, containerd. The local overlay as it is, but with a broker
outside the cluster, comes up; a command goes through; a pod is deleted and its shards go on from their volume; a new image
rolls under load and nothing is lost, doubled or refused. Put back afterwards: network, sysctls, cgroups, mounts.

Needs ORDERLY_TEST_KUBE_BIN (deploy/kubernetes/README.md). Not shown: network policies (nothing enforces them), autoscaling,
several nodes."""

import json, os, subprocess, tempfile, threading, time, urllib.error, urllib.request
from pathlib import Path

from cluster import CONTROL_PLANE, binaries
from node import GATEWAY, Node, require_node
from images import BASE, COMPILED, make, podman, remove
from replicas import Load, System, check_answered_once, create_batches, until
from tools import ROOT, yaml

SKUS, RATE, PODS = 40, 200, 2
LOCAL = ROOT / "deploy/kubernetes/overlays/local"


class PublicBroker(System):
    """Its broker is told to clients by the address that pods reach."""

    @property
    def address(self):
        return f"{GATEWAY}:{self.kafka_port}"

    def broker(self, verb):
        os.environ["ORDERLY_LOCAL_KAFKA_PROPERTIES"] = (
            f"listeners=PLAINTEXT://0.0.0.0:{self.kafka_port},CONTROLLER://127.0.0.1:{self.kafka_port + 1}\n"
            f"controller.quorum.voters=1@127.0.0.1:{self.kafka_port + 1}\n"
            f"advertised.listeners=PLAINTEXT://{GATEWAY}:{self.kafka_port}"
        )
        super().broker(verb)


class Pod:
    """A read replica, asked by its own address, as a Service's load balancer does."""

    process, log = None, Path("the pod's")  # not ours to end

    def __init__(self, address, name):
        self.address, self.directory = address, Path(name)

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://{self.address}:8080{path}", timeout=20) as answer:
                status, headers, body = answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, headers, body = error.code, error.headers, error.read().decode()
        except OSError as error:
            return 0, {}, str(error)
        return status, headers, json.loads(body) if "json" in headers.get("content-type", "") else body


class Queries:
    """Asks the ready endpoints of the Service read-service in turn; the list is read anew all the time, as by kube-proxy."""

    def __init__(self, cluster, path):
        self.cluster, self.path = cluster, path
        self.answers, self.refused, self.stopping = 0, [], threading.Event()
        self.thread = threading.Thread(target=self.ask)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def ask(self):
        ready, read_at = [], 0.0
        while not self.stopping.wait(0.01):
            if time.monotonic() - read_at > 0.5:
                ready, read_at = ready_readers(self.cluster), time.monotonic()
            answer = ready[self.answers % len(ready)].get(self.path) if ready else (0, {}, "no endpoint is ready")
            self.answers += 1
            if answer[0] != 200:
                self.refused.append(answer)


def ready_readers(cluster):
    slices = cluster.get(
        "/apis/discovery.k8s.io/v1/namespaces/orderly/endpointslices?labelSelector=kubernetes.io/service-name%3Dread-service"
    )
    return [
        Pod(e["addresses"][0], e["targetRef"]["name"])
        for s in slices["items"]
        for e in s.get("endpoints") or []
        if e["conditions"]["ready"]
    ]


def overlay(directory, brokers, tag):
    """The local overlay with another broker, and so without its own."""
    gone = [
        {
            "target": {"kind": kind, "name": "kafka"},
            "patch": yaml.safe_dump({"$patch": "delete", "kind": kind, "metadata": {"name": "kafka"}}),
        }
        for kind in ("StatefulSet", "Service", "NetworkPolicy")
    ]
    made = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "orderly",
        "resources": [os.path.relpath(LOCAL, directory.resolve())],
        "configMapGenerator": [{"name": "orderly", "behavior": "merge", "literals": [f"ORDERLY_BROKERS={brokers}"]}],
        "images": [{"name": "localhost/orderly", "newTag": tag}],
        "patches": gone,
    }
    directory.mkdir(exist_ok=True)
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(made))
    return directory


def volumes(cluster):
    """What a provisioner would make, and the storage class that is the default."""
    objects = [
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "provisioner": "kubernetes.io/no-provisioner",
            "metadata": {"name": "local", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            "volumeBindingMode": "WaitForFirstConsumer",
        }
    ]
    for i in range(PODS):
        path = cluster.directory / f"volume-{i}"
        path.mkdir()
        objects.append(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": f"volume-{i}"},
                "spec": {
                    "capacity": {"storage": "2Gi"},
                    "accessModes": ["ReadWriteOnce"],
                    "storageClassName": "local",
                    "local": {"path": str(path)},
                    "persistentVolumeReclaimPolicy": "Retain",
                    "nodeAffinity": {
                        "required": {
                            "nodeSelectorTerms": [
                                {
                                    "matchExpressions": [
                                        {"key": "kubernetes.io/hostname", "operator": "In", "values": ["node"]}
                                    ]
                                }
                            ]
                        }
                    },
                },
            }
        )
    cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(objects))


def import_images(cluster, image):
    """The image, a next one, and a pause program for pods' sandboxes."""
    with tempfile.TemporaryDirectory() as scratch:
        Path(f"{scratch}/pause.c").write_text(
            "#include <signal.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
            "int main() { signal(SIGTERM, _exit); for (;;) pause(); }\n"
        )
        subprocess.run(["gcc", "-O2", "-static", "-o", f"{scratch}/pause", f"{scratch}/pause.c"], check=True)
        subprocess.run(["tar", "-C", scratch, "-cf", f"{scratch}/pause.tar", "pause"], check=True)
        podman("import", "-q", "--change", 'ENTRYPOINT ["/pause"]', f"{scratch}/pause.tar", "localhost/pause:test")
        podman("tag", image, "localhost/orderly:local")
        # The same programs, but another image: of two names for one image, a node may tell either.
        Path(f"{scratch}/Containerfile").write_text(f"FROM {image}\nLABEL org.opencontainers.image.version=next\n")
        podman("build", "-q", "--isolation=chroot", "-t", "localhost/orderly:next", "-f", f"{scratch}/Containerfile", scratch)
        tags = ["localhost/pause:test", "localhost/orderly:local", "localhost/orderly:next"]
        for i, tag in enumerate(tags):
            podman("save", "-q", "-o", f"{scratch}/{i}.tar", tag)
            cluster.import_image(f"{scratch}/{i}.tar")
        remove(*tags)


def rolled_out(cluster):
    for workload in ("statefulset/write-service", "deployment/read-service"):
        cluster.kubectl("-n", "orderly", "rollout", "status", workload, "--timeout=280s")


def pod(cluster, name):
    return cluster.get(f"/api/v1/namespaces/orderly/pods/{name}")


def check_comes_up(cluster, system, scratch):
    began = time.monotonic()
    cluster.kubectl("apply", "-k", overlay(scratch / "first", system.address, "local"))
    cluster.kubectl("-n", "orderly", "wait", "--for=condition=complete", "job/topics", "--timeout=180s")
    rolled_out(cluster)
    print(
        f"topics made, {PODS} write pods and {len(ready_readers(cluster))} read pods ready "
        f"{time.monotonic() - began:.0f} s after apply"
    )


def check_pod_is_deleted(cluster, sent, system):
    """Its successor answers repeats from the volume, and the streams' versions go on."""
    before = pod(cluster, "write-service-0")["metadata"]["uid"]
    began = time.monotonic()
    cluster.kubectl("-n", "orderly", "delete", "pod", "write-service-0", "--wait=false")
    until(lambda: has_successor(cluster, before), 120, "the pod has a ready successor")
    print(f"write-service-0 deleted: its successor was ready {time.monotonic() - began:.1f} s later")
    more = [f"p-{n}" for n in range(500)]
    for n, id in enumerate(more):
        system.send(
            "allocation.v1.Allocate",
            {"order_id": f"after-{n}", "sku": f"SKU-{n % SKUS}", "quantity": 1},
            id,
            f"SKU-{n % SKUS}",
        )
    system.flush()
    system.wait_for_results(more, 60)
    return sent + more


def has_successor(cluster, before):
    try:
        now = pod(cluster, "write-service-0")
    except urllib.error.HTTPError:
        return False
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in now["status"].get("conditions", []))
    return now["metadata"]["uid"] != before and ready


def check_image_rolls(cluster, system, scratch):
    with Load(system, SKUS, RATE) as load, Queries(cluster, "/batches/b-0") as queries:
        until(lambda: len(load.sent) > RATE, 30, "the load runs")
        began = time.monotonic()
        cluster.kubectl("-n", "orderly", "delete", "job", "topics", "--ignore-not-found")
        cluster.kubectl("apply", "-k", overlay(scratch / "second", system.address, "next"))
        rolled_out(cluster)
        took = time.monotonic() - began
    assert not queries.refused, (
        f"{len(queries.refused)} of {queries.answers} queries were refused: {queries.refused[:3]}"
    )
    pods = cluster.get("/api/v1/namespaces/orderly/pods")["items"]
    for p in (
        p for p in pods if p["metadata"]["labels"].get("app.kubernetes.io/name") in ("write-service", "read-service")
    ):
        if "deletionTimestamp" not in p["metadata"]:
            (status,) = p["status"]["containerStatuses"]
            assert status["image"].endswith(":next") and status["restartCount"] == 0, (p["metadata"]["name"], status)
    print(
        f"a new image rolled through all pods in {took:.0f} s under {RATE} commands/s: {len(load.sent)} commands, "
        f"{queries.answers} queries, none refused"
    )
    return load.sent


def check_repeats_are_known(system, sent):
    """One event more would show in check_answered_once, one result more is what a repeat must get."""
    for n in range(100):
        system.send(
            "allocation.v1.Allocate",
            {"order_id": f"after-{n}", "sku": f"SKU-{n % SKUS}", "quantity": 1},
            f"p-{n}",
            f"SKU-{n % SKUS}",
        )
    system.flush()
    repeated = {f"p-{n}" for n in range(100)}

    def answered_twice():
        counts = {}
        for record in system.read_all("command.results"):
            counts[record.message.command_id] = counts.get(record.message.command_id, 0) + 1
        return all(counts.get(id) == 2 for id in repeated)

    until(answered_twice, 60, "each repeat has its result again")
    return [id for id in sent if id not in repeated]


def main():
    binaries(*CONTROL_PLANE, "kubelet")
    require_node()
    image = make("node-test")
    with tempfile.TemporaryDirectory(prefix="orderly-node-") as directory, Node(directory) as cluster:
        import_images(cluster, image)
        volumes(cluster)
        with PublicBroker(partitions=8) as system:
            check_comes_up(cluster, system, cluster.directory)
            sent = check_pod_is_deleted(cluster, create_batches(system, SKUS), system)
            sent += check_image_rolls(cluster, system, cluster.directory)
            system.readers = ready_readers(cluster)
            assert len(system.readers) == 2, system.readers
            sent = check_repeats_are_known(system, sent)
            check_answered_once(system, sent)
            print(f"{len(sent)} commands: each answered once, one event each; both replicas show what the events say")
            cluster.kubectl("delete", "namespace", "orderly", "--timeout=120s")
    remove(image, COMPILED, BASE)


if __name__ == "__main__":
    main()
