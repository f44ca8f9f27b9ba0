#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# psarchive import URL: from our own server, and from one that does not get on.
. "$(dirname "$0")/tool.sh"
# shellcheck source=archive.sh
. "${top_srcdir:?is set by make check}/test/tool/archive.sh"
command -v python3 >/dev/null || skip_all "python3 is not installed"

# fake FILE [FAULT...]: starts the double. Sets fake_pid, and fake_url; its lines wait at the descriptor told.
fake() {
    local port
    rm -f pipe stdin
    mkfifo pipe stdin
    python3 "$top_srcdir/test/tool/fake_esmond.py" "$@" <stdin >pipe 2>fake.err &
    fake_pid=$!
    pids+=("$fake_pid")
    exec {stdin}>stdin {told}<pipe
    read -r -t 60 -u "$told" port || bail_out "the double does not start: $(<fake.err)"
    fake_url=http://127.0.0.1:$port/esmond/perfsonar/archive
}
end_fake() {
    kill "$fake_pid" 2>/dev/null
    wait "$fake_pid" 2>/dev/null
    exec {stdin}>&- {told}<&-
}

# pull ARGUMENT...: an import. That a new archive is made for it is not in err.
pull() {
    run "$psarchive" import "$@"
    err=$(sed '/^psarchive import: a new archive is made in [a-z]$/d' <<<"$err")
}

# values ARCHIVE: all that is in it, without the order of writing.
values() {
    "$psarchive" export --data "$1" --no-documents | sort
}

# --- from an archive of ours

for test in latencybg rtt throughput trace; do
    python3 "$top_srcdir/bench/archive_documents" $test 2 40 600
done >documents.jsonl || skip_all "python3 cannot make documents"
mkdir a
"$psarchive" import --data a/data --no-documents documents.jsonl >/dev/null
archive a || bail_out "$line"
pull --data b "$url"
check "all comes over" "$rc: $out$err" "0: 8 metadata: 2240 values stored, 0 known already, 0 refused"
check "and is the same" "$(values b | md5sum)" "$(values a/data | md5sum)"
run "$psarchive" verify --data b
match "with the roll-ups that it makes" "$rc: $out" "^0: 8 metadata, 320 results, [0-9]* roll-ups: all is right"
pull --data b "$url"
check "a second time nothing is asked for twice" "$rc: $out$err" "0: 8 metadata: 0 values stored, 0 known already, 0 refused"
pull --data b --again "$url/"
check "and when it is, it counts once" "$rc: $out$err" "0: 8 metadata: 0 values stored, 2240 known already, 0 refused"
check "still the same" "$(values b | md5sum)" "$(values a/data | md5sum)"
pull --data c --event-type throughput --source 10.0.0.2 --from 1700010000 --to 1700020000 "$url"
match "filters and times" "$rc: $out$err" "^0: 1 metadata: [1-9][0-9]* values stored"
pull --data c --event-type throughput --source 10.0.0.2 "$url"
match "what an import left out comes with one that wants it" "$rc: $out$err" "^0: 1 metadata: [1-9][0-9]* values stored"
check "all of that metadata" "$(values c | wc -l)" 41
pull --data c --source 192.0.2.77 "$url"
check "nothing is like that" "$rc: $out$err" "0: 0 metadata: 0 values stored, 0 known already, 0 refused"

# --- what is only in roll-ups any longer

days=$((($(date +%s) - 1700020000) / 86400))
cat >policy.json <<END
{"policies":[{"event_type":"*","summary_type":"*","summary_window":"*","expire":"never"},
{"event_type":"*","summary_type":"base","summary_window":"*","expire":"$days"},
{"event_type":"*","summary_type":"statistics","summary_window":"0","expire":"$days"}]}
END
# summed ARCHIVE: what its roll-ups tell.
summed() {
    local key
    "$psarchive" get --data "$1" --format csv | sed 1d | cut -d, -f1 | sort | while read -r key; do
        for s in packet-loss-rate/aggregations/86400 packet-count-sent/aggregations/300 histogram-owdelay/statistics/3600 \
            histogram-rtt/aggregations/86400 throughput/averages/86400; do
            "$psarchive" get --data "$1" "$key" "$s" --format csv 2>/dev/null
        done
    done
}
mkdir d
for test in latencybg rtt throughput; do
    python3 "$top_srcdir/bench/archive_documents" $test 1 200 600
