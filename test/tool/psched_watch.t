#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# psched watch, and task, of tasks whose runs have no place yet.
. "$(dirname "$0")/tool.sh"
# shellcheck source=sched.sh
. "${top_srcdir:?is set by make check}/test/tool/sched.sh"
export PSCHED_SOCKET=$tmp/a/rest PSCHED_CONTROL=$tmp/a/control
unset PSCHEDULER_ASSIST PSCHEDULER_PRIORITY PSCHEDULER_SLIP

p() {
    run "$psched" "$@"
}

sched a || bail_out "$line"
all=$("$psched" task --url idleex --duration PT30H) # beyond the horizon
until_true eval "[ \"\$(fetch '$all/runs/first?wait=0' | jq -r .state)\" = running ]"
none='no PT40S are free from .*; run .* of task .* has the time until .*'

p task --slip PT5S idleex --duration PT40S
match_all "a run that has no place is waited for, and told why" "$rc$err $out" "1 .*
No run yet: $none
Waiting for it\.\.\.
.*The run did not succeed: Non-Starter\.

Reason:
  $none
.*"
url=$(grep -o 'http[^ ]*/tasks/[-0-9a-f]*$' <<<"$out" | head -n 1)
p watch --quiet "$url"
match_all "when there will be none, that is told, also with -q" "$rc $err$out" \
    "1 psched watch: there is no run to wait for: $none"

later=$("$psched" task --url --repeat PT1H --slip PT30M idleex --duration PT1S)
"$psched" watch --runs 1 "$later" >watched 2>&1 &
watcher=$!
until_true grep -q '^No run yet: no PT' watched
check "a task that repeats is waited for" "$(kill -0 $watcher && echo waits)" waits
p cancel "$all"
wait $watcher
check "until its run has had its place" "$? $(grep -c '^Time Slept' watched)" "0 1"

p cancel "$later"
p watch "$later"
match_all "one that is cancelled is not" "$rc $err" "1 psched watch: there is no run to wait for: the task is cancelled"

# --- a run that is over before its start

p pause
p task --slip PT0S noop
match_all "a run that is missed before its start is shown once" "$rc $(grep -c 'did not succeed: Missed' <<<"$out") $out" \
    "1 1 .*No further runs are scheduled\\."
p resume

# --- a restart meanwhile

again=$("$psched" task --url --repeat PT3S noop)
"$psched" watch --runs 1 "$again" >watched 2>&1 &
watcher=$!
until_true grep -q '^Waiting for the result' watched
end_sched KILL
until_true grep -q 'it is waited for$' watched
sched a || bail_out "$line"
wait $watcher
match "a scheduler that is restarted is waited for" "$? $(<watched)" \
    "^[01] .*psched watch: .*; it is waited for.* with passthrough:"
p cancel "$again"

# --- runs that take longer than from one to the next

p task --url --repeat PT2S clock --dest 127.0.0.1
check "a task that repeats faster than its runs may take is warned of" "$rc $err" "0 psched task: warning: \
a run may take PT6S and the task repeats each PT2S: what is due meanwhile is skipped, so there is a run each PT6S"
url=$out
match "also in its diagnostics" "$(fetch "$url?detail" | jq -r .detail.diags)" '^Warning: a run may take PT6S'
p schedule --verbose PT1M
match "and on the schedule" "$rc$err $out" "${nl}Warning: a run may take PT6S "
skipped() {
    fetch "$url/skipped" | jq -e 'length > 0' >/dev/null
}
until_true skipped
check "what was skipped is what has passed" "$(fetch "$url/skipped" |
    jq -r 'map((.last | fromdate) <= now and .count <= .due and .reason == "overlap") | all')" true
match "and is told with the reason" "$(fetch "$url/skipped" | jq -r '.[0].errors')" \
    '^a run may take PT6S, longer than the PT2S from one to the next$'
end_sched TERM
plan
