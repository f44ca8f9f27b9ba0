#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The archivers that are programs of their own: their protocol, and their data.
. "$(dirname "$0")/tool.sh"
command -v jq >/dev/null || skip_all "jq is not installed"
plugins=$tmp/plugins
have=()
for name in kafka postgresql rabbitmq snmptrap; do
    [ -x "$top_builddir/archivers/$name/archive" ] || continue
    have+=("$name")
    mkdir -p "$plugins/archiver/$name"
    for method in enumerate data-is-valid archive; do
        ln -s "$top_builddir/archivers/$name/archive" "$plugins/archiver/$name/$method"
    done
done
[ ${#have[@]} -gt 0 ] || skip_all "none of the archivers' libraries is here"

# call NAME METHOD [INPUT]: out, err and rc.
call() {
    printf '%s' "${3-}" | "$plugins/archiver/$1/$2" >out.txt 2>err.txt
    rc=$?
    out=$(<out.txt) err=$(<err.txt)
}

# valid TEXT NAME DATA [ERROR]: data-is-valid says so, or the error.
valid() {
    call "$2" data-is-valid "$3"
    if [ $# -gt 3 ]; then
        check "$2: $1" "$(jq -r 'select(.valid == false).error' <<<"$out")" "$4"
    else
        check "$2: $1" "$out" '{"valid":true}'
    fi
}

# record DATA [ATTEMPTS [RESULT]]: as psched writes it.
record() {
    printf '\036{"data":%s,"result":%s,"attempts":%s,"last-attempt":null}\n' "$1" "${3:-{\}}" "${2:-0}"
}

is_here() {
    [[ " ${have[*]} " == *" $1 "* ]]
}

# --- what all have in common

for name in "${have[@]}"; do
    call "$name" enumerate
    check "$name: its enumeration" "$(jq -c '[.schema, .name, .maintainer.name, .version != null]' <<<"$out") $rc" \
        "[1,\"$name\",\"psuite\",true] 0"
    call "$name" data-is-valid '{'
    match "$name: data that are no JSON" "$out" '^\{"valid":false,"error":"wants a key'
    valid "data that are no object" "$name" '[]' "the document: wants an object; got an array"
    call "$name" data-is-valid '{}'
    match "$name: data that are not all there" "$out" '^\{"valid":false,"error":"[a-z_]+: is missing"\}$'
    call "$name" archive
    check "$name: nothing to archive is no fault" "$rc $out$err" "0 "
    call "$name" archive "$(printf '\036{"result":{}}\n\036{\n\n\036[]\n')"
    check "$name: an answer for each record, good or not" "$(grep -c '"succeeded":false' out.txt) $rc" "3 0"
    check "$name: and each begins as a record" "$(tr -d -c '\036' <out.txt | wc -c)" 3
    match "$name: without data" "$(head -n 1 out.txt)" '"error":"data: is missing"'
    run "$plugins/archiver/$name/archive" --help
    match "$name: help" "$out $rc" '^Usage: archive .*psched-archivers.* 0$'
    run "$plugins/archiver/$name/archive" x
    check "$name: operands are usage" "$rc $err" "2 archive: takes no operands; --help tells more"
    run "$top_builddir/archivers/$name/archive" --version
    match "$name: version" "$out" '^archive \(psuite\) '
done

# --- data

if is_here rabbitmq; then
    valid "the least" rabbitmq '{"_url":"amqp://h"}'
    valid "all" rabbitmq '{"schema":2,"_url":"amqps://u:p@h:5671/v","exchange":"e","routing-key":"k","connection-expires":"PT5M","retry-policy":[{"attempts":1,"wait":"PT1S"}]}'
    valid "without a URL" rabbitmq '{}' "_url: is missing"
    valid "another URL, which is not told" rabbitmq '{"_url":"http://u:p@h"}' \
        "_url: wants amqp[s]://[USER:PASSWORD@]HOST[:PORT][/VHOST]"
    valid "a schema to come" rabbitmq '{"schema":3,"_url":"amqp://h"}' "schema: wants an integer from 1 to 2; got 3"
    valid "a key of nobody's" rabbitmq '{"_url":"amqp://h","exchnage":"e"}' 'exchnage: is not known here; did you mean "exchange"?'
    valid "a secret of nobody's" rabbitmq '{"_url":"amqp://h","_x":"e"}' "_x: is not known here"
    valid "a transform for a key" rabbitmq '{"schema":2,"_url":"amqp://h","routing-key":{"script":"."}}' \
        "routing-key: a transform is not supported: give the key, or an archive for each of them"
    valid "a duration that is none" rabbitmq '{"_url":"amqp://h","connection-expires":"soon"}' \
        'connection-expires: wants an ISO 8601 duration from P0D to P365D; got "soon"'
fi
if is_here kafka; then
    valid "the least" kafka '{"topic":"t","server":"h:9092"}'
    valid "all" kafka '{"schema":2,"topic":"t","server":"h","security-protocol":"SSL","archiver-id":"a","kafka-retries":5,"retry-policy":[],"_ssl-cacert":"/c","_ssl-cert":"/d","_ssl-key":"/e","_ssl-password":"p","ssl-checkhostname":false}'
    valid "without a topic" kafka '{"server":"h"}' "topic: is missing"
    valid "a topic that Kafka does not take" kafka '{"topic":"a b","server":"h"}' "topic: wants letters, digits, '.', '_' and '-'"
    valid "schema 2 wants its protocol" kafka '{"schema":2,"topic":"t","server":"h"}' "security-protocol: is missing"
    valid "and schema 1 has none" kafka '{"topic":"t","server":"h","security-protocol":"SSL"}' \
        "security-protocol: is not known before schema 2; got schema 1"
fi
if is_here postgresql; then
    valid "the least" postgresql '{"_dsn":"host=h","table":"t","column":"c"}'
    valid "all" postgresql '{"schema":1,"_dsn":"postgresql://u:p@h/d","table":"s.t","column":"c_1","connection-expires":"PT1H","retry-policy":[{"attempts":1,"wait":"PT1S"}]}'
    valid "without a column" postgresql '{"_dsn":"host=h","table":"t"}' "column: is missing"
    valid "a DSN that is none, which is not told" postgresql '{"_dsn":"pass word","table":"t","column":"c"}' \
        '_dsn: wants a connection string of PostgreSQL: "host=H dbname=D user=U" or postgresql://...'
    for bad in '1t' 't;drop' 't\"' 'a.b.c' '.t' 't.'; do
        valid "no identifier: $bad" postgresql "{\"_dsn\":\"host=h\",\"table\":\"$bad\",\"column\":\"c\"}" \
            "table: wants an identifier: letters, digits, '_' and '\$', at most 63 of them"
    done
    valid "a column has no schema" postgresql '{"_dsn":"host=h","table":"t","column":"a.b"}' \
        "column: wants an identifier: letters, digits, '_' and '\$', at most 63 of them"
fi
if is_here snmptrap; then
    valid "version 2c" snmptrap '{"dest":"h","trap-oid":"1.3.6.1.4.1.1","_community":"public"}'
    valid "version 3" snmptrap '{"dest":"h","trap-oid":".1.3.6","security-name":"u","security-level":"authPriv","auth-protocol":"sha-256","_auth-key":"12345678","priv-protocol":"AES","_priv-key":"12345678"}'
    valid "bindings" snmptrap '{"dest":"h","trap-oid":"1.3.6","_community":"c","trap-varbinds":[{"oid":"1.3.1","value":"v"},{"oid":"1.3.2","value":5}],"instance-index":3}'
    valid "neither version" snmptrap '{"dest":"h","trap-oid":"1.3.6"}' "security-name: is missing"
    valid "both" snmptrap '{"dest":"h","trap-oid":"1.3.6","_community":"c","security-name":"u"}' "security-name: is not known here"
    valid "an OID by its name" snmptrap '{"dest":"h","trap-oid":"SNMPv2-MIB::coldStart","_community":"c"}' \
        'trap-oid: wants an OID in numbers, as in 1.3.6.1.4.1; got "SNMPv2-MIB::coldStart"'
    valid "a level without its key" snmptrap '{"dest":"h","trap-oid":"1.3.6","security-name":"u","security-level":"authNoPriv"}' \
        "_auth-key: is missing: the security level wants it"
    valid "a protocol of nobody's" snmptrap '{"dest":"h","trap-oid":"1.3.6","security-name":"u","auth-protocol":"rot13"}' \
        'auth-protocol: is none that is known here; got "rot13"'
    valid "a binding without a value" snmptrap '{"dest":"h","trap-oid":"1.3.6","_community":"c","trap-varbinds":[{"oid":"1.3.1"}]}' \
        "trap-varbinds[0].value: is missing"
fi

# --- a destination that is not there: the policy decides, and no secret is told

# dead TEXT NAME DATA ERROR: DATA ends in a retry-policy of 2 after 5 s.
dead() {
    local policy='"retry-policy":[{"attempts":2,"wait":"PT5S"}]}'
    call "$2" archive "$(record "$3$policy" 0)$nl$(record "$3$policy" 1)$nl$(record "$3$policy" 2)"
    check "$2: $1" "$(tr -d '\036' <out.txt | jq -r '[.succeeded, .retry] | join(" ")')" \
        "false PT5S${nl}false PT5S${nl}false "
    match "$2: why" "$out" "$4"
    check "$2: no secret is told" "$(grep -c s3cret out.txt err.txt | paste -sd ' ')" "out.txt:0 err.txt:0"
}
# A port that nobody listens on, because the test holds it without listening.
coproc holder {
    exec python3 -c '
import socket, sys
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
sys.stdin.read()'
}
read -r port <&"${holder[0]}"
is_here rabbitmq && dead "nobody listens" rabbitmq "{\"_url\":\"amqp://u:s3cret@127.0.0.1:$port/\"," "127.0.0.1 port $port: connection: "
is_here kafka && dead "nobody listens" kafka "{\"schema\":2,\"security-protocol\":\"PLAINTEXT\",\"topic\":\"t\",\"server\":\"127.0.0.1:$port\"," \
    "127.0.0.1:$port: topic t: no broker can be reached"
is_here postgresql && dead "nobody listens" postgresql \
    "{\"_dsn\":\"host=127.0.0.1 port=$port user=u password=s3cret dbname=d\",\"table\":\"t\",\"column\":\"c\"," "table t: .*Connection refused"
if is_here snmptrap; then
    call snmptrap archive "$(record '{"dest":"127.0.0.1","trap-oid":"1.3.6","_community":"c"}' 0 "\"$(head -c 61000 /dev/zero | tr '\0' x)\"")"
    match "snmptrap: more than a datagram holds" "$out" 'the result has 61000 octets, a trap at most 60000: a transform'
    check "snmptrap: which no other try makes better" "$(tr -d '\036' <out.txt | jq -c 'has("retry")')" false
fi
# shellcheck disable=SC2154 # coproc sets it
{ kill "$holder_PID" && wait "$holder_PID"; } 2>/dev/null

# --- a Kafka cluster, librdkafka's double of one

if is_here kafka; then
    coproc cluster { exec "$top_builddir/test/tool/kafka_mock" results 3 2>/dev/null; }
    # shellcheck disable=SC2154 # coproc sets it
    pids+=("$cluster_PID")
    read -r server <&"${cluster[0]}"
    data="{\"schema\":2,\"security-protocol\":\"PLAINTEXT\",\"topic\":\"results\",\"server\":\"$server\"}"
    call kafka archive "$(record "$data" 0 '{"n":1}')$nl$(record "$data" 0 '"raw"')"
    check "kafka: two results by one connection" "$(tr -d '\036' <<<"$out")" "{\"succeeded\":true}$nl{\"succeeded\":true}"
    call kafka archive "$(record "{\"topic\":\"results\",\"server\":\"$server\"}" 0 '{"n":3}')"
    check "kafka: and one by schema 1" "$(tr -d '\036' <<<"$out")" '{"succeeded":true}'
    got=$(cat <&"${cluster[0]}")
    check "kafka: arrive, in order" "$got" "{\"n\":1}${nl}raw$nl{\"n\":3}"
fi

plan
