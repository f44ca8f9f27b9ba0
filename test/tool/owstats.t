#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What owstats(1) says of session files whose truth is known.
. "$(dirname "$0")/tool.sh"

usage="owstats: usage: owstats [options] FILE...
owstats: try 'owstats --help'"

# Twenty packets, one each 0.1 s: 3 and 7 are lost, 15 and 16 were skipped by the sender, 5 came
# twice, 9 behind 10 and 11, 12 before it was sent, 13 with one hop more. Packet i takes (i + 1)
# times 1.05 ms, but 12 -0.5 ms and the copy of 5 9 ms.
ms=4294967
delay=4509715
records=()
for i in 0 1 2 3 4 5 6 7 8 10 11 9 12 13 14 17 18 19; do
    case $i in
    3 | 7) records+=("$(record $i lost)") ;;
    5) records+=("$(record $i $((6 * delay)))" "$(record $i $((9 * ms)))") ;;
    12) records+=("$(record $i $((-ms / 2)))") ;;
    13) records+=("$(record $i $((14 * delay)) 249)") ;;
    *) records+=("$(record $i $(((i + 1) * delay)))") ;;
    esac
done
session3=$(session 20 1 20 0000000f00000010 "${records[@]}")
octets "$session3" >v3.owp
seen() {
    sed -E 's/\[(localhost[a-z0-9.-]*|127\.0\.0\.1)\]/[HOST]/g; s/^((FROM|TO)_HOST	).*/\1HOST/
        s/("host": )"[^"]*"/\1"HOST"/' <<<"$out"
}

# --- the command line

run "$owstats" --help
check "--help exits 0, silent on standard error" "$rc$err" 0
check "--help begins with the usage" "${out%%"$nl"*}" "Usage: owstats [options] FILE..."
missing=
for option in -M,machine -R,raw -v,verbose -a,percentiles -b,bucket-width -n,units -N,every -U,unix \
    -p,print-names -d,directory -Q,quiet -h,help -V,version; do
    [[ $out == *"  ${option%,*}, --${option#*,}"* ]] || missing+=" $option"
done
[[ $out == *"      --json "* ]] || missing+=" --json"
check "--help lists every option" "$missing" ""
run "$owstats" -h
check "-h is --help" "$rc ${out%%"$nl"*}" "0 Usage: owstats [options] FILE..."
run "$owstats" -V
match_all "-V names program and suite" "$rc$err $out" \
    "0 owstats \(psuite\) [0-9.]+${nl}Licensed under the Apache License, Version 2.0."
version=$(sed -n '1s/.* //p' out.txt)
run "$owstats" --version
check "--version is -V" "$rc ${out%%"$nl"*}" "0 owstats (psuite) $version"
run "$owstats"
check "a file must be named" "$rc$out $err" "1 $usage"

# bad "ARGUMENTS" MESSAGE: exit 1, the message on standard error, nothing else.
bad() {
    local arguments
    read -ra arguments <<<"$1"
    run "$owstats" "${arguments[@]}" v3.owp
    check "owstats $1" "$rc$out $err" "1 owstats: $2"
}
bad "-x" "unknown option '-x'; try 'owstats --help'"
bad "-c 5" "unknown option '-c'; try 'owstats --help'"
bad "--nosuch=1" "unknown option '--nosuch'; try 'owstats --help'"
bad "--ver" "ambiguous option '--ver'; try 'owstats --help'"
bad "--machine=1" "option '--machine' takes no value; try 'owstats --help'"
bad "--json=1" "option '--json' takes no value; try 'owstats --help'"
bad "-a 101" "-a, --percentiles: '101': wants numbers from 0 to 100, at most 64, with commas"
bad "-a 1,,2" "-a, --percentiles: '1,,2': wants numbers from 0 to 100, at most 64, with commas"
bad "-a nan" "-a, --percentiles: 'nan': wants numbers from 0 to 100, at most 64, with commas"
bad "-b 0" "-b, --bucket-width: '0': wants seconds, from 1e-9 to 1e9"
bad "-b 1ms" "-b, --bucket-width: '1ms': wants seconds, from 1e-9 to 1e9"
bad "-n k" "-n, --units: 'k': wants n, u, m or s"
bad "--units=ms" "-n, --units: 'ms': wants n, u, m or s"
bad "-N -1" "-N, --every: '-1': wants a whole number from 0 to 4294967295"
bad "-N 4294967296" "-N, --every: '4294967296': wants a whole number from 0 to 4294967295"
bad "-vfew" "-v, --verbose: 'few': wants a number of records, as in -v100"
bad "--verbose=-1" "-v, --verbose: '-1': wants a number of records, as in -v100"
run "$owstats" v3.owp -n
check "an option without its value" "$rc$out $err" "1 owstats: option '-n' needs a value (U); try 'owstats --help'"

