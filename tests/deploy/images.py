"""Builds the image of deploy/images from programs that are there already, on a base made of Debian's packages: no registry is
asked. Everything but the base, which is kept in build/tests/images, is made anew. Skips, with the reason, where images cannot
be built."""

import os, re, shutil, subprocess, tempfile
from pathlib import Path

from system import BIN
from tools import ROOT, skip

KEPT = ROOT / "build/tests/images"
PROGRAMS = ("write-service", "read-service", "orderly")
BASE, COMPILED = "localhost/orderly-base:test", "localhost/orderly-programs:test"


def podman(*arguments, check=True, timeout=300):
    out = subprocess.run(["podman", *map(str, arguments)], capture_output=True, text=True, timeout=timeout)
    assert not check or out.returncode == 0, f"podman {' '.join(map(str, arguments))}: {out.stderr[-3000:]}"
    return out if not check else out.stdout.strip()


def require():
    if os.geteuid() != 0:
        skip("images are built as root here (mmdebstrap, buildah's chroot isolation)")
    missing = [name for name in ("podman", "mmdebstrap", "runc") if not shutil.which(name)]
    if missing:
        skip(f"there is no {', no '.join(missing)}: deploy/local/install --images installs what images need")


def make_base():
    tar = KEPT / "base.tar"
    if not tar.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        made = subprocess.run(
            [
                "mmdebstrap",
                "-q",
                "--format=tar",
                "--variant=apt",
                "--include=ca-certificates",
                "bookworm",
                f"{tar}.part",
            ],
            capture_output=True,
            text=True,
            timeout=400,
        )
        if made.returncode:
            skip(f"no base can be made: are Debian's mirrors reachable? {made.stderr.strip()[-300:]}")
        os.rename(f"{tar}.part", tar)
    podman("import", "-q", tar, BASE)


def import_programs():
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "programs").mkdir()
        for name in PROGRAMS:
            shutil.copy2(BIN / name, Path(scratch) / "programs" / name)
        shutil.copytree(ROOT / "build/local/librdkafka/share/licenses", Path(scratch) / "licenses")
        tar = f"{scratch}/programs.tar"
        subprocess.run(["tar", "-C", scratch, "-cf", tar, "programs", "licenses"], check=True)
        podman("import", "-q", tar, COMPILED)


def without_compiling(directory):
    """The Containerfile less its first stage: this podman (4.3) builds stages that nobody wants, too."""
    text = (ROOT / "deploy/images/Containerfile").read_text()
    shorter, count = re.subn(r"FROM \$\{BUILD_BASE\} AS compiled\n.*?\n(?=FROM )", "", text, flags=re.S)
    assert count == 1, "the Containerfile has no stage `compiled`"
    file = Path(directory) / "Containerfile"
    file.write_text(shorter)
    return file


def build(tag, *options, target="image"):
    """localhost/orderly:TAG from ORDERLY_TEST_BIN's programs, or with ORDERLY_TEST_IMAGE_COMPILE=1 by the Containerfile's own stage."""
    with tempfile.TemporaryDirectory() as scratch:
        common = [
            "build",
            "-q",
            "--isolation=chroot",
            "--network=host",
            "--layers",
            "--build-arg",
            f"BUILD_BASE={BASE}",
            "--target",
            target,
            *options,
        ]
        if os.environ.get("ORDERLY_TEST_IMAGE_COMPILE") == "1":
            file = ROOT / "deploy/images/Containerfile"
        else:
            file = without_compiling(scratch)
            common += ["--build-arg", f"PROGRAMS={COMPILED}"]
        podman(*common, "-t", f"localhost/orderly:{tag}", "-f", file, ROOT, timeout=1500)
    return f"localhost/orderly:{tag}"


def make(tag):
    require()
    make_base()
    import_programs()
    return build(tag, "--build-arg", "VERSION=0.1.0")


def remove(*names):
    for name in names:
        podman("rmi", "-f", name, check=False)
