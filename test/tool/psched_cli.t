#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# psched's command line against a daemon of our own.
# shellcheck disable=SC2016 # programs of plug-ins are in single quotes
. "$(dirname "$0")/tool.sh"
psched=$top_builddir/psched/psched
export PSCHED_SOCKET=$tmp/api.sock PSCHED_CONTROL=$tmp/ctl.sock PSCHED_PROBE=$top_builddir/psprobe/ps-probe
unset PSCHEDULER_ASSIST PSCHEDULER_PRIORITY PSCHEDULER_SLIP http_proxy https_proxy

# psched VERB ARGUMENT...: as run
p() {
    run "$psched" "$@"
}

# --- without a daemon

verbs='task watch result cancel schedule monitor free ping clock plugins status troubleshoot archiving pause resume purge backup restore'
for verb in $verbs; do
    p "$verb" --help
    echo "$verb $rc${err:+ $err} ${out%%"$nl"*}"
done >help.txt
check "every verb has a help" "$(grep -cE '^([a-z]+) 0 Usage: psched \1' help.txt)" "$(wc -w <<<"$verbs")"
for verb in $verbs; do
    p "$verb" --bogus
    echo "$rc $err"
done >bogus.txt
check "an unknown option is usage" "$(grep -cvE "^2 psched [a-z]+: unknown option '--bogus'; try 'psched [a-z]+ --help'$" bogus.txt)" 0
p pign
match_all "a mistyped verb is guessed" "$rc $err" '2 .*"ping".*'
p task
check "a task wants a test" "$rc $err" "2 psched task: wants a test; --help tells more"
p task rtt --help
match "a test has its own help" "$rc$err $out" '^0 Usage: psched task \[task options\] rtt \[test options\].*--\[no-\]hostnames'
p free rtt --help
match "also for the time that is free" "$rc$err $out" '^0 Usage: psched free \[free options\] rtt \[test options\]'
p task rtt --count 5
check "a bad specification is told in pScheduler's words" "$rc $err" \
    "2 psched task: rtt: At /: 'dest' is a required property"
p task rtt --dest x --tool ping
check "an option of the task behind the test is told to be one" "$rc $err" "2 psched task: rtt: no such option: --tool
psched task: --tool is an option of the task: it goes before 'rtt'"
p task --archive '{' noop
match_all "so is JSON that is none" "$rc $err" "2 psched task: --archive: wants JSON or @FILE: .*"
p task --max-runs 0 noop
check "and a number" "$rc $err" "2 psched task: --max-runs: wants a number of at least 1; got '0'"
p status
match_all "without a daemon, that is told" "$rc $err" "3 psched status: .*ctl.sock.*"
p ping
check "and so it is by the API, with its socket" "$rc $err" \
    "1 psched ping: $PSCHED_SOCKET: No such file or directory: is psched serve running?"
p schedule --socket "$tmp/none.sock"
check "which the option names, too" "$rc $err" \
    "3 psched schedule: $tmp/none.sock: No such file or directory: is psched serve running?"
mkdir -m 700 shut
other=(setpriv --reuid 65534 --regid 65534 --clear-groups "$psched")
if [ "$(id -u)" = 0 ] && "${other[@]}" --version >/dev/null 2>&1; then
    run "${other[@]}" schedule --socket "$tmp/shut/none.sock"
    match_all "and why one may not" "$rc $err" "3 .*/none.sock: Permission denied; the socket's mode and group say who may ask; others .*HTTPS"
else
    skip "and why one may not" "that takes another user"
fi
p backup -
check "a backup is no stream" "$rc $err$(ls -- - 2>/dev/null)" \
    "2 psched backup: '-': a backup is written to a file, not to standard output"
"$psched" --help >/dev/full 2>err.txt
check "an answer that cannot be written is none" "$? $(<err.txt)" \
    "4 psched: the output cannot be written: No space left on device"

p task --export --repeat PT5M --repeat-cron '0 * * * *' --max-runs 3 --sliprand --tool ping --tool tcpping \
    --archive '{"archiver":"bitbucket","data":{}}' --priority 5 --key k --reference '{"ä":1}' --debug \
    --keep-after-archive PT1H rtt --dest 192.0.2.1 --count 3