# --- the summary for people

head="
--- owping statistics from [HOST]:8761 to [HOST]:8762 ---
SID:	$sid
"
summary="${head}first:	2026-01-02T03:04:05.600
last:	2026-01-02T03:04:07.500
18 sent, 2 lost (11.111%), 1 duplicates
one-way delay min/median/max = -0.5/10.5/21 ms, (err=1.46 ms)
one-way jitter = nan ms (P95-P50)
hops takes 2 values; min hops = 5, max hops = 6
1-reordering = 5.882353%
2-reordering = 5.882353%
no 3-reordering"
run "$owstats" v3.owp
check "loss, duplicates, skips, reordering, negative delays and hops are told as they are" \
    "$rc$err $(seen)" "0 $summary"
run "$owstats" -- v3.owp
check "-- ends the options" "$(seen)" "$summary"
run env TZ=EST5 "$owstats" v3.owp
check "times are local ones" "$(grep -a first: out.txt)" "first:	2026-01-01T22:04:05.600"
run "$owstats" v3.owp v3.owp
check "each file has its summary" "$rc $(seen)" "0 $summary

$summary"

lines() {
    seen | sed -n '/^one-way/p; /^Perc/p; /^	/p'
}
run "$owstats" -a 0,5,50,88.9,100 -n u v3.owp
check "-n u and -a: percentiles among all that were sent" "$rc$err$nl$(lines)" \
    "0
one-way delay min/median/max = -500/1.05e+04/2.1e+04 us, (err=1.46e+03 us)
one-way jitter = nan us (P95-P50)
Percentiles:
	0.0: -500 us
	5.0: -500 us
	50.0: 1.05e+04 us
	88.9: nan us
	100.0: nan us"
run "$owstats" --units=n --percentiles 25 v3.owp
check "--units=n --percentiles 25" "$(lines)" \
    "one-way delay min/median/max = -5e+05/1.05e+07/2.1e+07 ns, (err=1.46e+06 ns)
one-way jitter = nan ns (P95-P50)
Percentiles:
	25.0: 5.3e+06 ns"
run "$owstats" -n s v3.owp
check "-n s: seconds have no name" "$(lines)" \
    "one-way delay min/median/max = -0.0005/0.0105/0.021 , (err=0.00146 )
one-way jitter = nan  (P95-P50)"
run "$owstats" -b 0.01 v3.owp
check "-b sets the width of the buckets from which the median is taken" "$(lines)" \
    "one-way delay min/median/max = -0.5/20/21 ms, (err=1.46 ms)
one-way jitter = nan ms (P95-P50)"
run "$owstats" --bucket-width=1e-9 v3.owp
check "--bucket-width=1e-9" "$(lines)" "one-way delay min/median/max = -0.5/10.5/21 ms, (err=1.46 ms)
one-way jitter = nan ms (P95-P50)"

part() {
    printf '%sfirst:\t2026-01-02T03:04:%s\nlast:\t2026-01-02T03:04:%s\n%s' "$head" "$1" "$2" "$3"
}
run "$owstats" -N 6 v3.owp
check "-N 6: a summary for every six packets" "$rc$err $(seen)" \
    "0 $(part 05.600 06.100 "6 sent, 1 lost (16.667%), 1 duplicates
one-way delay min/median/max = 1.05/3.2/9 ms, (err=1.46 ms)
one-way jitter = nan ms (P95-P50)
hops = 5 (consistently)
no reordering")

