#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The daemon that keeps the clock, as the programs tell of it: asked of made-up ones that answer well, badly, not
# at all, or too much.
. "$(dirname "$0")/tool.sh"
powstream=$top_builddir/powstream/powstream
command -v jq >/dev/null || skip_all "jq is not installed"
chmod 755 "$tmp"

chrony='' chrony_path='' ntpd='' ptp4l='' lost='' silent='' one='' two='' three=''
# fake NAME KIND WHERE HOW: starts one and sets the variable NAME to its port or path.
fake() {
    local where fd
    exec {fd}< <(exec "$top_builddir/test/tool/fake_clock" "$2" "$3" "$4")
    pids+=($!)
    read -r where <&"$fd" || bail_out "fake_clock does not start"
    printf -v "$1" '%s' "$where"
}

# ping SOURCES [OPTION...]: an owping whose clock's daemons are at SOURCES.
ping() {
    local sources=$1
    shift
    run env OWAMP_DEBUG_CLOCKSOURCE="$sources" "$owping" -c 5 -i 0.01f "$@" "127.0.0.1:$port"
}

# What the JSON output says of this host's clock in both directions.
here() {
    jq -c '[.sessions[] | .clock | if .sender.stamps then .sender else .receiver end | .clock_source]' out.txt
}

# Of the other host's.
there() {
    jq -c '[.sessions[] | .clock | if .sender.stamps then .receiver else .sender end | .clock_source | .[]] | unique' out.txt
}

serve plain || bail_out "owampd does not start: $(<plain/log)"

# --- good answers: half a second to come

fake chrony chrony udp good
fake ntpd ntpd udp good
fake ptp4l ptp4l "$tmp/ptp4l" good
good='{"name":"chrony","reference":"192.0.2.1","stratum":3,"synced":true,"leap":"none","error":0.3125,"bound":0.625}'
ping "chrony=127.0.0.1:$chrony" -z 0.5 --json
check "chrony's answer is in both results" "$rc$err $(here)" "0 [$good,$good]"
check "of the other host's clock nothing is told" "$(there)" "[null]"
ping "ntpd=127.0.0.1:$ntpd" -z 0.5 --json
check "ntpd's answer" "$(here | jq -c '.[0]')" \
    '{"name":"ntpd","reference":"192.0.2.1","stratum":2,"synced":true,"leap":"none","error":0.000375,"bound":0.00575}'
ping "ptp4l=$ptp4l" -z 0.5 --json
check "ptp4l's answer" "$(here | jq -c '.[0] | [.name, .reference, .stratum, .synced, .error, (.bound * 1e6 | round)]')" \
    '["ptp4l","4ac0a5fffe6ae027",2,true,3e-07,2]'
fake chrony_path chrony "$tmp/chronyd.sock" good
ping "chrony=$chrony_path" -z 0.5 --json
check "chrony's answer on its path" "$(here | jq -c '.[0].name')" '"chrony"'
check "leaves no file beside it" "$(find "$tmp" -maxdepth 1 -name 'psuite*')" ""
fake lost chrony udp unsynced
ping "chrony=127.0.0.1:$lost" -z 0.5 --json
check "one that is not synchronised tells no errors" "$(here | jq -c '.[0]')" \
    '{"name":"chrony","reference":"192.0.2.1","stratum":3,"synced":false,"leap":null,"error":null,"bound":null}'
ping "chrony=127.0.0.1:$lost,ntpd=127.0.0.1:$ntpd" -z 0.5 --json
check "and gives way to one that is" "$(here | jq -c '.[0].name')" '"ntpd"'

# --- bad ones

unknown='{"name":"unknown","reference":null,"stratum":null,"synced":null,"leap":null,"error":null,"bound":null}'
for how in silent stale garbage refuses floods; do
    fake one chrony udp "$how"
    fake two ntpd udp "$how"
    fake three ptp4l "$tmp/ptp4l.$how" "$how"
    ping "chrony=127.0.0.1:$one,ntpd=127.0.0.1:$two,ptp4l=$three" --json
    check "daemons whose answer is $how: unknown, and the test goes on" "$rc$err $(here)" "0 [$unknown,$unknown]"
