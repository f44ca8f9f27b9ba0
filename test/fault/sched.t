#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# psched killed at any moment, its archive away, its disk full, too much asked of it, another certificate.
. "$(dirname "$0")/../tool/tool.sh"
# shellcheck source=../tool/sched.sh
. "${top_srcdir:?is set by make check}/test/tool/sched.sh"
for tool in curl jq python3; do
    command -v $tool >/dev/null || skip_all "$tool is not installed"
done

idle() { # DURATION [MORE]
    echo "{\"schema\":1,\"test\":{\"type\":\"idle\",\"spec\":{\"duration\":\"$1\"}}${2:+,$2}}"
}

# --- killed while tasks come in

mkdir k
: >accepted
rounds=5
for ((i = 0; i < rounds; i++)); do
    sched k || bail_out "$line"
    (
        while url=$(post "$(idle PT1S '"schedule":{"start":"PT1H","repeat":"PT1H"}')") && [[ $url == http* ]]; do
            echo "$url" >>accepted
        done
    ) &
    poster=$!
    until_true eval "[ \$(wc -l <accepted) -gt $((10 * (i + 1))) ]"
    kill -9 "$sched_pid"
    wait "$sched_pid" "$poster" 2>/dev/null
    exec {said}<&-
done
sched k || bail_out "$line"
fetch /tasks | json '.[]' | sort >there
check "each task that was accepted is there after $rounds kills" "$(sort accepted | comm -23 - there)" ""
check "none is there twice" "$(uniq -d there)" ""
check "and each has a next run" \
    "$(while read -r url; do fetch "$url/runs/next?wait=20" | json .state; done <there | sort -u)" pending
fetch "$(head -n 1 there)/runs/next" >before

# --- killed while a tool runs

run=$(post "$(idle PT30S)")
until_true eval "[ \"\$(fetch '$run/runs/first?wait=0' | json .state)\" = running ]"
id=$(fetch "$run/runs/first" | json '.href | split("/") | last')
of_run() { # the processes that bear its mark
    grep -lz "^PSCHED_RUN=$id\$" /proc/[0-9]*/environ 2>/dev/null
}
has_process() {
    [ -n "$(of_run)" ]
}
until_true has_process || bail_out "no process of the run"
end_sched KILL
sched k || bail_out "$line"
check "its run has failed, with the reason" "$(fetch "$run/runs/first?wait=0" | json '.state, .reason')" "failed${nl}interrupted"
match "and a sentence" "$(fetch "$run/runs/first" | json .errors)" '[a-z]'
check "no process of it is left" "$(of_run)" ""
check "the run that was planned before is the same, at the same time" \
    "$(fetch "$(head -n 1 there)/runs/next" | json '.href, .["start-time"]')" "$(json '.href, .["start-time"]' <before)"
end_sched TERM

# --- an archive that is away

cat >archive.py <<'END'
import http.server, json, sys
got = open("archived", "a")
class Archive(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        doc = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        got.write(doc["run"]["href"] + "\n")
        got.flush()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Archive)
print(server.server_address[1], flush=True)
server.serve_forever()
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
sched b || bail_out "$line"
to="\"archives\":[{\"archiver\":\"http\",\"data\":{\"_url\":\"http://127.0.0.1:$port/\"}},{\"archiver\":\"bitbucket\",\"data\":{}}]"
url=$(post "$(idle PT1S "\"schedule\":{\"repeat\":\"PT2S\",\"max-runs\":4},$to")")
until_true eval "[ \"\$(fetch /stat/runs/finished)\" = 4 ]"
until_true eval "control '{\"verb\":\"archiving\"}' | jq -e '.archives[] | select(.label == \"bitbucket\") | .archived == 4'"
state=$(control '{"verb":"archiving"}' | json '.archives[] | select(.label == "http") | .backlog, .archived, (.["last-error"] | test("127.0.0.1"))')
check "one that is away holds up no other one" "$state" "4${nl}0${nl}true"
check "a run tells of both" "$(fetch "$url/runs/first" | json '.archivings[] | .archiver.name, .completed, .archived')" \
    "http${nl}false${nl}false${nl}bitbucket${nl}true${nl}true"
end_sched KILL
sched b || bail_out "$line"
python3 archive.py "$port" >/dev/null &
pids+=($!)
until_true eval "[ \$(wc -l <archived) -ge 4 ]"
until_true eval "[ \"\$(fetch /stat/archiving/backlog)\" = 0 ]"
check "back again it gets all, once" "$(sort archived)" \
    "$(fetch "$url/runs" | json '.[]' | sed 's|http://localhost|https://'"$(hostname)"'|' | sort)"
