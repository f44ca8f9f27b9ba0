#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ps-probe's tools by themselves, and as psched runs them: clock, psresponse, http, dns, mtu, simplestream, idle, noop.
. "$(dirname "$0")/tool.sh"

probe=$top_builddir/psprobe/ps-probe
drive=$top_builddir/test/net/drive/tl_drive
export PSCHED_PROBE=$probe
command -v jq >/dev/null || skip_all "jq is not installed"

# ask TOOL SPEC [PARTICIPANT PARTICIPANT-DATA]: out is its document.
ask() {
    printf '{"schema":1,"schedule":{"start":"2030-01-01T00:00:00Z","duration":"PT5S"},"test":{"type":"x","spec":%s},"participant":%s,"participant-data":%s}' \
        "$2" "${3:-0}" "${4:-[{\}]}" >ask.json
    "$probe" "$1" <ask.json >out.txt 2>err.txt
    rc=$?
    out=$(<out.txt)
}

# have TEXT FILTER WANTED: of the document.
have() {
    check "$1" "$rc $(jq -c "$2" out.txt) $(<err.txt)" "0 $3 "
}

# --- requests

run "$probe"
match_all "without a name it says which there are" "$rc $out$err" \
    '2 usage: ps-probe NAME, one of sleep .* simplestreamer; psched starts it.*'
run "$probe" nosuch
check "and with one that is none" "$rc ${err:0:20}" "2 usage: ps-probe NAME"
for bad in '' '{' '[]' '{"test":{}}'; do
    printf '%s' "$bad" | "$probe" passthrough >out.txt 2>err.txt
    check "what is no run is refused: $bad" "$? $(<out.txt)$(grep -c '^ps-probe: ' err.txt)" "2 1"
done

# --- idle and noop

ask snooze '{"duration":"PT0.2S"}'
have "idle lasts as long as it is to" '[.succeeded, .result.succeeded, (.result.duration | test("^PT0[.]2"))]' '[true,true,true]'
ask sleepbgm '{"duration":"PT0.5S","interval":"PT0.2S"}'
check "idlebgm tells each time" "$rc $(tr -d '\036' <out.txt | jq -c '.result["time-slept"]' | paste -sd ' ')" \
    '0 "PT0.2S" "PT0.2S"'
ask passthrough '{"data":{"a":[1,2.5,"\u00e4"]}}'
have "noop gives back what it is given" .result.data '{"a":[1,2.5,"ä"]}'
ask passthrough '{"data":1,"fail":1}'
have "noop fails when it is to" '[.succeeded, .error]' '[false,"It was asked to fail now and then, and did."]'

# --- mtu

ask fwmtu '{"dest":"127.0.0.1"}'
have "the MTU of loopback" .result.mtu 65535
ask fwmtu '{"dest":"nosuch.invalid"}'
have "a host that is not there is told" '[.succeeded, (.error | startswith("nosuch.invalid: "))]' '[false,true]'
ask fwmtu '{"dest":"127.0.0.1","source":"::1"}'
have "ends of different families are told" '[.succeeded, .error]' \
    '[false,"::1 and 127.0.0.1 have no addresses of the same family"]'

# --- dns

cat >zone <<'EOF'
www.example A 60 192.0.2.1
www.example A 60 192.0.2.2
www.example AAAA 60 2001:db8::1
text.example TXT 60 some text
1.2.0.192.in-addr.arpa PTR 60 www.example
slow.example A !silent
bad.example A !servfail
cut.example A !cut
EOF
mkfifo port
"$top_builddir/test/tool/fake_dns" zone >port &
pids+=($!)
read -r dns_port <port
dns() { # QUERY RECORD
    ask dnspy "{\"query\":\"$1\",\"record\":\"$2\",\"nameserver\":\"127.0.0.1:$dns_port\",\"timeout\":\"PT1S\"}"
}
dns www.example a
have "addresses" '[(.result.record | sort), (.result | has("time"))] | flatten' '["192.0.2.1","192.0.2.2",true]'
dns www.example aaaa
have "IPv6" .result.record '["2001:db8::1"]'
dns text.example txt
have "text" .result.record '["some text"]'
dns 192.0.2.1 ptr
have "the name of an address" .result.record '"www.example"'
dns nosuch.example a
have "a name that is not there" '[.succeeded, .error]' '[false,"nosuch.example: the name does not exist"]'
dns slow.example a
have "a server that does not answer" '[.succeeded, .error]' '[false,"slow.example: no server answered, or it failed"]'
dns bad.example a
have "a server that fails" .succeeded false
dns cut.example a
have "an answer that is cut off" .succeeded false
dns www.example nosuch
have "a type that is none" '[.succeeded, .error]' '[false,"There is no such type of record"]'
ask dnspy '{"query":"www.example","record":"a","nameserver":"nosuch.invalid"}'
have "a server that is not there" '[.succeeded, (.error | startswith("nosuch.invalid: "))]' '[false,true]'

