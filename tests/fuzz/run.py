#!/usr/bin/env python3
"""Fuzzes: builds the preset `fuzz`, runs every target (or those that are named) from the kept corpus on, and tells what each has done.

    tests/fuzz/run.py [--seconds 5] [--jobs N] [--minimise] [TARGET...]

A long run: tests/fuzz/run.py --seconds 3600. What it finds new lies in build/fuzz/found/TARGET; --minimise merges that into
tests/fuzz/corpus/TARGET, as little as covers the same code. A crash ends with 1 and its input in build/fuzz/crashes: mend it, keep
the input in the corpus. Needs clang-19 and libclang-rt-19-dev."""
import argparse, concurrent.futures, os, re, shutil, subprocess, sys, time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD, CORPUS = ROOT / "build/fuzz", ROOT / "tests/fuzz/corpus"
MOST_BYTES = 8192  # of a corpus file


def build():
    if not shutil.which("clang++-19") or not list(Path("/usr/lib/llvm-19/lib/clang/19/lib/linux").glob("libclang_rt.fuzzer*")):
        print("SKIPPED: clang-19 and libclang-rt-19-dev are not installed")
        sys.exit(77)
    began = time.monotonic()
    for command in (["cmake", "--preset", "fuzz"], ["cmake", "--build", "--preset", "fuzz"]):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    print(f"built in {time.monotonic() - began:.0f} s")


def fuzz(target, seconds):
    """A line about it, and whether all went well."""
    found, crashes = BUILD / "found" / target, BUILD / "crashes"
    for folder in (found, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    words = [BUILD / "bin" / f"fuzz-{target}", found, CORPUS / target, f"-max_total_time={seconds}", f"-artifact_prefix={crashes}/{target}-",
             "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", f"-max_len={MOST_BYTES}", "-close_fd_mask=1"]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, errors="replace")
    runs = re.search(r"stat::number_of_executed_units: *(\d+)", done.stderr)
    covered = re.findall(r"cov: (\d+)", done.stderr)
    line = f"{target:<8} {int(runs.group(1)) if runs else 0:>12,} inputs, {covered[-1] if covered else '?':>6} edges"
    return (line, True) if done.returncode == 0 else (f"{line}\n{done.stderr[-4000:]}", False)


def minimise(target):
    kept, fresh = CORPUS / target, BUILD / "minimised" / target
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    kept.mkdir(parents=True, exist_ok=True)
    subprocess.run([BUILD / "bin" / f"fuzz-{target}", "-merge=1", fresh, kept, BUILD / "found" / target, f"-max_len={MOST_BYTES}"],
                   check=True, capture_output=True)
    for file in fresh.iterdir():
        if not (kept / file.name).exists() and file.stat().st_size <= 512:
            shutil.copy(file, kept)


options = argparse.ArgumentParser(usage=__doc__)
options.add_argument("--seconds", type=int, default=5)
options.add_argument("--jobs", type=int, default=os.cpu_count())
options.add_argument("--minimise", action="store_true")
options.add_argument("targets", nargs="*")
chosen = options.parse_args()
build()
targets = chosen.targets or sorted(folder.name for folder in CORPUS.iterdir())
with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
    results = list(pool.map(lambda target: fuzz(target, chosen.seconds), targets))
for line, _ in results:
    print(line)
if chosen.minimise:
    for target in targets:
        minimise(target)
sys.exit(0 if results and all(good for _, good in results) else 1)
