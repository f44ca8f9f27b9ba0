#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# pslimits(1): what it makes of requests.
. "$(dirname "$0")/tool.sh"
limits=${top_srcdir:?is set by make check}/test/tool/limits
sample=$top_srcdir/conf/limits.conf

# --- try: tables of rules, requests and verdicts

for conf in "$limits"/*.conf; do
    run "$pslimits" check -q "$conf"
    check "${conf##*/} has no faults" "$rc$err $(grep -v ': warning: ' out.txt | grep -v ': good: ')" "0 "
    run "$pslimits" try -q "$conf" --cases "${conf%.conf}.cases.json"
    match_all "${conf##*/}: every case is as expected" "$rc$err $out" "0 ([0-9]+) of [0-9]+ cases as expected"
done
run "$pslimits" try -q "$sample" --cases "$limits/sample.cases.json"
match_all "the sample's throughput is bounded" "$rc$err $out" "0 ([0-9]+) of [0-9]+ cases as expected"
cat >cases.json <<'END'
{"cases": [
 {"name": "good", "requester": "198.51.100.1", "task": {"test": {"type": "rtt", "spec": {}}}, "expect": {"passed": false}},
 {"name": "bad", "requester": "198.51.100.1", "task": {"test": {"type": "rtt", "spec": {}}}, "expect": {"passed": true}}]}
END
run "$pslimits" try "$sample" --cases cases.json
match_all "a verdict that is not expected is told with its way" "$rc$err $out" \
    "1 ok    good${nl}WRONG bad \(line 3\): it is denied: application 1, Unwanted .*${nl}verdict: denied: .*${nl}1 of 2 cases as expected"
run "$pslimits" try --json "$sample" --cases cases.json
check "try --json" "$rc$err $(jq -c '[.[] | [.name, ."as-expected", .passed, (.reasons | type)]]' out.txt)" \
    '1 [["good",true,false,"null"],["bad",false,false,"array"]]'
echo '{"cases": [{"nam": "x", "requester": "x", "expect": {}}], "facts": {"bogons": true}}' >bad.json
run "$pslimits" try "$sample" --cases bad.json
check "cases are checked like rules" "$rc$out $err" "4 \
pslimits: bad.json:1: facts.bogons: is not known here; did you mean \"bogon\"?
pslimits: bad.json:1: cases[0].name: is missing
pslimits: bad.json:1: cases[0].nam: is not known here; did you mean \"name\"?
pslimits: bad.json:1: cases[0].expect.passed: is missing"
echo '{"cases": []}' >none.json
run "$pslimits" try "$sample" --cases none.json
check "a file without a case is at fault, and no success" "$rc$out $err" \
    "4 pslimits: none.json:1: cases: has no case: nothing would be tried"
echo '{"cases": [{"name": "x", "hints": {"requester": "bar"}, "task": {"test": {"type": "idle", "spec": {}}}, "expect": {"passed": true}}]}' >place.json
run "$pslimits" try "$sample" --cases place.json
check "a fault below a case has its place once" "$rc$out $err" \
    "4 pslimits: place.json:1: cases[0].hints.requester: \"bar\" is no IP address"
cat >names.json <<'END'
{"task": {"test": {"type": "rtt", "spec": {}}}, "facts": {"#": "x", "lists": ["universe"]}, "cases": [
 {"name": "a", "requester": "192.0.2.1", "expect": {"passed": true, "classifiers": ["frends"]}},
 {"name": "b", "requester": "192.0.2.1", "expect": {"passed": true},
  "facts": {"no-answer": ["reserch"], "url-fetch": {"#": "x", "elsewere": 200}}}]}
END
cat >names.conf <<'END'
{"schema": 4,
 "identifiers": [{"name": "research", "description": "", "type": "ip-cidr-list-url",
   "data": {"source": "http://192.0.2.1/", "update": "P1D", "retry": "PT1H"}}],
 "classifiers": [{"name": "friends", "description": "", "identifiers": ["research"]}],
 "limits": [{"name": "elsewhere", "description": "", "type": "url-fetch", "data": {"url": "http://192.0.2.1/"}}],
 "applications": [{"apply": [{"require": "all", "limits": ["elsewhere"]}]}]}
