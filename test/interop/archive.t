#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# pScheduler's archivers, esmond's clients and perfSONAR's Nagios checks, as they come, with psarchive serve.
# ARCHIVE_PEER names a folder with checkouts of pscheduler, esmond, perl-shared and nagios. What libraries they want is
# found by PATH (of python3), PYTHONPATH and PERL5LIB.
. "$(dirname "$0")/../tool/tool.sh"
# shellcheck source=../tool/archive.sh
. "${top_srcdir:?is set by make check}/test/tool/archive.sh"
[ -n "${ARCHIVE_PEER-}" ] || skip_all "ARCHIVE_PEER names no folder with what archives results and asks for them"
for tool in curl jq python3 perl; do
    command -v $tool >/dev/null || skip_all "$tool is not installed"
done
archivers=$ARCHIVE_PEER/pscheduler
clients=$ARCHIVE_PEER/esmond/esmond_client
shared=$ARCHIVE_PEER/perl-shared/libperfsonar/libperfsonar/lib
checks=$ARCHIVE_PEER/nagios/nagios-plugins-perfsonar/nagios-plugins-perfsonar/bin
export PYTHONPATH=$archivers/python-pscheduler/pscheduler:$clients:${PYTHONPATH-} PYTHONDONTWRITEBYTECODE=1

# --- results, a minute apart

first=$(($(date +%s) - 1200))
documents=()
# document TYPE TOOL SPEC RESULT: one more of documents, each with the run that it is of.
document() {
    local start
    start=$(date -u -d "@$((first + 60 * ${#documents[@]}))" +%Y-%m-%dT%H:%M:%SZ)
    documents+=("{\"id\":\"${#documents[@]}\",\"schedule\":{\"start\":\"$start\",\"duration\":\"PT9S\"},\"test\":{\"type\":\"$1\",
\"spec\":{\"schema\":1,\"source\":\"192.0.2.1\",\"dest\":\"192.0.2.2\"$3}},\"tool\":{\"name\":\"$2\",\"version\":\"1.0\"},
\"participants\":[\"192.0.2.1\"],\"result\":$4,\"reference\":null,
\"run\":{\"href\":\"https://192.0.2.1/pscheduler/tasks/t/runs/${#documents[@]}\"}}")
}
document throughput nuttcp ',"duration":"PT3S"' '{"succeeded":true,"intervals":[{"streams":[],"summary":{"start":0,"end":1,
"throughput-bits":2000000000.5,"retransmits":4}}],"summary":{"streams":[],"summary":{"start":0,"end":3,
"throughput-bits":2000000000,"retransmits":4,"rtt":30}}}'
document throughput iperf3 ',"parallel":2' '{"succeeded":true,"intervals":[],"summary":{"streams":[
{"stream-id":5,"throughput-bits":1000000000,"retransmits":1,"rtt":41,"tcp-window-size":65536},
{"stream-id":7,"throughput-bits":3000000000,"retransmits":2,"rtt":43,"tcp-window-size":65536}],
"summary":{"throughput-bits":4000000000,"retransmits":3}}}'
document throughput iperf3 ',"udp":true' '{"succeeded":true,"intervals":[],"summary":{"streams":[],
"summary":{"throughput-bits":50000000,"sent":400,"lost":100}}}'
document throughput iperf3 ',"parallel":2' '{"succeeded":false,"error":"Connection refused"}'
document latency owping ',"packet-count":100' '{"succeeded":true,"packets-sent":100,"packets-received":99,"packets-lost":1,
"packets-duplicated":0,"packets-reordered":2,"max-clock-error":0.25,"histogram-latency":{"1.00":90,"1.50":9},
"histogram-ttl":{"254":99}}'
document rtt ping ',"count":2' '{"succeeded":true,"roundtrips":[{"seq":1,"ip":"192.0.2.2","ttl":64,"rtt":"PT0.002S"},
{"seq":2,"ip":"192.0.2.2","ttl":64,"rtt":"PT0.004S"}],"sent":2,"received":2,"lost":0,"duplicates":0,"reorders":0}'
document trace traceroute "" '{"succeeded":true,"paths":[[{"ip":"198.51.100.1","rtt":"PT0.001S"},
{"ip":"192.0.2.2","rtt":"PT0.002S"}]]}'

