#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The manual pages are clean mdoc.
. "$(dirname "$0")/lint.sh"
need mandoc

for page in man/*.[1-8]; do
    [ -e "$page" ] || break
    claim "$page has no warnings" "$(mandoc -Tlint -Wwarning "$page" 2>&1)"
    # A macro takes quotes around a word away: JSON has \(dq there.
    claim "$page keeps its quotes" "$(grep -nE '^\.[A-Z].*\{"' "$page")"
done
[ "$count" -gt 0 ] || claim "there are manual pages" "man/ holds none"
plan
