# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the tests of the programs share: runs, servers of our own, session files made to measure.
. "${BASH_SOURCE[0]%/*}/../tap.sh"
: "${top_builddir:?is set by make check}"
owampd=$top_builddir/owampd/owampd
owping=$top_builddir/owping/owping
owstats=$top_builddir/owping/owstats
owfetch=$top_builddir/owping/owfetch
owup=$top_builddir/owping/owup
pslimits=$top_builddir/pslimits/pslimits
export owampd owping owstats owfetch owup pslimits
export PSUITE_JQ_WORKER=$top_builddir/lib/jq/ps-jq-worker PSUITE_JQ_LIBRARY=${top_srcdir:?is set by make check}/lib/jq
export TZ=UTC LC_ALL=C
unset TMPDIR OWAMP_DEBUG_TIMEOFFSET NOTIFY_SOCKET
export OWAMP_DEBUG_CLOCKSOURCE=none # this host's are no part of a test
umask 022
ulimit -c 0
tmp=$(mktemp -d) || exit 1
cd "$tmp" || exit 1
tab=$'\t'
nl=$'\n'
export tab nl

clean_up() {
    end_all
    rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# --- processes

# each KEY PID: its values in /proc on the process's threads, each once.
each() {
    sed -n "s/^$1:[[:blank:]]*//p" "/proc/$2/task/"*/status | sort -u | tr '\n' ' '
}

# --- runs

# run COMMAND...: out, err and rc are what came of it.
run() {
    "$@" >"$tmp/out.txt" 2>"$tmp/err.txt" </dev/null
    rc=$?
    # shellcheck disable=SC2034 # the tests look at them
    out=$(<"$tmp/out.txt") err=$(<"$tmp/err.txt")
}

# --- servers

# A kernel that lacks a part of the sandbox is warned of at each start: there the other tests go without.
plain=()
[[ $("$owampd" -n 2>&1) != *"could not be had"* ]] || plain=(--sandbox=capabilities)

# serve NAME [OPTION...]: starts owampd in the directory NAME (made if it is not there; a
# configuration in NAME/etc is used) on a free port of 127.0.0.1 and returns when it listens; false if it
# does not come to that. Sets server_pid and port; its log lines wait for await.
serve() {
    local name=$1 line
    shift
    mkdir -p "$name/data" "$name/var"
    if [ -d "$name/etc" ]; then
        touch "$name/etc/owamp-server.conf"
        set -- -c "$name/etc" "$@"
    fi
    [ "$(id -u)" = 0 ] && [[ " $* " != *" -U "* ]] && set -- -f "$@"
    set -- "${plain[@]}" "$@"
    rm -f "$name/pipe"
    mkfifo "$name/pipe"
    : >"$name/log"
    "$owampd" -Z -S 127.0.0.1:0 -d "$name/data" -R "$name/var" "$@" 2>"$name/pipe" &
    server_pid=$!
    pids+=("$server_pid")
    exec {log_fd}<"$name/pipe"
    server=$name
    while read -r -t 60 -u "$log_fd" line; do
        echo "$line" >>"$name/log"
        [[ $line == *"listening on"* ]] && break
    done
    [[ $line == *"listening on"* ]] || return
    # shellcheck disable=SC2034 # the tests use it
    port=$(sed -n 's/^PORT=//p' "$name/var/owamp-server.info")
}

# await PATTERN: the next line of the server's log that holds it, in $line; fails when none comes.
await() {
    while read -r -t 60 -u "$log_fd" line; do
        echo "$line" >>"$server/log"
        [[ $line == *$1* ]] && return
    done
    line="no line with: $1"
    return 1
}

# end_server SIGNAL: its exit status is in rc, and the rest of its log read.
end_server() {
    kill -"$1" "$server_pid" 2>/dev/null
    cat <&"$log_fd" >>"$server/log"
    wait "$server_pid"
    # shellcheck disable=SC2034 # the tests look at it
    rc=$?
    exec {log_fd}<&-
}

# A server's lines without the one that tells which means of timing this system grants: a warning on some.
but_timing() {
    sed '/^owampd: timing: /d' "$@"
}

# Connection numbers, times, identifiers and such out of log lines.
log_shape() {
    sed -E 's/127\.0\.0\.[0-9]+:[0-9]+/PEER/; s/[0-9a-f]{32}/SID/g; s/((confined|timing): ).*/\1HELD/'
}

# Times, delays, ports and identifiers out of a human summary; lines that depend on the state of
# this host's clock are made one.
shape() {
    sed -E 's/[0-9a-f]{32}/SID/g
        s/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}/TIME/
        s/\]:[0-9]+/]:PORT/g
        s/\[(localhost[a-z0-9.-]*|ip6-localhost|ip6-loopback|127\.0\.0\.1|::1)\]/[HOST]/g
        s/= [-+0-9.e]+\/[-+0-9.e]+\/[-+0-9.e]+ /= N\/N\/N /
        s/(jitter = )[-+0-9.e]+ /\1N /
        s/^(	[0-9.]+: )[-+0-9.e]+/\1N/
        s/^(seq_no=[0-9 ]+delay=)[-+0-9.e]+ /\1N /
        s/ \(sync, err=[^)]*\) sent=[0-9.]+ recv=[0-9.]+$/	(CLOCK)/
        s/\((unsync|(sync, )?err=[^)]*)\)/(CLOCK)/
        s/Approximately [0-9.]+ seconds/Approximately N seconds/'
}

