#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# esmond's API as its clients meet it, result documents, metrics, and who may do what.
. "$(dirname "$0")/tool.sh"
# shellcheck source=archive.sh
. "${top_srcdir:?is set by make check}/test/tool/archive.sh"
command -v curl >/dev/null || skip_all "curl is not installed"

archive a || bail_out "$line"

# --- registering

throughput='{"subject-type":"point-to-point","source":"192.0.2.1","destination":"192.0.2.2","tool-name":"bwctl/iperf3",
"measurement-agent":"192.0.2.1","input-source":"a.example","input-destination":"b.example","time-duration":30,
"ip-transport-protocol":"tcp","event-types":[{"event-type":"throughput","summaries":[
{"summary-type":"aggregation","summary-window":86400},{"summary-type":"average","summary-window":86400}]},
{"event-type":"failures"}]}'
got=$(put POST "$url/" "$throughput")
k=$(field metadata-key <<<"$got")
path=/esmond/perfsonar/archive/$k
object="{\"url\":\"$site$path/\",\"uri\":\"$path/\",\"metadata-key\":\"$k\",\"destination\":\"192.0.2.2\",\
\"input-destination\":\"b.example\",\"input-source\":\"a.example\",\"ip-transport-protocol\":\"tcp\",\
\"measurement-agent\":\"192.0.2.1\",\"source\":\"192.0.2.1\",\"subject-type\":\"point-to-point\",\
\"time-duration\":\"30\",\"tool-name\":\"bwctl/iperf3\",\"event-types\":[{\"event-type\":\"throughput\",\
\"base-uri\":\"$path/throughput/base\",\"time-updated\":null,\"summaries\":[{\"summary-type\":\"aggregation\",\
\"summary-window\":\"86400\",\"time-updated\":null,\"uri\":\"$path/throughput/aggregations/86400\"},\
{\"summary-type\":\"average\",\"summary-window\":\"86400\",\"time-updated\":null,\
\"uri\":\"$path/throughput/averages/86400\"}]},{\"event-type\":\"failures\",\"base-uri\":\"$path/failures/base\",\
\"time-updated\":null,\"summaries\":[]}]}"
check "a registration is answered with the whole metadata" "$got" "$object 201"
match "its key has 32 hexadecimal digits" "$k" '^[0-9a-f]{32}$'
check "the same again has the same key" "$(put POST "$url" "$throughput")" "$object 201"
check "one metadata" "$(get "$url/$k/")" "$object 200"
check "without the slash" "$(get "$url/$k")" "$object 200"
check "with .json" "$(get "$url/$k.json")" "$object 200"
check "the answer's type is JSON without a charset" \
    "$(curl -s -o /dev/null -w '%{content_type}' "$url/$k/")" application/json
check "scripts of other sites may read it" \
    "$(curl -s -o /dev/null -D - -H 'Origin: http://x.example' "$url/" | tr -d '\r' | sed -n 's/^Access-Control-Allow-Origin: //ip')" '*'
other=$(sed 's/192.0.2.2/2001:db8::2/; s/192.0.2.1/2001:DB8::1/; s/"time-duration":30/"time-duration":60/' <<<"$throughput")
check "a registration without an event type it knows is refused" \
    "$(put POST "$url/" '{"subject-type":"point-to-point","event-types":[{"event-type":"x"}]}')" \
    "{\"detail\":\"event-types[0].event-type: there is no event type 'x'\"}$nl 400"
match "hosts that are no addresses are refused" "$(put POST "$url/" "${throughput/192.0.2.1/host}")" \
    '^\{"detail":"[^"]*source[^"]*"\}.* 400$'
check "so is a key" "$(put POST "$url/" '{"metadata-key":"1","event-types":[]}')" \
    "{\"detail\":\"metadata-key: the archive makes the keys\"}$nl 400"

# --- points

day='{"data":[{"ts":1398965989,"val":[{"event-type":"throughput","val":5978580000}]},
{"ts":1398973189,"val":[{"event-type":"throughput","val":5413040000}]},
{"ts":1398980389,"val":[{"event-type":"throughput","val":7964590000}]},
{"ts":1398987589,"val":[{"event-type":"throughput","val":6946810000}]}]}'
check "points of many times in one request" "$(put PUT "$url/$k/" "$day")" '"" 201'
check "the same again counts once" "$(put PUT "$url/$k" "$day")" '"" 201'
base='[{"ts":1398965989,"val":5978580000.0},{"ts":1398973189,"val":5413040000.0},{"ts":1398980389,"val":7964590000.0},{"ts":1398987589,"val":6946810000.0}]'
check "all points" "$(get "$url/$k/throughput/base")" "$base 200"
check "the same with a slash" "$(get "$url/$k/throughput/base/")" "$base 200"
check "and with the window 0" "$(get "$url/$k/throughput/base/0")" "$base 200"
check "and without /esmond" "$(get "$site/perfsonar/archive/$k/throughput/base")" "$base 200"
check "their sum over a day" "$(get "$url/$k/throughput/aggregations/86400")" '[{"ts":1398902400,"val":26303020000.0}] 200'
check "their average" "$(get "$url/$k/throughput/averages/86400")" '[{"ts":1398902400,"val":6575755000.0}] 200'
check "a single point" "$(put POST "$url/$k/failures/base" '{"ts":1398965989,"val":{"error":"no \"route\""}}')" '"" 201'
check "JSON comes back as it came" "$(get "$url/$k/failures/base")" \
    '[{"ts":1398965989,"val":{"error":"no \"route\""}}] 200'
