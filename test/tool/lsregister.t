#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lsregister once, status, verify, record, find, communities, withdraw, on and off, against a lookup server as upstream's.
. "$(dirname "$0")/tool.sh"
. "$top_srcdir/test/tool/lookup.sh"
one="" two="" six="" twins=""

lookup_server one || bail_out "no lookup server"
make_root root
make_config conf "\"$one/\""

# --- record

run "$lsregister" record -c conf --root root
check "record tells what would be registered, and exits with 0" "$rc" 0
match "its host is that of the files it was given" "$out" "host-hardware-memory +15902 MB"
match "sockets are counted" "$out" "host-hardware-processorcount +2"
match "and processors" "$out" "host-hardware-processorcore +4"
match "TCP's buffers are the last of three" "$out" "autotunemaxbuffer-send +4194304 bytes"
match "the backlog is found" "$out" "host-net-tcp-maxbacklog +1000"
match "the point release too" "$out" "host-os-version +12.11"
match "an address of IPv6 stands in brackets" "$out" 'tcp://\[2001:db8::1\]:861'
match "a service has the site's name" "$out" "service-name +Example OWAMP Server"
match "what is not registered yet has no key" "$out" "service-host +<host/0>"
run "$lsregister" record -c conf --root root --json
check "record --json is JSON with a record each" "$(jq -r 'map(.type[0]) | join(" ")' <<<"$out")" \
    "person interface host service"
[ ! -e state ]
check "record leaves nothing behind" $? 0

# --- status before

run "$lsregister" status -c conf
check "status before anything was registered is no" "$rc" 1
match "and says that nobody serves" "$out" "nobody serves"
run "$lsregister" verify -c conf --root root
check "verify says so, too" "$rc" 1
match "and what to do" "$err" "lsregister serve or once"

# --- once

run "$lsregister" once -c conf --root root
check "once registers" "$rc$err" 0
check "every record is there" "$(counts "$one")" "live 4 registered 4 deleted 0 duplicates 0 bulk 0 single 0"
run "$lsregister" once -c conf --root root
check "once again renews, all at once" "$rc $(counts "$one")" \
    "0 live 4 registered 4 deleted 0 duplicates 0 bulk 1 single 0"
run "$lsregister" status -c conf
check "status is yes" "$rc" 0
match "it tells the key" "$out" "key +lookup/host/"
match "and the last answer" "$out" "last +renewed"
run "$lsregister" status -c conf --json
check "status --json tells the same" "$(jq -r '[.registrations[] | select(.registered)] | length' <<<"$out")" 4
run "$lsregister" verify -c conf --root root
check "verify finds all as it should be" "$rc" 0
run "$lsregister" record -c conf --root root
match "record shows the keys that others are pointed to by" "$out" "service-host +lookup/host/"

# --- traps

quirks "$one" 8
run "$lsregister" once -c conf --root root
check "a renewal of all that fails is done one by one" "$rc $(counts "$one")" \
    "0 live 4 registered 4 deleted 0 duplicates 0 bulk 2 single 4"
quirks "$one" 0
rm -r state/registrations.json
run "$lsregister" once -c conf --root root
check "a lost ledger is found again" "$rc $(counts "$one")" \
    "0 live 4 registered 4 deleted 0 duplicates 0 bulk 3 single 4"
echo '{"client-uuid": ' >state/registrations.json
run "$lsregister" once -c conf --root root
check "so is a damaged one" "$rc $(counts "$one" | cut -d' ' -f1-4)" "0 live 4 registered 4"
[ -e state/registrations.json.bad ]
check "and it is put aside" $? 0
curl -sf -X PUT "$one/wipe"
run "$lsregister" verify -c conf --root root
check "verify notices a server that has forgotten" "$rc" 1
match "and says what is not there" "$out" "host/0: the server does not have lookup/host/"
run "$lsregister" once -c conf --root root
check "once registers there anew" "$rc $(counts "$one" | cut -d' ' -f1-4)" "0 live 4 registered 8"
quirks "$one" 2
run "$lsregister" once -c conf --root root
check "an answer that is lost is told, and exit status 3" "$rc" 3
quirks "$one" 0
run "$lsregister" once -c conf --root root
check "and all is well the next time" "$rc $(counts "$one" | cut -d' ' -f1-4)" "0 live 4 registered 8"

