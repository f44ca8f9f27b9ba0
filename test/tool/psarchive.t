#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# psarchive(1) without its server: lists and series, files in and out, spools, tokens, what is kept, backups.
. "$(dirname "$0")/tool.sh"
psarchive=$top_builddir/psarchive/psarchive
spooler=$top_builddir/test/fault/spooler

# document HOST TS LOST: as powstream writes it, a line.
document() {
    local start
    start=$(date -u -d "@$2" +%Y-%m-%dT%H:%M:%SZ)
    printf '{"type":"measurement","schema":1,"succeeded":true,"stream":"%s","start":"%s","end":"%s","start-ntp":%s,' "$1" "$start" "$start" "$((($2 + 2208988800) << 32))"
    printf '"source":{"host":"%s","address":"%s","port":1},"dest":{"host":"c","address":"192.0.2.9","port":2},' "$1" "$1"
    printf '"direction":"from","packets-sent":600,"packets-received":%d,"packets-lost":%d,' $((600 - $3)) "$3"
    printf '"packets-duplicated":0,"packets-reordered":0,"max-clock-error":0.5,'
    printf '"histogram-latency":{"10.00":%d,"10.50":100},"histogram-ttl":{"250":%d},' $((500 - $3)) $((600 - $3))
    printf '"bucket-width":0.001,"timeout":10,"dscp":0,"padding":0,"finished":true,"complete":true,"reason":null}\n'
}

first=1700000400 # the beginning of an hour
documents() {
    local i
    for ((i = 0; i < 10; i++)); do
        document 192.0.2.1 $((first + i * 60)) "$i"
    done
    document 192.0.2.2 $first 3
}

# --- words

run "$psarchive"
check "without a verb: which there are" "$rc: $err" "2: psarchive: wants a verb: serve, get, export, import, intake, \
token, status, verify, purge, backup, restore; --help tells more"
run "$psarchive" ge
match "a verb that is none is told" "$rc: $err" "^2: psarchive: 'ge' is no verb: serve, "
for verb in get export import intake token status verify purge backup restore; do
    run "$psarchive" $verb --help
    match "$verb --help" "$rc: $out$err" "^0: Usage: psarchive $verb "
    run "$psarchive" $verb --nonsense
    match "$verb refuses what it does not know" "$rc: $err" "^2: psarchive $verb: .*nonsense"
done
run "$psarchive" get --data none
match "an archive that is not there" "$rc: $err" "^4: psarchive get: none: data directory: No such file"

# --- in

documents >docs.jsonl
run "$psarchive" import --data a docs.jsonl
check "documents come in" "$rc: $out$err" "0: 11 stored, 0 known already, 0 refused"
run "$psarchive" import --data a docs.jsonl
check "and a second time they are known" "$rc: $out$err" "0: 0 stored, 11 known already, 0 refused"
printf '%s\n' '{"type":"measurement"}' 'nonsense' '' "$(document 192.0.2.1 $first 7)" >bad.jsonl
run "$psarchive" import --data a bad.jsonl
check "what cannot be stored is told by its line" "$rc: $out$nl$(sed 's/: .*//; s/^psarchive //' <<<"$err")" \
    "1: 0 stored, 0 known already, 3 refused${nl}import${nl}import${nl}import"
match "a conflict names the event type" "$err" "bad.jsonl:4: packet-count-lost has another value at $first already"

# --- out

run "$psarchive" get --data a --source 192.0.2.1 --format csv
check "the list" "$rc: $(cut -d, -f2-5,7 <<<"$out")" "0: source,destination,measurement-agent,tool-name,input-destination
\"192.0.2.1\",\"192.0.2.9\",\"192.0.2.9\",\"powstream\",\"c\""
key=$(sed -n '2s/,.*//p' <<<"$out")
run "$psarchive" get --data a --destination 192.0.2.77
check "nothing is found" "$rc: $out" "1: "
run "$psarchive" get --data a --event-type packet-trace --format json
check "nor JSON" "$rc: $out" "1: []"
run "$psarchive" get --data a "$key" packet-count-lost --from $((first + 420)) --format csv
check "a series from a time on" "$rc: $out" "0: ts,value
$((first + 420)),7.0
$((first + 480)),8.0
$((first + 540)),9.0"
run "$psarchive" get --data a "$key" packet-count-lost --to 2023-11-14T22:21:00Z
check "and up to one, as text" "$rc: $out" "0: 2023-11-14T22:20:00Z${tab}0.0
2023-11-14T22:21:00Z${tab}1.0"
run "$psarchive" get --data a "$key" packet-count-lost --to $((first - 1)) --format csv
check "a time without points" "$rc: $out$err" "1: "
run "$psarchive" get --data a "$key" packet-count-lost --from $((first + 60)) --to $first
check "a time that ends before it begins" "$rc: $out$err" "2: psarchive get: --from is later than --to"
run "$psarchive" get --data a --from $first
check "a time without a series" "$rc: $out$err" \
    "2: psarchive get: --from and --to are for a series: they want a key and an event type"