check "another number at the same time is a conflict, and nothing of that request is stored" \
    "$(put PUT "$url/$k/" '{"data":[{"ts":1398999999,"val":[{"event-type":"throughput","val":1}]},{"ts":1398965989,"val":[{"event-type":"throughput","val":2}]}]}')$(get "$url/$k/throughput/base")" \
    "{\"detail\":\"A different value already exists with event type throughput at time 1398965989\"}$nl 409$base 200"
check "a bad value refuses the whole request" \
    "$(put PUT "$url/$k/" '{"data":[{"ts":1398999999,"val":[{"event-type":"throughput","val":1},{"event-type":"failures","val":null}]}]}')$(get "$url/$k/throughput/base")" \
    "{\"detail\":\"data[0].val[1].val: null is no value\"}$nl 400$base 200"
check "an event type that is not registered is passed over, as esmond does, and the rest is stored" \
    "$(put PUT "$url/$k/" '{"data":[{"ts":1398990000,"val":[{"event-type":"packet-rtt","val":1},{"event-type":"failures","val":{"error":"late"}}]}]}')$(get "$url/$k/failures/base?time-start=1398990000")" \
    '"" 201[{"ts":1398990000,"val":{"error":"late"}}] 200'
match "one that there is not is a mistake" \
    "$(put PUT "$url/$k/" '{"data":[{"ts":1,"val":[{"event-type":"troughput","val":1}]}]}')" "there is no event type 'troughput'.* 400\$"
check "and a request that has nothing else is refused" \
    "$(put PUT "$url/$k/" '{"data":[{"ts":1,"val":[{"event-type":"packet-rtt","val":1}]}]}')" \
    "{\"detail\":\"packet-rtt at time 1: this event type is not registered for this metadata\"}$nl 400"
check "what lacks is named with its place" "$(put PUT "$url/$k/" '{"data":[{"ts":1,"val":[{"val":1}]}]}')" \
    "{\"detail\":\"data[0].val[0]: 'event-type' is missing\"}$nl 400"
check "a time that is none" "$(put POST "$url/$k/throughput/base" '{"ts":"now","val":1}')" \
    "{\"detail\":\"ts: wants whole seconds since 1970, from 0 to 17179869183\"}$nl 400"
check "an unknown key is not found" "$(put PUT "$url/0123456789abcdef0123456789abcdef/" "$day")" \
    "{\"detail\":\"There is no metadata of this key\"}$nl 404"
check "POST to an event type is taken, and does nothing" "$(put POST "$url/$k/throughput/" '{}')" '"" 201'
check "JSON that is none" "$(put PUT "$url/$k/" '{"data":' | tail -c 4)" " 400"
check "another type of body" "$(curl -s -w ' %{http_code}' -X PUT -d 'data=1' "$url/$k/")" \
    "{\"detail\":\"The body has to be application/json\"}$nl 415"
match "a method that is not for it" "$(put PATCH "$url/$k/" '{}')" '^\{"detail":".*"\}.* 405$'

# --- histograms and percentages

delay='{"subject-type":"point-to-point","source":"192.0.2.1","destination":"192.0.2.2","tool-name":"bwctl/iperf3",
"measurement-agent":"192.0.2.1","event-types":[{"event-type":"histogram-owdelay","summaries":[
{"summary-type":"statistics","summary-window":0},{"summary-type":"aggregation","summary-window":86400},
{"summary-type":"statistics","summary-window":"86400"}]},
{"event-type":"packet-loss-rate","summaries":[{"summary-type":"aggregation","summary-window":300}]}]}'
d=$(put POST "$url/" "$delay" | field metadata-key)
check "histograms and loss" "$(put PUT "$url/$d/" '{"data":[
{"ts":1000,"val":[{"event-type":"histogram-owdelay","val":{"41.00":98,"41.10":"2"}},{"event-type":"packet-loss-rate","val":{"numerator":1,"denominator":100}}]},
{"ts":1060,"val":[{"event-type":"histogram-owdelay","val":{"41.10":98,"41.20":2}},{"event-type":"packet-loss-rate","val":{"numerator":0,"denominator":300}}]},
{"ts":1120,"val":[{"event-type":"histogram-owdelay","val":{"41.00":98,"41.20":1,"50.0":1}},{"event-type":"packet-loss-rate","val":{"numerator":"8","denominator":100}}]}]}')" '"" 201'
check "they are added up exactly" "$(get "$url/$d/histogram-owdelay/aggregations/86400")" \
    '[{"ts":0,"val":{"50.0":1,"41.00":196,"41.10":100,"41.20":3}}] 200'
