#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What powstream(1) prints, writes, says and answers, against an owampd of our own on the loopback
# interface.
. "$(dirname "$0")/tool.sh"
powstream=$top_builddir/powstream/powstream
schema=${top_srcdir:?is set by make check}/doc/powstream-result.schema.json

usage="powstream: usage: powstream [options] TESTADDR[:PORT] [SERVER[:PORT]] | --streams FILE
powstream: try 'powstream --help'"

# --- the command line

run "$powstream" --help
check "--help exits 0, silent on standard error" "$rc$err" 0
check "--help begins with the usage" "${out%%"$nl"*}" \
    "Usage: powstream [options] TESTADDR[:PORT] [SERVER[:PORT]] | --streams FILE"
missing=
for option in -c,count -i,interval -L,timeout -s,padding -D,dscp -t,to -P,ports -z,delay -E,end-delay -I,retry \
    -4,ipv4 -6,ipv6 -A,authmode -u,identity -k,pass-phrases -S,source -B,bind-device -d,directory -p,print-names \
    -N,every -b,bucket-width -U,unix -e,facility -g,loglevel -R,syslog-only -v,verbose -h,help -V,version; do
    [[ $out == *"  ${option%,*}, --${option#*,}"* ]] || missing+=" $option"
done
for option in hw-timestamps=IFACE json-lines spool=DIR raw name=NAME streams=FILE control=SOCKET tell=REQUEST check; do
    [[ $out == *"      --$option "* ]] || missing+=" --$option"
done
check "--help lists every option" "$missing" ""
check "--help fits a terminal" "$(awk 'length($0) > 79' out.txt)" ""
run "$powstream" -h
check "-h is --help" "$rc ${out%%"$nl"*}" \
    "0 Usage: powstream [options] TESTADDR[:PORT] [SERVER[:PORT]] | --streams FILE"
run "$powstream" --version
match_all "--version names program and suite" "$rc$err $out" \
    "0 powstream \(psuite\) [0-9.]+${nl}Licensed under the Apache License, Version 2.0."
run "$powstream" -V
match_all "-V is --version" "$rc $out" "0 powstream \(psuite\).*"
run "$powstream"
check "a server must be named" "$rc$out $err" "1 $usage"
run "$powstream" a b c
check "two operands at most" "$rc$out $err" "1 $usage"

run "$powstream" -p -d . -g warning -c 600 -i 0.1 -L 2 -P 8760-9960 -s 20 -D 46 -4 -t -S 127.0.0.1 --check '[127.0.0.1]:861'
check "the command line of pScheduler is good" "$rc $out$err" "0 1 stream, all good"

# bad "ARGUMENTS" MESSAGE: exit 1, the message on standard error, nothing else.
bad() {
    local arguments
    read -ra arguments <<<"$1"
    run "$powstream" "${arguments[@]}" 127.0.0.1:1
    check "powstream $1" "$rc$out $err" "1 powstream: $2"
}
whole="wants a whole number from"
ports="wants 0 or LOW-HIGH, two ports at least"
slots="wants seconds between packets, as in 0.1 or 0.1f"
bad "-x" "unknown option '-x'; try 'powstream --help'"
bad "--nosuch" "unknown option '--nosuch'; try 'powstream --help'"
bad "--s" "ambiguous option '--s'; try 'powstream --help'"
bad "--raw=1" "option '--raw' takes no value; try 'powstream --help'"
bad "-c 0" "-c, --count: '0': $whole 1 to 1000000"
bad "--count=1000001" "-c, --count: '1000001': $whole 1 to 1000000"
bad "-i 0" "-i, --interval: '0': $slots"
bad "-i 0.1x" "-i, --interval: '0.1x': $slots"
bad "--interval=0.1,0.2" "-i, --interval: '0.1,0.2': $slots"
bad "-L soon" "-L, --timeout: 'soon': wants seconds, from 0 to 1e6"
bad "--timeout=-1" "-L, --timeout: '-1': wants seconds, from 0 to 1e6"
bad "-s 65001" "-s, --padding: '65001': $whole 0 to 65000"
bad "-D 64" "-D, --dscp: '64': wants 0..63 or a name such as ef, cs1, af11"
bad "--dscp=best" "-D, --dscp: 'best': wants 0..63 or a name such as ef, cs1, af11"
bad "-P 8760" "-P, --ports: '8760': $ports"
bad "-P 8760-8760" "-P, --ports: '8760-8760': $ports"
bad "--ports=9-8" "-P, --ports: '9-8': $ports"
bad "-z -1" "-z, --delay: '-1': wants seconds, from 0 to 1e6"
bad "-E x" "-E, --end-delay: 'x': wants seconds, from 0 to 1e6"
bad "-I 0" "-I, --retry: '0': wants seconds, from 0.01 to 1e6"
bad "-4 -6" "-4 and -6 exclude each other"
bad "--ipv6 --ipv4" "-4 and -6 exclude each other"
bad "-A X" "-A, --authmode: 'X': wants letters of A, E and O, as in EO"
bad "-A AE" "modes other than open (O) need an identity (-u)"
bad "-u joe" "-u needs -k, the file with the identity's pass-phrase"
bad "-u $(printf '%081d' 0)" "-u, --identity: '$(printf '%081d' 0)': wants 1 to 80 characters"
bad "-k file" "-k needs -u: whose pass-phrase in the file is it?"
bad "-u joe -k nosuch.pfs" "127.0.0.1-from: nosuch.pfs: No such file or directory"
bad "-N all" "-N, --every: 'all': $whole 0 to 4294967295"
bad "-c 10 -N 3" "the packets for a summary (-N) must divide the packets of a session (-c)"
bad "-c 1 -i 0.01" "a session (-c times -i) lasts at least 0.1 s"
bad "-b 0" "-b, --bucket-width: '0': wants seconds, from 1e-09 to 1e6"
bad "-e nosuch" "-e, --facility: 'nosuch': no such syslog facility"
bad "-g loud" "-g, --loglevel: 'loud': wants none, fatal, warning, info, debug or all"
bad "-d nosuch" "127.0.0.1-from: nosuch: No such file or directory"
bad "-d /dev/null" "127.0.0.1-from: /dev/null: Not a directory"
bad "--spool nosuch/spool" "127.0.0.1-from: nosuch/spool: cannot be made in nosuch: No such file or directory"
bad "--spool /dev/null" "127.0.0.1-from: /dev/null: Not a directory"
name_wants="wants 1 to 200 characters, no blanks and no slash, and no dot at the beginning"
bad "--name a/b" "the name \"a/b\": $name_wants"
bad "-p --json-lines" \
    "file names (-p) and documents (--json-lines) both want standard output: use one, or --spool"
