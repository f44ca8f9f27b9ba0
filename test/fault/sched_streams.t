#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs of latencybg whose server is not there, or whose powstream is killed: that is told, while they run and behind it.
. "$(dirname "$0")/../tool/tool.sh"
# shellcheck source=../tool/sched.sh
. "${top_srcdir:?is set by make check}/test/tool/sched.sh"
for tool in curl jq python3; do
    command -v $tool >/dev/null || skip_all "$tool is not installed"
done

background() { # PORT DURATION
    post "{\"schema\":1,\"test\":{\"type\":\"latencybg\",\"spec\":{\"dest\":\"127.0.0.1\",\"ctrl-port\":$1,\
\"packet-count\":10,\"packet-interval\":0.05,\"packet-timeout\":1,\"duration\":\"$2\"}}}"
}
main_run() { # URL: the run that is not one of its results
    local url
    for url in $(fetch "$1/runs" | json '.[]'); do
        fetch "$url" | jq 'select(.duration != "PT0S" and .duration != "P0D")'
    done
}
is() { # URL JQ: true of its main run
    main_run "$1" | jq -e "$2" >/dev/null
}

serve steady || bail_out "no owampd"
closed=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
sched a || bail_out "$line"
dead=$(background "$closed" PT12S)
good=$(background "$port" PT25S)
refused="127.0.0.1 port $closed: .*Connection refused"

until_true is "$dead" '.errors != null'
check "a run that measures nothing still runs" "$(main_run "$dead" | json .state)" running
match "and says why" "$(main_run "$dead" | json .errors)" "^nothing is measured: $refused"
match "the schedule tells it" "$(fetch "/schedule?task=${dead##*/}" | json '.[].errors')" "^nothing is measured: $refused"
hear "measures nothing" || bail_out "$line"
match "so does the log" "$line" "measures nothing: $refused"
until_true is "$dead" '.state != "running"'
check "in the end it has failed" "$(main_run "$dead" | json '.state, .reason')" "failed${nl}tool"
match "for the same reason" "$(main_run "$dead" | json .errors)" "^nothing was measured: $refused"

until_true eval "[ \"\$(fetch '$good/runs' | json length)\" -gt 1 ]"
powstream=$(pgrep -P "$sched_pid" powstream)
kill -9 "$powstream"
hear "powstream: ended" || bail_out "$line"
match "a powstream that is killed is told in the log" "$line" "ended: .*signal 9.* started again"
hear "powstream: is back" || bail_out "$line"
hear "measures again" || bail_out "$line"
n=$(fetch "$good/runs" | json length)
until_true eval "[ \"\$(fetch '$good/runs' | json length)\" -gt $n ]"
until_true is "$good" '.state != "running"'
check "the run goes on, and has finished" "$(main_run "$good" | json .state)" finished
match "what was not measured is told" "$(main_run "$good" | json .errors)" 'nothing was measured for [1-9].* s in all'
match "its text says where its results are" \
    "$(fetch "$(main_run "$good" | json '.["result-href"]')?format=text/plain")" 'many results, each a run of its own; nothing was measured'
end_sched TERM
plan
