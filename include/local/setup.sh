#!/bin/sh
# Makes .venv: the base, requirements.txt, and what each extra adds to it, requirements/EXTRA.txt.
# Returns at once when lists, project, place and PYTHON are those of the last call. PYTHON names another Python:
# a .venv of a different one is made anew.
usage="include/local/setup.sh [EXTRA...]    makes .venv of requirements.txt and what each extra adds to it"
set -eu
uv_version=0.13.9
python=.venv/bin/python
stamp=.venv/installed

fail() {
    echo "error: $1" >&2
    exit 1
}

# One line per list that is installed. The place counts: a virtual environment does not survive a move.
fingerprint() { echo "$1 in $PWD: $(cat "$1" pyproject.toml | cksum)"; }

are_installed() {
    for list in "$@"; do
        grep -qxF "$(fingerprint "$list")" "$stamp" 2>/dev/null || return 1
    done
    "$python" -c '' 2>/dev/null
}

is_new_enough() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; }

# Why a Python cannot be used: not there, not able to run, or of another version.
why_not() {
    if [ -d "$1" ] || { [ -e "$1" ] && [ ! -x "$1" ]; }; then
        echo "$1 is not an executable file"
    elif ! command -v "$1" >/dev/null; then
        echo "$1 was not found"
    elif ! answer=$("$1" --version 2>&1); then
        echo "$1 cannot run: $answer"
    elif ! is_new_enough "$1"; then
        echo "$1 is $answer"
    fi
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        why=$(why_not "$PYTHON")
        [ -z "$why" ] || fail "a Python from 3.11 to 3.14 is needed, and PYTHON names another: $why"
        echo "$PYTHON"
        return
    fi
    found=
    for candidate in python3 python3.13 python3.12 python3.11 python3.14 python; do
        why=$(why_not "$candidate")
        if [ -z "$why" ]; then
            echo "$candidate"
            return
        fi
        case $why in *"was not found") ;; *) found="$found; $why" ;; esac
    done
    fail "a Python from 3.11 to 3.14 is needed${found:-; none was found}. Install one, or name it: make setup PYTHON=/path/to/python3.11"
}

# Where a Python was installed, and its version: the same for it and for virtual environments made with it.
origin() { "$1" -c 'import os, sys; print(os.path.realpath(sys.base_prefix), *sys.version_info[:3])'; }

case ${1:-} in -h | --help)
    echo "$usage"
    exit
    ;;
esac
lists=requirements.txt
for extra in "$@"; do
    [ -f "requirements/$extra.txt" ] ||
        fail "$extra is not an extra; there are$(printf ' %s' requirements/*.txt | sed 's|requirements/||g; s|\.txt||g')"
    lists="$lists requirements/$extra.txt"
done
set -- $lists

if [ -n "${PYTHON:-}" ]; then
    base=$(find_python)
    if [ -x "$python" ] && [ "$(origin "$base")" != "$(origin "$python" 2>/dev/null)" ]; then
        echo "PYTHON=$PYTHON is not the Python of .venv, which is made anew" >&2
        rm -f "$stamp"
        is_other=yes
    fi
fi

if are_installed "$@"; then exit 0; fi

if [ -n "${is_other:-}" ] || ! { "$python" -m pip --version && is_new_enough "$python"; } >/dev/null 2>&1; then
    base=$(find_python)
    "$base" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$base cannot make virtual environments: its modules venv and ensurepip are missing (on Debian and Ubuntu: apt install python3-venv)"
    free_kb=$(df -Pk . | awk 'NR == 2 { print $4 }')
    [ "$free_kb" -gt 2000000 ] ||
        fail "the disk is nearly full: the installation needs 2 GB here, $((free_kb / 1000)) MB are free"
    echo "Making .venv with $("$base" --version)" >&2
    rm -f "$stamp"
    "$base" -m venv --clear .venv
fi
# Other lists stay installed: base and extras are locked together.
others=$(for list in "$@"; do echo "^$list in "; done | grep -vf - "$stamp" 2>/dev/null) || true
rm -f "$stamp"
echo "Installing $*" >&2
# An inspecting proxy signs with a certificate that only the system knows. uv reads them ([tool.uv] in
# pyproject.toml), and so does a new pip; the pip that Python brings along may be older.
if [ -z "${PIP_CERT:-}" ]; then
    certificates=$("$python" -c 'import ssl; p = ssl.get_default_verify_paths(); print(p.cafile or p.capath or "")')
    [ -z "$certificates" ] || export PIP_CERT="$certificates"
fi
installed() {
    "$@" || fail "the installation failed, for the reason above. If that is the network: HTTPS_PROXY names a proxy, SSL_CERT_FILE a file with its certificate (README.md, Try it)"
}
[ "$("$python" -m uv --version 2>/dev/null | cut -d ' ' -f 2)" = "$uv_version" ] ||
    installed "$python" -m pip install --quiet --disable-pip-version-check "uv==$uv_version"
installed "$python" -m uv pip install --quiet --python "$python" --require-hashes $(printf ' -r %s' "$@")
# Editable, so that Airflow finds the provider's entry point and tasks find include/.
installed "$python" -m uv pip install --quiet --python "$python" --no-deps --no-build-isolation -e .
{
    [ -z "$others" ] || echo "$others"
    for list in "$@"; do fingerprint "$list"; done
} >"$stamp.new"
mv "$stamp.new" "$stamp"
