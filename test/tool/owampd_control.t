#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# owampd's control socket: what it answers, whose it is, and how it comes and goes.
. "$(dirname "$0")/tool.sh"
sock=$tmp/run/owampd.sock
as=()
if [ "$(id -u)" = 0 ]; then
    as=(-U nobody)
fi
chmod 755 "$tmp"

# tell LINE...: says these lines on one connection and ends; prints what comes.
tell() {
    printf '%s\n' "$@" | talk "$sock"
}

# talk PATH: what stands on standard input goes there, its answers to standard output.
talk() {
    python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect(sys.argv[1])
try:
    s.sendall(sys.stdin.buffer.read())
    s.shutdown(socket.SHUT_WR)
except OSError:
    pass
try:
    while octets := s.recv(65536):
        sys.stdout.buffer.write(octets)
except OSError:
    pass
' "$1"
}

status() {
    tell '{"verb":"status"}' | jq -r "$1"
}

# folders NAME: what the server's user must own
folders() {
    mkdir -p "$1/data" "$1/var" "$1/etc"
    touch "$1/etc/owamp-server.conf"
    [ "$(id -u)" != 0 ] || chown nobody "$1/data" "$1/var"
}

# controlled NAME OPTION...: a server with the socket.
controlled() {
    folders "$1"
    serve "$1" "${as[@]}" --controlsocket "$sock" "${@:2}"
}

# --- status

folders one
printf 'testports 9000-9100\nmaxsessions 1\ncontrolsocket %s\n' "$tmp/nowhere/s" >one/etc/owamp-server.conf
[ "$(id -u)" = 0 ] || mkdir run
controlled one || bail_out "owampd does not start: $(<one/log)"
await "requests about"
check "the log tells where it can be asked, the command line before the file" "$line" "owampd: requests about this daemon on $sock"
check "the socket is its owner's and its group's alone" "$(stat -c '%a %F' "$sock")" "660 socket"
if [ "$(id -u)" = 0 ]; then
    check "and belongs to whom the daemon has become, as does the folder that was made for it" \
        "$(stat -c %U "$sock" run | tr '\n' ' ')" "nobody nobody "
else
    skip "and belongs to whom the daemon has become, as does the folder that was made for it" "not root"
fi
tell '{"verb":"status"}' >status
check "status says who it is" "$(jq -r '[.ok, .program, .pid, .stopping] | join(" ")' status)" "true owampd $server_pid false"
check "with the version" "owampd (psuite) $(jq -r .version status)" "$("$owampd" -V | head -n 1)"
match "since when" "$(jq -r .since status)" "^20[0-9-]+T[0-9:]+Z$"
check "where it listens, and its test ports" "$(jq -c '[.listen[0], ."test-ports"]' status)" \
    "[\"127.0.0.1:$port\",{\"low\":9000,\"high\":9100}]"
check "what holds is what the log says" "confined: $(jq -r .confined status)" "$(sed -n 's/^owampd: \(confined: \)/\1/p' one/log)"
check "its memory and the bound of that" "$(jq '.memory.used > 1000000 and .memory.most > .memory.used' status)" true
check "its clock, of which nobody tells" "$(jq -r '.clock | [(.error > 0), .source, .steps] | join(" ")' status)" \
    "true no daemon that keeps it answers 0"
check "and that nothing was done yet" "$(jq -c '[.connections.open, .connections.taken, .sessions.open, .sessions.granted, .datagrams.sent]' status)" \
    "[0,0,0,0,0]"

# A test without end in sight keeps the one session that there may be.
"$owping" -t -c 100000 -i 0.01f -Q "127.0.0.1:$port" 2>long.err &
long=$!
pids+=("$long")
busy() {
    [ "$(status '.sessions.receiving')" = 1 ] && [ "$(status '.datagrams.received')" -gt 2 ]
}
until_true busy
check "a test that runs is seen" "$(status '[.connections.open, .sessions.open, .sessions.granted, .sessions.refused] | join(" ")')" "1 1 1 0"
run "$owping" -t -c 1 -i 0.01f -Q "127.0.0.1:$port"
check "one that is refused is counted" "$(status .sessions.refused)" 1
kill -TERM "$long"
wait "$long" 2>/dev/null
idle() {
    [ "$(status '[.connections.open, .sessions.open, .memory.promised] | join(" ")')" = "0 0 0" ]
}
until_true idle
check "when it has ended nothing is held" $? 0

# --- reload

printf 'limit root with bandwidth=0\nlimit b with parent=root\n' >one/etc/owamp-server.limits
check "reload reads the rules" "$(tell '{"verb":"reload"}' | jq -c .)" '{"ok":true,"rules":{"classes":2,"identities":0}}'
await "reload"
check "as HUP does" "$line" "owampd: reload: limits and pass-phrases read anew: 2 classes, 0 identities"
echo 'limit' >one/etc/owamp-server.limits
match "faulty ones are told" "$(tell '{"verb":"reload"}' | jq -c '[.ok, .error]')" "^\[false,\".*owamp-server.limits:1: "
check "and those before stay" "$(status .rules.classes)" 2
rm one/etc/owamp-server.limits

# --- what is no request

check "an unknown verb is told" "$(tell '{"verb":"stop"}')" \
    '{"ok":false,"error":"verb: wants one of \"status\", \"reload\"; got \"stop\""}'
match "so is what is not known beside it" "$(tell '{"verb":"status","more":1}' | jq -c '[.ok,.error]')" '^\[false,"more: '
for bad in nonsense '[]' '{}' '{"verb":1}' '{"verb":"status"' $'\xff'; do
    check "what is no request is answered: ${bad//[^[:print:]]/?}" "$(tell "$bad" | jq .ok)" false
