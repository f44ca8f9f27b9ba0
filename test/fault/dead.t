#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A client or a server that dies in the middle of a test.
. "$(dirname "$0")/fault.sh"

# A server that stays connected and says nothing more; what becomes of that is seen at the end.
start_peer mute serve mute.port early=1 greeting setup? start request? udp accept go? ack hold
until_true test -s mute.port
timeout 120 owping -f -c 1 -i 0.01f -L 0.1 "127.0.0.1:$(cat mute.port)" >mute.out 2>mute.err &
waiting=$!
pids+=("$waiting")

# --- the client

start_server s
measure s >first
files=$(descriptors s)

# A client that has sent ten packets of a hundred and is gone.
session=(npackets=100 slot= slot=1:0.01 timeout=0.2 udp request accept? go ack? repeat=10 packets)
check "a client begins to send" "$(opened s "${session[@]}" sid | head -n 2)" $'accept=0\nack accept=0'
logged "its end is told" s 'closed: the peer closed the connection|closed: connection closed'

start_peer client connect "${port[s]}" greeting? setup start? "${session[@]}" sid hold
until_true has_text client holding
sid=$(sed -n 's/^sid //p' client)
file=s/data/hierarchy/default/$sid.owp
until_true [ -s "$file" ]
# Of what came less than the timeout before the end nothing is kept: until some have been lost since.
received() { [ "$(owstats -R "$file" 2>/dev/null | wc -l)" -ge 50 ]; }
until_true received
end_peer
ended() { [ "$(descriptors s)" -le "$files" ]; }
until_true ended
check "the file of a client killed in mid-session is marked incomplete" \
    "$(od -An -tu1 -j8 -N8 "$file" | tr -s ' ')" " 0 0 0 2 0 0 0 0"
check "the whole of it is refused" "$(opened s "sid=$sid" fetch fetch?)" \
    "fetch accept=1 finished=0 next=0 came=0 lost=0"
check "what came can be fetched as a part" "$(opened s "sid=$sid" begin=0 end=98 fetch fetch?)" \
    "fetch accept=0 finished=2 next=0 came=10 lost=0"
logged "and the log says why the whole is not" s 'denied \(rejected\): the session did not end regularly'

for _ in {1..100}; do
    opened s npackets=1000 conf_sender=1 conf_receiver=0 udp request accept? conf_sender=0 conf_receiver=1 \
        request accept? go ack? >last
done
check "the last of a hundred clients began as well" "$(tail -n 1 last)" "ack accept=0"
until_true ended
at_most "a hundred clients that died left no descriptors behind" "$(descriptors s)" "$files"
check "and others measure" "$(measure s)" "$measured"
stop_server s

# --- the server

start_server killed
mkdir out
owping -c 1000 -i 0.1f -F out/from.owp -T out/to.owp "127.0.0.1:${port[killed]}" >owping.out 2>owping.err &
ping=$!
pids+=("$ping")
until_true has_text owping.out 'until results'
has_session() { [ -n "$(ls killed/data/catalog)" ]; }
until_true has_session
{
    kill -9 "${pid[killed]}"
    wait "${pid[killed]}"
} 2>/dev/null
wait "$ping"
check "when the server is killed owping ends with 1" $? 1
match "and says why" "$(cat owping.err)" 'owping: 127.0.0.1 port [0-9]+: the server closed the connection|reset'
check "it leaves no files behind" "$(ls out work)" $'out:\n\nwork:'

wait "$waiting"
check "when the server falls silent in mid-test owping ends with 1" $? 1
match "and says that it waited" "$(cat mute.err)" 'the server does not say that its side has ended'
plan
