#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Archivers that are programs of their own, and the servers that they are for: PostgreSQL, RabbitMQ, snmptrapd. Each is
# started here, in a network of its own, where all ports are free.
. "$(dirname "$0")/../tool/tool.sh"
# shellcheck source=../tool/sched.sh
. "${top_srcdir:?is set by make check}/test/tool/sched.sh"
[ "$(id -u)" = 0 ] || skip_all "namespaces need root"
for tool in unshare ip jq curl; do
    command -v $tool >/dev/null || skip_all "$tool is not installed"
done
if [ -z "$ARCHIVERS_NET" ]; then
    unshare --net true 2>why || skip_all "namespaces are not allowed here: $(<why)"
    script=$(cd "$OLDPWD" && realpath "$0")
    ARCHIVERS_NET=1 unshare --net "$script"
    exit
fi
ip link set lo up
plugins=$tmp/plugins
for name in kafka postgresql rabbitmq snmptrap; do
    [ -x "$top_builddir/archivers/$name/archive" ] || continue
    mkdir -p "$plugins/archiver/$name"
    for method in enumerate data-is-valid archive; do
        ln -s "$top_builddir/archivers/$name/archive" "$plugins/archiver/$name/$method"
    done
done

is_built() {
    [ -x "$plugins/archiver/$1/archive" ]
}

# record DATA RESULT
record() {
    printf '\036{"data":%s,"result":%s,"attempts":0,"last-attempt":null}\n' "$1" "$2"
}

# archive NAME RECORD...: what it answers, a line each.
archive() {
    local name=$1
    shift
    printf '%s\n' "$@" | "$plugins/archiver/$name/archive" 2>err.txt | tr -d '\036'
}

ok='{"succeeded":true}'

# --- PostgreSQL

# installed PATTERN: the last program by that name that there is, of several versions.
installed() {
    local path found=''
    for path in $1; do
        [ ! -x "$path" ] || found=$path
    done
    echo "$found"
}

postgres=$(installed '/usr/lib/postgresql/*/bin/postgres')
[ -n "$postgres" ] || postgres=$(command -v postgres)

as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups)

