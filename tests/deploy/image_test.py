#!/usr/bin/env python3
"""The image is built and run as deploy/kubernetes runs it: a user of its own, nothing writable but its volume, no capability,
little memory. A command goes through it; SIGTERM ends it with 0. What is inside, and what is not, by the image and by its SBOM."""

import json, os, subprocess, tarfile, tempfile, time
from pathlib import Path

from replicas import System, free_port, until
from images import BASE, COMPILED, PROGRAMS, build, make, podman, remove

MEMORY_MIB, MOST_MB = 512, 80
FORBIDDEN = ("sh", "bash", "dash", "apt-get", "dpkg", "gcc", "cc1plus", "ld", "perl", "python3", "busybox")
# Bounds of our own: the defaults of podman's are above what a container in a container may have.
RUN = (
    "--runtime=runc",
    "run",
    "-d",
    "--network=host",
    "--read-only",
    "--read-only-tmpfs=false",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
    "--ulimit=nofile=1024:20000",
    "--ulimit=nproc=4096:4096",
    f"--memory={MEMORY_MIB}m",
)


class Container:
    def __init__(self, image, program, data, *arguments):
        data.mkdir()
        os.chown(data, 65532, 65532)
        self.program, self.port = program, free_port()
        self.id = podman(
            *RUN,
            "-v",
            f"{data}:/data",
            image,
            f"/usr/bin/{program}",
            "--listen",
            f"127.0.0.1:{self.port}",
            *arguments,
        )

    def inspect(self):
        return json.loads(podman("inspect", self.id))[0]

    @property
    def pid(self):
        return self.inspect()["State"]["Pid"]

    def ready(self):
        return (
            subprocess.run(
                ["curl", "-fsS", "-o", "/dev/null", "-m", "2", f"http://127.0.0.1:{self.port}/readyz"],
                capture_output=True,
            ).returncode
            == 0
        )

    def stop(self):
        """SIGTERM; how long it took to end with 0."""
        began = time.monotonic()
        podman("kill", "--signal=TERM", self.id)
        status = podman("wait", self.id, timeout=20)
        assert status == "0", (
            f"{self.program} ended with {status}: {podman('logs', self.id, check=False).stdout[-2000:]}"
        )
        return time.monotonic() - began


def check_confinement(container):
    pid = container.pid
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    assert status["Uid"].split() == ["65532"] * 4 and status["Gid"].split() == ["65532"] * 4, status
    assert int(status["CapEff"], 16) == 0 == int(status["CapBnd"], 16) and status["NoNewPrivs"] == "1", status
    mounts = {m[4]: m[5] for m in (line.split() for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines())}
    assert "ro" in mounts["/"].split(","), mounts["/"]
    assert "rw" in mounts["/data"].split(","), mounts["/data"]
    assert memory_limit(pid) == MEMORY_MIB << 20


def memory_limit(pid):
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        files = {
            "memory": f"/sys/fs/cgroup/memory{path}/memory.limit_in_bytes",
            "": f"/sys/fs/cgroup{path}/memory.max",
        }
        for name in controllers.split(","):
            if name in files and os.path.exists(files[name]):
                return int(Path(files[name]).read_text())
    raise AssertionError(f"process {pid} is in no memory cgroup")


def files_of(image):
    """{path: size} of all that is in the image."""
    with tempfile.TemporaryDirectory() as scratch:
        id = podman("create", image)
        try:
            podman("export", "-o", f"{scratch}/all.tar", id)
        finally:
            podman("rm", id)
        with tarfile.open(f"{scratch}/all.tar") as tar:
            return {m.name: m.size for m in tar}