# --- a change

sed -i 's/Geneva/Meyrin/' conf
run "$lsregister" verify -c conf --root root
match "verify tells what differs" "$out" 'location-city is "Meyrin" here, "Geneva" there'
run "$lsregister" once -c conf --root root
check "a change is registered, and the old records deleted" "$rc $(counts "$one" | cut -d' ' -f1-6)" \
    "0 live 4 registered 10 deleted 2"

# --- finding

run "$lsregister" find --server "$one"
check "find finds hosts" "$rc" 0
match_all "and tells names, place and communities" "$out" 'host  192.0.2.1  \(Example, Meyrin, CH\)  \[LHC\]'
run "$lsregister" find --server "$one" --service OWAMP --place meyr* --json
check "find finds services by kind and place, as JSON" "$(jq -r '.records[0].record["service-type"][0]' <<<"$out")" owamp
run "$lsregister" find --server "$one" --csv all
check "find tells everything as CSV" "$(wc -l <<<"$out")" 5
run "$lsregister" find --server "$one" --csv --json
check "but not as both" "$rc $out$err" "2 lsregister find: --json or --csv, not both"
run "$lsregister" find --server "$one" persons
match "persons have names" "$out" "^person  Jane Doe jane@example.org"
run "$lsregister" find --server "$one" --name 2001:DB8:0:0::1 services
match "an address is found however it is written, in locators as well" "$out" "^owamp  tcp://192.0.2.1:861"
run "$lsregister" find --server "$one" --service owmap
check "a service of no known kind is refused" "$rc" 2
match "and the nearest named" "$err" 'did you mean "owamp"'
run "$lsregister" find --server "$one" --ipv6
check "find finds who has IPv6" "$rc" 0
run "$lsregister" find --server "$one" --community Atlas
check "what is not there is not found, and exit status 1" "$rc$out" 1
run "$lsregister" find --server "$one" --where host-os-name='debian*' --where host-vm=0
check "find finds by any key" "$rc" 0
run "$lsregister" communities --server "$one"
match "communities are counted" "$out" " 1 hosts +1 services  LHC"
run "$lsregister" find --server "$one" --server http://127.0.0.1:1/
match "a server that is down keeps none from being found" "$out" "^host  192.0.2.1"
check "but there may be more: exit status 3" "$rc" 3
match "and is told" "$err" "http://127.0.0.1:1/: "
run "$lsregister" find --server http://127.0.0.1:1/
check "when none answers it is exit status 3" "$rc" 3

# --- a disk that takes nothing

# full WORD...: lsregister on a file system without room. Sets rc and said.
full() {
    said=$(
        trap '' XFSZ
        ulimit -f 0
        "$lsregister" "$@" 2>&1
    )
    rc=$?
}

make_config full.conf "\"$one/\""
sed -i "s|$tmp/state|$tmp/full.state|; s|\"site\": \"Example\"|\"site\": \"Full\"|" full.conf
run "$lsregister" once -c full.conf --root root
check "a host registers before its disk is full" "$rc$err" 0
full once -c full.conf --root root
check "what could not be noted down is exit status 4" "$rc" 4
match "with the reason" "$said" "registrations.json: .*what was done is not noted down"
full off -c full.conf --root root
check "off on a full disk is exit status 4, too" "$rc" 4
run "$lsregister" find --server "$one" --place Full all
check "but nothing stays registered" "$rc$out" 1
echo '{' >full.state/identity.json
run "$lsregister" once -c full.conf --root root
check "a damaged identity is refused" "$rc" 4
match "with what follows without it" "$err" "identity.json:.*without this file a new client-uuid is taken"

# --- a copy of a host

