#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What owampd refuses because it would be too much: maxpackets, maxsessions, maxmemory.
. "$(dirname "$0")/tool.sh"

server() { # NAME LINE...
    mkdir -p "$1/etc"
    printf '%s\n' "${@:2}" >"$1/etc/owamp-server.conf"
}
# ask ARGUMENT...: a test to the server
ask() {
    run "$owping" -Q -t "$@" "127.0.0.1:$port"
}
refusal() {
    await refused
    log_shape <<<"$line"
}

server packets 'maxpackets 20'
serve packets
ask -c 20 -i 0.01f
check "maxpackets 20: so many are served" "$rc$out$err" 0
ask -c 21 -i 0.01f
match_all "one more is not" "$rc$out $err" "1 owping: the server refused the session to it: .*\(Accept 4\).*"
check "and the log says why" "$(refusal)" \
    "owampd: session: PEER: refused (permanent resource limitation): 21 packets, maxpackets is 20"
end_server TERM

server sessions 'maxsessions 2'
printf 'limit root with delete_on_fetch=on\nlimit other with parent=root\nassign net 127.0.0.2 other\n' \
    >sessions/etc/owamp-server.limits
serve sessions
mkfifo pipe
"$owping" -c 1000 -i 0.1f -M "127.0.0.1:$port" >pipe 2>ping.txt &
long=$!
pids+=("$long")
exec {from_ping}<pipe
read -r -u "$from_ping" line
ask -c 3 -i 0.01f
match_all "maxsessions 2: a third one of the class is refused for now" "$rc$out $err" \
    "1 owping: the server refused the session to it: .*\(Accept 5\).*"
check "and the log says why" "$(refusal)" "owampd: session: PEER: refused (temporary resource limitation): \
maxsessions: class root has 2 sessions, as many as it may"
ask -S 127.0.0.2 -c 3 -i 0.01f
check "another class has its own" "$rc$out$err" 0
kill -INT "$long"
cat <&"$from_ping" >/dev/null
wait "$long"
ask -c 3 -i 0.01f
check "when they have ended there is room again" "$rc$out$err" 0
end_server TERM

# A session that may have a million packets under way needs up to 18 MiB.
big=(-c 2000000 -i 0.0001f -L 100)
serve plain
ask -c 3 -i 0.01f
used=$(($(awk '/^VmRSS/ { print $2 }' "/proc/$server_pid/status") / 1024))
end_server TERM
server memory "maxmemory $((used + 8))"
serve memory
ask "${big[@]}"
match_all "maxmemory: a session that needs more is refused for now" "$rc$out $err" \
    "1 owping: the server refused the session to it: .*\(Accept 5\).*"
match "and the log says why" "$(refusal)" "refused \(temporary resource limitation\): maxmemory=$((used + 8)): \
[0-9]+ MiB are in use, and [0-9]+ KiB may be needed"
ask -c 3 -i 0.01f
check "a small one is served" "$rc$out$err" 0
end_server TERM
check "and the server ends well" "$rc" 0
server memory "maxmemory 1"
serve memory
match "maxmemory 1 is warned of at the start" "$(<memory/log)" \
    "owampd: conf: maxmemory: 1: owampd alone has [0-9.]+ MiB: nobody will be served; raise it"
ask -c 3 -i 0.01f
match "maxmemory 1 serves nobody" "$rc$out $err" "1 owping: .*closed the connection"
await "turned away"
check "and the log says so" "$(log_shape <<<"$line")" "owampd: control: PEER: turned away: maxmemory is reached"
end_server TERM
plan
