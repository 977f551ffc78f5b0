# shellcheck shell=bash
# The copy of this repository's current commit that the example project self-check works on. Sourced after shell.sh.

MIRROR=$ROOT/repos/berth
# Agents in a path workspace run as its owner, and root's are refused; 10001 is the uid agents have elsewhere.
MIRROR_OWNER=10001:10001

# Made anew beside the old one and swapped in: git never runs as the operator inside a directory that agents can write.
mirror_repository() {
  [ -e "$ROOT/.git" ] || { say "up: not a git checkout, so the project self-check has nothing to check"; return 0; }
  command -v git >/dev/null || apt_install git
  local fresh owner=''
  mkdir -p "$ROOT/repos"
  if is_root; then owner=$MIRROR_OWNER; fi
  mkdir -p "$MIRROR"
  [ -z "$owner" ] || chown "$owner" "$MIRROR"
  fresh=$(mktemp -d "$ROOT/repos/.new-XXXXXX")
  git init --quiet --bare "$fresh"
  git --git-dir="$fresh" symbolic-ref HEAD refs/heads/main
  git -c safe.directory="$ROOT" --git-dir="$fresh" fetch --quiet --update-shallow "$ROOT" HEAD:refs/heads/main
  chmod 755 "$fresh"
  [ -z "$owner" ] || chown -R "$owner" "$fresh"
  rm -rf "$MIRROR/origin.git"
  mv -T "$fresh" "$MIRROR/origin.git"
}

remove_mirror() {
  rm -rf "$MIRROR"
  rmdir "$ROOT/repos" 2>/dev/null || true
}
