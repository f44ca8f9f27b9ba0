#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# By what psarchive serve is held, on every one of its threads, and that it serves so; and what it tells systemd.
. "$(dirname "$0")/tool.sh"
# shellcheck source=archive.sh
. "${top_srcdir:?is set by make check}/test/tool/archive.sh"
command -v curl >/dev/null || skip_all "curl is not installed"
[ ${#plain[@]} = 0 ] || skip_all "this kernel lacks a part of it"

# asked VERB: the answer of the control socket
asked() {
    "$top_builddir/powstream/powstream" --control a/ctl --tell "$1"
}

mkdir -p a/etc elsewhere
printf '%s\n' "write-from 127.0.0.1" "listen 127.0.0.1:0" "listen-unix $tmp/a/http" "control $tmp/a/ctl" \
    "spool $tmp/a/spool" "retention $tmp/a/etc/policy" >a/conf
policy='{"policies":[{"event_type":"*","summary_type":"*","summary_window":"*","expire":"never"}]}'
echo "$policy" >a/etc/policy
archive a || bail_out "$line"
match "all its threads are there" "$(find "/proc/$archive_pid/task" -mindepth 1 -maxdepth 1 | wc -l)" '^([3-9]|[1-9][0-9])$'
check "no_new_privs holds for all" "$(each NoNewPrivs "$archive_pid")" "1 "
check "a filter of system calls too" "$(each Seccomp "$archive_pid")" "2 "
match "its status tells" "$(asked status)" '"confined":"no_new_privs, landlock ABI [0-9]+, seccomp'
match "it answers on its Unix socket" "$(get http://localhost/esmond/perfsonar/archive/ --unix-socket a/http)" '^\[\] 200$'

document='{"id":"1","schedule":{"start":"2026-01-01T00:00:00Z","duration":"PT1S"},"participants":["localhost"],"tool":
{"name":"ping"},"test":{"type":"rtt","spec":{"source":"localhost","dest":"localhost"}},"run":{"href":"http://h/1"},
"result":{"succeeded":true,"sent":1,"received":1,"lost":0,"roundtrips":[{"rtt":"PT0.001S","ttl":60}]}}'
match "names of hosts are looked up" "$(put POST "$site/results" "$document")" ' 20[01]$'
echo "$policy " >a/etc/new
mv a/etc/new a/etc/policy
kill -HUP "$archive_pid"
hear "configuration"
match "a reload reads files that took the place of others" "$line" "read the configuration anew"
echo "$policy" >elsewhere/policy
sed -i "s#retention .*#retention $tmp/elsewhere/policy#" a/conf
kill -HUP "$archive_pid"
hear elsewhere
match "and none elsewhere, which wants a restart" "$line" \
    "elsewhere/policy: Permission denied; a folder that was not in use at the start wants a restart; all stays"
match "it serves on" "$(get "$url/")" ' 200$'
end_archive TERM
check "it ends in order" "$rc" 0
check "and removes its sockets" "$(find a -maxdepth 1 -type s)" ""

archive a || bail_out "$line"
end_archive TERM
check "the folder elsewhere is readable after a restart" "$rc" 0

echo "sandbox no" >>a/conf
archive a || bail_out "$line"
check "sandbox no: no filter" "$(each Seccomp "$archive_pid")" "0 "
match "which its status tells" "$(asked status)" '"confined":null'
end_archive TERM

# --- the service manager

if command -v python3 >/dev/null; then
    mkdir b
    cat >manager.py <<'END'
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("notify")
print("bound", flush=True)
while True:
    print(s.recv(4096).decode().replace("\n", " "), flush=True)
END
    mkfifo notes
    python3 manager.py >notes &
    manager=$!
    pids+=("$manager")
    exec {notes}<notes
    # told: the next thing that the service manager hears
    told() {
        read -r -t 60 -u "$notes" line || line="nothing"
    }
    told
    export NOTIFY_SOCKET=$tmp/notify
    archive b || bail_out "$line"
    told
    check "it is ready when it listens" "$line" "READY=1"
    match "and answers then" "$(get "$url/")" ' 200$'
    kill -HUP "$archive_pid"
    told
    match "a reload is told with its time" "$line" '^RELOADING=1 MONOTONIC_USEC=[0-9]+$'
    told
    check "and its end" "$line" "READY=1"
    end_archive TERM
    told
    check "and the end" "$line" "STOPPING=1"
    unset NOTIFY_SOCKET
    kill "$manager"
    wait "$manager" 2>/dev/null
else
    skip "what systemd is told" "python3 is not installed"
fi
plan
