#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# psched's archiver esmond: into our own archive, into one that keeps values as esmond does, and into some that are dead,
# slow, or do not know us.
. "$(dirname "$0")/tool.sh"
# shellcheck source=archive.sh
. "${top_srcdir:?is set by make check}/test/tool/archive.sh"
# shellcheck source=sched.sh
. "$top_srcdir/test/tool/sched.sh"
for tool in curl jq python3 ping; do
    command -v $tool >/dev/null || skip_all "$tool is not installed"
done

# rtt ARCHIVES [MORE]
rtt() {
    echo "{\"schema\":1,\"test\":{\"type\":\"rtt\",\"spec\":{\"schema\":1,\"dest\":\"127.0.0.1\",\"count\":2,\"interval\":\"PT0.2S\"}},\"archives\":[$1]${2:+,$2}}"
}
# esmond URL [MORE]
esmond() {
    echo "{\"archiver\":\"esmond\",\"data\":{\"url\":\"$1\"${2:+,$2}}}"
}
# archived TASK N: the first run's archivings, when N of them are completed.
archived() {
    fetch "$1/runs/first?wait-merged=1&wait=30" >/dev/null
    until_true eval "[ \"\$(fetch '$1/runs/first' | json '[.archivings[] | select(.completed)] | length')\" = $2 ]"
    fetch "$1/runs/first" | json '.archivings'
}
# events FILTER: "EVENT VALUE" of all points of the list that FILTER gives.
events() {
    curl -s "$url/?$1" | json '.[] | .["event-types"][] | .["base-uri"]' | while read -r uri; do
        curl -s "$site$uri" | json ".[] | \"$uri \" + (.val | tojson)" | sed 's,.*archive/[^/]*/,,'
    done
}

# --- our own archive

