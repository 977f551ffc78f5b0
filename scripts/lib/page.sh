# shellcheck shell=bash
# Builds the page from this checkout, and brings a browser to test it. Sourced after node.sh.

PAGE=$ROOT/dist/dashboard

# Only when what it is made of changed since the last time.
need_page() { page_current || locked page 120 build_page; }
page_current() { [ "$(cat "$PAGE/.made-of" 2>/dev/null)" = "$(page_sources)" ]; }
page_sources() {
  (
    cd "$ROOT"
    find src/dashboard src/client src/base src/model images/daemon/page.ts package-lock.json -type f -print0 | sort -z | xargs -0 sha256sum
  ) | sha256sum
}
build_page() {
  if page_current; then return 0; fi
  say "page: building"
  node "$ROOT/images/daemon/page.ts"
  page_sources >"$PAGE/.made-of"
}

# Chromium and a font for it, from the distribution.
need_browser() {
  if [ -n "${BERTH_CHROMIUM:-}" ]; then return 0; fi
  apt_install chromium fonts-dejavu-core
}
