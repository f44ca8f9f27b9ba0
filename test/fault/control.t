#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Control messages that are wrong or ask for too much: each gets its answer or is the last one, the log
# says why, and the server lives on.
. "$(dirname "$0")/fault.sh"

start_server s

# refused TEXT WANTED LOG WORD...: what is read behind the set-up, and a line of the log that this made.
refused() {
    local text=$1 wanted=$2 log=$3 before
    shift 3
    before=$(wc -l <s/log)
    check "$text" "$(opened s "$@")" "$wanted"
    [ -n "$log" ] || return
    told() { tail -n "+$((before + 1))" s/log | grep -qE -- "$log"; }
    if until_true told; then
        check "$text: the log says why" yes yes
    else
        check "$text: the log says why" "$(tail -n "+$((before + 1))" s/log)" "a line with $log"
    fi
}

# --- requests

refused "4294967295 slots" $'accept=4\nclosed' 'a request with 4294967295 schedule slots; the limit is 4096' \
    nslots=4294967295 request accept? closed?
refused "a slot of unknown type" closed 'schedule slot 0 is of unknown type 7' slot= slot=7:0.1 request accept?
refused "no slots" accept=2 'refused .*a schedule without slots' slot= request accept?
refused "no packets" $'accept=0\nack accept=0\nstop accept=0 sessions=0' '' \
    npackets=0 request accept? go ack? stop? next_seqno=0 stop
refused "no packets the other way" $'accept=0\nack accept=0\nstop accept=0 sessions=1' '' \
    conf_receiver=0 conf_sender=1 npackets=0 request accept? go ack? stop? sessions=0 stop
refused "padding of 4294967295" accept=3 'packets would be larger than UDP can carry' padding=4294967295 request accept?
refused "IP version 5" accept=3 'IP version is neither 4 nor 6' ipvn=5 request accept?
refused "IP version 6 with addresses of version 4" accept=3 'not an address of this host' ipvn=6 request accept?
refused "both ends" accept=3 'both ends are to be configured' conf_sender=1 request accept?
refused "neither end" accept=3 'neither end is to be configured' conf_receiver=0 request accept?
refused "an address that is not ours" accept=3 '192.0.2.1 is not an address of this host' \
    receiver_addr=192.0.2.1 request accept?
refused "our address zero" accept=3 'an address is all zeros' receiver_addr=0.0.0.0 request accept?
refused "the peer's address zero" accept=3 'an address is all zeros' sender_addr=0.0.0.0 request accept?
refused "the peer's port zero" accept=3 "the peer's UDP port is zero" sender_port=0 request accept?
refused "a third party as the target" accept=1 'in open mode packets are sent to the asking host alone' \
    conf_receiver=0 conf_sender=1 sender_addr=127.0.0.1 receiver_addr=192.0.2.1 request accept?
refused "a Type-P that is no DSCP" accept=3 'Type-P is not a DSCP' typep=0x80000000 request accept?
refused "more packets at once than can be kept track of" accept=4 'rate times timeout' \
    npackets=4294967295 slot= slot=1:0.000001 timeout=100 request accept?
refused "a timeout of zero" $'accept=0\nack accept=0\nstop accept=0 sessions=0' '' \
    timeout=0 start=-1 request accept? go ack? stop? next_seqno=10 stop
refused "a timeout of zero the other way" $'accept=0\nack accept=0\nstop accept=0 sessions=1' '' \
    conf_receiver=0 conf_sender=1 timeout=0 udp request accept? go ack? stop? sessions=0 stop
refused "a timeout of a hundred years" $'accept=0\nack accept=0' 'closed: connection closed by the peer' \
    timeout=4e9 npackets=100000 request accept? go ack?
refused "a start in thirty years" $'accept=0\naccept=0\nack accept=0' 'closed: connection closed by the peer' \
    start=1e9 udp request accept? conf_receiver=0 conf_sender=1 request accept? go ack?
check "another measures" "$(measure s)" "$measured"

# --- commands out of place

