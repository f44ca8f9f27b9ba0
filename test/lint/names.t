#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files are named for what they hold, say what their licence is, and are all in use.
. "$(dirname "$0")/lint.sh"

without_licence() {
    sources | while read -r f; do
        head -n 1 "$f" | grep -q '^// SPDX-License-Identifier: Apache-2.0$' || echo "$f"
    done
}

# A test that no Makefile.inc names would never run.
forgotten_tests() {
    find test \( -name '*.t' -o -name 'test_*.c' -o -name 'sim_*.c' -o -name 'fuzz_*.c' \) -type f |
        while read -r f; do
            grep -qE "%D%/$(basename "${f%.c}")( |\$)" "$(dirname "$f")/Makefile.inc" || echo "$f"
        done
}

claim "no file is called util, common, misc or helper" \
    "$(sources | grep -E '(^|[/_])(util|utils|common|misc|helper|helpers)\.[ch]$')"
claim "every C file begins with its licence" "$(without_licence)"
claim "every header says #pragma once" "$(sources | grep '\.h$' | xargs grep -L '^#pragma once$')"
claim "every test is run by make check" "$(forgotten_tests)"
plan
