#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What all daemons have in common: the exit status of a look at the configuration.
. "$(dirname "$0")/tool.sh"
# shellcheck source=lookup.sh
. "${top_srcdir:?is set by make check}/test/tool/lookup.sh"
psarchive=$top_builddir/psarchive/psarchive
psched=$top_builddir/psched/psched
pslimits=$top_builddir/pslimits/pslimits

# states NAME [ARGUMENT...]: status of a good configuration, of one with a line that is none, of a start with that, of
# one that is not there, and of an option that there is not. NAME.good and NAME.bad are the configurations.
states() {
    local name=$1 all=
    shift
    for conf in "$name.good -n" "$name.bad -n" "$name.bad" "$name.none -n" "$name.good -n --nonsense"; do
        # shellcheck disable=SC2086 # words
        run timeout 60 "$@" -c $conf
        all+="$rc "
    done
    echo "${all% }"
}

printf '%s\n' "data $tmp/archive" "listen 127.0.0.1:0" >psarchive.good
printf '%s\n' "data $tmp/sched" "listen-unix $tmp/rest" "control $tmp/ctl" "limits none" >psched.good
make_config lsregister.good ''
echo "{\"data\": \"$tmp/directory.db\", \"listen\": [\"127.0.0.1:0\"]}" >directory.good
for name in psarchive psched; do
    { cat $name.good; echo "nonsense 1"; } >$name.bad
done
for name in lsregister directory; do
    echo '{"nonsense": 1}' >$name.bad
done
mkdir owampd.good owampd.bad d v
: >owampd.good/owamp-server.conf
echo "nonsense 1" >owampd.bad/owamp-server.conf
plain=(-f)
[ "$(id -u)" = 0 ] || plain=()

scheme="0 good, 1 faulty, also at a start, or not there, 2 usage"
check "psarchive serve: $scheme" "$(states psarchive "$psarchive" serve)" "0 1 1 1 2"
check "psched serve: $scheme" "$(states psched "$psched" serve)" "0 1 1 1 2"
check "lsregister serve: $scheme" "$(states lsregister "$lsregister" serve)" "0 1 1 1 2"
check "lsregister directory: $scheme" "$(states directory "$lsregister" directory)" "0 1 1 1 2"
check "owampd: the same, but for usage, which is upstream's 1" \
    "$(states owampd "$owampd" "${plain[@]}" -Z -d d -R v -S 127.0.0.1:0)" "0 1 1 1 1"

"$pslimits" init >limits.good 2>/dev/null
echo '{"nonsense": 1}' >limits.bad
all=
for args in limits.good limits.bad --nonsense; do
    run "$pslimits" check $args
    all+="$rc "
done
check "pslimits check: 0 good, 1 faulty, 2 usage" "$all" "0 1 2 "

echo "user nobody-of-that-name" | tee -a psarchive.good >>psched.good
echo "{\"data\": \"$tmp/directory.db\", \"user\": \"nobody-of-that-name\"}" >directory.good
for daemon in "psarchive.good $psarchive serve" "psched.good $psched serve" "directory.good $lsregister directory" \
    "lsregister.good $lsregister serve -U nobody-of-that-name"; do
    # shellcheck disable=SC2086 # words
    run ${daemon#* } -n -c ${daemon%% *}
    check "a user that there is not is a fault of the configuration: ${daemon%%.*}" "$rc ${err#*: }" \
        "1 user: there is no 'nobody-of-that-name' on this host"
done
plan