check "statistics of the whole" "$(get "$url/$d/histogram-owdelay/statistics/86400" | sed -E 's/([0-9]\.[0-9]{6})[0-9]+/\1/g')" \
    '[{"ts":0,"val":{"mode":[41.0],"minimum":41.0,"maximum":50.0,"mean":41.065333,"median":41.0,"percentile-25":41.0,"percentile-75":41.1,"percentile-95":41.1,"variance":0.269464,"standard-deviation":0.519100}}] 200'
check "a rate is weighted" "$(get "$url/$d/packet-loss-rate/aggregations/300")" \
    '[{"ts":900,"val":0.018}] 200'
check "which windows there are" "$(get "$url/$d/histogram-owdelay/statistics" | times)" \
    "[{\"summary-type\":\"statistics\",\"summary-window\":\"0\",\"time-updated\":T,\"uri\":\"/esmond/perfsonar/archive/$d/histogram-owdelay/statistics/0\"},{\"summary-type\":\"statistics\",\"summary-window\":\"86400\",\"time-updated\":T,\"uri\":\"/esmond/perfsonar/archive/$d/histogram-owdelay/statistics/86400\"}] 200"
match "a window that is not registered is not found" "$(get "$url/$d/histogram-owdelay/statistics/300")" ' 404$'
check "an event type" "$(get "$url/$d/packet-loss-rate/" | times)" \
    "[{\"event-type\":\"packet-loss-rate\",\"base-uri\":\"/esmond/perfsonar/archive/$d/packet-loss-rate/base\",\"time-updated\":T,\"summaries\":[{\"summary-type\":\"aggregation\",\"summary-window\":\"300\",\"time-updated\":T,\"uri\":\"/esmond/perfsonar/archive/$d/packet-loss-rate/aggregations/300\"}]}] 200"
check "one that there is not" "$(get "$url/$d/path-mtu")" "[] 200"

# --- times and pages of a series

check "from and to, both inclusive" "$(get "$url/$d/packet-loss-rate/base?time-start=1000&time-end=1060")" \
    '[{"ts":1000,"val":0.01},{"ts":1060,"val":0.0}] 200'
check "a time alone" "$(get "$url/$d/packet-loss-rate/base?time=1060")" '[{"ts":1060,"val":0.0}] 200'
check "a range from the start" "$(get "$url/$d/packet-loss-rate/base?time-start=1060&time-range=30")" '[{"ts":1060,"val":0.0}] 200'
check "a range up to now" "$(get "$url/$d/packet-loss-rate/base?time-range=86400")" '[] 200'
check "a bad time" "$(get "$url/$d/packet-loss-rate/base?time-start=1.5")" \
    "{\"detail\":\"Time parameter must be an integer: time-start\"}$nl 400"
check "an end before the start" "$(get "$url/$d/packet-loss-rate/base?time-start=2&time-end=1")" \
    "{\"detail\":\"Requested start time must be less than end time\"}$nl 400"
check "a page" "$(get "$url/$d/packet-loss-rate/base?limit=1&offset=1")" '[{"ts":1060,"val":0.0}] 200'
check "links to the others" \
    "$(curl -s -o /dev/null -D - "$url/$d/packet-loss-rate/base?limit=1&offset=1&time-start=5" | tr -d '\r' | sed -n 's/^Link: //p')" \
    "<$url/$d/packet-loss-rate/base?limit=1&offset=2&time-start=5>; rel=\"next\", <$url/$d/packet-loss-rate/base?limit=1&offset=0&time-start=5>; rel=\"prev\""
check "no link where nothing is left" \
    "$(curl -s -o /dev/null -D - "$url/$d/packet-loss-rate/base?limit=3" | grep -ci '^Link:')" 0
check "the page before, without a limit" \
    "$(curl -s -o /dev/null -D - "$url/$d/packet-loss-rate/base?offset=2" | tr -d '\r' | sed -n 's/^Link: //p')" \
    "<$url/$d/packet-loss-rate/base?limit=2&offset=0>; rel=\"prev\""
check "a bad limit" "$(get "$url/$d/packet-loss-rate/base?limit=x")" \
    "{\"detail\":\"limit wants a whole number, 0 or more; got x\"}$nl 400"

# --- the list

v6=$(put POST "$url/" "$other" | field metadata-key)
keys() { # QUERY: the keys of what is found, in their order
    curl -s "$url?$1" | grep -o '"metadata-key":"[0-9a-f]*"' | cut -d'"' -f4 | tr '\n' ' '
}
sorted() { printf '%s\n' "$@" | sort | tr '\n' ' '; }
check "everything, by key" "$(keys '')" "$(sorted "$k" "$d" "$v6")"
check "the count is in the first alone" "$(curl -s "$url/" | grep -o '"metadata-count-total":[0-9]*')" '"metadata-count-total":3'
check "by source" "$(keys source=192.0.2.1)" "$(sorted "$k" "$d")"
check "by IPv6 source in any form" "$(keys source=2001:DB8:0::1)" "$v6 "
check "by destination and event type" "$(keys 'destination=192.0.2.2&event-type=throughput')" "$k "
check "by summary of one event type" "$(keys 'event-type=histogram-owdelay&summary-type=statistics&summary-window=86400')" "$d "
check "a summary of another event type does not count" "$(keys 'event-type=packet-loss-rate&summary-type=statistics')" ""
check "by a free-form parameter" "$(keys time-duration=60)" "$v6 "
check "by one that nothing has" "$(get "$url/?colour=red")" "[] 200"
check "by the time of the last write" "$(keys time-range=3600)" "$(sorted "$k" "$d")"
check "by an old time" "$(keys time-end=1000)" ""
check "limit and offset" "$(keys 'limit=1&offset=1')" "$(sorted "$k" "$d" "$v6" | cut -d' ' -f2) "
check "links to the other pages" \
    "$(curl -s "$url?limit=1&offset=1&source=192.0.2.1" | grep -o '"metadata-[pn][a-z]*-page":[^,}]*' | tr '\n' ' ')" \
    "\"metadata-previous-page\":\"$url/?limit=1&offset=0&source=192.0.2.1\" \"metadata-next-page\":null "