bad "--tell status --control x" "with --streams the servers are in the file; with --tell none is named"
bad "--streams x" "with --streams the servers are in the file; with --tell none is named"
run "$powstream" -d '' h
check "an empty name is none" "$rc$out $err" "1 powstream: -d, --directory: '': is empty"
bad "--hw-timestamps=" "--hw-timestamps: '': wants the name of an interface"
bad "--bind-device=" "-B, --bind-device: '': wants the name of an interface"
run "$powstream" h -c
check "an option without its value" "$rc$out $err" \
    "1 powstream: option '-c' needs a value (N); try 'powstream --help'"
for operand in ::1:x '[::1' 127.0.0.1:65536 127.0.0.1:0 'a b' :861; do
    run "$powstream" "$operand"
    check "powstream '$operand'" "$rc$out $err" \
        "1 powstream: $operand: not a server: wants NAME, ADDRESS, NAME:PORT or [V6]:PORT"
done
run "$powstream" --tell status
check "--tell without --control" "$rc$out $err" "1 powstream: --tell needs --control SOCKET: where does it listen?"
run "$powstream" --control nosuch --tell status
check "--tell where nobody listens" "$rc$out $err" \
    "1 powstream: nosuch: there is no such socket; is the daemon running?"
for request in '[]' 'a"b' '' '"status"' Status; do
    run "$powstream" --control nosuch --tell "$request"
    check "--tell '$request'" "$rc$out $err" "1 powstream: --tell: '$request': wants a word, as status, list or reload, or a \
JSON object, as {\"verb\": \"remove\", \"name\": \"x\"}"
done
run "$powstream" --streams nosuch --name x
check "--name is for one stream" "$rc$out $err" \
    "1 powstream: --name is for one stream; in a file each has its own"
run "$powstream" --streams nosuch
check "--streams without the file" "$rc$out $err" "1 powstream: nosuch: No such file or directory"
echo x >plain
run "$powstream" --check --control plain 127.0.0.1:1
check "--check: good options" "$rc$err $out" "0 1 stream, all good"
run "$powstream" --check -d nosuch 127.0.0.1:1
check "--check looks for the directory" "$rc$out $err" "1 powstream: 127.0.0.1-from: nosuch: No such file or directory"
run "$powstream" --control plain 127.0.0.1:1
match_all "a control socket does not replace a file" "$rc$out $err $(<plain)" "1 powstream: plain: .* x"
for option in --help --check; do
    rc=0
    "$powstream" $option 127.0.0.1:1 >/dev/full 2>err.txt || rc=$?
    check "$option on a full device" "$rc $(<err.txt)" "1 powstream: standard output did not take the text"
done

# --- the file of streams

# file_says TEXT ANSWER: what --check finds in a file of that text.
file_says() {
    printf '%s' "$1" >f.json
    run "$powstream" --check --streams f.json
    check "--check: ${1//$nl/ }" "$rc$out$err" "$2"
}
# stream_says MEMBERS FAULT: in a file of one stream with these.
stream_says() {
    file_says "{\"streams\":[{\"server\":\"h\",\"spool\":\"x\",$1}]}" "1powstream: f.json:1: streams[0]$2"
}
file_says '{"streams":[]}' "00 streams, all good"
file_says '{"streams":[{"server":"[::1]:8861","json-lines":true}],"defaults":{"_why":1}}' "01 stream, all good"
file_says '{"#":"c","streams":[{"server":"h","directory":"%n"},{"server":"i","directory":"./%n/"}]}' "02 streams, all good"
check "--check makes nothing" "$(ls -d -- *-from x 2>/dev/null)" ""
file_says '{' "1powstream: f.json:1: wants a key in double quotes; got the end"
file_says '[]' "1powstream: f.json:1: the document: wants an object; got an array"
file_says '{}' "1powstream: f.json:1: streams: is missing"
file_says '{"streams":[],"default":{}}' "1powstream: f.json:1: default: is not known here; did you mean \"defaults\"?"
file_says '{"streams":[],"defaults":{"name":"x"}}' "1powstream: f.json:1: defaults.name: is not known here"
file_says '{"streams":[{}]}' "1powstream: f.json:1: streams[0]: \"server\" is missing"
file_says '{"streams":[{"server":"h"}]}' \
    "1powstream: f.json:1: streams[0]: h-from: its results go nowhere: wants \"directory\", \"spool\" or \"json-lines\""
file_says "{\"streams\":[{\"server\":\"h\",\"spool\":\"x\"},$nl{\"server\":\"h\",\"spool\":\"x\"}]}" \
    "1powstream: f.json:2: streams[1]: the name \"h-from\" is that of streams[0] already"
