#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Directories that pass records on in a circle: none keeps alive what its host has given up.
. "$(dirname "$0")/tool.sh"
# shellcheck source=directory.sh
. "${top_srcdir:?is set by make check}/test/tool/directory.sh"
command -v curl >/dev/null || skip_all "curl is not installed"

lease='"lease": {"min": "PT1S", "grace": "PT1S"}'
passing_on() { # UPPER
    echo "{$lease, \"upper\": {\"url\": \"$1\", \"every\": \"PT1S\"}}"
}
# begin NAME [UPPER]: a directory that passes all on to UPPER.
begin() {
    mkdir -p "$1"
    if [ -n "${2-}" ]; then
        passing_on "$2" >"$1/conf"
    else
        echo "{$lease}" >"$1/conf"
    fi
    directory "$1" || bail_out "$line"
}
# has RECORDS QUERY N: whether so many are found there.
has() {
    [ "$(curl -s -g "$1?$2" | grep -o '"uri":"lookup' | wc -l)" = "$3" ]
}
expires() { # RECORDS QUERY
    curl -s -g "$1?$2" | sed -n 's/.*"expires":"\([^"]*\)".*/\1/p'
}
host() { # NAME TTL [CURL'S OPTION...]
    register "{\"type\":\"host\",\"host-name\":\"$1\",\"client-uuid\":\"u\",\"ttl\":\"$2\"}" "${@:3}"
}

# Two, each the other's upper server: the first learns of the second later.
begin a
a=$records a_site=$site a_pid=$directory_pid
begin b "$a"
b=$records b_site=$site
passing_on "$b" >a/conf
kill -HUP "$a_pid"

records=$a site=$a_site
stays=$(host stays PT1H)
until_true has "$b" host-name=stays 1
check "what is registered with one of a circle is there with the other" "$(has "$b" "" 1 && echo once)" once
until_true has "$b" 'host-name=stays&state=renewed' 1
check "and is not given back" "$(curl -s "$a_site/$stays" | grep -o '"state":"[a-z]*"')" '"state":"registered"'
host goes PT2S >/dev/null
until_true has "$b" host-name=goes 1
until_true has "$a" host-name=goes 0
until_true has "$b" host-name=goes 0
check "what its host does not renew any more ends with both" \
    "$(has "$a" host-name=goes 0 && has "$b" host-name=goes 0 && echo gone)" gone
register '{"type":"host","host-name":"nameless"}' >/dev/null
until_true has "$b" 'host-name=nameless&state=renewed' 1
check "without a client-uuid it is there once with each, too" \
    "$(has "$a" host-name=nameless 1 && has "$b" host-name=nameless 1 && echo once)" once

# A host that registers with both: its own lease counts.
records=$b
own=$(host both PT1H)
own_until=$(expires "$b" host-name=both)
records=$a
both=$(host both PT1H)
host later PT1H >/dev/null
until_true has "$b" host-name=later 1
check "what a host registers with both keeps the lease that the host has asked for" \
    "$(expires "$b" host-name=both)" "$own_until"
later=$(curl -s -g "$a?host-name=later" | uri)
ask DELETE "$a_site/$both" '' -o /dev/null >/dev/null
ask DELETE "$a_site/$later" '' -o /dev/null >/dev/null
until_true has "$b" host-name=later 0
check "and stays where its host has not removed it" "$(curl -s -o /dev/null -w '%{http_code}' "$b_site/$own")" 200

# What the requests of directories say.
way=$(printf '%032d' 1)
check "a way that is none is refused" "$(ask PUT "$a" '{"record-uris":["lookup/host/x"]}' -o /dev/null -H 'X-Directory-Path: me')" " 400"
check "one that is too long, too" \
    "$(ask PUT "$a" '{}' -o /dev/null -H "X-Directory-Path: $way,$way,$way,$way,$way,$way,$way,$way,$way")" " 400"
self=$(curl -s -D - -o /dev/null -X PUT -H "X-Directory-Path: $way" "$a" | tr -d '\r' | sed -n 's/^X-Directory-Id: //p')
match "a directory tells another who it is" "$self" '^[0-9a-f]{32}$'
check "and takes nothing back that came through it" \
    "$(ask POST "$a" '{"type":"host"}' -o /dev/null -H "X-Directory-Path: $self,$way")" " 409"
check "its answers to hosts say nothing of that" "$(curl -s -D - -o /dev/null -X PUT "$a" | grep -c X-Directory-Id)" 0

# A row of three: what came from below goes on.
begin top
top=$records
begin middle "$top"
middle=$records
begin bottom "$middle"
row=$(host row PT1H)
until_true has "$top" host-name=row 1
check "what comes from below goes on to the next" "$(has "$top" host-name=row 1 && echo there)" there
ask DELETE "$site/$row" '' -o /dev/null >/dev/null
until_true has "$top" host-name=row 0
check "and so does its end" "$(has "$middle" "" 0 && has "$top" "" 0 && echo gone)" gone

# A directory that is its own upper server.
begin self
passing_on "$records" >self/conf
kill -HUP "$directory_pid"
host mine PT2S >/dev/null
hear "upper: "
match "a directory that is to pass on to itself says so" "$line" "is this directory itself, "
until_true has "$records" host-name=mine 0
check "and what it has ends all the same" "$(has "$records" "" 0 && echo gone)" gone
plan