check "past the end" "$(get "$url/?offset=10")" "[] 200"
check "a rule that leaves no address" "$(get "$url/?source=192.0.2.1&dns-match-rule=only-v6")" \
    "{\"detail\":\"Unable to find address for host 192.0.2.1\"}$nl 400"
check "an address with a leading zero is no octal one" "$(get "$url/?source=010.1.0.1")" \
    "{\"detail\":\"Unable to find address for host 010.1.0.1\"}$nl 400"
check "a range that goes backwards" "$(get "$url/?time-range=-5")" \
    "{\"detail\":\"time-range wants seconds, 0 or more\"}$nl 400"
check "an unknown rule" "$(get "$url/?dns-match-rule=v5" | tail -c 4)" " 400"
check "a name that does not resolve" "$(get "$url/?source=nohost.invalid")" \
    "{\"detail\":\"Unable to find address for host nohost.invalid\"}$nl 400"
check "another format" "$(get "$url/?format=xml")" \
    "{\"detail\":\"This archive answers in JSON (format=json), series also as CSV (format=csv)\"}$nl 404"
check "a list as CSV" "$(get "$url/?format=csv" | tail -c 4)" " 404"
match "a series as CSV" "$(get "$url/$k/throughput/base?format=csv" -D headers)" \
    "^ts,value${nl}1398965989,[0-9.e+]+${nl}.* 200$"
match "its type" "$(tr -d '\r' <headers)" 'Content-Type: text/csv; charset=utf-8'
match "averages too" "$(get "$url/$k/throughput/averages/86400?format=csv")" "^ts,value${nl}1398902400,[0-9.e+]+${nl} 200$"
check "two numbers for one second in a request are a conflict" \
    "$(put PUT "$url/$k/" '{"data":[{"ts":1500000000,"val":[{"event-type":"throughput","val":1}]},{"ts":1500000000,"val":[{"event-type":"throughput","val":2}]}]}')" \
    "{\"detail\":\"A different value already exists with event type throughput at time 1500000000\"}$nl 409"
check "of which nothing is stored" "$(get "$url/$k/throughput/base?time=1500000000")" "[] 200"
check "JSON by name" "$(keys 'format=json&time-duration=60')" "$v6 "

future="{\"detail\":\"the time 4102444800 (2100-01-01T00:00:00Z) is more than a day ahead of the archive's clock\"}$nl 400"
check "a point of the far future is refused" "$(put POST "$url/$k/throughput/base" '{"ts":4102444800,"val":1}')" "$future"

# --- result documents

run='{"schedule":{"duration":"PT11S","start":"2023-11-14T22:13:20Z"},"participants":["192.0.2.7"],"tool":{"name":"ping"},
"run":{"href":"https://h/run/1"},"test":{"type":"rtt","spec":{"source":"192.0.2.7","dest":"192.0.2.8"}},
"result":{"succeeded":true,"sent":3,"lost":1,"roundtrips":[{"rtt":"PT0.000333S","ttl":64},{"rtt":"PT0.000421S","ttl":64}]}}'
r=$(put PUT "$site/logstash" "$run")
rk=$(field metadata-key <<<"$r")
check "a result document" "$r" "{\"metadata-key\":\"$rk\",\"ts\":1700000000} 201"
check "sent again, with two headers for its type" "$(put POST "$site/results" "$run" -H 'content-type: application/json')" "$r"
check "another run in the same second is refused" "$(put PUT "$site/results" "${run/run\/1/run\/2}")" \
    "{\"detail\":\"A different value already exists with event type pscheduler-run-href at time 1700000000\"}$nl 409"
