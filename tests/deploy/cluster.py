"""A Kubernetes cluster of one machine for a test: etcd, API server, controller manager and scheduler from the directory that
ORDERLY_TEST_KUBE_BIN names (with kubelet, if there is to be a node; it runs on Debian's containerd, on a bridge of the test's own).

    with Cluster(directory, node=True) as cluster:
        cluster.kubectl("apply", "-k", overlay)

Whatever happens, its processes, mounts, cgroups, network and the sysctls that a kubelet sets are put back."""
import contextlib, json, os, shutil, signal, ssl, subprocess, time, urllib.request
from pathlib import Path

from replicas import free_port, until
from tools import kubectl, skip

CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
NODE = ("containerd", "containerd-shim-runc-v2", "ctr", "runc", "ip")
CNI = Path("/usr/lib/cni")
BRIDGE, GATEWAY, SUBNET = "orderlytest0", "10.244.77.1", "10.244.77.0/24"
SYSCTLS = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys",
           "kernel/keys/root_maxbytes", "net/ipv4/ip_forward", "net/ipv4/conf/all/route_localnet")


def binaries(*names):
    """Skips unless ORDERLY_TEST_KUBE_BIN has them all."""
    directory = os.environ.get("ORDERLY_TEST_KUBE_BIN")
    if not directory:
        skip("ORDERLY_TEST_KUBE_BIN does not name a directory with " + ", ".join(names))
    missing = [name for name in names if not os.access(f"{directory}/{name}", os.X_OK)]
    if missing:
        skip(f"{directory} has no {', no '.join(missing)}")
    return Path(directory)


def require_node():
    missing = [name for name in NODE if not shutil.which(name)] + [p for p in ("bridge", "host-local", "loopback") if not (CNI / p).exists()]
    if os.geteuid() != 0 or missing:
        skip(f"a node needs root, and here is no {', no '.join(missing)}" if missing else "a node needs root")


def network_namespaces():
    return {name for name in os.listdir("/run/netns") if name.startswith("cni-")} if os.path.isdir("/run/netns") else set()


