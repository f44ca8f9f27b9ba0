# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the interop tests share. Two sides, "ours" and "theirs": theirs are the programs in the folder
# that OWAMP_PEER_BIN names. Servers listen on ports of the kernel's choice; measurements run side by
# side, since they mostly wait.

. "${BASH_SOURCE[0]%/*}/../tap.sh"
: "${top_builddir:?is set by make check}"
# shellcheck disable=SC2034 # the tests read port
declare -A port pid job

if [ -z "${OWAMP_PEER_BIN-}" ]; then
    skip_all "OWAMP_PEER_BIN names no folder with another owamp's programs"
fi
for name in owampd owping owstats owfetch owup; do
    [ -x "$OWAMP_PEER_BIN/$name" ] || skip_all "there is no $name in OWAMP_PEER_BIN=$OWAMP_PEER_BIN"
done

# program SIDE NAME: its path.
program() {
    if [ "$1" = theirs ]; then
        echo "$OWAMP_PEER_BIN/$2"
    elif [ "$2" = owampd ]; then
        echo "$top_builddir/owampd/owampd"
    else
        echo "$top_builddir/owping/$2"
    fi
}

clean_up() {
    end_all
    rm -rf "$tmp"
}

# shellcheck disable=SC2034 # files.t needs it
here=$(cd "$(dirname "$0")" && pwd -P)
tmp=$(mktemp -d) || exit 1
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
cd "$tmp" || exit 1
export TMPDIR=$tmp TZ=UTC0

# --- servers

printf 'joe 7365637265742d31\njoey 7365637265742d32\n' >good.pfs

# The TCP port on which process $1 listens, from the kernel's tables.
listening_port() {
    local inode hex
    for inode in $(readlink /proc/"$1"/fd/* 2>/dev/null | sed -n 's/^socket:\[\([0-9]*\)\]$/\1/p'); do
        hex=$(awk -v i="$inode" '$4 == "0A" && $10 == i { sub(/.*:/, "", $2); print $2; exit }' \
            /proc/net/tcp /proc/net/tcp6 2>/dev/null)
        [ -n "$hex" ] && printf '%d\n' "0x$hex" && return 0
    done
    return 1
}

# shellcheck disable=SC2034 # the tests read port
has_port() {
    port[$1]=$(listening_port "${pid[$1]}")
}

# server NAME SIDE ADDRESS [OPTION]...: starts an owampd in a directory NAME; port[NAME] and pid[NAME]
# are its. What is in NAME already (a configuration) is used.
server() {
    local name=$1 side=$2 addr=$3
    shift 3
    mkdir -p "$name"
    [ -e "$name/owamp-server.conf" ] || printf 'dieby 1\nloglevel warning\n' >"$name/owamp-server.conf"
    [ -e "$name/owamp-server.pfs" ] || cp good.pfs "$name/owamp-server.pfs"
    "$(program "$side" owampd)" -Z -f -c "$tmp/$name" -d "$tmp/$name" -R "$tmp/$name" -S "$addr:0" "$@" \
        >"$name/log" 2>&1 </dev/null &
    pid[$name]=$!
    pids+=($!)
    if ! until_true has_port "$name"; then
        bail_out "$side owampd does not listen: $(tail -n 3 "$name/log")"
    fi
}

# What the log of NAME has that is not about what this host allows.
complaints() {
    grep -v 'timing: ' "$1/log"
}

# server_end NAME: stops it and waits.
server_end() {
    kill "${pid[$1]}"
    wait "${pid[$1]}"
}

has_ipv6() {
    [ -n "$(awk '$1 == "00000000000000000000000000000001"' /proc/net/if_inet6 2>/dev/null)" ]
}

# --- clients

# start NAME COMMAND...: runs it behind the scenes, its output in NAME.out and NAME.err; job[NAME] is it.
start() {
    local name=$1
    shift
    "$@" >"$name.out" 2>"$name.err" </dev/null &
    job[$name]=$!
    pids+=($!)
}

# finish [NAME]...: waits for these, or for all that were started; NAME.rc has their exit status.
finish() {
    local name
    [ $# -gt 0 ] || set -- "${!job[@]}"
    for name; do
        [ -n "${job[$name]-}" ] || continue
        wait "${job[$name]}" 2>/dev/null
        echo $? >"$name.rc"
        unset "job[$name]"
    done
}

# children PID: the processes that it started, on one line.
children() {
    awk -v p="$1" '$4 == p { printf " %s", $1 }' /proc/[0-9]*/stat 2>/dev/null
}

# --- what came of it

# counts NAME: exit status, and for each session what was sent, lost and duplicated, as one line.
counts() {
    echo "$(cat "$1.rc"):" "$(sed -n 's/^\([0-9]* sent, [0-9]* lost\) ([^)]*), \([0-9]* dup\).*/\1, \2/p' "$1.out" |
        paste -sd';' | sed 's/;/; /g')"
}

# said NAME: what it wrote on standard error, without what another make says of the clock.
said() {
    grep -v 'NTP: ' "$1.err"
}

# value FILE KEY: of summaries for machines, all of them on one line.
value() {
    awk -v k="$2" '$1 == k { printf "%s%s", n++ ? " " : "", $2 }' "$1"
}

# field FILE OFFSET LENGTH: octets of a file in hexadecimal.
field() {
    od -An -v -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'
}

# stored NAME: the files of the sessions that a server received.
stored() {
    find "$1/hierarchy" -name '*.owp' 2>/dev/null | LC_ALL=C sort
}

# has_records NAME N: a session that server NAME receives has N records in its file.
has_records() {
    local file
    for file in $(stored "$1"); do
        [ "$(stat -c %s "$file")" -ge $((184 + 25 * $2)) ] && return 0
    done
    return 1
}

# owstats SIDE OPTION... FILE
owstats() {
    local side=$1
    shift
    "$(program "$side" owstats)" "$@" 2>>owstats.err
}
