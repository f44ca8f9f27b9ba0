#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# psched's tools over a path that is made to do something: what they report is what it did.
. "$(dirname "$0")/net.sh"

drive=$top/test/net/drive/tl_drive
export PSCHED_PROBE=$top/psprobe/ps-probe PSCHED_OWPING=$owping PSCHED_POWSTREAM=$top/powstream/powstream
command -v jq >/dev/null || skip_all "jq is not installed"
make_namespaces

# drive OPTION... TOOL TYPE SPEC: from a; merged.json is the result.
drive() {
    nsenter --net="/run/netns/$a" "$drive" "$@" >out 2>err
    rc=$?
    sed -n 's/^merged //p' out >merged.json
}

# have TEXT FILTER WANTED
have() {
    check "$1" "$rc $(jq -c "$2" merged.json 2>&1)$(<err)" "$3"
}

logged() { # WAY VERSION: how many echoes of ICMP it carried
    awk -v way="$1" -v version="$2" '$1 == way && $2 == version && $3 == 0 && $9 > 0' relay.log | wc -l
}

# Seconds of an ISO 8601 duration below a minute.
seconds='def s: if . == "P0D" then 0 else ltrimstr("PT") | rtrimstr("S") | tonumber end;'

# --- ping: delay, loss, hops

if command -v ping >/dev/null; then
    start_relay --seed 3 --there delay=0.02,loss=0.2,dup=0.1,ttl=4 --back delay=0.03,ttl=6
    for version in 4 6; do
        [ $version = 4 ] && dest=$b4 || dest=$b6
        drive ping rtt "{\"dest\":\"$dest\",\"count\":40,\"interval\":\"PT0.02S\",\"timeout\":\"PT1S\",\"hostnames\":false}"
        cp merged.json "ping$version.json"
        have "ping, IPv$version: round trips take as long as both ways" \
            "$seconds [.roundtrips[].rtt | s] | [min >= 0.05, min < 0.08]" "0 [true,true]"
        have "ping, IPv$version: hops back are seen" '[.roundtrips[].ttl] | unique' "0 [58]"
    done
    drive ping rtt "{\"dest\":\"$b4\",\"count\":1,\"ttl\":3,\"hostnames\":false}"
    have "ping: too few hops are no answer" '[.succeeded, .sent, .received, .loss]' "0 [true,1,0,1]"
    stop_relay
    for version in 4 6; do
        came=$(awk -v version=$version '$1 == "back" && $2 == version && $3 == 0 && $9 > 0 { print $5 }' relay.log | sort -u | wc -l)
        copies=$(logged back $version)
        check "ping, IPv$version: what is lost, and what came twice, is what the relay lost and doubled" \
            "$(jq -c '[.sent, .received, .lost, .duplicates]' ping$version.json)" \
            "[40,$came,$((40 - came)),$((copies - came))]"
    done
    check "ping: something was lost and something doubled" \
        "$(jq -s 'all(.lost > 0 and .duplicates > 0)' ping4.json ping6.json)" true
else
    skip "ping" "ping is not installed"
fi

# --- traceroute and tracepath: hops

start_relay --there delay=0.01,ttl=3 --back delay=0.005
if command -v traceroute >/dev/null || [ -x /usr/sbin/traceroute ]; then
    drive traceroute trace "{\"dest\":\"$b4\",\"as\":false,\"hostnames\":false,\"hops\":6,\"wait\":\"PT1S\",\"queries\":2}"
    have "traceroute: the hops that say nothing, and the end" \
        "$seconds [.paths | length, (.[] | [.[0:3], .[3].ip, (.[3].rtt | s) >= 0.015, length])]" \
        "0 [2,[[{},{},{}],\"$b4\",true,4],[[{},{},{}],\"$b4\",true,4]]"
    drive traceroute trace "{\"dest\":\"$b6\",\"as\":false,\"hostnames\":false,\"hops\":6,\"wait\":\"PT1S\"}"
    have "traceroute, IPv6" '.paths[0] | [length, .[3].ip]' "0 [4,\"$b6\"]"

    cat >zone <<EOF
2.0.99.10.in-addr.arpa PTR 60 far.example
far.example A 60 $b4
2.0.99.10.origin.asn.cymru.com TXT 60 64500 | 10.99.0.0/24 | ZZ | none | 2020-01-01
AS64500.asn.cymru.com TXT 60 64500 | ZZ | none | 2020-01-01 | EXAMPLE - An Example, ZZ
EOF
    mkfifo dns.port
    nsenter --net="/run/netns/$a" "$top/test/tool/fake_dns" zone >dns.port &
    dns_pid=$!
    read -r dns <dns.port
    drive -r "127.0.0.1:$dns" traceroute trace "{\"dest\":\"$b4\",\"hops\":5,\"wait\":\"PT1S\"}"
    have "traceroute: names and systems are looked up" '.paths[0][3] | del(.rtt)' \
        "0 {\"ip\":\"$b4\",\"hostname\":\"far.example\",\"as\":{\"number\":64500,\"owner\":\"EXAMPLE - An Example, ZZ\"}}"
    stop "$dns_pid"
else
    skip "traceroute" "traceroute is not installed"