$(part 06.200 06.700 "6 sent, 1 lost (16.667%), 0 duplicates
one-way delay min/median/max = 7.35/10.5/12.6 ms, (err=1.46 ms)
one-way jitter = nan ms (P95-P50)
hops = 5 (consistently)
1-reordering = 20.000000%
2-reordering = 20.000000%
no 3-reordering")

$(part 06.800 07.300 "4 sent, 0 lost (0.000%), 0 duplicates
one-way delay min/median/max = -0.5/14.7/18.9 ms, (err=1.46 ms)
one-way jitter = 4.2 ms (P95-P50)
hops takes 2 values; min hops = 5, max hops = 6
no reordering")

$(part 07.400 07.500 "2 sent, 0 lost (0.000%), 0 duplicates
one-way delay min/median/max = 19.9/20/21 ms, (err=1.46 ms)
one-way jitter = 1 ms (P95-P50)
hops = 5 (consistently)
no reordering")"
run "$owstats" --every=20 v3.owp
check "--every with all packets is one summary" "$(seen)" "$summary"

# --- a line for each packet

run "$owstats" -v v3.owp
check "-v: each record in order of arrival, then the summary" "$rc$err $(seen)" \
    "0 ${head}seq_no=0          delay=1.05 ms	(sync, err=1.46 ms)
seq_no=1          delay=2.1 ms	(sync, err=1.46 ms)
seq_no=2          delay=3.15 ms	(sync, err=1.46 ms)
seq_no=3          *LOST*
seq_no=4          delay=5.25 ms	(sync, err=1.46 ms)
seq_no=5          delay=6.3 ms	(sync, err=1.46 ms)
seq_no=5          delay=9 ms	(sync, err=1.46 ms)
seq_no=6          delay=7.35 ms	(sync, err=1.46 ms)
seq_no=7          *LOST*
seq_no=8          delay=9.45 ms	(sync, err=1.46 ms)
seq_no=10         delay=11.5 ms	(sync, err=1.46 ms)
seq_no=11         delay=12.6 ms	(sync, err=1.46 ms)
seq_no=9          delay=10.5 ms	(sync, err=1.46 ms)
seq_no=12         delay=-0.5 ms	(sync, err=1.46 ms)
seq_no=13         delay=14.7 ms	(sync, err=1.46 ms)
seq_no=14         delay=15.7 ms	(sync, err=1.46 ms)
seq_no=17         delay=18.9 ms	(sync, err=1.46 ms)
seq_no=18         delay=19.9 ms	(sync, err=1.46 ms)
seq_no=19         delay=21 ms	(sync, err=1.46 ms)
$summary"
run "$owstats" -v3 -U -n s v3.owp
check "-v3 -U: Unix times, and statistics of the first three records alone" "$rc$err $(seen)" \
    "0 ${head}seq_no=0 delay=1.050000e-03  (sync, err=0.00146 ) sent=1767323045.600000 recv=1767323045.601050
seq_no=1 delay=2.100000e-03  (sync, err=0.00146 ) sent=1767323045.700000 recv=1767323045.702100
seq_no=2 delay=3.150000e-03  (sync, err=0.00146 ) sent=1767323045.800000 recv=1767323045.803150
$(part 05.600 07.500 "3 sent, 0 lost (0.000%), 0 duplicates
one-way delay min/median/max = 0.00105/0.0021/0.00315 , (err=0.00146 )
one-way jitter = 0.0011  (P95-P50)
hops = 5 (consistently)
no reordering")"
run "$owstats" --verbose=1 v3.owp
check "--verbose=1" "$(grep -ac seq_no= out.txt) $(grep -a sent, out.txt)" "1 1 sent, 0 lost (0.000%), 0 duplicates"

# --- for machines

machine="SUMMARY	3.00
SID	$sid
FROM_HOST	HOST
FROM_ADDR	127.0.0.1
FROM_PORT	8761
TO_HOST	HOST
TO_ADDR	127.0.0.1
TO_PORT	8762
START_TIME	17078129335549401497
END_TIME	17078129343709839348
DSCP	0x2e
LOSS_TIMEOUT	12884901888
PACKET_PADDING	100
SESSION_PACKET_COUNT	20
SAMPLE_PACKET_COUNT	20
BUCKET_WIDTH	0.0001
SESSION_FINISHED	1
SENT	18
SYNC	1
MAXERR	0.00146484
DUPS	1
LOST	2
MIN	-0.0005
MEDIAN	0.0105
MAX	0.021
<BUCKETS>
$(printf '\t%d\t1\n' -5 11 21 32 53 63 74 95 105 116 126 147 158 189 200 210)
</BUCKETS>
MINTTL	249
MAXTTL	250
<TTLBUCKETS>
	249	1
	250	15
</TTLBUCKETS>

<NREORDERING>
	1	1
	2	1
</NREORDERING>"
run "$owstats" -M v3.owp
check "-M: every key, in its order" "$rc$err $(seen)" "0 $machine"
run "$owstats" --machine --unix v3.owp
check "-M -U adds the times as Unix has them" "$(seen | diff - <(echo "$machine"))" \
    "11,12d10
< UNIX_START_TIME	1767323045.600000
< UNIX_END_TIME	1767323047.500000"

raw="0 17078129335549401497 1 0.000976562 17078129335553911212 1 0.000488281 250
1 17078129335978898226 1 0.000976562 17078129335987917656 1 0.000488281 250
2 17078129336408394955 1 0.000976562 17078129336421924100 1 0.000488281 250
3 17078129336837891684 0 2.32831e-10 00000000000000000000 1 0.000488281 255
4 17078129337267388413 1 0.000976562 17078129337289936988 1 0.000488281 250
5 17078129337696885142 1 0.000976562 17078129337723943432 1 0.000488281 250
5 17078129337696885142 1 0.000976562 17078129337735539845 1 0.000488281 250
6 17078129338126381871 1 0.000976562 17078129338157949876 1 0.000488281 250
7 17078129338555878600 0 2.32831e-10 00000000000000000000 1 0.000488281 255
8 17078129338985375329 1 0.000976562 17078129339025962764 1 0.000488281 250
10 17078129339844368787 1 0.000976562 17078129339893975652 1 0.000488281 250
11 17078129340273865516 1 0.000976562 17078129340327982096 1 0.000488281 250
9 17078129339414872058 1 0.000976562 17078129339459969208 1 0.000488281 250
12 17078129340703362245 1 0.000976562 17078129340701214762 1 0.000488281 250
13 17078129341132858974 1 0.000976562 17078129341195994984 1 0.000488281 249
14 17078129341562355703 1 0.000976562 17078129341630001428 1 0.000488281 250
17 17078129342850845890 1 0.000976562 17078129342932020760 1 0.000488281 250
18 17078129343280342619 1 0.000976562 17078129343366027204 1 0.000488281 250
19 17078129343709839348 1 0.000976562 17078129343800033648 1 0.000488281 250"
run "$owstats" -R v3.owp
check "-R: the records as they are, and nothing else" "$rc$err $out" "0 $raw"
run "$owstats" --raw v3.owp v3.owp
check "--raw of two files" "$out" "$raw$nl$raw"
run "$owstats" -Q v3.owp
check "-Q prints nothing" "$rc$err$out" 0
run "$owstats" --quiet nosuch.owp
check "-Q of a file that is not there is an error all the same" "$rc$out $err" \
    "1 owstats: nosuch.owp: No such file or directory"

# --- JSON

end_of() {
    printf '{
        "host": "HOST",
        "address": "127.0.0.1",
        "port": %d
      }' "$1"
}
clock='"clock": {
        "sender": {
          "synced": true,
          "error": 0.0009765625,
          "bound": null,
          "stamps": null,
          "self_delay": {
            "samples": null,
            "median": null,
            "p99": null
          },
          "clock_source": {
            "name": null,
            "reference": null,
            "stratum": null,
            "synced": null,
            "leap": null,
            "error": null,
            "bound": null
          }
        },
        "receiver": {
          "synced": true,
          "error": 0.00048828125,
          "bound": null,
          "stamps": null,
          "self_delay": {
            "samples": null,
            "median": null,
            "p99": null
          },
          "clock_source": {
            "name": null,
            "reference": null,
            "stratum": null,
            "synced": null,
            "leap": null,
            "error": null,
            "bound": null
          }
        }
      }'
run "$owstats" --json -a 12.5,90 -v2 v3.owp
check "--json: every member of the document" "$rc$err $(seen)" "0 {
  \"program\": \"owstats\",
  \"version\": \"$version\",
  \"files\": [
    \"v3.owp\"
  ],
  \"sessions\": [
    {
      \"sid\": \"$sid\",
      \"direction\": null,
      \"mode\": null,
      \"from\": $(end_of 8761),
      \"to\": $(end_of 8762),
      \"dscp\": 46,
      \"padding\": 100,
      \"timeout\": 3,
      \"session_packets\": 20,
      \"finished\": true,
      \"host_dropped\": null,
      \"ignored\": null,
      \"clock_steps\": null,
      \"first_seq\": 0,
      \"last_seq\": 19,
      \"sample_packets\": 20,
      \"start\": {
        \"ntp\": \"17078129335549401497\",
        \"time\": \"2026-01-02T03:04:05.599999999Z\"
      },
      \"end\": {
        \"ntp\": \"17078129343709839348\",
        \"time\": \"2026-01-02T03:04:07.499999997Z\"
      },
      \"synced\": true,
      \"max_error\": 0.00146484375,
      \"packets\": {
        \"sent\": 2,
        \"received\": 2,
        \"lost\": 0,
        \"loss_ratio\": 0,
        \"duplicates\": 0,
        \"reordered\": 0
      },
      \"delay\": {
        \"min\": 0.0010499998461455107,
        \"mean\": 0.001574999769218266,
        \"median\": 0.0010499998461455107,
        \"max\": 0.0020999996922910213,
        \"p25\": 0.0010499998461455107,
        \"p75\": 0.0020999996922910213,
        \"p95\": 0.0020999996922910213,
        \"p99\": 0.0020999996922910213,
        \"below_error\": true,
        \"percentiles\": [
          {
            \"percentile\": 12.5,
            \"value\": 0.0010499998461455107
          },
          {
            \"percentile\": 90,
            \"value\": 0.0020999996922910213
          }
        ]
      },
      \"jitter\": 0.0010499998461455107,
      \"histogram\": {
        \"bucket_width\": 0.0001,
        \"buckets\": [
          {
            \"index\": 11,
            \"value\": 0.0011,
            \"count\": 1
          },
          {
            \"index\": 21,
            \"value\": 0.0021,
            \"count\": 1
          }
        ]
      },
      \"hops\": {
        \"min\": 5,
        \"max\": 5
      },
      \"ttl\": [
        {
          \"ttl\": 250,
          \"count\": 2
        }
      ],
      \"reordering\": [],
      $clock,
      \"records\": [
        {
          \"seq\": 0,
          \"lost\": false,
          \"delay\": 0.0010499998461455107,
          \"send\": \"17078129335549401497\",
          \"send_synced\": true,
          \"send_error\": 0.0009765625,
          \"recv\": \"17078129335553911212\",
          \"recv_synced\": true,
          \"recv_error\": 0.00048828125,
          \"ttl\": 250
        },
        {
          \"seq\": 1,
          \"lost\": false,
          \"delay\": 0.0020999996922910213,
          \"send\": \"17078129335978898226\",
          \"send_synced\": true,
          \"send_error\": 0.0009765625,
          \"recv\": \"17078129335987917656\",
          \"recv_synced\": true,
          \"recv_error\": 0.00048828125,
          \"ttl\": 250
        }
      ]
    }
  ]
}"