still="${run/\"run\":\{\"href\":\"https:\/\/h\/run\/1\"\},}"
still=${still/22:13:20/22:15:20}
sk=$(put PUT "$site/results" "$still" | field metadata-key)
check "one without a run's name comes again" "$(put PUT "$site/results" "$still" | tail -c 4)" " 201"
check "another one that says the same in that second is refused" "$(put PUT "$site/results" "${still/\"ping\"/\"ping\" }")" \
    "{\"detail\":\"A different document already exists at time 1700000120\"}$nl 409"
check "a document of the far future is refused" "$(put PUT "$site/results" "${run/2023-/2100-}" | sed 's/[0-9]* (.*) is/T is/')" \
    "{\"detail\":\"the time T is more than a day ahead of the archive's clock\"}$nl 400"
check "becomes a point" "$(get "$url/$rk/histogram-rtt/base")" '[{"ts":1700000000,"val":{"0.33":1,"0.42":1}}] 200'
check "and is found by what it measured" "$(keys 'tool-name=pscheduler/ping&pscheduler-test-type=rtt')" "$(sorted "$rk" "$sk")"
check "it comes back as it came" "$(curl -s "$site/results/$rk/1700000000")" "$run"
check "one that is not there" "$(get "$site/results/$rk/5")" "{\"detail\":\"There is no document of that time\"}$nl 404"
check "what is none is refused" "$(put PUT "$site/results" '{"a":1}')" \
    "{\"detail\":\"the document: is no result document: it has neither a test and its result nor start-ntp\"}$nl 400"
check "hosts that cannot be found are worth another attempt" \
    "$(put PUT "$site/results" "${run/\"192.0.2.8\"/\"nohost.invalid\"}")" \
    "{\"detail\":\"no address is found for 'nohost.invalid'\"}$nl 503"

# --- metrics

now=$(date +%s)
check "a new value" "$(put PUT "$url/$d/" "{\"data\":[{\"ts\":$now,\"val\":[{\"event-type\":\"packet-loss-rate\",\"val\":{\"numerator\":1,\"denominator\":4}},{\"event-type\":\"histogram-owdelay\",\"val\":{\"5.00\":3}}]}]}")" '"" 201'
check "and one of a clock that is ahead" "$(put POST "$url/$d/packet-loss-rate/base" "{\"ts\":$((now + 43200)),\"val\":{\"numerator\":1,\"denominator\":2}}")" '"" 201'
match "which is there where no end is asked for" "$(get "$url/$d/packet-loss-rate/base")" "\{\"ts\":$((now + 43200)),\"val\":0.5\}\] 200$"
curl -s -D head.txt "$site/metrics" >metrics.txt
check "metrics are OpenMetrics" "$(tr -d '\r' <head.txt | sed -n 's/^Content-Type: //p')" \
    "application/openmetrics-text; version=1.0.0; charset=utf-8"
about="key=\"$d\",source=\"192.0.2.1\",destination=\"192.0.2.2\",agent=\"192.0.2.1\",tool=\"bwctl/iperf3\""
check "the latest loss of a path" "$(grep '^psarchive_loss' metrics.txt)" "psarchive_loss_ratio{$about,path=\"one-way\"} 0.25"
check "the latest delay" "$(grep '^psarchive_delay.*median' metrics.txt)" \
    "psarchive_delay_seconds{$about,statistic=\"median\"} 0.005"
check "paths without a recent result are left out" "$(grep -c "$k" metrics.txt)" 0
check "the daemon's own" "$(grep -E '^psarchive_(metadata|writes_conflicting_total) ' metrics.txt)" \
    "psarchive_metadata 5${nl}psarchive_writes_conflicting_total 4"
check "they end as they have to" "$(tail -n 1 metrics.txt)" "# EOF"
check "each family is told once" "$(grep '^# TYPE' metrics.txt | sort | uniq -d)" ""

# --- after a restart

end_archive TERM
check "it ends when told" "$rc" 0
archive a || bail_out "$line"
check "everything is there after a restart" "$(keys '')" "$(sorted "$k" "$d" "$v6" "$rk" "$sk")"
check "and the points" "$(get "$url/$k/throughput/base")" "$base 200"
end_archive TERM

# --- from a stream to the archive, by a spool

mkdir s
echo "control $tmp/s/ctl" >s/conf
archive s --spool "$tmp/spool" || bail_out "$line"
serve ow || bail_out "owampd did not start"
"$top_builddir/powstream/powstream" --spool "$tmp/spool" -c 10 -i 0.11f -L 1 -P 0 --name here "127.0.0.1:$port" 2>pow.log &
pids+=("$!")
stored() {
    curl -s "$site/metrics" | grep -E "^psarchive_spool_$1(_total)?\{" | sed 's/.* //'
}
has_stored() {
    [ "$(stored stored)" -ge "$1" ]
}
until_true has_stored 3 # with the gap that it begins with
k=$(curl -s "$url/?tool-name=powstream&event-type=histogram-owdelay" | field metadata-key)
match "what powstream measured comes by the spool" "$(curl -s "$url/$k/packet-count-sent/base")" \
    '^\[\{"ts":[0-9]+,"val":10\.0\},\{"ts":[0-9]+,"val":10\.0\}'
check "under the stream's name and hosts" \
    "$(curl -s "$url/$k" | grep -o '"\(psuite-stream\|source\|destination\|measurement-agent\|input-source\)":"[^"]*"' | tr '\n' ' ')" \
    '"destination":"127.0.0.1" "input-source":"127.0.0.1" "measurement-agent":"127.0.0.1" "psuite-stream":"here" "source":"127.0.0.1" '
check "nothing is refused" "$(stored refused)$(cat "$tmp"/spool/refused/*.reason 2>/dev/null)" 0
match "the status tells" "$("$top_builddir/powstream/powstream" --control s/ctl --tell status)" \
    "\"spools\":\[\{\"spool\":\"$tmp/spool\",\"stored\":[0-9]+,"
end_archive TERM
check "it ends with its threads" "$rc" 0

# --- who may do what

mkdir b
echo "write-from 192.0.2.0/24" >b/conf
archive b --listen 127.0.0.1:0 || bail_out "$line"
refused="{\"detail\":\"Writing needs a token\"}$nl 401"
check "nobody writes without a token" "$(put POST "$url/" "$throughput")" "$refused"
check "it says what it wants" \
    "$(curl -s -o /dev/null -D - -X POST -d x "$url/" | tr -d '\r' | sed -n 's/^WWW-Authenticate: //p')" Token
check "a wrong token" "$(put POST "$url/" "$throughput" -H "Authorization: Token $(printf '%040d' 1)")" \
    "{\"detail\":\"Invalid token\"}$nl 401"
check "a header that is no token" "$(put POST "$url/" "$throughput" -H 'Authorization: ApiKey me:1')" \
    "{\"detail\":\"The Authorization header wants a token: Token, Bearer or Basic\"}$nl 401"
check "who says to come from elsewhere is not believed" \
    "$(put POST "$url/" "$throughput" -H 'X-Forwarded-For: 192.0.2.1')" "$refused"
check "everybody reads" "$(get "$url/")" "[] 200"
cat >b/conf <<END
proxy 127.0.0.1
write-from 192.0.2.0/24
restrict-reading yes
END
kill -HUP "$archive_pid"
hear "configuration anew" || bail_out "$line"
check "a proxy that is known is believed, after a reload" \
    "$(put POST "$url/" "$throughput" -H 'X-Forwarded-For: 192.0.2.1' | tail -c 4)" " 201"
check "reading can be restricted" "$(get "$url/")" "{\"detail\":\"Reading needs a token\"}$nl 401"
echo "nonsense" >b/conf
kill -HUP "$archive_pid"
hear "stays as it is" || bail_out "$line"
check "a bad file is told, and changes nothing" "$line" \
    "psarchive: b/conf:1: 'nonsense' is not known here; all stays as it is"
check "nothing changed" "$(get "$url/" | tail -c 4)" " 401"
printf 'control %s\nfree-floor 2\nrequest-rate 7\nrestrict-reading yes\n' "$tmp/b/ctl" >b/conf
for turn in "a reload names what wants a restart" "every time"; do
    kill -HUP "$archive_pid"
    hear "restart is needed" || bail_out "$line"
    check "$turn" "$line" "psarchive: changed, but a restart is needed for it: control request-rate free-floor"
    hear "configuration anew" || bail_out "$line"
done
end_archive TERM

# --- tokens, while it serves

mkdir t
echo "free-floor 1" >t/conf
archive t || bail_out "$line"
token=$("$psarchive" token add me --data t/data)
match "a token can be made while it serves" "$token" '^[0-9a-f]{40}$'
check "who has it may write" "$(put POST "$url/" "$throughput" -H "Authorization: Token $token" | tail -c 4)" " 201"
check "in each of the three forms" \
    "$(put POST "$url/" "$throughput" -H "Authorization: Bearer $token" | tail -c 4)$(put POST "$url/" "$throughput" -u "me:$token" | tail -c 4)" " 201 201"
"$psarchive" token remove me --data t/data >/dev/null
check "it is gone at once" "$(put POST "$url/" "$throughput" -H "Authorization: Token $token")" \
    "{\"detail\":\"Invalid token\"}$nl 401"
end_archive TERM

# --- retention

mkdir r
cat >r/policy <<'END'
{"policies": [{"event_type": "*", "summary_type": "*", "summary_window": "*", "expire": "30"}]}
END
printf '%s\n' "write-from 127.0.0.1" "retention $tmp/r/policy" >r/conf
cp r/policy r/good
echo '{"policies": [{}]}' >r/policy
run "$psarchive" serve -c r/conf --listen 127.0.0.1:0 -n
check "-n looks at the policy as well" "$rc" 1
echo "write-from 127.0.0.1" >r/conf
archive r || bail_out "$line"
k=$(put POST "$url/" "$throughput" | field metadata-key)
check "old points" "$(put PUT "$url/$k/" "$day")" '"" 201'
cp r/good r/policy
echo "retention $tmp/r/policy" >>r/conf
kill -HUP "$archive_pid"
hear "retention: removed" || bail_out "$line"
check "are removed by a policy that a reload brings" "$line" \
    "psarchive: retention: removed 4 results, a part of 0, 1 roll-ups, 0 documents, 0 metadata"
check "nothing is left of them, nor of their sums" \
    "$(get "$url/$k/throughput/base")$(get "$url/$k/throughput/aggregations/86400")" "[] 200[] 200"
end_archive TERM
check "it ends all the same" "$rc" 0

# --- beside the command line

mkdir m
tr -d '\n' <<<"${run//192.0.2.7/192.0.2.9}" >before.json
tr -d '\n' <<<"$run" >new.json
"$psarchive" import --data m/data before.json >/dev/null || echo "# the import fails"
if command -v python3 >/dev/null; then # its registration is as old as its result
    python3 -c 'import sqlite3
with sqlite3.connect("m/data/archive.db") as db:
    db.execute("UPDATE meta SET created = 1700000000")
    db.execute("DELETE FROM seen")'
fi
archive m || bail_out "$line"
before=$(keys '')
match "what was imported before is there" "$before" '^[0-9a-f]{32} $'
"$psarchive" import --data m/data new.json >/dev/null || echo "# the import fails"
counts() { [ "$(keys '' | wc -w)" = "$1" ]; }
until_true counts 2
new=$(keys source=192.0.2.7)
match "what is imported while it serves comes into the list" "$new" '^[0-9a-f]{32} $'
match "and is found by its key" "$(get "$url/${new% }/")" ' 200$'
if command -v python3 >/dev/null; then
    "$psarchive" purge --data m/data --retention r/good >purged.txt
    match "one metadata is purged" "$(<purged.txt)" ' 1 metadata'
    until_true counts 1
    check "and goes out of the list" "$(keys '')" "$new"
    match "nor is it found" "$(get "$url/${before% }/")" ' 404$'
else
    skip "what is purged goes out of the list" "python3 is not installed"
fi
recent=${run/2023-11-14T22:13:20Z/$(date -u +%Y-%m-%dT%H:%M:%SZ)}
recent=${recent/run\/1/run\/3}
told() { curl -s "$site/metrics" | grep -c "^psarchive_loss_ratio{.*source=\"$1\".* 0.333" >told.txt; }
tr -d '\n' <<<"${recent//192.0.2.7/192.0.2.10}" | "$psarchive" import --data m/data - >/dev/null
until_true told 192.0.2.10
check "metrics have what is imported meanwhile, of a path that this server has never written to" "$(<told.txt)" 1
tr -d '\n' <<<"$recent" | "$psarchive" import --data m/data - >/dev/null
until_true told 192.0.2.7
check "and of one whose results were old" "$(<told.txt)" 1
end_archive TERM

# --- a full disk

mkdir f
echo "write-from 127.0.0.1" >f/conf
archive f || bail_out "$line"
k=$(put POST "$url/" "$throughput" | field metadata-key)
put PUT "$url/$k/" "$day" >/dev/null
end_archive TERM
printf '%s\n' "write-from 127.0.0.1" "free-floor 1000000t" >f/conf
archive f || bail_out "$line"
check "with too little room nothing is written" \
    "$(put PUT "$url/$k/" '{"data":[{"ts":5,"val":[{"event-type":"throughput","val":1}]}]}')" \
    "{\"detail\":\"The archive has too little disk space to write\"}$nl 507"
check "and all can be read" "$(get "$url/$k/throughput/base")" "$base 200"
check "metrics tell" "$(curl -s "$site/metrics" | grep '^psarchive_disk_full ')" "psarchive_disk_full 1"
end_archive TERM

# --- one server for a folder

mkdir o
archive o || bail_out "$line"
run "$psarchive" serve -c o/conf --data o/data --listen 127.0.0.1:0
check "a second server on the same folder is refused" "$rc $err" "4 psarchive: \
o/data: is in use by the psarchive of process $archive_pid: end that one, or name another place with --data"
run "$psarchive" token --data o/data add beside
match "the verbs go on beside the one that serves" "$rc $out $err" '^0 [0-9a-f]{40} $'
check "and it serves" "$(get "$url/")" "[] 200"
end_archive KILL
archive o
check "nothing is left of one that was killed" "$(get "$url/")" "[] 200"
end_archive TERM

# --- sockets, TLS, checks

pem() {
    sed -n "/ $1\[\]/,/;\$/s/^[^\"]*\"\(.*\)\\\\n\".*/\1/p" "${top_srcdir:?}/test/unit/http/certs.h"
}
mkdir c
pem cert_one >one.crt
pem key_one >one.key
pem cert_two >two.crt
pem key_two >two.key
cp one.crt now.crt
cp one.key now.key
cat >c/conf <<END
listen-tls 127.0.0.1:0
listen-unix $tmp/c/http 0600
certificate $tmp/now.crt
key $tmp/now.key
control $tmp/c/ctl
END
archive c || bail_out "$line"
ask() { curl -s --cacert "$1" "https://127.0.0.1:$port/esmond/perfsonar/archive/" || echo "refused $?"; }
check "TLS" "$(ask one.crt)" "[]"
cp two.crt now.crt
cp two.key now.key
kill -HUP "$archive_pid"
hear "configuration anew" || bail_out "$line"
check "a new certificate after a reload" "$(ask two.crt) $(ask one.crt)" "[] refused 60"
check "who comes by the Unix socket may write" \
    "$(put POST http://localhost/esmond/perfsonar/archive/ "$throughput" --unix-socket c/http | tail -c 4)" " 201"
end_archive TERM
check "the sockets are gone with it" "$(ls c)" "conf${nl}data${nl}pipe"
refuses() { # LINE WORDS
    { grep -v "^${1%% *} " c/conf; echo "$1"; } >wrong.conf
    run "$psarchive" serve -c wrong.conf -n
    check "-n looks for what it names: ${1%% *}" "$rc $out $err" "1  psarchive serve: $2"
}
refuses "user nobody-of-that-name" "user: there is no 'nobody-of-that-name' on this host"
refuses "group nobody-of-that-name" "group: there is no 'nobody-of-that-name' on this host"
refuses "key $tmp/none.key" "$tmp/none.key: key: No such file or directory"
refuses "spool $tmp/none/spool" "spool: $tmp/none/spool cannot be made in $tmp/none: No such file or directory"
echo "no PEM" >none.crt
{ grep -v ^certificate c/conf; echo "certificate $tmp/none.crt"; } >wrong.conf
run "$psarchive" serve -c wrong.conf -n
match "-n looks for what it names: certificate" "$rc $err" "^1 psarchive serve: $tmp/none.crt"
{ grep -v ^control c/conf; echo "data $tmp/c/data"; echo "control $tmp/none/ctl"; echo "write-from 192.0.2.7/24"; } >wrong.conf
run "$psarchive" serve -c wrong.conf -n
check "-n warns" "$rc $err" "0 psarchive serve: warning: control: $tmp/none has to be there when it starts: No such file or \
directory${nl}psarchive serve: warning: write-from: an address with a prefix is taken for all of 192.0.2.0/24"
run "$psarchive" serve -c c/conf --data c/data -n
check "-n says that all is good" "$rc $err $out" "0  psarchive serve: the configuration is good: data in c/data"
echo "listen here" >>c/conf
run "$psarchive" serve -c c/conf -n
check "or what is wrong" "$rc $err" \
    "1 psarchive serve: c/conf:7: listen wants ADDR, ADDR:PORT, [V6]:PORT or :PORT; got 'here'"
run "$psarchive" serve -c none
check "a file that is not there" "$rc $err" "1 psarchive serve: none: cannot be read: No such file or directory"
mkdir x
echo "free-floor 1" >x/conf
archive x || bail_out "$line"
run "$psarchive" serve -c x/conf --listen "127.0.0.1:$port" --data other
check "a port that is taken" "$rc" 4
match "is named" "$err" "127\\.0\\.0\\.1:$port"
end_archive TERM
: >file
run "$psarchive" serve -c x/conf --listen 127.0.0.1:0 --data file/data
check "a folder that cannot be" "$rc" 4
match "is named, too" "$err" "file/data"
if [ "$(id -u)" = 0 ]; then
    chmod 755 "$tmp"
    mkdir -m 755 u
    install -d -o nobody u/data
    printf '%s\n' "user nobody" "free-floor 1" "listen-unix $tmp/u/http" >u/conf
    archive u --listen 127.0.0.1:0 || bail_out "$line"
    get "$url/" >/dev/null
    check "root becomes somebody else" "$(awk '/^Uid:/ { print $2 }' "/proc/$archive_pid/status")" "$(id -u nobody)"
    check "its socket is its group's" "$(stat -c %G u/http)" "$(id -gn nobody)"
    check "without capabilities, for good" "$(grep -E '^(CapEff|CapPrm|NoNewPrivs):' "/proc/$archive_pid/status" | awk '{ print $2 }' | tr '\n' ' ')" \
        "0000000000000000 0000000000000000 1 "
    check "and writes as such" "$(stat -c %U u/data/archive.db)" nobody
    end_archive TERM

    # sees CLAIM WORDS LINE...: -n, as the user that it would become.
    sees() {
        local claim=$1 words=$2
        shift 2
        printf '%s\n' "user nobody" "listen 127.0.0.1:0" "data $tmp/u/data" "$@" >u/conf
        run "$psarchive" serve -n -c u/conf
        check "-n looks as the user: $claim" "$rc $err" "1 psarchive serve: $words"
    }
    no="cannot be written by the user 'nobody': Permission denied: chown"
    install -d -m 755 u/roots
    install -d -m 700 u/closed
    echo '{"policies":[]}' >u/keep
    chmod 600 u/keep
    sees "a folder" "data: $tmp/u/roots $no nobody $tmp/u/roots" "data $tmp/u/roots"
    sees "one that cannot be made" "data: $tmp/u/roots/x cannot be made in $tmp/u/roots by the user 'nobody': Permission denied: \
install -d -o nobody $tmp/u/roots/x" "data $tmp/u/roots/x"
    sees "one on the way" "data: $tmp/u/closed/x cannot be written by the user 'nobody', who may not pass $tmp/u/closed: \
chmod o+x $tmp/u/closed, or name another place" "data $tmp/u/closed/x"
    sees "a spool" "spool: $tmp/u/roots $no nobody $tmp/u/roots" "spool $tmp/u/roots"
    sees "the policies" "retention: $tmp/u/keep cannot be read by the user 'nobody': Permission denied: chown nobody $tmp/u/keep" \
        "retention $tmp/u/keep"
    chown root u/data/archive.db
    sees "the archive" "data: $tmp/u/data/archive.db $no -R nobody $tmp/u/data"
    chown nobody u/data/archive.db
    chmod 600 u/conf
    run "$psarchive" serve -n -c u/conf
    check "what he cannot read for a reload is a warning" "$rc $err" "0 psarchive serve: warning: a reload will fail: --config: \
u/conf cannot be read by the user 'nobody': Permission denied: chown nobody u/conf"
else
    skip "root becomes somebody else" "this is not root"
fi
run "$psarchive" serve --nonsense
check "an option that there is not" "$rc" 2
plan
