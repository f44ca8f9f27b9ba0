#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is wrong with psched is told by its status, and by the log when it begins and ends.
. "$(dirname "$0")/../tool/tool.sh"
# shellcheck source=../tool/sched.sh
. "${top_srcdir:?is set by make check}/test/tool/sched.sh"
for tool in curl jq python3 openssl; do
    command -v $tool >/dev/null || skip_all "$tool is not installed"
done

idle='{"schema":1,"test":{"type":"idle","spec":{"duration":"PT1S"}},"schedule":{"start":"PT1H","slip":"PT1H"}}'
trouble() {
    control '{"verb":"status"}' | json .trouble
}
troubled() { # REGEX
    [[ $(trouble) =~ $1 ]]
}

# --- limits that come and go

limits() {
    "$pslimits" serve -f rules -S "$tmp/lim.sock" 2>limits.log &
    limits_pid=$!
    pids+=($!)
}
cat >rules <<'END'
{"schema":1,"identifiers":[{"name":"all","description":"all","type":"always","data":{}}],
 "classifiers":[{"name":"all","description":"all","identifiers":["all"]}],
 "limits":[{"name":"yes","description":"yes","type":"pass-fail","data":{"pass":true}}],
 "applications":[{"description":"all","classifier":"all","apply":[{"require":"all","limits":["yes"]}]}]}
END
sched a --limits "$tmp/lim.sock" || bail_out "$line"
hear "limits: " || bail_out "$line"
match "limits that are not there are logged" "$line" 'lim.sock: .*: until they answer, new tasks are refused'
match "and are trouble" "$(trouble)" '^limits: .*lim.sock: .*new tasks are refused$'
run "$psched" status --control "$dir/control"
check "which the command tells by its status" "$rc $(grep -c '^Trouble  *limits: ' <<<"$out")" "1 1"
match "a task is refused for that" "$(rest POST /tasks "$idle")" 'limits give no answer.* 422$'
limits
until_true eval "rest POST /tasks '$idle' | grep -q ' 200\$'"
hear "limits: " || bail_out "$line"
match "their return is logged" "$line" 'lim.sock: they answer again'
check "and ends the trouble" "$(trouble)" null
kill "$limits_pid"
wait "$limits_pid"
rest POST /tasks "$idle" >/dev/null
hear "limits: " || bail_out "$line"
match "so is the next outage" "$line" 'until they answer'
end_sched TERM

# --- a folder that is gone

sched b || bail_out "$line"
kept=$(post "$idle")
mv b/data b/away
match "a state that is gone is trouble" "$(trouble)" 'b/data/psched.db: is not there any more: stop psched'
match "a task is not taken then" "$(rest POST /tasks "$idle")" 'written down: .*psched.db: is not there any more.* 500$'
hear "store: " || bail_out "$line"
match "it is logged" "$line" 'psched.db: is not there any more.*nothing new is started'
check "the services are overdue" "$(fetch /status | json '.services.runner.overdue != null')" true
mv b/away b/data
until_true troubled '^null$'
check "when it is back, what there was is there" "$(fetch "$kept" | json .test.type)" idle
match "and tasks are taken again" "$(rest POST /tasks "$idle")" ' 200$'

# --- a database that is damaged

# More results than are kept in memory, so that they are read from the disk.
long=$(printf '%0100000d' 0)
for ((i = 0; i < 60; i++)); do
    post "{\"schema\":1,\"test\":{\"type\":\"noop\",\"spec\":{\"data\":\"$long\"}}}"
done >urls
until_true eval "[ \"\$(fetch /stat/runs/finished)\" = 60 ]"
check "a long result can be read" "$(fetch "$(head -n 1 urls)/runs/first/result" | json '.data | length')" 100000
python3 - b/data/psched.db b/data/psched.db-wal <<'END'
import os, sys
for name in sys.argv[1:]:
    size = os.path.getsize(name)
    with open(name, "r+b") as f:
        f.seek(4096)
        f.write(os.urandom(max(size - 4096, 0)))
END
damaged() {
    while read -r stop; do
        rest GET "$stop/runs/first/result?format=text/plain" | grep -q '500$' && return
    done <urls
    return 1
}
until_true damaged
match "a result that cannot be read is no success" "$(rest GET "$stop/runs/first/result?format=text/plain")" \
    'cannot be read: .*psched.db: damaged.*put a backup in its place.* 500$'
match "damage is trouble" "$(trouble)" 'psched.db: damaged.*: put a backup in its place'
match "with it no task is taken" "$(rest POST /tasks "$idle")" 'written down: .*damaged.* 500$'
run "$psched" troubleshoot --quick --socket "$dir/rest"
match "troubleshoot tells it" "$rc $out" '^1 .*Does it know of trouble\.\.\. FAILED: .*damaged'
end_sched KILL
run "$psched" serve --data b/data --listen-unix "$tmp/x" --control "$tmp/y" --limits none
match "nor does it start" "$rc $err" '^4 .*b/data/psched.db: damaged.*: put a backup in its place'

# --- a certificate that runs out

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3 -subj /CN=x -keyout k.pem -out c.pem 2>/dev/null
mkdir c
printf 'certificate %s\nkey %s\n' "$tmp/c.pem" "$tmp/k.pem" >c/conf
sched c --listen 127.0.0.1:0 || bail_out "$line"
match "a certificate that runs out soon is trouble" "$(trouble)" 'c.pem: runs out in [23] days: renew it'
end_sched TERM

# --- purge where nothing can be written

if mkdir full && mount -t tmpfs -o size=1500k none full 2>/dev/null; then
    sched e --data "$tmp/full/data" || bail_out "$line"
    for ((i = 0; i < 20; i++)); do
        post "$idle"
    done >urls
    fill() {
        dd if=/dev/zero of=full/filler bs=4096 oflag=append conv=notrunc 2>/dev/null
    }
    full() {
        while read -r url; do
            fill
            run "$psched" purge --control "$dir/control" "$url"
            [ "$rc" = 0 ] || return 0
        done <urls
        return 1
    }
    until_true full
    match "a purge that cannot be written down says so" "$err" 'the task stays, .*full/data/psched.db: no space left'
    check "and leaves the task" "$(fetch "$url" | json '.test.type')" idle
    rm full/filler
    until_true eval "'$psched' purge --control '$dir/control' '$url'"
    check "with room again it is done" "$(rest GET "$url" | grep -o '[0-9]*$')" 404
    end_sched TERM
    umount full
else
    skip "a purge on a full disk" "no file system can be mounted here"
fi
plan