# json FILTER: what jq makes of the output.
if command -v jq >/dev/null; then
    run "$owstats" --json v3.owp
    check "--json counts as the summary does" "$(jq -c '.sessions[0].packets' out.txt)" \
        '{"sent":18,"received":16,"lost":2,"loss_ratio":0.1111111111111111,"duplicates":1,"reordered":1}'
    # The ninth of eighteen and the seventeenth, which did not come.
    check "--json: percentiles are exact, and null where a lost packet stands" \
        "$(jq -c '.sessions[0] | [.delay.min, .delay.median, .delay.p95, .jitter]' out.txt)" \
        "$(jq -nc "[-$((ms / 2)) / 4294967296, $((10 * delay)) / 4294967296, null, null]")"
    check "--json: buckets ascend and reordering stops at the first n with none" \
        "$(jq -c '.sessions[0] | [[.histogram.buckets[].index], .reordering, .hops]' out.txt)" \
        '[[-5,11,21,32,53,63,74,95,105,116,126,147,158,189,200,210],[{"n":1,"count":1},{"n":2,"count":1}],{"min":5,"max":6}]'
    run "$owstats" --json -R -N 6 v3.owp v3.owp
    check "--json -R -N: records and samples of each session" \
        "$rc$err $(jq -c '[.files, [.sessions[] | [(.records | length), [.samples[].packets.sent]]]]' out.txt)" \
        '0 [["v3.owp","v3.owp"],[[19,[6,6,4,2]],[19,[6,6,4,2]]]]'
    check "--json: what a lost packet has not is null" \
        "$(jq -c '.sessions[0].records[3] | [.seq, .lost, .delay, .send, .recv, .ttl]' out.txt)" \
        '[3,true,null,"17078129336837891684",null,null]'
    run "$owstats" --json v3.owp nosuch.owp
    check "--json with a file that cannot be read ends well-formed, and 1" \
        "$rc $err $(jq -c '.sessions | length' out.txt)" "1 owstats: nosuch.owp: No such file or directory 1"
