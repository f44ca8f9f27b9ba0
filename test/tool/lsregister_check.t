#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lsregister check, and its command line.
. "$(dirname "$0")/tool.sh"
. "$top_srcdir/test/tool/lookup.sh"

run "$lsregister"
check "without a verb it is a usage error" "$rc$out" 2
run "$lsregister" statsu
check "an unknown verb is a usage error" "$rc" 2
match "and the one that was meant is named" "$err" 'did you mean "status"'
"$lsregister" --help >/dev/full 2>err.txt
check "a help that cannot be written is none" "$? $(<err.txt)" "4 lsregister: the output cannot be written: No space left on device"
run "$lsregister" --version
match "it tells its version" "$rc $out" "^0 lsregister \(psuite\) "
for verb in serve once status verify record find communities withdraw off on check; do
    run "$lsregister" "$verb" --help
    match "$verb has help" "$rc $out" "^0 Usage: lsregister $verb"
    run "$lsregister" "$verb" --no-such-option
    check "$verb refuses what it does not know" "$rc$out" 2
done

run "$lsregister" check "$top_srcdir/conf/lsregister.conf"
check "the sample is good" "$rc" 0
run "$lsregister" check - <<<'{}'
check "check reads standard input only when it is given" "$rc" 1
run "$lsregister" check nowhere
check "a file that is not there is exit status 4" "$rc" 4
match "and is named" "$err" "nowhere: No such file"

# faulty TEXT MEMBERS PATTERN
faulty() {
    make_config conf '' "$2"
    run "$lsregister" check conf
    match "$1" "$rc $out" "^1 conf:[0-9]+: .*$3"
}
faulty "a key that is not known is told" '"interva": "PT1H"' interva
faulty "an interval has to be a duration" '"interval": "1h"' "ISO 8601 duration from PT1M"
faulty "a lease has to be twice the interval" '"interval": "PT2H", "lease": "PT3H"' "twice the interval"
faulty "a country has two letters" '"host": {"memory": ""}' "memory"
faulty "roles are those that there are" '"role": "boss"' "test-host"
faulty "bootstrap is a URL" '"bootstrap": "ftp://x/"' "http://ls.example.org"
faulty "names of hosts are names" '"host-names": ["a b"]' "wants the name of a host"
faulty "a mistyped address is none" '"host-names": ["192.0.2.256"]' "wants the name of a host"
faulty "memory is an amount" '"host": {"memory": -1}' "wants an amount"
faulty "a primary interface is one of the interfaces" '"primary-interface": "eth9"' "is none of the interfaces"
# faulty_with WHAT SED PATTERN: after a change of what is good.
faulty_with() {
    make_config good ''
    sed "$2" good >conf
    run "$lsregister" check conf
    match "$1" "$rc $out" "^1 conf:[0-9]+: .*$3"
}
faulty_with "a site has a name" 's/"Example"/"  "/' "site: wants a name on one line"
faulty_with "on one line" 's/"Example"/"A\\nB"/' "site: wants a name on one line"
faulty_with "an interface has addresses" 's/2001:db8::1/2001:db8:::1/' "wants an address"
faulty_with "an mtu is a number" 's/"capacity": 1000000000/"mtu": "big"/' "wants a number of octets"
faulty_with "a mac address has its form" 's/"capacity": 1000000000/"mac": "00:11:22"/' "00:53:00"
faulty_with "a subnet is a network" 's/"capacity": 1000000000/"subnet": "192.0.2.0\/40"/' "wants a network"
faulty_with "a service has addresses" 's/"always-up": true/"addresses": ["-"]/' "wants an address"
faulty_with "a socket's path is short" "s|\"always-up\": true|\"socket\": \"/$(printf %0120d 0)\"|" \
    "socket: wants an absolute path of less than 108 octets; got \"/"
faulty_with "and absolute" 's/"always-up": true/"socket": "owampd.sock"/' "socket: wants an absolute path"
faulty_with "http and https have a port each" 's/"always-up": true/"http-port": 80, "https-port": 80/' \
    "https-port: is http-port, too"
make_config conf '' '"interval": "PT6H", "ca-file": "/nowhere.pem"'
run "$lsregister" check conf
match "an interval that is longer than what servers grant is warned of" "$rc $out" "^0 conf: warning: interval: "
match "and certificates that are not there" "$out" "ca-file: /nowhere.pem: No such file"
make_config conf '' '"bootstrap": "ftp://x/"'
sed 's/"CH"/"Switzerland"/' conf >conf2
sed -i '/bootstrap/d' conf2
run "$lsregister" check conf2
match "a country has two letters" "$rc $out" "1 .*two capital letters"
make_config conf ''
run "$lsregister" serve -n -U no-such-user -c conf
check "serve -n looks for the user that it is to become" "$rc" 1
match "and names it" "$err" "user: there is no 'no-such-user' on this host"
if [ "$(id -u)" = 0 ]; then
    chmod 755 "$tmp"
    mkdir -m 755 roots
    sed "s,$tmp/state,$tmp/roots," conf >roots.conf
    run "$lsregister" serve -n -U nobody -c roots.conf
    match "and looks as that user" "$rc $err" "^1 .*state: $tmp/roots cannot be written by the user 'nobody': Permission denied: chown nobody"
    install -d -o nobody -m 755 his
    sed "s,$tmp/state,$tmp/his,; s,$tmp/ls.sock,$tmp/roots/ls.sock," conf >roots.conf
    run "$lsregister" serve -n -U nobody -c roots.conf
    match "at the folder of its socket, too" "$rc $err" "^1 .*socket: $tmp/roots cannot be written by the user 'nobody': .*chown nobody"
else
    skip "and looks as that user" "not root"
    skip "at the folder of its socket, too" "not root"
fi
run "$lsregister" check --json conf
check "check --json tells the same" "$(jq -r .good <<<"$out")" true
echo '{"site": "x"}' >conf
run "$lsregister" check conf
check "what is missing for a registration is told" "$rc $out" \
    "1 conf: nothing is registered: there is no administrator with a name and an e-mail address"

# --- perfSONAR's

cat >up <<'EOF'
# comment
check_interval 3600
ls_lease_duration = 7200
pidfile /run/x.pid
sites 3
<site>
    site_name "Example # 1" # and a comment
    country CH
    <administrator>
        name  Jane \
              Doe
        email jane@example.org
    </administrator>
    <host>
        is_local 1
        <service>
            type owamp
        </service>
        <service>
            type ping
        </service>
    </host>
</site>
EOF
run "$lsregister" check up
check "perfSONAR's configuration is good" "$rc" 0
match "what is of no effect is told" "$out" "line 4: pidfile has no effect here"
match "what is not known, too" "$out" "line 5: sites is not known"
match "and services that cannot be registered" "$out" "line 19: no service of type 'ping'"
sed 's|</host>|</site>|' up >bad
run "$lsregister" check bad
match "blocks have to be ended in order" "$rc $out" "^1 bad:22: ends a block 'site', but 'host' of line 14 is open"
echo '<<include other>>' >bad
run "$lsregister" check bad
match "includes are refused" "$rc $out" "^1 bad:1: includes are not followed"
sed 's/country CH/country Schweiz/' up >bad
run "$lsregister" check bad
match "values are checked there, too" "$rc $out" "^1 bad:8: country wants the two capital letters"
plan
