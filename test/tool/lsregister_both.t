#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lsregister registers with lsregister directory: both ends of ours.
. "$(dirname "$0")/tool.sh"
. "$top_srcdir/test/tool/lookup.sh"

# directory NAME [OPTION...]: starts one. Sets site.
directory() {
    local line port said name=$1
    shift
    mkfifo "$name.pipe"
    "$lsregister" directory --listen 127.0.0.1:0 --data "$tmp/$name.db" "$@" 2>"$name.pipe" &
    pids+=("$!")
    exec {said}<"$name.pipe"
    while read -r -t 60 -u "$said" line && [[ $line != *"listening on 127.0.0.1:"* ]]; do :; done
    port=${line##*127.0.0.1:}
    port=${port%%[!0-9]*}
    [ -n "$port" ] || bail_out "no directory"
    site=http://127.0.0.1:$port
}

directory open
make_root root
make_config conf "\"$site/\"" '"lease": "PT2H"'

run "$lsregister" once -c conf --root root
check "a host registers" "$rc$err" 0
run "$lsregister" verify -c conf --root root
check "as it should be" "$rc$err" 0
uris=$("$lsregister" status -c conf --json | jq -r '[.registrations[].uri] | sort | join(" ")')
run "$lsregister" once -c conf --root root
check "and renews" "$rc$err $("$lsregister" status -c conf --json | jq -r '[.registrations[].last] | unique | join(" ")')" \
    "0 renewed"
rm state/registrations.json
run "$lsregister" once -c conf --root root
check "without its notes it finds its records" \
    "$rc$err $("$lsregister" status -c conf --json | jq -r '[.registrations[].uri] | sort | join(" ")')" "0 $uris"
sed -i 's/Geneva/Meyrin/' conf
run "$lsregister" once -c conf --root root
check "a change is registered" "$rc$err" 0
run "$lsregister" find --server "$site" all --json
check "and leaves one record of each" "$(jq -r '[.records[].record.type[0]] | sort | join(" ")' <<<"$out")" \
    "host interface person service"
run "$lsregister" find --bootstrap "$site/lookup/activehosts.json" --place Meyrin
check "the directory tells of itself in a list of servers" "$rc$err" 0
run "$lsregister" communities --server "$site"
match "communities are counted there" "$out" "1 hosts +1 services  LHC"
run "$lsregister" withdraw -c conf --root root
check "what is withdrawn is gone" "$rc$err $(curl -s "$site/lookup/records")" "0 []"

# --- a directory that wants to know whose a record is, and takes none twice

echo '{"ownership": "strict", "duplicates": "refuse"}' >strict.conf
directory strict -c strict.conf
make_config conf "\"$site/\""
run "$lsregister" once -c conf --root root
check "a host registers with a strict directory" "$rc$err" 0
uris=$("$lsregister" status -c conf --json | jq -r '[.registrations[].uri] | sort | join(" ")')
run "$lsregister" once -c conf --root root
check "and renews what it has there" \
    "$rc$err $("$lsregister" status -c conf --json | jq -r '[.registrations[].uri] | sort | join(" ")')" "0 $uris"
run "$lsregister" withdraw -c conf --root root
check "and withdraws it" "$rc$err $(curl -s "$site/lookup/records")" "0 []"

# --- a secret of the host

directory secret
make_config conf "\"$site/\"" '"token": "s3cret"'
run "$lsregister" once -c conf --root root
check "a host registers with a token" "$rc$err" 0
host=$(curl -s "$site/lookup/records?type=host" | sed 's/.*"uri":"\([^"]*\)".*/\1/')
check "which who knows the uri has not" "$(curl -s -o /dev/null -w '%{http_code}' -X DELETE "$site/$host")" 403
run "$lsregister" once -c conf --root root
check "it renews with it" "$rc$err $("$lsregister" status -c conf --json | jq -r '[.registrations[].last] | unique | join(" ")')" \
    "0 renewed"
run "$lsregister" check conf
match "that others may read it is warned of" "$rc $out" "^0 .*warning: token: everybody on this host may read it"
chmod o-r conf
run "$lsregister" check conf
check "unless they may not" "$rc $(grep -c warning <<<"$out")" "0 0"
run "$lsregister" withdraw -c conf --root root
check "and withdraws with it" "$rc$err $(curl -s "$site/lookup/records")" "0 []"
make_config conf '' '"token": "s3cret"'
run "$lsregister" check conf
match "servers that others choose are not told it" "$rc $out" "^0 .*warning: token: is told only to servers that"
make_config conf "\"$site/\"" '"token": "two words"'
run "$lsregister" check conf
match "a token has no spaces" "$rc $out" "^1 conf:[0-9]*: token: wants letters, digits and signs"
plan