done | "$psarchive" import --data d/data --no-documents - >/dev/null
before=$(summed d/data)
"$psarchive" purge --data d/data --retention policy.json >/dev/null
end_archive TERM
archive d || bail_out "$line"
pull --data e "$url"
# A sum of an hour of which some points are left may be what these make already.
match "points and sums come over" "$rc: $out$err" "^0: 3 metadata: [1-9][0-9]* values stored, [0-9]+ known already, 0 refused"
check "sums of points that are gone are the same" "$(summed e | md5sum)" "$(md5sum <<<"$before")"
match "and the points are not there" "$(values e | wc -l)" '^[1-5][0-9][0-9]$'
run "$psarchive" verify --data e
match "the archive is in order" "$rc: $out" "^0: .*all is right"
pull --data e --again "$url"
match "sums count once" "$rc: $out$err" "^0: 3 metadata: 0 values stored, [1-9][0-9]* known already, 0 refused"
check "they do not change" "$(summed e | md5sum)" "$(md5sum <<<"$before")"
for test in latencybg rtt throughput; do
    python3 "$top_srcdir/bench/archive_documents" $test 1 200 600
done | "$psarchive" import --data e --no-documents - >/dev/null 2>&1
check "nor do points that are in them add to them" "$(summed e | md5sum)" "$(md5sum <<<"$before")"
end_archive TERM

# --- from one that does not get on

python3 - >metas.json <<'END'
import json
metas = []
for i in range(8):
    base = 1700006400
    sent = [[base + 60 * n, 600.0] for n in range(20)]
    lost = [[base + 60 * n, float(n % 3)] for n in range(20)]
    share = [[base + 60 * n, (n % 3) / 600] for n in range(20)]
    hist = [[base + 60 * n, {"10.00": 500, "10.50": 100 - n % 3}] for n in range(20)]
    metas.append({"key": f"{i:02x}" * 16, "params": {
        "subject-type": "point-to-point", "source": f"192.0.2.{i + 1}", "destination": "2001:db8::1",
        "measurement-agent": f"192.0.2.{i + 1}", "tool-name": "pscheduler/powstream", "time-duration": 60},
        "series": {"packet-loss-rate/base": share, "packet-loss-rate/aggregations/3600": [[base, 19 / 12000]],
                   "packet-count-sent/base": sent, "packet-count-lost/base": lost, "histogram-owdelay/base": hist,
                   "histogram-owdelay/aggregations/3600": [[base - 3600, {"9.00": 36000}]],
                   "failures/base": []}})
metas[0]["series"]["throughput/base"] = [[1700006400 + 60 * n, 1e9 + n] for n in range(20)]
print(json.dumps(metas))
END
fake metas.json
pull --data f "$fake_url"
end_fake
check "short pages of a list and of series" "$rc: $out$err" "0: 8 metadata: 668 values stored, 0 known already, 0 refused"
whole=$(values f | md5sum)
key=$(printf '00%.0s' {1..16})
match "shares are told with what they are of" "$(values f | grep -m 1 '"packet-count-lost":2')" \
    '"packet-loss-rate":\{"numerator":2,"denominator":600\}'
check "the sum of an hour that has no points any longer" \
    "$("$psarchive" get --data f "$key" histogram-owdelay/aggregations/3600 --json | head -n 1 | grep -o '"9.00":36000')" '"9.00":36000'

fake metas.json rough
pull --data g --patience 60s --connections 2 "$fake_url"
end_fake
check "errors, half answers and closed connections are tried again" "$rc: $out$err" \
    "0: 8 metadata: 668 values stored, 0 known already, 0 refused"
check "and leave nothing out" "$(values g | md5sum)" "$whole"

# Each page of a list is asked for once, also when all jobs of a page end together: in the second import, which wants
# nothing that is not here, each ends as soon as it begins.
python3 - >many.json <<'END'
import json
print(json.dumps([{"key": f"{i:032x}", "params": {
    "subject-type": "point-to-point", "source": f"192.0.2.{i + 1}", "destination": "2001:db8::1",
    "measurement-agent": f"192.0.2.{i + 1}", "tool-name": "pscheduler/powstream", "time-duration": 60},
    "series": {"packet-count-sent/base": [[1700006400, 600.0]]}} for i in range(60)]))