done
check "an empty line is none" "$(tell '' '{"verb":"status"}' | wc -l)" 1
check "a line may come without its end" "$(printf '{"verb":"status"}' | talk "$sock" | jq .ok)" true
check "several lines are answered in their order" "$(tell '{"verb":"status"}' x '{"verb":"status"}' | jq -c .ok | tr '\n' ' ')" "true false true "
check "a line without end is refused" "$(head -c 2000000 /dev/zero | tr '\0' x | talk "$sock" | jq -r .error)" "the request is too long"

# Clients that say half a line and wait, more than there is room for.
cat >crowd.py <<'EOF'
import socket, sys
crowd = []
for i in range(200):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.settimeout(60)
    s.sendall(b'{"verb":')
    crowd.append(s)
s.sendall(b'"status"}\n')
print(s.recv(11).decode())
gone = 0
for s in crowd[:100]:
    try:
        gone += s.recv(1) == b''
    except ConnectionResetError:
        gone += 1
print(gone)
EOF
check "of those that wait the oldest give way, and the last is answered" "$(python3 crowd.py "$sock" | tr '\n' ' ')" '{"ok":true, 100 '
few_files() {
    [ "$(find "/proc/$server_pid/fd" -mindepth 1 | wc -l)" -lt 40 ]
}
until_true few_files
check "and nothing is left of them" $? 0
run "$owping" -t -c 2 -i 0.01f -Q "127.0.0.1:$port"
check "all the while it serves tests" "$rc$out$err" 0

# --- whose it is

if [ "$(id -u)" = 0 ]; then
    run python3 -c 'import os, socket, sys
os.setgroups([]); os.setgid(65533); os.setuid(65533)
socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$sock"
    match "others may not ask" "$err" "PermissionError"
else
    skip "others may not ask" "not root"
fi
folders two
run "$owampd" -Z "${plain[@]}" "${as[@]}" -c two/etc -S 127.0.0.1:0 -d two/data -R two/var --controlsocket "$sock"
match "a second daemon does not take it" "$rc $err" "^1 .*owampd: $sock: another process serves this socket"
check "and the first goes on" "$(status .pid)" "$server_pid"

# --- with what holds

if [ ${#plain[@]} = 0 ]; then
    check "the sandbox holds meanwhile" "$(each NoNewPrivs "$server_pid")$(each Seccomp "$server_pid")" "1 2 "
else
    skip "the sandbox holds meanwhile" "this kernel lacks a part of it"
fi

# --- its end

end_server TERM
check "it ends in order, and the socket is gone" "$rc $(ls run)" "0 "
controlled one
{
    kill -9 "$server_pid"
    wait "$server_pid"
} 2>/dev/null
exec {log_fd}<&-
check "one that is killed leaves its socket behind" "$(ls run)" owampd.sock
controlled one
check "which the next one replaces" "$(status .pid)" "$server_pid"
end_server TERM
check "and removes" "$rc $(ls run)" "0 "
controlled one --controlsocket none
check "none is none" "$rc $(ls run)" "0 "
end_server TERM

# What is listening no more while tests wind up can be asked.
controlled one
"$owping" -t -c 100000 -i 0.01f -L 30 -Q "127.0.0.1:$port" 2>long.err &
long=$!
pids+=("$long")
until_true busy
kill -STOP "$long"
kill -TERM "$server_pid"
await stopping
check "a server that is ending says so" "$(status '[.stopping, (.listen | length)] | join(" ")')" "true 0"
{
    kill -KILL "$long"
    wait "$long"
} 2>/dev/null
end_server 0
check "and ends" "$rc $(ls run)" "0 "

# --- checking, and what cannot be

check_only() {
    run "$owampd" -n "${plain[@]}" "${as[@]}" -c one/etc -d one/data -R one/var --controlsocket "$1"
}
: >one/etc/owamp-server.conf
check_only "$sock"
check "-n: a socket that can be made is good" "$rc$err" 0
check "and is not made" "$(ls run)" ""
check_only "$tmp/later/s"
match "-n: a folder that is not there yet is noted" "$rc $err" "^0 owampd: note: controlsocket: $tmp/later has to be there, or possible to make"
: >run/file
check_only "$tmp/run/file"
check "-n: what is no socket is a fault" "$rc $err" "1 owampd: controlsocket $tmp/run/file: is something else than a socket"
check_only "$tmp/run/file/s"
match "-n: so is a folder that is none" "$rc $err" "controlsocket"
check_only relative
check "a path has to be absolute" "$rc $err" \
    "1 owampd: --controlsocket: 'relative': wants the absolute path of a socket, of 107 octets at most, or none"
run "$owampd" -Z "${plain[@]}" "${as[@]}" -c one/etc -S 127.0.0.1:0 -d one/data -R one/var --controlsocket "$tmp/run/file"
match "what is no socket stays" "$rc $err" "^1 .*run/file: is something else than a socket, and stays"
check "untouched" "$(stat -c %F run/file)" "regular empty file"
if [ "$(id -u)" = 0 ]; then
    mkdir -m 755 roots
    check_only "$tmp/roots/s"
    check "-n: a folder that its user may not write to is a fault" "$rc $err" "1 owampd: controlsocket $tmp/roots: Permission denied for user 'nobody'"
    run "$owampd" -Z "${plain[@]}" "${as[@]}" -c one/etc -S 127.0.0.1:0 -d one/data -R one/var --controlsocket "$tmp/roots/s"
    match "there it does not start" "$rc $err" "^1 .*roots/s: cannot make the socket: Permission denied"
else
    skip "-n: a folder that its user may not write to is a fault" "not root"
    skip "there it does not start" "not root"
fi
plan
