#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Clocks that are far apart, and a server that is told to end while many tests run.
. "$(dirname "$0")/fault.sh"

start_server s

# apart OFFSET TIMEOUT: what a client whose clock is off by so many seconds reports.
apart() {
    OWAMP_DEBUG_TIMEOFFSET=$1 timeout 100 owping -c 5 -i 0.01f -L "$2" "127.0.0.1:${port[s]}" >apart 2>&1
    echo "status $?"
    grep -E 'sent|owping: ' apart
}
# The one side's packets come, or the other's are sent, at an hour when nobody waits for them.
nothing='^status 0
owping: [^
]*are both clocks right\?
[05] sent, [05] lost [^
]*, 0 duplicates
[05] sent, [05] lost [^
]*, 0 duplicates$'
match "with a client an hour behind the test ends in order, with a hint" "$(apart -3600 1)" "$nothing"
check "and nothing has a delay" "$(grep 'delay min' apart | grep -vc nan/nan/nan)" 0
match "with a client an hour ahead the test ends in order, with a hint" "$(apart 3600 1)" "$nothing"
check "and nothing has a delay" "$(grep 'delay min' apart | grep -vc nan/nan/nan)" 0
check "a client half a second behind sees half a second" "$(apart -0.5 20)" \
    $'status 0\n5 sent, 0 lost (0.000%), 0 duplicates\n5 sent, 0 lost (0.000%), 0 duplicates'
check "others measure as before" "$(measure s)" "$measured"

# --- TERM while twenty tests run

pings=()
for i in {1..20}; do
    owping -c 3000 -i 0.01f -L 0.5 "127.0.0.1:${port[s]}" >"ping$i" 2>"err$i" &
    pings+=($!)
done
pids+=("${pings[@]}")
# Records have been written for each.
all_run() { [ "$(find s/data/hierarchy -name '*.owp' -newer marker -size +1k | wc -l)" -ge 20 ]; }
touch marker
until_true all_run
began=$SECONDS
stop_server s
at_most "and does so within dieby, 5 seconds" $((SECONDS - began)) 15
failed=0
for p in "${pings[@]}"; do
    wait "$p" || failed=$((failed + 1))
done
check "twenty clients end well" "$failed $(cat err*)" "0 "
check "with results for both directions" "$(cat ping* | grep -cE '^[1-9][0-9]* sent, 0 lost')" 40
# --- a stream to a server whose clock is behind by more than the timeout

OWAMP_DEBUG_TIMEOFFSET=-5 start_server behind
timeout 60 powstream -t --json-lines -c 10 -i 0.05f -L 0.5 "127.0.0.1:${port[behind]}" >lines 2>said &
stream=$!
pids+=("$stream")
until_true has_text lines '"type":"measurement"'
kill "$stream"
wait "$stream"
match "a session of which nothing is known says so" "$(grep '"type":"measurement"' lines | head -n 1)" \
    '"reason":"the receiver recorded no packet as arrived or lost'
match "and so does the log" "$(cat said)" 'are the two clocks further apart than the timeout'
stop_server behind
plan
