#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Streams in trouble: whatever happens, each moment of a stream is a measurement or a gap with its reason, and
# one that is in trouble delays no other.
. "$(dirname "$0")/fault.sh"
mkdir -p guarded/conf
printf 'joe\t736563726574\n' >joe.pfs
printf 'joe\t00\n' >guarded/conf/owamp-server.pfs
chmod 600 joe.pfs guarded/conf/owamp-server.pfs
echo 'authmode AE' >guarded/conf/owamp-server.conf
for name in mortal halted steady guarded; do
    start_server $name
done

# --- a directory that is not there yet: the stream is tried again, which is looked at in the end

mkdir later
cat >later.json <<END
{"streams": [{"name": "later", "server": "127.0.0.1:${port[steady]}", "count": 20, "interval": "0.05f", "timeout": 0.4,
  "directory": "$PWD/later/out"}]}
END
"$top_builddir/powstream/powstream" -g warning --streams later.json >/dev/null 2>later/err </dev/null &
pid[later]=$!
pids+=($!)
until_true has_text later/err 'later: cannot begin: .*later/out: No such file or directory'
mkdir later/out

# --- a server of another make, which needs more time between sessions than these leave

start_peer other.out serve other.port greeting setup? start hold
until_true test -s other.port
start_stream other "127.0.0.1:$(cat other.port)"
until_true has_text other/err 'gaps are likely'
check "short sessions with another make's server are warned of" "$(head -n 1 other/err)" \
    "powstream: 127.0.0.1-from: a session of 1 s is shorter than 10 s and the timeout of 0.4 s: with this server, which \
is of another make, gaps are likely"
kill "${pid[other]}"
wait "${pid[other]}"
end_peer

# --- a server that is killed and restarted on its port

start_stream killed-from "127.0.0.1:${port[mortal]}"
start_stream killed-to -t "127.0.0.1:${port[mortal]}"
until_true sessions killed-from/out 2
until_true sessions killed-to/out 2
{
    kill -9 "${pid[mortal]}"
    wait "${pid[mortal]}"
} 2>/dev/null
gap_told() { # NAME REASON
    has_text "$1/out/powstream.gaps" "$2" || has_text "$1/err" "$2"
}
sleep 1.5 # time in which nobody listens
start_server mortal -S "127.0.0.1:${port[mortal]}"
more_sessions killed-from/out 2
more_sessions killed-to/out 2
dead='the control connection: (the server closed the connection|Connection refused|Connection reset by peer)'
end_stream killed-from "a server killed that sent" "$dead"
end_stream killed-to "a server killed that received" "$dead"
stop_server mortal

# --- a server that does nothing for a while, as one whose control connection is half dead

start_stream halted-from "127.0.0.1:${port[halted]}"
start_stream halted-to -t "127.0.0.1:${port[halted]}"
until_true sessions halted-from/out 2
until_true sessions halted-to/out 2
kill -STOP "${pid[halted]}"
sleep 3
kill -CONT "${pid[halted]}"
more_sessions halted-from/out 2
more_sessions halted-to/out 2
late='the server (agreed too late|ended the session early|does not answer)|all control connections are busy|no further session'
kill "${pid[halted-from]}" "${pid[halted-to]}"
wait "${pid[halted-from]}" "${pid[halted-to]}"
for name in halted-from halted-to; do
    check "a server stopped for a while, $name: every moment is accounted for" "$(holes $name/out)" ""
    check "a server stopped for a while, $name: for a reason of its own" \
        "$(account $name/out | grep -vE "measured|setting up|stopped|$late")" ""
done
stop_server halted

# --- a pass-phrase that is wrong, until it is right

start_stream pass -A E -u joe -k joe.pfs "127.0.0.1:${port[guarded]}"
until_true has_text guarded/log "wrong pass-phrase"
check "with a wrong pass-phrase nothing is measured" "$(find pass/out -name '*.owp')" ""
cp joe.pfs guarded/conf/owamp-server.pfs
kill -HUP "${pid[guarded]}"
until_true sessions pass/out 2
end_stream pass "a wrong pass-phrase, put right" 'the control connection: .*pass-phrase'
stop_server guarded

# --- powstream killed and started again

start_stream twice "127.0.0.1:${port[steady]}"
until_true sessions twice/out 2
{
    kill -9 "${pid[twice]}"
    wait "${pid[twice]}"
} 2>/dev/null
start_stream twice "127.0.0.1:${port[steady]}"
more_sessions twice/out 2
end_stream twice "powstream killed and started again" 'powstream was not running'

# --- killed in an outage that has not been told yet

