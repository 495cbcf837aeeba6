#!/usr/bin/env bash
# Runs a test program beside a real SMTP server of its own (smtp_sink.py), which ends with it.
#
#   run_with_smtp.sh PROGRAM [ARGUMENT...]
#
# Wants a python3 in the PATH that has aiosmtpd; without it the tests are SKIPPED (77).
set -euo pipefail

if ! python3 -c 'import aiosmtpd' 2>/dev/null; then
  echo "SKIPPED: python3 has no aiosmtpd (tests/requirements.txt)"
  exit 77
fi
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
python3 "$(dirname "${BASH_SOURCE[0]}")/smtp_sink.py" "$directory" -- "$@"
