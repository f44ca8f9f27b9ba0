#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lsregister directory as its clients meet it: the lookup service's protocol, leases, owners, its other answers.
. "$(dirname "$0")/tool.sh"
# shellcheck source=directory.sh
. "${top_srcdir:?is set by make check}/test/tool/directory.sh"
command -v curl >/dev/null || skip_all "curl is not installed"

# plain: what is read with the moments and the names of records taken out.
plain() {
    sed -E 's/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/UUID/g; s/"expires":"[0-9T:.-]*Z"/"expires":"T"/g'
}

# lease URI: the seconds that it still has, to the nearest ten.
lease() {
    local at
    at=$(curl -s "$site/$1/expires" | sed 's/.*"expires":"\([^"]*\)".*/\1/')
    echo $((($(date -d "$at" +%s) - $(date +%s) + 5) / 10 * 10))
}

# --- the command line

run "$lsregister" directory --help
match "--help tells of the options" "$out" "--listen"
check "and is status 0" "$rc" 0
run "$lsregister" directory --data "$tmp/x" --listen nowhere:1
check "an address that is none" "$rc $err" \
    "2 lsregister directory: --listen: 'nowhere:1': wants ADDR, ADDR:PORT, [V6]:PORT or :PORT"
run "$lsregister" directory extra
check "an operand" "$rc $err" "2 lsregister directory: takes no operands, see lsregister directory --help"
run "$lsregister" directory -g loud
check "a level that is none" "$rc $err" \
    "2 lsregister directory: -g, --loglevel: 'loud': wants none, fatal, warning, info, debug or all"
run "$lsregister" directory -c none.json
check "a file that is not there" "$rc" 1
echo '{"leases":{}}' >bad.json
run "$lsregister" directory -n -c bad.json
match "-n names what is wrong" "$rc $err" "^1 lsregister directory: bad.json:1: .*leases"
echo '{"listen":[":8090"]}' >good.json
cp "$top_srcdir/README.md" foreign
run "$lsregister" directory --listen 127.0.0.1:0 --data foreign
match "a file that is something else is refused" "$rc $err" '^4 lsregister: foreign: is no database'
check "and left alone, nothing beside it" "$(cmp "$top_srcdir/README.md" foreign)$(echo foreign*)" foreign
for fault in '"user": "nobody-of-that-name"' '"data": "/no/such/folder/db"' '"certificate": "c.pem"'; do
    echo "{$fault}" >half.json
    run "$lsregister" directory -n -c half.json
    match "nor is good what would not start: $fault" "$rc $err" \
        "^1 lsregister directory: .*(there is no 'nobody-of|cannot be made in /no/such/folder|belong together)"
done
run "$lsregister" directory -n -c good.json --data "$tmp/x"
check "-n says that it is good" "$rc $out" "0 lsregister directory: the configuration is good: data in $tmp/x"
[ ! -e "$tmp/x" ]
check "and makes nothing" $? 0
run "$lsregister" directory --data "$tmp/none/x" --listen 127.0.0.1:0
match "a folder that is not there is status 4" "$rc $err" "^4 .*$tmp/none/x"

# --- registering

mkdir d
cat >d/conf <<END
{"control": "$tmp/ctl", "snapshot": {"file": "$tmp/snapshot.json", "every": "PT1H"}, "records": 12}
END
directory d || bail_out "$line"
until_true curl -sf "$site/lookup/snapshot.json" # of a directory that is empty as yet
host='{"type":["host"],"host-name":["a.example.net","192.0.2.1"],"client-uuid":["u-1"],"host-net-interfaces":[],"n":5,
"group-communities":["LHCONE"],"location-city":"New York","location-sitename":"Zürich"}'
kept='{"type":["host"],"host-name":["a.example.net","192.0.2.1"],"client-uuid":["u-1"],"host-net-interfaces":[],'
kept+='"group-communities":["LHCONE"],"location-city":["New York"],"location-sitename":["Zürich"],"uri":"lookup/host/UUID",'
check "a record is answered as it is kept" "$(ask POST "$records" "$host" | plain)" \
    "$kept\"expires\":\"T\",\"state\":\"registered\"} 200"
