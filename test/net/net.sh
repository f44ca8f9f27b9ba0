# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # what is set here is used by those who source this
# What the net tests share: two network namespaces, a and b, joined by the relay; an owampd in b;
# owping from a. Sourced.
. "${BASH_SOURCE[0]%/*}/../tap.sh"
top=${top_builddir:?is set by make check}
relay=$top/test/net/relay/ow_relay
owampd=$top/owampd/owampd
owping=$top/owping/owping
{
    owstats=$top/owping/owstats
    truth=$top/test/net/relay/ow_truth
    # The addresses of a and of b.
    a4=10.99.0.1 b4=10.99.0.2 a6=fd99::1 b6=fd99::2 all=fe80::a bll=fe80::b
}
a=ow-$$-a b=ow-$$-b
relay_pid='' owampd_pid=''
tmp=$(mktemp -d) || exit 1

stop() { # PID
    [ -n "$1" ] || return 0
    kill "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

clean_up() {
    stop "$owampd_pid"
    stop "$relay_pid"
    ip netns del "$a" 2>/dev/null
    ip netns del "$b" 2>/dev/null
    rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
cd "$tmp" || exit 1
mkfifo relay.says owampd.says owampd.up && exec 7<>owampd.up || exit 1
: >owampd.log

# says TEXT FILE PATTERN: FILE holds a line that PATTERN (extended) matches.
says() {
    count=$((count + 1))
    if grep -qE -- "$3" "$2"; then
        echo "ok $count - $1"
        return
    fi
    echo "not ok $count - $1"
    { echo "wanted: $3" && echo got: && cat "$2"; } | sed 's/^/#   /'
}

make_namespaces() {
    [ "$(id -u)" = 0 ] || skip_all "namespaces need root"
    command -v ip >/dev/null || skip_all "ip (iproute2) is not installed"
    [ -c /dev/net/tun ] || skip_all "there is no /dev/net/tun"
    ip netns add "$a" 2>why || skip_all "namespaces are not allowed here: $(<why)"
    ip netns add "$b" 2>why || skip_all "namespaces are not allowed here: $(<why)"
    nsenter --net="/run/netns/$a" ip link set lo up
    nsenter --net="/run/netns/$b" ip link set lo up
}

dress() { # NAMESPACE IPV4 IPV6 LINK-LOCAL
    nsenter --net="/run/netns/$1" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/path0/addr_gen_mode' 2>/dev/null
    nsenter --net="/run/netns/$1" ip addr add "$2/24" dev path0
    nsenter --net="/run/netns/$1" ip addr add "$3/64" dev path0 nodad
    nsenter --net="/run/netns/$1" ip link set path0 up
    nsenter --net="/run/netns/$1" ip addr add "$4/64" dev path0 nodad
}

# start_relay OPTION...: joins the namespaces; its log is relay.log, whole once it has been stopped.
start_relay() {
    local line=''
    "$relay" "$@" --log relay.log "$a" "$b" >relay.says 2>relay.err &
    relay_pid=$!
    read -r line <relay.says
    if [ "$line" != ready ]; then
        wait "$relay_pid"
        [ $? = 77 ] && skip_all "the relay is not allowed here: $(<relay.err)"
        relay_pid=''
        bail_out "the relay did not start: $(<relay.err)"
    fi
    dress "$a" "$a4" "$a6" "$all"
    dress "$b" "$b4" "$b6" "$bll"
}

stop_relay() {
    kill "$relay_pid" && wait "$relay_pid"
    relay_rc=$?
    relay_pid=''
}

# Starts owampd in b, on every address; what it says goes to owampd.log, whole once it has
# been stopped, and its port to $port.
start_owampd() {
    mkdir -p var data
    while IFS= read -r line; do
        echo "$line" >>owampd.log
        [[ $line != *listening* ]] || echo up >&7
    done <owampd.says &
    logger_pid=$!
    nsenter --net="/run/netns/$b" "$owampd" -Z -f -S :0 -R var -d data >owampd.says 2>&1 7>&- &
    owampd_pid=$!
    read -r -t 20 -u 7 || bail_out "owampd does not listen: $(<owampd.log)"
    port=$(sed -n 's/^PORT=//p' var/owamp-server.info)
}

stop_owampd() {
    kill "$owampd_pid" && wait "$owampd_pid"
    owampd_rc=$?
    owampd_pid=''
    wait "$logger_pid"
}

# ping_from_a ARGUMENT...: rc, and what it wrote in out and err.
ping_from_a() {
    nsenter --net="/run/netns/$a" "$owping" "$@" >out 2>err
    rc=$?
}