file_says '{"streams":[{"server":"h","directory":"x"},{"server":"i","directory":"x"}]}' \
    "1powstream: f.json:1: streams[1]: i-from: the directory \"x\" is that of streams[0] (h-from) already"
# same_directory SPELLING: of two streams that write there one too many, when it is checked and when it is run.
mkdir same
ln -s same link
same_directory() {
    file_says "{\"streams\":[{\"server\":\"h\",\"directory\":\"same\"},{\"server\":\"i\",\"directory\":\"$1\"}]}" \
        "1powstream: f.json:1: streams[1]: i-from: the directory \"$1\" is that of streams[0] (h-from) already"
    run "$powstream" --streams f.json
    check "without --check: the same" "$rc$out $err" \
        "1 powstream: f.json:1: streams[1]: i-from: the directory \"$1\" is that of streams[0] (h-from) already"
}
same_directory ./same/
same_directory "$PWD/same"
same_directory link
rmdir same
same_directory same//.
rm link
file_says '{"streams":[{"server":"h","directory":"nosuch"}]}' "1powstream: h-from: nosuch: No such file or directory"
file_says '{"streams":[{"server":"h","directory":"f.json"}]}' "1powstream: h-from: f.json: Not a directory"
file_says '{"streams":[{"server":"h","directory":"nosuch/%n"},{"server":"i","spool":"nosuch/i"}]}' \
    "1powstream: h-from: nosuch/h-from: cannot be made in nosuch: No such file or directory
powstream: i-from: nosuch/i: cannot be made in nosuch: No such file or directory"
key='"json-lines":true,"identity":"joe","pass-phrases"'
file_says "{\"streams\":[{\"server\":\"h\",$key:\"nosuch.pfs\"}]}" "1powstream: h-from: nosuch.pfs: No such file or directory"
file_says "{\"streams\":[{\"server\":\"h\",$key:\"/\"}]}" "1powstream: h-from: /: Is a directory"
printf 'joe\txyz\n' >bad.pfs
file_says "{\"streams\":[{\"server\":\"h\",$key:\"bad.pfs\"}]}" "1powstream: h-from: bad.pfs:1: the pass-phrase has an odd number of hexadecimal digits"
printf 'ann\t00\n' >other.pfs
file_says "{\"streams\":[{\"server\":\"h\",$key:\"other.pfs\"}]}" \
    "1powstream: h-from: other.pfs: no identity 'joe' in it; add it with pfstore(1)"
if [ "$(id -u)" = 0 ]; then
    skip "--check: a pass-phrase file that must not be read" "root may"
else
    chmod 0 other.pfs
    file_says "{\"streams\":[{\"server\":\"h\",$key:\"other.pfs\"}]}" "1powstream: h-from: other.pfs: Permission denied"
fi
stream_says '"server":"i"' '.server: is given twice, first on line 1'
stream_says '"test-address":1' '.test-address: wants a string of 1 to 255 octets; got 1'
stream_says '"port":1' '.port: is not known here'
stream_says '"direction":"both"' '.direction: wants one of "from", "to"; got "both"'
stream_says '"count":0' '.count: wants an integer from 1 to 1000000; got 0'
stream_says '"every":7' ': h-from: "every" must divide "count"'
stream_says '"name":"a/b"' ".name: $name_wants; got \"a/b\""
stream_says '"interval":0' '.interval: wants seconds between packets, as 0.1 or "0.1f"'
stream_says '"interval":true' '.interval: wants seconds between packets, as 0.1 or "0.1f"'
stream_says '"interval":"0.1,0.2"' '.interval: wants seconds between packets, as 0.1 or "0.1f"'
stream_says '"timeout":"1"' '.timeout: wants a number from 0 to 1000000; got "1"'
stream_says '"padding":65001' '.padding: wants an integer from 0 to 65000; got 65001'
stream_says '"dscp":64' '.dscp: wants an integer from 0 to 63; got 64'
stream_says '"dscp":"best"' '.dscp: wants 0..63 or a name such as "ef"; got "best"'
stream_says '"modes":"X"' '.modes: wants letters of A, E and O; got "X"'
stream_says '"modes":"E"' ': h-from: "modes" other than O (open) need an "identity"'
stream_says '"identity":"joe"' ': h-from: "identity" needs "pass-phrases", the file with its pass-phrase'
stream_says '"family":"ipv5"' '.family: wants one of "any", "ipv4", "ipv6"; got "ipv5"; did you mean "ipv4"?'
stream_says '"retry":0' '.retry: wants a number from 0.01 to 1000000; got 0'
stream_says '"bucket-width":0' '.bucket-width: wants a number from 1e-09 to 1000000; got 0'
stream_says '"raw":1' '.raw: wants true or false; got 1'
stream_says '"directory":""' '.directory: wants a string of 1 to 4095 octets; got ""'
stream_says '"print-names":true,"json-lines":true' \
    ': h-from: "print-names" and "json-lines" both want standard output: use one, or "spool"'

# Where what they name is there.
here() {
    sed "s,/var/lib/powstream,$PWD/lib,; s,/var/spool/powstream,$PWD/spool,; s,/etc/powstream,$PWD,"
}
mkdir lib
printf 'alice\t00\n' >alice.pfs
here <"$top_srcdir/conf/powstream-streams.json" >f.json
run "$powstream" --check --streams f.json
check "the sample is good" "$rc$err $out" "0 4 streams, all good"
sed -n '/^\.Bd -literal/,/^\.Ed/{ /^\./d; p; }' "$top_srcdir/man/powstream-streams.5" | here >f.json
run "$powstream" --check --streams f.json
check "so is the example of powstream-streams(5)" "$rc$err $out" "0 3 streams, all good"
rm alice.pfs
run "$powstream" --check --streams f.json
check "but for what is missing" "$rc$out $err" "1 powstream: voice: $PWD/alice.pfs: No such file or directory"

