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
check "without a verb: where they are" "$rc: $err" "2: psarchive: no verb; try 'psarchive --help'"
run "$psarchive" --help
for verb in serve get export import intake token status size verify purge backup restore; do
    match "--help tells of $verb" "$rc: $out" "^0: .*  $verb  "
done
run "$psarchive" ge
check "a verb that is none is told, and what is like it" "$rc: $err" \
    "2: psarchive: unknown verb 'ge'; did you mean \"get\"?; try 'psarchive --help'"
"$psarchive" --help >/dev/full 2>err.txt
check "a help that cannot be written is none" "$? $(<err.txt)" "4 psarchive: the output cannot be written: No space left on device"
for verb in get export import intake token status size verify purge backup restore; do
    run "$psarchive" $verb --help
    match "$verb --help" "$rc: $out$err" "^0: Usage: psarchive $verb "
    run "$psarchive" $verb --nonsense
    match "$verb refuses what it does not know" "$rc: $err" "^2: psarchive $verb: .*nonsense"
done
run "$psarchive" get --data none
check "an archive that is not there" "$rc: $err" "4: psarchive get: none: there is no archive: archive.db: No such file \
or directory: --data names the folder of another one"
echo '{"policies":[]}' >keep.json
mkdir empty
for args in "purge --retention keep.json" "token remove x" "token list" status verify "export" "get"; do
    # shellcheck disable=SC2086 # words
    run "$psarchive" $args --data empty
    match "no archive is made by $args" "$rc: $out$err$(ls empty)" "^4: psarchive ${args%% *}: empty: there is no archive: [^$nl]*$"
done
rmdir empty

# --- in

run "$psarchive" import --data none docs.jsonl none.jsonl
check "no archive is made for a file that is not there" "$rc: $out$err$(ls -d none 2>/dev/null)" \
    "4: psarchive import: docs.jsonl: No such file or directory"

documents >docs.jsonl
run "$psarchive" import --data a docs.jsonl
check "documents come in" "$rc: $out$err" "0: 11 stored, 0 known already, 0 refusedpsarchive import: \
a new archive is made in a"
run "$psarchive" import --data a docs.jsonl
check "and a second time they are known" "$rc: $out$err" "0: 0 stored, 11 known already, 0 refused"
printf '%s\n' '{"type":"measurement"}' 'nonsense' '' "$(document 192.0.2.1 $first 7)" >bad.jsonl
run "$psarchive" import --data a bad.jsonl
check "what cannot be stored is told by its line" "$rc: $out$nl$(sed 's/: .*//; s/^psarchive //' <<<"$err")" \
    "1: 0 stored, 0 known already, 3 refused${nl}import${nl}import${nl}import"
match "a conflict names the event type" "$err" "bad.jsonl:4: packet-count-lost has another value at $first already"

# --- how much a mesh needs

run "$psarchive" size --hosts 100 --latencybg 60s --json
check "a mesh of a hundred hosts" "$rc: $(grep -o '"results-per-second":[0-9.]*' <<<"$out" | head -n 1)" \
    '0: "results-per-second":165'
run "$psarchive" size --paths 2 --latencybg 60s --data a
match "octets of an archive" "$rc: $out" "^0: .*as in this archive"
run "$psarchive" size --paths 2 --trace 10m --data a
match "and where it has none those measured elsewhere" "$rc: $out" "^0: .*as measured elsewhere"
cat >mesh.json <<'END'
{"addresses":{"x":{"address":"192.0.2.1"},"y":{"address":"192.0.2.2"},"z":{"address":"192.0.2.3"}},
 "groups":{"all":{"type":"mesh","addresses":[{"name":"x"},{"name":"y"},{"name":"z"}]}},
 "tests":{"owd":{"type":"latencybg","spec":{}},"tput":{"type":"throughput","spec":{}}},
 "schedules":{"day":{"repeat":"P1D"}},
 "tasks":{"loss":{"group":"all","test":"owd"},"night":{"group":"all","test":"tput","schedule":"day"},
          "once":{"group":"all","test":"tput"}}}
END
echo '{"policies":[{"event_type":"*","summary_type":"*","summary_window":"*","expire":"30"}]}' >month.json
run "$psarchive" size --template mesh.json --retention month.json
match "tasks of a template" "$rc: $out" "^0: .*loss +6 +60s +0\.1 +3153600 .*night +6 +86400s "
match "what is kept of it" "$out" "By month.json values and roll-ups come to 0\.0[0-9]* GB"
check "and what is not counted" "$err" "psarchive size: task once is not counted: it has no schedule that repeats it"
run "$psarchive" size --template month.json
match "a file that is no template" "$rc: $err" '^4: psarchive size: month.json:1: .*is no pSConfig template'
run "$psarchive" size --hosts 5
match "nothing is measured" "$rc: $err" "^2: psarchive size: what is measured?"
run "$psarchive" size --rtt 5m
match "nobody measures" "$rc: $err" "^2: psarchive size: of how many paths?"
run "$psarchive" size --hosts 5 --rtt 5
match "a time that is none" "$rc: $err" "^2: psarchive size: --rtt '5': wants a time"

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
check "and comes in elsewhere" "$rc: $out$err" "0: 11 stored, 0 known already, 0 refusedpsarchive import: a new archive is made in b"
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

