#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# pslimits serve and ask: requests, and rules that change.
. "$(dirname "$0")/tool.sh"
limits=$top_srcdir/test/tool/limits

# begin NAME [OPTION...]: serves on NAME.sock with its log in NAME.log; returns when it listens or has ended.
begin() {
    local name=$1
    shift
    "$pslimits" serve -S "$name.sock" "$@" 2>"$name.log" &
    server_pid=$!
    pids+=("$server_pid")
    until_true eval "grep -q 'listening on' '$name.log' || ! kill -0 $server_pid"
}

ask() {
    run "$pslimits" ask -S "$1.sock" "$2"
}

part() { # JQ-EXPRESSION: of the last reply
    jq -c "$1" <<<"$out"
}

task='"task":{"test":{"type":"rtt","spec":{}}}'

# --- requests

begin said -v -f "$limits/shipped.conf"
ask said '{"hints":{"requester":"198.51.100.1"},'"$task"'}'
ask said '{"hints":{},"run":{"start":"2026-06-21T12:00:00Z","duration":"PT1S"},'"$task"'}'
match "-v logs who wanted what, and what became of it" "$(grep verdict said.log)" \
    "verdict: 198.51.100.1, rtt: denied: application 1, .*${nl}.*verdict: nobody, rtt at 2026-06-21T12:00:00Z: "
kill "$server_pid"
wait "$server_pid"

cp "$limits/shipped.conf" rules.conf
begin a -f rules.conf
first=$server_pid
ask a '{"hints":{"requester":"198.51.100.1"},'"$task"'}'
check "who is denied is told why, and the exit status is 1" \
    "$rc$err $(part '[.ok, .passed, .why, has("task"), has("diags"), .reasons[1].reasons[3].name]')" \
    '1 [true,false,"application 1, Hostiles may do nothing fails: limit never: never passes",false,false,"hostile-example"]'
ask a '{"hints":{"requester":"127.0.0.1"},"task":{"test":{"type":"idle","spec":{"duration":"PT1S"}}},"reasons":false,"diags":true}'
check "who passes gets the task as rewritten" "$rc$err $(part '[.ok, .passed, .task.test.spec.duration, has("reasons"), (.diags | split("\n")[0])]')" \
    '0 [true,true,"PT5S",false,"hints: requester 127.0.0.1"]'
ask a '{"verb":"judge","hints":{"requester":"127.0.0.1"},"run":{"start":"2026-06-21T12:00:00Z","duration":"PT1S"},'"$task"'}'
check "a run has a priority" "$rc$err $(part '[.passed, .priority]')" '0 [true,5]'
for line in 'x' '[]' '{}' '{"hints":{},"task":{}}' '{"verb":"jugde"}' '{"hints":{"requester":"x"},'"$task"'}' \
    '{"hints":{},'"$task"',"more":1}'; do
    ask a "$line"
    echo "$rc$err $(part '[.ok, .error]')"
