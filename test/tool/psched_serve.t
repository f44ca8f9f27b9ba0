#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# pScheduler's API as its clients meet it, on one host.
. "$(dirname "$0")/tool.sh"
# shellcheck source=sched.sh
. "${top_srcdir:?is set by make check}/test/tool/sched.sh"
for tool in curl jq python3; do
    command -v $tool >/dev/null || skip_all "$tool is not installed"
done

# A context of a plug-in: leaves a mark, and goes on.
context=$tmp/plugins/context/mark
mkdir -p a "$context"
cat >"$context/enumerate" <<'END'
#!/bin/sh
echo '{"schema":1,"name":"mark","description":"x","version":"1","maintainer":{"name":"x"}}'
END
cat >"$context/data-is-valid" <<'END'
#!/bin/sh
jq -c 'if .file then {valid: true} else {valid: false, error: "no file"} end'
END
cat >"$context/change" <<'END'
#!/bin/sh
in=$(cat)
: >"$(echo "$in" | jq -r .data.file)"
exec "$(echo "$in" | jq -r .exec)"
END
chmod +x "$context"/*

# A test with a password, which needs it for its command line, and a tool for it.
for method in test/guard/{enumerate,spec-is-valid,cli-to-spec,spec-to-cli,participants,spec-format,result-format} \
    tool/guard/{enumerate,can-run,duration,run,participant-data,merged-results}; do
    mkdir -p "$tmp/plugins/${method%/*}"
    cat >"$tmp/plugins/$method" <<'END'
#!/bin/sh
case $0 in
*/test/*/enumerate) echo '{"schema":1,"name":"guard","description":"x","version":"1","maintainer":{"name":"x"},"scheduling-class":"background"}' ;;
*/enumerate) echo '{"schema":1,"name":"guard","description":"x","version":"1","maintainer":{"name":"x"},"tests":["guard"],"preference":0}' ;;
*/spec-is-valid) echo '{"valid":true}' ;;
*/spec-to-cli) jq -c 'if ._pw then ["--pw", ._pw] else error("no password") end' ;;
*/participants) echo '{"participants":[null]}' ;;
*/can-run) echo '{"can-run":true}' ;;
*/duration) echo '{"duration":"PT1S"}' ;;
*/participant-data) jq -c '{said: "as \(.participant)", _key: "k"}' ;;
*/run) jq -c '{succeeded: true, result: {succeeded: true, heard: .["participant-data"][0].said}}' ;;
*/merged-results) jq -c '.results[0].result' ;;
*) echo '{}' ;;
esac
END
    chmod +x "$tmp/plugins/$method"
