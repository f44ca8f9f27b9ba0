#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# pslimits serve, when scripts, the DNS, other servers and clients misbehave.
. "$(dirname "$0")/fault.sh"
: "${top_srcdir:?is set by make check}"
PATH=$top_builddir/pslimits:$top_builddir/test/tool:$top_builddir/bench:$PATH
export PSUITE_JQ_WORKER=$top_builddir/lib/jq/ps-jq-worker PSUITE_JQ_LIBRARY=$top_srcdir/lib/jq
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY

# begin NAME [OPTION...]: serves NAME.conf on NAME.sock.
begin() {
    local name=$1
    shift
    rm -f "$name.log"
    pslimits serve -f "$name.conf" -S "$name.sock" "$@" 2>"$name.log" &
    server_pid=$!
    pids+=("$server_pid")
    until_true grep -q "listening on" "$name.log" || bail_out "pslimits does not serve: $(<"$name.log")"
}

finish() {
    kill "$server_pid"
    wait "$server_pid"
    rc=$?
}

rules() { # IDENTIFIER: who is it is denied
    cat <<END
{"schema":4,"identifiers":[{"name":"all","description":"","type":"always","data":{}},$1],
"classifiers":[{"name":"all","description":"","identifiers":["all"]},{"name":"it","description":"","identifiers":["it"]}],
"limits":[{"name":"no","description":"","type":"pass-fail","data":{"pass":false}},
{"name":"yes","description":"","type":"pass-fail","data":{"pass":true}}],
"applications":[{"classifier":"it","apply":[{"require":"all","limits":["no"]}],"stop-on-failure":true},
{"classifier":"all","apply":[{"require":"all","limits":["yes"]}]}]}
END
}

# verdict NAME REQUESTER TYPE: PASSED, and why the last identifier or limit said what it did.
verdict() {
    pslimits ask -S "$1.sock" "{\"hints\":{\"requester\":\"$2\"},\"task\":{\"test\":{\"type\":\"$3\",\"spec\":{}}}}"
}

# The same, asked again while there is no verdict for want of a turn, as on a slow machine.
verdict_soon() {
    local reply
    for _ in {1..20}; do
        reply=$(verdict "$@")
        [[ $reply == *'"ok":false'* ]] || break
    done
    echo "$reply"
}

# --- scripts

cp "$top_srcdir/test/tool/limits/scripts.conf" scripts.conf
begin scripts
for type in endless hungry talkative deep; do
    verdict_soon scripts 192.0.2.1 $type | jq -c '[.ok, .passed, (.why | contains("limit '$type':"))]'
    verdict_soon scripts 192.0.2.1 rtt | jq -c '[.ok, .passed]'
done >got
check "a script out of hand fails its limit, and the next request is served" "$(<got)" \
    "$(for _ in 1 2 3 4; do printf '[true,false,true]\n[true,true]\n'; done)"
for type in endless endless endless rtt rtt; do
    verdict_soon scripts 192.0.2.1 $type | jq -c "[\"$type\", .passed]" >>many &
    jobs+=($!)