# --- measuring: many at once, each in a folder of its own

mkdir -p s/etc
printf 'joe\t736573616d\n' >s/etc/owamp-server.pfs
serve s -P 0 || bail_out "owampd does not start: $(<s/log)"
to=127.0.0.1:$port
declare -A pid

# begin NAME OPTION...: starts powstream with its output in NAME.out and NAME.err.
begin() {
    local name=$1
    shift
    : >"$name.out"
    "$powstream" -P 0 "$@" >"$name.out" 2>"$name.err" </dev/null &
    pid[$name]=$!
    pids+=("${pid[$name]}")
}
# second is a session of a second, which leaves room to ask for the next one on a busy host; short are
# those of which only one has to come.
second=(-c 20 -i 0.05f -L 0.5)
short=(-c 10 -i 0.05f -L 0.5)
# finish NAME [SIGNAL]: its exit status is in rc.
finish() {
    kill -"${2:-TERM}" "${pid[$1]}" 2>/dev/null
    { wait "${pid[$1]}"; } 2>/dev/null # bash tells of a kill
    rc=$?
}
# has NAME N PATTERN: N lines of its output match.
has() {
    [ "$(grep -c -- "$3" "$1.out")" -ge "$2" ]
}
wait_for() {
    until_true has "$@" || echo "# $1: no $2 lines with $3 in a minute; $(tail -n 3 "$1.err" 2>/dev/null)"
}
# value FILE KEY: of a summary.
value() {
    sed -n "s/^$2	//p" "$1"
}
# owps DIR: names of its sessions' files, without the ending, in their order.
owps() {
    (cd "$1" && ls) | sed -n 's/\.owp$//p' | LC_ALL=C sort
}
# breaks DIR: sessions that do not begin where the one before ends.
breaks() {
    owps "$1" | awk -F_ 'NR > 1 && $1 != end { print end, $1 } { end = $2 }'
}

mkdir from to parts to-parts plainest again
begin from "${second[@]}" -p -d from -U -b 0.001 -D ef -s 10 -4 -e local1 -g DEBUG -E 0.5 -I 5 "$to"
begin to --count=20 --interval=0.05f --timeout=0.5 --print-names --directory=to/ --to --unix --bucket-width=0.001 \
    --dscp=0x0a --padding=1 --ipv4 --facility=user --loglevel=warning --end-delay=0 --retry=1 --delay=0.1 "$to"
begin parts -c 20 -i 0.05f -L 0 -p -d parts -N 5 "$to"
begin to-parts "${second[@]}" -p -d to-parts -t --every=10 "$to"
begin json "${short[@]}" --json-lines --name one -A O -R "$to"
begin json-parts "${short[@]}" --json-lines -N 5 -vv "$to"
begin spool "${short[@]}" --spool sp --raw -t "$to"
begin encrypted "${short[@]}" --json-lines -u joe -k s/etc/owamp-server.pfs -S 127.0.0.1 "$to"
begin authenticated "${short[@]}" --json-lines --identity=joe --pass-phrases=s/etc/owamp-server.pfs --authmode=AO \
    --source=127.0.0.1 -B lo --to "$to"
begin two "${short[@]}" --json-lines 127.0.0.2 "$to"
begin refused "${short[@]}" --json-lines -I 0.2 127.0.0.1:1
begin again "${short[@]}" -p -d again "$to"
(cd plainest && exec "$powstream" -P 0 "${short[@]}" --syslog-only "$to" >../plainest.out 2>../plainest.err) &
pid[plainest]=$!
pids+=("${pid[plainest]}")

# While those run:
wait_for from 1 owp
run "$powstream" -d from "$to"
check "a second powstream in a directory is refused, with the pid of the first" "$rc$out $err" \
    "1 powstream: 127.0.0.1-from: from: another powstream (pid ${pid[from]}) writes there"
run "$powstream" --spool sp -t "$to"
check "nor is there a second one for a stream in a spool" "$rc$out $err" \
    "1 powstream: 127.0.0.1-to: sp: another powstream (pid ${pid[spool]}) writes there for a stream of that name"
check ".powlock holds the pid in binary" "$(od -An -td4 from/.powlock | tr -d ' ')" "${pid[from]}"
kill -USR1 "${pid[from]}"
kill -USR2 "${pid[from]}"

# HUP: what there is, and anew.
wait_for again 2 owp
before=$(grep -c owp again.out)
kill -HUP "${pid[again]}"
wait_for again $((before + 3)) owp
finish again INT
check "INT: exit 0" "$rc" 0
check "HUP is told as a gap" "$(grep -c '"reason":"restarted by SIGHUP"' again/powstream.gaps)" 1

wait_for from 4 '\.sum$'
wait_for to 4 '\.sum$'
wait_for parts 12 '\.sum$'
wait_for to-parts 6 '\.sum$'
for name in from to parts to-parts plainest; do
    finish "$name"
    check "$name: TERM: exit 0" "$rc" 0
done

