# shellcheck shell=bash
# Prometheus' own programs for the tests: those of the machine, else Debian's, unpacked into the cache. Sourced after shell.sh.

# Unpacked, not installed: the package would start a service on the machine.
need_prometheus() {
  if command -v promtool >/dev/null && command -v prometheus >/dev/null; then return 0; fi
  [ -x "$CACHE/prometheus/promtool" ] || locked prometheus 600 fetch_prometheus
  export PATH=$PATH:$CACHE/prometheus
}
fetch_prometheus() {
  # Whoever waited for the lock may find the work done.
  [ ! -x "$CACHE/prometheus/promtool" ] || return 0
  command -v apt-get >/dev/null || fail 69 "missing: prometheus and promtool" "put both into PATH"
  local place; place=$(mktemp -d "$CACHE/prometheus-XXXXXX")
  say "prometheus: fetching Debian's package"
  # An index of yesterday may name a version that is gone.
  if is_root; then apt_update; fi
  (cd "$place" && apt_get download prometheus && dpkg-deb -x prometheus_*.deb .) || fail 69 "cannot fetch the package prometheus"
  mkdir -p "$CACHE/prometheus"
  mv "$place/usr/bin/prometheus" "$CACHE/prometheus/prometheus"
  mv "$place/usr/bin/promtool" "$CACHE/prometheus/promtool"
  rm -rf "$place"
}
