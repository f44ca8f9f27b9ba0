#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every mode, direction and address family between owping and owampd of both makes.
. "$(dirname "$0")/interop.sh"

# Nothing is late by that much even on a host that is much too busy.
common=(-c 20 -i 0.02f -L 8)
one="20 sent, 0 lost, 0 dup"

families=(127.0.0.1)
if has_ipv6; then
    families+=('[::1]')
fi
for addr in "${families[@]}"; do
    server "ours$addr" ours "$addr"
    server "theirs$addr" theirs "$addr"
done

# each FUNCTION: calls it with client, server, address, mode and direction.
each() {
    local pair addr mode way
    for pair in "ours theirs" "theirs ours" "ours ours"; do
        for addr in "${families[@]}"; do
            for mode in O A E; do
                for way in both from to; do
                    "$1" "${pair% *}" "${pair#* }" "$addr" "$mode" "$way"
                done
            done
        done
    done
}

measure() {
    local options=(-A "$4")
    case $4 in
    A | E) options+=(-u joe -k good.pfs) ;;
    esac
    case $5 in
    from) options+=(-f) ;;
    to) options+=(-t) ;;
    esac
    start "$1-$2-$3-$4-$5" "$(program "$1" owping)" "${options[@]}" "${common[@]}" "$3:${port[$2$3]}"
}

tell() {
    local want="0: $one"
    if [ "$5" = both ]; then
        want="$want; $one"
    fi
    check "$1 owping, $2 owampd, $3, mode $4, $5: all packets arrive" "$(counts "$1-$2-$3-$4-$5")" "$want"
}

each measure
finish
each tell
for addr in "${families[@]}"; do
    check "our owampd on $addr has nothing to complain of" \
        "$(complaints "ours$addr")" ""
done
[ ${#families[@]} -gt 1 ] || skip "IPv6" "this host has no ::1"
plan
