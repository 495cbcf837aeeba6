# shellcheck shell=bash disable=SC2034
# What the scripts of deploy/local and tests/run share: settings, words to the user, ports, processes. Sourced, never run.
# Every setting can be given in the environment; none of them is an option of the programs themselves.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
local_dir=${ORDERLY_LOCAL_DIR:-$root/build/local}
kafka_lib=${ORDERLY_LOCAL_KAFKA_LIB:-$root/build/local/kafka-lib}
kafka_port=${ORDERLY_LOCAL_KAFKA_PORT:-9092}
write_port=${ORDERLY_LOCAL_WRITE_PORT:-8081}
read_port=${ORDERLY_LOCAL_READ_PORT:-8080}
bin=${ORDERLY_LOCAL_BIN:-$root/build/release/bin}  # given: nothing is built, these programs are run
brokers=127.0.0.1:$kafka_port
write_url=http://127.0.0.1:$write_port
read_url=http://127.0.0.1:$read_port

say() { printf '%s\n' "$*" >&2; }

die() { say "$(basename "$0"): $*"; exit 1; }

# usage: prints the comment at the head of the running script.
usage() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0" >&2; }

# wait_until SECONDS COMMAND...: polls until the command succeeds; 1 when the time is over.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# port_holder PORT: the program that listens there, such as "java (process 4711)".
port_holder() {
  local holder
  holder=$(ss -Hltnp "sport = :$1" 2>/dev/null | sed -nE 's/.*users:\(\("([^"]+)",pid=([0-9]+).*/\1 (process \2)/p' | head -n 1)
  printf '%s' "${holder:-a process of another user}"
}

# require_free_port PORT VARIABLE: dies with who has it.
require_free_port() {
  ! port_open "$1" || die "port $1 is in use by $(port_holder "$1"); end it or set $2 to a free port"
}

# free_port: a port nobody listens on, below the range that outgoing connections take theirs from.
free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); do
    port_open "$port" || { printf '%s' "$port"; return; }
  done
}

# command_of PID: its command line; empty when it is gone (or a zombie).
command_of() { { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null || true; }

# is_running PIDFILE WORD: the recorded process lives and its command line holds the word (pids come again).
is_running() {
  local pid
  [[ -s $1 ]] && pid=$(<"$1") && [[ $(command_of "$pid") == *"$2"* ]]
}

# has_ended PID: no thread of it is left, so its ports and file locks are free too (a dying process loses its command line first).
has_ended() { ! grep -qs '^State:.[^ZX]' "/proc/$1/task/"*/status; }

# spawn LOG PIDFILE COMMAND...: starts it in the background, in a session of its own. Until it has become the command, is_running does not
# know it: whoever waits for it asks has_ended.
spawn() {
  local log=$1 pidfile=$2
  shift 2
  setsid "$@" >>"$log" 2>&1 </dev/null 9>&- &
  echo $! >"$pidfile"
}

# kill_process NAME PIDFILE WORD: SIGKILL; returns when it is gone.
kill_process() {
  local name=$1 pidfile=$2 word=$3 pid
  if is_running "$pidfile" "$word"; then
    pid=$(<"$pidfile")
    kill -KILL "$pid" 2>/dev/null || true
    wait_until 10 has_ended "$pid" || die "$name (process $pid) cannot be killed"
    say "$name killed"
  fi
  rm -f "$pidfile"
}

# stop_process NAME PIDFILE WORD SECONDS: SIGTERM, waits, then says so and kills. Returns when it is gone.
stop_process() {
  local name=$1 pidfile=$2 word=$3 patience=$4 pid
  if is_running "$pidfile" "$word"; then
    pid=$(<"$pidfile")
    kill -TERM "$pid" 2>/dev/null || true
    if wait_until "$patience" has_ended "$pid"; then
      say "$name stopped"
    else
      say "$name did not stop within $patience s"
      kill_process "$name" "$pidfile" "$word"
    fi
  fi
  rm -f "$pidfile"
}

# build PRESET [TARGET...]: configures and builds these targets, or all, one at a time; the configuration's output is shown
# only when it fails.
build() {
  local log=$root/build/configure-$1.log only=()
  (($# == 1)) || only=(--target "${@:2}")
  say "building ($1)"
  mkdir -p "$root/build"
  (
    cd "$root" || exit
    exec 9>"build/$1.lock"
    flock 9
    cmake --preset "$1" >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "cmake could not configure the build: see $log"; }
    cmake --build --preset "$1" -j "$(nproc)" "${only[@]}" >&2 || die "the build failed; the lines above say where"
  )
}
