#!/usr/bin/env python3
"""Who may include what: the domain the standard library and itself, common nothing of the services, the services nothing of each
other. `layers.py --canary` proves that each rule can fail."""
import re, sys, tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def sources(root, folder):
    return [p for p in sorted((root / folder).rglob("*")) if p.suffix in (".h", ".cpp")]


def violations(root):
    found, seen = [], 0

    def forbid(path, name, why):
        found.append(f"{path.relative_to(root)}: includes {name}: {why}")

    for folder in ("write-service", "read-service", "common"):
        for path in sources(root, folder):
            seen += 1
            in_domain = path.is_relative_to(root / "write-service/domain")
            for bracket, name in INCLUDE.findall(path.read_text()):
                if in_domain and bracket == '"' and not name.startswith("domain/"):
                    forbid(path, name, "the domain knows nothing but itself")
                if in_domain and bracket == "<" and ("/" in name or name.endswith(".h")):
                    forbid(path, name, "the domain uses the standard library only")
                if folder == "common" and bracket == '"' and not name.startswith("common/"):
                    forbid(path, name, "common has no word of the services")
                other = {"write-service": "read-service", "read-service": "write-service"}.get(folder)
                if other and bracket == '"' and ((root / other / name).exists() and not (path.parent / name).exists() and not (root / folder / name).exists()):
                    forbid(path, name, f"it belongs to the {other}; they share common and proto alone")
    return found, seen


def canary():
    broken = {"write-service/domain/a.h": '#include <sqlite3.h>', "write-service/domain/b.h": '#include "storage/x.h"',
              "common/c.h": '#include "domain/b.h"', "read-service/d.cpp": '#include "domain/b.h"'}
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for name, text in broken.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        found, _ = violations(root)
    missed = [name for name in broken if not any(line.startswith(name) for line in found)]
    return [f"the check does not notice {name}" for name in missed]


problems, seen = violations(ROOT)
problems += canary()
if seen < 30:
    problems.append(f"only {seen} files were looked at: the check looks in the wrong place")
print("\n".join(problems) or f"{seen} files, every layer keeps to itself; every rule can fail")
sys.exit(1 if problems else 0)
