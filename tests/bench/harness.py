"""A broker of the bench's own, programs as processes, and what each of them used: CPU, memory, bytes written.

Everything lives in build/bench; whatever happens, the broker and the programs are stopped on the way out.
"""

import contextlib, json, os, random, shutil, signal, socket, sqlite3, subprocess, sys, time, urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build/bench"
BIN = Path(os.environ.get("ORDERLY_BENCH_BIN", ROOT / "build/release/bin"))
SKUS = 1_000  # as bench-load has them
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def say(line):
    print(line, file=sys.stderr, flush=True)


def end_on_signal():
    """SIGTERM unwinds as an error does, so that what was started is stopped."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def free_port():
    while True:
        port = random.randrange(20000, 32000)  # below the range that outgoing connections take theirs from
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


def build():
    """The release programs; not with ORDERLY_BENCH_BIN, which names programs that are there already."""
    if "ORDERLY_BENCH_BIN" in os.environ:
        return
    subprocess.run([ROOT / "deploy/local/install", "--bench"], check=True)
    for command in (
        ["cmake", "--preset", "release"],
        ["cmake", "--build", "--preset", "release", "-j", str(os.cpu_count())],
    ):
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout[-4000:] + "\nbench: the build failed")


def stat_of(pid):
    """(CPU seconds, peak MiB, bytes written) of a living process, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    io = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return (
        (int(fields[11]) + int(fields[12])) / TICKS_PER_S,
        int(status["VmHWM"].split()[0]) / 1024,
        int(io["write_bytes"]),
    )


def machine_busy_s():
    """CPU seconds that the whole machine was busy since its start, what its host took from it included."""
    user, nice, system, _idle, _wait, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_S


class Program:
    """One of our programs, from its start to SIGTERM, with a data directory of its own that goes with it."""

    def __init__(self, name, *arguments, keep_data=False, command=None, environment=None):
        self.name = name
        self.data = WORK / "data" / name
        self.keep_data = False
        if not keep_data:
            shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True, exist_ok=True)
        self.log = WORK / f"{name}.log"
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("ORDERLY_")}
        command = command or [BIN / name, "--data", self.data, *map(str, arguments)]
        self.started = time.time()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env=inherited | (environment or {})
            )

    @property
    def pid(self):
        return self.process.pid

    def check(self):
        if self.process.poll() is not None:
            raise RuntimeError(
                f"{self.name} ended with {self.process.returncode}: {self.log.read_text(errors='replace')[-1500:]}"
            )

    def kill(self):
        """As a crash would; what it has stored stays for the next one."""
        self.process.kill()
        self.process.wait()
        self.keep_data = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if not self.keep_data:
            shutil.rmtree(self.data, ignore_errors=True)


class Broker:
    def __init__(self):
        self.directory = WORK / "kafka"
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"

    def control(self, verb):
        subprocess.run(
            [ROOT / "deploy/local/broker", "--dir", self.directory, "--port", str(self.port), verb],
            check=True,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self):
        if self.directory.exists():  # left by a run that was killed itself
            self.control("kill")
            shutil.rmtree(self.directory)
        self.control("start")
        self.pid = int((self.directory / "broker.pid").read_text())
        return self

    def __exit__(self, *_):
        self.control("kill")
        shutil.rmtree(self.directory, ignore_errors=True)

    def load(self, *arguments, timeout=600):
        """bench-load's answer."""
        done = subprocess.run(
            [BIN / "bench-load", arguments[0], "--brokers", self.address, *map(str, arguments[1:])],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=timeout,
        )
        if done.returncode != 0:
            raise RuntimeError(f"bench-load {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else {}


    @contextlib.contextmanager
    def awaited_answer(self, number):
        """A command that waits at the broker; gives a function that gives the time, in ms, of its result."""
        command = [BIN / "bench-load", "answer", "--brokers", self.address, "--first", str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
            if not load.stdout.readline():
                raise RuntimeError("bench-load answer: the command was not sent")
            yield lambda: json.loads(load.stdout.readline())["answered_ms"]


class Meter:
    """What a program and the broker use from here on."""

    def __init__(self, program, broker):
        self.program, self.broker = program, broker
        self.before = stat_of(broker.pid)
        self.busy, self.since = machine_busy_s(), time.monotonic()

    def read(self, per):
        """Per million (CPU) or per one (bytes) of what was done."""
        self.program.check()
        ours, broker, took = stat_of(self.program.pid), stat_of(self.broker.pid), time.monotonic() - self.since
        broker_cpu = broker[0] - self.before[0]
        others = machine_busy_s() - self.busy - broker_cpu - ours[0]
        return {
            "cpu_s_per_million": round(ours[0] / per * 1e6, 2),
            "broker_cpu_s_per_million": round(broker_cpu / per * 1e6, 2),
            "peak_mib": round(ours[1]),
            "written_bytes_each": round(ours[2] / per),
            "broker_written_bytes_each": round((broker[2] - self.before[2]) / per),
            "others_cpu_percent": max(0, round(100 * others / took / os.cpu_count())),
        }


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def wait_ready(program, port, seconds=30):
    def is_ready():
        program.check()
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                return answer.status == 200

    wait_until(is_ready, seconds, f"{program.name} is ready: see {program.log}")


def projected(directory, topics):
    """How far the view that is furthest behind has come, summed over the partitions of these topics."""
    least = None
    for file in directory.glob("views/*.db"):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(
            sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        ) as db:
            rows = dict(db.execute("SELECT topic, sum(next_offset) FROM checkpoints GROUP BY topic"))
            followed = [rows[topic] for topic in topics if topic in rows]
            if followed:
                least = sum(followed) if least is None else min(least, sum(followed))
    return least or 0


def writer(broker, program, partitions=4, *options):
    """The write service, its floor or a peer, started."""
    if program == "kafka-streams":
        home = WORK / program
        java = ["java", "-Xmx1g", "-XX:+UseParallelGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        return Program(
            program,
            command=[*java, "-cp", f"{home}/classes:{home}/lib/*", "peer.Allocator"],
            environment={
                "BOOTSTRAP": broker.address,
                "APPLICATION": f"peer-{time.time_ns()}",
                "STATE": str(WORK / "data" / program),
            },
        )
    if program == "write-service":
        options = ("--listen", f"127.0.0.1:{free_port()}", "--log-level", "warn", *options)
    else:
        options = ("--shards", partitions, *options)
    return Program(program, "--brokers", broker.address, *options)


def run_write(broker, program, commands, partitions=4, options=(), per=None):
    """One program on the commands that are there, its output topics fresh; the figures are of `per` things, else of the commands."""
    per = per or commands
    shape = ["--partitions", partitions]
    broker.load("topics", "--keep-commands", *shape)
    with writer(broker, program, partitions, *options) as running:
        meter = Meter(running, broker)
        # An event a command, and at least one transaction's mark; then a second in which nothing comes.
        for topic in ("allocation.events", "command.results"):
            broker.load("wait", "--topic", topic, "--count", commands + SKUS, *shape)
        used = meter.read(per=per)
    events = broker.load("count", "--topic", "allocation.events", "--count", commands + SKUS, *shape)
    results = broker.load("count", "--topic", "command.results", "--count", commands + SKUS, *shape)
    if events["records"] != commands + SKUS or results["records"] != commands + SKUS:
        raise RuntimeError(
            f"{program}: {events['records']} events and {results['records']} results of {commands + SKUS} commands"
        )
    return {
        "per_s": round(per / (events["last_ms"] - events["first_ms"]) * 1000),
        "from_start_per_s": round(per / (events["last_ms"] / 1000 - running.started)),
        **used,
    }
