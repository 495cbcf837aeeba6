"""A cluster with one real node: a kubelet on Debian's containerd, pods on a bridge of the test's own. Whatever happens, its
containers, mounts, cgroups, network and the sysctls that a kubelet sets are put back."""

import contextlib, json, os, shutil, subprocess
from pathlib import Path

from cluster import CONTROL_PLANE, Cluster
from replicas import free_port, until
from tools import skip

PROGRAMS = ("containerd", "containerd-shim-runc-v2", "ctr", "runc", "ip")
CNI = Path("/usr/lib/cni")
BRIDGE, GATEWAY, SUBNET = "orderlytest0", "10.244.77.1", "10.244.77.0/24"
SYSCTLS = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
)


def require_node():
    missing = [name for name in PROGRAMS if not shutil.which(name)] + [
        p for p in ("bridge", "host-local", "loopback") if not (CNI / p).exists()
    ]
    if os.geteuid() != 0 or missing:
        skip(f"a node needs root, and here is no {', no '.join(missing)}" if missing else "a node needs root")


def network_namespaces():
    return (
        {name for name in os.listdir("/run/netns") if name.startswith("cni-")}
        if os.path.isdir("/run/netns")
        else set()
    )


class Node(Cluster):
    programs = (*CONTROL_PLANE, "kubelet")

    def __init__(self, directory):
        super().__init__(directory)
        require_node()

    def start_all(self):
        self.start_control_plane()
        self.namespaces_before = network_namespaces()
        self.keep_sysctls()
        self.make_bridge()
        self.cleanup.callback(self.clear_cgroups)
        self.cleanup.callback(self.clear_mounts)
        self.start_containerd()
        self.start_kubelet()
        until(self.node_is_ready, 90, f"the node is ready: see {self.directory}/kubelet.log")

    def keep_sysctls(self):
        for name in SYSCTLS:
            file = Path("/proc/sys") / name
            if file.exists():
                self.cleanup.callback(file.write_text, file.read_text())

    def make_bridge(self):
        """Made before the first pod, so that the broker can listen on the address that pods reach."""
        subprocess.run(["ip", "link", "add", BRIDGE, "type", "bridge"], check=True)
        self.cleanup.callback(subprocess.run, ["ip", "link", "delete", BRIDGE])
        subprocess.run(["ip", "address", "add", f"{GATEWAY}/24", "dev", BRIDGE], check=True)
        subprocess.run(["ip", "link", "set", BRIDGE, "up"], check=True)
        network = {
            "cniVersion": "0.4.0",
            "name": "test",
            "plugins": [
                {
                    "type": "bridge",
                    "bridge": BRIDGE,
                    "isGateway": True,
                    "hairpinMode": True,
                    "ipam": {
                        "type": "host-local",
                        "subnet": SUBNET,
                        "dataDir": str(self.directory / "addresses"),
                        "routes": [{"dst": "0.0.0.0/0"}],
                    },
                }
            ],
        }
        (self.directory / "cni").mkdir()
        (self.directory / "cni/10-test.conflist").write_text(json.dumps(network))

    @property
    def containerd_socket(self):
        return self.directory / "containerd.sock"

    def start_containerd(self):
        cri = 'plugins."io.containerd.grpc.v1.cri"'
        (self.directory / "containerd.toml").write_text(f"""version = 2
root = "{self.directory}/containerd"
state = "{self.directory}/containerd-state"
[grpc]
  address = "{self.containerd_socket}"
[{cri}]
  sandbox_image = "localhost/pause:test"
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_port = "0"
[{cri}.cni]
  bin_dir = "{CNI}"
  conf_dir = "{self.directory}/cni"
[{cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[{cri}.containerd.runtimes.runc.options]
  SystemdCgroup = false
""")
        self.start("containerd", "containerd", "--config", self.directory / "containerd.toml")
        self.cleanup.callback(self.end_containers)
        until(
            lambda: self.ctr("version").returncode == 0,
            30,
            f"containerd answers: see {self.directory}/containerd.log",
        )

    def ctr(self, *arguments):
        return subprocess.run(
            ["ctr", "-a", str(self.containerd_socket), "-n", "k8s.io", *map(str, arguments)],
            capture_output=True,
            text=True,
        )

    def import_image(self, tar):
        out = self.ctr("images", "import", tar)
        assert out.returncode == 0, out.stderr

    def start_kubelet(self):
        configuration = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "cgroupDriver": "cgroupfs",
            "failCgroupV1": False,
            "failSwapOn": False,
            "oomScoreAdj": 0,
            "enforceNodeAllocatable": [],
            "port": free_port(),
            "healthzPort": 0,
            "readOnlyPort": 0,
            "containerRuntimeEndpoint": f"unix://{self.containerd_socket}",
            "makeIPTablesUtilChains": False,
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {"memory.available": "100Mi"},
            "resolvConf": "",
            "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": False}, "x509": {}},
            "authorization": {"mode": "AlwaysAllow"},
            "podLogsDir": str(self.directory / "pod-logs"),
            "maxPods": 30,
        }
        (self.directory / "kubelet.json").write_text(json.dumps(configuration))
        self.start(
            "kubelet",
            self.bin / "kubelet",
            f"--config={self.directory}/kubelet.json",
            f"--kubeconfig={self.kubeconfig}",
            f"--root-dir={self.directory}/kubelet",
            f"--cert-dir={self.directory}/kubelet-certs",
            "--hostname-override=node",
        )

    def node_is_ready(self):
        with contextlib.suppress(OSError):
            return any(
                c["type"] == "Ready" and c["status"] == "True"
                for c in self.get("/api/v1/nodes/node")["status"]["conditions"]
            )

    # ---- putting back ----

    def end_containers(self):
        """The kubelet has ended; containerd has not."""
        for task in self.ctr("tasks", "list", "-q").stdout.split():
            self.ctr("tasks", "kill", "--all", "--signal", "SIGKILL", task)
        until(
            lambda: not [t for t in self.ctr("tasks", "list").stdout.splitlines()[1:] if "RUNNING" in t],
            20,
            "no container runs",
        )
        for task in self.ctr("tasks", "list", "-q").stdout.split():
            self.ctr("tasks", "delete", "--force", task)
        for container in self.ctr("containers", "list", "-q").stdout.split():
            self.ctr("containers", "delete", container)

    def clear_mounts(self):
        mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for path in sorted((m for m in mounted if m.startswith(str(self.directory))), reverse=True):
            subprocess.run(["umount", "-l", path], capture_output=True)
        for name in network_namespaces() - self.namespaces_before:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)

    @staticmethod
    def clear_cgroups():
        for root in [*Path("/sys/fs/cgroup").glob("*/kubepods"), Path("/sys/fs/cgroup/kubepods")]:
            for directory, _, _ in os.walk(root, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(directory)
