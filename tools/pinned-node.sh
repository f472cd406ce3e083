#!/bin/sh
# Runs a script on the pinned Node, or on the one of the PATH where no pinned one exists for this machine.
here=$(cd "$(dirname "$0")/.." && pwd)
pinned="$here/node_modules/.bin/node"
if [ -e "$pinned" ]; then
  if ! said=$("$pinned" --version 2>&1); then
    echo "The pinned Node ($pinned) does not start on this machine:" >&2
    echo "  $said" >&2
    case "$said" in
      *libatomic*) echo "Install the package that holds libatomic.so.1: 'apt-get install libatomic1' on Debian and Ubuntu, 'dnf install libatomic' on RHEL and Fedora." >&2 ;;
      *libstdc++*) echo "Install the package that holds libstdc++.so.6: 'apt-get install libstdc++6' on Debian and Ubuntu, 'dnf install libstdc++' on RHEL and Fedora." >&2 ;;
    esac
    exit 1
  fi
  PATH="$here/node_modules/.bin:$PATH"
  export PATH
  exec "$pinned" "$@"
fi
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 24 || (a === 24 && b >= 15) ? 0 : 1)' 2>/dev/null; then
  echo "No pinned Node is installed for this platform and the one on the PATH is older than 24.15. Run 'npm ci', or install Node 24.15 or newer." >&2
  exit 1
fi
exec node "$@"