check "a task is exported as options say" "$rc$err $(jq -Sc . <<<"$out")" '0 {"_key":"k","archives":[{"archiver":"bitbucket","data":{}}],"debug":true,"keep-after-archive":"PT1H","priority":5,"reference":{"ä":1},"schedule":{"max-runs":3,"repeat":"PT5M","repeat-cron":"0 * * * *","schema":2,"sliprand":true},"schema":5,"test":{"spec":{"count":3,"dest":"192.0.2.1","schema":1},"type":"rtt"},"tools":["ping","tcpping"]}'
printf '%s' "$out" >task.json
p task --export --import task.json --repeat PT9M --archive '{"archiver":"syslog","data":{}}' -
check "an imported one is changed where options say so" \
    "$rc$err $(jq -c '[.schema, .schedule.repeat, .schedule."max-runs", .test.spec.count, [.archives[].archiver], .tools[0]]' <<<"$out")" \
    '0 [5,"PT9M",3,3,["bitbucket","syslog"],"ping"]'
"$psched" task --export --import - trace --dest h <task.json >out.txt
check "and its test may be another" "$(jq -c '[.test, .priority]' out.txt)" '[{"type":"trace","spec":{"schema":1,"dest":"h"}},5]'
p task --import /dev/null -
match_all "what is no task cannot be imported" "$rc $err" '2 psched task: --import: .*'
echo '{"test":{"type":"noop","spec":{}},"junk":1,"#":2}' >junk.json
p task --import junk.json -
check "nor what has something that no task has" "$rc $out$err" "2 psched task: At /: Additional properties are not allowed ('junk' was unexpected)"
echo '{"test":{"type":"noop","spec":{}},"schedule":{"junk":1}}' >junk.json
p task --import junk.json --slip PT1M -
check "also in its schedule" "$rc $out$err" "2 psched task: At /schedule: there is no 'junk' in a schedule, but start, slip, sliprand, repeat, repeat-cron, until, max-runs"
p task --export --max-runs 5 noop
check "runs without a repeat are warned of" "$rc $err" \
    "0 psched task: warning: max-runs without repeat or repeat-cron: there is one run"
p task --export --max-runs 1 --repeat 60 --slip 10 noop
check "a bare number is seconds here, too" "$rc$err $(jq -c .schedule <<<"$out")" '0 {"slip":"PT10S","repeat":"PT60S","max-runs":1}'
p task --export -
check "nor is there a test without a task" "$rc $err" "2 psched task: the test is -, but no task with a test is imported"

# --- with one

# A plug-in's test and tool, which say what they are told.
method() { # PATH LINE...: a program of these lines, which reads its standard input
    mkdir -p "plugins/${1%/*}"
    printf '#!/bin/sh\nin=$(cat)\n%s\n' "$2" >"plugins/$1"
    chmod +x "plugins/$1"
}
mine='"schema":1,"version":"1","maintainer":{"name":"x"}'
method test/echo/enumerate "echo '{$mine,\"name\":\"echo\",\"description\":\"Says it\",\"scheduling-class\":\"background\"}'"
method test/echo/cli-to-spec 'case $in in
*--help*) echo "Usage: echo --text TEXT" >&2; exit 1 ;;
*--text*) printf "%s" "$in" | sed "s/.*--text\",/{\"text\":/; s/]$/}/" ;;
*) echo "no such option: whatever" >&2; exit 1 ;;
esac'
method test/echo/spec-to-cli 'printf "%s" "$in" | sed "s/{\"text\":/[\"--text\",/; s/}$/]/"'
method test/echo/spec-is-valid "echo '{\"valid\":true}'"
method test/echo/participants "echo '{\"participants\":[null],\"null-reason\":\"none\"}'"
method test/echo/result-format 'echo "It said so."'
method tool/echoer/enumerate "echo '{$mine,\"name\":\"echoer\",\"description\":\"Says it\",\"tests\":[\"echo\"],\"preference\":0}'"
method tool/echoer/can-run "echo '{\"can-run\":true}'"
method tool/echoer/duration "echo '{\"duration\":\"PT1S\"}'"
method tool/echoer/participant-data "echo '{}'"
method tool/echoer/run "echo '{\"succeeded\":true,\"result\":{\"succeeded\":true}}'"
method tool/echoer/merged-results "echo '{\"succeeded\":true}'"
# One before it that cannot be asked hides it from nobody.
method tool/blunt/enumerate "echo '{$mine,\"name\":\"blunt\",\"description\":\"Says nothing\",\"tests\":[\"echo\"],\"preference\":9}'"
echo "plugins $tmp/plugins" >psched.conf

