#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every C file is formatted as .clang-format says (clang-format 14 decides; others differ in detail).
. "$(dirname "$0")/lint.sh"

format=clang-format-14
command -v $format >/dev/null || format=clang-format
need $format
case $($format --version) in
*" 14."*) ;;
*) skip_all "this is not clang-format 14: $($format --version)" ;;
esac

claim "clang-format changes nothing (mend with: $format -i FILE)" \
    "$(sources | xargs "$format" --dry-run -Werror --style=file 2>&1 | grep 'error:' | cut -d: -f1 | uniq -c)"
plan
