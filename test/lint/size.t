#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# No function is longer than 60 lines, no file longer than 600.
. "$(dirname "$0")/lint.sh"

# A function's body stands between a "{" and a "}" in the first column.
# shellcheck disable=SC2016 # awk's dollars
long_functions() {
    sources | xargs awk '
        FNR == 1 { start = 0 }
        /^[A-Za-z_].*\(/ { head = $0; from = FNR }
        /^{/ { start = from }
        /^}/ {
            if (start && FNR - start + 1 > 60)
                print FILENAME ":" start ": " FNR - start + 1 " lines: " head
            start = 0
        }'
}

long_files() {
    sources | xargs awk '
        FNR == 1 && NR > 1 && last > 600 { print name ": " last " lines" }
        { name = FILENAME; last = FNR }
        END { if (last > 600) print name ": " last " lines" }'
}

claim "no function has more than 60 lines" "$(long_functions)"
claim "no file has more than 600 lines" "$(long_files)"
plan
