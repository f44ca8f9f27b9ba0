#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Connections that come to nothing keep nobody from measuring.
. "$(dirname "$0")/fault.sh"

# crowd NAME FILE WORD...: 200 connections that go so far and no further.
crowd() {
    local name=$1 file=$2
    shift 2
    start_peer "$file" crowd "${port[$name]}" 200 "$@"
    until_true has_text "$file" holding
}

part_of_setup=send=00000001000000000000
part_of_request=send=0104000100000001

start_server free
measure free >first
memory=$(memory_kib free)
files=$(descriptors free)
crowd free mute
crowds=("$peer_pid")
crowd free halfway "$part_of_setup"
crowds+=("$peer_pid")
crowd free asking greeting? setup start? "$part_of_request"
crowds+=("$peer_pid")
check "600 connections are open" "$(($(descriptors free) - files))" 600
check "beside 600 that stopped before and in a message another measures" "$(measure free)" "$measured"
at_most "and they cost no more than 32 MiB" "$(($(memory_kib free) - memory))" 32768
kill "${crowds[@]}"
all_gone() { [ "$(descriptors free)" -le $((files + 4)) ]; }
until_true all_gone
at_most "when they go their descriptors are free" "$(descriptors free)" $((files + 4))
stop_server free

mkdir -p full/conf
echo 'maxcontrolsessions 50' >full/conf/owamp-server.conf
start_server full
measure full >first
files=$(descriptors full)
crowd full mute2
# Who has to give way is closed a moment after who takes the place has been let in, one after the other.
held() {
    local looks=0
    while ((looks++ < 10)); do
        at_hand=$(($(descriptors full) - files))
        [ $at_hand -le 50 ] || return
        sleep 0.05
    done
}
until_true held
at_most "with maxcontrolsessions 50 no more than that are held" "$at_hand" 50
check "and one that never spoke gives way" "$(measure full)" "$measured"
logged "and the log says so" full 'closed: idle in the set-up while maxcontrolsessions is reached'
kill "$peer_pid"

crowd full halfway2 "$part_of_setup"
check "one that stopped in Set-Up-Response gives way" "$(measure full)" "$measured"
kill "$peer_pid"

gone() { [ "$(descriptors full)" -le $((files + 4)) ]; }
until_true gone
crowd full asking2 greeting? setup start? "$part_of_request"
check "one that stopped in Request-Session gives way" "$(measure full)" "$measured"
logged "and the log counts them" full '[0-9]+ more were let go'
stop_server full
plan
