#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The HTTP server as a process: crowds, large bodies, clients that go, ends, certificates. What it says to single
# requests is test/unit/http's.
. "$(dirname "$0")/tool.sh"
command -v curl >/dev/null || skip_all "curl is not installed"
demo=$top_builddir/test/tool/httpd_demo
crowd=$top_builddir/test/tool/http_crowd
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY CURL_HOME
export HOME=$tmp
# A sanitizer keeps freed memory for a while, and notes beside all that is not.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=8"
times=1
! nm "$demo" 2>/dev/null | grep -qE '__(asan|tsan)_init' || times=4

# start NAME=VALUE...: sets pid, url, secure (of TLS); what it says next waits for next_line.
start() {
    local word rest
    rm -f pipe
    mkfifo pipe
    "$demo" "$@" >pipe 2>&1 < <(exec sleep 600) &
    pid=$!
    pids+=("$pid")
    exec {said}<pipe
    url='' secure=''
    while read -r -t 60 -u "$said" word rest; do
        case $word in
        http) [ -n "$url" ] || url=http://$rest ;;
        https) secure=https://$rest ;;
        ready) return 0 ;;
        *) echo "# $word $rest" ;;
        esac
    done
    bail_out "httpd_demo did not start"
}

next_line() {
    read -r -t 60 -u "$said" heard
}

# finish: ends the server; its status is in rc, its last line in heard.
finish() {
    kill "$pid"
    heard=''
    next_line
    wait "$pid"
    rc=$?
    exec {said}<&-
}

stat_of() {
    curl -s "$url/stats" | sed -n "s/^$1 //p"
}

stat_is() {
    [ "$(stat_of "$1")" = "$2" ]
}

memory() { # FIELD: in KiB
    sed -n "s/^$1:[^0-9]*\([0-9]*\) kB/\1/p" "/proc/$pid/status"
}

ticks() {
    awk '{ print $14 + $15 }' "/proc/$pid/stat"
}

# rests: it takes no time while nothing happens. What is on its way into the kernel's buffers may come to an end
# first.
is_quiet() {
    local before
    before=$(ticks)
    sleep 0.3
    [ "$(ticks)" = "$before" ]
}

rests() {
    until_true is_quiet && echo yes
}

# gather KIND COUNT [PORT]: a crowd that stays until disperse.
gather() {
    local line
    rm -f crowd.in crowd.out
    mkfifo crowd.in crowd.out
    "$crowd" "${3:-${url##*:}}" "$1" "$2" <crowd.in >crowd.out &
    crowd_pid=$!
    pids+=("$crowd_pid")
    exec {hold}>crowd.in {crowd_said}<crowd.out
    read -r -t 60 -u "$crowd_said" line
    exec {crowd_said}<&-
    [ "$line" = there ] || bail_out "the crowd did not come"
}

disperse() {
    exec {hold}>&-
    wait "$crowd_pid"
}

# How many connections to the server there are, as its clients see it.
established() {
    [ "$(awk -v p="$(printf ':%04X' "${url##*:}")" '$4 == "01" && index($3, p) { n++ } END { print n + 0 }' /proc/net/tcp)" -ge "$1" ]
}

# --- crowds

[ "$(ulimit -Hn)" -ge 3000 ] 2>/dev/null || [ "$(ulimit -Hn)" = unlimited ] || skip_all "not enough descriptors"
ulimit -n "$(ulimit -Hn)"

start conns=1200 net=0
base=$(memory VmRSS)
gather idle 1000
until_true stat_is conns 1001
check "a thousand idle connections leave room for requests" "$(curl -s "$url/")" hello
idle=$(($(memory VmRSS) - base))
echo "# 1,000 idle connections: $idle KiB"
check "they cost less than 48 KiB each" "$((idle < times * 48000))" 1
check "they cost no time" "$(rests)" yes
disperse
until_true stat_is conns 1
check "they are gone when their clients are" "$(stat_of conns)" 1

gather slow 100
until_true stat_is conns 101
check "a hundred readers that do not read hold nobody up" "$(curl -s -m 20 "$url/small" | wc -c)" 57
slow=$(($(memory VmRSS) - base))
echo "# 100 slow readers: $slow KiB above the idle server's"
check "they cost less than 512 KiB each" "$((slow < times * 51200))" 1
check "nor do they cost time" "$(rests)" yes
disperse
until_true stat_is ended 100
check "their streams end with them" "$(stat_of ended)" 100
finish

start conns=50 net=0
gather half 200
check "a crowd larger than the bound gives way to requests" "$(curl -s "$url/")" hello
check "of them the bound is kept" "$(($(stat_of conns) <= 51))" 1
disperse
until_true stat_is conns 1
kill -STOP "$pid"
gather half 200
curl -s "$url/" >late &
late=$!
until_true established 201
kill -CONT "$pid"
wait "$late"
check "and so does one that comes all at once" "$(<late)" hello
disperse
finish

start net=20
gather idle 30
match "one address does not get all connections" "$(curl -s "$url/")" "there are too many connections"
disperse
finish

# --- large bodies

truncate -s 100M large
start
curl -s -T large "$url/echo" >/dev/null # warms it up
before=$(memory VmHWM)
check "100 MB with a length are refused" \
    "$(curl -s -o body -w '%{http_code}' -H Expect: -T large "$url/echo") $(<body)" '413 {"detail":"the body is too large"}'
