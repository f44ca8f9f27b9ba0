#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# psched plan: what it says of files of tasks.
. "$(dirname "$0")/tool.sh"
psched=${top_builddir:?is set by make check}/psched/psched
begin='--utc --from 2027-01-01T00:00:00Z'

# plan ARGUMENTS...: of the file tasks.json
run_plan() {
    local arguments
    read -ra arguments <<<"$begin $1"
    run "$psched" plan "${arguments[@]}" tasks.json
}

run "$psched" plan --help
check "--help exits 0, silent on standard error" "$rc$err" 0
check "--help begins with the usage" "${out%%"$nl"*}" "Usage: psched plan [options] FILE"

# --- command line

bad() {
    local arguments
    read -ra arguments <<<"$1"
    run "$psched" plan "${arguments[@]}"
    check "psched plan $1" "$rc$out $err" "2 $2"
}
bad "" "psched plan: wants one file; --help tells more"
bad "a b" "psched plan: wants one file; --help tells more"
bad "--from 2027-01-01T00:30:00Z x" \
    "psched plan: --from: wants a whole hour as 2027-01-01T00:00:00Z; got '2027-01-01T00:30:00Z'"
bad "--for PT5M x" "psched plan: --for: wants a duration from PT1H to P366D; got 'PT5M'"
bad "--horizon week x" "psched plan: --horizon: wants a duration from PT1H to P366D; got 'week'"
bad "--rate 0 x" "psched plan: --rate: wants bits a second as 10g; got '0'"

# --- what is no task

echo '{"tasks":[{"test":{"type":"rtt","spec":{"dest":"h2"}}},{"test":{"type":"rtt","spec":{"dest":"h2","count":0}}}]}' \
    >tasks.json
run_plan
check "a fault names file, task and place" "$rc$out $err" \
    "4 psched plan: tasks.json:1: task 2: At /count: 0 is less than the minimum of 1"
echo '[]' >tasks.json
run_plan
check "a file without tasks is refused" "$rc$out $err" "4 psched plan: tasks.json:1: wants an array of 1 to 10000 tasks"
echo '{"test":{"type":"rtt","spec":{"dest":"h2"}},"schedule":{"start":"2026-01-01T00:00:00Z"}}' >tasks.json
run_plan
check "a task that cannot begin is refused" "$rc$out $err" \
    "4 psched plan: task 1, rtt to h2: At /schedule/start: 2026-01-01T00:00:00Z has passed"

# --- plans

cat >tasks.json <<'JSON'
{"tasks": [
  {"test": {"type": "latencybg", "spec": {"dest": "h2"}}, "schedule": {"start": "@PT1H", "repeat": "PT24H"}},
  {"test": {"type": "idleex", "spec": {"duration": "PT10M"}},
   "schedule": {"start": "@PT1H", "repeat": "PT30M", "slip": "PT15M"}},
  {"test": {"type": "idleex", "spec": {"duration": "PT10M"}},
   "schedule": {"start": "@PT1H", "repeat": "PT1H", "slip": "PT15M"}},
  {"test": {"type": "rtt", "spec": {"dest": "h2", "count": 10, "length": 72}},
   "schema": 1, "schedule": {"schema": 2, "repeat-cron": "30 6 * * *"}}
]}
JSON
run_plan "--for P1D --json"
check "nothing is lost" "$rc$err" 0
check "runs by task" "$(jq -c '[.tasks[].runs]' <<<"$out")" "[1,46,23,1]"
check "two tests at once are put apart, each hour one of them" "$(jq -c '[.tasks[].moved] | add' <<<"$out")" 23
check "and by how much" "$(jq -c '[.tasks[] | .["moved-seconds-mean"] | select(. != 0)] | unique' <<<"$out")" "[600]"
check "an hour that has three such tests" "$(jq '.hours[5]["exclusive-seconds"] >= 1800' <<<"$out")" true
check "ten packets a second" "$(jq '.hours[5]["packets-per-second"]' <<<"$out")" 10
check "336 bits in each of them, and none more" "$(jq '.hours[5]["bits-per-second"]' <<<"$out")" 3360
check "and the pings of one hour" "$(jq '.hours[6]["packets-per-second"] * 3600 | round' <<<"$out")" 36020
check "there are 24 hours" "$(jq '.hours | length' <<<"$out")" 24
first=$out
run_plan "--for P1D --json"
check "a plan is the same each time" "$out" "$first"

run_plan "--for PT6H"
match "in words" "$out" "^4 tasks from 2027-01-01T00:00:00Z to 2027-01-01T06:00:00Z$nl  runs +1[0-9],"
match "each hour has a line" "$out" "${nl}2027-01-01T05:00:00Z "

cat >tasks.json <<'JSON'
[{"test": {"type": "idleex", "spec": {"duration": "PT40M"}}, "schedule": {"start": "@PT1H", "repeat": "PT1H"}},
 {"test": {"type": "idleex", "spec": {"duration": "PT40M"}},
  "schedule": {"start": "@PT1H", "repeat": "PT1H", "slip": "PT10M"}}]
JSON
run_plan "--for PT12H"
check "what would not be carried out is the answer no" "$rc$err" 1
match "with the reason" "$out" "no-room +1[01]: other runs take all the time it may have"
match "and an example" "$out" "2, idleex: 1[01] of [0-9]+; the last: no PT40M"
echo '{"test": {"type": "rtt", "spec": {"dest": "h2"}}, "schedule": {"start": "@PT1H", "repeat": "PT1S"}}' >tasks.json
run_plan "--for PT3H --json"
check "no more is told to be lost than is due in the time of the plan" \
    "$rc $(jq -c '[.sum.runs, 6480 - .sum.lost <= 1, .sum.lost <= 6480, .tasks[0].skipped == .sum.lost,
        ([.hours[].lost] | add) == .sum.lost, ([.hours[].lost] | max) <= 3240]' <<<"$out")" \
    "1 [720,true,true,true,true,true]"
"$psched" plan --from 2027-01-01T00:00:00Z --for PT2H - <tasks.json >piped.txt
check "a file may come by standard input" "$? $(head -c 7 piped.txt)" "1 1 task "
echo '[{}]' | "$psched" plan - 2>err.txt
check "whose faults have a place, too" "$(<err.txt)" \
    "psched plan: standard input:1: task 1: At /: 'test' is a required property"

plan