start_postgres() {
    local bin=${postgres%/*}
    mkdir pg && chmod 711 "$tmp" && chown postgres pg || return
    "${as_postgres[@]}" "$bin/initdb" -D "$tmp/pg/data" -A trust -N -E UTF8 >pg.log 2>&1 || return
    "${as_postgres[@]}" "$bin/postgres" -D "$tmp/pg/data" -k "$tmp/pg" -c listen_addresses= -c fsync=off >>pg.log 2>&1 &
    pids+=($!)
    until_true sql "SELECT 1"
}

sql() {
    psql -h "$tmp/pg" -U postgres -d postgres -qAtc "$1"
}

if ! is_built postgresql; then
    skip "postgresql" "the archiver was not built"
elif [ -z "$postgres" ] || ! command -v psql setpriv >/dev/null || ! id postgres >/dev/null 2>&1; then
    skip "postgresql" "PostgreSQL is not installed"
elif ! start_postgres; then
    skip "postgresql" "PostgreSQL did not start: $(tail -n 1 pg.log)"
else
    sql 'CREATE TABLE results (id serial, doc jsonb); CREATE SCHEMA "S"; CREATE TABLE "S"."T" ("C" text)'
    dsn="\"_dsn\":\"host=$tmp/pg user=postgres dbname=postgres password=s3cret\""
    data="{$dsn,\"table\":\"results\",\"column\":\"doc\"}"
    check "postgresql: two results" "$(archive postgresql "$(record "$data" '{"a":1}')" "$(record "$data" '{"b":"x\u0000é"}')")" "$ok$nl$ok"
    check "are two rows" "$(sql 'SELECT doc FROM results ORDER BY id')" '{"a": 1}'"$nl"'{"b": "x�é"}'
    check "by names as they are, a schema before the table's" \
        "$(archive postgresql "$(record "{$dsn,\"table\":\"S.T\",\"column\":\"C\"}" '"it'"'"'s raw"')")" "$ok"
    check "a text goes in as it is" "$(sql 'SELECT "C" FROM "S"."T"')" "it's raw"
    check "a table that there is not" "$(archive postgresql "$(record "{$dsn,\"table\":\"none\",\"column\":\"c\"}" '{}')" | jq -r .error | cut -d. -f1 | cut -c1-60)" \
        'table none: ERROR:  relation "none" does not exist LINE 1: I'
    check "a column that cannot hold it" "$(archive postgresql "$(record "$data" '"no json"')" | jq -c '[.succeeded, (.error | contains("invalid input syntax for type json"))]')" \
        '[false,true]'
    coproc kept { exec "$plugins/archiver/postgresql/archive" 2>/dev/null; }
    record "$data" '{"n":1}' >&"${kept[1]}"
    read -r first <&"${kept[0]}"
    sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'psuite'" >/dev/null
    record "$data" '{"n":2}' >&"${kept[1]}"
    read -r second <&"${kept[0]}"
    check "a connection that ended meanwhile is made anew" "${first#?} ${second#?} $(sql "SELECT count(*) FROM results WHERE doc ? 'n'")" \
        "$ok $ok 2"
    # shellcheck disable=SC2154 # coproc sets it
    { kill "$kept_PID" && wait "$kept_PID"; } 2>/dev/null
fi

# --- RabbitMQ

rabbit=/usr/lib/rabbitmq/bin
epmd=$(command -v epmd || installed '/usr/lib/erlang/erts-*/bin/epmd')

start_rabbit() {
    mkdir rabbit || return
    "$epmd" -address 127.0.0.1 >epmd.log 2>&1 & # or the server starts one, which stays
    pids+=($!)
    until_true "$epmd" -names || return
    env HOME="$tmp/rabbit" RABBITMQ_NODENAME=psuite@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
        RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILE="$tmp/rabbit/none" RABBITMQ_MNESIA_BASE="$tmp/rabbit/data" \
        RABBITMQ_LOG_BASE="$tmp/rabbit/log" RABBITMQ_ENABLED_PLUGINS_FILE="$tmp/rabbit/plugins" \
        RABBITMQ_PID_FILE="$tmp/rabbit/pid" RABBITMQ_LOGS=- "$rabbit/rabbitmq-server" >rabbit.log 2>&1 &
    pids+=($!)
    until_true amqp-declare-queue -u "$amqp" -q results
}

amqp=amqp://guest:guest@127.0.0.1
if ! is_built rabbitmq; then
    skip "rabbitmq" "the archiver was not built"
elif [ ! -x $rabbit/rabbitmq-server ] || [ -z "$epmd" ] || ! command -v amqp-get >/dev/null; then
    skip "rabbitmq" "rabbitmq-server, or amqp-tools, is not installed"
elif ! start_rabbit; then
    skip "rabbitmq" "RabbitMQ did not start: $(tail -n 1 rabbit.log)"
else
    data="{\"_url\":\"$amqp/\",\"routing-key\":\"results\"}"
    check "rabbitmq: two results" "$(archive rabbitmq "$(record "$data" '{"a":1}')" "$(record "$data" '"raw"')")" "$ok$nl$ok"
    check "are two messages" "$(amqp-get -u "$amqp" -q results) $(amqp-get -u "$amqp" -q results)" '{"a":1} raw'
    big="{\"x\":\"$(head -c 300000 /dev/zero | tr '\0' x)\"}"
    check "one larger than a frame" "$(archive rabbitmq "$(record "$data" "$big")")" "$ok"
    check "arrives whole" "$(amqp-get -u "$amqp" -q results | wc -c)" "${#big}"
    lost="{\"_url\":\"$amqp\",\"routing-key\":\"nobody\"}"
    check "one that no queue takes has not succeeded; the next one does" "$(archive rabbitmq "$(record "$lost" '{}')" "$(record "$data" '{"b":1}')")" \
        "{\"succeeded\":false,\"error\":\"127.0.0.1 port 5672: returned: NO_ROUTE: no queue takes what has this routing key\"}$nl$ok"
    match "an exchange that there is not" "$(archive rabbitmq "$(record "{\"_url\":\"$amqp\",\"exchange\":\"none\"}" '{}')")" \
        '"succeeded":false,"error":"127.0.0.1 port 5672: message: NOT_FOUND - no exchange '
    got=$(archive rabbitmq "$(record '{"_url":"amqp://guest:s3cret@127.0.0.1/"}' '{}')")
    match "a password that is another one" "$got" '"succeeded":false,"error":"127.0.0.1 port 5672: log-in: '
    check "and is not told" "${got//s3cret/} $(grep -c s3cret err.txt)" "$got 0"
fi

# --- SNMP

# The engine that the archiver is to receivers: the machine's identity.
engine() {
    local id
    read -r id 2>/dev/null </etc/machine-id
    printf '80001f8804'
    printf '%.27s' "${id:-psuite}" | od -An -v -tx1 | tr -d ' \n'
}

start_snmptrapd() {
    {
        echo "disableAuthorization no"
        echo "authCommunity log community"
        echo "createUser -e 0x$(engine) person SHA-256 auth-secret AES priv-secret"
        echo "authUser log person priv"
    } >snmptrapd.conf
    mkdir snmp
    env SNMP_PERSISTENT_DIR="$tmp/snmp" MIBS= snmptrapd -f -Lo -On -C -c "$tmp/snmptrapd.conf" -p "$tmp/snmptrapd.pid" \
        -x "$tmp/agentx" -F '%V | %v\n' udp:127.0.0.1:162 >traps 2>&1 &
    pids+=($!)
    until_true test -s snmptrapd.pid
}

if ! is_built snmptrap; then
    skip "snmptrap" "the archiver was not built"
elif ! command -v snmptrapd >/dev/null; then
    skip "snmptrap" "snmptrapd is not installed"
elif ! start_snmptrapd; then
    skip "snmptrap" "snmptrapd did not start: $(tail -n 1 traps)"
else
    trap=1.3.6.1.4.1.8072.9999.1
    data="{\"dest\":\"127.0.0.1\",\"trap-oid\":\"$trap\",\"_community\":\"community\",\"instance-index\":7,\"trap-varbinds\":[{\"oid\":\"$trap.2\",\"value\":\"word\"},{\"oid\":\"$trap.3\",\"value\":-5}]}"
    check "snmptrap: by version 2c" "$(archive snmptrap "$(record "$data" '{"a":1}')")" "$ok"
    until_true grep -q '"a' traps
    match "what is bound" "$(<traps)" "\.1\.3\.6\.1\.6\.3\.1\.1\.4\.1\.0 = OID: \.$trap.*\.$trap\.2\.7 = STRING: \"?word.*\.$trap\.3\.7 = INTEGER: -5"
    match "and the result" "$(<traps)" "\.$trap\.7 = STRING: .*a.*1"
    three="{\"dest\":\"udp:127.0.0.1:162\",\"trap-oid\":\"$trap\",\"security-name\":\"person\",\"security-level\":\"authPriv\",\"auth-protocol\":\"SHA-256\",\"_auth-key\":\"auth-secret\",\"priv-protocol\":\"AES\",\"_priv-key\":\"priv-secret\"}"
    check "by version 3, with privacy" "$(archive snmptrap "$(record "$three" '"first v3"')")" "$ok"
    check "and again from another process" "$(archive snmptrap "$(record "$three" '"second v3"')")" "$ok"
    until_true grep -q 'second v3' traps
    check "both are believed" "$(grep -c -e 'first v3' -e 'second v3' traps)" 2

    # The whole way: psched finds the plug-in, has its data looked at, and has a result archived.
    mkdir s && echo "plugins $plugins" >s/conf
    sched s || bail_out "$line"
    check "psched knows the archiver" "$(fetch /archivers/snmptrap | json .name)" snmptrap
    task='{"schema":1,"test":{"type":"idle","spec":{"duration":"PT1S"}},"archives":[{"archiver":"snmptrap","data":DATA,"transform":{"script":"\"idle \" + (.result.succeeded | tostring)","output-raw":true}}]}'
    match "and refuses what the archiver does" "$(post "${task/DATA/{\}}")" 'dest: is missing'
    url=$(post "${task/DATA/$data}")
    fetch "$url/runs/first?wait-merged=1&wait=30" >/dev/null
    until_true grep -q 'idle true' traps
    match "a result arrives, as its transform made it" "$(<traps)" "STRING: \"idle true\""
    until_true eval "[ \"\$(fetch '$url/runs/first' | json '.archivings[0].archived')\" = true ]"
    check "and is noted" "$(fetch "$url/runs/first" | json '.archivings[0].archived')" true
    end_sched TERM
fi

plan
