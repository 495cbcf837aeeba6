#!/usr/bin/env python3
"""The repository itself: no secret in it (detect-secrets), and shell scripts that shellcheck has nothing to say about. Both work
without the network. A finding that is none stands in KNOWN, with the reason."""
import json, shutil, subprocess, sys, tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KNOWN = {
    "tests/common/jwt_test.cpp": "the keys and tokens of RFC 7515's examples, and those that a test makes",
    "tests/notifications/mail_test.cpp": "a mail server's address with a password that nobody has",
    "tests/notifications/notifications_test.cpp": "likewise",
    "tests/fuzz/token.cpp": "a public key and a token of RFC 7515's examples",
}
PLUGINS = ("PrivateKeyDetector", "JwtTokenDetector", "BasicAuthDetector", "AWSKeyDetector", "GitHubTokenDetector")


def files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def secrets(names):
    from detect_secrets import SecretsCollection
    from detect_secrets.settings import transient_settings
    found = SecretsCollection()
    with transient_settings({"plugins_used": [{"name": name} for name in PLUGINS]}):
        for name in names:
            found.scan_file(str(ROOT / name))
    return [(str(Path(path).relative_to(ROOT)), secret) for path, secret in found]


def is_shell(name):
    with open(ROOT / name, "rb") as file:
        first = file.readline(80)
    return first.startswith(b"#!") and (b"bash" in first or b"/sh" in first)


def canary():
    """The scan can find something."""
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as directory:
        planted = Path(directory) / "planted.txt"
        planted.write_text("-----BEGIN " + "RSA PRIVATE KEY-----\n")
        return bool(secrets([str(planted.relative_to(ROOT))]))


try:
    import detect_secrets
except ImportError:
    print("SKIPPED: the Python package detect-secrets is not installed (tests/run installs it)")
    sys.exit(77)
names, problems = files(), []
(ROOT / "build").mkdir(exist_ok=True)
if not canary():
    problems.append("a planted private key was not found")
for path, secret in secrets(n for n in names if not n.startswith(("tests/fuzz/corpus/", "read-service/web/vendor/"))):
    if path not in KNOWN:
        problems.append(f"{path}:{secret.line_number}: {secret.type}")
scripts = [name for name in names if is_shell(name)]
if shutil.which("shellcheck"):
    done = subprocess.run(["shellcheck", "-x", "--severity=warning", "-e", "SC2115", *scripts], cwd=ROOT, capture_output=True, text=True)
    problems += [done.stdout] if done.returncode else []
print("\n".join(problems) or f"{len(names)} files without a secret, {len(scripts)} shell scripts"
      + ("" if shutil.which("shellcheck") else " (shellcheck is not installed: they were not looked at)"))
sys.exit(1 if problems else 0)
