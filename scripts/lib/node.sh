# shellcheck shell=bash
# Brings Node 26 and npm for this checkout, and its node_modules. Sourced after shell.sh.

NODE_VERSION=26.10.0
NPM_VERSION=11.19.1

# Node trusts only its own list of authorities; a machine behind a proxy of its own has its authority in the system's.
if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -e /etc/ssl/certs/ca-certificates.crt ]; then
  export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
fi

# The directory with this version's bin/node and bin/npm, fetched once.
node_home() {
  local home=$CACHE/node-$NODE_VERSION
  [ -x "$home/bin/node" ] || locked node 600 fetch_node "$home"
  printf '%s\n' "$home"
}

# Puts Node 26 first in PATH: the one already there, else the one kept in the cache directory.
need_node() {
  case $(node -v 2>/dev/null) in v26.*) command -v npm >/dev/null && return 0 ;; esac
  local home; home=$(node_home)
  PATH=$home/bin:$PATH
  export PATH
}

# The platform package is what the npm package `node` installs by a script; taken directly, no script has to run.
# npm comes along, because the distribution's own is too old for Node 26.
fetch_node() {
  local home=$1 machine
  [ ! -x "$home/bin/node" ] || return 0
  case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *) fail 69 "no Node for $(uname -m)" "put Node 26 first in PATH" ;;
  esac
  command -v npm >/dev/null || apt_install npm ca-certificates
  apt_install libatomic1
  say "node: fetching Node $NODE_VERSION"
  rm -rf "$home.new" "$home"
  mkdir -p "$home.new/bin"
  (cd "$home.new" && npm_quiet install --prefix . --no-save --ignore-scripts "node-linux-$machine@$NODE_VERSION" "npm@$NPM_VERSION")
  ln -s "../node_modules/node-linux-$machine/bin/node" "$home.new/bin/node"
  ln -s ../node_modules/npm/bin/npm-cli.js "$home.new/bin/npm"
  ln -s ../node_modules/npm/bin/npx-cli.js "$home.new/bin/npx"
  mv "$home.new" "$home"
}

npm_quiet() {
  local log
  log=$(mktemp)
  if ! npm "$@" --no-audit --no-fund --loglevel=error --fetch-retries=3 --fetch-retry-mintimeout=500 --fetch-retry-maxtimeout=5000 >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    fail 69 "npm $1 failed"
  fi
  rm -f "$log"
}

# Installs exactly the lockfile, only when it changed since the last time.
need_modules() { modules_current || locked modules 900 install_modules; }
modules_current() { [ "$(cat "$ROOT/node_modules/.berth-lock" 2>/dev/null)" = "$(sha256sum <"$ROOT/package-lock.json")" ]; }
install_modules() {
  # Whoever waited for the lock may find the work done.
  if modules_current; then return 0; fi
  local stamp=$ROOT/node_modules/.berth-lock hidden=$ROOT/node_modules/.package-lock.json
  # An `npm ci` by hand leaves no stamp of ours, but npm's own copy of the lockfile is then the newer one.
  if [ -e "$stamp" ] || [ ! "$hidden" -nt "$ROOT/package-lock.json" ]; then
    say "node: npm ci"
    (cd "$ROOT" && npm_quiet ci)
  fi
  sha256sum <"$ROOT/package-lock.json" >"$stamp"
}
