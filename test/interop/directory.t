#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# perfSONAR's registration daemon and its lookup clients, as they come, with lsregister directory. LS_PEER names a
# folder with checkouts of ls-registration-daemon, perl-shared and simple-lookup-service (for its Python client).
. "$(dirname "$0")/../tap.sh"
[ -n "${LS_PEER-}" ] || skip_all "LS_PEER names no folder with perfSONAR's lookup service clients"
command -v curl >/dev/null || skip_all "curl is not installed"
daemon=$LS_PEER/ls-registration-daemon/lsregistrationdaemon/perfsonar-lsregistrationdaemon
shared=$LS_PEER/perl-shared/libperfsonar/libperfsonar/lib
python=$LS_PEER/simple-lookup-service/lookup/simple-lookup-service-client-python
perl=(perl "-I$daemon/lib" "-I$shared")
[ -r "$daemon/bin/lsregistrationdaemon.pl" ] || skip_all "there is no $daemon/bin/lsregistrationdaemon.pl"
"${perl[@]}" -c "$daemon/bin/lsregistrationdaemon.pl" 2>/dev/null || skip_all "Perl modules of the daemon are not installed"

clean_up() {
    end_all
    rm -rf "$tmp"
}
tmp=$(mktemp -d) || exit 1
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
cd "$tmp" || exit 1
# shellcheck source=../tool/directory.sh
. "${top_srcdir:?is set by make check}/test/tool/directory.sh"
unset TMPDIR NOTIFY_SOCKET

directory d || bail_out "$line"

# --- the daemon

cat >ls.conf <<END
ls_instance $records
check_interval 1
ls_lease_duration 3600
ls_key_db $tmp/keys.db
client_uuid_file $tmp/client_uuid
allow_internal_addresses 1
<site>
    site_name Test Site
    city Zürich
    country CH
    site_project LHCONE
    <administrator>
        name Ada
        email ada@example.net
    </administrator>
    <host>
        host_name host.example.net
        force_up_status 1
        <interface>
            if_name eth0
            address 127.0.0.1
            capacity 1000000000
            mtu 1500
        </interface>
        <service>
            type owamp
            address 127.0.0.1
        </service>
    </host>
</site>
END
cat >log.conf <<'END'
log4perl.logger.perfSONAR_PS=INFO, A1
log4perl.appender.A1=Log::Log4perl::Appender::Screen
log4perl.appender.A1.layout=Log::Log4perl::Layout::PatternLayout
log4perl.appender.A1.layout.ConversionPattern=%p %m%n
END

start_daemon() {
    "${perl[@]}" "$daemon/bin/lsregistrationdaemon.pl" --config ls.conf --logger log.conf >daemon.log 2>&1 &
    daemon_pid=$!
    pids+=("$daemon_pid")
}

end_daemon() {
    kill "$daemon_pid"
    wait "$daemon_pid" 2>/dev/null
}

# have N QUERY: as many records are found.
have() {
    [ "$(curl -s "$records?$2" | grep -o '"uri":"lookup' | wc -l)" = "$1" ]
}

# types: how many of which.
types() {
    curl -s "$records" | grep -o '"type":\["[a-z]*"\]' | sort | uniq -c | tr -s ' \n' ' '
}

all=' 1 "type":["host"] 1 "type":["interface"] 1 "type":["person"] 1 "type":["service"] '
start_daemon
until_true have 4 "" || sed 's/^/# /' daemon.log
check "the daemon registers a person, an interface, a host and a service" "$(types)" "$all"
until_true have 4 "state=renewed"
check "and renews them, one by one and in bulk" "$(curl -s "$records?state=renewed" | grep -o '"uri":"lookup' | wc -l)" 4
check "without an error" "$(grep ERROR daemon.log)" ""
first=$(curl -s "$records" | grep -o '"uri":"[^"]*"' | sort)
interface=$(curl -s "$records?type=interface" | uri)
check "the host's record leads to its interface" "$(curl -s "$records?type=host&host-net-interfaces=$interface" |
    grep -c host.example.net)" 1
check "text that it encodes twice is kept as it comes" "$(curl -s "$records?type=host" |
    grep -o '"location-city":\["[^]]*\]')" '"location-city":["ZÃ¼rich"]'

check "lsregister find finds the service of that host" \
    "$("$lsregister" find --server "$records" --service owamp --community LHCONE --csv | sed 1d | cut -d, -f 2-4)" \
    "\"$site/\",\"service\",\"owamp\""
