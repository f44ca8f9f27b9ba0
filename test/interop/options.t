#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The parameters of a test reach the other make and come back in its summaries.
. "$(dirname "$0")/interop.sh"

server ours ours 127.0.0.1
server theirs theirs 127.0.0.1
pairs=("ours theirs" "theirs ours")

# measure NAME OPTION...: both ways round.
measure() {
    local name=$1 pair
    shift
    for pair in "${pairs[@]}"; do
        start "$name-${pair% *}" "$(program "${pair% *}" owping)" -M "$@" "127.0.0.1:${port[${pair#* }]}"
    done
}

# tell NAME TEXT KEY VALUE...: of both sessions of both pairs.
tell() {
    local name=$1 text=$2 pair got want
    shift 2
    for pair in "${pairs[@]}"; do
        got="$(cat "$name-${pair% *}.rc"):" want="0:"
        for ((i = 1; i < $#; i += 2)); do
            got+=" ${!i} $(value "$name-${pair% *}.out" "${!i}")"
            local j=$((i + 1))
            want+=" ${!i} ${!j} ${!j}"
        done
        check "${pair% *} owping, ${pair#* } owampd: $text" "$got" "$want"
    done
}

auth=(-u joe -k good.pfs)
for pad in 0 100 1400; do
    for mode in O A E; do
        measure "pad$pad$mode" -A "$mode" "${auth[@]}" -c 10 -i 0.02f -L 8 -s "$pad"
    done
done
measure dscp -c 10 -i 0.02f -L 8 -D ef
measure dscp6 -c 10 -i 0.02f -L 8 -D 0x0a
measure two -c 21 -i 0.05f,0.02e -L 8
measure four -c 41 -i 0.01,0.02e,0.03f,0.005e -L 8
measure timeout -c 10 -i 0.02f -L 7.5
measure one -c 1 -i 0.02f -L 8
measure many -c 1000 -i 0.005e -L 8
measure ports -c 10 -i 0.02f -L 8 -P 20100-20139
measure anyport -c 10 -i 0.02f -L 8 -P 0
measure bucket -c 10 -i 0.02f -L 8 -b 0.002
finish

for pad in 0 100 1400; do
    for mode in O A E; do
        tell "pad$pad$mode" "$pad octets of padding, mode $mode" PACKET_PADDING "$pad" SENT 10 LOST 0
    done
done
tell dscp "DSCP ef" DSCP 0x2e SENT 10 LOST 0
tell dscp6 "DSCP as a number" DSCP 0x0a SENT 10 LOST 0
tell two "a fixed and an exponential slot take turns" SENT 21 LOST 0 SESSION_PACKET_COUNT 21
tell four "four slots take turns" SENT 41 LOST 0 SESSION_PACKET_COUNT 41
tell timeout "the timeout is the one asked for" LOSS_TIMEOUT 32212254720 SENT 10 LOST 0
tell one "a session of one packet" SENT 1 LOST 0 DUPS 0
tell many "1000 packets, two hundred a second" SENT 1000 LOST 0 DUPS 0
tell anyport "a test port of the kernel's choice" SENT 10 LOST 0
tell bucket "another bucket width" BUCKET_WIDTH 0.002 SENT 10 LOST 0

for pair in "${pairs[@]}"; do
    name=ports-${pair% *}
    # The first session goes to the server, the second one comes from it.
    ours="$(value "$name.out" FROM_PORT | cut -d' ' -f1) $(value "$name.out" TO_PORT | cut -d' ' -f2)"
    match "${pair% *} owping, ${pair#* } owampd: -P is kept to" "$ours" '^201[0-3][0-9] 201[0-3][0-9]$'
done
plan
