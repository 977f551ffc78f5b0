# shellcheck shell=bash
# What every script here shares: talking to the operator, consent, apt, locks and waiting. Sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${BERTH_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/berth}
VERSION=$(sed -nE 's/^ *"version": *"([^"]+)".*/\1/p' "$ROOT/package.json" 2>/dev/null | head -n 1)
VERSION=${VERSION:-0.1.0}
export ROOT CACHE VERSION

say() { printf '%s\n' "$*" >&2; }
fail() { # fail CODE MESSAGE [HINT]
  say "error: $2"
  [ -z "${3:-}" ] || say "hint: $3"
  exit "$1"
}
# The comment block below the first line of a script is its help text.
help_of() { sed -n '2,/^[^#]/{/^#/{s/^# \{0,1\}//;p}}' "$1"; }

# Changes to the machine itself need a yes: --yes, CI=true, or an answer on a terminal.
consent() {
  if [ "${BERTH_YES:-}" = 1 ] || [ "${CI:-}" = true ]; then return 0; fi
  { [ -t 0 ] && [ -t 2 ]; } || fail 77 "$1 needs your consent" "run again with --yes"
  local answer
  read -r -p "$1? [y/N] " answer
  [[ $answer == [yY]* ]] || fail 77 "not permitted: $1"
}

is_root() { [ "$(id -u)" = 0 ]; }

# Installs the Debian packages that are missing. Lists are fetched once a run, and only if something is missing.
apt_install() {
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "${package%%/*}" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || fail 69 "missing: ${missing[*]}" "install them with your package manager"
  is_root || fail 77 "missing: ${missing[*]}" "as root: apt-get install ${missing[*]}"
  consent "Install ${missing[*]} with apt-get"
  apt_update
  apt_get install -y --no-install-recommends "${missing[@]}"
}
apt_update() {
  [ -z "${APT_FRESH:-}" ] || return 0
  apt_get update
  APT_FRESH=1
}
apt_get() {
  local log
  log=$(mktemp)
  if ! DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    fail 69 "apt-get $1 failed"
  fi
  rm -f "$log"
}

# Runs a function of ours with the named lock held, one at a time across processes.
locked() { # locked NAME SECONDS FUNCTION ARGUMENT…
  local name=$1 seconds=$2
  shift 2
  mkdir -p "$CACHE"
  (
    flock -w "$seconds" 9 || fail 75 "another run holds $CACHE/$name.lock"
    "$@"
  ) 9>"$CACHE/$name.lock"
}

# Polls a condition until it holds; the bound is in seconds.
wait_until() { # wait_until SECONDS COMMAND…
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}
