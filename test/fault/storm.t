#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Storms of connections that come to nothing keep out nobody who is within bounds.
. "$(dirname "$0")/fault.sh"

part_of_setup=send=00000001000000000000

# storm NAME FILE WORD...: connections from 127.0.0.9 without end, the last 300 of them open.
storm() {
    local name=$1 file=$2
    shift 2
    RAW_SOURCE=127.0.0.9 start_peer "$file" storm "${port[$name]}" 300 "$@"
    until_true has_text "$file" raging
}

# crowd NAME FILE NUMBER WORD...: so many from 127.0.0.9 that stay.
crowd() {
    local name=$1 file=$2 number=$3
    shift 3
    RAW_SOURCE=127.0.0.9 start_peer "$file" crowd "${port[$name]}" "$number" "$@"
    until_true has_text "$file" holding
}

# often NAME OPTION...: five tests, one after the other; what went wrong.
often() {
    for _ in 1 2 3 4 5; do
        [ "$(measure "$@" | tee last)" = "$measured" ] || cat last
    done
}

server() { # NAME LINE...
    mkdir -p "$1/conf"
    printf '%s\n' "${@:2}" >"$1/conf/owamp-server.conf"
    printf 'joe\t%s\n' "$(printf secret | od -An -tx1 | tr -d ' \n')" >"$1/conf/owamp-server.pfs"
    chmod 600 "$1/conf/owamp-server.pfs"
    cp "$1/conf/owamp-server.pfs" pfs
}

# --- places that are all taken

server places 'maxcontrolsessions 30'
start_server places
files=$(descriptors places)
storm places mute
check "in a storm of mute connections that takes all places, all of five tests work" "$(often places)" ""
check "and of five encrypted ones" "$(often places -A E -u joe -k pfs)" ""
at_most "there are no more connections than there may be" "$(($(descriptors places) - files))" 34
end_peer
storm places halfway "$part_of_setup"
check "so they do where each sends a part of Set-Up-Response" "$(often places)" ""
end_peer
storm places crypt greeting? mode=4 keyid=joe pass=wrong setup
check "and where each has a key derived" "$(often places -A E -u joe -k pfs)" ""
end_peer
storm places ready greeting? setup start?
check "and where each finishes the set-up, and says no more" "$(often places)" ""
check "five encrypted ones, too" "$(often places -A E -u joe -k pfs)" ""
end_peer
at_most "the log has a few of these lines" "$(said places 'idle in the set-up while|closed by the peer')" 200
logged "and the number of the others" places '[0-9]+ more were let go'
stop_server places

# --- descriptors that are all taken

# shellcheck disable=SC2016 # the inner shell's
printf '#!/bin/bash\nulimit -n 100\nexec "%s" "$@"\n' "$(command -v owampd)" >owampd
chmod +x owampd
PATH=$PWD:$PATH start_server few
storm few mute2
check "a storm that takes all descriptors keeps out nobody either" "$(often few)" ""
logged "the log says what is short" few 'idle in the set-up while the limit of open files is reached'
end_peer
stop_server few

# --- one address

server host 'maxcontrolperhost 5'
start_server host
files=$(descriptors host)
crowd host silent 20
at_most "with maxcontrolperhost 5 an address has no more" "$(($(descriptors host) - files))" 5
check "one of it that says something is served all the same" "$(measure host -S 127.0.0.9)" "$measured"
logged "for another one gave way" host '127\.0\.0\.9:[0-9]+: closed: idle in the set-up while maxcontrolperhost is reached'
end_peer
none_left() { [ "$(descriptors host)" -le $((files + 4)) ]; }
until_true none_left
crowd host asked 5 greeting? setup start? npackets=1000 slot= slot=1:0.1 timeout=1 udp request accept?
match "an address with 5 connections at work has no sixth" "$(measure host -S 127.0.0.9)" "closed the connection"
logged "and the log says so" host '127\.0\.0\.9:[0-9]+: turned away: maxcontrolperhost is reached'
check "another address is served" "$(measure host)" "$measured"
end_peer
stop_server host

# --- the time for the set-up

server slow 'setuptimeout 1'
start_server slow
crowd slow late 3 "$part_of_setup"
logged "who has not finished the set-up after setuptimeout goes" slow 'closed: the set-up took too long'
end_peer
stop_server slow
plan
