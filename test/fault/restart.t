#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A server killed in mid-session, and what else may lie in a data directory, when it starts again.
. "$(dirname "$0")/fault.sh"

# The SIDs in the catalogue, and links that lead nowhere.
catalogue() {
    for link in s/data/catalog/*.owp; do
        [ -e "$link" ] && basename "$link" .owp
    done | sort
}
dangling() {
    find s/data/catalog -xtype l
}

start_server s
owping -t -c 20 -i 0.01f -L 2 -T kept.owp "127.0.0.1:${port[s]}" >owping.out
whole=$(catalogue)
start_peer client connect "${port[s]}" greeting? setup start? npackets=100 timeout=0.2 udp request accept? \
    go ack? repeat=10 packets sid hold
until_true has_text client holding
broken=$(sed -n 's/^sid //p' client)
class=s/data/hierarchy/default
received() { [ "$(owstats -R "$class/$broken.owp" 2>/dev/null | wc -l)" -ge 10 ]; }
until_true received
{
    kill -9 "${pid[s]}"
    wait "${pid[s]}"
} 2>/dev/null
end_peer

# Strangers, and files that are not what their names say.
sid() { printf '%032x' "$1"; }
echo junk >s/data/catalog/junk
ln -s /nowhere "s/data/catalog/$(sid 1).owp"
mkdir s/data/catalog/directory s/data/hierarchy/foreign $class/foreign
echo junk >s/data/hierarchy/junk
echo junk >$class/junk
echo junk >"$class/$(sid 2).owpx"
ln -s /etc/passwd "$class/$(sid 3).owp"
: >"$class/$(sid 4).owp"
head -c 100 "$class/$whole.owp" >"$class/$(sid 5).owp"
head -c 300 "$class/$whole.owp" >"$class/$(sid 6).owp"
raw_peer file "$class/$(sid 7).owp" "sid=$(sid 7)" nslots=4294967295 npackets=4294967295 nrecords=4294967295
raw_peer file "$class/$(sid 8).owp" "sid=$(sid 8)" nskips=4294967295 skip_offset=184 nrecords=0
raw_peer file "$class/$(sid 9).owp" "sid=$(sid 9)" data_offset=18446744073709551615
raw_peer file "$class/$(sid 10).owp" "sid=$(sid 10)" nrecords=4294967295
raw_peer file "$class/$(sid 11).owp" "sid=$(sid 11)" npackets=4294967295 nrecords=1 seq=4294967294 slot= slot=0:0.1

from=$(wc -l <s/log)
start_server s
check "after kill -9 the server starts again and measures" "$(measure s)" "$measured"
check "no link in its catalogue leads nowhere" "$(dangling)" ""
expected=$({
    echo "$whole"
    echo "$broken"
    for n in 4 5 6 7 8 9 10 11; do sid $n && echo; done
} | sort)
check "the catalogue holds what is named as a session, and no stranger" \
    "$(catalogue | grep -xF "$expected")" "$expected"
new=$(tail -n "+$((from + 1))" s/log)
for stranger in catalog/directory hierarchy/foreign default/foreign default/junk "default/$(sid 3).owp"; do
    match "the log tells of $stranger" "$new" "$stranger: (left alone|not served)"
done

owfetch "127.0.0.1:${port[s]}" "$whole" fetched.owp >out 2>&1
check "owfetch gets the session that was complete" "$?" 0
check "with the records it had" "$(owstats -R fetched.owp)" "$(owstats -R kept.owp)"
owfetch "127.0.0.1:${port[s]}" "$broken" none.owp >out 2>&1
check "owfetch is refused the one that was cut off" "$?" 1
match "and says why" "$(cat out)" 'denies it: rejected'
check "a part of it can be fetched" "$(opened s "sid=$broken" begin=0 end=98 fetch fetch?)" \
    "fetch accept=0 finished=2 next=0 came=10 lost=0"

for n in 1 3 4 5 6 7 8 9 10; do
    match "a fetch of stranger $n is denied" "$(opened s "sid=$(sid $n)" fetch fetch? begin=1 end=5 fetch fetch?)" \
        '^fetch accept=[1-5].*fetch accept=[1-5]'
done
# This one is sound as far as a server can tell; it has one record.
check "a session that claims four thousand million packets is given as it is" \
    "$(opened s "sid=$(sid 11)" fetch fetch-ack?)" "fetch accept=0"
check "the strangers are still there" \
    "$(find s/data -name directory -o -name foreign -o -name junk | wc -l)" 5
check "the server measures as before" "$(measure s)" "$measured"
stop_server s
plan
