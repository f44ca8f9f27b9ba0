#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# pScheduler's own command line, as it is, with psched. PSCHEDULER_PEER is the program `pscheduler` that execs its verbs.
self=$(readlink -f "$0")
. "$(dirname "$0")/../tool/tool.sh"
# shellcheck source=../tool/sched.sh
. "${top_srcdir:?is set by make check}/test/tool/sched.sh"
[ -n "${PSCHEDULER_PEER-}" ] || skip_all "PSCHEDULER_PEER does not name pScheduler's command line"
for tool in curl jq ping; do
    command -v $tool >/dev/null || skip_all "$tool is not installed"
done
# It knows but one port: it is given a network of its own.
if [ -z "${IN_NAMESPACE-}" ]; then
    unshare -n true 2>/dev/null || skip_all "no network namespace of its own is allowed here"
    export IN_NAMESPACE=yes
    exec unshare -n "$self"
fi
ip link set lo up || skip_all "the loopback interface cannot be brought up"

pscheduler() {
    timeout 100 "$PSCHEDULER_PEER" "$@" 2>&1
}

mkdir a
echo "name localhost" >a/conf
sched a --listen 127.0.0.1:443 || bail_out "$line"
check "ping" "$(pscheduler ping localhost)" "localhost: pScheduler is alive"
match "clock" "$(pscheduler clock localhost localhost)" 'difference +PT?[0-9.DTS]+ +safe'
match "a task, its run and its result" "$(pscheduler task rtt --dest 127.0.0.1 --count 2)" \
    "Waiting for result.*127\.0\.0\.1 .*64 Bytes.*0% Packet Loss.*No further runs scheduled"
match "a task that repeats is watched to its end" "$(pscheduler task --repeat PT15S --max-runs 2 idle --duration PT1S)" \
    "Time Slept.*Next scheduled run.*Time Slept.*No further runs scheduled"
match "help of a test comes from the server" "$(pscheduler task rtt --help)" '\-\-dest'
match "a bad option, too" "$(pscheduler task rtt --bogus)" 'no such option: --bogus'
url=$(pscheduler task --url --start "$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)" idle --duration PT1S)
match "a task for later" "$url" '^https://.*/pscheduler/tasks/[0-9a-f-]{36}$'
match "stands in the schedule" "$(pscheduler schedule +PT30M +PT2H)" "idle --duration PT1S .Run with tool 'snooze'"
check "and is cancelled" "$(pscheduler cancel "$url")" ""
match "so that it stands there no more" "$(pscheduler schedule +PT30M +PT2H)" '^Nothing scheduled'
first=$(fetch /tasks | json '.[0]')
match "a result in full" "$(pscheduler result --full --archivings "https://localhost/pscheduler/tasks/${first##*/}/runs/first")" \
    "on localhost with ping:.*rtt --dest 127.0.0.1 --count 2.*0% Packet Loss"
got=$(pscheduler troubleshoot --host 127.0.0.1)
match "troubleshooting finds nothing" "$got" "Idle test.* Finished.* Checking archiving\.\.\. OK\..*appears to be functioning normally"
end_sched TERM
plan