# pairs NAME: a session's .owp and then its .sum, with the same times.
pairs() {
    awk '{ sub(/\.[a-z]+$/, "", $0); if (NR % 2 == 0 && $0 != last) print NR; last = $0 }' "$1.out"
}
name='[0-9]{20}_[0-9]{20}'
check "-p prints paths as -d gives them" "$(grep -cvE "^from/$name\.(owp|sum)$" from.out)" 0
check "-p with a slash behind the directory" "$(grep -cvE "^to/$name\.(owp|sum)$" to.out)" 0
for dir in from to; do
    check "-p: $dir: the .owp, then its .sum" "$(awk '{ print (NR % 2 ? /owp$/ : /sum$/) }' $dir.out | sort -u)$(pairs $dir)" 1
    check "-p: $dir: what is printed is there" "$(grep -c . $dir.out)" "$(find $dir -name '*.owp' -o -name '*.sum' | grep -c .)"
    check "$dir: START of a session is END of the one before" "$(breaks $dir)" ""
    check "$dir: nothing temporary is left" "$(find $dir -name '*.i' -o -name '.pow.*')" ""
done
first_owp=$(head -n 1 from.out) first_sum=$(sed -n 2p from.out)
check "modes of the files" "$(stat -c %a "$first_owp" "$first_sum")" "644${nl}644"
run "$owstats" -M -b 0.001 -U "$first_owp"
check "the .sum is what owstats -M says of the .owp" "$(grep -v '_HOST' "$first_sum" | sed '/^<NREORDERING>/,$d')" \
    "$(grep -v '_HOST' out.txt | sed '/^<NREORDERING>/,$d')"
check ".sum: every key in its order" "$(cut -f1 "$first_sum" | sed '/^<BUCKETS>/,$d' | tr '\n' ' ')" \
    "SUMMARY SID FROM_HOST FROM_ADDR FROM_PORT TO_HOST TO_ADDR TO_PORT START_TIME END_TIME UNIX_START_TIME \
UNIX_END_TIME DSCP LOSS_TIMEOUT PACKET_PADDING SESSION_PACKET_COUNT SAMPLE_PACKET_COUNT BUCKET_WIDTH SESSION_FINISHED SENT \
SYNC MAXERR DUPS LOST MIN MEDIAN MAX PDV "
some() {
    echo "$(value "$1" FROM_HOST) $(value "$1" DSCP) $(value "$1" LOSS_TIMEOUT) $(value "$1" PACKET_PADDING) $(
        value "$1" SESSION_PACKET_COUNT) $(value "$1" SAMPLE_PACKET_COUNT) $(value "$1" BUCKET_WIDTH) $(
        value "$1" SESSION_FINISHED) $(value "$1" SENT) $(value "$1" LOST)"
}
check "-D -s -L -c -b arrive" "$(some "$first_sum")" "127.0.0.1 0x2e 2147483648 10 20 20 0.001 1 20 0"
first=$(sed -n 2p to.out)
match_all "the long names of these" "$(some "$first")" "[a-z0-9.-]+ 0x0a 2147483648 1 20 20 0.001 1 20 0"
check "-t: the server receives" "$(value "$first" TO_HOST)" 127.0.0.1
base=$(basename "$first_owp" .owp)
check "START is a packet's interval before the first packet, END when the last one is due" \
    "$(($(value "$first_sum" START_TIME) - ${base%_*})) ${base#*_}" "214748364 $(value "$first_sum" END_TIME)"
check "-g DEBUG tells short gaps" "$(grep -c 'not measured from .* on: setting up' from.err)" 1
check "-g warning tells none, nor that a session is short for a server of this make" "$(<to.err)" ""
check "USR1 and USR2 are ignored" "$(grep -ci usr from.err)" 0
check "-R: nothing on standard error" "$(cat plainest.err plainest.out json.err)" ""
match "without -d the working directory" "$(owps plainest)" "$name"

last=$(owps again | tail -n 1)
match_all "a session cut short by INT ends with a packet: some are there" \
    "$(value "again/$last.sum" SENT) $(value "again/$last.sum" LOST)" "([1-9]|10) 0"
check "its END is when the last of them was due" "${last#*_}" "$(value "again/$last.sum" END_TIME)"

# parts_of DIR COUNT: in the first session of COUNT parts: the output's first lines, told in words.
parts_of() {
    local owp start end
    owp=$(grep -m 1 'owp$' "$1.out")
    start=$(basename "$owp" .owp)
    end=${start#*_} start=${start%_*}
    head -n $(($2 + 2)) "$1.out" | sed "s,^$1/,," | awk -F'[_.]' -v from="$start" -v end="$end" '
        $3 == "sum" && $1 == from && $2 == end { print "whole sum"; next }
        $3 == "sum" && $1 == (at ? at : from) { print "part" ($2 == end ? " to the end" : ""); at = $2; next }
        $3 == "owp" && $1 == from && $2 == end { print "owp"; next }
        { print }'
}
check "-N: parts from END to END, then the .owp, then the .sum" "$(parts_of parts 4)" \
    "part${nl}part${nl}part${nl}part to the end${nl}owp${nl}whole sum"
check "-N with -t: the same" "$(parts_of to-parts 2)" "part${nl}part to the end${nl}owp${nl}whole sum"
for part in parts:5 to-parts:10; do
    set -- "${part%:*}" "${part#*:}"
    file=$(head -n 1 "$1.out") begins=$(head -n 1 "$1.out" | sed 's,.*/,,; s/_.*//')
    check "$1: a part's .sum counts its packets" "$(value "$file" SAMPLE_PACKET_COUNT) $(value "$file" SESSION_PACKET_COUNT) $(
        value "$file" SENT)" "$2 20 $2"
    check "$1: its START_TIME is that of its first packet" "$(($(value "$file" START_TIME) - begins))" 214748364
    check "$1: sessions follow each other" "$(breaks "$1")" ""
done

# --- documents