# send ARCHIVER DATA: all of them to an archiver of pScheduler's; its answers, each once.
send() {
    local one
    for one in "${documents[@]}"; do
        printf '\036'
        jq -c --argjson data "$2" \
            '{data: $data, result: ., attempts: 0, "last-attempt": null, "task-href": "t", "run-href": .run.href}' <<<"$one"
    done | timeout 100 "$archivers/pscheduler-archiver-$1/$1/archive" 2>>archivers.err | tr -d '\036' | jq -c . | sort | uniq -c
}

# stored NAME FILTER: of each result that an archive has, with its run first.
stored() {
    "$psarchive" export --no-documents --data "$1/data" | jq -cS "select(.values) | .values |
        [.[\"pscheduler-run-href\"].href, ($2)]" | sort
}

archive a || bail_out "$line"
asked=$url
mkdir -p b
echo "listen 127.0.0.1:0" >b/conf
token=$("$psarchive" token --data b/data add peer 2>/dev/null)
archive b || bail_out "$line"
all=" *${#documents[@]} \{\"succeeded\":true\}"
if "$archivers/pscheduler-archiver-http/http/archive" </dev/null 2>archivers.err; then
    match_all "pScheduler's archiver http" "$(send http "{\"_url\":\"${asked%/esmond*}/logstash\",\"op\":\"put\"}")" "$all"
else
    bail_out "pScheduler's archivers do not run: $(tail -n 1 archivers.err)"
fi
match "its archiver esmond with a token that is none" "$(send esmond "{\"url\":\"$url/\",\"_auth-token\":\"no\"}")" "401: Invalid token"
match_all "with one" "$(send esmond "{\"url\":\"$url/\",\"_auth-token\":\"$token\"}")" "$all"
# packet-rtt and tcp-windowsize it sends without registering them: they are the archive's that makes the values itself.
keep='with_entries(select(.key | test("packet-rtt$|tcp-windowsize$") | not))'
check "both make the same of each result" "$(stored b .)" "$(stored a "$keep")"
check "which is all that was measured" "$(stored a 'keys | map(select(test("^(throughput|histogram-[a-z]*|packet-trace|failures)$"))) | first' |
    jq -r '.[1]')" "throughput${nl}throughput${nl}throughput${nl}failures${nl}histogram-owdelay${nl}histogram-rtt${nl}packet-trace"
match_all "the same again does no harm" "$(send esmond "{\"url\":\"$url/\",\"_auth-token\":\"$token\"}")" "$all"

# --- esmond's clients

# points EVENT [OPTION...]: by its command line: time since the first result and value.
points() {
    local event=$1
    shift
    timeout 60 python3 "$clients/clients/esmond-ps-get" --url "${asked%/esmond*}" --src 192.0.2.1 --dest 192.0.2.2 \
        --event-type "$event" --start-time "$(date -u -d "@$((first - 60))" +%Y-%m-%dT%H:%M:%S)" --output-format json "$@" 2>&1 |
        jq -c --argjson first "$first" '.[] | [((.timestamp | sub(" "; "T") + "Z" | fromdate) - $first), .value // .msg]' 2>&1 | sort -n
}
if python3 -c 'import esmond_client.perfsonar.query' 2>/dev/null; then
    check "esmond-ps-get: loss" "$(points packet-loss-rate)" "[120,0.25]${nl}[240,0.01]"
    check "delays" "$(points histogram-owdelay)" '[240,{"1.00":90,"1.50":9}]'
    check "and what failed" "$(points failures | grep -c 'Connection refused')" 1
    check "esmond-ps-get-metadata: all that was measured between two hosts" "$(timeout 60 python3 "$clients/clients/esmond-ps-get-metadata" \
        --url "${asked%/esmond*}" --src 192.0.2.1 --dest 192.0.2.2 --output-format json 2>&1 | jq -r '.[].tool_name' | sort | uniq -c | tr -s ' \n' ' ')" \
        " 2 pscheduler/iperf3 1 pscheduler/nuttcp 1 pscheduler/owping 1 pscheduler/ping 1 pscheduler/traceroute "
    cat >post.py <<'END'
import sys, time
from esmond_client.perfsonar.post import MetadataPost, EventTypePost, EventTypeBulkPost
from esmond_client.perfsonar.query import ApiConnect, ApiFilters
site, token, first = sys.argv[1], sys.argv[2], int(sys.argv[3])
post = MetadataPost(site, username="peer", api_key=token, subject_type="point-to-point", source="192.0.2.7",
                    destination="192.0.2.8", tool_name="pscheduler/iperf3", measurement_agent="192.0.2.7",
                    input_source="a", input_destination="b", time_duration=30, ip_transport_protocol="tcp")
post.add_event_type("throughput")
post.add_event_type("packet-loss-rate")
post.add_summary_type("throughput", "average", [86400])
key = post.post_metadata().metadata_key
one = EventTypePost(site, username="peer", api_key=token, metadata_key=key, event_type="throughput")
one.add_data_point(first, 10**9)
one.add_data_point(first + 1, 3 * 10**9)
one.post_data()
many = EventTypeBulkPost(site, username="peer", api_key=token, metadata_key=key)
many.add_data_point("packet-loss-rate", first, {"numerator": 1, "denominator": 4})
many.post_data()
filters = ApiFilters()
filters.source = "192.0.2.7"
for m in ApiConnect(site, filters).get_metadata():
    for name in "throughput", "packet-loss-rate":
        print(name, [(p.ts_epoch - first, p.val) for p in m.get_event_type(name).get_data().data])
END
    check "its library registers, writes and reads" "$(timeout 60 python3 post.py "$site" "$token" "$first" 2>&1)" \
        "throughput [(0, 1000000000.0), (1, 3000000000.0)]${nl}packet-loss-rate [(0, 0.25)]"
else
    skip "esmond's clients" "they, or their libraries, are not here"
fi

# --- Perl

cat >query.pl <<'END'
use strict;
use warnings;
use perfSONAR_PS::Client::Esmond::ApiConnect;
use perfSONAR_PS::Client::Esmond::ApiFilters;
my $filters = new perfSONAR_PS::Client::Esmond::ApiFilters(timeout => 20);
$filters->time_range(3600);
$filters->source('192.0.2.1');
my $found = new perfSONAR_PS::Client::Esmond::ApiConnect(url => shift, filters => $filters)->get_metadata();
my $points = 0;
for my $event (map { @{ $_->get_all_event_types() } } @$found) {
    $points += @{ $event->get_data() };
    die $event->error if $event->error;
}
print scalar(@$found), " $points\n";
END
if perl "-I$shared" -c query.pl 2>/dev/null; then
    points=$(stored a length | jq -s 'map(.[1]) | add')
    check "Perl's client reads all there is" "$(timeout 60 perl "-I$shared" query.pl "$asked/" 2>&1)" "6 $points"
else
    skip "Perl's client reads all there is" "it, or its modules, are not here"
fi

# nagios NAME OPTION...: what a check says, and its status.
nagios() {
    local name=$1
    shift
    timeout 60 perl "-I$shared" "$checks/check_$name.pl" -u "$asked" -s 192.0.2.1 -d 192.0.2.2 -r 3600 "$@" 2>&1 | cut -d '|' -f 1
    echo "${PIPESTATUS[0]}"
}
if perl "-I$shared" -c "$checks/check_throughput.pl" 2>/dev/null; then
    match "check_throughput" "$(nagios throughput -p tcp -w 1: -c 0.5:)" "OK - Average throughput is 3.000Gbps.*0$"
    match "what is too slow" "$(nagios throughput -p udp -w 1: -c 0.5:)" "CRITICAL - Average throughput is 0.050Gbps.*2$"
    match "check_owdelay" "$(nagios owdelay -q median -w 10 -c 20)" "OK - Average median delay is 1.000ms.*0$"
    match "check_loss" "$(nagios loss --tool pscheduler/owping -w 0 -c 5)" "WARNING - Average packet loss is 1.000%.*1$"
    match "check_rtt" "$(nagios rtt -q max -w 1 -c 2)" "CRITICAL - Average maximum rtt is 4.000ms.*2$"
    match "check_traceroute" "$(nagios traceroute -w 1 -c 2)" "OK - Average number of paths is 1.000.*0$"
    match "where nothing was measured" "$(nagios throughput -w 1: -c 0.5: --tool no)" "UNKNOWN - Unable to find any tests.*3$"
else
    skip "perfSONAR's Nagios checks" "they, or their modules, are not here"
fi
plan
