#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lsregister directory when it is killed, when its disk is full, and with clients that do not behave.
if [ -z "${IN_NAMESPACE-}" ] && unshare -m true 2>/dev/null; then
    IN_NAMESPACE=1 exec unshare -m "$0"
fi
. "$(dirname "$0")/fault.sh"
# shellcheck source=../tool/directory.sh
. "${top_srcdir:?is set by make check}/test/tool/directory.sh"
command -v curl >/dev/null || skip_all "curl is not installed"
crowd=$top_builddir/test/tool/http_crowd
times=1
! nm "$lsregister" 2>/dev/null | grep -qE '__(asan|tsan)_init' || times=4
nl=$'\n'

memory() { # FIELD: in KiB
    sed -n "s/^$1:[^0-9]*\([0-9]*\) kB/\1/p" "/proc/$directory_pid/status"
}

# uris: of all that are there.
uris() {
    curl -s "$records" | grep -o '"uri":"[^"]*"' | cut -d'"' -f4 | sort
}

# --- killed while it writes

directory a || bail_out "$line"
has_lines() { # FILE COUNT
    [ "$(wc -l <"$1")" -ge "$2" ]
}

# work: registers, renews and removes until the directory is gone; what was answered is in the files.
work() {
    local n uri
    for ((n = 0; n < 3000; n++)); do
        uri=$(register "{\"type\":\"x\",\"client-uuid\":\"$1\",\"n\":\"$n\"}")
        [ -n "$uri" ] || return
        case $((n % 3)) in
        0) echo "$uri" >>there ;;
        1)
            [ "$(ask DELETE "$site/$uri" '' -o /dev/null)" = " 200" ] || return
            echo "$uri" >>gone
            ;;
        2)
            [ "$(ask POST "$site/$uri" '{"ttl":"PT5H"}' -o /dev/null)" = " 200" ] || return
            echo "$uri" >>renewed
            ;;
        esac
    done
}
lost=0 undead=0 forgotten=0
: >there
: >gone
: >renewed
for round in 1 2 3 4 5; do
    for worker in 1 2 3; do
        work "$round-$worker" &
        pids+=("$!")
        workers[worker]=$!
    done
    until_true has_lines renewed $((round * 12))
    end_directory KILL 2>/dev/null
    wait "${workers[@]}"
    directory a || bail_out "$line"
    uris >now
    lost=$((lost + $(sort there renewed | comm -23 - now | wc -l)))
    undead=$((undead + $(sort gone | comm -12 - now | wc -l)))
    forgotten=$((forgotten + $(curl -s "$records?state=registered" | grep -o '"uri":"[^"]*"' | cut -d'"' -f4 | sort |
        comm -12 - <(sort renewed) | wc -l)))
done
check "what was registered before a kill -9 is there" "$lost" 0
check "what was removed is not" "$undead" 0
check "what was renewed is" "$forgotten" 0
check "nothing is there twice" "$(uris | uniq -d)" ""
n=$(uris | wc -l)
uri=$(register '{"type":"x","client-uuid":"1-1","n":"0"}')
check "who registers again what it did not hear of is given the same record" "$(grep -c "$uri" there) $(uris | wc -l)" "1 $n"

# --- clients that do not behave