END
# end_listed: ends the double. Sets pages, how many of the list it was asked for, and how many of these again.
end_listed() {
    kill "$fake_pid"
    grep -o 'archive/?limit=.*' <&"$told" >asked
    end_fake
    pages="$(wc -l <asked), $(sort asked | uniq -d | wc -l) again"
}
for n in 60 0; do
    fake many.json
    pull --data m --to 1700006400 "$fake_url"
    end_listed
    check "a list of many pages, $n of its values not known" "$rc: $out$err" "0: 60 metadata: $n values stored, 0 known already, 0 refused"
    check "each is asked for once" "$pages" "31, 0 again"
done

fake metas.json shifting
pull --data h "$fake_url"
end_fake
check "a list that changes while it is read" "$rc: $out$err" "0: 8 metadata: 668 values stored, 0 known already, 0 refused"
check "has all in the end" "$(values h | md5sum)" "$whole"

fake many.json growing
pull --data q --to 1700006400 "$fake_url"
end_fake
check "a list that changes more often than it is begun anew, and has something new each time" "$rc: $out$err" \
    "0: 60 metadata: 60 values stored, 0 known already, 0 refused"
fake metas.json restless
pull --data r "$fake_url"
end_fake
match "one that has nothing new and does not come to rest ends it" "$rc: $err" \
    "^3: psarchive import: the list changes each time that it is read, and has nothing new; what came is stored"

fake metas.json no-sums
pull --data i "$fake_url"
end_fake
check "a summary that is not to be had" "$rc: $out$nl$err" "0: 8 metadata: 660 values stored, 0 known already, 0 refused
psarchive import: 16 series are in the list there and are not to be had"

fake metas.json elsewhere deaf
pull --data j "$fake_url"
end_fake
match "another host is not asked" "$rc: $err" "^1: .*failures: 'http://192.0.2.1/.* is no place in the archive that was asked"
match "a series that does not heed times ends" "$err" "throughput: a page that was asked for from .* has nothing of that time"

fake metas.json stuck
"$psarchive" import --data k --connections 1 "$fake_url" 2>/dev/null &
import_pid=$!
while read -r -t 60 -u "$told" line && [ "$line" != stuck ]; do :; done
check "an import is killed on its way" "$line" stuck
kill -9 "$import_pid"
wait "$import_pid" 2>/dev/null
end_fake
fake metas.json
pull --data k "$fake_url"
match "and goes on from there" "$rc: $out$err" "^0: 8 metadata: [1-6][0-9]* values stored, 0 known already, 0 refused"
check "all is there, and once" "$(values k | md5sum)" "$whole"
echo 'packet-count-lost base nonsense' >>k/import.state
pull --data k "$fake_url"
check "a state file with something else in it" "$rc: $out$err" "0: 8 metadata: 0 values stored, 0 known already, 0 refused"
sed 's/600\.0/601.0/g' metas.json >other.json
end_fake
fake other.json
pull --data k --again "$fake_url"
match "what is here with another value stays" "$rc: $out" "^1: 8 metadata: [0-9]* values stored, [0-9]* known already, 160 refused"
match "and is told" "$err" "packet-count-sent at 1700006400: there is another value already"
check "a hundred are told" "$(wc -l <<<"$err")" 100
end_fake

# --- who answers, and who does not

fake metas.json token
pull --data l "$fake_url"
match "without a token" "$rc: $err" "^3: psarchive import: http://127.0.0.1:.*: 401: .*who are you.*goes on from there"
echo sesame >token
pull --data l --token-file token "$fake_url"
match "with one" "$rc: $out" "^0: 8 metadata"
end_fake
pull --data l --patience 1s "$fake_url"
match "nobody listens" "$rc: $err" "^3: psarchive import: http://127.0.0.1:.*[Cc]onnect.*goes on from there"
pull --data l http://
match "no URL" "$rc: $err" "^2: psarchive import: http://: wants a URL"
pull --data l "$fake_url" more
match "one at a time" "$rc: $err" "^2: psarchive import: wants one URL"
pull --data l --source 192.0.2.1 documents.jsonl
match "filters are not for files" "$rc: $err" "^2: psarchive import: filters"
pull --connections 0 x
match "connections" "$rc: $err" "^2: psarchive import: --connections '0': wants a number from 1 to 64"
pull --patience ever x
match "patience" "$rc: $err" "^2: psarchive import: --patience 'ever': wants a time"
pull --token-file none x
match "a token that is not there" "$rc: $err" "^2: psarchive import: --token-file none: No such file"
plan
