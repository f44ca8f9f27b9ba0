#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ps-probe's tools over a path that is made to do something: http, dns, psresponse, clock and simplestream. What they
# report is what the path did; and idle and noop, which have none.
. "$(dirname "$0")/net.sh"

probe=$top/psprobe/ps-probe
web=${top_srcdir:?is set by make check}/test/tool/fake_web.py
command -v jq >/dev/null || skip_all "jq is not installed"
for program in python3 openssl; do
    command -v $program >/dev/null || skip_all "$program is not installed"
done
make_namespaces
seconds='def s: if . == "P0D" then 0 else ltrimstr("PT") | rtrimstr("S") | tonumber end;'

# run_in NAMESPACE TOOL SPEC PARTICIPANT [PARTICIPANT-DATA]: prints its document.
run_in() {
    printf '{"schema":1,"schedule":{"start":"2030-01-01T00:00:00Z","duration":"PT6S"},"test":{"type":"x","spec":%s},"participant":%s,"participant-data":%s}' \
        "$3" "$4" "${5:-[{\}]}" | nsenter --net="/run/netns/$1" "$probe" "$2" 2>>err
}

# ask TOOL SPEC [PARTICIPANT-DATA]: from a; merged.json is its document.
ask() {
    : >err
    run_in "$a" "$1" "$2" 0 "${3:-[{\}]}" >merged.json
    rc=$?
}

# have TEXT FILTER WANTED
have() {
    check "$1" "$rc $(jq -c "$seconds $2" merged.json 2>&1)$(<err)" "0 $3"
}

# start_in_b COMMAND...: its first line, a port, is in got.
servers=()
start_in_b() {
    rm -f says
    mkfifo says
    nsenter --net="/run/netns/$b" "$@" >says &
    servers+=($!)
    read -r got <says
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 \
    -subj /CN=test 2>/dev/null
echo "www.example A 60 192.0.2.1" >zone

# A round trip takes 50 ms.
start_relay --there delay=0.02 --back delay=0.03
start_in_b python3 "$web" http "$b4"
http=$b4:$got
start_in_b python3 "$web" https "$b4"
https=$b4:$got
start_in_b "$top/test/tool/fake_dns" zone "$b4"
dns=$b4:$got

ask curl "{\"url\":\"http://$http/\",\"keep-content\":0}"
have "http: two round trips, one to connect" '.result | [.status, .content, (.time | s | . >= 0.1 and . < 1)]' \
    '[200,"a page with words",true]'
ask dnspy "{\"query\":\"www.example\",\"record\":\"a\",\"nameserver\":\"$dns\"}"
have "dns: one round trip" '.result | [.record, (.time | s | . >= 0.05 and . < 1)]' '[["192.0.2.1"],true]'
ask pstimer "{\"dest\":\"$https\"}"
have "psresponse: three round trips, with TLS" '.result | [.succeeded, (.time | s | . >= 0.15 and . < 2)]' '[true,true]'
ask psclock "{\"dest\":\"$https\"}"
have "clock: the path, which is longer one way, is no part of the five seconds but for half the difference" \
    '.result | [.succeeded, (.difference | s | . > 4.9 and . < 5.1)]' '[true,true]'

# --- simplestream

stream() { # TEXT: between the two; received.json is b's
    local spec="{\"dest\":\"$b4\",\"test-material\":\"$1\",\"port\":$stream_port}"
    run_in "$b" simplestreamer "$spec" 1 >received.json &
    local receiver=$!
    ask simplestreamer "$spec" "[{},{\"listen-port\":$stream_port}]"
    wait "$receiver"
}
stream_port=5890 # of namespaces of our own
stream "from a to b"
have "simplestream: what was sent, and at least a round trip to connect" \
    '[.succeeded, .result.sent, (.result."elapsed-time" | s | . >= 0.05)]' '[true,"from a to b",true]'
check "simplestream: what came" "$(jq -c '[.succeeded, .result.received]' received.json)" '[true,"from a to b"]'

# --- who is asked has gone: what is sent to him arrives nowhere

nsenter --net="/run/netns/$b" ip addr del "$b4/24" dev path0
stream "nothing"
have "simplestream: nothing gets through" '[.succeeded, .error]' \
    '[false,"The other end cannot be reached: Connection timed out"]'
check "simplestream: and nothing comes" "$(jq -c '[.succeeded, .error]' received.json)" \
    '[false,"Nothing came from the other end: timed out"]'
ask dnspy "{\"query\":\"www.example\",\"record\":\"a\",\"nameserver\":\"$dns\",\"timeout\":\"PT1S\"}"
have "dns: no answer" '[.succeeded, .error]' '[false,"www.example: no server answered, or it failed"]'
ask curl "{\"url\":\"http://$http/\",\"timeout\":\"PT1S\"}"
have "http: no answer" .succeeded false
ask pstimer "{\"dest\":\"$https\",\"timeout\":\"PT1S\"}"
have "psresponse: no answer, for a reason" '.result | [.time, (.reason | length > 10)]' '[null,true]'
ask psclock "{\"dest\":\"$https\",\"timeout\":\"PT1S\"}"
have "clock: no answer" .succeeded false
stop_relay
for pid in "${servers[@]}"; do
    stop "$pid"
done

# --- without a path

ask snooze '{"duration":"PT0.2S"}'
have "idle" '[.succeeded, (.result.duration | s | . >= 0.2)]' '[true,true]'
ask passthrough '{"data":{"x":1}}'
have "noop" '[.succeeded, .result.data]' '[true,{"x":1}]'
plan
