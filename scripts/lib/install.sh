# shellcheck shell=bash
# One install on this host: where its passwords, secrets and socket are, and how it goes away. Sourced after shell.sh.

BERTH_INSTALL=${BERTH_INSTALL:-main}
[[ $BERTH_INSTALL =~ ^[a-z0-9]{1,16}$ ]] || fail 64 "BERTH_INSTALL must match ^[a-z0-9]{1,16}$"
if is_root; then STATE_ROOT=/var/lib/berth; else STATE_ROOT=${XDG_STATE_HOME:-$HOME/.local/state}/berth; fi
BERTH_HOME=$STATE_ROOT/$BERTH_INSTALL
BERTH_PASSWORDS_DIR=$BERTH_HOME/passwords
BERTH_SECRETS_DIR=${BERTH_SECRETS_DIR:-$BERTH_HOME/secrets}
BERTH_CONFIG=$(realpath -m "${BERTH_CONFIG:-$ROOT/config/berth.yaml}")
BERTH_CONFIG_DIR=$(dirname "$BERTH_CONFIG")
default_socket=/run/berth
[ "$BERTH_INSTALL" = main ] || default_socket=/run/berth-$BERTH_INSTALL
BERTH_SOCKET_DIR=${BERTH_SOCKET_DIR:-$default_socket}
BERTH_SOCKET_GID=${BERTH_SOCKET_GID:-$(id -g)}
BERTH_HOST=unix:$BERTH_SOCKET_DIR/berth.sock
# Of 127.0.0.1. Other installs have ports of their own, the same each time.
default_port=7878
[ "$BERTH_INSTALL" = main ] || default_port=$((20000 + $(printf '%s' "$BERTH_INSTALL" | cksum | cut -d ' ' -f 1) % 10000))
BERTH_PORT=${BERTH_PORT:-$default_port}
export BERTH_INSTALL BERTH_PASSWORDS_DIR BERTH_SECRETS_DIR BERTH_CONFIG BERTH_CONFIG_DIR BERTH_SOCKET_DIR BERTH_SOCKET_GID BERTH_HOST BERTH_PORT

compose() { docker compose -f "$ROOT/compose/compose.yaml" "$@"; }

# The directory is the operator's alone (0700); the files in it are readable, because each server reads its own
# as a user without rights, through a mount of that one file.
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
put() { printf '%s' "$2" >"$BERTH_PASSWORDS_DIR/$1" && chmod 444 "$BERTH_PASSWORDS_DIR/$1"; }
make_passwords() {
  mkdir -p "$STATE_ROOT"
  (umask 077 && mkdir -p "$BERTH_PASSWORDS_DIR" "$BERTH_SECRETS_DIR")
  # What Prometheus shows the daemon; younger than the rest, so an older install gets it here.
  [ -s "$BERTH_PASSWORDS_DIR/metrics-token" ] || put metrics-token "$(random)"
  [ ! -e "$BERTH_PASSWORDS_DIR/redis-url" ] || return 0
  local postgres redis
  postgres=$(random)
  redis=$(random)
  put postgres-password "$postgres"
  put database-url "postgres://berth:$postgres@postgres:5432/berth"
  put redis-password "$redis"
  # Last, because its presence says that all of them are there.
  put redis-url "redis://:$redis@redis:6379/0"
}

ours() { docker "$1" ls -q "${@:2}" --filter "label=berth.install=$BERTH_INSTALL"; }

# Removes what bears this install's label: containers, then networks, and volumes if asked.
remove_labelled() { # remove_labelled container|network|volume FLAG…
  local found
  if [ "$1" = container ]; then found=$(ours container --all); else found=$(ours "$1"); fi
  # shellcheck disable=SC2086
  [ -z "$found" ] || docker "$1" rm "${@:2}" $found >/dev/null
}

# The install's chains and the jumps into them, in both families; most often the daemon has removed them already.
# Only the iptables that the engine uses is asked, the one that shows DOCKER-USER: asking the other would make its tables.
remove_firewall() {
  docker image inspect "${BERTH_IMAGE_NET:-}" >/dev/null 2>&1 || return 0
  # shellcheck disable=SC2016
  timeout 30 docker run --rm --network host --cap-drop ALL --cap-add NET_ADMIN --cap-add NET_RAW "$BERTH_IMAGE_NET" sh -c '
    four=
    for tool in iptables iptables-nft iptables-legacy; do
      if "$tool" -w 5 -S DOCKER-USER >/dev/null 2>&1; then four=$tool; break; fi
    done
    [ -n "$four" ] || exit 0
    for tool in "$four" "ip6${four#ip}"; do
      "$tool" -w 5 -S 2>/dev/null | grep -E -- "^-A .*-j $1-(IN|FWD)\$" | sed "s/^-A/-D/" | while read -r rule; do "$tool" -w 5 $rule; done
      for chain in "$1-IN" "$1-FWD"; do
        if "$tool" -w 5 -F "$chain" 2>/dev/null; then "$tool" -w 5 -X "$chain"; fi
      done
    done' remove "BERTH-${BERTH_INSTALL^^}" || say "up: firewall chains BERTH-${BERTH_INSTALL^^}-* may be left"
}

# Projects go through the daemon while it answers, because it knows what interrupts whom. What is left goes by label,
# after the daemon, which would repair it, and before the volumes it uses.
take_down() { # take_down [VOLUMES]
  # Compose sees the services of a profile only when it is told of it.
  export COMPOSE_PROFILES=monitoring
  timeout 10 docker version >/dev/null 2>&1 || fail 69 "no Docker engine answers" "scripts/engine"
  if [ -S "$BERTH_SOCKET_DIR/berth.sock" ]; then
    timeout 180 "$ROOT/scripts/berth" down --all --yes || say "up: the daemon did not take the projects down; removing them by label"
  fi
  [ -z "$(compose ps --all --quiet daemon)" ] || compose --progress quiet rm --stop --force daemon >/dev/null
  remove_labelled container --force --volumes
  remove_labelled network
  remove_firewall
  compose --progress quiet down --timeout 20 ${1:+--volumes}
  rm -f "$BERTH_SOCKET_DIR/berth.sock"
  [ -n "${1:-}" ] || { say "up: down; workspaces and records stay (--volumes removes them)"; return 0; }
  remove_labelled volume
  rm -rf "$BERTH_HOME"
  rmdir "$BERTH_SOCKET_DIR" "$STATE_ROOT" 2>/dev/null || true
  say "up: down; nothing of this install is left"
}