refused "Start-Sessions before any request" $'ack accept=0\nstop accept=0 sessions=0' '' go ack? stop?
refused "Stop-Sessions without a test" closed 'Stop-Sessions, while no test runs' stop closed?
session=(request accept? go ack?)
begun=$'accept=0\nack accept=0\nclosed'
refused "Start-Sessions twice" "$begun" 'command 2 while a test runs' "${session[@]}" go closed?
refused "a request while a test runs" "$begun" 'command 1 while a test runs' "${session[@]}" request closed?
refused "a fetch while a test runs" "$begun" 'command 4 while a test runs' "${session[@]}" fetch closed?
zeros=0000000000000000000000000000000000000000000000000000000000000000
refused "command 5" closed 'command 5: TWAMP request' "send=05$zeros$zeros$zeros" closed?
refused "command 99" closed 'unknown command 99' "send=63$zeros" closed?
refused "command 0" closed 'unknown command 0' "send=00$zeros" closed?

# --- Stop-Sessions

refused "4294967295 skip ranges" "$begun" 'too many skip ranges' \
    "${session[@]}" next_seqno=10 nskips=4294967295 stop closed?
refused "4294967295 sessions" "$begun" 'Stop-Sessions: 4294967295 sessions are too many' \
    "${session[@]}" sessions=4294967295 stop closed?
refused "a Next Seqno beyond the packets" "$begun" 'Next Seqno is beyond' \
    "${session[@]}" next_seqno=11 stop closed?
refused "a session that is not there" "$begun" 'Stop-Sessions says nothing of a session' \
    "${session[@]}" "sid=$(printf '%032x' 1)" next_seqno=10 stop closed?
refused "no session where there is one" "$begun" 'Stop-Sessions says nothing of a session' \
    "${session[@]}" sessions=0 stop closed?
refused "fewer packets than came" $'accept=0\nack accept=0\nstop accept=0 sessions=0\nclosed' \
    'packets came that it says were not sent' \
    udp timeout=20 "${session[@]}" repeat=10 packets stop? next_seqno=0 stop closed?

# --- Fetch-Session

none='fetch accept=1 finished=0 next=0 came=0 lost=0'
refused "a fetch of an unknown session" "$none" 'denied \(rejected\): no such session' \
    "sid=$(printf '%032x' 1)" fetch fetch?
refused "a fetch that ends before it begins" "$none" 'denied \(rejected\): the range ends before it begins' \
    begin=5 end=4 fetch fetch?
check "another measures" "$(measure s)" "$measured"

# --- too much work

# As the sender of four thousand million packets that are all late.
memory=$(memory_kib s)
start_peer late connect "${port[s]}" greeting? setup start? conf_receiver=0 conf_sender=1 npackets=4294967295 \
    start=-1.7e9 slot= slot=1:0.000001 timeout=1 udp request accept? go ack? sessions=0 hold
until_true has_text late holding
check "beside a session that sends from 1970 on another measures" "$(measure s)" "$measured"
# (What cannot be sent within -L is left out, which a slow machine may need.)
match "and loses nothing" "$(timeout 60 owping -f -c 200 -i 0.005f -L 10 "127.0.0.1:${port[s]}" 2>&1)" \
    '200 sent, 0 lost'
# As the receiver of packets that all should have come by now.
start_peer old connect "${port[s]}" greeting? setup start? npackets=20000000 start=-1.7e9 slot= slot=0:0.00001 \
    timeout=0.001 udp request accept? go ack? hold
until_true has_text old holding
check "and beside one that receives from 1970 on" "$(measure s)" "$measured"
at_most "and they cost no more than 32 MiB" "$(($(memory_kib s) - memory))" 32768
end_peer
gone() { has_text s/log '20000000|closed: .*(peer|reset)'; }
until_true gone
stop_server s

# --- no port left

start_server one
ports=$(opened one udp request accept? port | sed -n 's/^port //p')
kill "${pid[one]}"
wait "${pid[one]}"
start_server few -P "$ports-$ports"
check "where the port range is used up a second session of the same peer is refused" \
    "$(opened few udp request accept? request accept?)" $'accept=0\naccept=5'
logged "and the log says what to do" few 'no UDP port is left on 127.0.0.1; widen testports'
check "others share the one port" "$(measure few -f)" "5 sent, 0 lost (0.000%), 0 duplicates"
stop_server few
plan
