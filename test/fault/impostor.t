#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Servers that are none: owping ends with 1, says why, and leaves nothing behind. They run side by side,
# since some do nothing but keep silent.
. "$(dirname "$0")/fault.sh"

cases=()
declare -A text wanted ping

# against NAME TEXT WANTED OPTIONS WORD...: owping with the options meets a server that does as the words
# say; its complaint is to match WANTED.
against() {
    local name=$1 options
    text[$name]=$2 wanted[$name]=$3
    read -ra options <<<"$4"
    shift 4
    cases+=("$name")
    mkdir "$name"
    start_peer "$name/peer" serve "$name/port" "$@"
    (
        until_true test -s "$name/port" || exit 1
        TMPDIR=$PWD/$name exec timeout 120 owping -c 3 -i 0.01f -L 0.3 "${options[@]}" "127.0.0.1:$(cat "$name/port")"
    ) >"$name/out" 2>"$name/err" &
    ping[$name]=$!
    pids+=($!)
}

printf 'joe\t736563726574\n' >pfs
chmod 600 pfs
secret='-u joe -k pfs -A AE'
ready=(early=1 greeting setup? start)
from=("${ready[@]}" udp request?)
to=("${ready[@]}" udp request? accept go? ack)
fetched=("${to[@]}" stop? sessions=0 stop fetch?? next_seqno=3)

# --- until the connection is set up
against modes0 "no mode" 'the server offers no mode' '' modes=0 greeting closed?
against modes8 "an unknown mode" 'no common mode: the server offers unknown \(0x8\)' '' modes=8 greeting closed?
against count0 "no rounds of key derivation" 'asks for 0 rounds' "$secret" modes=6 count=0 greeting closed?
against count1 "one round" 'asks for 1 rounds' "$secret" modes=6 count=1 greeting closed?
against count4e9 "4294967295 rounds" 'asks for 4294967295 rounds' "$secret" modes=6 count=4294967295 greeting closed?
against silence "silence" 'the server does not answer' '' closed?
against half "half a greeting" 'the server does not answer' '' send=0000000000000000000000000000 closed?
against mute "silence behind the greeting" 'the server does not answer' '' greeting setup? closed?
against gone "the end in mid-greeting" 'the server closed the connection' '' send=00000000 shut closed?
against refuse "refusal" 'the server refused the connection: rejected' '' greeting setup? accept=1 start closed?
against start77 "an unknown Accept value" 'Server-Start with the unknown Accept value 77' '' \
    greeting setup? accept=77 start closed?
against zeros "endless zeros" 'owping: ' '' endless
against more "endless zeros behind Server-Start" 'owping: ' '' greeting setup? start endless

# --- Accept-Session
against accept1 "a refused session" 'refused the session to it: rejected \(Accept 1\)' '-t' \
    "${ready[@]}" request? accept=1 accept closed?
against accept77 "an unknown Accept value for a session" 'unknown Accept value \(Accept 77\)' '-f' \
    "${ready[@]}" request? accept=77 accept closed?
against port0 "port zero" 'without telling its UDP port' '-t' "${ready[@]}" request? port=0 accept closed?
against sid "another SID" 'another session than was asked for' '-f' "${from[@]}" sid=00112233445566778899aabbccddeeff \
    accept closed?
against ack5 "a refused start" 'did not start the test: temporary resource limitation' '-f' \
    "${from[@]}" accept go? accept=5 ack closed?

# --- the test
against stop0 "zeros for Stop-Sessions" 'command 0 while only Stop-Sessions is due' '-f' \
    "${from[@]}" accept go? ack endless
against stop4e9 "Stop-Sessions for 4294967295 sessions" '4294967295 sessions are too many' '-f' \
    "${from[@]}" accept go? ack sessions=4294967295 stop closed?
against skips "Stop-Sessions with 4294967295 skip ranges" 'too many skip ranges' '-f' \
    "${from[@]}" accept go? ack next_seqno=3 nskips=4294967295 stop closed?
against beyond "Stop-Sessions beyond the packets" 'Next Seqno is beyond' '-f' \
    "${from[@]}" accept go? ack next_seqno=4 stop closed?

# --- the session fetched
against records "4294967295 records" 'not the session that was asked for' '-t' \
    "${fetched[@]}" nrecords=4294967295 fetch-ack head endless
against other "another request" 'not the session that was asked for' '-t' \
    "${fetched[@]}" nrecords=1 npackets=7 fetch-ack head closed?
against slots "other slots" 'not the session that was asked for' '-t' \
    "${fetched[@]}" nrecords=1 slot= slot=0:1 fetch-ack head closed?
against slots4e9 "4294967295 slots" '4294967295 schedule slots' '-t' \
    "${fetched[@]}" nrecords=1 nslots=4294967295 fetch-ack head closed?
against badsid "another session" 'sends another session than was asked for' '-t' \
    "${fetched[@]}" nrecords=1 sid=00112233445566778899aabbccddeeff fetch-ack head closed?
against state "a state that is none" '9 is not a state of a session' '-t' "${fetched[@]}" finished=9 fetch-ack closed?
against skips2 "4294967295 skip ranges" '4294967295 skip ranges are too many' '-t' \
    "${fetched[@]}" nskips=4294967295 fetch-ack closed?
against cut "records that end early" 'the server closed the connection' '-t' \
    "${fetched[@]}" nrecords=3 fetch-ack head send=00000000 shut closed?

for name in "${cases[@]}"; do
    wait "${ping[$name]}"
    status=$?
    check "${text[$name]}: owping ends with 1" $status 1
    match "${text[$name]}: it says why" "$(cat "$name/err")" "^owping: .*${wanted[$name]}|^${wanted[$name]}"
    check "${text[$name]}: it leaves no file and prints no result" \
        "$(find "$name" -name 'owamp.*') $(grep sent "$name/out")" " "
done
plan