run "$psarchive" get --data a "$key" histogram-owdelay/aggregations/300 --json
check "merged histograms" "$rc: $out" \
    '0: [{"ts":1700000400,"val":{"10.00":2490,"10.50":500}},{"ts":1700000700,"val":{"10.00":2465,"10.50":500}}]'
run "$psarchive" get --data a "$key" packet-loss-rate/aggregation/86400 --format csv
check "loss of a day, in singular" "$rc: $out" "0: ts,value
1699920000,0.0075"
run "$psarchive" get --data a "$key" histogram-owdelay/statistics/3600
check "statistics of an hour" "$rc: $out" \
    "0: 2023-11-14T22:00:00Z${tab}10.0${tab}10.0${tab}10.0${tab}10.0${tab}10.5${tab}10.5${tab}10.083963056255248"
run "$psarchive" get --data a "$key" packet-count-sent/averages/60
check "what is not registered" "$rc: $err" \
    "1: psarchive get: packet-count-sent/averages/60 is not registered for it"
run "$psarchive" get --data a 00000000000000000000000000000000 packet-count-sent
check "a key that is none" "$rc: $err" \
    "1: psarchive get: there is no metadata with the key 00000000000000000000000000000000"

run "$psarchive" export --data a
cp out.txt all.jsonl
check "all is exported: metadata, results, documents" \
    "$rc: $(grep -c event-types all.jsonl) $(grep -c '"values"' all.jsonl) $(grep -c '"document"' all.jsonl)" "0: 2 11 11"
run "$psarchive" import --data b all.jsonl
check "and comes in elsewhere" "$rc: $out$err" "0: 11 stored, 0 known already, 0 refused"
run "$psarchive" export --data b
check "as it was" "$(cmp out.txt all.jsonl && echo same)" same
run "$psarchive" export --data a --source 192.0.2.2 --no-documents
check "a part of it" "$rc: $(wc -l <out.txt)" "0: 2"

# --- a spool

{
    document 192.0.2.3 $first 1
    document 192.0.2.3 $first 2
    echo '{"type":"nothing"}'
} >spool.in
mkdir spool
"$spooler" lines spool <spool.in
run "$psarchive" intake --data a spool
check "a spool is taken in, and what cannot be is set aside" "$rc: $out" \
    "1: 1 stored, 0 known already, 0 with nothing to store, 2 refused, 0 damaged, 0 left"
check "with its reason" "$(cat spool/refused/*.reason | sort | cut -c1-60)" \
    "$(printf 'packet-count-lost has another value at %s already\nthe document: is no result document: it has neither a test and its result' $first | cut -c1-60)"
check "and nothing is left" "$(find spool -name '*.rec' | wc -l)" 0

# --- tokens

run "$psarchive" token --data a add alice
match_all "a token" "$rc: $out" "0: [0-9a-f]{40}"
run "$psarchive" token --data a add alice
check "a name has one" "$rc: $err" "1: psarchive token: alice has a token already: remove it first"
run "$psarchive" token --data a list
match_all "the list of names" "$rc: $out" "0: 20[0-9T:-]+Z${tab}alice"
run "$psarchive" token --data a remove alice
check "it is taken away" "$rc: $out$err" "0: "
run "$psarchive" token --data a remove alice
check "once" "$rc: $err" "1: psarchive token: alice has no token"

# --- backups

