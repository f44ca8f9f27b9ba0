#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# No script gives shellcheck anything to say.
. "$(dirname "$0")/lint.sh"
need shellcheck

while read -r script; do
    claim "$script is clean" "$(shellcheck -x -P SCRIPTDIR "$script" 2>&1)"
done < <(scripts)
plan