"$psched" serve -c psched.conf --data "$tmp/data" --listen 127.0.0.1:0 --listen-unix "$PSCHED_SOCKET" --control "$PSCHED_CONTROL" \
    --limits none 2>serve.log &
pids+=($!)
until_true "$psched" status || bail_out "psched serve: $(<serve.log)"
port=$("$psched" status --json | jq -r '.listen[0] | split(":")[1]')

p ping
check "ping by the socket" "$rc$err $out" "0 localhost: pScheduler is alive"
p ping "127.0.0.1:$port"
check "ping by HTTPS, whoever signed the certificate" "$rc$err $out" "0 127.0.0.1:$port: pScheduler is alive"
p ping --verify "127.0.0.1:$port"
match_all "unless it has to be good" "$rc $err" "1 psched ping: .*[Cc]ertificate.*"
p clock "127.0.0.1:$port"
match "clock compares" "$rc$err $out" "^0 localhost .*${nl}127\.0\.0\.1:$port .*Difference: P.*, safe$"
p clock --json "127.0.0.1:$port"
check "also as JSON" "$rc$err $(jq -c '[[.clocks[].host], (.clocks | all(has("clock"))), .safe]' <<<"$out")" \
    "0 [[\"localhost\",\"127.0.0.1:$port\"],true,true]"
p ping --json
check "and so does ping" "$rc$err $(jq -c . <<<"$out")" '0 {"host":"localhost","alive":true}'
p plugins tests
check "plugins lists the tests" "$rc$err $(wc -l <<<"$out") $(grep -c '^  rtt .*(background)$' <<<"$out")" "0 16 1"
p plugins --json tools
check "tools as JSON" "$rc$err $(jq -c 'map(select(.name == "ping")) | map(.tests)' <<<"$out")" '0 [["rtt"]]'
p plugins things
check "and nothing else" "$rc $err" "2 psched plugins: 'things' is none of tests, tools, archivers and contexts"
p task bogus
check "a test that nobody knows is told" "$rc $err" \
    "2 psched task: there is no test 'bogus'; 'psched plugins tests' lists them"
p task --archive '{"archiver":"none","data":{}}' noop
match_all "what the scheduler refuses is told" "$rc $err" \
    "1 psched task: At /archives/0 \\(none\\): No archiver 'none' available"

p task echo --help
match_all "of a plug-in's test its own help is shown" "$rc$err" "1psched task: Usage: echo --text TEXT"
p task echo --bogus
check "and its own complaint" "$rc $err" "1 psched task: no such option: whatever"

# Runs that come together, so that there is no waiting for one after the other.
good=$("$psched" task --url noop --data '{"a":[1]}')
bad=$("$psched" task --url noop --fail 1)
echo=$("$psched" task --url echo --text "a b")
twice=$("$psched" task --url --repeat PT3S --max-runs 2 idle --duration PT1S)
match_all "a task's URL is that of this host" "$good" "https?://localhost/pscheduler/tasks/[-0-9a-f]{36}"
p task idle --duration PT1S
match_all "a task is told of, run and shown" "$rc$err $out" "0 Submitting the task...
Task URL:
https?://localhost/pscheduler/tasks/[-0-9a-f]*
Running with tool 'snooze'
Waiting for the first run to be scheduled...

Next scheduled run:
https?://localhost/pscheduler/tasks/[-0-9a-f]*/runs/[-0-9a-f]*
Starts [-0-9T:]*Z( \(in [0-9]+ s\))?
Ends   [-0-9T:]*Z( \(in [0-9]+ s\))?
Waiting for the result...

[-0-9T:]*Z on .* with snooze:

idle --duration PT1S

Time Slept ... 1[.0-9]* seconds