END
run "$pslimits" try names.conf --cases names.json
check "names that the rules do not have are faults of a case" "$rc$out $err" "4 \
pslimits: names.json:1: facts.lists[0]: the rules have no identifier of type ip-cidr-list-url \"universe\"; there is research
pslimits: names.json:2: cases[0].expect.classifiers[0]: the rules have no classifier \"frends\"; did you mean \"friends\"?
pslimits: names.json:4: cases[1].facts.url-fetch.elsewere: the rules have no limit of type url-fetch \"elsewere\"; did you mean \"elsewhere\"?
pslimits: names.json:4: cases[1].facts.no-answer[0]: the rules have no identifier or limit that asks for something, \"reserch\"; did you mean \"research\"?"
echo '{"task":{"test":{"type":"rtt","spec":{}}},"cases":[{"name":"a","hints":{"#":"x","requestor":"192.0.2.1"},"expect":{"passed":true}}]}' >hint.json
run "$pslimits" try "$sample" --cases hint.json
check "so are hints that nobody knows" "$rc$out $err" \
    "4 pslimits: hint.json:1: cases[0].hints.requestor: is a hint that neither pScheduler nor the rules know; did you mean \"requester\"?"
run "$pslimits" explain -f "$sample" -r 192.0.2.7 -i colour=red
match "explain warns of them" "$rc $err" \
    "^0 pslimits: warning: neither pScheduler nor these rules know a hint \"colour\"; there are requester, server, requester-proxied-by$"
run "$pslimits" explain -f "$sample" -r 192.0.2.7 -i servr=192.0.2.1
check "one that is nearly known is a slip" "$rc$out $err" \
    "2 pslimits: neither pScheduler nor these rules know a hint \"servr\"; did you mean \"server\"?"
run "$pslimits" try "$sample"
check "try needs cases" "$rc$out $err" "2 pslimits try: --cases CASES is missing; try 'pslimits try --help'"

# --- explain

echo '{"test":{"type":"throughput","spec":{"duration":"PT2M"}}}' >long.json
run "$pslimits" explain -f "$sample" -r 192.0.2.7 -t long.json
check "explain tells the whole way" "$rc$err $out" "1 hints: requester 192.0.2.7
identified as: everybody, friends
  yes   everybody (always): everybody is
  no    this-host (localif): no interface of this host has it
  yes   friends (ip-cidr-list): 192.0.2.7 is in 192.0.2.0/24
  no    unwanted (ip-cidr-list): 192.0.2.7 is in none of 1 networks
classified as: friendly, guests
  no    hostile (any): 0 of 1
  no    local (any): 0 of 1
  yes   friendly (any): 1 of 1: friends
  yes   guests (any): 1 of 1: everybody
application \"Unwanted requesters may do nothing\" for hostile: does not apply
application \"This host may do anything\" for local: does not apply
application \"Friends may measure throughput, within limits\" for friendly: fails
  no    all: 1 of 2 pass
    yes   throughput (test-type): test \"throughput\" is listed
    no    short-throughput (jq): throughput may last 60 seconds, what is omitted included
application \"Everybody may run small, harmless tests\" for guests: fails
  no    all: 1 of 2 pass
    no    harmless-tests (test-type): test \"throughput\" is not listed
    yes   small-tests (jq): the script says true
verdict: denied: no application passed: Friends may measure throughput, within limits: limit short-throughput: \
throughput may last 60 seconds, what is omitted included; Everybody may run small, harmless tests: limit harmless-tests: test \"throughput\" is not listed"
# guest TEST: what the sample says when somebody unknown wants it.
guest() {
    echo "{\"test\": $1}" >guest.json
    run "$pslimits" explain -f "$sample" -r 8.8.8.8 -t guest.json
    echo "$rc ${out##*limit small-tests: }" | head -n 1 | cut -c1-80
}
while read -r large said; do
    check "of what is harmless while it is small the sample bounds $large" "$(guest "$large")" "1 $said"
