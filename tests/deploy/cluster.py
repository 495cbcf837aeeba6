"""A Kubernetes control plane on loopback for a test: etcd, API server, controller manager and scheduler from the directory
that ORDERLY_TEST_KUBE_BIN names. Whatever happens, they end with the block.

    with Cluster(directory) as cluster:
        cluster.kubectl("apply", "-k", overlay)
"""

import contextlib, json, os, signal, ssl, subprocess, urllib.request
from pathlib import Path

from replicas import free_port, until
from tools import kubectl, skip

CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


def binaries(*names):
    """Skips unless ORDERLY_TEST_KUBE_BIN has them all."""
    directory = os.environ.get("ORDERLY_TEST_KUBE_BIN")
    if not directory:
        skip("ORDERLY_TEST_KUBE_BIN does not name a directory with " + ", ".join(names))
    missing = [name for name in names if not os.access(f"{directory}/{name}", os.X_OK)]
    if missing:
        skip(f"{directory} has no {', no '.join(missing)}")
    return Path(directory)


class Cluster:
    programs = CONTROL_PLANE

    def __init__(self, directory):
        self.bin, self.directory = binaries(*self.programs), Path(directory)
        self.kubeconfig = self.directory / "kubeconfig"

    def __enter__(self):
        self.cleanup = contextlib.ExitStack()
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(self.cleanup.close)
            self.start_all()
            on_failure.pop_all()
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.tell()
        self.cleanup.close()

    # ---- for tests ----

    def kubectl(self, *arguments, input=None, check=True, timeout=400):
        out = subprocess.run(
            [kubectl(), "--kubeconfig", str(self.kubeconfig), *map(str, arguments)],
            input=input,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        assert not check or out.returncode == 0, f"kubectl {' '.join(map(str, arguments))}: {out.stderr}"
        return out.stdout if check else out

    def get(self, path):
        """What the API server has at this path, as JSON."""
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.port}{path}", headers={"Authorization": "Bearer test-token"}
        )
        with urllib.request.urlopen(request, timeout=30, context=ssl._create_unverified_context()) as answer:
            body = answer.read()
        return json.loads(body) if body[:1] == b"{" else body.decode()

    def tell(self):
        for name in ("kubelet", "containerd"):
            log = self.directory / f"{name}.log"
            if log.exists():
                errors = [
                    line
                    for line in log.read_text(errors="replace").splitlines()
                    if line.startswith("E") or "level=error" in line
                ]
                print(f"--- the last errors of {name}:\n" + "\n".join(line[:300] for line in errors[-12:]))
        if self.kubeconfig.exists():
            print(self.kubectl("get", "pods,pvc,events", "-A", "-o", "wide", check=False).stdout[-6000:])

    # ---- its parts ----

    def start_all(self):
        self.start_control_plane()

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
        subprocess.run(
            ["openssl", "rsa", "-in", directory / "sa.key", "-pubout", "-out", directory / "sa.pub"],
            check=True,
            capture_output=True,
        )
        (directory / "tokens.csv").write_text("test-token,admin,admin,system:masters\n")
        url, peer = f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peer}"
        self.start(
            "etcd",
            self.bin / "etcd",
            "--data-dir",
            directory / "etcd",
            "--unsafe-no-fsync",
            "--listen-client-urls",
            url,
            "--advertise-client-urls",
            url,
            "--listen-peer-urls",
            peer,
            "--initial-advertise-peer-urls",
            peer,
            "--initial-cluster",
            f"default={peer}",
        )
        self.start(
            "apiserver",
            self.bin / "kube-apiserver",
            f"--etcd-servers={url}",
            f"--cert-dir={directory}/certs",
            f"--secure-port={self.port}",
            "--bind-address=127.0.0.1",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={directory}/sa.pub",
            f"--service-account-signing-key-file={directory}/sa.key",
            f"--token-auth-file={directory}/tokens.csv",
        )
        self.write_kubeconfig()
        until(self.is_ready, 240, f"the API server is ready: see {directory}/apiserver.log")
        for name in ("kube-controller-manager", "kube-scheduler"):
            more = [f"--service-account-private-key-file={directory}/sa.key"] if "controller" in name else []
            self.start(
                name,
                self.bin / name,
                f"--kubeconfig={self.kubeconfig}",
                "--leader-elect=false",
                "--secure-port=0",
                *more,
            )

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