No further runs are scheduled."
p watch --first --quiet --format json "$good"
check "a result as JSON" "$rc$err $(jq -c .data <<<"$out")" '0 {"a":[1]}'
p result --quiet "$good"
check "a result alone" "$rc$err $out" '0 Data ... {"a":[1]}'
p result --format html "${good##*/}"
check "as HTML, the task by its UUID" "$rc$err $out" "0 <table>${nl}<tr><td>Data</td><td>{&quot;a&quot;:[1]}</td></tr>${nl}</table>"
p result --full "$good/runs/first"
check "or all of the run" "$rc$err $(jq -r .state <<<"$out")" "0 finished"
p watch --first --full "$good"
check "also while it is watched" "$rc$err $(jq -r .state <<<"$out")" "0 finished"
p result --host "127.0.0.1:$port" --json "${good##*/}"
check "the UUID may be one of another host" "$rc$err $(jq -c .data <<<"$out")" '0 {"a":[1]}'
p result --output 'r-%n.txt' --quiet "$good"
check "into a file" "$rc$err$out $(<r-1.txt)" '0 Data ... {"a":[1]}'
p result "$bad"
match_all "a run that failed is told as one" "$rc$err $out" "1 .* with passthrough:

noop --fail 1(\.0)?

The run did not succeed: Failed\..*"
check "the reason is told once" "$(sort <<<"$out" | grep -v '^$' | uniq -d)" ""
p watch --first --format text "$echo"
match "a plug-in's test is run and told as it says" "$rc$err $out" "^0 .* with echoer:

echo --text 'a b'

It said so\."
p watch --first --quiet "$twice"
check "watch sees every run" "$rc$err $(grep -c '^Time Slept ... 1' <<<"$out")" "0 2"
p watch "$twice"
check "and says when there are no more" "$rc$err $out" "1 No further runs are scheduled."

"$psched" task --key s3cret --start PT1H noop >key.txt &
pids+=($!)
until_true grep -q Waiting key.txt
check "a key is not for who lists processes" "$(tr '\0' ' ' <"/proc/$!/cmdline" | sed 's/^[^ ]* //')" \
    "task --key xxxxxx --start PT1H noop "
kept=$(grep -m 1 http key.txt)
kill $!
p cancel --key s3cret "$kept"
check "it goes with cancel as it was" "$rc$err$out" 0

p schedule -PT1H
check "what ran is on the schedule" "$rc$err $(grep -c '(Finished)$' <<<"$out") $(grep -c '(Failed)$' <<<"$out")" "0 5 1"
p schedule --filter-test idle --format json -PT1H
check "that of a test alone" "$rc$err $(jq -c 'map(.test.name) | unique' <<<"$out")" '0 ["idle"]'
p schedule --filter-test idle --invert --format json -PT1H
check "or of all others" "$rc$err $(jq -c 'map(.test.name) | unique' <<<"$out")" '0 ["echo","noop"]'
p schedule --task "$good" --format json -PT1H
check "or of a task" "$rc$err $(jq length <<<"$out")" "0 1"
p schedule --task "${good##*/}" --json
check "of which all runs are shown without a time" "$rc$err $(jq length <<<"$out")" "0 1"
p schedule 2000-01-01T00:00:00Z 2000-01-02T00:00:00Z
check "or nothing" "$rc$err $out" "0 There is nothing on the schedule in that time."
p schedule yesterday
check "a time is one" "$rc $err" "2 psched schedule: wants a duration, as in PT1H or -PT1H; got 'yesterday'"
p monitor --json
check "monitor tells it as JSON" "$rc$err $(jq 'map(.tool.name == "snooze") | any' <<<"$out")" "0 true"
p monitor
check "monitor prints once without a terminal" "$rc$err $(grep -c ' snooze  *idle --duration PT1S$' <<<"$out")" "0 3"

later=$("$psched" task --url --start PT1H --slip PT1M idleex --duration PT10M)
p free idleex --duration PT30M
match_all "free knows what is on the schedule" "$rc$err $out" "0 idleex with sleep takes PT30M[0-9S]* and is exclusive. It could run from
  .* to .*  \([0-9]+ (min|h).*\)
  .* to .*  \(2[0-9] h.*\)"
