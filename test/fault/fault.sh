# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the fault tests share: a server on a port of the kernel's choice, raw_peer.

. "${BASH_SOURCE[0]%/*}/../tap.sh"
: "${top_builddir:?is set by make check}"
PATH=$top_builddir/owampd:$top_builddir/owping:$top_builddir/powstream:$top_builddir/test/fault:$PATH
# Freed memory is kept only briefly, so that what a sanitized server holds says something.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=8:exitcode=99"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}exitcode=99"
export TZ=UTC0
mounts=()
declare -A port pid

clean_up() {
    end_all
    cd /
    umount "${mounts[@]}" 2>/dev/null
    rm -rf "$tmp"
}

tmp=$(mktemp -d) || exit 1
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
cd "$tmp" || exit 1
mkdir work
export TMPDIR=$tmp/work

# at_most TEXT GOT LIMIT: as check, with the most that is wanted.
at_most() {
    if [ "$2" -le "$3" ]; then
        check "$1" yes yes
    else
        check "$1" "$2" "at most $3"
    fi
}

has_text() { # FILE REGEX
    grep -qE -- "$2" "$1" 2>/dev/null
}

# --- servers

# start_server NAME [OPTION...]: owampd in the folder NAME, with the files that are in NAME/conf.
start_server() {
    local name=$1
    shift
    mkdir -p "$name/conf" "$name/data" "$name/run"
    [ -e "$name/conf/owamp-server.conf" ] || : >"$name/conf/owamp-server.conf"
    rm -f "$name/run/owamp-server.info"
    owampd -Z -f -S 127.0.0.1:0 -c "$name/conf" -d "$PWD/$name/data" -R "$PWD/$name/run" "$@" \
        2>>"$name/log" >/dev/null </dev/null &
    pid[$name]=$!
    pids+=($!)
    until_true grep -qs ^PORT= "$name/run/owamp-server.info" || return
    port[$name]=$(sed -n 's/^PORT=//p' "$name/run/owamp-server.info")
}

# Ends a server and claims that it ended well, with nothing from a sanitizer.
stop_server() {
    kill "${pid[$1]}"
    wait "${pid[$1]}"
    check "the server ends well afterwards" \
        "status $? $(grep -m 3 -E 'runtime error|Sanitizer' "$1/log")" "status 0 "
}

# The lines of the server's log from number FROM on that have the text.
said() { # NAME REGEX
    grep -cE -- "$2" "$1/log"
}

# logged TEXT NAME REGEX: claims that the log has it, now or soon.
logged() {
    if until_true has_text "$2/log" "$3"; then
        check "$1" yes yes
    else
        check "$1" "$(tail -n 5 "$2/log")" "a line with $3"
    fi
}

memory_kib() { # NAME
    awk '/^VmRSS/ { print $2 }' "/proc/${pid[$1]}/status"
}

descriptors() { # NAME
    local all=("/proc/${pid[$1]}/fd/"*)
    echo "${#all[@]}"
}

# --- peers

# measure NAME [OPTION...]: a short test both ways; prints what was sent and lost, a line for each.
measure() {
    local name=$1
    shift
    timeout 60 owping -c 5 -i 0.01f -L 2 "$@" "127.0.0.1:${port[$name]}" 2>&1 | grep -E 'sent|owping: '
}
# shellcheck disable=SC2034 # used by the tests
measured='5 sent, 0 lost (0.000%), 0 duplicates
5 sent, 0 lost (0.000%), 0 duplicates'

# peer NAME WORD...: a raw client of the server; what it read.
peer() {
    local name=$1
    shift
    raw_peer connect "${port[$name]}" "$@" 2>&1
}

# opened NAME WORD...: the same behind an open-mode set-up.
opened() {
    local name=$1
    shift
    peer "$name" greeting? setup start? "$@" | tail -n +3
}

# start_peer FILE ARGUMENT...: raw_peer in the background, with its output in FILE.
start_peer() {
    local file=$1
    shift
    raw_peer "$@" >"$file" 2>&1 </dev/null &
    peer_pid=$!
    pids+=($!)
}

# Kills the last one started.
end_peer() {
    {
        kill -9 "$peer_pid"
        wait "$peer_pid"
    } 2>/dev/null
}

# --- streams

# start_stream NAME ARGUMENT...: powstream with its results in NAME/out, a session each second.
start_stream() {
    local name=$1
    shift
    mkdir -p "$name/out"
    "$top_builddir/powstream/powstream" -g warning -d "$name/out" -c 20 -i 0.05f -L 0.4 -I 0.3 "$@" \
        >>"$name/stdout" 2>>"$name/err" </dev/null &
    pid[$name]=$!
    pids+=($!)
}

# The sessions and gaps in FOLDER by their times, a line each: from, to, "measured" or the reason. NTP times are
# 20 digits and compare as text.
account() { # FOLDER
    {
        find "$1" -name '*.owp' -printf '%f\n' | sed 's/_/ /; s/\.owp$/ measured/'
        sed -E 's/.*"start-ntp":([0-9]+),"end-ntp":([0-9]+).*"reason":("[^"]+"|null).*/\1 \2 \3/' "$1/powstream.gaps"
    } | LC_ALL=C sort
}

# What is wrong with an account: holes, overlaps, gaps without a reason.
holes() { # FOLDER
    account "$1" | awk 'NR > 1 && $1 != end { print ($1 < end ? "overlap" : "hole") " behind " end ": " $0 }
        $3 == "null" { print "no reason: " $0 }
        { end = $2 }'
}

sessions() { # FOLDER NUMBER: there are at least so many
    [ "$(find "$1" -name '*.owp' | wc -l)" -ge "$2" ]
}

more_sessions() { # FOLDER NUMBER: waits for so many more
    until_true sessions "$1" $(($(find "$1" -name '*.owp' | wc -l) + $2))
}

# Ends a stream and claims that every moment of it is accounted for, and that the reasons are the ones given.
end_stream() { # NAME TEXT REASON...
    local name=$1 text=$2 others
    shift 2
    kill "${pid[$name]}"
    wait "${pid[$name]}"
    check "$text: powstream ends with 0" $? 0
    check "$text: every moment is accounted for" "$(holes "$name/out")" ""
    others=$(account "$name/out" | grep -vE 'measured|"setting up"|"stopped"|"powstream was stopped"')
    for reason; do
        match "$text: a gap tells why ($reason)" "$others" "$reason"
        others=$(grep -vE "$reason" <<<"$others")
    done
    check "$text: and no gap tells of anything else" "$others" ""
}
