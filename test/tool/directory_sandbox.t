#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# By what lsregister directory is held, on every one of its threads, and that it serves so.
. "$(dirname "$0")/tool.sh"
# shellcheck source=directory.sh
. "${top_srcdir:?is set by make check}/test/tool/directory.sh"
command -v curl >/dev/null || skip_all "curl is not installed"
[ ${#plain[@]} = 0 ] || skip_all "this kernel lacks a part of it"

# asked VERB: the answer of the control socket
asked() {
    "$top_builddir/powstream/powstream" --control d/run/ctl --tell "$1"
}
# certificate NAME: one of those that the unit tests of lib/http have
certificate() {
    sed -n "/ $1\[\]/,/;\$/s/^[^\"]*\"\(.*\)\\\\n\".*/\1/p" "$top_srcdir/test/unit/http/certs.h"
}
# configure SNAPSHOT [MEMBERS]: the file that the directory is told to read.
configure() {
    cat >etc/new <<END
{"control": "$tmp/d/run/ctl", "listen-unix": "$tmp/d/run/http", ${certified-}
 "upper": {"url": "$upper", "every": "PT1S"}, "hosts": [{"locator": "http://localhost:$upper_port/lookup/records"}],
 "probe-every": "PT1S", "snapshot": {"file": "$1", "every": "PT1S"}${2-}}
END
    mv etc/new etc/conf
}
reload() {
    kill -HUP "$directory_pid"
    hear "$1"
}
written() {
    grep -qs "$1" d/snapshots/all.json
}
passed_on() {
    curl -s "$upper" | grep -q "\"$1\""
}
alive() {
    curl -s "$site/lookup/activehosts.json" | grep -q '"status":"alive"'
}

directory upper || bail_out "$line"
upper_pid=$directory_pid upper_port=$port upper=http://localhost:$port/lookup/records
match "without a configuration it is confined" "$(each NoNewPrivs "$directory_pid")$(each Seccomp "$directory_pid")" '^1 2 $'

mkdir -p etc d/run d/snapshots elsewhere
configure "$tmp/d/snapshots/all.json"
directory d -c etc/conf || bail_out "$line"
register '{"type":"host","host-name":"first"}' >/dev/null
until_true passed_on first
match "an upper directory is found by its name, and pushed to" "$(curl -s "$upper")" '"host-name":\["first"\]'
until_true alive
match "others are asked how they are" "$(get "$site/lookup/activehosts.json")" '"status":"alive"'
until_true written first
match "a snapshot is written" "$(<d/snapshots/all.json)" '"host-name":\["first"\]'
match "and served" "$(get "$site/lookup/snapshot.json")" '"first".* 200$'
match "all its threads are there" "$(find "/proc/$directory_pid/task" -mindepth 1 -maxdepth 1 | wc -l)" '^([3-9]|[1-9][0-9])$'
check "no_new_privs holds for all" "$(each NoNewPrivs "$directory_pid")" "1 "
check "a filter of system calls too" "$(each Seccomp "$directory_pid")" "2 "
match "its status tells" "$(asked status)" '"confined":"no_new_privs, landlock ABI [0-9]+, seccomp'
match "it answers on its Unix socket" "$(get http://localhost/lookup/records --unix-socket d/run/http)" '"first".* 200$'

certificate cert_one >etc/cert
certificate key_one >etc/key
certified="\"certificate\": \"$tmp/etc/cert\", \"key\": \"$tmp/etc/key\","
configure "$tmp/d/snapshots/all.json"
reload "configuration"
match "a reload reads files that took the place of others, and new ones" "$line" "read the configuration anew"
configure "$tmp/elsewhere/other.json"
reload other.json
match "a snapshot in another folder wants a restart" "$line" \
    "elsewhere/other.json: cannot be written: Permission denied; a folder that was not in use at the start wants a restart; all stays"
configure "$tmp/etc/all.json"
reload all.json
match "so does one in a folder that is only read" "$line" "etc/all.json: cannot be written: .*wants a restart; all stays"
certificate cert_one >elsewhere/cert
certified="\"certificate\": \"$tmp/elsewhere/cert\", \"key\": \"$tmp/etc/key\","
configure "$tmp/d/snapshots/all.json"
reload elsewhere
match "and what is read elsewhere" "$line" \
    "elsewhere/cert: .*Permission denied.*; a folder that was not in use at the start wants a restart; all stays"
cp etc/conf elsewhere/conf
ln -sf "$tmp/elsewhere/conf" etc/conf
match "and the configuration itself, by the control socket" "$(asked reload)" \
    '"error":".*Permission denied; a folder that was not in use at the start wants a restart"'
rm etc/conf
register '{"type":"host","host-name":"second"}' >/dev/null
until_true written second
match "all that was in force goes on" "$(<d/snapshots/all.json)" '"second"'
until_true passed_on second
match "the upper directory hears of it too" "$(curl -s "$upper")" '"host-name":\["second"\]'
end_directory TERM
check "it ends in order" "$rc" 0
check "and removes its sockets" "$(find d/run -type s)" ""

configure "$tmp/d/snapshots/all.json"
directory d -c etc/conf || bail_out "$line"
match "the folder elsewhere can be used after a restart" "$(get "$records")" '"second".* 200$'
end_directory TERM

configure "$tmp/d/snapshots/all.json" ', "sandbox": false'
directory d -c etc/conf || bail_out "$line"
check "sandbox false: no filter" "$(each Seccomp "$directory_pid")" "0 "
match "which its status tells" "$(asked status)" '"confined":null'
configure "$tmp/elsewhere/other.json" ', "sandbox": true'
reload "configuration"
match "and any folder can be used" "$line" "read the configuration anew"
check "what a reload cannot change stays" "$(each Seccomp "$directory_pid")" "0 "
end_directory TERM
check "it ends" "$rc" 0
kill "$upper_pid"
wait "$upper_pid"
plan
