# Sourced by the other scripts: where the tools are, and what to do without them.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# Compiled dependencies live outside the checkout, so that a fresh clone reuses them.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/spheron/target}
export PATH=$root/node_modules/.bin:$PATH

# need PROGRAM HOW: fails with HOW to get it if PROGRAM is missing.
need() {
  command -v "$1" >/dev/null 2>&1 && return
  printf 'error: %s is missing. %s\n' "$1" "$2" >&2
  exit 1
}

# at_least PROGRAM WANTED FOUND HOW: fails if version FOUND is older than WANTED.
at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$3" | sort -V | head -n 1)" = "$2" ] && return
  printf 'error: %s %s is too old, %s or newer is needed. %s\n' "$1" "$3" "$2" "$4" >&2
  exit 1
}

check_tools() {
  need cargo 'Install Rust from https://rustup.rs'
  need node 'Install Node.js from https://nodejs.org'
  need npm 'It comes with Node.js: https://nodejs.org'
  at_least rustc 1.95.0 "$(rustc --version | cut -d ' ' -f 2)" 'Run: rustup update stable'
  at_least node 18.0.0 "$(node --version | tr -d v)" 'Get a newer one from https://nodejs.org'
}

# Foundry, solc and the Solidity libraries, as pinned; nothing to do if they are there already.
install_packages() {
  if ! cmp -s package-lock.json node_modules/.spheron-lock 2>/dev/null; then
    npm ci --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.spheron-lock
  fi
  use_foundry
}

# The wrappers of Foundry's npm packages exit with 0 whatever the program says, so the programs themselves come first.
use_foundry() {
  local bin
  for bin in "$root"/node_modules/@foundry-rs/*/bin; do
    PATH=$bin:$PATH
  done
  if forge no-such-command >/dev/null 2>&1; then
    printf 'error: %s hides failures: it exits with 0 after an error\n' "$(command -v forge)" >&2
    exit 1
  fi
}

build_spheron() {
  cargo build --release --locked --package spheron-cli
}