mkdir hurt
document 192.0.2.3 $first 1 | "$spooler" lines hurt
truncate -s -1 hurt/*.rec
run "$psarchive" intake --data a hurt
match "a damaged file is set aside, by name and reason" "$rc: $out$err" \
    "^1: 0 stored, .* 1 damaged, 0 left.*damaged, and set aside as ([^ ]*)\\.bad: cut off: shorter than its name says$"
check "which stands beside it" "$(cat hurt/*.reason)" "cut off: shorter than its name says"
run "$psarchive" intake --data none no/such/spool
match "a spool that is not there is not made" "$rc: $err" "^4: psarchive intake: no/such/spool: there is no spool: No such"
run "$psarchive" intake --data none spool.in
match "nor one of a file" "$rc: $err" "^4: psarchive intake: spool.in: there is no spool: Not a dir"
check "nor an archive for it" "$(find none no 2>/dev/null)" ""

# --- gaps of a stream

ends='"stream":"away","start-ntp":1,"direction":"from","source":{"host":"192.0.2.9","address":"192.0.2.9"}'
whole='"dest":{"host":"here","address":"192.0.2.1"},"packets-sent":600,"packets-lost":0,"finished":true'
cat >gaps.in <<EOF
{"type":"gap","start":"2023-11-14T00:00:00Z",$ends,"dest":{"host":null},"seconds":60,"reason":"connection refused"}
{"type":"measurement","start":"2023-11-14T00:01:00Z",$ends,$whole}
{"type":"gap","start":"2023-11-14T00:02:00Z",$ends,"dest":{"host":null},"seconds":0.2,"reason":"setting up"}
{"type":"measurement","start":"2023-11-14T00:02:00Z",$ends,$whole}
EOF
mkdir away
while read -r line; do
    "$spooler" lines away <<<"$line"
    run "$psarchive" intake --data g away
    check "what powstream tells is stored" "$rc: $out" \
        "0: 1 stored, 0 known already, 0 with nothing to store, 0 refused, 0 damaged, 0 left"
done <gaps.in
run "$psarchive" export --data g
check "why nothing was measured is told" "$(grep -o '"error":"[a-z ]*","seconds":[0-9.]*' out.txt | sort)" \
    "$(printf '"error":"connection refused","seconds":60\n"error":"setting up","seconds":0.2')"
check "by the server alone before the first connection, and then by the stream" \
    "$(grep -o '"subject-type":"[a-z-]*"' out.txt | sort | xargs)" "subject-type:network-element subject-type:point-to-point"
run "$psarchive" import --data h gaps.in
check "and a file of them as well" "$rc: $out$err" "0: 4 stored, 0 known already, 0 refusedpsarchive import: a new archive is made in h"
run "$psarchive" status --data h --json
match "into the same metadata" "$rc: $out" '^0: \{"metadata":2,"results":3,'

# --- tokens

run "$psarchive" token --data new add alice
match "a new archive is told of by who adds a token, too" "$rc: $out $err" \
    "^0: [0-9a-f]{40} psarchive token: a new archive is made in new$"
run "$psarchive" token --data new add bob
match "and not the next time" "$rc: $out $err" "^0: [0-9a-f]{40} $"
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
check "is its owner's alone" "$(stat -c %a a.backup)" 600
ln -s a/archive.db live
for file in a/archive.db a/../a/archive.db live; do
    run "$psarchive" backup --data a $file
    match "a backup onto the archive itself is refused: $file" "$rc: $err" "^2: psarchive backup: $file: is the database itself"
done
mkfifo a.pipe
ln -s nowhere a.link
for file in a.pipe a.link; do
    run "$psarchive" backup --data a $file
    match "nor onto what is no file: $file" "$rc: $err" "^[24]: psarchive backup: $file: is there and is no file"
done
check "which stays what it is" "$(stat -c %F a.pipe a.link)" "fifo${nl}symbolic link"
check "a new archive is its group's at most" "$(stat -c %a a/archive.db | tail -c 2)" 0
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

mkdir e
: >e/archive.db
for verb in verify status "serve --listen 127.0.0.1:0"; do
    # shellcheck disable=SC2086 # words
    run timeout 60 "$psarchive" $verb --data e
    match "an archive that has been emptied is told as damaged: ${verb%% *}" "$rc: $err" \
        "^4: psarchive.*e/archive.db: damaged: it is empty: psarchive restore --force brings a backup back"
    check "and left as it is" "$(stat -c %s e/archive.db)" 0
done
run "$psarchive" restore --data e --force a.backup
check "until the backup comes back" "$rc: $out$err$("$psarchive" verify --data e)" \
    "0: $("$psarchive" verify --data c)"

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
