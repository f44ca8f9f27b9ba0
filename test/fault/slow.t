#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A peer that stops reading disturbs nobody, and neither does a session of very many packets.
. "$(dirname "$0")/fault.sh"

start_server s
measure s >first

# A session all of which is lost as soon as it begins: 25 MB of records.
large=(npackets=1000000 slot= slot=1:0.000005 start=-100 timeout=0.05)
start_peer long connect "${port[s]}" greeting? setup start? "${large[@]}" request accept? go ack? \
    stop? next_seqno=1000000 stop sid
maker=$peer_pid
until_true has_text long 'ack accept=0'
check "while a million lost packets are recorded another measures" "$(measure s)" "$measured"
wait "$maker"
match "and the session ends regularly" "$(cat long)" 'stop accept=0 sessions=0.*sid '
sid=$(sed -n 's/^sid //p' long)

memory=$(memory_kib s)
files=$(descriptors s)
start_peer slow connect "${port[s]}" greeting? setup start? "sid=$sid" fetch fetch-ack? hold
until_true has_text slow holding
check "while a peer has stopped reading its fetch another measures" "$(measure s)" "$measured"
at_most "and what it does not read costs no more than 16 MiB" "$(($(memory_kib s) - memory))" 16384
end_peer
gone() { [ "$(descriptors s)" -le "$files" ]; }
until_true gone
at_most "when it goes its descriptors are free" "$(descriptors s)" "$files"

check "a part of the session is given by the same rules" \
    "$(opened s "sid=$sid" begin=10 end=19 fetch fetch?)" "fetch accept=0 finished=1 next=1000000 came=0 lost=10"
check "the whole can be fetched afterwards" \
    "$(opened s "sid=$sid" fetch fetch?)" "fetch accept=0 finished=1 next=1000000 came=0 lost=1000000"

# Commands whose answers are never read: the connection ends when too much waits.
greedy=()
for _ in {1..40}; do
    greedy+=(fetch)
done
start_peer greedy connect "${port[s]}" greeting? setup start? "sid=$sid" "${greedy[@]}" hold
until_true has_text greedy holding
check "while a peer asks and asks without reading another measures" "$(measure s)" "$measured"
end_peer
stop_server s
plan