lookup_server twins || bail_out "no third lookup server"
make_config original.conf "\"$twins/\""
sed -i "s|$tmp/state|$tmp/original|; s|Example|Twins|; s|192.0.2.1|192.0.2.3|" original.conf
sed "s|$tmp/original|$tmp/copy|; s|192.0.2.3|192.0.2.4|" original.conf >copy.conf
run "$lsregister" once -c original.conf --root root
check "a host registers before it is copied" "$rc$err" 0
cp -a original copy
run "$lsregister" once -c copy.conf --root root
check "its copy takes its records for its own" "$rc" 0
run "$lsregister" once -c original.conf --root root
check "the host finds them gone, and others in their place: exit status 1" "$rc" 1
match "and tells of the copy" "$err" "is gone before its time.*a copy of this host seems to register"
run "$lsregister" find --server "$twins" --place Twins --name 192.0.2.3
check "it is registered all the same" "$rc" 0
rm copy/*.json original/*.json
for conf in copy original copy original; do
    run "$lsregister" once -c $conf.conf --root root
done
check "with identities of their own they get along" "$rc$err" 0

# --- a list of servers

lookup_server two || bail_out "no second lookup server"
hosts="{\"hosts\":[{\"locator\":\"$one/lookup/records\",\"status\":\"alive\",\"priority\":\"100\"},
    {\"locator\":\"$two/lookup/records\",\"status\":\"alive\",\"priority\":50},
    {\"locator\":\"http://127.0.0.1:1/lookup/records\",\"status\":\"unreachable\"}]}"
curl -sf -X PUT --data-binary "$hosts" "$one/hosts"
run "$lsregister" find --bootstrap "$one/lookup/activehosts.json" --json
check "find asks the servers of a list that are alive" "$(jq -r '.servers | length' <<<"$out")" 2
check "and tells a record once" "$(jq -r '.records | length' <<<"$out")" 1
run "$lsregister" find --bootstrap "$two/lookup/activehosts.json"
check "without a list it is exit status 3" "$rc" 3
make_config other '' "\"bootstrap\": \"$one/lookup/activehosts.json\""
sed -i "s|$tmp/state|$tmp/other.state|" other
run "$lsregister" once -c other --root root
check "once chooses a server of the list" "$rc$err" 0
[ -e other.state/activehosts.json ]
check "and keeps the list" $? 0
curl -sf -X PUT --data-binary 'no list' "$one/hosts"
run "$lsregister" once -c other --root root
check "the list it kept will do when there is no other" "$rc$err" 0
run "$lsregister" withdraw -c other --root root
check "what it registered is withdrawn" "$rc$err" 0

# --- another server

make_config conf "\"$two\""
sed -i 's/Geneva/Meyrin/' conf
run "$lsregister" once -c conf --root root
check "another server gets the records, and the first loses them" \
    "$rc $(counts "$one" | cut -d' ' -f1,2) $(counts "$two" | cut -d' ' -f1,2)" "0 live 0 live 4"

# --- ends

quirks "$two" 8192
run "$lsregister" withdraw -c conf --root root
check "what the server refuses to delete is not withdrawn, and exit status 1" \
    "$rc $(counts "$two" | cut -d' ' -f1,2)" "1 live 4"
match "which is told" "$err" "lookup/host/.*: cannot be deleted: status 403: It is another's record"
quirks "$two" 0
run "$lsregister" withdraw -c conf --root root
check "withdraw deletes all" "$rc $(counts "$two" | cut -d' ' -f1,2)" "0 live 0"
run "$lsregister" once -c conf --root root
run "$lsregister" off -c conf --root root
check "off deletes all, too" "$rc $(counts "$two" | cut -d' ' -f1,2)" "0 live 0"
run "$lsregister" once -c conf --root root
check "and nothing is registered then" "$rc $(counts "$two" | cut -d' ' -f1,2)" "1 live 0"
match "which once says" "$err" 'registration is off; "lsregister on" turns it on'
run "$lsregister" status -c conf
match "and status" "$rc $out" '^0 .*registration is off'
run "$lsregister" on -c conf
check "on turns it on" "$rc" 0
run "$lsregister" once -c conf --root root
check "so that it is registered again" "$rc $(counts "$two" | cut -d' ' -f1,2)" "0 live 4"

# --- who this host is

uuid=$(jq -r '.["client-uuid"]' state/identity.json)
echo fedcba9876543210fedcba9876543210 >root/etc/machine-id
run "$lsregister" once -c conf --root root
new=$(jq -r '.["client-uuid"]' state/identity.json)
[ "$uuid" != "$new" ]
check "a copy of a disk on another machine is another host" $? 0
echo 11111111-2222-4333-8444-555555555555 >uuid
cat >upstream <<EOF
ls_instance $two/lookup/records
client_uuid_file $tmp/uuid
<site>
    site_name Upstream
    <administrator>
        name Joe
        email joe@example.org
    </administrator>
    <host>
        host_name h.example.org
        allow_internal_addresses 1
        <service>
            type twamp
            address 192.0.2.9
            force_up_status 1
        </service>
    </host>
</site>
EOF
run "$lsregister" record -c upstream
match "perfSONAR's configuration does as well" "$out" 'service-locator +tcp://192.0.2.9:862'

# --- names

cat >zone <<'EOF'
1.2.0.192.in-addr.arpa PTR 60 z.other.example.net
1.2.0.192.in-addr.arpa PTR 60 host.site.example.org
EOF
mkfifo dns.pipe
"$top_builddir/test/tool/fake_dns" zone >dns.pipe &
dns_pid=$!
pids+=("$dns_pid")
read -r -t 60 dns_port <dns.pipe
make_config named "\"$two\""
sed -i "s|$tmp/state|$tmp/named.state|; s/\"reverse-lookup\": false/\"reverse-lookup\": true/" named
run "$lsregister" once -c named --root root --resolver "127.0.0.1:$dns_port"
check "the DNS is asked for names" "$rc$err" 0
run "$lsregister" find --server "$two" --name host.site.example.org
match "and the host is found by its name" "$out" "192.0.2.1 host.site.example.org"
kill -9 "$dns_pid"
wait "$dns_pid" 2>/dev/null
run "$lsregister" verify -c named --root root --resolver "127.0.0.1:$dns_port"
check "without a DNS names stay what they were" "$rc" 0
run "$lsregister" withdraw -c named --root root

# --- a daemon of this suite

mkdir sched
"$top_builddir/psched/psched" serve --data "$tmp/sched/data" --listen 127.0.0.1:0 --listen-unix none --control "$tmp/sched.sock" \
    --limits none 2>sched.log &
pids+=($!)
until_true test -S sched.sock || bail_out "psched serve: $(<sched.log)"
make_config suite "\"$two\""
sed -i "s|{\"type\": \"owamp\", \"always-up\": true}|{\"type\": \"pscheduler\", \"socket\": \"$tmp/sched.sock\"}|" suite
run "$lsregister" record -c suite --root root
match "psched is asked at its socket which tests it has" "$out" "pscheduler-tests +clock"
match "and which tools" "$out" "pscheduler-tools "
sed -i "s|$tmp/sched.sock|$tmp/no.sock|" suite
run "$lsregister" record -c suite --root root
match "one that does not answer is told, and is not registered" "$err" "service/0/pscheduler/0: does not answer: .*no.sock"

# --- owampd, at its socket and without

chmod 755 "$tmp" # for another user below
as=()
[ "$(id -u)" != 0 ] || as=(-U nobody)
sock=$tmp/run/owampd.sock
[ "$(id -u)" = 0 ] || mkdir run
mkdir -p ow/data ow/var
[ "$(id -u)" != 0 ] || chown nobody ow/data ow/var

# owampd_config [MEMBERS]: a host that has one at a socket.
owampd_config() {
    make_config measures "\"$two\""
    sed -i "s|$tmp/state|$tmp/measures.state|; s/\"192.0.2.1\", \"2001:db8::1\"/\"127.0.0.1\"/
        s|\"always-up\": true|\"socket\": \"$sock\"${1:-}|" measures
}
locator() {
    sed -n 's/^ *service-locator *//p' <<<"$out"
}

