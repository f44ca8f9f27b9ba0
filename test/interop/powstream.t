#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# powstream of another make against our owampd: both directions, with and without sub-sessions, for
# which it fetches parts of sessions that are still running.
. "$(dirname "$0")/interop.sh"
powstream=$OWAMP_PEER_BIN/powstream
[ -x "$powstream" ] || skip_all "there is no powstream in OWAMP_PEER_BIN=$OWAMP_PEER_BIN"

server ours ours 127.0.0.1
names=(from to from-parts to-parts)
declare -A options=([from]="" [to]=-t [from-parts]="-N 20" [to-parts]="-t -N 20")
for name in "${names[@]}"; do
    mkdir "$name"
    read -r -a some <<<"${options[$name]}"
    start "$name" "$powstream" -p -d "$name" "${some[@]}" -c 40 -i 0.05 -L 8 "127.0.0.1:${port[ours]}"
done

# It begins ten seconds from now; a session's file is there when its summary is: END.sum behind END.owp.
complete() {
    grep -q '\.owp$' "$1.out" && [ "$(sed -n '/\.owp$/,$p' "$1.out" | grep -c '\.sum$')" -gt 0 ]
}
for name in "${names[@]}"; do
    until_true complete "$name" || echo "# $name: no session within 60 s"
    cp "$name.out" "$name.first"
done
for name in "${names[@]}"; do
    kill -TERM "${job[$name]}"
done
finish

for name in "${names[@]}"; do
    check "$name: powstream ends with 0 when it is told to" "$(<"$name.rc")" 0
    file=$(grep -m 1 '\.owp$' "$name.first")
    sum=$(sed -n '/\.owp$/,$p' "$name.first" | grep -m 1 '\.sum$')
    check "$name: file and summary bear the same times" "${file%.owp}" "${sum%.sum}"
    for side in ours theirs; do
        owstats "$side" -M "$file" | LC_ALL=C sort >"$side.M"
        owstats "$side" -R "$file" >"$side.R"
    done
    check "$name: the first session has 40 packets, none lost" "$(value ours.M SENT) $(value ours.M LOST)" "40 0"
    check "$name: both makes read the same from it" "$(<ours.R)" "$(<theirs.R)"
    check "$name: its summary counts the same" "$(value "$sum" SENT) $(value "$sum" LOST) $(value "$sum" DUPS)" "40 0 0"
    check "$name: it is finished" "$(field "$file" 8 4)" 00000001
    if [[ $name = *-parts ]]; then
        # shellcheck disable=SC2046 # two names
        set -- $(grep -m 2 '\.sum$' "$name.first")
        check "$name: each half has its summary" "$(value "$1" SENT) $(value "$1" LOST) $(value "$2" SENT) $(
            value "$2" LOST)" "20 0 20 0"
        one=$(basename "$1" .sum) two=$(basename "$2" .sum)
        check "$name: the second half begins where the first one ends" "${one#*_}" "${two%_*}"
    fi
done

check "our owampd has nothing to complain of" "$(complaints ours)" ""
for name in to to-parts; do
    file=$(grep -m 1 '\.owp$' "$name.first")
    sid=$(value <(owstats ours -M "$file") SID)
    check "$name: its file has what our owampd stored" "$(owstats ours -R "$file")" \
        "$(owstats ours -R "ours/catalog/$sid.owp")"
done
plan