check "100 MB in chunks are refused" \
    "$(curl -s -o body -w '%{http_code}' -H Expect: -T - "$url/echo" <large) $(<body)" '413 {"detail":"the body is too large"}'
check "100 MB of a client that asks first are not sent" \
    "$(curl -s -o body -w '%{http_code} %{size_upload}' -T large "$url/echo")" "413 0"
gzip -1 <large >large.gz
check "100 MB in a small gzip body are refused" \
    "$(curl -s -o body -w '%{http_code}' -X PUT -H 'Content-Encoding: gzip' --data-binary @large.gz "$url/echo") $(<body)" \
    '413 {"detail":"the body is too large when decompressed"}'
grown=$(($(memory VmHWM) - before))
echo "# memory grew by $grown KiB at most"
check "none of them makes the server grow" "$((grown < times * 4096))" 1
check "nothing of them is held" "$(stat_of held)" 0

# --- answers

check "100 MB stream through" "$(curl -s "$url/stream?octets=100000000" | wc -c)" 100000000
check "and compressed as well" "$(curl -s --compressed "$url/stream?octets=10000000" | wc -c)" 10000000
check "a large buffer too" "$(curl -s --compressed "$url/buffer?octets=10000000" | wc -c)" 10000000
check "pieces that come one by one" "$(curl -s "$url/stream?octets=200000&ms=5" | wc -c)" 200000
curl -s "$url/stream?octets=100000&broken" >/dev/null
check "a stream that breaks is not taken for a whole" $? 18
grown=$(($(memory VmHWM) - before))
check "streams are not gathered" "$((grown < times * 20000))" 1
curl -s "$url/stream?octets=1000000000" | head -c 1000 >/dev/null
ended=$(stat_of ended)
until_true stat_is ended "$ended"
curl -s "$url/stream?octets=1000000000" 2>/dev/null | head -c 1000 >/dev/null
until_true stat_is ended $((ended + 1))
check "a client that goes ends its stream" "$(stat_of ended)" $((ended + 1))

# --- the end

curl -s "$url/stream?octets=1000000000" -o /dev/null --limit-rate 100k &
reader=$!
pids+=("$reader")
until_true stat_is conns 2
ended=$(stat_of ended)
finish
check "a server can be ended while it streams" "$rc $heard" "0 ended $((ended + 1)) streams"
wait "$reader"
check "and its client is told" "$(($? == 0))" 0

start unix=sock
check "there is a Unix socket" "$(curl -s --unix-socket sock http://here/)" hello
check "for its owner alone" "$(stat -c %A sock)" srw-------
kill -9 "$pid"
wait "$pid" 2>/dev/null
exec {said}<&-
start unix=sock
check "one that a dead process left is replaced" "$(curl -s --unix-socket sock http://here/)" hello
"$demo" unix=sock >second.out 2>&1 </dev/null
check "one that is served is not" "$? $(tail -n 1 second.out)" "4 httpd_demo: sock: another process serves this socket"
curl -s -X POST "$url/quit" >/dev/null
wait "$pid"
check "a handler may end it" "$?" 0
exec {said}<&-
check "the socket goes with the server" "$(ls sock 2>&1)" "ls: cannot access 'sock': No such file or directory"

# --- certificates

# pem NAME: out of what the unit tests have.
pem() {
    sed -n "/ $1\[\]/,/;\$/s/^[^\"]*\"\(.*\)\\\\n\".*/\1/p" "${top_srcdir:?}/test/unit/http/certs.h"
}
for n in one two; do
    pem "cert_$n" >$n.crt
    pem "key_$n" >$n.key
done

ask() { # CA
    curl -s --cacert "$1" "$secure/" || echo "refused $?"
}

cp one.crt now.crt
cp one.key now.key
start cert=now.crt key=now.key net=0
check "TLS with the certificate it was given" "$(ask one.crt) $(ask two.crt)" "hello refused 60"
check "nothing older than TLS 1.2 is spoken" "$(curl -sk --tls-max 1.1 "$secure/" || echo "refused")" refused
cp two.crt now.crt
cp two.key now.key
curl -s --cacert one.crt "$secure/later?ms=500" >later.out &
reader=$!
pids+=("$reader")
until_true stat_is conns 2
kill -HUP "$pid"
next_line
check "SIGHUP loads the new one" "$heard $(ask two.crt) $(ask one.crt)" "reloaded hello refused 60"
wait "$reader"
check "what was under way goes on" "$(<later.out)" later
cp one.key now.key
kill -HUP "$pid"
next_line
match "files that do not belong together are told" "$heard" "^kept: now.crt: with the key now.key: "
check "and the old ones are kept" "$(ask two.crt)" hello
gather hasty 100 "${secure##*:}"
check "handshakes that do not go on hold nobody up" "$(ask two.crt)" hello
check "and cost little" "$(rests)" yes
disperse
check "100 MB through TLS" "$(curl -s --cacert two.crt "$secure/stream?octets=100000000" | wc -c)" 100000000
finish
check "it ends in good order" "$rc" 0

"$demo" cert=one.crt key=two.key >mismatch.out 2>&1 </dev/null
match "a server does not start with files that will not do" "$? $(tail -n 1 mismatch.out)" "^4 httpd_demo: one.crt: "
plan
