#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# By what lsregister serve is held, on every one of its threads, and that it registers so.
. "$(dirname "$0")/tool.sh"
. "$top_srcdir/test/tool/lookup.sh"
command -v curl >/dev/null || skip_all "curl is not installed"
[ ${#plain[@]} = 0 ] || skip_all "this kernel lacks a part of it"
one=""

# registrar [OPTION...]: starts the daemon; its log lines wait for hear.
registrar() {
    rm -f pipe
    mkfifo pipe
    "$lsregister" serve -c etc/conf "$@" 2>pipe &
    registrar_pid=$!
    pids+=("$registrar_pid")
    exec {said}<pipe
    hear "listening on"
}
end_registrar() {
    kill -TERM "$registrar_pid"
    wait "$registrar_pid"
    rc=$?
    exec {said}<&-
}
live() {
    [[ $(counts "$one") == "live $1 "* ]]
}
# configure [MEMBERS]: the file, which takes the place of the one before.
configure() {
    make_config new "\"${one/127.0.0.1/localhost}\"" "$@"
    sed "s#\"always-up\": true#\"socket\": \"$tmp/run/owampd\", \"addresses\": [\"127.0.0.1\"]#; s#$tmp/ls.sock#$tmp/run/ls.sock#" new >etc/new
    mv etc/new etc/conf
}

noted() {
    grep -q host/0 state/registrations.json
}
of_here() {
    curl -s "$one/lookup/records?type=host" | grep -qF "$(uname -r)"
}

mkdir -p etc run elsewhere one/etc
echo "controlsocket $tmp/run/owampd" >one/etc/owamp-server.conf
serve one || bail_out "owampd does not start: $(<one/log)"
lookup_server one || bail_out "no lookup server"
make_root root
configure
registrar --root root || bail_out "lsregister serve: $line"
until_true live 4
match "a host and its daemon, which is asked at its socket, are registered" "$(counts "$one")" '^live 4 '
match "with what is read of the system" "$(curl -s "$one/lookup/records?type=host")" '"Test CPU"'
until_true noted
match "and noted down" "$(<state/registrations.json)" '"type": ?"host"|host/0'
match "it has threads" "$(find "/proc/$registrar_pid/task" -mindepth 1 -maxdepth 1 | wc -l)" '^([2-9]|[1-9][0-9])$'
check "no_new_privs holds for all" "$(each NoNewPrivs "$registrar_pid")" "1 "
check "a filter of system calls too" "$(each Seccomp "$registrar_pid")" "2 "
run "$lsregister" status -c etc/conf --json
match "its status tells" "$out" '"confined": ?"no_new_privs, landlock ABI [0-9]+, seccomp'
configure '"role": "test-host"'
hear "configuration: "
match "it reads a file that took the place of another" "$line" "read from etc/conf"
touch elsewhere/ca
configure "\"ca-file\": \"$tmp/elsewhere/ca\""
hear "configuration: "
match "what lies elsewhere wants a restart" "$line" \
    "elsewhere/ca: Permission denied; a folder that was not in use at the start wants a restart; the one before"
cp etc/conf elsewhere/conf
ln -sf "$tmp/elsewhere/conf" etc/conf
hear "etc/conf: Permission"
match "and so does a configuration that lies there" "$line" "etc/conf: Permission denied; .*wants a restart; the one before"
run "$lsregister" off -c elsewhere/conf
until_true live 0
match "what is registered is deleted by its socket" "$rc $(counts "$one")" '^0 live 0 '
run "$lsregister" on -c elsewhere/conf
until_true live 4
end_registrar
check "it ends in order" "$rc" 0
check "and removes its socket" "$(find run -name 'ls*')" ""

rm etc/conf
configure '"sandbox": false'
registrar || bail_out "lsregister serve: $line"
check "sandbox false: no filter" "$(each Seccomp "$registrar_pid")" "0 "
run "$lsregister" status -c etc/conf --json
match "which its status tells" "$out" '"confined": ?null'
end_registrar

rm etc/conf
configure
registrar || bail_out "lsregister serve: $line"
until_true of_here
match "it reads of this very system, too" "$(curl -s "$one/lookup/records?type=host")" "\"Linux $(uname -r)\""
check "by its filter" "$(each Seccomp "$registrar_pid")" "2 "
end_registrar
end_server TERM
plan
