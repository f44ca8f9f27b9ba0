#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Our powstream against owampd of both makes: both directions, with and without parts, three modes; what it
# writes is read by both makes' owstats.
. "$(dirname "$0")/interop.sh"
powstream=$top_builddir/powstream/powstream

names=()
declare -A options=([from]="" [to]=-t [from-parts]="-N 20" [to-parts]="-t -N 20" [auth]="-A A -u joe -k good.pfs"
    [enc]="-A E -t -u joe -k good.pfs" [dscp]="-D ef -s 100")
for side in ours theirs; do
    server "$side" "$side" 127.0.0.1
    for kind in from to from-parts to-parts auth enc dscp; do
        name=$side-$kind
        names+=("$name")
        mkdir "$name"
        read -r -a some <<<"${options[$kind]}"
        start "$name" "$powstream" -p -d "$name" "${some[@]}" -c 40 -i 0.05 -L 2 -g warning "127.0.0.1:${port[$side]}"
    done
done

# Two sessions: the second one's summary is the last line.
complete() {
    [ "$(grep -c '\.owp$' "$1.out")" -ge 2 ] && [ "$(sed -n '/\.owp$/,$p' "$1.out" | grep -c '\.sum$')" -ge 2 ]
}
for name in "${names[@]}"; do
    until_true complete "$name" || echo "# $name: no two sessions within 60 s: $(tail -n 3 "$name.err")"
    cp "$name.out" "$name.first"
done
for name in "${names[@]}"; do
    kill -TERM "${job[$name]}"
done
finish

for name in "${names[@]}"; do
    check "$name: powstream ends with 0 when it is told to" "$(<"$name.rc")" 0
    # shellcheck disable=SC2046 # two names
    set -- $(grep -m 2 '\.owp$' "$name.first")
    one=$(basename "$1" .owp) two=$(basename "$2" .owp)
    check "$name: the second session begins where the first one ends" "${two%_*}" "${one#*_}"
    for side in ours theirs; do
        owstats "$side" -M "$1" | LC_ALL=C sort >"$side.M"
        owstats "$side" -R "$1" >"$side.R"
    done
    check "$name: 40 packets, none lost, for both makes" \
        "$(value ours.M SENT) $(value ours.M LOST) $(value theirs.M SENT) $(value theirs.M LOST)" "40 0 40 0"
    check "$name: both makes read the same from it" "$(<ours.R)" "$(<theirs.R)"
    check "$name: its summary counts the same" "$(value "${1%.owp}.sum" SENT) $(value "${1%.owp}.sum" LOST)" "40 0"
    check "$name: and has the keys of theirs" "$(cut -f 1 "${1%.owp}.sum" | grep -E '^[A-Z]' | LC_ALL=C sort)" \
        "$(owstats theirs -M "$1" | cut -f 1 | grep -E '^[A-Z]' | LC_ALL=C sort)"
    check "$name: it is finished" "$(field "$1" 8 4)" 00000001
    if [[ $name = *-parts ]]; then
        # shellcheck disable=SC2046 # two names
        set -- $(grep -m 2 '\.sum$' "$name.first")
        check "$name: each half has its summary" "$(value "$1" SENT) $(value "$1" LOST) $(value "$2" SENT) $(
            value "$2" LOST)" "20 0 20 0"
        one=$(basename "$1" .sum) two=$(basename "$2" .sum)
        check "$name: the second half begins where the first one ends" "${two%_*}" "${one#*_}"
    fi
done
check "the DSCP is in the summary" "$(value "$(grep -m 1 '\.sum$' theirs-dscp.first)" DSCP)" 0x2e
plan
