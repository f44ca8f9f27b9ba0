#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Servers that keep their connections and say nothing more: powstream tells so in time, and it ends in time,
# with what it has measured.
. "$(dirname "$0")/fault.sh"

# ended NAME: waits until the stream has ended; its status is in rc, the seconds it took in took.
ended() {
    local since=$SECONDS
    wait "${pid[$1]}"
    rc=$?
    took=$((SECONDS - since))
}
# Less than a server had before, which was the timeout and 30 s, or 60 s; more than a busy host needs.
in_time=15

# --- one that says nothing to a request

start_peer deaf.out serve deaf.port early=1 greeting setup? start request? hold
until_true test -s deaf.port
start_stream deaf -g info "127.0.0.1:$(cat deaf.port)"
until_true has_text deaf/err 'does not answer'
match "a request that is not answered is told" "$(cat deaf/err)" \
    '127\.0\.0\.1-from: the server does not answer the request for a session'
end_stream deaf "a request that is not answered" 'does not answer the request for a session|Connection refused'

start_peer idle.out serve idle.port early=1 greeting setup? start udp request? accept go? hold
until_true test -s idle.port
start_stream idle -g info "127.0.0.1:$(cat idle.port)"
until_true has_text idle/err 'does not answer'
match "a start that is not answered is told" "$(cat idle/err)" \
    '127\.0\.0\.1-from: the server does not answer that it starts the session'
end_stream idle "a start that is not answered" 'does not answer that it starts the session|Connection refused'

# --- one that says nothing in the middle of a session

long=(-c 600 -i 0.05f -g info)
session=(early=1 greeting setup? start udp request? accept go? ack)
start_peer sends.out serve sends.port "${session[@]}" repeat=15 packets hold
until_true test -s sends.port
start_stream sends "${long[@]}" -L 1 -N 5 "127.0.0.1:$(cat sends.port)"
summaries() { [ "$(find "$1/out" -name '*.sum' | wc -l)" -ge "$2" ]; }
until_true summaries sends 3
kill "${pid[sends]}"
ended sends
check "TERM with a silent sender: exit 0" $rc 0
at_most "TERM with a silent sender: within seconds" $took $in_time
check "what came is given" "$("$top_builddir/owping/owstats" sends/out/*.owp | grep -o '15 sent, 0 lost')" "15 sent, 0 lost"
check "and every moment accounted for" "$(holes sends/out)" ""

start_peer takes.out serve takes.port "${session[@]}" hold
until_true test -s takes.port
start_stream takes "${long[@]}" -t -L 40 "127.0.0.1:$(cat takes.port)"
until_true has_text takes/out/powstream.gaps 'setting up'
kill "${pid[takes]}"
until_true has_text takes/err 'ending: Terminated'
sleep 0.3 # closer together two signals are one
kill "${pid[takes]}"
ended takes
check "TERM twice with a silent receiver: exit 0" $rc 0
at_most "TERM twice with a silent receiver: at once" $took $in_time
check "and every moment accounted for" "$(holes takes/out)" ""

# --- one that has stopped while the next session was asked for

for way in from to; do
    start_server halted
    direction=()
    [ $way = from ] || direction=(-t)
    start_stream "halted-$way" -g info "${direction[@]}" -L 40 "127.0.0.1:${port[halted]}"
    until_true sessions "halted-$way/out" 1
    kill -STOP "${pid[halted]}"
    until_true has_text "halted-$way/err" 'does not answer'
    kill "${pid[halted-$way]}"
    ended "halted-$way"
    check "$way a server that has stopped: exit 0" $rc 0
    at_most "$way a server that has stopped: TERM ends it within seconds" $took $in_time
    check "$way a server that has stopped: every moment is accounted for" "$(holes "halted-$way/out")" ""
    kill -CONT "${pid[halted]}"
    stop_server halted
done
plan
