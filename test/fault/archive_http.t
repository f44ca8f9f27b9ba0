#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# psarchive serve and clients that do not behave: framing that RFC 9112 refuses, JSON that is none, large bodies,
# crowds; and its own sudden end.
. "$(dirname "$0")/fault.sh"
# shellcheck source=../tool/archive.sh
. "${top_srcdir:?is set by make check}/test/tool/archive.sh"
command -v curl >/dev/null || skip_all "curl is not installed"
crowd=$top_builddir/test/tool/http_crowd
times=1
! nm "$psarchive" 2>/dev/null | grep -qE '__(asan|tsan)_init' || times=4

memory() { # FIELD: in KiB
    sed -n "s/^$1:[^0-9]*\([0-9]*\) kB/\1/p" "/proc/$archive_pid/status"
}

mkdir a
printf '%s\n' "write-from 127.0.0.1" "connections 1200" "connections-per-net 0" >a/conf
archive a || bail_out "$line"
meta='{"subject-type":"point-to-point","source":"192.0.2.1","destination":"192.0.2.2","tool-name":"t",
"measurement-agent":"192.0.2.1","event-types":[{"event-type":"throughput","summaries":[
{"summary-type":"aggregation","summary-window":300}]},{"event-type":"failures"},{"event-type":"histogram-owdelay"}]}'
k=$(put POST "$url/" "$meta" | field metadata-key)
api=/esmond/perfsonar/archive

# --- framing