else
    for what in counts percentiles buckets records null ends; do
        skip "--json: $what" "jq is not installed"
    done
fi

# --- what goes before what

notice() {
    local arguments
    read -ra arguments <<<"$1"
    run "$owstats" "${arguments[@]}" v3.owp
    check "$1: $3" "$rc $(wc -l <out.txt | tr -d ' ') $err" "0 $2"
}
notice "-M -v" "54 owstats: -M given: -v is ignored" "-M goes before -v"
notice "-Q -M" "0 owstats: -Q given: -M is ignored" "-Q goes before -M"
notice "-Q -v" "0 owstats: -Q given: -v is ignored" "-Q goes before -v"
notice "-R -M" "19 owstats: -R given: -M is ignored" "-R goes before -M"
notice "-R -Q" "19 " "-R with -Q is -R"
notice "--json -R -p" "$("$owstats" --json -R v3.owp | wc -l) owstats: --json given: -p is ignored" \
    "no files of JSON"
notice "--json -M" "$("$owstats" --json v3.owp | wc -l) owstats: --json given: -M is ignored" \
    "--json goes before -M"
notice "--json -Q" "$("$owstats" --json v3.owp | wc -l) owstats: --json given: -Q is ignored" \
    "--json goes before -Q"
notice "-p -R" "19 owstats: -R given: -p is ignored" "no files of -R"