start_stream early 127.0.0.1:1
until_true has_text early/out/.powstate.early 'Connection refused'
check "an outage of a moment is not told before it has lasted" "$(find early/out -name powstream.gaps)" ""
{
    kill -9 "${pid[early]}"
    wait "${pid[early]}"
} 2>/dev/null
start_stream early 127.0.0.1:1
until_true has_text early/out/powstream.gaps 'powstream was not running'
match "killed in it: why it was goes before that powstream was not running" \
    "$(grep -o '"reason":"[^"]*"' early/out/powstream.gaps | tr '\n' ' ')" \
    'Connection refused" "reason":"powstream was not running" $'
kill "${pid[early]}"
wait "${pid[early]}"

# --- a stream whose pass-phrases are not there for a while, across two readings of the file

start_server asks
printf 'joe\t736563726574\n' >asks.pfs
chmod 600 asks.pfs
passes() { # FILE
    cat >asks.json <<END
{"streams": [{"name": "asks", "server": "127.0.0.1:${port[asks]}", "count": 20, "interval": "0.05f", "timeout": 0.4,
  "directory": "$PWD/asks/out", "identity": "joe", "modes": "EAO", "pass-phrases": "$PWD/$1"}]}
END
}
tell_asks() {
    "$top_builddir/powstream/powstream" --control asks.ctl --tell "$1"
}
mkdir asks/out
passes asks.pfs
"$top_builddir/powstream/powstream" -g warning --streams asks.json --control asks.ctl >/dev/null 2>asks/err </dev/null &
pid[asks-stream]=$!
pids+=($!)
until_true sessions asks/out 1
passes none.pfs
tell_asks reload >/dev/null
until_true has_text asks/err 'asks: cannot begin: .*none.pfs: No such file or directory'
match "a stream that cannot begin says since when" "$(tell_asks list)" \
    '"gap-open":\{"since":"20[^"]*","seconds":[0-9.e-]*,"reason":"[^"]*none.pfs: No such file or directory"\}'
passes asks.pfs
tell_asks reload >/dev/null
more_sessions asks/out 1
kill "${pid[asks-stream]}"
wait "${pid[asks-stream]}"
match "and then tells what was in its way" "$(cat asks/out/powstream.gaps)" \
    '"reason":"[^"]*none.pfs: No such file or directory"'
check "not that powstream was not running" "$(grep -c 'was not running' asks/out/powstream.gaps)" 0
stop_server asks

# --- a disk that is full for a while

mkdir -p full/out
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=256k fault full/out 2>/dev/null; then
    mounts+=("$PWD/full/out")
    start_stream full "127.0.0.1:${port[steady]}"
    until_true sessions full/out 2
    head -c 1M /dev/zero >full/out/filler 2>/dev/null
    until_true has_text full/err 'No space left on device'
    sleep 1.5
    rm full/out/filler
    more_sessions full/out 2
    end_stream full "a full disk" 'No space left on device'
else
    for claim in ends accounted reason else; do
        skip "a full disk: $claim" "a small tmpfs cannot be mounted here"
    done
fi

# --- bad neighbours

mkdir -p many/out
start_peer silent.out serve silent.port closed?
until_true test -s silent.port
cat >many.json <<END
{"defaults": {"count": 20, "interval": "0.05f", "timeout": 0.4, "retry": 0.3, "directory": "$PWD/many/out/%n"},
 "streams": [{"name": "good", "server": "127.0.0.1:${port[steady]}"},
  {"name": "nobody", "server": "127.0.0.1:1"},
  {"name": "nowhere", "server": "nowhere.invalid"},
  {"name": "silent", "server": "127.0.0.1:$(cat silent.port)"},
  {"name": "stranger", "server": "127.0.0.1:${port[steady]}", "source": "192.0.2.1"}]}
END
"$top_builddir/powstream/powstream" -g warning --streams many.json >/dev/null 2>many/err </dev/null &
pid[many]=$!
pids+=($!)
until_true sessions many/out/good 4
kill "${pid[many]}"
wait "${pid[many]}"
check "bad neighbours: powstream ends with 0" $? 0
check "bad neighbours: the good stream has no gap but its set-up and its end" \
    "$(account many/out/good | grep -vE 'measured|"setting up"|"stopped"|"powstream was stopped"')" ""
for name in good nobody nowhere silent stranger; do
    check "bad neighbours: every moment of $name is accounted for" "$(holes many/out/$name)" ""
done
match "bad neighbours: nobody listens" "$(account many/out/nobody)" 'the control connection: Connection refused'
match "bad neighbours: a name that does not resolve" "$(account many/out/nowhere)" 'nowhere\.invalid: '
match "bad neighbours: a source that is not ours" "$(account many/out/stranger)" '192\.0\.2\.1|Cannot assign'
until_true sessions later/out 2
end_stream later "a directory that came later" 'later/out: No such file or directory'
stop_server steady
plan
