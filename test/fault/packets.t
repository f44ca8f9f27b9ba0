#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Test packets that are not what they should be are counted and ignored, and end nothing.
. "$(dirname "$0")/fault.sh"

mkdir -p s/conf
printf 'joe\t%s\n' "$(printf secret | od -An -tx1 | tr -d ' \n')" >s/conf/owamp-server.pfs
chmod 600 s/conf/owamp-server.pfs
start_server s
session=(npackets=20 timeout=40 udp request accept? go ack?)
good=(seq=0 step=1 repeat=20 packets)
finish=(stop? next_seqno=20 stop fetch fetch?)
end='fetch accept=0 finished=1 next=20 came=20 lost=0'

# in_mode MODE WORD...: a session with these words behind its start.
in_mode() {
    local mode=$1
    shift
    peer s greeting? "mode=$mode" keyid=joe pass=secret setup start? "${session[@]}" sid "$@" | grep -vE '^(greeting|start)'
}

# claim TEXT MODE IGNORED WORD...: so many packets are ignored; then the good ones come and all is well.
claim() {
    local text=$1 mode=$2 ignored=$3 got sid
    shift 3
    got=$(in_mode "$mode" "$@" "${good[@]}" "${finish[@]}")
    check "mode $mode: $text: the session ends as if nothing had been" "$(tail -n 1 <<<"$got")" "$end"
    sid=$(sed -n 's/^sid //p' <<<"$got")
    if [ "$ignored" != 0 ]; then
        logged "mode $mode: $text: $ignored are counted" s "$sid: $ignored datagrams ignored"
    else
        check "mode $mode: $text: none is counted" "$(said s "$sid: .*ignored")" 0
    fi
}

for mode in 1 2 4; do
    claim "sequence number out of range" $mode 2 seq=20 packets seq=4294967295 packets
    claim "error multiplier zero" $mode 1 err=0 packets err=32769
    claim "too short" $mode 2 size=1 packets size=13 packets size=0
    claim "too long" $mode 2 size=100 packets size=65000 packets size=0
    claim "stamps an hour away" $mode 2 stamp=3600 packets stamp=-3600 packets stamp=0
done
claim "stamp thirty years ahead" 1 1 stamp=1e9 packets stamp=0
for mode in 2 4; do
    claim "wrong HMAC" $mode 10 bad_mac=1 repeat=10 packets bad_mac=0
done
# The good ones go out by the right socket first, since the wrong one stays.
got=$(in_mode 1 "${good[@]}" foreign seq=0 repeat=5 packets "${finish[@]}")
check "packets from a port that was not agreed are not recorded" "$(tail -n 1 <<<"$got")" "$end"

got=$(in_mode 1 seq=0 repeat=19 packets seq=3 step=0 repeat=5 packets seq=19 step=1 repeat=1 packets "${finish[@]}")
check "copies are recorded each" "$(tail -n 1 <<<"$got")" 'fetch accept=0 finished=1 next=20 came=25 lost=0'
got=$(in_mode 1 seq=0 repeat=19 packets seq=3 step=0 repeat=3000 packets seq=19 step=1 repeat=1 packets "${finish[@]}")
check "but no more than four for each packet and a thousand" "$(tail -n 1 <<<"$got")" \
    'fetch accept=0 finished=1 next=20 came=1100 lost=0'

# A flood, while another measures.
start_peer flood connect "${port[s]}" greeting? setup start? "${session[@]}" seq=1000000 pace=100 repeat=100000 \
    packets "${good[@]}" "${finish[@]}"
until_true has_text flood 'ack accept=0'
check "while a hundred thousand wrong packets come another measures" "$(measure s)" "$measured"
wait "$peer_pid"
check "and the session they came for ends as if nothing had been" "$(tail -n 1 flood)" "$end"
stop_server s
plan
