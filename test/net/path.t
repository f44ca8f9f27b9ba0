#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a path does besides delay: it takes hops, carries DSCP, has scopes, translates addresses and is
# cut for a moment.
. "$(dirname "$0")/net.sh"

outside=10.99.0.9 inside=10.99.0.3
cut_from=100 cut=0.2

# logged WAY VERSION COLUMN VALUE: how many test packets the log has that went so.
logged() {
    awk -v way="$1" -v version="$2" -v column="$3" -v value="$4" \
        '$1 == way && $2 == version && $column == value' relay.log | wc -l
}

# reported N KEY: its value in the Nth session's report (-M).
reported() { # N KEY
    awk -v n="$1" -v key="$2" '/^SUMMARY/ { i++ } i == n && $1 == key { print $2 }' out
}

make_namespaces
start_relay --there delay=0.003,ttl=3 --back delay=0.003,ttl=5 --cut "$cut_from:$cut" --nat "$outside=$inside"
nsenter --net="/run/netns/$b" ip addr add "$inside/24" dev path0
start_owampd

# --- hops and DSCP

for server in "$b4" "[$b6]"; do
    ping_from_a -c 20 -i 0.005 -L 0.3 -D ef "$server:$port"
    check "$server: both directions are measured" "$rc $(grep -c '^20 sent, 0 lost' out) $(<err)" "0 2 "
    check "$server: the hops of each direction are counted" "$(grep '^hops' out)" "hops = 3 (consistently)
hops = 5 (consistently)"
done

# --- link-local

ping_from_a -M -c 20 -i 0.005 -L 0.3 "[$bll%path0]:$port"
check "a link-local address with its device is measured both ways" \
    "$rc $(reported 1 SENT) $(reported 1 LOST) $(reported 2 SENT) $(reported 2 LOST) $(<err)" "0 20 0 20 0 "
check "there between link-local addresses" "$(reported 1 FROM_ADDR) $(reported 1 TO_ADDR)" \
    "$all $bll"
check "and back" "$(reported 2 FROM_ADDR) $(reported 2 TO_ADDR)" "$bll $all"

ping_from_a "[$bll]:$port"
says "without the device owping says what is missing" err "link-local address needs its interface"

# --- an address that is not the server's own

ping_from_a -c 20 -L 0.3 "$outside:$port"
check "behind address translation a session is refused" "$rc $(<out)" "1 "
says "owping says that the server refused it" err '^owping: the server refused the session .*not supported'

# --- the path is cut for a moment, control connection and all

ping_from_a -M -c 200 -i 0.003 -L 0.5 "$b4:$port"
check "a path that is cut for a moment ends no test" "$rc $(<err)" "0 "
check "all packets count as sent" "$(reported 1 SENT) $(reported 2 SENT)" "200 200"
lost="$(reported 1 LOST) $(reported 2 LOST)"

stop_owampd
check "owampd serves to the end and ends cleanly" "$owampd_rc" 0
says "owampd says whose address was asked for" owampd.log "refused .*$outside is not an address of this host"
stop_relay
check "the relay serves to the end" "$relay_rc $(<relay.err)" "0 "
check "what the cut path lost is reported as lost" "$lost" \
    "$(logged there 4 9 0) $(logged back 4 9 0)"
check "in both directions something was lost" \
    "$(($(logged there 4 9 0) > 9)) $(($(logged back 4 9 0) > 9))" "1 1"
for version in 4 6; do
    check "IPv$version: DSCP ef stands in each packet of both directions" \
        "$(logged there $version 6 184) $(logged back $version 6 184)" "20 20"
done
check "other packets carry none" "$(awk '$6 != 184 && $6 != 0' relay.log)" ""

# --- the seed

for run in 1 2; do
    start_relay --seed 7 --there loss=0.1,dup=0.1,burst=0.02:0.5
    start_owampd
    ping_from_a -Q -t -c 200 -i 0.001 -L 0.2 "$b4:$port"
    stop_owampd
    stop_relay
    sort -k5,5n -k11,11n relay.log | cut -d " " -f 5,11 >"fate$run"
done
check "a relay of the same seed does the same to each packet" "$(cmp fate1 fate2 2>&1; wc -l <fate1)" \
    "$(wc -l <fate2)"
plan
