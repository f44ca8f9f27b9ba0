# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the lint tests share: which files are ours.
cd "${top_srcdir:?is set by make check}" || exit 1
. test/tap.sh

programs='archivers owampd owping powstream psarchive pslimits psched psprobe lsregister'

# Every C file of the project.
sources() {
    # shellcheck disable=SC2086 # a list
    find lib $programs test bench \( -name '*.c' -o -name '*.h' \) -type f | LC_ALL=C sort
}

# Every shell script, known by its first line.
scripts() {
    find quickstart check .ci packaging test bench doc -type f ! -path 'test/fuzz/corpus/*' \
        -exec awk 'FNR == 1 { if (/^#!.*sh( |$)/ || FILENAME ~ /\.sh$/) print FILENAME; nextfile }' {} + \
        2>/dev/null |
        LC_ALL=C sort
}

need() {
    command -v "$1" >/dev/null || skip_all "$1 is not installed"
}

# claim TEXT FAULTS: holds when there are no faults; otherwise they are shown.
claim() {
    count=$((count + 1))
    if [ -z "$2" ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        printf '%s\n' "$2" | sed 's/^/#   /'
    fi
}
