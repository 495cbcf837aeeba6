#!/bin/sh
# Moves every shard's store to the volume of the pod that runs it from now on, when the number of write pods changes.
#
#   move-shards.sh TO DIRECTORY...    DIRECTORY i is the volume of pod i: as many as the larger number of pods, TO the new one
#
# All write pods must have ended. May be stopped anywhere and run again: a store is removed where it was only when a whole copy
# lies where it goes. Customers' keys lie on volumes of their own, for which it is run once more.
set -eu
to=$1
shift
directory_of() { # INDEX DIRECTORY...: the path of pod INDEX
  n=$(($1 + 1))
  shift
  eval "printf '%s' \"\${$n}\""
}

move() { # FILE TARGET
  if [ ! -e "$2" ]; then
    cp -p "$1" "$2.part"
    sync "$2.part"
    mv "$2.part" "$2"
  fi
  cmp -s "$1" "$2" || { echo "move-shards: $1 and $2 are both there and differ" >&2; exit 1; }
  sync "$(dirname "$2")"
}

[ "$to" -ge 1 ] && [ "$to" -le $# ] || { echo "move-shards: $to pods want as many volumes at least" >&2; exit 2; }
for directory; do
  for lock in "$directory"/shard-*.lock; do
    [ -e "$lock" ] || continue
    flock -n "$lock" true || { echo "move-shards: $lock is held: a write pod still runs" >&2; exit 1; }
  done
done
for directory; do
  for store in "$directory"/shard-*.db "$directory"/customer-keys-*.db; do
    [ -e "$store" ] || continue
    name=$(basename "$store")
    shard=${name##*-} shard=${shard%.db}
    target=$(directory_of $((shard % to)) "$@")
    [ "$target" != "$directory" ] || continue
    # The log first: a store that has arrived has its log with it.
    for log in wal journal; do
      if [ -e "$store-$log" ]; then move "$store-$log" "$target/$name-$log"; fi
    done
    move "$store" "$target/$name"
    # The log goes before its store: a log alone would be played into whatever store comes here next.
    rm -f "$store-wal" "$store-shm" "$store-journal" "${store%.db}.lock"
    rm -f "$store"
    echo "${name%.db}: $directory -> $target"
  done
done