fi
if command -v tracepath >/dev/null; then
    drive tracepath trace "{\"dest\":\"$b4\",\"as\":false,\"hostnames\":false}"
    have "tracepath: the hops that say nothing, and the end" '.paths[0] | [.[0:3], .[3].ip]' "0 [[{},{},{}],\"$b4\"]"
else
    skip "tracepath" "tracepath is not installed"
fi

# --- the MTU

drive fwmtu mtu "{\"dest\":\"$b4\"}"
have "fwmtu: the device's" .mtu "0 1500"
nsenter --net="/run/netns/$a" ip route add 10.99.0.2/32 dev path0 mtu 1280
drive fwmtu mtu "{\"dest\":\"$b4\"}"
have "fwmtu: the route's" .mtu "0 1280"
nsenter --net="/run/netns/$a" ip route del 10.99.0.2/32 dev path0
stop_relay

# --- OWAMP: latency and latencybg

start_relay --seed 5 --there delay=0.015,loss=0.1 --back delay=0.03,loss=0.2
start_owampd
latency() { # MORE
    drive owping latency "{\"packet-count\":100,\"packet-interval\":0.005,\"packet-timeout\":1,\"ctrl-port\":$port,$1}"
}
latency "\"dest\":\"$b4\""
cp merged.json to.json
have "owping: the delay there" '[."histogram-latency" | keys[] | tonumber] | [min >= 15, min < 25]' "0 [true,true]"
latency "\"dest\":\"$a4\",\"source\":\"$b4\",\"flip\":true"
cp merged.json from.json
have "owping: the delay back" '[."histogram-latency" | keys[] | tonumber] | [min >= 30, min < 40]' "0 [true,true]"
mkdir streams
drive -s "$PWD/streams" -d 9 powstream latencybg \
    "{\"dest\":\"$b4\",\"packet-count\":40,\"packet-interval\":0.05,\"packet-timeout\":1,\"ctrl-port\":$port}"
check "powstream: a result for each session" "$rc $(jq -s 'length >= 2' merged.json)$(<err)" "0 true"
check "powstream: delay and loss" \
    "$(jq -cs '[.[] | [."histogram-latency" | keys[] | tonumber] | min >= 15 and min < 25] + [map(."packets-sent") | unique] + [map(."packets-lost") | add > 0] | unique' merged.json)" \
    '[true,[40]]'
stop_owampd
stop_relay
lost() { # WAY: packets of sessions that the relay lost, of the first 100 of a session
    awk -v way="$1" '$1 == way && $9 == 0' relay.log | wc -l
}
check "owping: there and back something was lost" \
    "$(jq -s 'all(."packets-lost" > 0 and ."packets-sent" == 100)' to.json from.json)" true
check "owping: what was lost on the way back is what the relay lost" "$(jq '."packets-lost"' from.json)" "$(lost back)"

# --- throughput

start_relay --there delay=0.005 --back delay=0.005
if command -v iperf3 >/dev/null; then
    nsenter --net="/run/netns/$b" iperf3 -s -1 -p 5201 --forceflush >server.says 2>&1 &
    server=$!
    until_true grep -q listening server.says
    drive iperf3 throughput "{\"dest\":\"$b4\",\"single-ended\":true,\"duration\":\"PT3S\",\"interval\":\"PT1S\",\"bandwidth\":4000000}"
    wait "$server"
    have "iperf3: the rate that was asked for" \
        '[.succeeded, (.intervals | length), (.summary.summary["throughput-bits"] | . > 3.5e6 and . < 4.5e6)]' \
        "0 [true,3,true]"
    have "iperf3: the round trip of the path" '.summary.streams[0].rtt | . >= 10000 and . < 60000' "0 true"
    drive iperf3 throughput "{\"dest\":\"$b4\",\"single-ended\":true,\"duration\":\"PT1S\"}"
    have "iperf3: without a server" '[.succeeded, .error]' \
        '1 [false,"iperf3: unable to connect to server: Connection refused"]'
else
    skip "iperf3" "iperf3 is not installed"
fi
if command -v nuttcp >/dev/null; then
    nsenter --net="/run/netns/$b" nuttcp -S -1 --nofork >server.says 2>&1 &
    server=$!
    until_true nsenter --net="/run/netns/$b" grep -q ':1388 0*:0000 0A' /proc/net/tcp
    drive nuttcp throughput "{\"dest\":\"$b4\",\"single-ended\":true,\"duration\":\"PT3S\",\"interval\":\"PT1S\",\"bandwidth\":4000000}"
    wait "$server"
    have "nuttcp: the rate that was asked for" \
        '[.succeeded, (.summary.summary["throughput-bits"] | . > 3.5e6 and . < 4.5e6)]' "0 [true,true]"
else
    skip "nuttcp" "nuttcp is not installed"
fi
stop_relay
for tool in iperf3 nuttcp; do
    command -v $tool >/dev/null || continue
    drive $tool throughput '{"dest":"127.0.0.1","loopback":true,"duration":"PT2S","interval":"PT1S","bandwidth":8000000}'
    have "$tool: this host with itself" \
        '[.succeeded, (.summary.summary["throughput-bits"] | . > 7e6 and . < 9e6)]' "0 [true,true]"
done
plan
