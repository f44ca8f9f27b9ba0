#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lsregister serve: signals, changes, its socket, and a server that goes away.
. "$(dirname "$0")/tool.sh"
. "$top_srcdir/test/tool/lookup.sh"
one="" two="" one_pid="" two_pid=""

lookup_server one || bail_out "no lookup server"
lookup_server two || bail_out "no second lookup server"
make_root root

# registrar: starts the daemon; its log lines wait for hear.
registrar() {
    rm -f pipe
    mkfifo pipe
    "$lsregister" serve -c conf --root root 2>pipe &
    registrar_pid=$!
    pids+=("$registrar_pid")
    exec {said}<pipe
    hear "listening on"
}

end_registrar() {
    kill -"$1" "$registrar_pid"
    wait "$registrar_pid"
    rc=$?
    exec {said}<&-
}

# live URL N: whether so many records are there.
live() {
    [[ $(counts "$1") == "live $2 "* ]]
}

# On either of the servers, whichever is nearer.
anywhere() {
    live "$one" "$1" || live "$two" "$1"
}

make_config conf "\"$one\", \"$two\""
registrar || bail_out "lsregister serve: $line"
until_true anywhere 4
check "the host is registered" "$(($(counts "$one" | cut -d' ' -f2) + $(counts "$two" | cut -d' ' -f2)))" 4
run "$lsregister" status -c conf
match "status asks it" "$rc $out" "^0 lsregister .* serves since"
run "$lsregister" once -c conf --root root
check "once does not work beside it" "$rc" 4
match "and says why" "$err" "state: is in use by the lsregister of process $registrar_pid: end that one, or wait for it"
near=$one
live "$two" 4 && near=$two

sed -i 's/Geneva/Meyrin/' conf
hear "configuration: read from conf"
check "a changed configuration is read" $? 0
found() {
    "$lsregister" find --server "$near" --where location-city="$1"
}
until_true found Meyrin
check "and registered" $? 0
echo '{' >conf.new
mv conf.new conf
hear "the one before stays in force"
check "a faulty one is told, and is not" $? 0
make_config conf.new "\"$one\", \"$two\"" '"role": "boss"'
mv conf.new conf
hear "the one before stays in force"
run "$lsregister" status -c conf
match "status tells what is wrong with it" "$out" "the configuration is faulty: .*role.*; the one before is in force"
run "$lsregister" off -c conf
match "off is obeyed all the same, and it is told" "$rc $out $err" "^0 registration is off; .*role"
until_true live "$near" 0
run "$lsregister" on -c conf
until_true live "$near" 4
check "and on" "$rc $?" "0 0"
echo '{' >conf
hear "the one before stays in force"
run "$lsregister" off -c conf
match "where it does not tell the socket, nobody else is turned off" "$rc $out $err" "^4  .*conf:2: "
make_config conf "\"$one\", \"$two\""
hear "configuration: read from conf"
check "a good one is read again" $? 0
run "$lsregister" status -c conf
! [[ $out == *"is faulty"* ]]
check "and status has nothing to say of it" $? 0

reply=$("$lsregister" status -c conf --json | jq -r '.registrations | length')
check "the socket tells the registrations" "$reply" 4
curl -sf -X PUT "$near/wipe"
run "$lsregister" off -c conf
check "off is obeyed" "$rc" 0
until_true live "$near" 0
check "and all is deleted" $? 0
run "$lsregister" status -c conf
match "status says that it is off" "$rc $out" '^0 .*registration is off'
run "$lsregister" on -c conf
until_true live "$near" 4
check "on registers again" $? 0
# "on" has it try at once what it would put off.
far=$one far_pid=$one_pid near_pid=$two_pid
[ "$near" = "$two" ] || far=$two far_pid=$two_pid near_pid=$one_pid
kill -9 "$near_pid"
wait "$near_pid" 2>/dev/null
for _ in 1 2 3; do
    "$lsregister" on -c conf >on.txt
    hear "the next try is in"
done
hear "$far/ is used in place of $near/"
check "a server that fails three times is left for another" $? 0
until_true live "$far" 4
check "where all is registered anew" $? 0
near=$far near_pid=$far_pid
# Another in the place of a lookup server, as a proxy that has lost it.
back="" back_pid=""
lookup_server back
make_config conf.new "\"$near\", \"$back\""
mv conf.new conf
hear "configuration: read from conf"
curl -sf -X PUT "$near/quirks/32768"
"$lsregister" on -c conf >on.txt
hear "the next try is in"
run "$lsregister" status -c conf
match "what no lookup server says is told as such" "$out" \
    "status 404: It works!.*no lookup server answers so: see whether its URL is right"
for _ in 2 3; do
    "$lsregister" on -c conf >on.txt
    hear "the next try is in"
done
hear "$back/ is used in place of $near/"
check "such a server is left for another, too" $? 0
until_true live "$back" 4
check "where all is registered" $? 0
near=$back near_pid=$back_pid
kill -HUP "$registrar_pid"
hear "configuration: read from conf"
check "HUP reads the configuration" $? 0
cp conf conf.was
: >conf
hear "stays in force"
match "one that is empty for a moment changes nothing" "$line" "conf: is empty; the one before stays in force"
sed "s|$tmp/state|$tmp/another|; s|\"find-interfaces\"|\"sandbox\": false, &|" conf.was >next
mv next conf
hear "restart is needed"
check "what only a start takes on is named" "$line" "lsregister: changed, but a restart is needed for it: state sandbox"
mv conf.was conf

kill -9 "$registrar_pid"
wait "$registrar_pid" 2>/dev/null
exec {said}<&-
registered=$(counts "$near" | cut -d' ' -f3,4)
registrar
check "after kill -9 it serves again" $? 0
until_true grep -q '"last": "renewed"' state/registrations.json
check "what was registered is renewed, not registered again" "$(counts "$near" | cut -d' ' -f3,4)" "$registered"
end_registrar TERM
check "TERM ends it" "$rc" 0
check "what is registered stays" "$(counts "$near" | cut -d' ' -f1,2)" "live 4"
[ ! -e ls.sock ]
check "and the socket is removed" $? 0

run "$lsregister" serve -n -c conf
check "serve -n checks the configuration" "$rc$out" 0
echo '{' >bad
run "$lsregister" serve -n -c bad
check "and says no to a faulty one" "$rc" 1
plan
