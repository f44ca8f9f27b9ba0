#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An archive whose writer is killed a hundred times, on a disk that is full, and scribbled over.
if [ -z "${IN_NAMESPACE-}" ] && unshare -m true 2>/dev/null; then
    IN_NAMESPACE=1 exec unshare -m "$0"
fi
. "$(dirname "$0")/fault.sh"
psarchive=$top_builddir/psarchive/psarchive

# Lets the writer say something, and kills it a moment later.
killed_soon() { # FILE FROM
    local victim
    : >"$1"
    archive_writer a "$2" 0 >"$1" &
    victim=$!
    pids+=("$victim")
    until_true test -s "$1"
    sleep "0.0$((RANDOM % 2))$((RANDOM % 10))"
    {
        kill -9 "$victim"
        wait "$victim"
    } 2>/dev/null
}

# Numbers of the results that an archive holds, from the text in each.
held() { # DIR
    "$psarchive" export --data "$1" | sed -n 's/.*"failures":{"number":\([0-9]*\),.*/\1/p'
}
acknowledged() { # FILE...
    awk '$1 == "ok" && NF == 2 { print $2 }' "$@" | sort -u
}
lacking() { # ACKNOWLEDGED HELD
    comm -23 "$1" "$2" | head -n 5
}

# --- killed

said=0
for ((i = 0; i < 100; i++)); do
    # A killed one's last results are offered again: they come at most once.
    from=$((said > 20 ? said - 20 : 0))
    killed_soon "said.$i" "$from"
    last=$(tail -n 2 "said.$i" | awk '$1 == "ok" && NF == 2 { print $2 }' | tail -n 1)
    said=${last:-$said}
done
acknowledged said.* >acked
held a >held.raw
sort -u held.raw >held
match "a hundred writers were killed" "$(wc -l <acked)" '^[1-9][0-9]{2,}'
check "all that was acknowledged is there" "$(lacking acked held)" ""
check "nothing is twice" "$(sort held.raw | uniq -d | head -n 5)" ""
match_all "the roll-ups are those of the results" "$("$psarchive" verify --data a 2>&1)" '.*: all is right'
check "what is there is written again without harm" \
    "$(archive_writer a 0 500 | awk '$1 != "ok"' | head -n 3)" ""
check "and not twice" "$(held a | sort | uniq -d | head -n 5)" ""

# --- scribbled over, cut off

"$psarchive" backup --data a a.backup
held a | sort >before
archive_writer a 10000000 300 >/dev/null # behind the backup
size=$(stat -c %s a/archive.db)
spoil() { # HOW
    rm -rf x
    mkdir x
    cp a/archive.db x/
    case $1 in
    head) dd if=/dev/urandom of=x/archive.db bs=4096 count=1 conv=notrunc status=none ;;
    middle) dd if=/dev/urandom of=x/archive.db bs=4096 seek=$((size / 8192)) count=20 conv=notrunc status=none ;;
    cut) truncate -s $((size / 2)) x/archive.db ;;
    empty) : >x/archive.db ;;
    esac
}
for how in head middle cut; do
    spoil "$how"
    timeout 60 "$psarchive" serve --data x --listen 127.0.0.1:0 >serve.out 2>&1
    rc=$?
    match "$how: noticed at the start" "$rc: $(cat serve.out)" '^4: .*archive\.db: .*damaged'
    "$psarchive" verify --data x >/dev/null 2>verify.out
    match "$how: and by verify" "$?: $(head -n 1 verify.out)" '^[14]: psarchive verify: .*(damaged|cannot be read)'
    "$psarchive" restore --data x --force a.backup
    held x | sort >after
    check "$how: the backup comes back" "$(cmp before after && "$psarchive" verify --data x | sed 's/.*: //')" "all is right"
done

# --- a full disk

if [ -z "${IN_NAMESPACE-}" ]; then
    skip "a full disk" "no mount namespace of its own is allowed here"
    plan
    exit 0