p free --start @PT1H --end P2D --json idle --duration PT1S
check "from the next full hour" "$rc$err $(jq -r '.free[0].lower' <<<"$out" | cut -c 14-19)" "0 :00:00"
p free --start 2020-01-01T00:00:00Z idle --duration PT1S
check "not from the past" "$rc $out$err" "1 psched free: At /schedule/start: 2020-01-01T00:00:00Z has passed"
p free --start PTxH idle --duration PT1S
check "a start that is none is usage, with the option's name" "$rc $out$err" \
    "2 psched free: --start: \"PTxH\" is no ISO 8601 duration, as PT5M is one"
p free --end P1M idle --duration PT1S
check "so is an end" "$rc $out$err" \
    "2 psched free: --end: wants a time, as in 2026-01-31T12:00:00Z, or a duration, as in -PT1H; got 'P1M'"
run "$psched" free --socket "$tmp/none" --start x idle --duration PT1S
check "whether or not anybody answers" "$rc" 2
p free --end 2020-01-01T00:00:00Z idle --duration PT1S
check "nor to it" "$rc $out$err" "1 psched free: end: wants a time behind the start"
p free idleex --duration P2D
check "what is longer than the schedule is told as that" "$rc $err$out" \
    "1 idleex with sleep takes P2D and is exclusive. There is no time for it.
It takes P2D, but only P1D are looked at, as far as the schedule reaches: name a later end."
p free --json --end P3D idleex --duration P2D
check "with a later end it has its time" "$rc $err$(jq '.free | length' <<<"$out")" "0 1"
p task --url throughput --dest 192.0.2.1 --duration PT30S
refused="$rc ${err#*: }"
p free throughput --dest 192.0.2.1 --duration PT30S
check "what is no task here is not free either, for the same reason" "$rc ${err#*: }" "$refused"
match "which is" "$refused" '^1 192\.0\.2\.1 takes part in this task as well'
: >examples.txt
[ -z "$(command -v iperf3)" ] || [ -z "$(command -v ping)" ] ||
    sed -n 's/^\.Dl psched \(.*\)/\1/p' "$top_srcdir/man/psched.1" >examples.txt
while read -r verb words; do
    [ "$verb" != task ] || verb='task --url'
    # shellcheck disable=SC2086 # these are words
    set -- $verb ${words/ps.example.net/192.0.2.1}
    p "$@"
    echo "$rc $* $err"
    [ "$1" != task ] || "$psched" cancel "$out"
done <examples.txt >examples.out
if [ -s examples.out ]; then
    check "what the manual has as examples works" "$(grep -v '^0 ' examples.out)$(wc -l <examples.out)" 4
else
    skip "what the manual has as examples works" "ping or iperf3 is not installed"
fi
p free echo --text '"x"'
match "the scheduler is asked about a plug-in's test" "$rc$err $out" '^0 echo with echoer takes PT1S and is background\. It could run from'
p free bogus
check "and what nobody knows is told" "$rc $err" "2 psched free: there is no test 'bogus'; 'psched plugins tests' lists them"
p free rtt
check "and what is no test" "$rc $err" "2 psched free: rtt: At /: 'dest' is a required property"
p cancel "$later"
check "cancel says nothing" "$rc$err$out" "0"
p free --json idleex --duration PT30M
check "and what was cancelled is free" "$rc$err $(jq '.free | length' <<<"$out")" "0 1"
p cancel 00000000-0000-0000-0000-000000000000
match_all "a task that is not there cannot be cancelled" "$rc $err" "1 psched cancel: http://localhost/pscheduler/tasks/0*-.*: there is no such task or run, or not any more"
p schedule --task 00000000-0000-0000-0000-000000000000
check "nor has it a schedule" "$rc $out$err" \
    "1 psched schedule: 00000000-0000-0000-0000-000000000000: there is no such task or run, or not any more"
p cancel nonsense
check "nor what is none" "$rc $err" "2 psched cancel: 'nonsense' is neither a URL nor the UUID of a task"