serve ow "${as[@]}" --controlsocket "$sock" || bail_out "owampd does not start: $(<ow/log)"
await "requests about"
owampd_config
run "$lsregister" record -c measures --root root
check "owampd is registered where it says that it listens" "$rc $(locator)" "0 tcp://127.0.0.1:$port"
match "with its version" "$out" "service-version +$("$owampd" -V | sed -n '1s/.* //p')"
check "record tells how it was asked" "$err" "lsregister record: service/0/owamp/0: answers, asked at $sock"
run "$lsregister" once -c measures --root root
run "$lsregister" status -c measures
match "so does status" "$out" "${nl}service +service/0/owamp/0: answers, asked at $sock$nl"
run "$lsregister" status -c measures --json
check "for programs as well" "$(jq -r '.asked[0]' <<<"$out")" "service/0/owamp/0: answers, asked at $sock"
run "$lsregister" check measures
check "check tells how it will be asked" "$out" "measures: owamp is asked at $sock${nl}measures: good"
sed -i 's/"127.0.0.1"/"192.0.2.1"/' measures
run "$lsregister" record -c measures --root root
match "what listens at no address that is registered is not" "$err" \
    "service/0/owamp/0: does not answer: $sock: it listens on 127.0.0.1:$port, which is no address that is registered"