match "and the host" "$("$lsregister" find --server "$records" --name host.example.net)" '^host +host.example.net'

# --- a restart of the directory

end_directory KILL
directory d --listen "127.0.0.1:$port" || bail_out "$line"
check "after kill -9 of the directory all are there" "$(curl -s "$records" | grep -o '"uri":"[^"]*"' | sort)" "$first"

# --- one that has lost its keys

end_daemon
rm -f keys.db
start_daemon
until_true grep -q "Service registered" daemon.log || until_true grep -qi "registered" daemon.log
until_true have 4 "type=host,service,person,interface&operator=any"
check "with its keys lost it is given the records that it has" "$(curl -s "$records" | grep -o '"uri":"[^"]*"' | sort)" "$first"
end_daemon

# --- clients

cat >client.pl <<'END'
use strict;
use warnings;
use SimpleLookupService::Client::SimpleLS;
use SimpleLookupService::Client::QueryMultiple;
use SimpleLookupService::Client::RecordManager;
use perfSONAR_PS::Client::LS::PSClient::PSQuery;
use perfSONAR_PS::Client::LS::PSQueryObjects::PSHostQueryObject;
use SimpleLookupService::QueryObjects::Network::ServiceQueryObject;
my $port = shift;

sub server {
    my $s = SimpleLookupService::Client::SimpleLS->new();
    $s->init(host => '127.0.0.1', port => $port);
    return $s;
}
my $q = perfSONAR_PS::Client::LS::PSQueryObjects::PSHostQueryObject->new();
$q->init();
$q->setCommunities('LHCONE');
my $c = perfSONAR_PS::Client::LS::PSClient::PSQuery->new();
$c->init(server => server(), query => $q);
my ($rc, $found) = $c->query();
print "host $rc ", join(' ', map { $_->getHostName()->[0] } @$found), "\n";
my $uri = $found->[0]->getRecordUri();
print "expires ", ($found->[0]->getRecordExpiresAsUnixTS()->[0] > time() ? "later" : "before"), "\n";

my $s = SimpleLookupService::QueryObjects::Network::ServiceQueryObject->new();
$s->init();
$s->setServiceType('owamp');
my $m = SimpleLookupService::Client::QueryMultiple->new();
$m->init(bootstrap_server => server());
($rc, $found) = $m->query($s);
print "multiple $rc ", join(' ', map { $_->getServiceLocators()->[0] } @$found), "\n";

my $r = SimpleLookupService::Client::RecordManager->new();
$r->init(server => server(), record_id => $uri);
my $one;
($rc, $one) = $r->getRecord();
print "get $rc ", $one->getHostName()->[0], "\n";
($rc, $one) = $r->getKeyInRecord('host-name');
print "key $rc ", $one->{'host-name'}->[0], "\n";
($rc, $one) = $r->renew();
print "renew $rc ", ($rc ? $one->{message} : $one->getRecordUri()), "\n";
($rc, $one) = $r->delete();
print "delete $rc ", ($rc ? $one->{message} : $one->getRecordUri()), "\n";
($rc, $one) = $r->getRecord();
print "again $rc ", $one->{message}, "\n";
END
host=$(curl -s "$records?type=host" | uri)
check "Perl's clients query, choose from the list of servers, get, renew and delete" \
    "$(timeout 60 "${perl[@]}" client.pl "$port" 2>perl.err | tr -d '\r')" "host 0 host.example.net
expires later
multiple 0 tcp://127.0.0.1:861
get 0 host.example.net
key 0 host.example.net
renew 0 $host
delete 0 $host
again -1 HTTP/1.1 404 Not Found"

# The module asks a fixed server for the list when it is loaded: requests takes it to ours.
cat >client.py <<'END'
import sys
import requests
site, real = sys.argv[1], requests.get
requests.get = lambda url, **k: real(url.replace("http://ps-west.es.net:8096", site), **k)
sys.path.insert(0, sys.argv[2])
from sls_client import query
print(sorted(r["type"][0] for r in query.query("type=*")))
print([r["service-type"] for r in query.query("type=service&service-type=ow*")])
END
if python3 -c 'import requests, six' 2>/dev/null && [ -d "$python/sls_client" ]; then
    check "Python's client queries all servers of the list" \
        "$(timeout 60 python3 client.py "$site" "$python" 2>&1)" "['interface', 'person', 'service']
[['owamp']]"
else
    skip "Python's client queries all servers of the list" "requests, six or the client is not here"
fi
end_directory TERM
check "the directory ends" "$rc" 0
plan
