#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# latencybg by the one powstream: a stream goes on when powstream dies, one that powstream refuses fails with its
# reason, and results that nobody took are there for who comes next.
. "$(dirname "$0")/tool.sh"

drive=$top_builddir/test/net/drive/tl_drive
export PSCHED_POWSTREAM=$top_builddir/powstream/powstream
export TMPDIR=$tmp
command -v jq >/dev/null || skip_all "jq is not installed"
mkdir run data
"$owampd" -Z -f -S 127.0.0.1:0 -R run -d data >owampd.log 2>&1 &
pids+=($!)
until_true grep -q ^PORT= run/owamp-server.info || bail_out "owampd does not start: $(<owampd.log)"
port=$(sed -n 's/^PORT=//p' run/owamp-server.info)

measure() { # SECONDS MORE
    exec "$drive" -s "$PWD/streams" -d "$1" powstream latencybg \
        "{\"dest\":\"127.0.0.1\",\"ctrl-port\":$port,\"packet-interval\":0.02,\"packet-timeout\":1,\"packet-count\":25${2:-}}"
}
measured() { # TIMES: so many results that succeeded
    [ "$(sed -n 's/^merged //p' out.txt | jq -s 'map(select(.succeeded)) | length')" -ge "$1" ]
}

measure 40 >out.txt 2>err.txt &
driver=$!
pids+=("$driver")
until_true measured 1
check "there are results" "$?" 0
powstream=$(pgrep -f "$PWD/streams/powstream.sock")
kill -9 "$powstream"
before=$(grep -c '^merged ' out.txt)
until_true measured $((before + 2))
check "and more when powstream was killed" "$?" 0
check "by another one" "$([ "$(pgrep -f "$PWD/streams/powstream.sock")" != "$powstream" ] && echo yes)" yes
check "that it ended is told" "$(grep -m 1 '^trouble' out.txt)" "trouble powstream ended: killed by signal 9 (Killed)"
match "and what was not measured" "$(grep -m 1 '^gap' out.txt)" '^gap [0-9.]+ s: powstream was not running'
until_true grep -qx 'trouble is over' out.txt
check "and that it goes on" "$?" 0
kill "$driver"
wait "$driver"
gone() {
    ! pgrep -f "$PWD/streams/powstream.sock"
}
until_true gone
check "powstream goes with who started it" "$?" 0

(measure 20 ',"packet-padding":70000') >out.txt 2>err.txt
rc=$? out=$(<out.txt)
match_all "what powstream refuses has its reason" "$rc ${out//"$nl"/ }" \
    '1 started local .* merged \{"succeeded":false,"error":"powstream: .*padding.*\} ended done'
printf '#!/bin/sh\necho no clock >&2\nexit 1\n' >broken
chmod +x broken
(PSCHED_POWSTREAM=$PWD/broken measure 2) >out.txt 2>err.txt
match "a powstream that does not run is told" "$? $(grep -m 1 '^trouble' out.txt)" '^1 trouble powstream ended: no clock$'
run env PSCHED_POWSTREAM=/nosuch "$drive" -s "$PWD/streams" powstream latencybg '{"dest":"127.0.0.1"}'
check "without powstream there is none" "$rc $out" \
    "1 cannot The program powstream is not installed here (Debian: package psuite-powstream)."
plan