run "$psarchive" status --data a --json
match "how much there is" "$rc: $out" '^0: \{"metadata":3,"results":12,"rollups":[0-9]+,"documents":12,"tokens":0,'
run "$psarchive" verify --data a
match_all "an archive that is whole" "$rc: $out$err" "0: 3 metadata, 12 results, [0-9]+ roll-ups: all is right"
run "$psarchive" backup --data a a.backup
check "a backup" "$rc: $out$err" "0: "
run "$psarchive" restore --data a a.backup
match "is not put over an archive" "$rc: $err" "^4: psarchive restore: a/archive.db: there is an archive: --force"
run "$psarchive" restore --data c a.backup
check "comes back" "$rc: $out$err" "0: "
check "as it was" "$("$psarchive" export --data a | md5sum)" "$("$psarchive" export --data c | md5sum)"
run "$psarchive" restore --data c --force a.backup
check "by force, which puts the other one aside" "$rc: $(find c -name archive.db.old)" "0: c/archive.db.old"
head -c 20000 a.backup >short
run "$psarchive" restore --data d short
match "a backup that is cut off is refused" "$rc: $err" "^4: psarchive restore: short: damaged"
check "and leaves nothing" "$(find d -type f)" ""

# --- what is kept

policy() { # EVENT TYPE WINDOW DAYS...
    local first=1
    printf '{"policies":['
    while [ $# -gt 0 ]; do
        [ $first = 1 ] || printf ,
        first=0
        printf '{"event_type":"%s","summary_type":"%s","summary_window":"%s","expire":"%s"}' "$1" "$2" "$3" "$4"
        shift 4
    done
    printf ']}'
}
old=$((($(date +%s) - first) / 86400 - 2))
policy '*' '*' '*' never histogram-owdelay base '*' $old packet-loss-rate aggregation 300 $old >keep.json
run "$psarchive" purge --data a --retention keep.json --dry-run
check "what would go" "$rc: $out" \
    "0: would remove 0 results, a part of 12, 0 roll-ups, 0 documents, 0 metadata"
run "$psarchive" purge --data a --retention keep.json --json
match "goes" "$rc: $out" '^0: \{"results":0,"results-thinned":12,"rollups":0,"documents":0,"metadata":0,'
run "$psarchive" get --data a "$key" histogram-owdelay --json
check "the histograms are gone" "$rc: $out" "1: []"
run "$psarchive" get --data a "$key" histogram-owdelay/aggregations/86400 --json
check "their roll-up is not" "$rc: $out" '0: [{"ts":1699920000,"val":{"10.00":4955,"10.50":1000}}]'
run "$psarchive" get --data a "$key" packet-count-lost --format csv
check "nor are the other values" "$rc: $(wc -l <<<"$out")" "0: 11"
run "$psarchive" verify --data a
match "and all is right" "$rc: $out$err" "^0: .*: all is right"
run "$psarchive" import --data a docs.jsonl
match "what was purged does not come again" "$rc: $out$err" \
    "^0: 0 stored, 11 known already, 0 refused.*of 11 results some values were purged before"
run "$psarchive" get --data a "$key" histogram-owdelay/aggregations/86400 --json
check "and is not counted again" "$rc: $out" '0: [{"ts":1699920000,"val":{"10.00":4955,"10.50":1000}}]'
"$psarchive" backup --data a purged.backup && "$psarchive" restore --data purged purged.backup
run "$psarchive" import --data purged docs.jsonl
run "$psarchive" get --data purged "$key" histogram-owdelay/aggregations/86400 --json
check "nor in what came back from a backup" "$rc: $out" '0: [{"ts":1699920000,"val":{"10.00":4955,"10.50":1000}}]'
policy '*' '*' '*' 1 >nothing.json
run "$psarchive" purge --data a --retention nothing.json
match "a policy that keeps nothing" "$rc: $out" "^0: removed 12 results, a part of 0, [0-9]+ roll-ups, 12 documents, 0 metadata; "
echo '{"policies":[{"event_type":"*","summary_type":"sum","summary_window":"*","expire":"1"}]}' >wrong.json
run "$psarchive" purge --data a --retention wrong.json
match "a policy that is wrong is told" "$rc: $err" "^4: psarchive purge: wrong.json:1: policies\\[0\\].summary_type: wants"
plan