mkdir s
archive a || bail_out "$line"
exec {archive_said}<&"$said"
sched s || bail_out "$line"
check "psched knows the archiver" "$(fetch /archivers/esmond | json .name)" esmond
task=$(post "$(rtt "$(esmond "$url"),{\"archiver\":\"http\",\"data\":{\"_url\":\"$site/logstash\"}}")")
done=$(archived "$task" 2)
check "a result is delivered, as documents are that go to the same archive" "$(json '.[] | .archived' <<<"$done")" "true${nl}true"
check "both are one metadata" "$(curl -s "$url/?pscheduler-test-type=rtt" | json 'length, .[0]["metadata-count-total"]')" "1${nl}1"
start=$(fetch "$task/runs/first" | json '.["start-time"]')
key=$(curl -s "$url/" | json '.[0]["metadata-key"]')
check "at the time that the run began" "$(curl -s "$url/$key/packet-count-sent/base" | json '.[] | .ts, .val')" "$(date -d "$start" +%s)${nl}2"
check "its values" "$(events | sed -n 's,^\(packet-[a-z-]*\)/base,\1,p' | sort)" \
    "packet-count-lost-bidir 0${nl}packet-count-sent 2${nl}packet-duplicates-bidir 0${nl}packet-loss-rate-bidir 0${nl}packet-reorders-bidir 0"
href=$(fetch "$task/runs/first" | json '.href | split("/")[-1]')
match "and the run" "$(events | grep run-href)" "pscheduler-run-href/base .*$href"

task=$(post "$(rtt "$(esmond "$url" '"data-formatting-policy":"mapped-and-raw","measurement-agent":"127.0.0.9","summaries":[{"event-type":"packet-count-sent","summary-type":"aggregation","summary-window":60}]')")")
check "raw, another agent, other summaries" "$(archived "$task" 1 | json '.[0].archived')" true
check "are other metadata" "$(curl -s "$url/?measurement-agent=127.0.0.9" | json '.[] | [.["event-types"][] | select(.summaries != []) | .["event-type"], .summaries[0]["summary-window"]] | join(" ")')" \
    "packet-count-sent 60"
check "with the result as it was" "$(events measurement-agent=127.0.0.9 | sed -n 's,^pscheduler-raw/base ,,p' | json '.sent, .succeeded')" "2${nl}true"

task=$(post "$(rtt "{\"archiver\":\"esmond\",\"data\":{\"url\":\"$url\"},\"transform\":{\"script\":\"{a: 1}\"}}")")
check "what is no result is given up at once" "$(archived "$task" 1 | json '.[0] | .completed, .archived, .attempts')" "true${nl}false${nl}1"
match "with the reason" "$(fetch "$task/runs/first" | json '.archivings[0].diags[0].stdout.error')" '^the document: is no result document: it has neither a test'
check "and holds up no other" "$(control '{"verb":"archiving"}' | json '.archives[] | select(.spec.transform) | .failed, .backlog')" "1${nl}0"

# --- it goes away and comes back

exec {said}<&"$archive_said"
end_archive TERM
check "the archive ends" "$rc" 0
task=$(post "$(rtt "$(esmond "$url"),{\"archiver\":\"bitbucket\",\"data\":{}}")")
fetch "$task/runs/first?wait-merged=1&wait=30" >/dev/null
until_true eval "[ \"\$(fetch '$task/runs/first' | json '.archivings | map(.attempts > 0) | all')\" = true ]"
check "a dead one delays no other" "$(fetch "$task/runs/first" | json '.archivings[] | .completed')" "false${nl}true"
echo "listen 127.0.0.1:$port" >>a/conf
archive a || bail_out "$line"
check "and gets what it has missed" "$(archived "$task" 2 | json '.[0] | .archived, (.attempts > 1)')" "true${nl}true"
check "once" "$(curl -s "$url/$key/packet-count-sent/base" | json length)" 2

# --- one that wants a token

token=$("$psarchive" token add me --data a/data)
end_archive TERM
sed -i '/^write-from/d' a/conf
archive a || bail_out "$line"
task=$(post "$(rtt "$(esmond "$url" '"_auth-token":"0000000000000000000000000000000000000001","retry-policy":[]')")")
check "a wrong token" "$(archived "$task" 1 | json '.[0].archived')" false
match "is told, and not shown" "$(fetch "$task/runs/first" | json '.archivings[0].diags[0].stdout.error')" \
    ': answers 401: \{"detail":"Invalid token"\}$'
task=$(post "$(rtt "$(esmond "$url" "\"_auth-token\":\"$token\"")")")
check "the right one" "$(archived "$task" 1 | json '.[0].archived')" true
check "is not shown either" "$(fetch "$task?detail=1" | grep -c "$token")" 0
end_archive TERM

# --- one that keeps values as esmond does, which has a part of them

echo '[]' >none.json
mkfifo pipe stdin
python3 "$top_srcdir/test/tool/fake_esmond.py" none.json <stdin >pipe 2>fake.err &
pids+=($!)
exec {held}>stdin # while it is open the double lives
exec {told}<pipe
read -r -t 60 -u "$told" port || bail_out "the double does not start: $(<fake.err)"
fake=http://127.0.0.1:$port/esmond/perfsonar/archive
task=$(post "$(rtt "$(esmond "$fake")")")
check "it takes a result" "$(archived "$task" 1 | json '.[0].archived')" true
read -r -t 60 -u "$told" line
check "that is registered" "$line" "POST /esmond/perfsonar/archive/"
read -r -t 60 -u "$told" line
key=${line%/}
key=${key##*/}
check "and written" "$line" "PUT /esmond/perfsonar/archive/$key/"
at=$(($(date +%s) + 8))
put PUT "$fake/$key/" "{\"data\":[{\"ts\":$at,\"val\":[{\"event-type\":\"packet-duplicates-bidir\",\"val\":0}]}]}" >/dev/null
task=$(post "$(rtt "$(esmond "$fake")" "\"schedule\":{\"start\":\"$(date -u -d "@$at" +%Y-%m-%dT%H:%M:%SZ)\"}")")
check "where a part is there already" "$(archived "$task" 1 | json '.[0] | .archived, .attempts')" "true${nl}1"
check "the rest comes as well" "$(for event in packet-count-sent packet-duplicates-bidir packet-reorders-bidir pscheduler-run-href; do
    curl -s "$fake/$key/$event/base?time-start=$at&time-end=$at" | json length
done | paste -sd ' ')" "1 1 1 1"

# --- one that does not answer

coproc silent {
    exec python3 -c '
import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
c, _ = s.accept()
print("asked", flush=True)
sys.stdin.read()'
}
# shellcheck disable=SC2154 # coproc sets it
pids+=("$silent_PID")
read -r -t 60 port <&"${silent[0]}"
task=$(post "$(rtt "$(esmond "http://127.0.0.1:$port/"),$(esmond "$fake")")")
fetch "$task/runs/first?wait-merged=1&wait=30" >/dev/null
read -r -t 60 line <&"${silent[0]}"
check "it is asked" "$line" asked
until_true eval "[ \"\$(fetch '$task/runs/first' | json '.archivings[1].archived')\" = true ]"
check "and delays no other" "$(fetch "$task/runs/first" | json '.archivings[] | .archived')" "false${nl}true"
exec {held}>&-
kill -TERM "$sched_pid"
wait "$sched_pid"
check "nor the end" "$?" 0

plan
