#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Over a path with delay, jitter, loss, bursts of loss, duplication and reordering, what owping
# reports in both directions is what the relay did to its packets.
. "$(dirname "$0")/net.sh"

packets=1000
# The last packets meet delay alone: what is duplicated or held arrives before the session ends.
last=$((packets - 100))
there=delay=0.010,jitter=0.002,tail=0.0005,loss=0.02,burst=0.004:0.3,dup=0.02,reorder=0.03:0.008,until=$last,ttl=3
back=delay=0.025,jitter=0.004,tail=0.001,loss=0.01,burst=0.008:0.2,dup=0.03,reorder=0.02:0.015,until=$last,ttl=7

# measure SEED SERVER: one test in both directions over a path of that seed; leaves the findings in
# there.found and back.found.
measure() {
    start_relay --seed "$1" --there "$there" --back "$back"
    start_owampd
    rm -f to.owp from.owp
    ping_from_a -M -c "$packets" -i 0.002 -L 1 -T to.owp -F from.owp "${2/PORT/$port}"
    stop_owampd
    stop_relay
    awk '/^SUMMARY/ { n++ } { print >("summary" n) }' out
    for way in there:summary1:to back:summary2:from; do
        IFS=: read -r way summary file <<<"$way"
        "$owstats" -R "$file.owp" >records 2>>err
        "$truth" relay.log "$way" "$summary" records >"$way.found" 2>>err
        awk -v s="$way" '{ print "# " s ": " $0 }' "$way.found"
    done
}

# exact WHAT WAY: the findings are there, and what is counted is equal.
exact() {
    local name got is rest found=''
    while read -r name got is rest; do
        [ "$name" = off_us ] && continue
        found="$found $name"
        check "$1, $2: $name as the relay says" "$got" "$is"
    done <"$2.found"
    check "$1, $2: everything was compared" "$found" " sent lost duplicates reordering arrivals losses"
    check "$1, $2: each impairment was met" \
        "$(awk '/^(lost|duplicates)/ && $3 < 5 || /^reordering/ && $3 == "none"' "$2.found")" ""
}

counts() { # WHAT
    check "$1: owping succeeds" "$rc $(<err)" "0 "
    check "$1: the relay served to its end" "$relay_rc $(<relay.err)" "0 "
    exact "$1" there
    exact "$1" back
}

too_far() {
    awk '/^off_us/ && ($2 > 100 || $3 < 0) { print FILENAME ": " $2 " us, least " $3 }' there.found back.found
}

# truly WHAT SERVER SEED...: counts are held to the relay's each time; the delays are given a chance with each
# seed, for another program may have had this machine.
truly() {
    local what=$1 server=$2 seed
    shift 2
    for seed; do
        measure "$seed" "$server"
        counts "$what, seed $seed"
        [ -n "$(too_far)" ] || break
    done
    if grep -qa __tsan_init "$owampd"; then
        skip "$what: 99 of 100 delays are within 100 us of the truth" "the thread sanitizer takes longer than that"
    else
        check "$what: 99 of 100 delays are within 100 us of the truth, and none is below it" "$(too_far)" ""
    fi
}

make_namespaces
truly IPv4 "$b4:PORT" 1 2 3 4 5
truly IPv6 "[$b6]:PORT" 6 7 8 9 10
plan