def check_contents(image):
    files = files_of(image)
    names = {Path(f).name for f in files if Path(f).parent.name in ("bin", "sbin", "libexec")}
    assert not names & set(FORBIDDEN), f"the image holds {names & set(FORBIDDEN)}"
    assert {Path(f).name for f in files if f.startswith("usr/bin/") and f != "usr/bin/"} == set(PROGRAMS), (
        "more or less than our programs"
    )
    size = json.loads(podman("image", "inspect", image))[0]
    assert size["Size"] < MOST_MB * 1_000_000, f"{size['Size'] / 1e6:.0f} MB"
    assert size["User"] == "65532:65532", size["User"]
    print(f"the image: {size['Size'] / 1e6:.1f} MB, {len(files)} files, user {size['User']}")
    return files


def check_sbom(files):
    """Each package of the image stands in the list, with its checksum, and no other but what is compiled in."""
    with tempfile.TemporaryDirectory() as scratch:
        build("sbom-test", "--build-arg", "VERSION=0.1.0", "--output", f"type=local,dest={scratch}", target="sbom")
        sbom = json.loads((Path(scratch) / "sbom.cdx.json").read_text())
    assert (sbom["bomFormat"], sbom["specVersion"], sbom["metadata"]["component"]["version"]) == (
        "CycloneDX",
        "1.5",
        "0.1.0",
    )
    listed = {c["name"]: c for c in sbom["components"]}
    inside = {Path(f).name for f in files if f.startswith("var/lib/dpkg/status.d/") and not f.endswith("/")}
    compiled_in = {c["name"] for c in sbom["components"] if "hashes" not in c}
    assert set(listed) == inside | compiled_in and not inside & compiled_in, set(listed) ^ inside
    assert "librdkafka" in compiled_in and "usr/share/licenses/librdkafka/LICENSES.txt" in files
    for wanted in ("libsasl2-2", "libsqlite3-0", "libssl3", "libc6", "libstdc++6", "ca-certificates"):
        assert wanted in inside, f"{wanted} is not listed"
    print(f"the SBOM: {len(inside)} packages with their checksums, compiled in: {', '.join(sorted(compiled_in))}")


def check_running(image):
    with System(partitions=2) as system:
        out = podman(
            *[o for o in RUN if o != "-d"],
            "--rm",
            image,
            "/usr/bin/orderly",
            "topics",
            "create",
            "--brokers",
            system.brokers,
            "--partitions",
            "2",
        )  # there already
        assert "allocation.commands" in out, out
        containers = []
        try:
            for program in ("write-service", "read-service"):
                containers.append(
                    Container(
                        image,
                        program,
                        system.directory / f"data-{program}",
                        "--brokers",
                        system.brokers,
                        "--data",
                        "/data",
                    )
                )
            for container in containers:
                until(
                    container.ready,
                    40,
                    f"{container.program} is ready: {podman('logs', container.id, check=False).stderr[-1500:]}",
                )
                check_confinement(container)
            system.send("allocation.v1.CreateBatch", {"batch_ref": "b1", "sku": "LAMP", "quantity": 10}, "c1", "LAMP")
            (created,) = system.wait_for_results(["c1"])["c1"]
            system.send("allocation.v1.Allocate", {"order_id": "o1", "sku": "LAMP", "quantity": 3}, "a1", "LAMP")
            (allocated,) = system.wait_for_results(["a1"])["a1"]
            assert (created.status, allocated.status, allocated.batch_ref) == (1, 1, "b1"), (created, allocated)
            system.read.port = containers[1].port
            until(lambda: system.read.get("/allocations/o1")[0] == 200, 20, "the allocation is seen")
            took = {c.program: c.stop() for c in containers}
            assert max(took.values()) < 10, took
            print(
                f"{MEMORY_MIB} MiB, read-only root, user 65532, no capability; SIGTERM to 0: "
                + ", ".join(f"{name} {s:.1f} s" for name, s in took.items())
            )
        finally:
            for container in containers:
                podman("rm", "-f", "-t", "0", container.id, check=False)


def main():
    began = time.monotonic()
    image = make("test")
    print(f"built in {time.monotonic() - began:.0f} s")
    try:
        check_sbom(check_contents(image))
        check_running(image)
    finally:
        remove(image, "localhost/orderly:sbom-test", COMPILED, BASE)


if __name__ == "__main__":
    main()
