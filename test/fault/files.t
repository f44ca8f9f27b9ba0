#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Session files whose header lies: they cost neither much time nor much memory.
. "$(dirname "$0")/fault.sh"

# stats OPTION...: owstats held to 1 GB and a minute; how it ends.
stats() {
    (
        # A sanitizer's shadow needs more address space than there is.
        nm "$(command -v owstats)" 2>/dev/null | grep -qE "__(asan|tsan)_init" || ulimit -v 1048576
        timeout 60 owstats "$@"
    ) >out 2>err
    echo $?
}

# Claims that a file is refused with a reason.
refused() { # TEXT REASON WORD...
    local text=$1 reason=$2
    shift 2
    raw_peer file bad.owp "$@"
    check "$text: refused" "$(stats bad.owp)" 1
    match "$text: with the reason" "$(cat err)" "owstats: bad.owp: .*$reason"
}

refused "4294967295 slots" 'schedule slots' nslots=4294967295
refused "a million slots that are not there" 'ends within' nslots=1000000
refused "an unknown slot" 'unknown type' slot= slot=7:1
refused "records that are not there" 'should have 4294967295 records' nrecords=4294967295
refused "skip ranges that are not there" 'skip ranges' nskips=1000000 skip_offset=184
refused "4294967295 skip ranges" 'skip ranges' nskips=4294967295 skip_offset=184
refused "records that begin beyond the end" 'records cannot begin' data_offset=18446744073709551615
refused "records that begin in the header" 'records cannot begin' data_offset=8
raw_peer file bad.owp
printf '\0\0\0\143' | dd of=bad.owp bs=1 seek=4 conv=notrunc status=none
check "version 99: refused" "$(stats bad.owp)" 1
match "version 99: with the reason" "$(cat err)" 'owstats: bad.owp: .*version 99'
raw_peer file bad.owp slot= nrecords=0 repeat=0
check "no schedule: refused" "$(stats bad.owp)" 1

# 209 octets that claim a session of years.
for slot in 0:0.1 1:0.1; do
    raw_peer file long.owp start=-1e9 slot= slot=$slot npackets=4294967295 next_seqno=4294967295 nrecords=1 seq=4294967294
    for options in "" -M --json -v "-N 100000000" "-N 100000000 --json"; do
        # shellcheck disable=SC2086 # several options
        check "one record of 4294967295 packets, slots $slot, '$options': shown" "$(stats $options long.owp)" 0
    done
done
check "with fixed slots the last packet's time is exact" \
    "$(stats -M long.owp && awk '$1 == "START_TIME" { s = $2 } $1 == "END_TIME" { printf "%.0f\n", ($2 - s) / 2 ^ 32 }' out)" \
    "0
429496729"
check "too many summaries are refused" "$(stats -N 1 long.owp)" 1
match "with the reason" "$(cat err)" '4294967295 summaries asked for'
plan