wait_for json 3 measurement
wait_for json-parts 4 measurement
wait_for encrypted 1 measurement
wait_for authenticated 1 measurement
wait_for two 1 measurement
spooled() {
    [ "$(find sp -name '*.rec' | grep -c .)" -ge "$1" ]
}
until_true spooled 3
until_true grep -q 'Connection refused' refused.err
for name in json json-parts encrypted authenticated two refused spool; do
    finish "$name"
    check "$name: TERM: exit 0" "$rc" 0
done
for file in sp/*.rec; do
    grep -a '^{' "$file" # a file may hold several
done >spool.docs
check "--spool prints nothing" "$(<spool.out)" ""
check "-vv: log lines begin with their place" "$(grep -cv '^powstream: FILE=[a-z_]*\.c, LINE=[0-9]*, ' json-parts.err)" 0
check "a refused connection is why nothing was measured" \
    "$(grep -o '"reason":"[^"]*"' refused.out | sort -u)" \
    "\"reason\":\"powstream was stopped\"$nl\"reason\":\"the control connection: Connection refused\""

documents=(json.out json-parts.out encrypted.out authenticated.out two.out refused.out spool.docs again/powstream.gaps)
if command -v jq >/dev/null; then
    check "every line is a document" "$(cat "${documents[@]}" | grep -c .)" "$(cat "${documents[@]}" | jq -s length)"
    check "the first tells of the set-up" "$(head -n 1 json.out | jq -c '[.type, .succeeded, .stream, .direction, .reason]')" \
        '["gap",false,"one","from","setting up"]'
    first=$(grep -m 1 '"measurement"' json.out)
    check "--json-lines: a measurement" "$(jq -c '[.succeeded, .schema, .stream, .direction, .mode, ."packets-sent",
            ."packets-received", ."packets-lost", ."first-seq", ."last-seq", ."session-packets", .complete, .finished,
            .timeout, ."bucket-width", ."host-dropped", .ignored, has("raw-packets")]' <<<"$first")" \
        '[true,1,"one","from","open",10,10,0,0,9,10,true,true,0.5,0.001,0,0,false]'
    check "its ends" "$(jq -c '[.source.host, .source.address, .dest.address, ([.histogram-latency[]?] | length)]' <<<"$first" 2>/dev/null ||
        jq -c '[.source.host, .source.address, .dest.address]' <<<"$first")" '["127.0.0.1","127.0.0.1","127.0.0.1"]'
    check "its histograms count what came" \
        "$(jq -c '[(."histogram-latency" | add), (."histogram-ttl" | add)]' <<<"$first")" '[10,10]'
    check "-N: a document for each part" "$(grep '"measurement"' json-parts.out | head -n 4 |
        jq -c '[."first-seq", ."last-seq", ."packets-sent"]' | tr '\n' ' ')" "[0,4,5] [5,9,5] [0,4,5] [5,9,5] "
    check "two parts have one SID" "$(grep '"measurement"' json-parts.out | head -n 2 | jq -r .sid | sort -u | grep -c .)" 1
    check "a stream without a name has its server's" "$(head -n 1 json-parts.out | jq -r .stream)" 127.0.0.1-from
    check "--raw: a record for each packet" "$(grep -m 1 '"measurement"' spool.docs |
        jq -c '[.direction, (."raw-packets" | length), ."raw-packets"[0]."seq-num", ."host-dropped"]')" '["to",10,0,null]'
    check "-u and -k: the best mode" "$(grep -m 1 '"measurement"' encrypted.out | jq -r .mode)" encrypted
    check "-A AO: authenticated" "$(grep -m 1 '"measurement"' authenticated.out | jq -r .mode)" authenticated
    check "two operands: packets of the first, control with the second" "$(grep -m 1 '"measurement"' two.out |
        jq -c '[.source.host, .source.address, .stream]')" '["127.0.0.1","127.0.0.2","127.0.0.1-from"]'
    # shellcheck disable=SC2016 # jq's variables
    check "documents have the members of the schema, and all that it requires" "$(cat "${documents[@]}" |
        jq -r --slurpfile schema "$schema" '. as $doc | $schema[0].definitions[.type] |
            (.properties | keys) as $known | ($doc | keys) as $has | (.required - $has) + ($has - $known) | .[]')" ""
    check "powstream(1) names every member of the schema, and no other" \
        "$(sed -n '/^\.Ss All/,/^\.Sh/s/^\.It Cm //p' "$top_srcdir/man/powstream.1" | sed 's/ , /\n/g' | sort -u)" \
        "$(jq -r '.definitions | (.measurement, .gap, .step).properties | keys[]' "$schema" | sort -u)"
else
    skip "what the documents say" "jq is not installed"
fi
if python3 -c 'import jsonschema' 2>/dev/null; then
    cat "${documents[@]}" | python3 -c '
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
known = jsonschema.Draft7Validator(schema)
for line in sys.stdin:
    for fault in known.iter_errors(json.loads(line)) if line.strip() else []:
        print(line.strip()[:200], fault.message[:200])' "$schema" >faults 2>&1
    check "every document is valid by its schema" "$(head -n 5 faults)" ""
else
    skip "every document is valid by its schema" "python3-jsonschema is not installed"
fi

# --- many streams and the control socket

# streams MEMBERS...: writes the file: one stream for each argument.
streams() {
    local IFS=,
    echo "{\"defaults\": {\"server\": \"$to\", \"count\": 20, \"interval\": \"0.05f\", \"timeout\": 0.5,
        \"directory\": \"many/%n\"}, \"streams\": [${*}]}" >streams.json
}
# ask REQUEST: out and rc are the answer.
ask() {
    run "$powstream" --control ctl --tell "$1"
}
# names_of: the streams that are there.
names_there() {
    ask list
    grep -o '"name":"[^"]*"' out.txt | cut -d'"' -f4 | LC_ALL=C sort | tr '\n' ' '
}
there_are() {
    [ "$(names_there)" = "$1" ]
}
sessions_of() {
    [ "$(owps "many/$1" | grep -c .)" -ge "$2" ]
}

mkdir many
streams '{"name":"stays"}' '{"name":"changes"}' '{"name":"goes","direction":"to"}'
begin many --streams streams.json --control ctl
until_true sessions_of stays 1
until_true sessions_of changes 1
until_true sessions_of goes 1
check "--streams: %n makes a directory for each" "$(find many -mindepth 1 -type d | sort | tr '\n' ' ')" \
    "many/changes many/goes many/stays "
check "the control socket is for owner and group" "$(stat -c %A ctl)" srw-rw----
ask status
match_all "status" "$rc$err $out" "0 \{\"ok\":true,\"program\":\"powstream\",\"version\":\"[0-9.]+\",\"pid\":${pid[many]},\"since\":\"[0-9TZ:.-]+\",\
\"streams\":3,\"measuring\":3,\"sessions\":[0-9]+,\"packets-sent\":[0-9]+,\"packets-lost\":0,\"packets-duplicated\":0,\
\"gaps\":3,\"gap-seconds\":[0-9.]+,\"gaps-open\":0,\"clock\":\{\"synced\":(true|false),\"error\":[0-9.e-]+,\"bound\":[0-9.e-]+,\
\"clock-source\":\{\"name\":\"unknown\",\"reference\":null,\"stratum\":null,\"synced\":null,\"leap\":null,\"error\":null,\"bound\":null\}\},\
\"datagrams\":\{\"sent\":[0-9]+,\
\"received\":[0-9]+,\"unmatched\":0,\"host-dropped\":0,\"sockets\":[0-9]+\},\"output\":\{\"dropped\":0,\"evicted\":0,\"trouble\":null\}\}"
ask list
match "list" "$rc$err $out" "^0 \{\"ok\":true,\"streams\":\[\{\"name\":\"stays\",\"server\":\"127.0.0.1\",\"port\":$port,\
\"direction\":\"from\",\"directory\":\"many/stays\",\"spool\":null,\"measuring\":true,\"state\":\"measuring\",\
\"accounted-until\":\"[0-9TZ:.-]+\",\"failures-in-a-row\":0,\"sessions\":[0-9]+,\"packets-sent\":[0-9]+,\"packets-lost\":0,\
\"packets-duplicated\":0,\"gaps\":1,\"gap-seconds\":[0-9.]+,\"gap-open\":null\},\{\"name\":\"changes\","

# ask_bad REQUEST ERROR
ask_bad() {
    ask "$1"
    check "--tell $1" "$rc$err $out" "1 {\"ok\":false,\"error\":\"$2\"}"
}
ask_bad ' {"verb":"nosuch"}' 'verb: wants one of \"status\", \"list\", \"reload\", \"add\", \"remove\"; got \"nosuch\"'
ask_bad nosuch 'verb: wants one of \"status\", \"list\", \"reload\", \"add\", \"remove\"; got \"nosuch\"'
ask_bad '{' 'wants a key in double quotes; got the end'
ask_bad '{}' 'verb: is missing'
ask_bad '{"verb":"status","x":1}' 'x: is not known here'
ask_bad add 'stream: is missing'
ask_bad '{"verb":"add","stream":{"server":"h"}}' \
    'stream: h-from: its results go nowhere: wants \"directory\", \"spool\" or \"json-lines\"'
ask_bad '{"verb":"add","stream":{"name":"x"}}' 'stream: x: \"server\" is missing'
ask_bad '{"verb":"add","stream":{"server":"h","count":-1}}' 'stream.count: wants an integer from 1 to 1000000; got -1'
ask_bad '{"verb":"add","stream":{"server":"h","name":"stays","spool":"x"}}' 'stays: there is a stream of that name'
ask_bad '{"verb":"add","stream":{"server":"h","directory":"nosuch"}}' 'h-from: nosuch: No such file or directory'
ask_bad '{"verb":"add","stream":{"server":"h","directory":"many/stays","spool":"refused"}}' \
    "h-from: many/stays: another stream of this powstream writes there"
ask_bad '{"verb":"add","stream":{"server":"h","directory":"nosuch","spool":"refused"}}' 'h-from: nosuch: No such file or directory'
ask_bad '{"verb":"add","stream":{"server":"h","directory":"many/%n","spool":"nosuch/spool"}}' \
    'h-from: nosuch/spool: cannot be made in nosuch: No such file or directory'
check "a stream that is refused leaves nothing" "$(ls -d refused many/h-from 2>/dev/null)" ""
ask_bad remove 'name: is missing'
ask_bad '{"verb":"remove","name":"nosuch"}' 'there is no stream of that name'
ask "{\"verb\":\"add\",\"stream\":{\"name\":\"new\",\"server\":\"$to\",\"count\":10,\"interval\":\"0.05f\",\"timeout\":0.5,\
\"directory\":\"many/%n\",\"direction\":\"to\"}}"
check "add" "$rc$err $out" '0 {"ok":true}'
until_true sessions_of new 1
check "the added stream measures, in its direction" "$(cat many/new/*.sum | grep "^TO_HOST" | sort -u)" \
    "TO_HOST${tab}127.0.0.1"
ask '{"verb":"remove","name":"new"}'
check "remove" "$rc$err $out" '0 {"ok":true}'
until_true there_are "changes goes stays "
check "it is gone" "$(names_there)" "changes goes stays "
run "$powstream" --streams streams.json --control ctl
match_all "a second powstream on the control socket is refused" "$rc$out $err" "1 powstream: ctl: .*"

echo '{' >streams.json
ask reload
check "reload: a faulty file is told" "$rc$err $out" \
    '1 {"ok":false,"error":"streams.json:2: wants a key in double quotes; got the end"}'
kill -HUP "${pid[many]}"
until_true grep -q 'the streams stay as they are' many.err
check "HUP with a faulty file changes nothing" "$(names_there)" "changes goes stays "

streams '{"name":"stays"}' '{"name":"changes","padding":7}' '{"name":"comes"}'
kill -HUP "${pid[many]}"
until_true there_are "changes comes stays "
until_true sessions_of comes 2
padded() {
    grep -q "^PACKET_PADDING${tab}7$" many/changes/*.sum
}
until_true padded
check "HUP: who is gone from the file is gone, who is new is there" "$(names_there)" "changes comes stays "
check "HUP: a changed stream goes on in its new way" "$(cat many/changes/*.sum | grep -c "^PACKET_PADDING${tab}7$" |
    sed 's/^[1-9].*/some/')" some