done <<'END'
{"type":"trace","spec":{"dest":"x","hops":255,"queries":10}} the number of packets has to be from 1 to 600
{"type":"trace","spec":{"dest":"x","wait":"PT1H"}} all of it in seconds has to be from 0 to 600
{"type":"trace","spec":{"dest":"x","sendwait":"PT30S"}} all of it in seconds has to be from 0 to 600
{"type":"simplestream","spec":{"dest":"x","dawdle":"PT10H"}} the dawdle in seconds has to be from 0 to 60
{"type":"simplestream","spec":{"dest":"x","timeout":"P1D"}} the timeout in seconds has to be from 0 to 60
{"type":"dns","spec":{"query":"x","record":"a","timeout":"P1D"}} the timeout in seconds has to be from 0 to 60
{"type":"clock","spec":{"dest":"x","timeout":"P1D"}} the timeout in seconds has to be from 0 to 60
{"type":"rtt","spec":{"dest":"x","deadline":"P30D"}} the deadline in seconds has to be from 0 to 600
{"type":"latency","spec":{"dest":"x","packet-timeout":100000}} the timeout in seconds has to be from 0 to 60
END
for small in '"trace","spec":{"dest":"x","queries":3,"wait":"PT2S"}' '"simplestream","spec":{"dest":"x","test-material":"abc"}' \
    '"dns","spec":{"query":"x","record":"a"}' '"clock","spec":{"dest":"x","timeout":"PT5S"}' '"latency","spec":{"dest":"x"}'; do
    check "and lets $small pass" "$(guest "{\"type\":$small}" | cut -c1)" 0
done
run "$pslimits" explain -f "$sample" -r 127.0.0.1
check "what passes exits 0; without a task it is idle" "$rc$err ${out##*"$nl"}" \
    "0 verdict: passed: application 2, This host may do anything passes"
run "$pslimits" explain -f "$sample" -r 192.0.2.7 -t -
check "a task that is none is told" "$rc$out $err" "2 pslimits: standard input:1: wants a JSON document; got nothing"
"$pslimits" explain --json -f "$sample" -r 192.0.2.7 -t - <long.json >out.txt
check "the task may come from standard input" "$? $(jq -c '[.passed, .reasons[0].text, .reasons[1].reasons[2].name, .reasons[5].reasons[0].reasons[1].text]' out.txt)" \
    '1 [false,"requester 192.0.2.7","friends","throughput may last 60 seconds, what is omitted included"]'
"$pslimits" explain --json -f "$sample" -r 192.0.2.7 -t <(cat long.json) >out.txt
check "or from a pipe with a name" "$? $(jq -c .passed out.txt)" "1 false"
run "$pslimits" explain -f "$sample" -r 192.0.2.7 -t .
check "but not from a folder" "$rc$out $err" "4 pslimits: .: Is a directory"
shipped=$limits/shipped.conf
echo '{"test":{"type":"idle","spec":{"duration":"PT2S"}},"priority":-3}' >idle.json
printf '203.0.113.9 A 60 127.0.0.1\n' >zone
mkfifo port
"$top_builddir/test/tool/fake_dns" zone >port &
pids+=($!)
read -r dns_port <port
run "$pslimits" explain -f "$shipped" -r 203.0.113.9 -t idle.json --resolver "127.0.0.1:$dns_port"
check "the task as rewritten is shown" "$rc$err ${out##*"$nl"}" \
    '0 the task as rewritten: {"test":{"type":"idle","spec":{"duration":"PT5S"}},"priority":-3}'
run "$pslimits" explain -f "$shipped" -r 203.0.113.9 -t idle.json --resolver "127.0.0.1:$dns_port" \
    --run 2026-06-21T12:00:00Z PT5S
check "a run has a priority" "$rc$err $(grep -A 1 ^priority out.txt)" "0 priority: -3
        note: as asked, but not more (set to -3)"
