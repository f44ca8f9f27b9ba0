#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A test with another make is never cut short: in each of many, both ways, the last packet counts too.
. "$(dirname "$0")/interop.sh"

runs=20
server ours ours 127.0.0.1
server theirs theirs 127.0.0.1
pairs=("ours theirs" "theirs ours")

for pair in "${pairs[@]}"; do
    for ((i = 0; i < runs; i++)); do
        start "${pair% *}-$i" "$(program "${pair% *}" owping)" -c 30 -i 0.01f -L 6 "127.0.0.1:${port[${pair#* }]}"
    done
done
finish
for pair in "${pairs[@]}"; do
    short=
    for ((i = 0; i < runs; i++)); do
        got=$(counts "${pair% *}-$i")
        [ "$got" = "0: 30 sent, 0 lost, 0 dup; 30 sent, 0 lost, 0 dup" ] || short+="run $i: $got "
    done
    check "${pair% *} owping, ${pair#* } owampd: none of $runs runs is cut short" "$short" ""
    records=
    for file in $(stored "${pair#* }"); do
        records+=" $((16#$(field "$file" 20 4)))"
    done
    check "${pair#* } owampd: $runs files of 30 records each" "$records" "$(yes ' 30' | head -n "$runs" | tr -d '\n')"
done
plan