done >replies.txt
check "what is no request is answered with its fault" "$(<replies.txt)" "\
1 [false,\"wants a value; got 'x'\"]
1 [false,\"the document: wants an object; got an array\"]
1 [false,\"hints: is missing\"]
1 [false,\"task.test: is missing\"]
1 [false,\"verb: wants one of \\\"judge\\\", \\\"status\\\", \\\"reload\\\"; got \\\"jugde\\\"; did you mean \\\"judge\\\"?\"]
1 [false,\"hints.requester: \\\"x\\\" is no IP address\"]
1 [false,\"more: is not known here\"]"
ask a status
check "status counts" "$rc$err $(part '[.ok, .program, .passed, .denied, .malformed, ."under-way", .rules.file, .rules."in-force", .rules.stale, .rules.fault, .rules.limits]')" \
    '0 [true,"pslimits",2,1,7,0,"rules.conf",true,false,null,7]'
printf '%s' "{\"hints\":{},$task}" | tee file.json | "$pslimits" ask -S a.sock - >out.txt
check "a request may come from standard input" "${PIPESTATUS[2]} $(jq .passed out.txt)" "0 true"

ask a '{"#":"why","hints":{"#":["x"],"requester":"127.0.0.1"},"task":{"#":1,"test":{"#":2,"type":"rtt","spec":{"#":3}}},"diags":true}'
check "members that begin with # are comments everywhere" "$rc$err $(part '[.passed, (.diags | split("\n")[0])]')" \
    '0 [true,"hints: requester 127.0.0.1"]'
printf '%s\n' "{\"hints\":{\"requester\":\"198.51.100.1\"},$task}" '' '{"verb":"status"}' >two.json
"$pslimits" ask -S a.sock - <two.json >out.txt
check "lines of standard input are requests, and the worst is the status" "$? $(jq -c '[.ok, .program]' out.txt | tr '\n' ' ')" \
    '1 [true,null] [true,"pslimits"] '
printf '{"hints":\n{},\n%s}\n' "$task" | "$pslimits" ask -S a.sock - >out.txt
check "but a document of several lines is one" "${PIPESTATUS[1]} $(jq -c .passed out.txt)" "0 true"

ask a '{"hints":{"requestor":"192.0.2.1"},'"$task"'}'
check "a hint that is misspelt is no request" "$rc $(part '[.ok, .error]')" \
    '1 [false,"hints.requestor: is a hint that neither pScheduler nor the rules know; did you mean \"requester\"?"]'
ask a '{"hints":{"colour":"red"},'"$task"'}'
check "others are nobody's" "$(part .ok)" true
for key in run run_schedule; do
    ask a '{"hints":{},"task":{"test":{"type":"rtt","spec":{}},"'$key'":{"start":"2026-06-21T12:00:00Z","duration":"PT5S"}}}'
    check "a task has no $key" "$rc $(part .error)" "1 \"task.$key: is no part of a task: a run is told beside it\""
done

# --- rules that change

reads() {
    "$pslimits" ask -S a.sock status | jq -e ".rules.reads >= $1" >/dev/null
}
sed 's/"198.51.100.0\/24"/"203.0.113.0\/24"/' "$limits/shipped.conf" >new.conf && mv new.conf rules.conf
until_true reads 2
ask a '{"hints":{"requester":"203.0.113.1"},'"$task"'}'
check "new rules are in force when the file is replaced" "$rc $(part .passed)" "1 false"
echo '{"schema": 9' >rules.conf
until_true reads 3
ask a status
match "bad rules are told in status" "$rc $(part '[.rules."in-force", .rules.stale, .rules.fault]')" \
    '^0 \[true,true,"rules.conf:[0-9]: the document: .*"\]$'
match "and in the log" "$(<a.log)" "rules.conf:[0-9]: the document: .*; those before stay in force"
ask a '{"hints":{"requester":"203.0.113.1"},'"$task"'}'
check "the last good ones stay in force" "$rc $(part .passed)" "1 false"
ask a reload
match "reload says what is wrong" "$rc $(part '[.ok, .error]')" '^1 \[false,"rules.conf:[0-9]: the document: '
cp "$limits/shipped.conf" rules.conf
ask a reload
check "reload reads the file" "$rc$err $(part '[.ok, .rules.stale, .rules.fault]')" '0 [true,false,null]'
ask a '{"hints":{"requester":"203.0.113.1"},'"$task"'}'
check "and it is in force then" "$(part .why)" '"application 3, Neutrals are held to limits passes"'
sed 's/203/204/; s/198.51.100.0\/24/203.0.113.0\/24/' "$limits/shipped.conf" >rules.conf
kill -HUP "$server_pid"
denied() { "$pslimits" ask -S a.sock '{"hints":{"requester":"203.0.113.1"},'"$task"'}' | jq -e '.passed == false'; }
until_true denied
check "HUP reads it too" "$(denied)" true
rm rules.conf
until_true grep -q "is not there; those before stay in force" a.log
ask a '{"hints":{"requester":"203.0.113.1"},'"$task"'}'
check "rules stay in force for a while when the file goes away" "$rc $(part .passed)" "1 false"
ask a status
check "and status says so" "$(part '.rules | [."in-force", .stale, .fault]')" '[true,true,"rules.conf: is not there"]'
passes() { "$pslimits" ask -S a.sock '{"hints":{"requester":"203.0.113.1"},'"$task"'}' | jq -e '.why == "there are no limits"'; }
until_true passes
check "without a file everything passes" "$(passes)" true
match "and the log says so" "$(<a.log)" "rules.conf is not there: everything passes"
ask a status
check "and status" "$(part '.rules | [."in-force", .stale, .fault]')" '[false,false,null]'

# what_comes NAME FAULT: what has come in the file's place is a fault, and the last good rules are in force again.
what_comes() {
    ask a reload
    match "$1 is a fault" "$rc $(part '[.ok, .error]')" "^1 \[false,\"$2"
    ask a '{"hints":{"requester":"203.0.113.1"},'"$task"'}'
    check "$1 does not open the door" "$rc $(part .passed)" "1 false"
    rm -r rules.conf
}
echo '{"schema": 9' >rules.conf
what_comes "a bad file" "rules.conf:1: the document: "
match "the log tells whose rules are in force" "$(<a.log)" "those before are in force again"
ln -s nosuch.conf rules.conf
what_comes "a dangling link" "rules.conf: is a link to what is not there"
mkdir rules.conf
what_comes "a directory" "rules.conf: "
ask a status
if [[ $(part .confined) == *landlock* ]]; then
    beyond=$(mktemp -d)
    cp "$limits/shipped.conf" "$beyond/rules.conf"
    ln -sf "$beyond/rules.conf" rules.conf
    ask a reload
    check "a confined daemon reads no other folders" "$rc $(part '[.ok, .error]')" '1 [false,"rules.conf: Permission denied"]'
    rm -r "$beyond"
    cat >worker.conf <<'END'
{"schema": 4,
 "identifiers": [{"name": "all", "description": "", "type": "jq", "data": {"script": "true"}}],
 "classifiers": [{"name": "all", "description": "", "identifiers": ["all"]}],
 "limits": [{"name": "yes", "description": "", "type": "pass-fail", "data": {"pass": true}}],
 "applications": [{"apply": [{"require": "all", "limits": ["yes"]}]}]}
END
    begin w -f worker.conf
    ask w "{\"hints\":{},$task}"
    check "but its scripts are run" "$rc $(part .passed)" "0 true"
    worker=$(pgrep -P "$server_pid" | head -n 1)
    check "by workers that are confined, too" "$(sed -n 's/^Seccomp:[[:blank:]]*//p; s/^Seccomp_filters:[[:blank:]]*/filters /p' "/proc/$worker/status" | tr '\n' ' ')" "2 filters 2 "
    kill "$server_pid"
    wait "$server_pid"
    begin v -f worker.conf --no-sandbox
    ask v status
    check "--no-sandbox leaves that out" "$rc $(part .confined)" "0 null"
    kill "$server_pid"
    wait "$server_pid"
    server_pid=$first
fi
rm -f rules.conf
kill "$server_pid"
wait "$server_pid"
check "TERM ends it with 0, and its socket is gone" "$? $(ls a.sock 2>&1)" \
    "0 ls: cannot access 'a.sock': No such file or directory"

# --- starting

begin b -f nosuch.conf
ask b '{"hints":{},'"$task"'}'
check "a daemon without a file serves" "$rc $(part '[.passed, .why]')" '0 [true,"there are no limits"]'
echo '{"schema": 4}' >nosuch.conf
barred() { "$pslimits" ask -S b.sock status | jq -e .rules.refusing; }
until_true barred
ask b '{"hints":{},'"$task"'}'
match "a bad file where there was none lets nobody pass" "$rc$err $(part '[.ok, .passed, .error]')" \
    '^1 \[false,null,"the rules are bad, and there are none before them: nosuch.conf:1: identifiers: is missing"\]$'
ask b status
check "status says so" "$rc $(part '[.refused, .passed, .rules."in-force", .rules.refusing, .rules.stale, .rules.fault]')" \
    '0 [1,1,false,true,true,"nosuch.conf:1: identifiers: is missing"]'
match "and the log" "$(<b.log)" "there are none before them, and everything is refused"
cp "$limits/shipped.conf" nosuch.conf
ask b reload
check "a good one in its place is in force" "$rc $(part '[.ok, .rules."in-force", .rules.refusing]')" '0 [true,true,false]'
rm nosuch.conf
until_true grep -q "nosuch.conf is not there; those before stay in force" b.log
begin bar -f barred.conf
echo x >barred.conf
until_true grep -q "everything is refused" bar.log
rm barred.conf
until_true grep -q "barred.conf is not there; everything is refused for 5 s more" bar.log
ask bar '{"hints":{},'"$task"'}'
check "a bad file that is being replaced lets nobody pass either" "$rc $(part .ok)" "1 false"
lets_pass() { "$pslimits" ask -S bar.sock '{"hints":{},'"$task"'}' | jq -e .passed; }
until_true lets_pass
check "when it stays away it is removed" "$(lets_pass)" true
run "$pslimits" serve -S b.sock -f nosuch.conf
match "a socket that is served is not taken" "$rc $err" "^4 .*b.sock: "
ln -s nosuch.conf dangling.conf
run "$pslimits" serve -S c.sock -f dangling.conf
match "a link that leads nowhere is no beginning" "$rc$out $err" "^4 .*dangling.conf: is a link to what is not there"
echo '{"schema": 4}' >faulty.conf
run "$pslimits" serve -S c.sock -f faulty.conf
check "faulty rules are no beginning" "$rc$out $(tail -n 1 err.txt)" \
    "4 pslimits: there are no good rules to begin with: see pslimits check"
match "all their faults are told" "$err" "faulty.conf:1: limits: is missing"
run "$pslimits" serve -S nosuch/c.sock -f nosuch.conf
match "a socket that cannot be had is told" "$rc $err" "4 .*nosuch/c.sock: .*No such file or directory"
run "$pslimits" ask -S nosuch.sock status
match "who asks nobody is told so" "$rc$out $err" "^3 pslimits: nosuch.sock: "
touch cache.txt
for cache in /nosuch cache.txt; do
    run "$pslimits" serve -S c.sock -f nosuch.conf --cache $cache
    match "a cache that cannot be had ($cache) is told at the start" "$rc$out $err" \
        "^4 pslimits: --cache $cache: [NN][^;]*; it is to be a folder where this user may write$"
done
run "$pslimits" serve -U nosuchuser -S c.sock -f nosuch.conf
match "an unknown user is told" "$rc $err" "^4 pslimits: user \"nosuchuser\": "
plan