ask reload
check "reload: the same file changes nothing" "$rc$err $out" '0 {"ok":true,"streams":3}'
before=$(owps many/stays | grep -c .)
until_true sessions_of stays $((before + 1))
finish many
check "many: TERM: exit 0" "$rc" 0
for name in stays comes; do
    check "$name: it was not touched: sessions follow each other" "$(breaks "many/$name")" ""
done
check "changes: it gave account once of each time" "$(grep -o '"reason":"[^"]*"' many/changes/powstream.gaps |
    cut -d'"' -f4 | sed 's/ .*//' | tr '\n' ' ')" "setting the the setting powstream "
check "stays: its gaps are the set-up and the end" "$(grep -o '"reason":"[^"]*"' many/stays/powstream.gaps | tr '\n' ' ')" \
    '"reason":"setting up" "reason":"powstream was stopped" '
check "the control socket is gone" "$(ls ctl 2>&1)" "ls: cannot access 'ctl': No such file or directory"

# --- one stream with a control socket

begin single "${short[@]}" --json-lines --control ctl --name one "$to"
wait_for single 1 measurement
ask reload
check "reload without --streams" "$rc$err $out" \
    '1 {"ok":false,"error":"there is no file to read: it was started without --streams"}'
ask "{\"verb\":\"add\",\"stream\":{\"server\":\"$to\",\"direction\":\"to\"}}"
check "a further stream has the options of the first, but not its name" "$rc$err $out" '0 {"ok":true}'
wait_for single 1 '"succeeded":true,"stream":"127.0.0.1-to"'
check "both are there" "$(names_there)" "127.0.0.1-to one "
ask '{"verb":"add","stream":{"name":"away","server":"127.0.0.1:1","directory":"again"}}'
gap='"gaps":0,"gap-seconds":0,"gap-open":{"since":"20[0-9TZ:.-]*","seconds":[0-9.e-]*,"reason":"the control connection: Connection refused"}'
gap_is_open() {
    ask list
    grep -q "\"name\":\"away\".*$gap" out.txt
}
until_true gap_is_open
check "list: a gap that lasts is there before it is told" "$(grep -c "\"name\":\"away\".*$gap" out.txt)" 1
ask status
match "status: so it is" "$out" "\"gaps-open\":1,"
finish single
check "single: TERM: exit 0" "$rc" 0

