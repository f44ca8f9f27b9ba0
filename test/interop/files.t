#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Session files of each make, read by the owstats of both.
. "$(dirname "$0")/interop.sh"

# Clocks that differ: delays of about 0.1 s to these servers, -0.1 s from them.
for side in ours theirs; do
    server "$side" "$side" 127.0.0.1
    OWAMP_DEBUG_TIMEOFFSET=+0.1 server "fast-$side" "$side" 127.0.0.1
done
files=()
for pair in "ours theirs" "theirs ours"; do
    client=${pair% *}
    for server in "${pair#* }" "fast-${pair#* }"; do
        start "$client-$server" "$(program "$client" owping)" -c 40 -i 0.02e -L 8 -D cs1 -s 20 \
            -F "$client-$server-from.owp" -T "$client-$server-to.owp" "127.0.0.1:${port[$server]}"
    done
done

# --- while it is being written

# Records are in the file a second after they came; the file that is read stands still.
for side in ours theirs; do
    start "live-$side" "$(program theirs owping)" -t -c 200 -i 0.05f -L 2 "127.0.0.1:${port[$side]}"
done
for side in ours theirs; do
    until_true has_records "$side" 30
    for file in $(stored "$side"); do
        [ "$(field "$file" 48 4)" = 000000c8 ] && cp "$file" "live-$side.owp"
    done
    check "a file that $side is still writing is marked incomplete" "$(field "live-$side.owp" 8 4)" 00000002
    check "and both makes read the same from it" "$(owstats ours -R "live-$side.owp")" \
        "$(owstats theirs -R "live-$side.owp")"
    kill -TERM "${job[live-$side]}"
done
finish

# --- whole files

for pair in "ours theirs" "theirs ours"; do
    for server in "${pair#* }" "fast-${pair#* }"; do
        name=${pair% *}-$server
        check "${pair% *} owping, $server owampd: -F and -T: all packets arrive" "$(counts "$name")" \
            "0: 40 sent, 0 lost, 0 dup; 40 sent, 0 lost, 0 dup"
        for file in $(stored "$server"); do
            [ "$(field "$file" 48 4)" = 00000028 ] && cp "$file" "$name-stored.owp"
        done
        files+=("$name-from" "$name-to" "$name-stored")
    done
done

# summary SIDE FILE: without what rounding can change; with buckets in order.
summary() {
    owstats "$1" -M "$2.owp" | grep -v -e '^MIN[^T]' -e '^MAX[^ET]' -e '^MEDIAN' -e '^PDV' -e '^	' | LC_ALL=C sort
}

# apart FILE KEY: whether the makes' values differ by more than the 2^-21 s of a double and what six
# digits hide.
apart() {
    awk -v a="$(value <(owstats ours -M "$1.owp") "$2")" -v b="$(value <(owstats theirs -M "$1.owp") "$2")" \
        'BEGIN { d = a > b ? a - b : b - a; m = a < 0 ? -a : a; print (a == "" || d > 2 ^ -21 + m * 1e-5 ? a " " b : "no") }'
}

for file in "${files[@]}"; do
    check "$file: both makes tell the same of it" "$(summary ours "$file")" "$(summary theirs "$file")"
    check "$file: raw, the same to the octet" "$(owstats ours -R "$file.owp")" "$(owstats theirs -R "$file.owp")"
    check "$file: minimum and maximum differ by no more than a double's step" \
        "$(apart "$file" MIN) $(apart "$file" MAX)" "no no"