done
ping "chrony=127.0.0.1:1,chrony=/nowhere/at/all,ntpd=127.0.0.1:1,ptp4l=/nowhere" --json
check "none that runs: unknown" "$rc$err $(here)" "0 [$unknown,$unknown]"
ping none --json
check "nobody to ask: unknown" "$rc$err $(here)" "0 [$unknown,$unknown]"
for where in x chrony ntpd=/a ptp4l=a chrony=name:1; do
    ping "$where"
    check "OWAMP_DEBUG_CLOCKSOURCE=$where" "$rc$out $err" \
        "1 owping: OWAMP_DEBUG_CLOCKSOURCE: wants chrony=, ntpd= and ptp4l=, or none
owping: cannot start: syntax error"
done

# --- for people

ping none
shape <out.txt >without
ping "chrony=127.0.0.1:$chrony"
check "the text for people is what it was" "$(shape <out.txt)" "$(<without)"
ping "chrony=127.0.0.1:$chrony" -M
check "and that for machines" "$(grep -c -i -e chrony -e source out.txt)" 0

# --- files

ping none -T to.owp -F from.owp
run "$owstats" --json to.owp
check "a file tells nothing of it" "$rc$err $(jq -c '[.sessions[].clock[].clock_source[]] | unique' out.txt)" "0 [null]"
end_server TERM

# --- owampd

# sandboxed NAME SOURCES: as somebody else if root, with all of the sandbox.
sandboxed() {
    local who=()
    mkdir -p "$1/data" "$1/var"
    if [ "$(id -u)" = 0 ]; then
        who=(-U nobody)
        chown nobody "$1/data" "$1/var"
    fi
    OWAMP_DEBUG_CLOCKSOURCE=$2 serve "$1" "${who[@]}"
}

sandboxed one "chrony=127.0.0.1:$chrony" || bail_out "owampd does not start: $(<one/log)"
await "clock: "
check "owampd asks in its sandbox, and says once who answers" "$line" \
    "owampd: clock: chrony follows 192.0.2.1, stratum 3, error 0.312500 s, bound 0.625000 s"
run "$owping" -c 5 -i 0.01f -Q "127.0.0.1:$port"
check "and serves" "$rc$out$err" 0
end_server TERM
check "that it is asked again is no news" "$rc $(grep -c clock: one/log)" "0 1"
chmod 666 "$ptp4l"
sandboxed two "ptp4l=$ptp4l"
await "clock: "
match "ptp4l's socket can be reached from it" "$line" "clock: ptp4l follows 4ac0a5fffe6ae027, stratum 2, error "
end_server TERM
fake silent chrony udp silent
sandboxed three "chrony=127.0.0.1:$silent"
run "$owping" -c 5 -i 0.01f -Q "127.0.0.1:$port"
check "one that never answers holds up nobody" "$rc$out$err" 0
await "clock: "
check "and is told of" "$line" "owampd: clock: no daemon that keeps it answers"
end_server TERM
run env OWAMP_DEBUG_CLOCKSOURCE=x "$owampd" -Z -f -S 127.0.0.1:0 -d plain/data -R plain/var "${plain[@]}"
match "owampd: OWAMP_DEBUG_CLOCKSOURCE=x" "$rc $err" \
    "^1 .*owampd: OWAMP_DEBUG_CLOCKSOURCE: wants chrony=, ntpd= and ptp4l=, or none"

# --- powstream

serve plain || bail_out "owampd does not start: $(<plain/log)"
OWAMP_DEBUG_CLOCKSOURCE=ntpd=127.0.0.1:$ntpd "$powstream" -c 10 -i 0.05f -L 1 --json-lines --control ctl -g info \
    "127.0.0.1:$port" >lines 2>log </dev/null &
stream=$!
pids+=("$stream")
until_true grep -q '"type":"measurement"' lines
check "powstream: in the documents" "$(grep -m 1 '"measurement"' lines | jq -c '.clock.dest."clock-source" | [.name, .error, .bound]')" \
    '["ntpd",0.000375,0.00575]'
check "of the other host's nothing" "$(grep -m 1 '"measurement"' lines | jq -c '[.clock.source."clock-source"[]] | unique')" "[null]"
run "$powstream" --control ctl --tell status
check "powstream: in its status" "$rc$err $(jq -c '.clock | [(.bound | type), ."clock-source".name, ."clock-source".stratum]' out.txt)" \
    '0 ["number","ntpd",2]'
check "powstream: in its log" "$(grep -c 'clock: ntpd follows 192.0.2.1, stratum 2' log)" 1
kill "$stream"
wait "$stream"
check "and it ends in order" "$?" 0
end_server TERM
plan