# raw REQUEST: the status line of the answer, or "closed".
raw() {
    local answer
    exec {peer}<>"/dev/tcp/127.0.0.1/${port:?}" || return
    printf '%b' "$1" >&"$peer"
    read -r -t 30 -u "$peer" answer || answer=closed
    exec {peer}>&-
    printf '%s' "${answer%$'\r'}" | cut -d' ' -f1,2
}
body='{"data":[{"ts":5,"val":[{"event-type":"throughput","val":1}]}]}'
head="PUT $api/$k/ HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
check "a request without Host" "$(raw "GET $api/ HTTP/1.1\r\n\r\n")" "HTTP/1.1 400"
check "two lengths" "$(raw "${head}Content-Length: ${#body}\r\nContent-Length: 5\r\n\r\n$body")" "HTTP/1.1 400"
check "a length and chunks" \
    "$(raw "${head}Content-Length: ${#body}\r\nTransfer-Encoding: chunked\r\n\r\n$body")" "HTTP/1.1 400"
check "a blank before the colon" "$(raw "${head}Content-Length : ${#body}\r\n\r\n$body")" "HTTP/1.1 400"
match "a length that is no number" "$(raw "${head}Content-Length: 1x\r\n\r\n$body")" '^(HTTP/1.1 400|closed)$'
match "chunks that are none" "$(raw "${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n$body")" '^(HTTP/1.1 400|closed)$'
match "garbage" "$(raw '\x16\x03\x01\x02\r\n\r\n')" '^(HTTP/1.[01] 400|closed)$'
check "nothing of all that was stored" "$(get "$url/$k/throughput/base")" "[] 200"
check "the same framed well" "$(raw "${head}Content-Length: ${#body}\r\n\r\n$body")" "HTTP/1.1 201"

# --- JSON

status() { # BODY-FILE
    curl -s -o answer -w '%{http_code}' -X PUT -H 'Content-Type: application/json' --data-binary "@$1" "$url/$k/"
}
refused() { # TEXT: its status, and whether the answer says why.
    printf '%b' "$1" >text
    status text
    grep -q '^{"detail":"..*"}$' answer || echo " without a detail: $(<answer)"
}
for text in '' '{' '[]' 'null' '7' '"x"' '{"data":{}}' '{"data":[7]}' '{"data":[{"ts":5}]}' '{"data":[{"ts":5,"val":7}]}' \
    '{"data":[{"ts":1e400,"val":[]}]}' '{"data":[{"ts":-1,"val":[]}]}' '{"data":[{"ts":[],"val":[]}]}' \
    '{"data":[{"ts":6,"val":[{"event-type":"throughput","val":1e308}]}]}' \
    '{"data":[{"ts":6,"val":[{"event-type":"throughput","val":{}}]}]}' \
    '{"data":[{"ts":6,"val":[{"event-type":"throughput","val":"1x"}]}]}' \
    '{"data":[{"ts":6,"val":[{"event-type":7,"val":1}]}]}' \
    '{"data":[{"ts":6,"val":[{"event-type":"histogram-owdelay","val":{"1":-1}}]}]}' \
    '{"data":[{"ts":6,"val":[{"event-type":"histogram-owdelay","val":[1]}]}]}' \
    '{"data":[],"data":[]}' '{"data":[]} x' "{\"data\":\"\xff\"}" '{"data":[1,]}'; do
    check "refused: ${text:-nothing}" "$(refused "$text")" 400
done
printf '%0200000d' 0 | tr 0 '[' >deep
check "200,000 brackets" "$(status deep)" 400
{
    printf '{"data":[{"ts":6,"val":[{"event-type":"failures","val":'
    printf '%030d' 0 | tr 0 '['
    printf '%030d' 0 | tr 0 ']'
    printf '}]}]}'
} >nested
check "thirty of them are fine" "$(status nested)" 201
check "and come back" "$(curl -s "$url/$k/failures/base" | tr -cd '[' | wc -c)" 31
{
    printf '{"data":[{"ts":7,"val":[{"event-type":"histogram-owdelay","val":{"0":1'
    seq -f ',"%.0f":1' 1 150000
    printf '}}]}]}'
} | tr -d '\n' >buckets
check "150,000 buckets are too many" "$(status buckets)" 400
check "nothing of all that was stored either" "$(get "$url/$k/throughput/base")" '[{"ts":5,"val":1.0}] 200'

# --- large bodies

truncate -s 100M large
curl -s -o /dev/null -H Expect: -T - "$url/$k" <large # warms it up
before=$(memory VmHWM)
check "100 MB with a length are refused" "$(curl -s -o answer -w '%{http_code}' -H Expect: -T large "$url/$k") $(<answer)" \
    '413 {"detail":"the body is too large"}'
check "100 MB in chunks are refused" "$(curl -s -o answer -w '%{http_code}' -H Expect: -T - "$url/$k" <large) $(<answer)" \
    '413 {"detail":"the body is too large"}'
check "100 MB for the documents" "$(curl -s -o answer -w '%{http_code}' -H Expect: -T large "$site/results") $(<answer)" \
    '413 {"detail":"the body is too large"}'
grown=$(($(memory VmHWM) - before))
echo "# memory grew by $grown KiB at most"
check "none of them makes the server grow" "$((grown < times * 4096))" 1

# --- crowds

[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 3000 ] || skip_all "not enough descriptors"
ulimit -n "$(ulimit -Hn)"
for ((i = 0; i < 20; i++)); do
    printf '{"data":[{"ts":10,"val":[]}'
    seq -f ',{"ts":%.0f,"val":[{"event-type":"throughput","val":1.5}]}' $((1000 + i * 4000)) $((4999 + i * 4000))
    printf ']}'
done | tr -d '\n' | sed 's/]}{"data"/]}\n{"data"/g' >many
while read -r text || [ -n "$text" ]; do
    printf '%s' "$text" >one
    status one >>statuses
done <many
check "80,000 points" "$(grep -o 201 statuses | wc -l)" 20
check "come back" "$(curl -s "$url/$k/throughput/base" | grep -o ts | wc -l)" 80001
base=$(memory VmRSS)

gather() { # KIND COUNT [TARGET]
    rm -f crowd.in crowd.out
    mkfifo crowd.in crowd.out
    "$crowd" "${port:?}" "$@" <crowd.in >crowd.out &
    crowd_pid=$!
    pids+=("$crowd_pid")
    exec {hold}>crowd.in {crowd_said}<crowd.out
    read -r -t 60 -u "$crowd_said" line
    exec {crowd_said}<&-
    [ "$line" = there ] || bail_out "the crowd did not come"
}
gather idle 1000
idle_hold=$hold
gather slow 100 "$api/$k/throughput/base"
check "a thousand idle clients and a hundred slow ones hold nobody up" "$(get "$url/$k/throughput/base?time=5")" \
    '[{"ts":5,"val":1.0}] 200'
check "nor a write" "$(put PUT "$url/$k/" '{"data":[{"ts":8,"val":[{"event-type":"throughput","val":1}]}]}')" '"" 201'
grown=$(($(memory VmRSS) - base))
echo "# they take $grown KiB"
check "they take less than 100 MB" "$((grown < times * 100000))" 1
exec {hold}>&- {idle_hold}>&-
end_archive TERM
check "it ends all the same" "$rc" 0

# --- killed while it writes

archive a || bail_out "$line"
has_lines() { # COUNT
    [ "$(wc -l <acknowledged)" -ge "$1" ]
}
lost=0 twice=0 at=100000
for round in 1 2 3 4 5 6 7 8; do
    : >acknowledged
    (
        for ((n = 0; n < 1000; n++)); do
            ts=$((at + n))
            answer=$(curl -s -o /dev/null -w '%{http_code}' -X PUT -H 'Content-Type: application/json' \
                --data-binary "{\"data\":[{\"ts\":$ts,\"val\":[{\"event-type\":\"throughput\",\"val\":$n}]}]}" "$url/$k/")
            [ "$answer" = 201 ] || break
            echo "$ts" >>acknowledged
        done
    ) &
    writer=$!
    pids+=("$writer")
    until_true has_lines $((round * 5))
    end_archive KILL 2>/dev/null
    wait "$writer"
    archive a || bail_out "$line"
    curl -s "$url/$k/throughput/base?time-start=$at&time-end=$((at + 999))" | grep -o '"ts":[0-9]*' | cut -d: -f2 >there
    lost=$((lost + $(comm -23 <(sort acknowledged) <(sort there) | wc -l)))
    twice=$((twice + $(sort there | uniq -d | wc -l)))
    at=$((at + 1000))
done
check "what was acknowledged before a kill -9 is there" "$lost" 0
check "and once" "$twice" 0
sum=$(curl -s "$url/$k/throughput/base?time-start=99900" | grep -o '"val":[0-9]*' | cut -d: -f2 | awk '{ s += $1 } END { print s + 0 }')
check "sums have what the points have" \
    "$(curl -s "$url/$k/throughput/aggregations/300?time-start=99900" | grep -o '"val":[0-9]*' | cut -d: -f2 | awk '{ s += $1 } END { print s + 0 }')" "$sum"
end_archive TERM
plan
