# shellcheck shell=bash
# The names of the images, and which of them are there in which content. Sourced after shell.sh.

# Which names the operator chose, remembered before the defaults are exported to everything that runs below.
OVERRIDDEN=${BERTH_IMAGES_OVERRIDDEN-$(compgen -e | grep '^BERTH_IMAGE_' | tr '\n' ' ' || true)}
export BERTH_IMAGES_OVERRIDDEN=$OVERRIDDEN

# Builds of several checkouts side by side: a tag each.
TAG=${BERTH_IMAGE_TAG:-$VERSION}

declare -A IMAGE=(
  [debian]=${BERTH_IMAGE_DEBIAN:-debian:bookworm-slim}
  [node]=${BERTH_IMAGE_NODE:-node:26-bookworm-slim}
  [postgres]=${BERTH_IMAGE_POSTGRES:-postgres:17-bookworm}
  [redis]=${BERTH_IMAGE_REDIS:-redis:7-bookworm}
  [daemon]=${BERTH_IMAGE_DAEMON:-berth/daemon:$TAG}
  [runner]=${BERTH_IMAGE_RUNNER:-berth/runner:$TAG}
  [agent-node]=${BERTH_IMAGE_AGENT_NODE:-berth/agent-node:$TAG}
  [net]=${BERTH_IMAGE_NET:-berth/net:$TAG}
  [prometheus]=${BERTH_IMAGE_PROMETHEUS:-prom/prometheus:v3.5.0}
  [grafana]=${BERTH_IMAGE_GRAFANA:-grafana/grafana:12.1.1}
)
# Only `scripts/up --monitoring` needs these.
MONITORING=(prometheus grafana)
export BERTH_IMAGE_NODE=${IMAGE[node]} BERTH_IMAGE_POSTGRES=${IMAGE[postgres]} BERTH_IMAGE_REDIS=${IMAGE[redis]}
export BERTH_IMAGE_PROMETHEUS=${IMAGE[prometheus]} BERTH_IMAGE_GRAFANA=${IMAGE[grafana]}
export BERTH_IMAGE_DAEMON=${IMAGE[daemon]} BERTH_IMAGE_RUNNER=${IMAGE[runner]} BERTH_IMAGE_AGENT_NODE=${IMAGE[agent-node]} BERTH_IMAGE_NET=${IMAGE[net]}

# What an image was made of is its label berth.content; an image without it came from a registry.
look_up() { # look_up TAG…: prints "id content" of each image that is there, in the order asked
  docker image inspect --format '{{.Id}} {{with .Config.Labels}}{{index . "berth.content"}}{{end}}' "$@" 2>/dev/null || true
}
image_id() { look_up "$1" | cut -d ' ' -f 1; }
image_content() { look_up "$1" | cut -d ' ' -f 2; }

# A digest of files and directories below the repository root, and of the words given.
content_of() { # content_of WORD… -- PATH…
  local words=()
  while [ "$1" != -- ]; do words+=("$1"); shift; done
  shift
  (
    cd "$ROOT"
    printf '%s\n' "${words[@]}"
    find "$@" -type f -print0 | sort -z | xargs -0 sha256sum
  ) | sha256sum | cut -c 1-16
}
