#!/bin/sh
# Makes .venv from a hash-locked list: setup.sh requirements.txt | tests/requirements.txt
# Returns at once when list, project and place are those of the last call. PYTHON names another Python.
set -eu
lock=$1
uv_version=0.13.9
python=.venv/bin/python
stamp=.venv/installed

fail() {
    echo "error: $1" >&2
    exit 1
}

# The place counts: a virtual environment does not survive a move.
fingerprint() { echo "$1 in $PWD: $(cat "$1" pyproject.toml | cksum)"; }

is_installed() { [ "$(cat "$stamp" 2>/dev/null)" = "$(fingerprint "$1")" ] && "$python" -c '' 2>/dev/null; }

# The tests' list holds the other one too.
if is_installed "$lock" || is_installed tests/requirements.txt; then exit 0; fi

is_new_enough() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        is_new_enough "$PYTHON" ||
            fail "PYTHON=$PYTHON is not a Python between 3.11 and 3.14: $("$PYTHON" --version 2>&1 || true)"
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python3.14 python; do
        if is_new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "no Python between 3.11 and 3.14 was found; python3 is $(python3 --version 2>&1 || true). Install one, or name it: make PYTHON=/path/to/python3.11"
}

if ! { "$python" -m pip --version && is_new_enough "$python"; } >/dev/null 2>&1; then
    base=$(find_python)
    "$base" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$base cannot make virtual environments: its modules venv and ensurepip are missing (on Debian and Ubuntu: apt install python3-venv)"
    free_kb=$(df -Pk . | awk 'NR == 2 { print $4 }')
    [ "$free_kb" -gt 2000000 ] ||
        fail "the disk is nearly full: the installation needs 2 GB here, $((free_kb / 1000)) MB are free"
    echo "Making .venv with $("$base" --version)" >&2
    "$base" -m venv --clear .venv
fi
rm -f "$stamp"
echo "Installing $lock" >&2
[ "$("$python" -m uv --version 2>/dev/null | cut -d ' ' -f 2)" = "$uv_version" ] ||
    "$python" -m pip install --quiet --disable-pip-version-check "uv==$uv_version"
"$python" -m uv pip install --quiet --python "$python" --require-hashes -r "$lock"
# Editable, so that Airflow finds the provider's entry point and tasks find include/.
"$python" -m uv pip install --quiet --python "$python" --no-deps --no-build-isolation -e .
fingerprint "$lock" >"$stamp"