done
for pair in "ours theirs" "theirs ours"; do
    name=${pair% *}-fast-${pair#* }
    check "$name: a clock ahead by 0.1 s makes delays to it longer and from it shorter by as much" \
        "$(value <(owstats ours -M "$name-to.owp") MIN | awk '{ print ($1 >= 0.1) }') $(
            value <(owstats ours -M "$name-from.owp") MIN | awk '{ print ($1 >= -0.1 && $1 < 0) }')" "1 1"
    for way in from to; do
        check "$name-$way: has 40 raw lines" "$(owstats theirs -R "$name-$way.owp" | wc -l)" 40
    done
    name=${pair% *}-${pair#* }
    check "$name: what was fetched is what the server has" "$(owstats ours -R "$name-to.owp")" \
        "$(owstats ours -R "$name-stored.owp")"
done

# --- to the printed digit

# remake FILE VARY: FILE-VARY.owp
remake() {
    printf '%b' "$(od -An -v -tu1 -w1 "$1.owp" | awk -v vary="$2" -f "$here/remake.awk")" >"$1-$2.owp"
}

# carried: standard input, where times of which less than half a millisecond is missing to the next second, as in
# 58.1000 of another make, are written as that second.
carried() {
    local line
    while IFS= read -r line; do
        if [[ $line =~ ^((first|last):.)(.*)\.1000$ ]]; then
            line=${BASH_REMATCH[1]}$(date -u -d "${BASH_REMATCH[3]}Z + 1 second" +%Y-%m-%dT%H:%M:%S.000)
        fi
        printf '%s\n' "$line"
    done
}
check "a time that another make writes with 1000 thousandths is the next second's" \
    "$(printf 'first:\t2026-12-31T23:59:59.1000\nlast:\t2026-12-31T23:59:59.999\n' | carried)" \
    "$(printf 'first:\t2027-01-01T00:00:00.000\nlast:\t2026-12-31T23:59:59.999')"

# all SIDE FILE: each way of printing it.
all() {
    local options
    for options in "" "-a 5,25,50,75,95,99.9" "-n u" "-n s" -v -v5 -U "-U -v" -R "-b 0.00002" "-N 10"; do
        # shellcheck disable=SC2086 # none or several
        owstats "$1" $options "$2"
    done
    for options in "" "-U" "-N 10" "-b 0.000013"; do
        # The buckets' order is another make's own; so is the microsecond to which it rounds a time of
        # the schedule, which is not in steps of a double.
        # shellcheck disable=SC2086
        owstats "$1" -M $options "$2" | grep -v '^UNIX_' | LC_ALL=C sort
    done
}

for name in theirs-ours-stored ours-theirs-stored ours-theirs-from theirs-fast-ours-to; do
    for vary in 0 1; do
        remake "$name" "$vary"
        check "$name, stamps in steps of a double, vary=$vary: all is the same to the printed digit" \
            "$(all ours "$name-$vary.owp")" "$(all theirs "$name-$vary.owp" | carried)"
    done
    check "$name, varied: 40 sent, 1 lost, 1 duplicate" \
        "$(owstats theirs "$name-1.owp" | sed -n 's/ ([^)]*)//; /sent/p')" "40 sent, 1 lost, 1 duplicates"
done

# --- the header, octet by octet: ours beside theirs

# header FILE: what depends on the test alone: magic, version, state, counts, offsets; of the request all
# but ports, SID and start; the slot and the zeros behind it.
header() {
    echo "$(field "$1" 0 24) $(field "$1" 32 20) $(field "$1" 56 32) $(field "$1" 104 4) $(field "$1" 116 68)"
}

# what, our file, theirs. Where there are no skips their place is the end of the data; in a file that
# was fetched another make says the beginning.
while read -r what ours theirs; do
    check "the header of a $what file of ours is that of theirs" "$(header "$ours.owp")" "$(header "$theirs.owp")"
    check "and it is as long" "$(stat -c %s "$ours.owp")" "$(stat -c %s "$theirs.owp")"
    check "and begins with the magic and version 3, finished" "$(field "$ours.owp" 0 12)" 4f7741000000000300000001
    check "and the place of its skips is the end of its data" "$(field "$ours.owp" 24 8)" \
        "$(printf '%016x' "$(stat -c %s "$ours.owp")")"
done <<'END'
received ours-theirs-from theirs-ours-from
fetched ours-theirs-to theirs-ours-to
stored theirs-ours-stored ours-theirs-stored
END
plan