a=$(curl -s "$records" | uri)
check "its uri is relative" "$(plain <<<"$a")" lookup/host/UUID
check "it has the default lease" "$(lease "$a")" 7200
check "there it is" "$(get "$site/$a" | plain)" "$kept\"expires\":\"T\",\"state\":\"registered\"} 200"
check "one of its keys" "$(get "$site/$a/host-name")" '{"host-name":["a.example.net","192.0.2.1"]} 200'
check "a key that the server sets" "$(get "$site/$a/state")" '{"state":"registered"} 200'
check "a key that it has not" "$(get "$site/$a/nothing")" "The record has no key 'nothing'$nl 404"
check "the same again, in another order, is the same record, renewed" \
    "$(ask POST "$records/" '{"host-name":["192.0.2.1","a.example.net"],"type":"host","client-uuid":"u-1","host-net-interfaces":[],"ttl":["PT3H"],"group-communities":["LHCONE"],"location-city":["New York"],"location-sitename":["Zürich"]}' | plain)" \
    "$kept\"expires\":\"T\",\"state\":\"renewed\",\"ttl\":[\"PT3H\"]} 200"
check "with the lease that it asked for" "$(lease "$a")" 10800
check "and it is one" "$(curl -s "$records" | grep -c '"uri"')" 1
b=$(register '{"type":"service","service-type":"owamp","service-locator":"tcp://a:861","group-communities":["LHCONE","ESnet"],"ttl":"PT1S"}')
check "too short a lease is brought to the least" "$(lease "$b")" 30
c=$(register '{"type":"service","service-type":"twamp","ttl":["P1000D"]}')
check "too long a one to the longest" "$(lease "$c")" 2592000
match "twice, from nobody in particular" \
    "$(ask POST "$records" '{"type":"service","service-type":"twamp"}')" \
    "^This record already exists: $c$nl 403$"
check "a record without a type" "$(ask POST "$records" '{"host-name":["x"]}')" \
    "the record has no type: it wants a member such as \"type\": [\"host\"]$nl 400"
check "what is no object" "$(ask POST "$records" '["host"]')" "a record is a JSON object; got an array$nl 400"
check "nothing" "$(ask POST "$records" '')" "a record is a JSON object; got nothing$nl 400"
match "what is no JSON" "$(ask POST "$records" '{"type":')" " 400$"
match "what is no UTF-8" "$(ask POST "$records" $'{"type":"\xff"}')" " 400$"
check "a lease of years" "$(ask POST "$records" '{"type":"x","ttl":["P1Y"]}')" \
    "ttl[0]: wants a duration of weeks, days, hours, minutes and seconds, as in PT2H; got 'P1Y'$nl 403"
check "another type of body" "$(curl -s -w ' %{http_code}' -H 'Content-Type: text/xml' -d '{}' "$records")" \
    "The body has to be application/json$nl 415"
printf '{"type":"x","v":["%0140000d"]}' 0 >large
check "too large a record" "$(curl -s -o answer -w '%{http_code}' -H 'Content-Type: application/json' --data-binary @large "$records")" 413

# --- asking

# found QUERY: the uris, as letters.
found() {
    curl -s -g "$records?$1" | grep -o '"uri":"[^"]*"' |
        sed "s|\"uri\":\"$a\"|a|; s|\"uri\":\"$b\"|b|; s|\"uri\":\"$c\"|c|" | tr '\n' ' '
}
check "everything" "$(found '')" "a b c "
check "of a type" "$(found type=service)" "b c "
check "all parameters" "$(found 'type=service&service-type=owamp')" "b "
check "any" "$(found 'service-type=owamp&host-name=192.0.2.1&operator=any')" "a b "
check "a list" "$(found 'service-type=owamp,twamp')" ""
check "any of a list" "$(found 'service-type=owamp,twamp&service-type-operator=any')" "b c "
check "all of a list" "$(found 'group-communities=LHCONE,ESnet')" "b "
check "a pattern" "$(found 'host-name=*.EXAMPLE.net')" "a "
check "the case of letters does not count" "$(found 'location-city=new+york')" "a "
check "a part of a value does" "$(found 'location-city=New')" ""
check "by uri" "$(found "uri=$b")" "b "
check "the first only" "$(found 'maxresults=1')" "a "
check "the rest" "$(found 'skip=1')" "b c "
check "nothing" "$(get "$records?type=nothing")" "[]$nl 200"
check "an operator that is none" "$(get "$records?operator=maybe")" "operator wants any or all; got 'maybe'$nl 400"
check "scripts of other sites may read it" \
    "$(curl -s -o /dev/null -D - -H 'Origin: http://x.example' "$records" | tr -d '\r' | sed -n 's/^Access-Control-Allow-Origin: //ip')" '*'