# --- http, clock and psresponse

if command -v python3 >/dev/null && command -v openssl >/dev/null; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 \
        -subj /CN=test 2>/dev/null
    for kind in http https; do
        mkfifo $kind.port
        python3 "$top_srcdir/test/tool/fake_web.py" $kind >$kind.port &
        pids+=($!)
    done
    read -r http <http.port
    read -r https <https.port
    ask curl "{\"url\":\"http://127.0.0.1:$http/\"}"
    have "a page is fetched" '[.result.succeeded, .result.status, (.result.time | startswith("PT0."))]' '[true,200,true]'
    ask curl "{\"url\":\"http://127.0.0.1:$http/\",\"schema\":2,\"parse\":\"words\",\"keep-content\":6}"
    have "what is asked for is kept" '.result | [.schema, .found, .content, .headers["X-Answer"]]' '[2,true,"a page","one"]'
    ask curl "{\"url\":\"http://127.0.0.1:$http/\",\"parse\":\"nosuch\",\"keep-content\":0}"
    have "or all of it" '.result | [.found, .content]' '[false,"a page with words"]'
    ask curl "{\"url\":\"http://127.0.0.1:$http/headers\",\"headers\":{\"X-Test\":\"mine\"},\"keep-content\":0}"
    have "headers are sent" .result.content '"mine"'
    ask curl "{\"url\":\"http://127.0.0.1:$http/none\"}"
    have "an error is a failure" '[.succeeded, .error]' '[false,"The server answered with status 404"]'
    ask curl "{\"url\":\"http://127.0.0.1:$http/none\",\"always-succeed\":true}"
    have "unless it always succeeds" '[.succeeded, .result.status]' '[true,404]'
    ask curl "{\"url\":\"http://127.0.0.1:$http/\",\"ip-version\":6}"
    have "an address of another family is no answer" .succeeded false
    ask psclock "{\"dest\":\"127.0.0.1:$https\"}"
    have "the other clock is five seconds ahead" \
        '.result | [.succeeded, .remote.source, (.local | has("synchronized")), (.difference | test("^PT(5|4[.]9)"))]' \
        '[true,"chrony",true,true]'
    ask pstimer "{\"dest\":\"127.0.0.1:$https\"}"
    have "an answer is timed" '.result | [.succeeded, (.time | startswith("PT0."))]' '[true,true]'
    ask psclock "{\"dest\":\"127.0.0.1:$http\",\"timeout\":\"PT2S\"}"
    have "who does not speak TLS has no clock" .succeeded false
    ask pstimer "{\"dest\":\"127.0.0.1:$http\",\"timeout\":\"PT2S\"}"
    have "and no answer, for a reason" '.result | [.time, (.reason | length > 10)]' '[null,true]'
else
    skip "http, clock and psresponse" "python3 or openssl is not installed"
fi

# --- simplestream

stream_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])' 2>/dev/null)
if [ -n "$stream_port" ]; then
    spec="{\"dest\":\"127.0.0.1\",\"test-material\":\"words\",\"port\":$stream_port}"
    printf '{"schedule":{"duration":"PT5S"},"test":{"spec":%s},"participant":1}' "$spec" |
        "$probe" simplestreamer >received.txt &
    receiver=$!
    ask simplestreamer "$spec" 0 "[{},{\"listen-port\":$stream_port}]"
    wait "$receiver"
    have "the sender tells what it sent" '.result | [.sent, .dawdled, has("elapsed-time")]' '["words","P0D",true]'
    check "the receiver what came" "$(jq -c '.result | [.received, has("elapsed-time")]' received.txt)" '["words",true]'
    printf '{"schedule":{"duration":"PT1S"},"test":{"spec":%s},"participant":1}' "$spec" |
        "$probe" simplestreamer >received.txt
    check "or that nothing came" "$(jq -c '[.succeeded, .error]' received.txt)" \
        '[false,"Nothing came from the other end: timed out"]'
    ask simplestreamer "${spec/words/w}" 0
    have "a sender without a receiver says so" '[.succeeded, .error]' \
        '[false,"The other end cannot be reached: Connection refused"]'
fi

# --- as psched runs them

run "$drive" snooze idle '{"duration":"PT1S"}'
match_all "a run of it" "$rc ${out//"$nl"/ } $err" '0 started local .* merged \{"succeeded":true,"schema":1,"duration":"PT1.*"\} ended done '
plan