# --- into files

mkdir here
first=17078129335549401497 last=17078129343709839348
run "$owstats" -p v3.owp
check "-p prints a name made of first and last time" "$rc$err $out" "0 ./${first}_$last.txt"
run cat "${first}_$last.txt"
check "and puts the summary there" "$(seen)" "$summary"
run "$owstats" -p v3.owp
check "-p overwrites nothing" "$rc$out $err" "1 owstats: v3.owp: ./${first}_$last.txt: File exists"
run "$owstats" -p -M -d here v3.owp
check "-p -M -d here" "$rc$err $out" "0 here/${first}_$last.sum"
run cat here/*.sum
check "-p -M puts the summary for machines there" "$(seen)" "$machine"
run "$owstats" --print-names --directory=here -N 10 v3.owp
check "-p -N 10: a file for each part" "$rc$err $out" "0 here/${first}_17078129339414872058.txt
here/17078129339844368787_$last.txt"
check "no temporary file stays" "$(find . -name '*.i')" ""
run "$owstats" -p -d nosuch v3.owp
check "-d of a directory that is not there" "$rc$out $err" \
    "1 owstats: -d, --directory: 'nosuch': No such file or directory"
run "$owstats" -p -d v3.owp v3.owp
check "-d of a file" "$rc$out $err" "1 owstats: -d, --directory: 'v3.owp': Not a directory"

# --- standard output that is full

for form in "" -M -R --json -v --help -V; do
    read -ra arguments <<<"$form"
    "$owstats" "${arguments[@]}" v3.owp >/dev/full 2>err.txt
    check "owstats $form >/dev/full ends with 1 and says so" "$? $(grep -c 'standard output did not take' err.txt)" "1 1"
done

# --- other files

octets "$(session 4 2 0 "" "$(record 0 $ms)" "$(record 2 $ms)")" >incomplete.owp
run "$owstats" -M incomplete.owp
check "a session that did not end in order has the records that are there" \
    "$rc$err $(grep -aE '^(SESSION_FINISHED|SENT|LOST)' out.txt | tr '\t\n' '= ')" "0 SESSION_FINISHED=0 SENT=2 LOST=0 "
octets "$(session 0 1 0 "")" >empty.owp
run "$owstats" empty.owp
check "a session without packets" "$rc$err $(seen | sed -n '6,$p')" "0 0 sent, 0 lost (0.000%), 0 duplicates
one-way delay min/median/max = nan/nan/nan ms, (err=0 ms)
one-way jitter = nan ms (P95-P50)
TTL not reported
no reordering"

# A file of version 2 has its length of header, a word and the request; there the TTL is not known.
old=("$(old_record 0 $delay)" "$(old_record 1 lost)" "$(old_record 2 $((3 * delay)))")
octets "4f77410000000002$(printf '%016x' 164)00000001$(request 3 1)$(slot 1 "$(printf '%016x' "$step")")" \
    "$(printf '%032d' 0)" "${old[@]}" >v2.owp
run "$owstats" v2.owp
check "a file of version 2" "$rc$err $(seen)" "0 $(part 05.600 05.800 "3 sent, 1 lost (33.333%), 0 duplicates
one-way delay min/median/max = 1.05/3.2/3.15 ms, (err=1.46 ms)
one-way jitter = nan ms (P95-P50)
hops = 0 (consistently)
no reordering")"
old_raw="0 17078129335549401497 1 0.000976562 17078129335553911212 1 0.000488281 255
1 17078129335978898226 0 2.32831e-10 00000000000000000000 1 0.000488281 255
2 17078129336408394955 1 0.000976562 17078129336421924100 1 0.000488281 255"
run "$owstats" -R v2.owp
check "-R of a file of version 2" "$rc$err $out" "0 $old_raw"
octets "4f77410000000000$(printf '%016x' 16)" "${old[@]}" >v0.owp
run "$owstats" -R v0.owp
check "-R of a file of version 0" "$rc$err $out" "0 $old_raw"
run "$owstats" v0.owp
check "a file of version 0 has no summary" "$rc$out $err" \
    "1 owstats: v0.owp: a file of version 0 tells nothing of its session; only -R reads it"

# fault HEX MESSAGE
fault() {
    octets "$1" >bad.owp
    run "$owstats" bad.owp
    check "a file that is ${2#*: }" "$rc$out $err" "1 owstats: bad.owp: $2"
}
fault "" "too short for an OWAMP session file"
fault "4f774100000000030000" "too short for an OWAMP session file"
fault "4f774101${session3:8}" "not an OWAMP session file"
fault "4f77410000000001${session3:16}" "version 1 of session files is not known"
fault "4f77410000000083${session3:16}" "a TWAMP session file; this program reads OWAMP's"
fault "${session3:0:40}000000ff${session3:48}" "should have 255 records and has 19"
fault "${session3:0:64}00000000ffffffff${session3:80}" "records cannot begin at octet 4294967295 of 667"
fault "${session3:0:32}00000002${session3:40}" "no room for 2 skip ranges at octet 659"
fault "${session3:0:1318}00000012${session3:1326}" "skip range 0 ends before it begins"
fault "${session3:0:304}02${session3:306}" "schedule slot 0 is of an unknown type"
fault "${session3:0:88}00001000${session3:96}" "ends within its 4096 schedule slots"

# odd TEXT NOTE SESSION...: a file that contradicts itself is shown as far as it goes, with a note.
odd() {
    octets "$3" >odd.owp
    run "$owstats" -M odd.owp
    check "$1" "$rc $err $(sed -n 's/^SENT\t//p' out.txt)" "0 owstats: odd.owp: note: $2"
}
two=("$(record 0 $ms)" "$(record 7 $ms)")
odd "records of packets that the session does not have" "it holds records of packets from 4 on: its session has fewer 1" \
    "$(session 4 1 4 "" "${two[@]}")"
odd "records of a session without packets" "it holds records of packets from 0 on: its session has fewer 0" \
    "$(session 0 1 0 "" "${two[@]}")"
odd "octets behind the records" "3 octets behind its records are not looked at 1" \
    "$(session 1 1 1 "" "$(record 0 $ms)")abcdef"
run "$owstats" -M -N 2 odd.owp
check "the note comes with -N too" "$rc $err" "0 owstats: odd.owp: note: 3 octets behind its records are not looked at"
run "$owstats" .
check "a directory" "$rc$out $err" "1 owstats: .: not a regular file"
run "$owstats" nosuch.owp v3.owp
check "the first file that cannot be read ends it" "$rc$out $err" "1 owstats: nosuch.owp: No such file or directory"

plan