# --- session files

# octets HEX...: as octets on standard output.
octets() {
    printf '%b' "$(printf '%s' "$@" | sed 's/../\\x&/g')"
}

# A second since 1970 as the first half of an NTP time, in hexadecimal.
ntp_seconds() {
    printf '%08x' "$(($1 + 2208988800))"
}

# request PACKETS SLOTS: the 112 octets of a Request-Session message, in hexadecimal: from 127.0.0.1
# port 8761 to the same, port 8762, DSCP 46, 100 octets of padding, timeout 3 s, beginning at
# 2026-01-02T03:04:05.5 UTC.
sid=7f000001ed01ab5580000000deadbeef
start=$(ntp_seconds 1767323045)80000000
request() {
    printf '01040001%08x%08x2239223a' "$2" "$1"
    printf '7f000001%024d' 0
    printf '7f000001%024d' 0
    printf '%s00000064%s0000000300000000' "$sid" "$start"
    printf '2e000000%016d%032d' 0 0
}

# slot TYPE PARAMETER: 16 octets; type 0 is exponential, 1 fixed.
slot() {
    printf '%02x%014d%s' "$1" 0 "$2"
}

# when SEQ TICKS: TICKS behind the time at which the packet SEQ is due in a session with one fixed
# slot of 0.1 s, in hexadecimal.
step=429496729
when() {
    printf '%016x' "$((0x$start + ($1 + 1) * step + $2))"
}

# Errors that both clocks are told to have: synchronised, 2^-10 s sending and 2^-11 s receiving.
send_err=8f80
recv_err=8e80

# record SEQ DELAY [TTL]: 25 octets of version 3; a delay in ticks of 2^-32 s, or lost.
record() {
    if [ "$2" = lost ]; then
        printf '%08x0001%s%s%016d%s' "$1" "$recv_err" "$(when "$1" 0)" 0 ff
    else
        printf '%08x%s%s%s%s%02x' "$1" "$send_err" "$recv_err" "$(when "$1" 0)" "$(when "$1" "$2")" "${3:-250}"
    fi
}

# old_record SEQ DELAY: 24 octets of versions 0 and 2.
old_record() {
    if [ "$2" = lost ]; then
        printf '%08x%s0001%016d%s' "$1" "$(when "$1" 0)" 0 "$recv_err"
    else
        printf '%08x%s%s%s%s' "$1" "$(when "$1" 0)" "$send_err" "$(when "$1" "$2")" "$recv_err"
    fi
}

# session PACKETS FINISHED NEXT_SEQNO SKIPS RECORD...: a file of version 3 with one fixed slot of
# 0.1 s. SKIPS is in hexadecimal, 16 digits a range.
session() {
    local packets=$1 finished=$2 next=$3 skips=$4
    shift 4
    printf '4f77410000000003%08x%08x%08x%08x%016x%016x' "$finished" "$next" $((${#skips} / 16)) $# \
        $((184 + 25 * $#)) 184
    request "$packets" 1
    slot 1 "$(printf '%016x' "$step")"
    printf '%032d' 0
    printf '%s' "$@" "$skips"
}