check "and that is told" "$(fetch "$url/runs/first" | json '.archivings[0] | .completed, .archived, (.diags | length > 1)')" \
    "true${nl}true${nl}true"
end_sched TERM

# --- too much

mkdir c
printf 'tasks 50\ntasks-per-requester 30\nchildren 3\n' >c/conf
sched c || bail_out "$line"
for ((i = 0; i < 40; i++)); do
    post "$(idle PT1S '"schedule":{"start":"PT1H"}')"
done >answers
check "a requester has as many tasks as it may" "$(grep -c '^http' answers)" 30
match "what is too much is refused, with the reason" "$(grep -v '^http' answers | head -n 1)" '[a-z]+'
check "as unavailable" "$(grep -c ' 503$' answers)" 10
end_sched TERM

# --- another certificate

sched d --listen 127.0.0.1:0 || bail_out "$line"
hear "listening on 127.0.0.1:" || bail_out "$line"
port=${line##*:}
port=${port%% *}
fingerprint() {
    python3 -c 'import hashlib, ssl, sys
print(hashlib.sha256(ssl.get_server_certificate(("127.0.0.1", int(sys.argv[1]))).encode()).hexdigest())' "$port"
}
first=$(fingerprint)
rm d/data/cert.pem d/data/key.pem
kill -HUP "$sched_pid"
hear "read the configuration anew" || bail_out "$line"
match "a certificate that is gone is made anew" "$(fingerprint)" '^[0-9a-f]{64}$'
check "it is another one" "$([ "$(fingerprint)" != "$first" ] && echo yes)" yes
echo "no certificate" >d/data/bad.pem
printf 'certificate %s\nkey %s\n' "$tmp/d/data/bad.pem" "$tmp/d/data/bad.pem" >d/conf
end_sched TERM
"$psched" serve -c d/conf --data "$tmp/d/data" --listen 127.0.0.1:0 --listen-unix "$tmp/d/rest" \
    --control "$tmp/d/control" --limits none 2>err
check "one that is none is no start" "$?" 4
match "and is named" "$(<err)" 'bad.pem: is no certificate'

# --- no room

if mkdir full && mount -t tmpfs -o size=1500k none full 2>/dev/null; then
    mkdir -p e
    echo "horizon PT5M" >e/conf # so that what is planned has room by itself
    sched e --data "$tmp/full/data" || bail_out "$line"
    url=$(post "$(idle PT1S '"schedule":{"repeat":"PT2S"}')")
    until_true eval "[ \"\$(fetch /stat/runs/finished)\" -gt 0 ]"
    late=$(post "$(idle PT1S '"schedule":{"start":"PT6S","slip":"PT10M"}')")
    dd if=/dev/zero of=full/filler bs=4096 2>/dev/null
    until_true eval "[ \"\$(control '{\"verb\":\"status\"}' | jq -r .trouble)\" != null ]"
    match "a full disk is told" "$(control '{"verb":"status"}' | json .trouble)" '[a-z]'
    until_true eval "rest POST /tasks '$(idle PT1S)' >answer; grep -q ' 500\$' answer"
    match "a task that cannot be written down is not taken" "$(<answer)" 'written down.* 500$'
    check "what there was can be read" "$(fetch "$url" | json .tool)" snooze
    until_true eval "[ \"\$(fetch '$late/runs/first?wait=0' | json .reason)\" = not-kept ]"
    match "a run that cannot be written down says so" "$(fetch "$late/runs/first?wait=0" | json .errors)" \
        'state cannot be written: .*(full|space)'
    check "and stays, as it has slip" "$(fetch "$late/runs/first?wait=0" | json .state)" pending
    rm full/filler
    until_true eval "[ \"\$(control '{\"verb\":\"status\"}' | jq -r .trouble)\" = null ]"
    n=$(fetch /stat/runs/finished)
    until_true eval "[ \"\$(fetch /stat/runs/finished)\" -gt $n ]"
    until_true eval "[ \"\$(fetch '$late/runs/first?wait=0' | json .state)\" = finished ]"
    check "in its slip the run has been carried out" "$(fetch "$late/runs/first?wait=0" | json '.state, .reason')" "finished${nl}null"
    check "as one run" "$(fetch "$late/runs" | json length)" 1
    match "with room again it goes on" "$(rest POST /tasks "$(idle PT1S)")" ' 200$'
    end_sched TERM
    umount full
else
    skip "a full disk" "no file system can be mounted here"
fi
plan