p pause PT1H
check "pause" "$rc$err$out" "0"
p pause --query
match_all "is told" "$rc$err $out" "0 Paused until .*Z"
p pause --query --json
check "also as JSON" "$rc$err $(jq -c '[.paused, (.["paused-until"] | type)]' <<<"$out")" '0 [true,"string"]'
p status
match_all "in status as well" "$rc$err $out" "1 .*Paused until .*"
p resume
p pause --query
check "resume goes on" "$rc$err $out" "0 Not paused"
p pause soon
check "a pause has a duration" "$rc $err" "2 psched pause: wants a duration, as in PT1H; got 'soon'"
p archiving
check "archiving without archives" "$rc$err $out" "0 No archive has been used yet."
archived=$("$psched" task --url --archive '{"archiver":"http","data":{"_url":"http://me:hidden@127.0.0.1:1/x?hidden"}}' \
    --archive '{"schema":3,"archiver":"tcp","label":"mine","data":{"host":"127.0.0.1","port":1}}' noop)
until_true eval '[ "$("$psched" archiving --json | jq "[.[] | select(.failed > 0)] | length")" = 2 ]'
p archiving
match_all "archives are told apart, and their failed tries are counted" "$rc$err $out" "1 http to http://127\.0\.0\.1:1 \(number 1\)
  waiting 1 \([0-9]+ octets\), archived 0, failed tries [1-9][0-9]*, dropped 0
  last success never, last failure .*
  last error: .*
mine: tcp to 127\.0\.0\.1:1 \(number 2\)
  waiting 1 .*, failed tries [1-9].*"
check "without what is secret" "$(grep -c hidden <<<"$out")" 0
p result --archivings "$archived"
check "so they are in what became of a run" "$(grep '^  To ' <<<"$out")" \
    "  To http to http://127.0.0.1:1, not done yet${nl}  To mine: tcp to 127.0.0.1:1, not done yet"
p purge "https://192.0.2.1/pscheduler/tasks/${good##*/}"
match_all "another host's task is not purged" "$rc $err" "2 psched purge: '.*' is a task of another host: .*"
p purge "$good"
check "purge" "$rc$err$out" "0"
p result "$good"
match_all "drops the task" "$rc $err" "1 psched result: .*: there is no such task or run, or not any more"
p purge "$good"
match_all "once" "$rc $err" "1 psched purge: task: there is no task '.*'"
p backup --data data state.backup
check "backup copies the state while it is in use" "$rc$err$out $(test -s state.backup && echo made)" "0 made"
p restore --data data state.backup
check "restore leaves a state alone" "$rc $err" \
    "4 psched restore: data/psched.db: there is a state already: --force puts it aside"
p restore --data data --force state.backup
check "that of a daemon at work in any case" "$rc $err" \
    "4 psched restore: data/psched.db: in use by another process: end that first"
p restore --data other help.txt
match_all "and what is no backup is refused" "$rc $err" "4 psched restore: help\.txt: .*"
p backup --data none state.backup
match_all "there is no backup of nothing" "$rc $err" "4 psched backup: none/psched\.db: .*"
p troubleshoot --quick --stats
match "troubleshoot goes through it step by step" "$rc$err $out" "^[01] This host:.*API level... OK \(6\).*runs/finished... OK"
p troubleshoot --quick --json
check "also as JSON" "$(jq -c '[.hosts[0].host, .hosts[0].steps[1].ok, (.well | type)]' <<<"$out")" \
    '["localhost",true,"boolean"]'
p troubleshoot --quick --host 127.0.0.1:1
match_all "and says what does not answer" "$rc$err $out" "1 127\.0\.0\.1:1:
  Does a pScheduler answer... FAILED: .*

Something is not as it should be\."

# --- from the backup

p restore --data other state.backup
check "restore makes the state anew" "$rc$err" "0"
export PSCHED_SOCKET=$tmp/api2.sock PSCHED_CONTROL=$tmp/ctl2.sock
"$psched" serve --data "$tmp/other" --listen-unix "$PSCHED_SOCKET" --control "$PSCHED_CONTROL" --limits none \
    2>serve2.log &
pids+=($!)
until_true "$psched" status
p result --quiet "$twice"
match_all "with the results that there were" "$rc$err $out" "0 Time Slept ... 1.*"
plan