done
printf 'name here.example\nproxy-unix yes\nplugins %s\n' "$tmp/plugins" >a/conf
sched a --listen 127.0.0.1:0 || bail_out "$line"
hear "listening on 127.0.0.1:" || bail_out "$line"
port=${line##*:}
port=${port%% *}

# --- the host

match "GET / is a JSON string" "$(rest GET /)" '^"[^"]*here\.example[^"]*"'"$nl"' 200$'
check "the API's level" "$(rest GET /api)" "6$nl 200"
check "several slashes mean one" "$(rest GET //api)" "6$nl 200"
check "a level above it is refused" "$(rest GET '/api?api=7')" "No API above 6 is supported$nl 501"
check "one that is no number, too" "$(rest GET '/api?api=x')" "api: wants a whole number from 1 on$nl 400"
check "the host's name" "$(rest GET /hostname)" "\"here.example\"$nl 200"
check "the horizon" "$(rest GET /schedule-horizon)" "\"P1D\"$nl 200"
check "what there is not" "$(rest GET /nothing)" "there is nothing at this path$nl 404"
match "a method that does not fit" "$(curl -si -X PUT --unix-socket "$dir/rest" http://localhost/pscheduler/tasks | tr -d '\r')" \
    "^HTTP/1\.1 405 .*Content-Type: text/plain.*${nl}${nl}this method is not for this path"
check "over TLS, with a self-made certificate" "$(curl -sk "https://127.0.0.1:$port/pscheduler/api")" 6
match "the clock" "$(fetch /clock)" '^\{"time":"20[0-9-]+T[0-9:]+\.[0-9]{6}\+00:00","synchronized":(true|false),"source":"'
check "the status" "$(fetch /status | json '.limits.ok, (.services | keys | join(" ")), ([.services[].overdue] | unique[0]), .runs["last-finished"]')" \
    "true${nl}archiver runner scheduler ticker${nl}null${nl}null"
check "without limits there is no processor to ask" "$(rest GET '/limits?proposal=%7B%7D')" \
    "No limits are in force: everything is allowed$nl 422"

# --- plug-ins

check "tests by their URLs" "$(fetch /tests | json '.[0], length')" "http://localhost/pscheduler/tests/clock${nl}16"
check "a test by itself" "$(fetch /tests/throughput | json '.name, .["scheduling-class"], .href')" \
    "throughput${nl}exclusive${nl}http://localhost/pscheduler/tests/throughput"
check "one that there is not" "$(rest GET /tests/nothing)" "Resource not found.$nl 404"
check "tools of a test" "$(fetch '/tests/trace/tools?expanded' | json '[.[].name] | join(" ")')" "traceroute tracepath"
check "an archiver" "$(fetch /archivers/http | json .name)" http
check "a specification from a command line" "$(fetch '/tests/rtt/spec?args=%5B%22--dest%22,%22h%22,%22--count%22,%223%22%5D')" \
    '{"schema":1,"dest":"h","count":3}'
check "a command line that is none" "$(rest GET '/tests/rtt/spec?args=%5B%22--bogus%22%5D')" "no such option: --bogus$nl 400"
check "a valid specification" "$(fetch '/tests/rtt/spec/is-valid?spec=%7B%22dest%22:%22h%22%7D')" '{"valid":true}'
check "one that is not" "$(fetch '/tests/rtt/spec/is-valid?spec=%7B%22dest%22:%22h%22,%22count%22:0%7D' | json '.valid, .error')" \
    "false${nl}At /count: 0 is less than the minimum of 1"
check "who takes part" "$(fetch '/tests/rtt/participants?spec=%7B%22dest%22:%22h%22%7D' | json '.participants[0], has("null-reason")')" \
    "null${nl}true"
idle='%7B%22type%22:%22idle%22,%22spec%22:%7B%22duration%22:%22PT2S%22%7D%7D'
check "who would run a test, for old clients" "$(fetch "/tools?test=$idle" | json '[.[].name] | join(" ")')" snooze
check "and with reasons" "$(fetch "/tools?api=6&test=$idle" | json '[.[] | .tool.name + " " + (.["can-run"]["can-run"] | tostring)] | join(" ")')" \
    "sleep false snooze true"

# --- what is refused

check "no JSON" "$(rest POST /tasks '{')" "the body:1: wants a key in double quotes; got the end$nl 400"
check "a test that there is not" "$(rest POST /tasks '{"test":{"type":"x","spec":{}}}')" "No test 'x' available$nl 400"
check "a specification that is not valid" "$(rest POST /tasks '{"test":{"type":"rtt","spec":{}}}')" \
    "At /: 'dest' is a required property$nl 400"
match "a key that there is not" "$(rest POST /tasks '{"test":{"type":"idle","spec":{"duration":"PT1S"}},"x":1}')" ' 400$'
match "a schedule that is none" \
    "$(rest POST /tasks '{"test":{"type":"idle","spec":{"duration":"PT1S"}},"schedule":{"repeat":"P1M"}}')" 'repeat.* 400$'
match "an archiver that there is not" \
    "$(rest POST /tasks '{"test":{"type":"idle","spec":{"duration":"PT1S"}},"archives":[{"archiver":"x","data":{}}]}')" \
    "No archiver 'x' available$nl 400"
check "a spool of this host, from another one" \
    "$(curl -s -w ' %{http_code}' --unix-socket "$dir/rest" -H 'X-Forwarded-For: 192.0.2.1' -H 'Content-Type: application/json' \
        -d '{"test":{"type":"idle","spec":{"duration":"PT1S"}},"archives":[{"archiver":"spool","data":{"directory":"/tmp/x"}}]}' \
        http://localhost/pscheduler/tasks)" \
    "Only tasks from this host may name the archiver 'spool', which writes to its disk$nl 403"
match "a transform that does not compile" \
    "$(rest POST /tasks '{"test":{"type":"idle","spec":{"duration":"PT1S"}},"archives":[{"archiver":"http","data":{"_url":"http://127.0.0.1/"},"transform":{"script":"{"}}]}')" \
    "^At /archives/0 \(http\): At /transform/script: syntax error.* 400$"
match "a spool that tasks may not name" \
    "$(rest POST /tasks '{"test":{"type":"idle","spec":{"duration":"PT1S"}},"archives":[{"archiver":"spool","data":{"directory":"/etc"}}]}')" \
    "/etc is none that tasks may name.* 403$"
run "$psched" serve --data "$dir/data" --listen-unix "$tmp/x" --control "$tmp/y" --limits none
check "a second daemon on the same folder does not begin" "$rc $err" "4 psched: $dir/data: is in use by the psched of process $sched_pid: end that one, or name another place with --data"
match "a place that is not here" \
    "$(rest POST /tasks '{"test":{"type":"idle","spec":{"duration":"PT1S"}},"lead-bind":"192.0.2.1"}')" "lead-bind.* 400$"
match "a tool that cannot" "$(rest POST /tasks '{"test":{"type":"idle","spec":{"duration":"PT2S"}},"tools":["sleep"]}')" \
    'sleep declines: .* 422$'
check "a tool that there is not" "$(rest POST /tasks '{"test":{"type":"idle","spec":{"duration":"PT2S"}},"tools":["x"]}')" \
    "here.example has no tool for idle among those that the task names$nl 422"

# --- a task, its run and its result

url=$(post '{"schema":1,"#":"a comment","test":{"type":"idle","spec":{"duration":"PT1S"}},"reference":{"a":1},"_key":"s3cret"}')
match "a task is answered with its URL" "$url" '^http://localhost/pscheduler/tasks/[0-9a-f-]{36}$'
run=$(fetch "$url/runs/first?wait-merged=true&wait=30")
check "its run has finished" "$(json '.state, .["state-display"], .errors, .["result-merged"].succeeded' <<<"$run")" \
    "finished${nl}Finished${nl}null${nl}true"
check "the task as it is told" "$(fetch "$url" | jq -c 'del(.href)')" \
    '{"schema":1,"test":{"type":"idle","spec":{"duration":"PT1S"}},"reference":{"a":1},"_key":null,"tool":"snooze"}'
check "with its key" "$(fetch "$url?key=s3cret" | json ._key)" s3cret
check "with another one" "$(rest GET "$url?key=x")" "Forbidden: the key is another one$nl 403"
check "in detail" "$(fetch "$url?detail=1" | json '.detail | .enabled, .exclusive, .anytime, .["multi-result"], .participants[0], .hints.requester, .runs')" \
    "true${nl}false${nl}true${nl}false${nl}here.example${nl}127.0.0.1${nl}1"
check "as a command line" "$(fetch "$url/cli")" '["idle","--duration","PT1S"]'
check "its run by the list" "$(fetch "$url/runs" | json '.[0]')" "$(json .href <<<"$run")"
check "its result as JSON" "$(fetch "$(json '.["result-href"]' <<<"$run")" | json .succeeded)" true
match "and as text" "$(fetch "$url/runs/first/result?format=text/plain")" 'seconds'
check "no next run" "$(rest GET "$url/runs/next?wait=0")" "Resource not found.$nl 404"
check "tasks by what they are" "$(fetch '/tasks?json=%7B%22reference%22:%7B%22a%22:1%7D%7D' | json '.[0]')" "$url"
check "and none by what they are not" "$(fetch '/tasks?json=%7B%22reference%22:%7B%22a%22:2%7D%7D')" "[]"
check "the schedule of a task" "$(fetch "/schedule?task=${url##*/}" | json '.[0].state, .[0].test.name, .[0].tool.name, (.[0].cli | join(" "))')" \
    "finished${nl}idle${nl}snooze${nl}--duration PT1S"
check "finished runs" "$(fetch /stat/runs/finished)" 1
check "in a range of time" "$(fetch '/stat/runs/finished?start=PT1H&end=PT2H')" 0

# --- what is secret

secret=$(post '{"schema":1,"test":{"type":"noop","spec":{"data":{"_pw":"hidden","b":1}}},"_key":"s3cret"}')
json .state >/dev/null <<<"$(fetch "$secret/runs/first?wait-merged=true&wait=30")"
for where in "$secret?detail=1" "$secret/cli" "$secret/runs/first" "$secret/runs/first/result" \
    "$secret/runs/first/result?format=text/plain" "$secret/runs/first/result?format=text/html" \
    '/monitor?window=9' '/schedule?start=-PT1H' '/tasks?detail=1' \
    '/tasks?json=%7B%22_key%22:%22s3cret%22%7D'; do
    got=$(fetch "$where")
    check "not told without the key: ${where#"$secret"}" "${#got} ${got//*hidden*/hidden}" "${#got} $got"
done
check "the command line has null in its place" "$(fetch "$secret/cli")" '["noop","--data","{\"_pw\":null,\"b\":1}"]'
match "told with the key" "$(fetch "$secret?key=s3cret&detail=1" | json .test.spec.data._pw)" '^hidden$'
match "also in text" "$(fetch "$secret/runs/first/result?key=s3cret&format=text/plain")" hidden

control "{\"verb\":\"purge\",\"task\":\"${secret##*/}\"}" >/dev/null
guarded=$(post '{"schema":1,"test":{"type":"guard","spec":{"_pw":"hidden"}},"schedule":{"start":"PT1H"}}')
check "a plug-in that cannot do without it: its command line is its name" "$(fetch "$guarded/cli")" '["guard"]'
control "{\"verb\":\"purge\",\"task\":\"${guarded##*/}\"}" >/dev/null
guarded=$(post '{"schema":1,"test":{"type":"guard","spec":{"_pw":"hidden"}}}')
run=$(fetch "$guarded/runs/first?wait-merged=1&wait=30")
check "its tool is asked for participant data" "$(json '.["participant-data"].said, .["participant-data-full"][0].said' <<<"$run")" \
    "as 0${nl}as 0"
check "with which it is run" "$(json '.["result-merged"].heard' <<<"$run")" "as 0"
check "and which are secret where they say so" "$(json '.["participant-data"]._key' <<<"$run")" null
control "{\"verb\":\"purge\",\"task\":\"${guarded##*/}\"}" >/dev/null

# --- repeating, and its end

url=$(post '{"schema":1,"test":{"type":"idle","spec":{"duration":"PT1S"}},"schedule":{"start":"PT1H","repeat":"PT1H"}}')
until_true eval "[ \"\$(fetch '$url/runs' | json length)\" -gt 3 ]"
check "a task has a next run at all times" "$(fetch "$url/runs/next?wait=0" | json .state)" pending
check "the monitor's future" "$(fetch '/monitor?window=3' | json '[.[].ppf] | join(" ")')" "-1 1 1 1"
check "cancelled" "$(rest DELETE "$url")" "OK$nl 200"
check "it has no runs left" "$(fetch "$url/runs?upcoming=1")" "[]"
check "and is told as disabled" "$(fetch "$url?detail=1" | json .detail.enabled)" false
check "again" "$(rest DELETE "$url")" "OK$nl 200"
check "one that there is not" "$(rest DELETE /tasks/00000000-0000-4000-8000-000000000000)" "Resource not found.$nl 404"

# --- contexts

idle='{"schema":2,"test":{"type":"idle","spec":{"duration":"PT1S"}},"contexts":{"contexts":[[{"context":"mark","data":DATA}]]}}'
check "a context whose data are not valid" "$(rest POST /tasks "${idle/DATA/{\}}")" "At /contexts: no file$nl 400"
check "one that there is not" "$(rest POST /tasks "$(sed 's/mark/x/; s/DATA/{}/' <<<"$idle")")" \
    "No context 'x' available$nl 400"
url=$(post "${idle/DATA/{\"file\":\"$tmp/mark\"\}}")
check "a run tells what limits had to say, or nothing" "$(fetch "$url/runs/first" | json 'has("limit-diags")')" true
check "a tool runs in its context" "$(fetch "$url/runs/first?wait-merged=1" | json .state) $([ -e mark ] && echo marked)" "finished marked"

# --- several participants, which all are this host

pair() { # DEST
    post "{\"schema\":1,\"test\":{\"type\":\"simplestream\",\"spec\":{\"dest\":\"$1\",\"test-material\":\"words\"}}}"
}
two=$(pair 127.0.0.1)
first=$(fetch "$two/runs/first?wait-merged=1&wait=30")
check "a test of two participants on this host" "$(json '.state, .["result-merged"].sent, .["result-merged"].received' <<<"$first")" \
    "finished${nl}words${nl}words"
check "names both" "$(json '.participants | join(" ")' <<<"$first")" "here.example 127.0.0.1"
check "and tells what each has measured" "$(json '.["result-full"] | map(.result | has("sent"), has("received")) | join(" ")' <<<"$first")" \
    "true false false true"
check "the participant's own result is the first one's" "$(json '.result.result.sent, (.["participant-data-full"] | length)' <<<"$first")" "words${nl}2"
both=$(pair localhost) other=$(pair localhost)
check "two of them at a time do not get into each other's way" \
    "$(for one in "$both" "$other"; do fetch "$one/runs/first?wait-merged=1&wait=30" | json .state; done | paste -sd ' ')" "finished finished"
if command -v iperf3 >/dev/null; then
    between=$(post '{"schema":1,"test":{"type":"throughput","spec":{"source":"127.0.0.1","dest":"127.0.0.2","duration":"PT1S"}},"tools":["iperf3"]}')
    check "client and server between two addresses of this host" \
        "$(fetch "$between/runs/first?wait-merged=1&wait=60" | json '.state, .["result-merged"].error, (.["result-merged"].summary.summary["throughput-bits"] > 0), (.participants | join(" "))')" \
        "finished${nl}null${nl}true${nl}127.0.0.1 127.0.0.2"
    check "what they told each other before is kept" \
        "$(fetch "$between/runs/first" | json '.["participant-data"].schema, (.["participant-data-full"] | map(has("iperf3-version")) | join(" ")), (.["participant-data-full"][1].server_port > 0)')" \
        "3${nl}true true${nl}true"
    udp=$(post '{"schema":1,"test":{"type":"throughput","spec":{"source":"127.0.0.1","dest":"127.0.0.2","duration":"PT1S","udp":true}},"tools":["iperf3"]}')
    check "by UDP, too" "$(fetch "$udp/runs/first?wait-merged=1&wait=60" | json '.["result-merged"] | .error, (.summary.summary.sent > 0)')" \
        "null${nl}true"
    for one in "$between" "$udp"; do
        rest DELETE "$one" >/dev/null
        control "{\"verb\":\"purge\",\"task\":\"${one##*/}\"}" >/dev/null
        until_true eval "[[ \$(rest GET '$one') == *404 ]]"
    done
else
    skip "client and server between two addresses of this host" "iperf3 is not installed"
    skip "by UDP, too" "iperf3 is not installed"
    skip "what they told each other before is kept" "iperf3 is not installed"
fi
match "another host is refused, with the reason" "$(pair 192.0.2.9)" \
    '^192\.0\.2\.9 takes part in this task as well, and only what takes place on this host alone can be run here: .* 422$'
match "by name, too" "$(pair nowhere.invalid)" '^nowhere\.invalid takes part .* 422$'
match "another scheduler on this host is another one" \
    "$(post '{"schema":1,"test":{"type":"simplestream","spec":{"dest":"127.0.0.1","dest-node":"127.0.0.1:4443"}}}')" '^127\.0\.0\.1:4443 takes part .* 422$'
check "contexts are for each of them" \
    "$(post '{"schema":2,"test":{"type":"simplestream","spec":{"dest":"127.0.0.1"}},"contexts":{"contexts":[[]]}}')" \
    "At /contexts: wants a list for each of 2 participants; got 1$nl 400"

# --- two that exclude each other

long='{"schema":1,"test":{"type":"idleex","spec":{"duration":"PT20S"}},"schedule":{"start":"PT12S"}}'
at=$(post "$long")
until_true eval "[ \"\$(fetch '$at/runs' | json length)\" = 1 ]"
start=$(fetch "$at/runs/first" | json '.["start-time"]')
other=$(post "${long/PT12S/$start}")
match "the second one has no time: why is told at once" "$(rest GET "$other/runs/first?wait=0")" 'No run yet: .* 404$'
check "and when its time is over" "$(fetch "$other/runs/first?wait-merged=1&wait=60" | json '.state, .reason')" "nonstart${nl}no-room"
match "and a sentence says why" "$(fetch "$other/runs/first" | json .errors)" '[a-z]'
slips=$(post "${long/\"start\":\"PT12S\"/\"start\":\"$start\",\"slip\":\"PT5M\"}")
check "a third one slips behind the first" "$(fetch "$slips/runs/first?wait=20" | json '.state, (.["start-time"] > "'"$start"'")')" \
    "pending${nl}true"
check "free time for such a test" "$(fetch '/free?test=%7B%22type%22:%22idleex%22,%22spec%22:%7B%22duration%22:%22PT20S%22%7D%7D&end=PT1H' | json '.tool, (.free | length > 0)')" \
    "sleep${nl}true"

# --- pausing, purging, status

check "a pause" "$(control '{"verb":"pause","for":"PT1H"}')" '{"ok":true}'
check "is told" "$(fetch /stat/control/pause | json '.is_paused, .infinite')" "true${nl}false"
check "the end of it" "$(control '{"verb":"resume"}')" '{"ok":true}'
check "is told, too" "$(fetch /stat/control/pause)" '{"is_paused":false}'
check "purging a task" "$(control "{\"verb\":\"purge\",\"task\":\"${at##*/}\"}")" '{"ok":true}'
until_true eval "[[ \$(rest GET '$at') == *404 ]]" # when its tool has been ended
check "it is gone" "$(rest GET "$at")" "Resource not found.$nl 404"
check "status" "$(control '{"verb":"status"}' | json '.ok, .program, .name, .trouble')" "true${nl}psched${nl}here.example${nl}null"
check "status tells tests and tools" "$(control '{"verb":"status"}' | json '(.tests | index("rtt") != null), (.tools | index("ping") != null)')" \
    "true${nl}true"
check "a verb that there is not" "$(control '{"verb":"x"}' | json .ok)" false

# --- reload

printf 'horizon PT2H\nconnections 100\nrequest-rate 0\n' >>a/conf
kill -HUP "$sched_pid"
hear "restart is needed" || bail_out "$line"
check "what only a start takes on is named" "$line" "psched: changed, but a restart is needed for it: connections"
hear "read the configuration anew" || bail_out "$line"
check "what the file says now holds" "$(fetch /schedule-horizon)" '"PT2H"'
echo "horizont PT2H" >>a/conf
kill -HUP "$sched_pid"
hear "did you mean" || bail_out "$line"
check "a bad file changes nothing" "$(fetch /schedule-horizon)" '"PT2H"'

end_sched TERM
check "it ends on SIGTERM" "$rc" 0
sed -i '$d' a/conf
sched a || bail_out "$line"
match "tasks are there after a restart" "$(fetch "$slips/runs/first" | json .state)" '^(pending|on-deck)$'
check "and results" "$(fetch '/stat/runs/finished')" 5
end_sched TERM

# --- without an answer of the limits

sched b --limits "$tmp/none.sock" || bail_out "$line"
no="The limits give no answer: $tmp/none.sock: there is no such socket; is the daemon running?$nl 422"
check "without an answer of the limits there is no task" "$(rest POST /tasks '{"test":{"type":"noop","spec":{}}}')" "$no"
check "nor free time for one" "$(rest GET '/free?test=%7B%22type%22:%22noop%22,%22spec%22:%7B%7D%7D')" "$no"
end_sched TERM

# --- as another user, whose folder of sockets is not there after a start of the host

if [ "$(id -u)" = 0 ]; then
    mkdir run other
    echo "user nobody" >other.conf
    chown nobody other
    chmod 711 "$tmp" run
    "$psched" serve -c other.conf --data "$tmp/other/data" --listen-unix "$tmp/run/psched/api.sock" \
        --control "$tmp/run/psched/control" --limits none 2>other.log &
    pids+=($!)
    until_true grep -q "requests about this daemon" other.log || bail_out "$(<other.log)"
    check "the folder is made and given to the user" "$(stat -c '%U %a' run/psched run/psched/control)" \
        "nobody 755${nl}nobody 660"
    kill $!
    wait $!
    check "who can remove his sockets" "$(ls run/psched)" ""
else
    skip "as another user" "only root can become one"
fi
plan