done
wait "${jobs[@]}"
check "several at once do so too" "$(sort many)" "$(printf '["endless",false]\n%.0s' 1 2 3)
[\"rtt\",true]
[\"rtt\",true]"
busy=$(pslimits ask -S scripts.sock status | jq .busy)
jobs=()
for _ in {1..60}; do
    verdict scripts 192.0.2.1 endless | jq -c '[.ok, .passed]' >>loops &
    jobs+=($!)
done
until_true eval 'pslimits ask -S scripts.sock status | jq -e ".scripts.waiting >= 50"'
check "beside a crowd of them another is served" "$(verdict_soon scripts 192.0.2.1 rtt | jq -c '[.ok, .passed]')" '[true,true]'
wait "${jobs[@]}"
check "none of them waits for ever; those that nobody had time for have no verdict" \
    "$(wc -l <loops) $(sort -u loops | grep -cvxF -e '[false,null]' -e '[true,false]')" "60 0"
check "which status counts" "$(($(pslimits ask -S scripts.sock status | jq .busy) - busy >= $(grep -c null loops)))" 1
finish
# Some milliseconds each; all of one process.
rules '{"name":"it","description":"","type":"jq","data":{"script":"[range(60000)] | length > 0"}}' >crowd.conf
begin crowd
echo '{"hints":{"requester":"192.0.2.1"},"task":{"test":{"type":"rtt","spec":{}}},"reasons":false}' >request
limits_load crowd.sock 1000 1000 0 <request >load.txt &
load=$!
waiting() { pslimits ask -S crowd.sock status | jq .scripts.waiting; }
crowded() { [ "$(waiting)" -gt 600 ]; }
until_true crowded
for _ in 1 2 3; do
    verdict crowd 192.0.2.1 rtt
done | jq -c '[.ok, .passed]' >got
left=$(waiting)
check "a process with a crowd of requests keeps no other waiting" "$(sort -u got) $((left > 300))" "[true,false] 1"
wait $load
match "and its own are all answered" "$(<load.txt)" "^requests 1000 passed 0 denied [0-9]+ errors [0-9]+ lost 0 "
finish
# One in a hundred is another requester's, and passes. All would take longer than the five seconds that one waits.
rules '{"name":"it","description":"","type":"jq","data":{"script":"([range(60000)] | length > 0) and .requester == \"192.0.2.1\""}}' >turns.conf
begin turns
{
    for _ in {1..99}; do cat request; done
    sed 's/192.0.2.1/192.0.2.2/' request
} >requests
limits_load turns.sock 1000 2000 0 <requests >load.txt
match "nor does a requester with a crowd of requests keep another of the same process waiting" "$(<load.txt)" \
    "^requests 2000 passed 20 denied [0-9]+ errors [1-9][0-9]* lost 0 "
finish

# --- DNS

cat >zone <<'END'
1.2.0.192.v4.fullbogons.cymru.com A !silent
2.2.0.192.v4.fullbogons.cymru.com A 60 127.0.0.2
3.2.0.192.v4.fullbogons.cymru.com A !servfail
4.2.0.192.v4.fullbogons.cymru.com A !garbage
1.2.0.192.in-addr.arpa PTR !silent
2.2.0.192.in-addr.arpa PTR 60 liar.noc.example.net
liar.noc.example.net A 60 192.0.2.99
3.2.0.192.in-addr.arpa PTR 60 ns1.noc.example.net
ns1.noc.example.net A 60 192.0.2.3
END
mkfifo port
fake_dns zone >port &
pids+=($!)
read -r dns_port <port
it() { # NAME REQUESTER
    verdict "$1" "$2" rtt | jq -r '"\(.passed) \(.reasons[1].reasons[1] | .result + ": " + .text)"'
}
for fail in true false; do
    rules '{"name":"it","description":"","type":"ip-cymru-bogon","data":{"timeout":"PT2S","fail-result":'$fail'}}' >bogon.conf
    begin bogon --resolver "127.0.0.1:$dns_port"
    match "a DNS server that never answers: fail-result $fail holds" "$(it bogon 192.0.2.1)" \
        "^$([ $fail = true ] && echo 'false yes' || echo 'true no'): .*cymru.com: "
    match "one that fails: the same" "$(it bogon 192.0.2.3)" "^$([ $fail = true ] && echo 'false yes' || echo 'true no'): "
    match "one that answers with garbage: the same" "$(it bogon 192.0.2.4)" "^$([ $fail = true ] && echo 'false yes' || echo 'true no'): "
    check "a bogon is told all the same" "$(it bogon 192.0.2.2)" "false yes: it is a bogon"
    check "and what is none" "$(it bogon 192.0.2.9)" "true no: it is no bogon"
    finish
done
rules '{"name":"it","description":"","type":"ip-reverse-dns","data":{"timeout":"PT2S","match":{"style":"regex","match":"[.]noc[.]example[.]net$"}}}' >names.conf
begin names --resolver "127.0.0.1:$dns_port"
match "names that never come" "$(it names 192.0.2.1)" "^true error: "
match "a name that does not lead back is none" "$(it names 192.0.2.2)" "^true no: "
check "one that does is" "$(it names 192.0.2.3)" "false yes: its name is ns1.noc.example.net"
finish

# --- lists by URL

mkdir files cache
printf '# ours\n192.0.2.0/24\n2001:db8::/32\n' >files/good
printf '<html><body>Welcome</body></html>\n' >files/html
: >files/empty
printf 'one\ntwo\nthree\n' >files/words
mkfifo http input
exec {hold}<>input # so that it does not end
export hold
httpd_demo files="$PWD/files" <input >http &
pids+=($!)
read -r _ address <http
list() { # PATH [TRANSFORM]
    rules "{\"name\":\"it\",\"description\":\"\",\"type\":\"ip-cidr-list-url\",\"data\":{\"source\":\"http://$address/$1\",\"update\":\"P1D\",\"retry\":\"PT10S\"${2:-}}}" >list.conf
}
# fault: what status says of the list, when the first attempt is over.
fault() {
    until_true eval 'pslimits ask -S list.sock status | jq -e ".lists[0] | .fault or .networks > 0"'
    pslimits ask -S list.sock status | jq -r '.lists[0] | "\(.networks) \(.fault)"'
}
list files/good
begin list --cache cache
check "a good list is taken" "$(fault) $(it list 192.0.2.7) $(it list 198.51.100.1)" \
    "2 null false yes: the list has it true no: the list does not have it"
finish
mv files/good files/before
cp files/html files/good
begin list --cache cache
until_true grep -q "list: http" list.log
match "where it turns into a page, the copy on disk stays in force" "$(it list 192.0.2.7) $(<list.log)" \
    "^false yes: the list has it .*: the one before stays in force"
finish
printf '\xef\xbb\xbf192.0.2.0/24\n192.0.2.256/24\n2001:db8::/32\nten\n' >files/odd
list files/odd
begin list
check "lines that are no networks are left out, a byte order mark is nothing" "$(fault) $(it list 192.0.2.7)" \
    "2 null false yes: the list has it"
check "how many, and which is the first, is told in status" \
    "$(pslimits ask -S list.sock status | jq -c '.lists[0] | [."no-networks", ."first-no-network"]')" '[2,2]'
match "and in the log" "$(<list.log)" "odd: 2 lines are no networks, the first is line 2"
finish
for path in html empty words nosuch; do
    list files/$path
    begin list --cache cache
    match "a list that is bad ($path) is none, and the reason is told" "$(fault) $(it list 192.0.2.7)" \
        "^0 http://$address/files/$path: .* true error: the list could not be had yet: http://$address/files/$path: "
    finish
done
list 'stream?octets=40000000'
begin list
match "one that is huge" "$(fault)" "^0 http://$address/stream.*: "
finish
list 'later?ms=60000'
begin list
check "one that is slow holds up nobody" "$(it list 192.0.2.7)" "true error: the list could not be had yet"
finish
check "and the daemon ends all the same" "$rc" 0
printf '{"prefixes":[{"p":"192.0.2.0/24"},{"p":"2001:db8::/32"}]}' >files/json
list files/json ',"transform":{"script":".prefixes[].p","output-raw":true}'
begin list
check "a list may be transformed" "$(fault) $(it list 2001:db8::1)" "2 null false yes: the list has it"
finish
list files/json ',"transform":{"script":"def f: f; f"}'
begin list
match "a transform that does not end is a fault" "$(fault)" "^0 http.*its transform failed: ran longer than"
finish

# --- other servers' opinions, and rules by URL

echo '{"passed":true,"message":"fine"}' >files/yes
echo 'yes' >files/odd
ask_limit() { # PATH MORE
    rules '{"name":"it","description":"","type":"always","data":{},"invert":true}' |
        sed 's|{"name":"yes".*|{"name":"yes","description":"","type":"url-fetch","data":{"url":"http://'"$address/$1"'","timeout":"PT2S"'"$2"'}}],|' >fetch.conf
    begin fetch
    verdict fetch 192.0.2.1 rtt | jq -r '"\(.passed) \([.reasons[] | select(.kind == "application" and .result)][-1].reasons[0].reasons[0].text)"'
    finish
}
check "a server says yes" "$(ask_limit files/yes)" "true the server says yes: fine"
check "one that talks nonsense" "$(ask_limit files/odd)" 'false the server'"'"'s answer is not {"passed": true or false}'
match "one that is slow" "$(ask_limit 'later?ms=60000')" "^false no answer: http://$address/later.*"
match "the same where the rules say so" "$(ask_limit 'later?ms=60000' ',"fail-result":true')" "^true no answer: .*fail-result is true"
match "one that is not there" "$(ask_limit files/nosuch)" "^false the server does not say: HTTP status 404"
check "static parameters are sent" "$(ask_limit echo ',"params":{"a b":"c+d","n":7},"success-only":true')" "true the server says yes"
# Sixteen are sent at a time, so that the last ones of this crowd are longer in the queue than their timeout.
ask_limit 'later?ms=600' ',"success-only":true' >reply
begin fetch
limits_load fetch.sock 80 80 0 <request >load.txt
match "the timeout begins when the question is sent" "$(<reply) $(<load.txt)" \
    "^true the server says yes requests 80 passed 80 denied 0 errors 0 lost 0 "
finish
ask_limit 'later?ms=60000' >reply
begin fetch
limits_load fetch.sock 100 100 0 <request >load.txt &
load=$!
under_way() { pslimits ask -S fetch.sock status | jq -e '."under-way" == 100'; }
until_true under_way
check "what had no turn says so" "$(verdict fetch 192.0.2.1 rtt | jq -r .why)" \
    "no application passed: limit yes: no answer: it waited longer than 5 s for others to be answered"
wait $load
finish
rules '{"name":"it","description":"","type":"ip-cidr-list","data":{"cidrs":["192.0.2.7"]}}' >files/rules
echo "http://$address/files/rules" >url.conf
begin url
check "rules may be had by URL" "$(it url 192.0.2.7)" "false yes: 192.0.2.7 is in 192.0.2.7/32"
pslimits check url.conf >faults
check "and are checked by it" "$? $(sed 's/: good: .*/: good/' faults)" "0 http://$address/files/rules: good"
printf '{"schema": 4,\n"identifirs": []}' >files/rules
pslimits check url.conf >faults
check "faults of rules had by URL name it" "$? $(head -n 1 faults; sed -n '/identifirs/p; $p' faults)" "1 http://$address/files/rules:1: identifiers: is missing
http://$address/files/rules:2: identifirs: is not known here; did you mean \"identifiers\"?
http://$address/files/rules: 5 faults"
pslimits explain -f url.conf -r 192.0.2.1 2>faults
match "those of explain as well" "$? $(<faults)" "^4 pslimits: http://$address/files/rules:1: identifiers: is missing"
pslimits ask -S url.sock reload >reply
match "and those that the daemon tells" "$(jq -r .error reply)" "^http://$address/files/rules:1: identifiers: is missing"
cp files/html files/rules
pslimits check url.conf >faults
check "a page of HTML is told as one, with what to do" "$? $(<faults)" "1 \
http://$address/files/rules:1: the document: is a page of HTML, and no rules; name the file itself (often called raw), and see whether the server wants a login
http://$address/files/rules: 1 fault"
pslimits check files/html >faults
check "in a file as well" "$? $(head -n 1 faults)" \
    "1 files/html:1: the document: is a page of HTML, and no rules; a browser may have saved a page in the file's place"
echo "http://joe:secret@$address/files/html" >secret.conf
pslimits check secret.conf >faults
check "a password is not told" "$? $(grep -c secret faults) $(grep -c "^http://$address/files/html" faults)" "1 0 2"
rm files/rules
pslimits ask -S url.sock reload >reply
match "those before stay in force when it has none" "$(jq -r '"\(.ok) \(.error)"' reply) $(it url 192.0.2.7)" \
    "^false http://$address/files/rules: HTTP status 404 false yes"

# --- clients

curl -s -N --http0.9 --unix-socket url.sock -d '{"hints":{"reques' http://x/ >half.txt 2>&1 &
pids+=($!)
until_true grep -q error half.txt
check "half a line waits, and the next client is served" "$(it url 192.0.2.7)" "false yes: 192.0.2.7 is in 192.0.2.7/32"
head -c 3000000 /dev/zero | tr '\0' x >long
curl -s --http0.9 --max-time 20 --unix-socket url.sock --data-binary @long http://x/ >long.txt 2>&1
check "a line without an end is refused" "$(grep -c 'the request is too long' long.txt)" 1
for host in 192.0.2.7 198.51.100.1; do
    echo "{\"hints\":{\"requester\":\"$host\"},\"task\":{\"test\":{\"type\":\"rtt\",\"spec\":{}}},\"reasons\":false}"
done >requests
limits_load url.sock 500 10000 0 <requests >load.txt
match "10,000 requests at once each get their verdict" "$(<load.txt)" \
    "^requests 10000 passed 5000 denied 5000 errors 0 lost 0 "
# As many as may be connected: none of them has asked yet when the last one comes.
hard=$(ulimit -Hn)
[ "$hard" != unlimited ] && [ "$hard" -lt 20000 ] || hard=20000
clients=$((hard / 2 - 100))
ulimit -Sn "$hard"
limits_load url.sock $clients 10000 0 <requests >load.txt
match "nor does anybody who has connected lose its place" "$(<load.txt)" \
    "^requests 10000 passed 5000 denied 5000 errors 0 lost 0 "
check "and the next is served" "$(it url 192.0.2.7)" "false yes: 192.0.2.7 is in 192.0.2.7/32"
finish
check "the daemon ends with 0" "$rc" 0
plan