check "and is left out" "$(locator)" ""

# Another user, who may not write to the socket.
stranger=(setpriv --reuid=65533 --regid=65533 --clear-groups)
owampd_config ", \"port\": $port"
sed -i "s|$tmp/measures.state|$tmp/nowhere|" measures
if [ "$(id -u)" = 0 ] && "${stranger[@]}" "$lsregister" --version >version.txt 2>&1; then
    run "${stranger[@]}" "$lsregister" record -c measures --root root
    check "who may not ask at the socket asks by TCP" "$rc $(locator)" "0 tcp://127.0.0.1:$port"
    check "and says so" "$err" "lsregister record: service/0/owamp/0: answers, asked by TCP, as $sock: \
permission denied; the socket's mode and group say who may ask"
    check "it does not know the version then" "$(grep -c service-version <<<"$out")" 0
    run "${stranger[@]}" "$lsregister" check measures
    check "check says that, too" "$out" "measures: owamp is asked by TCP, as $sock: Permission denied${nl}measures: good"
else
    for claim in "who may not ask at the socket asks by TCP" "and says so" "it does not know the version then" \
        "check says that, too"; do
        skip "$claim" "not root, or the build is not for others to read"
    done
fi
end_server TERM

serve ow "${as[@]}" --controlsocket none
owampd_config ", \"port\": $port"
run "$lsregister" record -c measures --root root
check "without a socket it is asked by TCP" "$rc $(locator)" "0 tcp://127.0.0.1:$port"
check "which is told, too" "$err" "lsregister record: service/0/owamp/0: answers, asked by TCP, as $sock: \
there is no such socket; is the daemon running?"
end_server TERM
run "$lsregister" record -c measures --root root
match "that it is not there either way is told" "$err" "does not answer: $sock: there is no such socket; .*; \
by TCP: 127.0.0.1 port $port: Connection refused"
check "and it is not registered" "$(locator)" ""
run "$lsregister" withdraw -c measures --root root

# --- what cannot be

make_config conf "\"$two\""
sed -i 's/"administrators".*/"administrators": [],/' conf
run "$lsregister" once -c conf --root root
check "without an administrator nothing is registered" "$rc" 1
match "which is told" "$err" "no administrator with a name and an e-mail address"
make_config conf "\"$two\"" '"private-addresses": false'
run "$lsregister" record -c conf --root root
check "addresses of documentation are not registered" "$rc" 1
sed -i 's/192.0.2.1", "2001:db8::1/10.1.2.3", "fd00::1/' conf
run "$lsregister" record -c conf --root root
check "private addresses are not registered" "$rc" 1
match "which is told" "$err" "nothing is registered"
make_config conf "\"$two\"" '"private-addresses": true'
sed -i 's/192.0.2.1", "2001:db8::1/10.1.2.3", "fd00::1/' conf
run "$lsregister" record -c conf --root root
check "unless they are asked for" "$rc" 0
make_config conf '"http://127.0.0.1:1/"'
run "$lsregister" once -c conf --root root
check "without a server it is exit status 3" "$rc" 3
match "and the server is named" "$err" "127.0.0.1:1"
make_config conf "\"$one\"" '"family": "ipv6"'
run "$lsregister" record -c conf --root root
match "a host may be registered with IPv6 alone" "$out" 'host-name +2001:db8::1'
run "$lsregister" once -c conf --root root
check "and reaches only servers that have it" "$rc" 3
if lookup_server six ::1 2>/dev/null; then
    six=${six/::1/[::1]}
    make_config conf "\"$six\"" '"family": "ipv6"'
    run "$lsregister" once -c conf --root root
    check "a host with IPv6 alone registers" "$rc $(counts "$six" | cut -d' ' -f1,2)" "0 live 4"
else
    skip "a host with IPv6 alone registers" "there is no IPv6 here"
fi
plan
