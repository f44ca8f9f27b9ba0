#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# systemd takes the units, and they name programs and options that there are.
. "$(dirname "$0")/lint.sh"
: "${top_builddir:?is set by make check}"
need systemd-analyze

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# What systemd would start, from the build folder: it looks whether that can be started.
for unit in packaging/systemd/*.service.in; do
    [ -e "$unit" ] || break
    name=$(basename "$unit" .service.in)
    made=$top_builddir/packaging/systemd/$name.service
    claim "$name.service is made" "$([ -s "$made" ] || echo "there is no $made"; grep -n '@[a-z]*@' "$made")"
    program=$(sed -nE 's|^ExecStart=[^ ]*/([a-z]+) .*|\1|p' "$made")
    sed -E "s|^(ExecStart=)[^ ]*/$program |\1$top_builddir/$program/$program |" "$made" >"$dir/$name.service"
    claim "$name.service starts the program" "$(grep -q "^ExecStart=$top_builddir/" "$dir/$name.service" || grep ExecStart "$made")"
    claim "$name.service is verified" "$(systemd-analyze verify --man=no --recursive-errors=no "$dir/$name.service" 2>&1)"
    claim "$name.service names a user that is told of" "$(
        user=$(sed -n 's/^User=//p' "$made")
        grep -q "^u $user " packaging/systemd/psuite.sysusers || echo "$user"
    )"
    claim "$name.service names groups that are told of" "$(
        sed -n 's/^SupplementaryGroups=//p' "$made" | tr ' ' '\n' | while read -r group; do
            grep -q "^u $group " packaging/systemd/psuite.sysusers || echo "$group"
        done
    )"
    score=$(systemd-analyze security --offline=yes --threshold=30 "$dir/$name.service" 2>&1 | tail -n 1)
    claim "$name.service exposes little" "$([[ $score == *" OK "* ]] || echo "$score")"
done
[ "$count" -gt 0 ] || claim "there are units" "packaging/systemd holds none"
plan