# --- renewing

check "a renewal" "$(ask POST "$site/$a" '{"ttl":["PT90M"]}' | plain)" \
    "$kept\"expires\":\"T\",\"state\":\"renewed\",\"ttl\":[\"PT90M\"]} 200"
check "has the lease that it asked for" "$(lease "$a")" 5400
check "without a lease it is the default" "$(ask POST "$site/$a" '' | plain)" \
    "$kept\"expires\":\"T\",\"state\":\"renewed\",\"ttl\":[]} 200"
check "of 7200 s" "$(lease "$a")" 7200
none=00000000-0000-4000-8000-000000000000
check "of one that is not there" "$(ask POST "$site/lookup/host/$none" '')" \
    "There is no record lookup/host/$none (any more)$nl 404"
check "of another type" "$(ask POST "$site/${a/host/service}" '' | plain)" \
    "There is no record lookup/service/UUID (any more)$nl 404"
check "in bulk" "$(ask PUT "$records" "{\"record-uris\":[\"$a\",\"$b\",\"lookup/host/$none\",\"x\"],\"ttl\":[\"PT120M\"]}")" \
    "{\"total\":\"4\",\"renewed\":\"2\",\"failure\":\"2\",\"failed-uris\":[\"lookup/host/$none\",\"x\"],\"error-code\":[\"22\",\"22\"],\"error-message\":[\"notfound\",\"notfound\"]} 200"
check "with the lease that it asked for" "$(lease "$b")" 7200
check "in bulk, none" "$(ask PUT "$records" '{"record-uris":["x"]}')" \
    '{"total":"1","renewed":"0","failure":"1","failed-uris":["x"],"error-code":["22"],"error-message":["notfound"]} 200'
check "in bulk, nothing" "$(ask PUT "$records" '{"record-uris":[]}')" "record-uris wants an array of uris to be renewed$nl 400"
check "in bulk, what is no uri" "$(ask PUT "$records" '{"record-uris":[1]}' | tail -n 1)" " 400"
match "the way that upstream never supported" "$(ask POST "$site/lookup/records/bulk" '{}')" " 404$"

# --- removing

check "a record that is removed is shown once more" "$(ask DELETE "$site/$c" '' | plain)" \
    '{"type":["service"],"service-type":["twamp"],"uri":"lookup/service/UUID","expires":"T","state":"deleted","ttl":["PT24000H"]} 200'
check "then it is gone" "$(get "$site/$c" | plain)" "There is no record lookup/service/UUID (any more)$nl 404"
check "twice" "$(ask DELETE "$site/$c" '' | plain)" "There is no record lookup/service/UUID (any more)$nl 404"
check "and is found no more" "$(found '')" "a b "
check "and can be registered anew" "$(register '{"type":"service","service-type":"twamp"}' | plain)" lookup/service/UUID

# --- owners

check "a record of another client is not changed" "$(ask POST "$site/$a" '{"client-uuid":["u-2"]}')" \
    "The record cannot be changed: it is another client's (client-uuid)$nl 403"
check "nor removed" "$(ask DELETE "$site/$a" '{"client-uuid":"u-2"}' | tail -n 1)" " 403"
check "nor renewed with others" "$(ask PUT "$records" "{\"client-uuid\":\"u-2\",\"record-uris\":[\"$a\",\"$b\"]}")" \
    "{\"total\":\"2\",\"renewed\":\"1\",\"failure\":\"1\",\"failed-uris\":[\"$a\"],\"error-code\":[\"23\"],\"error-message\":[\"notowner\"]} 200"
check "its own client may" "$(ask POST "$site/$a" '{"client-uuid":["U-1"]}' -o /dev/null)" " 200"
token=(-H 'Authorization: Bearer s3cret')
t=$(register '{"type":"secret","client-uuid":"u-3"}' "${token[@]}")
wants="The record cannot be changed: it was registered with a token, and wants the same one (Authorization: Bearer TOKEN)$nl 403"
check "what was registered with a token wants it" "$(ask POST "$site/$t" '{"client-uuid":"u-3"}')" "$wants"
check "the right one" "$(ask DELETE "$site/$t" '' -H 'Authorization: Bearer wrong')" "$wants"
match "also to be registered again" "$(ask POST "$records" '{"type":"secret","client-uuid":"u-3"}')" \
    "^This record already exists: $t: it was registered with a token"
check "then it may be changed" "$(ask POST "$site/$t" '' "${token[@]}" -o /dev/null)" " 200"
check "another kind of Authorization" "$(ask POST "$site/$t" '' -H 'Authorization: Basic eDp5')" \
    "Authorization wants \"Bearer TOKEN\"$nl 400"
match "nobody is told of the token" "$(curl -s "$site/$t")" '^\{"type":\["secret"\],"client-uuid":\["u-3"\],"uri":"[^"]*","expires":"[^"]*","state":"renewed","ttl":\[\]\}$'

# --- the rest

check "the list of servers" "$(curl -s "$site/lookup/activehosts.json" | sed 's/"lastupdated":"[0-9T:.-]*Z"/T/')" \
    "{\"hosts\":[{\"locator\":\"$records\",\"status\":\"alive\",\"priority\":100,T}]}"
check "with the two slashes of the Perl client" "$(curl -s -o /dev/null -w '%{http_code}' "$site//lookup/activehosts.json")" 200
check "elsewhere" "$(get "$site/x")" "There is nothing here: see lookup/records and lookup/activehosts.json$nl 404"
check "records, too" "$(curl -s -o /dev/null -w '%{http_code}' "$site//lookup//records")" 200
check "a method that is none is told in words, as all that is refused" \
    "$(curl -s -w ' %{http_code} %{content_type}' -X PATCH "$records")" \
    "this method is not for this path; see the Allow header$nl 405 text/plain; charset=utf-8"
head -c 200000 /dev/zero | tr '\0' ' ' >large
check "so is a body that is too large" \
    "$(curl -s -w ' %{http_code} %{content_type}' -H 'Content-Type: application/json' --data-binary @large "$records")" \
    "the body is too large$nl 413 text/plain; charset=utf-8"
check "and one that does not say how large it is" \
    "$(curl -s -w ' %{http_code} %{content_type}' -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' --data-binary @large "$records")" \
    "the body is too large$nl 413 text/plain; charset=utf-8"
check "the snapshot that is made at the start" "$(get "$site/lookup/snapshot.json")" "[]$nl 200"
i=0
while [ "$(ask POST "$records" "{\"type\":\"filler\",\"n\":\"$i\"}" -o answer)" = " 200" ]; do i=$((i + 1)); done
check "a directory that is full says so" "$(<answer)" "The directory is full: it keeps 12 records"
hear "records: " || bail_out "$line"
check "and so does its log, once" "$line" 'lsregister: records: the directory is full: it keeps 12 ("records"), and takes no more'
check "and has them all" "$(curl -s "$records" | grep -c '"uri"')" 12
check "what is there can still be renewed" "$(ask POST "$site/$a" '' -o /dev/null)" " 200"

# control REQUEST: the answer of the control socket.
control() {
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode() + b"\n")
print(s.makefile().readline(), end="")' "$tmp/ctl" "$1"
}
if command -v python3 >/dev/null; then
    match "the control socket tells of it" "$(control '{"verb":"status"}')" \
        '"ok":true,"program":"lsregister directory".*"since":"20[0-9T:-]*Z","records":12,"records-max":12,"registered":[0-9]*,"adopted":1,'
    sed -i 's/"records": 12/"records": 13/' d/conf
    check "it can be told to read its configuration anew" "$(control '{"verb":"reload"}')" '{"ok":true}'
    check "which then holds" "$(ask POST "$records" '{"type":"one-more"}' -o /dev/null)" " 200"
    match "what it is not told in its words" "$(control '{"verb":"x"}')" '"ok":false,"error":"verb'
else
    for claim in "the control socket tells of it" "it can be told to read its configuration anew" "which then holds" \
        "what it is not told in its words"; do
        skip "$claim" "python3 is not installed"
    done
    sed -i 's/"records": 12/"records": 13/' d/conf
fi
cp d/conf d/was
sed -i '0,/{/s//{"connections": 7, "sandbox": false, "prune-every": "PT2S", /' d/conf
kill -HUP "$directory_pid"
hear "restart is needed" || bail_out "$line"
check "what only a start takes on is named" "$line" "lsregister: changed, but a restart is needed for it: connections sandbox"
mv d/was d/conf
sed -i 's/"records": 13/"records": "many"/' d/conf
kill -HUP "$directory_pid"
hear "all stays as it is"
match "a configuration that is wrong changes nothing" "$line" "records: .*; all stays as it is"
end_directory TERM
check "it ends when it is told to" "$rc" 0
sed -i 's/"records": "many"/"records": 13/' d/conf
directory d || bail_out "$line"
check "after a restart all are there" "$(found "client-uuid=u-1")" "a "
check "with what their leases say" "$(curl -s "$site/$a/state")" '{"state":"renewed"}'
match "and their tokens" "$(ask POST "$site/$t" '')" "wants the same one"
end_directory TERM

# --- another policy

mkdir e
cat >e/conf <<END
{"lease": {"min": "PT1S", "default": "PT1S", "max": "PT1H", "outside": "default", "grace": "PT0S"}, "prune-every": "PT1S",
 "duplicates": "refuse", "ownership": "strict", "listen-unix": "$tmp/unix",
 "hosts": [{"locator": "http://127.0.0.1:1/lookup/records", "priority": 5}]}
END
directory e || bail_out "$line"
h=$(register '{"type":"host","client-uuid":"u-1","ttl":"PT2H"}')
match "in strict mode a twin is refused whoever sends it" "$(ask POST "$records" '{"type":"host","client-uuid":"u-1"}')" \
    "^This record already exists: $h.* 403$"
is_gone() {
    [ "$(curl -s "$records?type=host")" = "[]" ]
}
until_true is_gone
check "too long a lease was the default, and has ended" "$(get "$site/$h" | plain)" \
    "There is no record lookup/host/UUID (any more)$nl 404"
match "what has ended is no twin" "$(register '{"type":"host","client-uuid":"u-1","ttl":"PT1H"}')" "^lookup/host/"
h=$(curl -s "$records?type=host" | uri)
check "who changes a record has to say whose it is" "$(ask POST "$site/$h" '')" \
    "The record cannot be changed: its client-uuid has to be said in the request: {\"client-uuid\": [\"...\"]}$nl 403"
check "who says it may" "$(ask POST "$site/$h" '{"client-uuid":["u-1"],"ttl":["PT1H"]}' -o /dev/null)" " 200"
check "by the Unix socket nobody is asked" "$(curl -s --unix-socket "$tmp/unix" -X DELETE -o /dev/null -w '%{http_code}' "http://h/$h")" 200
is_down() {
    curl -s "$site/lookup/activehosts.json" | grep -q '"priority":5,.*' && curl -s "$site/lookup/activehosts.json" | grep -q unreachable
}
until_true is_down
check "a server of the list that does not answer is told so" \
    "$(curl -s "$site/lookup/activehosts.json" | sed 's/"lastupdated":"[0-9T:.-]*Z"/T/')" \
    '{"hosts":[{"locator":"http://127.0.0.1:1/lookup/records","status":"unreachable","priority":5,T}]}'
end_directory TERM

mkdir f
echo '{"register-from": ["192.0.2.0/24"]}' >f/conf
directory f || bail_out "$line"
check "who may not register is told whom to ask" "$(ask POST "$records" '{"type":"x"}')" \
    "This directory takes no records from 127.0.0.1: ask its administrator for register-from$nl 403"
check "but may ask" "$(get "$records")" "[]$nl 200"
"$lsregister" directory --data f/data --listen 127.0.0.1:0 2>second
check "a second directory with the same file is refused" "$? $(cat second)" \
    "4 lsregister: f/data: is in use by the lsregister directory of process $directory_pid: end that one, or name another place \
with --data"
end_directory TERM

# --- HTTPS, another user, the list of servers with one that answers

mkdir g
if command -v openssl >/dev/null && openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 2 \
    -keyout g/key.pem -out g/cert.pem 2>/dev/null; then
    directory f/unused || bail_out "$line"
    other=$records other_pid=$directory_pid
    chmod 755 "$tmp"
    user=
    if [ "$(id -u)" = 0 ]; then
        user='"user": "nobody",'
        chown nobody g
    fi
    echo "{$user \"listen\": [\"127.0.0.1:0\"], \"listen-tls\": [\"127.0.0.1:0\"], \"certificate\": \"$tmp/g/cert.pem\",
\"key\": \"$tmp/g/key.pem\", \"hosts\": [{\"locator\": \"$other\"}]}" >g/conf
    mkfifo g/said
    "$lsregister" directory -c g/conf --data g/data 2>g/said &
    directory_pid=$!
    pids+=("$directory_pid")
    exec {said}<g/said
    hear "listening on 127.0.0.1:" || bail_out "$line"
    site=http://127.0.0.1:${line##*:}
    hear "(TLS)" || bail_out "$line"
    tls=${line% (TLS)}
    check "by HTTPS it is the same" "$(get "https://127.0.0.1:${tls##*:}/lookup/records" --cacert g/cert.pem -k)" "[]$nl 200"
    check "and by HTTP it is registered with" "$(ask POST "$site/lookup/records" '{"type":"x"}' -o /dev/null)" " 200"
    if [ -n "$user" ]; then
        check "root has become somebody else" "$(stat -c %U g/data) $(sed -n 's/^Uid:\t\([0-9]*\)\t.*/\1/p' "/proc/$directory_pid/status")" \
            "nobody $(id -u nobody)"
    else
        skip "root has become somebody else" "not root"
    fi
    is_alive() {
        curl -s "$site/lookup/activehosts.json" | grep -q '"status":"alive"'
    }
    until_true is_alive
    check "a server of the list that answers is alive" \
        "$(curl -s "$site/lookup/activehosts.json" | sed 's/"lastupdated":"[0-9T:.-]*Z"/T/')" \
        "{\"hosts\":[{\"locator\":\"$other\",\"status\":\"alive\",\"priority\":100,T}]}"
    end_directory TERM
    kill "$other_pid"
    wait "$other_pid"
else
    for claim in "by HTTPS it is the same" "and by HTTP it is registered with" "root has become somebody else" \
        "a server of the list that answers is alive"; do
        skip "$claim" "openssl is not installed"
    done
fi

# --- looking as the user that it would become

if [ "$(id -u)" = 0 ]; then
    # sees CLAIM WORDS MEMBERS
    sees() {
        echo "{\"user\": \"nobody\", \"listen\": [\"127.0.0.1:0\"], $3}" >u/conf
        run "$lsregister" directory -n -c u/conf
        check "-n looks as the user: $1" "$rc $err" "1 lsregister directory: $2"
    }
    chmod 755 "$tmp"
    install -d -m 755 u u/roots
    install -d -o nobody u/his
    no="cannot be written by the user 'nobody': Permission denied: chown nobody"
    sees "a folder" "data: $tmp/u/roots $no $tmp/u/roots" "\"data\": \"$tmp/u/roots/db\""
    touch u/his/db.lock
    sees "what is beside the file" "data: $tmp/u/his/db.lock $no $tmp/u/his/db.lock" "\"data\": \"$tmp/u/his/db\""
    rm u/his/db.lock
    sees "a snapshot" "snapshot: $tmp/u/roots $no $tmp/u/roots" \
        "\"data\": \"$tmp/u/his/db\", \"snapshot\": {\"file\": \"$tmp/u/roots/all.json\"}"
else
    skip "-n looks as the user" "not root"
fi

# --- its file is taken away

directory away || bail_out "$line"
one=$(register '{"type":"x","n":"1"}')
mv away/data away/data.old
match "what cannot be kept is not acknowledged" "$(ask POST "$records" '{"type":"x","n":"2"}')" "nothing is kept.* 507$"
hear "was removed or replaced"
check "and the log tells why" $? 0
match "neither is a renewal" "$(ask POST "$site/$one" '')" " 507$"
match "nor a removal" "$(ask DELETE "$site/$one" '')" " 507$"
cp away/data.old away/data
match "another file in its place is none either" "$(ask POST "$records" '{"type":"x","n":"3"}')" " 507$"
mv away/data.old away/data
match "its own is" "$(ask POST "$records" '{"type":"x","n":"4"}')" " 200$"
end_directory TERM
plan
