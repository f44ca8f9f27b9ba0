#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Records that one directory passes on to another.
. "$(dirname "$0")/tool.sh"
# shellcheck source=directory.sh
. "${top_srcdir:?is set by make check}/test/tool/directory.sh"
command -v curl >/dev/null || skip_all "curl is not installed"

directory upper || bail_out "$line"
upper=$records upper_pid=$directory_pid upper_port=$port upper_site=$site
mkdir lower
cat >lower/conf <<END
{"upper": {"url": "$upper", "query": "group-communities=ESnet", "every": "PT1S"}}
END
directory lower || bail_out "$line"

# there QUERY: what the upper directory finds.
there() {
    curl -s -g "$upper?$1"
}
has() { # N QUERY
    [ "$(there "$2" | grep -o '"uri":"lookup' | wc -l)" = "$1" ]
}
service_leads() {
    there type=service | grep -qF "\"service-host\":[\"$(there type=host | uri)\"]"
}

# Linked in the wrong order of time: the service is here first.
p=$(register '{"type":"person","person-name":"Ada","client-uuid":"u","group-communities":["ESnet"]}')
h=$(register "{\"type\":\"host\",\"host-name\":\"a\",\"client-uuid\":\"u\",\"group-communities\":[\"ESnet\"],\"host-administrators\":[\"$p\"]}")
s=$(register "{\"type\":\"service\",\"service-type\":\"owamp\",\"client-uuid\":\"u\",\"group-communities\":[\"ESnet\"],\"service-host\":[\"$h\"]}")
o=$(register '{"type":"host","host-name":"other","client-uuid":"u"}')
until_true has 3 ""
check "what the query finds is passed on" "$(there '' | grep -o '"type":\["[a-z]*"\]' | sort | tr '\n' ' ')" \
    '"type":["host"] "type":["person"] "type":["service"] '
until_true service_leads
check "a link leads to the upper directory's record" "$(there type=service | grep -o '"service-host":\[[^]]*\]')" \
    "\"service-host\":[\"$(there type=host | uri)\"]"
check "and so does another" "$(there type=host | grep -o '"host-administrators":\[[^]]*\]')" \
    "\"host-administrators\":[\"$(there type=person | uri)\"]"
check "the upper directory's records have uris of their own" "$(there type=host | grep -c "$h")" 0
until_true has 3 state=renewed
check "they are renewed" "$(there state=renewed | grep -o '"uri":"lookup' | wc -l)" 3

ask DELETE "$site/$s" '' -o /dev/null >/dev/null
until_true has 0 type=service
check "what goes here goes there" "$(there type=service)" "[]"

before=$(there '' | grep -o '"uri":"[^"]*"' | sort)
lower_port=$port
end_directory KILL 2>/dev/null
directory lower --listen "127.0.0.1:$lower_port" || bail_out "$line"
n=$(register '{"type":"interface","interface-name":"eth0","client-uuid":"u","group-communities":["ESnet"]}')
until_true has 1 type=interface
check "after kill -9 nothing is there twice" "$(there 'type=host,person&type-operator=any' | grep -o '"uri":"[^"]*"' | sort)" "$before"

# A record that the upper directory has lost is registered anew.
curl -s -o /dev/null -X DELETE "$upper_site/$(there type=interface | uri)"
until_true has 1 type=interface
check "what is lost there is registered anew" "$(there type=interface | grep -o '"interface-name":\[[^]]*\]')" '"interface-name":["eth0"]'

kill "$upper_pid"
wait "$upper_pid"
hear "upper: "
match "an upper directory that is gone is told of" "$line" "upper: http://127.0.0.1:$upper_port/lookup/records: "
check "and holds nobody up" "$(ask POST "$site/$n" '' -o /dev/null)" " 200"
directory_pid_lower=$directory_pid said_lower=$said
directory upper --listen "127.0.0.1:$upper_port" || bail_out "$line"
upper_said=$said upper_pid=$directory_pid
directory_pid=$directory_pid_lower said=$said_lower site=http://127.0.0.1:$lower_port
ask DELETE "$site/$n" '' -o /dev/null >/dev/null
until_true has 0 type=interface
check "when it is back all goes on" "$(there type=interface)" "[]"
check "what is not its business has stayed here" "$(curl -s -o /dev/null -w '%{http_code}' "$site/$o") $(there host-name=other)" "200 []"
end_directory TERM
check "it ends" "$rc" 0
exec {upper_said}<&-
kill "$upper_pid"
wait "$upper_pid"

# --- an upper server that refuses what it has

mkdir strict again
echo '{"duplicates": "refuse"}' >strict/conf
directory strict || bail_out "$line"
upper=$records upper_pid=$directory_pid
passed_on=$(printf 'X-Directory-Path: %032d' 1) # and what became of that was not noted
known=$(register '{"type":"host","host-name":"a","client-uuid":"u&v"}' -H "$passed_on")
register '{"type":"host","host-name":"b","client-uuid":"u&v"}' >/dev/null
echo "{\"upper\": {\"url\": \"$upper\", \"every\": \"PT1S\"}}" >again/conf
directory again || bail_out "$line"
h=$(register '{"type":"host","client-uuid":"u&v","host-name":["a"]}')
until_true has 1 "uri=$known&state=renewed"
check "a record that it has already is known by its uri there" "$(there "uri=$known" | grep -o '"state":"[a-z]*"')" '"state":"renewed"'
ask DELETE "$site/$h" '' -o /dev/null >/dev/null
until_true has 0 "uri=$known"
check "so that it can be removed" "$(there '' | grep -o '"host-name":\[[^]]*\]')" '"host-name":["b"]'
end_directory TERM
check "this one ends, too" "$rc" 0

# A record without a client-uuid that is there already cannot be found to be its own.
register_with() { # RECORDS BODY
    curl -s -o /dev/null -H 'Content-Type: application/json' --data-binary "$2" "$1"
}
mkdir nameless
echo "{\"upper\": {\"url\": \"$upper\", \"every\": \"PT1S\"}}" >nameless/conf
for name in nobody noman; do # two: the log itself tells a line that repeats once
    register_with "$upper" "{\"type\":\"host\",\"host-name\":\"$name\"}"
done
directory nameless || bail_out "$line"
for name in nobody noman; do
    register_with "$records" "{\"type\":\"host\",\"host-name\":\"$name\"}"
    hear "was refused" || bail_out "$line"
done
# Each round begins in their order: what comes later is there when the one before was refused once more.
for later in 1 2 3; do
    register_with "$records" "{\"type\":\"host\",\"client-uuid\":\"u\",\"host-name\":\"$later\"}"
    until_true has 1 "host-name=$later"
done
kill "$directory_pid"
check "what is refused again and again is told once" "$(grep -c "was refused" <&"$said")" 0
wait "$directory_pid"
exec {said}<&-
kill "$upper_pid"
wait "$upper_pid"
plan
