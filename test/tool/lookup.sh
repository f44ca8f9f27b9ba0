# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # what is set here is used by those who source this
# What the tests of lsregister share: lookup servers, a host to register. Sourced after tool.sh.
: "${top_builddir:?is set by make check}" "${tmp:?is set by tool.sh}"
lsregister=$top_builddir/lsregister/lsregister
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY CURL_HOME
export HOME=$tmp

# lookup_server NAME [ADDRESS]: starts one that is as upstream's are. Sets NAME_pid and NAME (its URL).
lookup_server() {
    local port fd
    mkfifo "$1.pipe"
    "$top_builddir/test/tool/ls_double" "${2:-127.0.0.1}" >"$1.pipe" &
    pids+=("$!")
    printf -v "$1_pid" %s "$!"
    exec {fd}<"$1.pipe"
    read -r -t 60 -u "$fd" port || return
    exec {fd}<&-
    printf -v "$1" 'http://%s:%s' "${2:-127.0.0.1}" "$port"
}

# quirks URL NUMBER: from now on (see test/sim/lsdouble.h).
quirks() {
    curl -sf -X PUT "$1/quirks/$2"
}

counts() {
    curl -sf "$1/counts"
}

# A system's files, for --root.
make_root() {
    mkdir -p "$1/proc/sys/net/core" "$1/proc/sys/net/ipv4" "$1/proc/sys/kernel" "$1/etc" \
        "$1/sys/class/net/lo" "$1/sys/devices/virtual/dmi/id"
    echo "MemTotal:       16283884 kB" >"$1/proc/meminfo"
    printf 'processor\t: %s\nmodel name\t: Test CPU\ncpu MHz\t\t: 2400.000\nphysical id\t: %s\n\n' 0 0 1 0 2 1 3 1 >"$1/proc/cpuinfo"
    echo Linux >"$1/proc/sys/kernel/ostype"
    echo 6.1.0-test >"$1/proc/sys/kernel/osrelease"
    echo x86_64 >"$1/proc/sys/kernel/arch"
    echo htcp >"$1/proc/sys/net/ipv4/tcp_congestion_control"
    printf '4096\t16384\t4194304\n' >"$1/proc/sys/net/ipv4/tcp_wmem"
    printf '4096\t131072\t6291456\n' >"$1/proc/sys/net/ipv4/tcp_rmem"
    echo 212992 >"$1/proc/sys/net/core/wmem_max"
    echo 212993 >"$1/proc/sys/net/core/rmem_max"
    echo 1000 >"$1/proc/sys/net/core/netdev_max_backlog"
    printf 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\n' >"$1/etc/os-release"
    echo 12.11 >"$1/etc/debian_version"
    echo 0123456789abcdef0123456789abcdef >"$1/etc/machine-id"
    echo "Maker Inc." >"$1/sys/devices/virtual/dmi/id/sys_vendor"
    echo "Model 1" >"$1/sys/devices/virtual/dmi/id/product_name"
}

# make_config FILE SERVERS [MEMBERS]: a host with an interface that needs neither the system nor the DNS. Its addresses are
# those of documentation, which are registered only where private ones are.
make_config() {
    local private='"private-addresses": true,'
    [[ ${3:-} != *private-addresses* ]] || private=""
    cat >"$1" <<EOF
{
    "administrators": [{"name": "Jane Doe", "email": "jane@example.org"}],
    "site": "Example", "communities": ["LHC"], "location": {"city": "Geneva", "country": "CH"},
    "find-interfaces": false, "reverse-lookup": false,
    "interfaces": [{"name": "eth0", "addresses": ["192.0.2.1", "2001:db8::1"], "capacity": 1000000000}],
    "services": [{"type": "owamp", "always-up": true}],
    ${3:+$3,} $private
    "servers": [$2],
    "state": "$tmp/state", "socket": "$tmp/ls.sock"
}
EOF
}
