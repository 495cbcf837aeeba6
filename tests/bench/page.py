"""The page of plots: the last run of each figure, drawn by plots.py in a Python environment of the bench's own."""

import subprocess, sys
from pathlib import Path

from harness import say

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"


def environment(work):
    """Its Python; made once, and again when what it needs has changed. None, and the reason said, where that fails."""
    venv, wanted = work / "venv", REQUIREMENTS.read_text(encoding="utf-8")
    stamp = venv / "requirements.txt"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        for command in ([sys.executable, "-m", "venv", venv], [venv / "bin/pip", "install", "-q", "-r", REQUIREMENTS]):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                say(f"bench: no page of plots, matplotlib cannot be installed: {done.stdout.strip()[-300:]}")
                return None
        stamp.write_text(wanted, encoding="utf-8")
    return venv / "bin/python"


def draw(results, work):
    python = environment(work)
    if python is None:
        return
    subprocess.run([python, HERE / "plots.py", results, work / "index.html"], check=True)
    say(f"bench: plots in {work / 'index.html'}")