check "and its task is not rewritten" "$(grep -c rewritten out.txt)" 0
printf '%s' '{"schema":4,"identifiers":[{"name":"\u001b[2Jall","description":"","type":"hint","data":{"hint":"x","match":{"style":"exact","match":"a\u0007"}}}],' \
    '"classifiers":[{"name":"c\u009b","description":"","identifiers":["\u001b[2Jall"]}],"limits":[],"applications":[]}' >control.conf
run "$pslimits" explain -f control.conf -r 192.0.2.1 -i "x=a$(printf '\a')"
match "control characters are shown, and not sent to the terminal" "$rc$err $(sed -n 2,6p out.txt)" '^1 .*yes   \\x1b\[2Jall'
match "those of C1 as well" "$out" 'classified as: c\\xc2\\x9b'
check "none are left" "$(LC_ALL=C grep -c $'[\x01-\x08\x0e-\x1f\x7f]' out.txt)" 0
bad() { # "ARGUMENTS" STATUS MESSAGE
    local arguments
    read -ra arguments <<<"$1"
    run "$pslimits" explain -f "$sample" "${arguments[@]}"
    check "explain $1" "$rc$out $err" "$2 $3"
}
echo '{"test":{"type":"rtt","spec":{}},"run_schedule":{"start":"2026-06-21T12:00:00Z","duration":"PT5S"}}' >runs.json
echo '{"test":{"type":"rtt","spec":{}},"priority":"9"}' >urgent.json
bad "" 2 "pslimits explain: --requester IP is missing: who asks?; try 'pslimits explain --help'"
bad "-r x" 2 "pslimits: requester: \"x\" is no IP address"
bad "-r 192.0.2.1 --run now" 2 "pslimits explain: --run wants a start and a duration; try 'pslimits explain --help'"
bad "-r 192.0.2.1 --run now PT1S" 2 "pslimits: start: \"now\" is no ISO 8601 time, as in 2026-06-21T12:00:00Z"
bad "-r 192.0.2.1 -i x" 2 "pslimits explain: --hint wants NAME=VALUE; try 'pslimits explain --help'"
bad "-r 192.0.2.1 -t nosuch.json" 4 "pslimits: nosuch.json: No such file or directory"
bad "-r 192.0.2.1 --resolver dns" 2 "pslimits: --resolver dns: wants an address, as in 192.0.2.53 or [2001:db8::53]:5353"
bad "-r 192.0.2.1 -t runs.json" 2 "pslimits: runs.json:1: run_schedule: is no part of a task: a run is told beside it"
bad "-r 192.0.2.1 -t urgent.json" 2 "pslimits: urgent.json:1: priority: wants an integer; got \"9\""
cat >wordy.conf <<'END'
{"schema": 4,
 "identifiers": [{"name": "all", "description": "", "type": "always", "data": {}}],
 "classifiers": [{"name": "all", "description": "", "identifiers": ["all"]}],
 "limits": [{"name": "wordy", "description": "", "type": "jq", "data": {"script": "\"\u00fc\" * 3000"}}],
 "applications": [{"apply": [{"require": "all", "limits": ["wordy"]}]}]}
END
run "$pslimits" explain -f wordy.conf -r 192.0.2.1
match "a reason that is long is cut, and says so" "$rc$err $out" '^1 .*wordy \(jq\): (ü){1000}\.\.\. \(cut after 2000 octets\)'
check "in a verdict, too" "$((${#out} < 6000)) $(grep -c '^verdict: .*cut after' out.txt)" "1 1"
echo '{"schema":4}' >faulty.conf
run "$pslimits" explain -f faulty.conf -r 192.0.2.1
check "faulty rules give no verdict" "$rc$out ${err%%"$nl"*}" "4 pslimits: faulty.conf:1: identifiers: is missing"
sed 's/then true/thn true/' "$sample" >syntax.conf
run "$pslimits" check syntax.conf
match_all "a script that does not compile is a fault" "$rc$err $out" \
    "1 syntax.conf:[0-9]+: limits\[[0-9]\].data.script: does not compile: .*; see line 4 of the script${nl}syntax.conf: 1 fault"
plan
