#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Spools whose writers and readers are killed at any moment, on disks that are full, with two readers.
if [ -z "${IN_NAMESPACE-}" ] && unshare -m true 2>/dev/null; then
    IN_NAMESPACE=1 exec unshare -m "$0"
fi
. "$(dirname "$0")/fault.sh"

# Lets a process work until it has said something, and a moment longer; then kills it.
killed_soon() { # FILE COMMAND...
    local file=$1 victim
    shift
    : >"$file"
    "$@" >"$file" &
    victim=$!
    pids+=("$victim")
    until_true test -s "$file"
    sleep "0.00$((RANDOM % 10))"
    {
        kill -9 "$victim"
        wait "$victim"
    } 2>/dev/null
}

# The numbers of what was delivered, by kind.
numbers() { # KIND FILE...
    awk -v kind="$1" '$1 == kind { print $2 }' "${@:2}" | sort -u
}

# Numbers that one file has and the other has not.
lacking() { # SAID GOT
    comm -23 <(sort -u "$1") "$2" | head -n 5
}

# --- killed

for ((i = 1; i <= 25; i++)); do
    killed_soon "said.$i" spooler write q $((i * 100000)) 0 "batch=$((1 + i % 3 * 20))"
    cat "said.$i" >>said
done
for ((i = 1; i <= 15; i++)); do
    killed_soon "got.$i" spooler read q
done
spooler read q >got.last
numbers doc got.* >docs
check "of a writer that is killed again and again all documents are delivered" "$(lacking said docs)" ""
check "nothing damaged is delivered, and nothing is set aside" \
    "$(cat got.* | grep -cE '^wrong|^damaged [^0]'), $(spooler stat q)" "0, 0 0 0 0"
check "what a killed reader was given comes again under the same identity" \
    "$(grep -h '^doc .* .\{32\}$' got.* | sort -u | awk '{ print $2 }' | uniq -d | head -n 5)" ""
check "nothing is left of those that were killed" "$(find q -name '.psspool-tmp-*')" ""

# --- killed, with a bound that drops, while a reader reads

: >said
visible=0
mkdir b
for ((i = 1; i <= 30; i++)); do
    if ((i % 3 == 0)); then
        spooler read b >"told.$i" & # to the end of what there is
        reader=$!
        pids+=("$reader")
    fi
    killed_soon "said.$i" spooler write b $((i * 100000)) 0 max=20000 batch=2
    ((i % 3 != 0)) || wait "$reader"
    cat "said.$i" >>said
    visible=$((visible + 2)) # what it may have written and not said
done
spooler read b >told.last
sort -u told.* | awk '$1 == "doc" { n++ } $1 == "tomb" { t += $2 } END { print n + t, t }' >sums
read -r sum dropped <sums
written=$(grep -c . said)
match "the bound drops" "$dropped" '^[1-9]'
[ "$sum" -lt "$written" ] || [ "$sum" -gt $((written + visible)) ] || sum=right
check "delivered and counted make what was written" "$sum" right
check "nothing damaged was delivered there" "$(cat told.* | grep -cE '^wrong|^damaged [^0]')" 0

# --- two writers, one reader

spooler read w follow >both &
reader=$!
pids+=("$reader")
spooler write w 1000 300 >one &
one=$!
spooler write w 2000 300 batch=7 >two &
two=$!
pids+=("$one" "$two")
wait "$one" "$two"
all_read() {
    [ "$(wc -l <both)" -ge 600 ]
}
until_true all_read
kill "$reader"
wait "$reader" 2>/dev/null
check "two writers at once lose nothing" "$(awk '{ print $2 }' both | sort -n)" "$(sort -n one two)"
check "and each keeps its order" \
    "$(awk '$2 < last[$2 >= 2000] { print } { last[$2 >= 2000] = $2 }' both)" ""

# --- two readers

spooler write r 1 2 >/dev/null
spooler read r hold >held &
holder=$!
pids+=("$holder")
until_true test -s held
check "a second reader is refused and told who the first is" "$(spooler read r 2>&1)" \
    "spooler: r: spool directory: process $holder is reading it already"
{
    kill -9 "$holder"
    wait "$holder"
} 2>/dev/null
check "when the first was killed another one gets what it had" "$(spooler read r | head -n 1)" "$(cat held)"

# --- disks that are full

mkdir full
if [ -n "${IN_NAMESPACE-}" ] && mount -t tmpfs -o size=256k fault full 2>/dev/null; then
    mounts+=("$PWD/full")
    spooler write full/q 1 5 >said
    dd if=/dev/zero of=full/filler bs=4k status=none 2>/dev/null
    match "a write to a full disk fails and says why" "$(spooler write full/q 100 3 2>&1)" \
        '^spooler: No space left on device$'
    check "and leaves nothing behind" "$(find full/q -name '.psspool-tmp-*'; spooler stat full/q | cut -d' ' -f 1)" 5
    check "with leave to drop it takes the room of the oldest" \
        "$(spooler write full/q 10 3 full 2>&1)" $'10\n11\n12'
    spooler read full/q >got
    check "the dropped ones are counted" \
        "$(awk '$1 == "tomb" { t += $2 } $1 == "doc" { n++ } END { print n + t, (t > 0) }' got)" "8 1"
    check "and the new ones delivered" "$(numbers doc got | grep -c '^1[012]$')" 3
    rm full/filler
    for ((i = 1; i <= 10; i++)); do
        killed_soon "f.$i" spooler write full/q $((i * 100000)) 0 full
    done
    check "nothing damaged comes of kills on a full disk" "$(spooler read full/q | grep -cE '^wrong|^damaged [^0]')" 0
else
    skip "full disks" "no file system may be mounted here"
fi
plan
