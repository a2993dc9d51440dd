# Sourced by the scripts here: go to the checkout and set PYTHON to a Python of at least 3.11.
set -eu
cd "$(dirname "$0")/.."
PYTHON=
for candidate in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        PYTHON=$candidate
        break
    fi
done
if [ -z "$PYTHON" ]; then
    echo "no Python 3.11 or later found; on Debian or Ubuntu: apt-get install python3" >&2
    exit 1
fi
