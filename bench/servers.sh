# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is for who sources it
# What the benches share: where the programs are, and owampds of their own on free loopback ports.
# Theirs is the one in the folder that OWAMP_PEER_BIN names, if it names one.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 4
build=${top_builddir:-$here/../build}
tmp=
server_conf='' # lines of owamp-server.conf
our_conf='' # and more of them in that of our server
server_limits='' # and of owamp-server.limits
targets=() # what owamp_load is to measure
servers=() # and clients: all that was started and is to be ended
declare -A port pid # of each server, by its name

fail() {
    echo "${0##*/}: $1" >&2
    exit 4
}

# Whether there is another make to be measured beside ours.
have_peer() {
    [ -n "${OWAMP_PEER_BIN-}" ]
}

# need PROGRAM...: paths that must be there.
need() {
    local program
    for program; do
        [ -x "$program" ] || fail "$program is not there: build first (./quickstart), or set top_builddir"
    done
}

# The processes of which one of $* is the parent, at any remove.
descendants() {
    ps -eo pid=,ppid= | awk -v roots="$*" '
        BEGIN { n = split(roots, r, " "); for (i = 1; i <= n; i++) in_tree[r[i]] = 1 }
        { parent[$1] = $2 }
        END {
            do {
                more = 0
                for (p in parent)
                    if (!(p in in_tree) && parent[p] in in_tree) { in_tree[p] = more = 1; print p }
            } while (more)
        }'
}

# Ends what was started with all that it has started, and waits until it is gone.
stop_all() {
    local all p
    mapfile -t all < <(descendants "${servers[@]}")
    all+=("${servers[@]}")
    for p in "${servers[@]}"; do
        kill "$p" 2>/dev/null
    done
    for p in "${servers[@]}"; do
        timeout 15 tail --pid="$p" -f /dev/null 2>/dev/null || kill -9 "$p" 2>/dev/null
    done
    for p in "${all[@]}"; do # what a killed one left behind
        case $(cat "/proc/$p/comm" 2>/dev/null) in
        owampd | powstream) kill -9 "$p" 2>/dev/null ;;
        esac
    done
    servers=()
}

clean_up() {
    stop_all
    [ -z "$tmp" ] || rm -rf "$tmp"
}

set_up() {
    tmp=$(mktemp -d) || fail "cannot make a directory in ${TMPDIR:-/tmp}"
    trap clean_up EXIT
    trap 'exit 4' HUP INT TERM
    ulimit -n "$(ulimit -Hn)" 2>/dev/null # many sessions are many files
}

# The TCP port on which process $1 listens, from the kernel's tables.
listening_port() {
    local inode hex
    for inode in $(readlink /proc/"$1"/fd/* 2>/dev/null | sed -n 's/^socket:\[\([0-9]*\)\]$/\1/p'); do
        hex=$(awk -v i="$inode" '$4 == "0A" && $10 == i { sub(/.*:/, "", $2); print $2; exit }' /proc/net/tcp)
        [ -n "$hex" ] && printf '%d\n' "0x$hex" && return 0
    done
    return 1
}

# server NAME OWAMPD: starts it; port[NAME] and pid[NAME] are its.
server() {
    local dir=$tmp/$1 tries=0
    mkdir "$dir" || exit 4
    printf '%s\n' 'loglevel warning' "$server_conf" >"$dir/owamp-server.conf"
    case $1 in ours*) printf '%s\n' "$our_conf" >>"$dir/owamp-server.conf" ;; esac
    [ -z "$server_limits" ] || printf '%s\n' "$server_limits" >"$dir/owamp-server.limits"
    "$2" -Z -f -c "$dir" -d "$dir" -R "$dir" -S 127.0.0.1:0 >"$dir/log" 2>&1 </dev/null &
    pid[$1]=$!
    servers+=($!)
    disown $! # nothing is to be said of its end
    until port[$1]=$(listening_port "${pid[$1]}"); do
        tries=$((tries + 1))
        if [ $tries -gt 400 ] || ! kill -0 "${pid[$1]}" 2>/dev/null; then
            fail "$2 does not start: $(tail -n 3 "$dir/log")"
        fi
        sleep 0.05
    done
}

# target NAME OWAMPD: one server for each direction, so that neither starts with the other's memory.
target() {
    server "$1-to" "$2"
    server "$1-from" "$2"
    targets+=("$1=${pid[$1-to]}@127.0.0.1:${port[$1-to]},${pid[$1-from]}@127.0.0.1:${port[$1-from]}")
}

# Ours, and theirs where there is one.
all_targets() {
    need "$build/bench/owamp_load" "$build/owampd/owampd"
    target ours "$build/owampd/owampd"
    have_peer || return 0
    need "$OWAMP_PEER_BIN/owampd"
    target theirs "$OWAMP_PEER_BIN/owampd"
}

# A process on each processor that does nothing else than keep it busy, for ten minutes at most.
spin() { # [COMMAND THAT RUNS IT...]
    local range cpu
    for range in $(taskset -cp $$ | sed 's/.*: //; s/,/ /g'); do
        for cpu in $(seq "${range%-*}" "${range#*-}"); do
            timeout 600 "$@" taskset -c "$cpu" sh -c 'while :; do :; done' &
            servers+=($!)
            disown $!
        done
    done
}

# Of each UDP socket of a process and its descendants: the port, and how many datagrams were dropped there.
udp_sockets() {
    local p
    for p in "$1" $(descendants "$1"); do
        readlink /proc/"$p"/fd/* 2>/dev/null
    done | sed -n 's/^socket:\[\([0-9]*\)\]$/\1/p' | awk '
        NR == FNR { ours[$1] = 1; next }
        $10 in ours { split($2, at, ":"); print at[2], $NF }' - /proc/net/udp |
        while read -r hex drops; do printf '%d %d\n' "0x$hex" "$drops"; done
}

# figure FILE SERVER DIRECTION KEY: of owamp_load --json; KEY is a path of jq.
figure() {
    jq -r --arg s "$2" --arg d "$3" ".runs[] | select(.server == \$s and .direction == \$d) | .$4 // \"-\"" "$1"
}

# divide A B: their ratio, or - where there is none.
divide() {
    awk -v a="$1" -v b="$2" 'BEGIN { if (b + 0 > 0 && a != "-") printf "%.4g", a / b; else print "-" }'
}