# --- what goes wrong

# Standard output that nobody reads, and one that is full.
"$powstream" -P 0 "${short[@]}" --json-lines "$to" >/dev/full 2>full.err &
full=$!
pids+=("$full")
{
    "$powstream" -P 0 "${short[@]}" --json-lines "$to" 2>gone.err
    echo $? >gone.rc
} | head -n 1 >gone.out
check "a reader that goes away ends it" "$(<gone.rc) $(grep -c . gone.out) $(grep -c \
    'output: standard output does not take the results any more' gone.err)" "1 1 1"
wait "$full"
check "so does a full device" "$? $(grep -c 'output: standard output does not take the results any more' full.err)" "1 1"

# kill -9
mkdir killed
begin killed "${short[@]}" -p -d killed "$to"
wait_for killed 2 owp
finish killed KILL
check "killed" "$rc" 137
told=$(owps killed | tail -n 1)
cp killed/powstream.gaps gaps.before
begin killed "${short[@]}" -p -d killed "$to"
wait_for killed 1 owp
anew=$(sed -n 's,^killed/\(.*\)\.owp$,\1,p' killed.out | head -n 1)
finish killed
check "after kill -9 it begins anew in the same directory" "$rc" 0
tail -n "+$(($(grep -c . gaps.before) + 1))" killed/powstream.gaps >gaps.after
# ntp KEY REASON: of the gap with that reason.
ntp() {
    grep "\"reason\":\"$2\"" gaps.after | sed -E "s/.*\"$1\":([0-9]+).*/\1/"
}
check "kill -9 left a gap that begins where the last result ends" "$(ntp start-ntp 'powstream was not running')" \
    "${told#*_}"
check "up to the start, and the set-up from there" "$(ntp end-ntp 'powstream was not running')" \
    "$(ntp start-ntp 'setting up')"
check "up to the first new result" "$(ntp end-ntp 'setting up')" "${anew%_*}"
check "owampd had nothing to complain of" "$(grep -aE 'fatal|assert|runtime error|Sanitizer' s/log)" ""
plan