fi
mkdir small
mount -t tmpfs -o size=6m fault small && mounts+=("$PWD/small")
archive_writer small/a 0 3000 >small.said
check "a small disk is not filled by the log" "$(awk '$1 != "ok"' small.said | head -n 3)" ""
mkdir disk
mount -t tmpfs -o size=6m fault disk && mounts+=("$PWD/disk")
dd if=/dev/zero of=disk/filler bs=1k count=5700 status=none
mkfifo full
archive_writer disk/a 0 8000 >full &
pids+=($!)
failed=0 freed=0 after=0
while read -r word number rest; do
    echo "$word $number $rest" >>full.said
    if [ "$word" = fail ]; then
        failed=$((failed + 1))
        if [ "$freed" = 0 ] && [ "$failed" -gt 200 ]; then
            freed=1
            rm disk/filler
        fi
    elif [ "$freed" = 1 ]; then
        after=$((after + 1))
    fi
done <full
match "when the disk is full writing fails" "$(sed -n 's/^fail [0-9]* //p' full.said | sort | uniq -c | sort -rn | head -n 1)" \
    'No space left on device'
match "and goes on by itself when there is room" "$after" '^[1-9]'
acknowledged full.said >acked
held disk/a | sort >held.raw
sort -u held.raw >held
check "nothing acknowledged is lost" "$(lacking acked held)" ""
check "nothing that failed is there" "$(comm -12 <(awk '$1 == "fail" { print $2 }' full.said | sort -u) held | head -n 3)" ""
check "nothing is there twice" "$(uniq -d held.raw | head -n 3)" ""
match "and all is right" "$("$psarchive" verify --data disk/a 2>&1)" 'all is right$'

# --- a read-only file system

mkdir "r o?"
mount -t tmpfs -o size=6m fault "r o?" && mounts+=("$PWD/r o?")
archive_writer "r o?/a" 0 50 >rest.said
"$psarchive" import --data "r o?/a" /dev/null >/dev/null # takes the log in
"$psarchive" export --data "r o?/a" >rest.before
rm -f "r o?/a"/archive.db-*
mount -o remount,ro "$PWD/r o?"
check "an archive on a read-only file system is read" "$("$psarchive" export --data "r o?/a" 2>&1 | cmp - rest.before)" ""
match "and looked through" "$("$psarchive" verify --data "r o?/a" 2>&1)" 'all is right$'
check "and copied" "$("$psarchive" backup --data "r o?/a" rest.db 2>&1 && mkdir rest && "$psarchive" restore --data rest rest.db &&
    "$psarchive" export --data rest | cmp - rest.before)" ""
match "and not written to" "$("$psarchive" token --data "r o?/a" add me 2>&1)" "^psarchive token: r o\\?/a.*[Rr]ead-only"
mount -o remount,rw "$PWD/r o?"
rm -f "r o?/a"/archive.db-*
echo left >"r o?/a/archive.db-wal"
mount -o remount,ro "$PWD/r o?"
match "nor is a log passed over that was left there" "$("$psarchive" verify --data "r o?/a" 2>&1)" \
    "its file system is read-only, and a log beside it \\(-wal\\) has not been taken in"

# --- a server on a full disk

# shellcheck source=../tool/archive.sh
. "${top_srcdir:?is set by make check}/test/tool/archive.sh"
command -v curl >/dev/null || {
    plan
    exit 0
}
mkdir s
mount -t tmpfs -o size=6m fault s && mounts+=("$PWD/s")
archive s || bail_out "$line"
end_archive TERM
archive s || bail_out "$line"
dd if=/dev/zero of=s/filler bs=1k count=8000 status=none 2>/dev/null
network='{"subject-type":"network-element","source":"192.0.2.1","event-types":[{"event-type":"failures"}]}'
check "what cannot be written is told to the client" "$(put POST "$url/" "$network" | tail -c 4)" " 507"
hear "nothing is written" || bail_out "$line"
check "and to the log" "$line" \
    "psarchive: store: s/data/archive.db: nothing is written: No space left on device, or less than free-floor: make room"
check "once" "$(put POST "$url/" "$network" | tail -c 4)" " 507"
rm s/filler
check "it goes on when there is room" "$(put POST "$url/" "$network" | tail -c 4)" " 201"
read -r -t 60 -u "$said" line
check "which is told as well" "$line" "psarchive: store: writing goes on"
end_archive TERM
check "and ends" "$rc" 0
plan
