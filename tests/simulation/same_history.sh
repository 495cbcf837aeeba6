#!/usr/bin/env bash
# The same seed makes the same history: in another process, and whichever seeds ran before it.
set -euo pipefail
all=$("$1" --seeds 1-60 --hashes | grep '^seed ')
some=$("$1" --seeds 31-60 --hashes | grep '^seed ')
[ "$(echo "$all" | wc -l)" = 60 ]
[ "$(echo "$all" | sort -u -k4,4 | wc -l)" = 60 ] || { echo "two seeds have one history"; exit 1; }
diff <(echo "$all" | tail -30) <(echo "$some") && echo "30 seeds, run twice: the same histories"
