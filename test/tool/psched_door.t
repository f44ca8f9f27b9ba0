#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What psched lets in and what it gives away: pages of other sites, its state's modes, refusals of archives, counts.
. "$(dirname "$0")/tool.sh"
# shellcheck source=sched.sh
. "${top_srcdir:?is set by make check}/test/tool/sched.sh"
for tool in curl jq python3; do
    command -v $tool >/dev/null || skip_all "$tool is not installed"
done

idle() { # [MORE]
    echo "{\"schema\":1,\"test\":{\"type\":\"idle\",\"spec\":{\"duration\":\"PT1S\"}}${1:+,$1}}"
}
archived_by() { # ARCHIVE
    idle "\"archives\":[{\"archiver\":\"bitbucket\",\"data\":{}},$1]"
}

# --- its state, where the folder lets everybody in

mkdir -m 755 a a/data
"$psched" serve --data "$tmp/a/data" --listen-unix "$tmp/a/s/rest" --control "$tmp/a/control" --limits none 2>log &
sched_pid=$!
pids+=("$sched_pid")
dir=$tmp/a
until_true grep -q 'listening on' log
check "a folder that is made for a socket is told" "$(grep -c "made the folder of $tmp/a/s/rest$" log)" 1
modes() {
    stat -c '%a %n' a/data/psched.db* | sort
}
check "the state is for its user and group alone" "$(modes)" "640 a/data/psched.db
640 a/data/psched.db-shm
640 a/data/psched.db-wal"
kill "$sched_pid"
wait "$sched_pid"
chmod 644 a/data/psched.db
sched a || bail_out "$line"
check "one that was open to all is not any more" "$(modes | cut -c 1-3 | sort -u)" 640

# --- pages of other sites

from() { # ORIGIN
    curl -s -w ' %{http_code}' --unix-socket "$dir/rest" -H "Origin: $1" -H 'Content-Type: text/plain' \
        -d "$(idle)" http://localhost/pscheduler/tasks
}
match "a page of another site puts no task in" "$(from https://elsewhere.example)" '^Forbidden: .*another site.* 403$'
match "nor does one of no site" "$(from null)" ' 403$'
match "one of this server does" "$(from http://localhost)" ' 200$'
match "and so do clients that are no pages" "$(rest POST /tasks "$(idle)")" ' 200$'
check "all may read" "$(curl -s --unix-socket "$dir/rest" -H 'Origin: https://elsewhere.example' http://localhost/pscheduler/api)" 6

# --- archives

match "a transform that does not compile is refused by its archive's name" \
    "$(rest POST /tasks "$(archived_by '{"archiver":"http","data":{"_url":"http://127.0.0.1:9/"},"transform":{"script":"("}}')")" \
    '^At /archives/1 \(http\): At /transform/script: .* 400$'
match "so are data that it cannot do with" "$(rest POST /tasks "$(archived_by '{"archiver":"http","data":{}}')")" \
    '^At /archives/1 \(http\): .*_url.* 400$'
url=$(post "$(idle '"archives":[{"archiver":"http","data":{"_url":"http://127.0.0.1:1/"},"ttl":"PT3S"}]')")
over() {
    fetch "$url/runs/first?wait=0" | jq -e '.archivings[0].completed' >/dev/null
}
until_true over
check "what is older than its ttl is not tried any more" \
    "$(fetch "$url/runs/first" | jq -c '.archivings[0] | [.archived, (.diags | length), (.diags[-1] | tostring | test("longer than its ttl"))]')" \
    '[false,2,true]'
url=$(post "$(idle '"archives":[{"archiver":"bitbucket","data":{},"transform":{"script":"error(\"no\")"}}]')")
until_true over
check "nor is what a transform cannot do with, which would be so again" \
    "$(fetch "$url/runs/first" | jq -c '.archivings[0] | [.archived, .attempts, .diags[0].stdout.error]')" \
    '[false,1,"the transform failed: no"]'
url=$(post "$(idle '"archives":[{"archiver":"failer","data":{"fail":1,"retry":0}}]')")
until_true over
check "nor what the archiver gives up" "$(fetch "$url/runs/first" | jq -c '.archivings[0] | [.archived, .attempts]')" '[false,1]'

# --- counts

many=$(post '{"schema":1,"test":{"type":"idlebgm","spec":{"duration":"PT3S","interval":"PT1S"}}}')
rest DELETE "$(post "$(idle '"schedule":{"start":"PT1H"}')")" >/dev/null
until_true eval "fetch '$many/runs' | jq -e 'length >= 3' >/dev/null"
until_true eval "[ \"\$(control '{\"verb\":\"status\"}' | json '.running')\" = 0 ]"
check "results of one run are no runs, and what is over no task" \
    "$(control '{"verb":"status"}' | json '(.runs.started == .runs.finished + .runs.failed), (.runs.records >= 2), .["tasks-alive"], (.tasks > 3)')" \
    "true${nl}true${nl}0${nl}true"
end_sched TERM

# --- as many runs as may be

mkdir b
echo "runs 100" >b/conf
sched b || bail_out "$line"
for ((i = 0; i < 100; i++)); do
    post '{"test":{"type":"noop","spec":{}}}' >/dev/null
done
until_true eval "[ \"\$(fetch /stat/runs/finished)\" = 100 ]"
post '{"test":{"type":"noop","spec":{}}}' >/dev/null
hear "the oldest are forgotten before their time"
check "that runs are forgotten before their time is told" "$line" \
    "psched: runs: there are 100, as many as may be (runs of psched.conf): the oldest are forgotten before their time"
end_sched TERM
plan
