#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# owfetch and owup with owampd of both makes; the sessions have skip ranges, because their sender was
# held up for longer than the timeout.
. "$(dirname "$0")/interop.sh"

pairs=("ours ours" "ours theirs" "theirs ours")
for pair in "${pairs[@]}"; do
    server "${pair% *}-${pair#* }" "${pair#* }" 127.0.0.1
done

# --- sessions with skips

for pair in "${pairs[@]}"; do
    name=${pair% *}-${pair#* }
    start "$name" "$(program "${pair% *}" owping)" -c 500 -i 0.02f -L 1 -F "$name-from.owp" -T "$name-to.owp" \
        "127.0.0.1:${port[$name]}"
done
held=()
for pair in "${pairs[@]}"; do
    name=${pair% *}-${pair#* }
    until_true has_records "$name" 50 || echo "# $name: 50 records have not come within 60 s"
    read -r -a own <<<"$(children "${job[$name]}")"
    kill -STOP "${job[$name]}" "${own[@]}"
    held+=("${job[$name]}" "${own[@]}")
done
sleep 2.5 # the time that has to pass
kill -CONT "${held[@]}"
finish

# skips FILE: how many sequence numbers its skip ranges have; there is one session in these tests.
skips() {
    local at n
    n=$((16#$(field "$1" 16 4))) at=$((16#$(field "$1" 24 8)))
    { field "$1" "$at" $((8 * n)) | fold -w 16 && echo; } | while read -r range && [ -n "$range" ]; do
        echo $((16#${range:8} - 16#${range:0:8} + 1))
    done | awk '{ n += $1 } END { print n + 0 }'
}

# fetched NAME SERVER SIDE: fetches the session with SIDE's owfetch.
fetched() {
    start "fetch-$3-$1" "$(program "$3" owfetch)" "127.0.0.1:${port[$1]}" "$(basename "$2" .owp)" "$1-$3.owp"
}

for pair in "${pairs[@]}"; do
    name=${pair% *}-${pair#* }
    for side in ours theirs; do
        fetched "$name" "$(stored "$name")" "$side"
    done
done
finish

for pair in "${pairs[@]}"; do
    name=${pair% *}-${pair#* } who="${pair% *} owping, ${pair#* } owampd"
    stored=$(stored "$name")
    skipped=$(skips "$stored")
    match "$who: packets were skipped, not lost" "$skipped" '^[1-9][0-9]*$'
    match "$who: the client tells of those sent" "$(counts "$name")" "^0: $((500 - skipped)) sent, "
    check "$who: both makes count the same" "$(owstats ours "$stored" | grep sent)" \
        "$(owstats theirs "$stored" | grep sent)"
    check "$who: -T has the records of the server" "$(owstats ours -R "$name-to.owp")" "$(owstats ours -R "$stored")"
    check "$who: -T has its skips" "$(skips "$name-to.owp")" "$skipped"
    for side in ours theirs; do
        check "$side owfetch, ${pair#* } owampd: the session comes" "$(counts "fetch-$side-$name")" \
            "0: $(owstats ours "$stored" | sed -n 's/^\([0-9]* sent, [0-9]* lost\) ([^)]*), \([0-9]* dup\).*/\1, \2/p')"
        check "$side owfetch, ${pair#* } owampd: with all records" "$(owstats theirs -R "$name-$side.owp")" \
            "$(owstats theirs -R "$stored")"
        check "$side owfetch, ${pair#* } owampd: with all skips" "$(skips "$name-$side.owp")" "$skipped"
        check "$side owfetch, ${pair#* } owampd: finished, with its Next Seqno" "$(field "$name-$side.owp" 8 8)" \
            "$(field "$stored" 8 8)"
    done
    if [ "${pair% *}" = ours ]; then
        # The kernel stamped what came while our owping stood still.
        check "$who: what came while our client was held up is not lost" \
            "$(value <(owstats ours -M "$name-from.owp") LOST)" 0
    fi
done

# --- what is not there, and what is asked of several at once

for side in ours theirs; do
    server=$([ "$side" = ours ] && echo theirs || echo ours)
    start "none-$side" "$(program "$side" owfetch)" "127.0.0.1:${port[$side-$server]}" \
        7f000001000000000000000000000000 none.owp
    sid=$(basename "$(stored "$side-$server")" .owp)
    start "twice-$side" "$(program "$side" owfetch)" -M "127.0.0.1:${port[$side-$server]}" \
        "$sid" "$side-a.owp" "$sid" "$side-b.owp"
    start "up-$side-$server" "$(program "$side" owup)" "127.0.0.1:${port[$side-$server]}"
    start "up-$server-$server" "$(program "$server" owup)" "127.0.0.1:${port[$side-$server]}"
    start "key-$side" "$(program "$side" owup)" -u joe -k good.pfs -A E "127.0.0.1:${port[$side-$server]}"
done
finish
check "our owfetch says that theirs has no such session" "$(<none-ours.rc) $(said none-ours | grep -c denies)" "1 1"
match "our owampd tells theirs that it has no such session" "$(said none-theirs)" "denied"
for side in ours theirs; do
    server=$([ "$side" = ours ] && echo theirs || echo ours)
    check "$side owfetch, $server owampd: two sessions on one connection" \
        "$(<"twice-$side.rc") $(value "twice-$side.out" SID)" \
        "0 $(basename "$(stored "$side-$server")" .owp) $(basename "$(stored "$side-$server")" .owp)"
    match "$side owup, $server owampd" "$(<"up-$side-$server.rc") $(said "up-$side-$server")" \
        '^0 Server Up Since: 20[0-9-]*T[0-9:]*\.[0-9]{3}UTC$'
    check "$server owampd: both makes' owup say the same" "$(said "up-$side-$server")" "$(said "up-$server-$server")"
    check "$side owup, $server owampd: in encrypted mode too" "$(said "key-$side")" "$(said "up-$side-$server")"
done
plan