class Cluster:
    def __init__(self, directory, node=False):
        self.bin = binaries(*CONTROL_PLANE, *(["kubelet"] if node else []))
        self.directory, self.node, self.processes = Path(directory), node, []
        self.kubeconfig = self.directory / "kubeconfig"
        if node:
            require_node()

    def __enter__(self):
        self.cleanup = contextlib.ExitStack()
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(self.cleanup.close)
            self.start_control_plane()
            if self.node:
                self.start_node()
            on_failure.pop_all()
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.tell()
        self.cleanup.close()

    # ---- for tests ----

    def kubectl(self, *arguments, input=None, check=True, timeout=300):
        out = subprocess.run([kubectl(), "--kubeconfig", str(self.kubeconfig), *map(str, arguments)], input=input, capture_output=True, text=True,
                             timeout=timeout)
        assert not check or out.returncode == 0, f"kubectl {' '.join(map(str, arguments))}: {out.stderr}"
        return out.stdout if check else out

    def get(self, path):
        """What the API server has at this path, as JSON."""
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}{path}", headers={"Authorization": "Bearer test-token"})
        with urllib.request.urlopen(request, timeout=30, context=ssl._create_unverified_context()) as answer:
            body = answer.read()
        return json.loads(body) if body[:1] == b"{" else body.decode()

    def tell(self):
        for name in ("kubelet", "containerd"):
            log = self.directory / f"{name}.log"
            if log.exists():
                errors = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("E") or "level=error" in line]
                print(f"--- the last errors of {name}:\n" + "\n".join(line[:300] for line in errors[-12:]))
        if self.kubeconfig.exists():
            print(self.kubectl("get", "pods,pvc,events", "-A", "-o", "wide", check=False).stdout[-6000:])

    # ---- its parts ----

    def start(self, name, *command):
        with open(self.directory / f"{name}.log", "ab") as log:
            process = subprocess.Popen([str(c) for c in command], stdout=log, stderr=log, start_new_session=True)
        self.cleanup.callback(self.end, name, process)

    @staticmethod
    def end(name, process, patience=5):
        """An API server alone would take a minute to end by itself."""
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def start_control_plane(self):
        directory, etcd, peer, self.port = self.directory, free_port(), free_port(), free_port()
        subprocess.run(["openssl", "genrsa", "-out", directory / "sa.key", "2048"], check=True, capture_output=True)
        subprocess.run(["openssl", "rsa", "-in", directory / "sa.key", "-pubout", "-out", directory / "sa.pub"], check=True, capture_output=True)
        (directory / "tokens.csv").write_text("test-token,admin,admin,system:masters\n")
        url, peer = f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peer}"
        self.start("etcd", self.bin / "etcd", "--data-dir", directory / "etcd", "--unsafe-no-fsync", "--listen-client-urls", url,
                   "--advertise-client-urls", url, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                   "--initial-cluster", f"default={peer}")
        self.start("apiserver", self.bin / "kube-apiserver", f"--etcd-servers={url}", f"--cert-dir={directory}/certs", f"--secure-port={self.port}",
                   "--bind-address=127.0.0.1", "--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=RBAC",
                   "--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={directory}/sa.pub",
                   f"--service-account-signing-key-file={directory}/sa.key", f"--token-auth-file={directory}/tokens.csv")
        self.write_kubeconfig()
        until(self.is_ready, 240, f"the API server is ready: see {directory}/apiserver.log")
        for name in ("kube-controller-manager", "kube-scheduler"):
            more = [f"--service-account-private-key-file={directory}/sa.key"] if "controller" in name else []
            self.start(name, self.bin / name, f"--kubeconfig={self.kubeconfig}", "--leader-elect=false", "--secure-port=0", *more)

    def is_ready(self):
        with contextlib.suppress(OSError):
            return self.get("/readyz") == "ok"

    def write_kubeconfig(self):
        self.kubeconfig.write_text(f"""apiVersion: v1
kind: Config
clusters: [{{name: test, cluster: {{server: "https://127.0.0.1:{self.port}", insecure-skip-tls-verify: true}}}}]
users: [{{name: admin, user: {{token: test-token}}}}]
contexts: [{{name: test, context: {{cluster: test, user: admin}}}}]
current-context: test
""")

    def start_node(self):
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
        network = {"cniVersion": "0.4.0", "name": "test", "plugins": [
            {"type": "bridge", "bridge": BRIDGE, "isGateway": True, "hairpinMode": True,
             "ipam": {"type": "host-local", "subnet": SUBNET, "dataDir": str(self.directory / "addresses"), "routes": [{"dst": "0.0.0.0/0"}]}}]}
        (self.directory / "cni").mkdir()
        (self.directory / "cni/10-test.conflist").write_text(json.dumps(network))

    @property
    def containerd_socket(self):
        return self.directory / "containerd.sock"

    def start_containerd(self):
        cri = "plugins.\"io.containerd.grpc.v1.cri\""
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
        until(lambda: self.ctr("version").returncode == 0, 30, f"containerd answers: see {self.directory}/containerd.log")

    def ctr(self, *arguments):
        return subprocess.run(["ctr", "-a", str(self.containerd_socket), "-n", "k8s.io", *map(str, arguments)], capture_output=True, text=True)

    def import_image(self, tar):
        out = self.ctr("images", "import", tar)
        assert out.returncode == 0, out.stderr

    def start_kubelet(self):
        configuration = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "cgroupDriver": "cgroupfs", "failCgroupV1": False,
            "failSwapOn": False, "oomScoreAdj": 0, "enforceNodeAllocatable": [], "port": free_port(), "healthzPort": 0, "readOnlyPort": 0,
            "containerRuntimeEndpoint": f"unix://{self.containerd_socket}", "makeIPTablesUtilChains": False, "imageGCHighThresholdPercent": 100,
            "evictionHard": {"memory.available": "100Mi"}, "resolvConf": "", "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": False},
                                                                             "x509": {}},
            "authorization": {"mode": "AlwaysAllow"}, "maxPods": 30}
        (self.directory / "kubelet.json").write_text(json.dumps(configuration))
        self.start("kubelet", self.bin / "kubelet", f"--config={self.directory}/kubelet.json", f"--kubeconfig={self.kubeconfig}",
                   f"--root-dir={self.directory}/kubelet", f"--cert-dir={self.directory}/kubelet-certs", "--hostname-override=node")

    def node_is_ready(self):
        with contextlib.suppress(OSError):
            return any(c["type"] == "Ready" and c["status"] == "True" for c in self.get("/api/v1/nodes/node")["status"]["conditions"])

    # ---- putting back ----

    def end_containers(self):
        """The kubelet has ended; containerd has not."""
        for task in self.ctr("tasks", "list", "-q").stdout.split():
            self.ctr("tasks", "kill", "--all", "--signal", "SIGKILL", task)
        until(lambda: not [t for t in self.ctr("tasks", "list").stdout.splitlines()[1:] if "RUNNING" in t], 20, "no container runs")
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
