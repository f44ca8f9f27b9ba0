#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Disks that are full, or become so: who needs the room is told, all others go on.
if [ -z "${IN_NAMESPACE-}" ]; then
    if ! unshare -m true 2>/dev/null; then
        echo "1..0 # SKIP no mount namespace of its own is allowed here"
        exit 0
    fi
    IN_NAMESPACE=1 exec unshare -m "$0"
fi
. "$(dirname "$0")/fault.sh"

disk() { # FOLDER SIZE
    mkdir -p "$1"
    mount -t tmpfs -o "size=$2" fault "$1" && mounts+=("$PWD/$1")
}
fill() { # FOLDER
    dd if=/dev/zero of="$1/filler" bs=4k status=none 2>/dev/null
}

# --- the server's: two classes, each with a disk of its own

mkdir -p s/conf
cat >s/conf/owamp-server.limits <<'END'
limit root with bandwidth=0
limit small with parent=root
limit other with parent=root
assign default root
assign net 127.0.0.2/32 small
assign net 127.0.0.3/32 other
END
disk s/data/hierarchy/root/small 1m
disk s/data/hierarchy/root/other 1m
start_server s
small=s/data/hierarchy/root/small
one='5 sent, 0 lost (0.000%), 0 duplicates'

check "a class with room measures" "$(measure s -S 127.0.0.2)" "$measured"
match "a session that never fits is refused at once" \
    "$(opened s sender_addr=127.0.0.1 npackets=4294967295 timeout=0.0001 slot= slot=1:0.1 request accept?)" \
    'accept=[05]'
# Room set aside for a session stays its own when the disk is full.
owping -c 100 -i 0.02f -L 2 -S 127.0.0.2 "127.0.0.1:${port[s]}" >running 2>&1 &
ping=$!
until_true has_text running 'until results'
fill $small
check "the class whose disk is full is refused" "$(measure s -t -S 127.0.0.2)" \
    "owping: the server refused the session to it: temporary resource limitation (Accept 5); the server's log says why"
logged "and the log names the cause" s \
    "refused \(temporary resource limitation\): cannot make the session's file: No space left on device"
check "a class on another disk measures meanwhile" "$(measure s -S 127.0.0.3)" "$measured"
check "and so do sessions that need no disk" "$(measure s -f -S 127.0.0.2)" "$one"
wait $ping
check "a session that had begun before is complete" "$(grep -c '^100 sent, 0 lost' running)" 2
rm $small/filler
check "with room again it works as before" "$(measure s -S 127.0.0.2)" "$measured"

# More records than were asked for, from copies: the disk fills while they come.
mkfifo go.fifo
RAW_SOURCE=127.0.0.2 raw_peer connect "${port[s]}" greeting? setup start? udp timeout=20 npackets=20 request \
    accept? go ack? repeat=10 packets sid line? repeat=1000 step=0 seq=3 packets stop? next_seqno=10 stop \
    fetch fetch? begin=0 end=9 fetch fetch? >copies 2>&1 <go.fifo &
copier=$!
pids+=("$copier")
exec 3>go.fifo
until_true has_text copies '^sid'
fill $small
echo >&3
exec 3>&-
wait "$copier"
match "a session whose records find no room ends as failed" "$(cat copies)" 'stop accept=2 sessions=0'
logged "with its reason" s 'recording ended: No space left on device'
match "the whole of it is refused" "$(cat copies)" 'fetch accept=1 finished=0'
match "what was written is given in part" "$(cat copies)" 'fetch accept=0 finished=2 next=0 came=[0-9]+ lost=0$'
check "others measure all the while" "$(measure s -S 127.0.0.3)" "$measured"
rm $small/filler
check "and this class again when there is room" "$(measure s -S 127.0.0.2)" "$measured"
stop_server s

# --- the client's

start_server c
disk full 64k
fill full
check "owping with a full TMPDIR says so" "$(TMPDIR=$PWD/full measure c -f)"     "owping: cannot set up the session: No space left on device"
check "with a full disk for -F likewise" "$(measure c -F full/file.owp)"     "owping: cannot set up the session: No space left on device"
check "and for -T" "$(measure c -T full/file.owp)"     "owping: saving the fetched session: No space left on device"
rm full/filler
dd if=/dev/zero of=full/filler bs=4k count=14 status=none
owping -f -c 1000 -i 0.001f -F full/file.owp "127.0.0.1:${port[c]}" >out 2>&1
check "a disk that fills in mid-test makes owping end with 1" $? 1
match "and it says so" "$(cat out)" 'owping: cannot record packets: No space left on device'
rm full/filler
check "nothing is left of the files" "$(ls full work)" $'full:\n\nwork:'
check "the server minds none of it" "$(measure c)" "$measured"

# --- a stream's

disk sums 256k
powstream -p -c 20 -i 0.1f -L 1 -d sums --control ctl "127.0.0.1:${port[c]}" >names 2>stream.log &
stream=$!
pids+=("$stream")
trouble() {
    powstream --control ctl --tell status 2>&1 | grep -o '"trouble":"*[^,"}]*' | cut -d: -f2- | tr -d '"'
}
in_trouble() {
    [ -n "$(trouble)" ] && [ "$(trouble)" != null ]
}
until_true has_text names 'sum$'
fill sums
until_true has_text stream.log 'sum: No space left on device; it is tried again'
check "a stream that cannot write a summary says so in its status" "$(trouble)" "sums: No space left on device"
wanting() {
    for f in sums/*.owp; do
        [ -s "${f%.owp}.sum" ] || echo "${f%.owp}.sum"
    done
}
missed=$(wanting)
match "its session is there without it" "$missed" '^sums/.*\.sum$'
rm sums/filler
until_true has_text names "$(head -n 1 <<<"$missed")"
check "with room again the summary is written and its name printed" "$(wanting)" ""
until_false() {
    ! "$@"
}
until_true until_false in_trouble
check "and the trouble is over" "$(trouble)" null
kill "$stream"
wait "$stream"
check "the stream ends with 0" $? 0
stop_server c
plan
