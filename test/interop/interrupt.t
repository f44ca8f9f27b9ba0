#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests that end before their time: an interrupt shows what there is and both sides keep as much; a
# client that is killed leaves a file of what had come, and the server serves on.
. "$(dirname "$0")/interop.sh"

pairs=("ours theirs" "theirs ours" "ours ours")
for pair in "${pairs[@]}"; do
    for what in INT KILL; do
        server "$what-${pair% *}-${pair#* }" "${pair#* }" 127.0.0.1
    done
done

# begin NAME CLIENT
begin() {
    start "$1" "$(program "$2" owping)" -c 3000 -i 0.02f -L 3 "127.0.0.1:${port[$1]}"
}

# What counts when a session is cut short is all but the last three seconds (its timeout).
for pair in "${pairs[@]}"; do
    begin "INT-${pair% *}-${pair#* }" "${pair% *}"
    begin "KILL-${pair% *}-${pair#* }" "${pair% *}"
done
for pair in "${pairs[@]}"; do
    for what in INT KILL; do
        name=$what-${pair% *}-${pair#* }
        until_true has_records "$name" 300 || echo "# $name: 300 records have not come within 60 s"
        if [ "$what" = INT ]; then
            kill -INT "${job[$name]}"
        else
            # shellcheck disable=SC2046 # none or several
            kill -9 "${job[$name]}" $(children "${job[$name]}")
            finish "$name"
        fi
    done
done
finish

# has_finished NAME STATE: the file says so.
has_finished() {
    [ "$(field "$(stored "$1")" 8 4)" = "$2" ]
}

# sent SIDE FILE
sent() {
    value <(owstats "$1" -M "$2") SENT
}

for pair in "${pairs[@]}"; do
    client=${pair% *} who="${pair% *} owping, ${pair#* } owampd"
    name=INT-$client-${pair#* }
    until_true has_finished "$name" 00000001
    file=$(stored "$name")
    match "$who: an interrupt shows both sessions and ends with 0" "$(counts "$name")" \
        '^0: [0-9]+ sent, [0-9]+ lost, 0 dup; [0-9]+ sent, [0-9]+ lost, 0 dup$'
    check "$who: none of a session cut short counts as lost" \
        "$(counts "$name" | grep -o '[0-9]* lost' | sort -u)" "0 lost"
    check "$who: the server's session is finished" "$(field "$file" 8 4)" 00000001
    next=$((16#$(field "$file" 12 4))) records=$((16#$(field "$file" 20 4)))
    check "$who: Next Seqno is below the count and above the records" \
        "$((next < 3000 && records > 0 && next >= records)) of $next, $records" "1 of $next, $records"
    shown=$(counts "$name")
    check "$who: the client shows what the server kept" "${shown%% sent,*}" "0: $(sent ours "$file")"
    check "$who: both makes count the same" "$(sent ours "$file")" "$(sent theirs "$file")"

    name=KILL-$client-${pair#* }
    until_true has_finished "$name" 00000002
    file=$(stored "$name")
    check "$who, killed: the server's session is incomplete" "$(field "$file" 8 4) $(field "$file" 12 4)" \
        "00000002 00000000"
    match "$who, killed: what had come is kept" "$(sent ours "$file")" '^[1-9][0-9]*$'
    check "$who, killed: both makes count the same" "$(sent ours "$file")" "$(sent theirs "$file")"
    start "again-$name" "$(program "$client" owping)" -c 5 -i 0.02f -L 8 "127.0.0.1:${port[$name]}"
done
finish
for pair in "${pairs[@]}"; do
    check "${pair% *} owping, ${pair#* } owampd, killed: the next one is served" \
        "$(counts "again-KILL-${pair% *}-${pair#* }")" "0: 5 sent, 0 lost, 0 dup; 5 sent, 0 lost, 0 dup"
done
plan