# raw REQUEST: the status line of the answer, or "closed".
raw() {
    local answer
    exec {peer}<>"/dev/tcp/127.0.0.1/${port:?}" || return
    printf '%b' "$1" >&"$peer"
    read -r -t 30 -u "$peer" answer || answer=closed
    exec {peer}>&-
    printf '%s' "${answer%$'\r'}" | cut -d' ' -f1,2
}
body='{"type":"raw"}'
head="POST /lookup/records HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
check "two lengths" "$(raw "${head}Content-Length: ${#body}\r\nContent-Length: 5\r\n\r\n$body")" "HTTP/1.1 400"
check "a length and chunks" \
    "$(raw "${head}Content-Length: ${#body}\r\nTransfer-Encoding: chunked\r\n\r\n$body")" "HTTP/1.1 400"
match "garbage" "$(raw '\x16\x03\x01\x02\r\n\r\n')" '^(HTTP/1.[01] 400|closed)$'
check "nothing of it is there" "$(curl -s "$records?type=raw")" "[]"
exec {peer}<>"/dev/tcp/127.0.0.1/${port:?}"
printf '%b' "${head}Content-Length: 500\r\n\r\n$body" >&"$peer" # and then nothing, for good
check "half of a request holds nobody up" "$(get "$records?type=raw")" "[]$nl 200"
exec {peer}>&-
printf '%0200000d' 0 | tr 0 '[' >deep
match "200,000 brackets" "$(curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' --data-binary @deep "$records")" '^4(00|13)$'
printf '{"type":"x"' >keys
seq -f ',"k%.0f":"v"' 1 300 | tr -d '\n' >>keys
printf '}' >>keys
check "300 keys" "$(curl -s -w ' %{http_code}' -H 'Content-Type: application/json' --data-binary @keys "$records")" \
    "the record has more than 256 keys$nl 400"
for ((i = 0; i < 17; i++)); do
    printf '{"type":"keys"' >keys
    seq -f ",\"k$i-%.0f\":\"v\"" 1 250 | tr -d '\n' >>keys
    printf '}' >>keys
    got=$(curl -s -w ' %{http_code}' -H 'Content-Type: application/json' --data-binary @keys "$records")
done
check "more different keys than there may be" "$got" \
    "The directory's records have 4096 different keys together, and there is no room for more$nl 503"
check "others are taken" "$(ask POST "$records" '{"type":"x","k0-1":"w"}' -o /dev/null)" " 200"
printf '{"record-uris":["a"' >many
seq -f ',"%.0f"' 1 10000 | tr -d '\n' >>many
printf ']}' >>many
check "10,001 renewals at once" "$(curl -s -w ' %{http_code}' -X PUT -H 'Content-Type: application/json' --data-binary @many "$records")" \
    "record-uris has more than 10000 uris$nl 400"
truncate -s 50M large
before=$(memory VmHWM)
check "50 MB" "$(curl -s -o /dev/null -w '%{http_code}' -H Expect: -T large -X POST "$records")" 413
grown=$(($(memory VmHWM) - before))
echo "# memory grew by $grown KiB at most"
check "do not make it grow" "$((grown < times * 4096))" 1

# --- slow readers of large answers, while records come and go

fat=$(printf '%06000d' 0)
for i in $(seq 300); do
    [ "$i" = 1 ] || echo next
    printf 'url = "%s"\nrequest = POST\nheader = "Content-Type: application/json"\ndata = "{\\"type\\":\\"fat\\",\\"n\\":\\"%d\\",\\"v\\":\\"%s\\"}"\noutput = /dev/null\n' \
        "$records" "$i" "$fat"
done >requests
curl -s -K requests
check "three hundred fat records" "$(curl -s "$records?type=fat" | grep -o '"uri"' | wc -l)" 300
rm -f crowd.in crowd.out
mkfifo crowd.in crowd.out
"$crowd" "${port:?}" slow 40 "/lookup/records?type=fat" <crowd.in >crowd.out &
crowd_pid=$!
pids+=("$crowd_pid")
exec {hold}>crowd.in {crowd_said}<crowd.out
read -r -t 60 -u "$crowd_said" line
check "slow readers are there" "$line" there
before=$(memory VmRSS)
check "they hold nobody up" "$(ask POST "$records" '{"type":"meanwhile"}' -o /dev/null)" " 200"
uri=$(curl -s "$records?type=fat" | uri)
check "what they are being told of can be removed" "$(ask DELETE "$site/$uri" '' -o /dev/null)" " 200"
check "they take less than 20 MB" "$(($(memory VmRSS) - before < times * 20000))" 1
exec {hold}>&-
end_directory TERM
check "it ends all the same" "$rc" 0

# --- a full disk

mkdir small
if [ -n "${IN_NAMESPACE-}" ] && mount -t tmpfs -o size=2m fault small 2>/dev/null; then
    mounts+=("$PWD/small")
    directory small || bail_out "$line"
    first=$(register '{"type":"first","client-uuid":"u"}')
    dd if=/dev/zero of=small/filler bs=4k status=none 2>/dev/null
    i=0
    while [ "$(ask POST "$records" "{\"type\":\"more\",\"n\":\"$i\",\"v\":\"$fat\"}" -o answer)" = " 200" ]; do
        i=$((i + 1))
    done
    check "who registers is told" "$(ask POST "$records" '{"type":"more","n":"x"}' -o answer) $(<answer)" \
        " 507 The directory has no disk space left: nothing was changed"
    check "what was refused is not there" "$(curl -s "$records?type=more&n=x") $(curl -s "$records?type=more" | grep -o '"uri"' | wc -l)" "[] $i"
    check "asking goes on" "$(curl -s "$records?type=first" | uri)" "$first"
    rm small/filler
    check "with room again all is well" "$(ask POST "$records" '{"type":"more","n":"x"}' -o /dev/null) $(ask POST "$site/$first" '' -o /dev/null)" " 200  200"
    uris >before
    end_directory KILL 2>/dev/null
    directory small || bail_out "$line"
    check "and everything is there after a kill -9" "$(uris)" "$(<before)"
    end_directory TERM
else
    for claim in "who registers is told" "what was refused is not there" "asking goes on" "with room again all is well" \
        "and everything is there after a kill -9"; do
        skip "a full disk: $claim" "a small tmpfs cannot be mounted here"
    done
fi

# --- a file that is damaged

mkdir c
head -c 20000 /dev/urandom >c/data
"$lsregister" directory --data c/data --listen 127.0.0.1:0 2>err
match "a file that is none of ours is refused and left alone" "$? $(<err)" '^4 .*c/data: is no database'
check "with the octets that it had" "$(wc -c <c/data)" 20000
plan
