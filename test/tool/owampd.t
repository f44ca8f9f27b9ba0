#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How owampd(8) is told what to do, what it says, serves and refuses, and how it lives and ends.
. "$(dirname "$0")/tool.sh"
root=$(id -u)
allow=("${plain[@]}")
[ "$root" = 0 ] && allow+=(-f)
mkdir c d v
: >c/owamp-server.conf

# --- the command line

run "$owampd" --help
check "--help exits 0, silent on standard error" "$rc$err" 0
check "--help begins with the usage" "${out%%"$nl"*}" "Usage: owampd [options]"
missing=
for option in -c,confdir -d,datadir -R,vardir -n,check -S,srcnode -P,testports -a,authmode -U,user -G,group \
    -f,rootfolly -Z,foreground -e,facility -v,verbose -h,help -V,version; do
    [[ $out == *"  ${option%,*}, --${option#*,}"* ]] || missing+=" $option"
done
check "--help lists every option" "$missing" ""
match "and --sandbox, which has no letter" "$out" "  --sandbox=PARTS"
run "$owampd" -h
check "-h is --help" "$rc ${out%%"$nl"*}" "0 Usage: owampd [options]"
run "$owampd" -V
match_all "-V names program and suite" "$rc$err $out" \
    "0 owampd \(psuite\) [0-9.]+${nl}Licensed under the Apache License, Version 2.0."
run "$owampd" --version
match_all "--version is -V" "$rc $out" "0 owampd \(psuite\).*"
for option in --help -V; do
    "$owampd" "$option" >/dev/full 2>err.txt
    check "owampd $option >/dev/full ends with 1 and says so" "$? $(<err.txt)" \
        "1 owampd: standard output did not take the text"
done

# bad "ARGUMENTS" MESSAGE: exit 1, the message on standard error, nothing else.
bad() {
    local arguments
    read -ra arguments <<<"$1"
    run "$owampd" "${arguments[@]}"
    check "owampd $1" "$rc$out $err" "1 owampd: $2"
}
node="wants ADDR, ADDR:PORT, [V6]:PORT or :PORT"
bad "-q" "unknown option '-q'; try 'owampd --help'"
bad "--nosuch" "unknown option '--nosuch'; try 'owampd --help'"
bad "--ver" "ambiguous option '--ver'; try 'owampd --help'"
bad "--check=1" "option '--check' takes no value; try 'owampd --help'"
bad "-S" "option '-S' needs a value (ADDR:PORT); try 'owampd --help'"
bad "host" "unexpected 'host'; try 'owampd --help'"
bad "-a X" "-a, --authmode: 'X': wants letters of A, E and O, as in EO"
bad "-e mine" "-e, --facility: 'mine': wants a facility of syslog, such as daemon or local0"
parts="capabilities,no_new_privs,landlock,seccomp"
bad "--sandbox=chroot" "--sandbox: 'chroot': wants all, none, or of $parts those to hold"
bad "--sandbox=seccomp" "--sandbox: 'seccomp': landlock and seccomp need no_new_privs as well"
bad "-P 9-8" "-P, --testports: '9-8': wants 0, PORT or LOW-HIGH"
bad "--testports=x" "-P, --testports: 'x': wants 0, PORT or LOW-HIGH"
bad "-S [::1" "-S, --srcnode: '[::1': $node"
bad "--srcnode=:65536" "-S, --srcnode: ':65536': $node"
bad "-c nosuch" "configuration directory nosuch: No such file or directory"
bad "-c d" "$tmp/d/owamp-server.conf: No such file or directory"
bad "${allow[*]} -d nosuch" "datadir nosuch: No such file or directory"
bad "${allow[*]} -R nosuch" "vardir nosuch: No such file or directory"
bad "-U nosuchuser" "user nosuchuser: no such user"
bad "${allow[*]} -G nosuchgroup" "group nosuchgroup: no such group"
if [ "$root" = 0 ]; then
    bad "-d d -R v" "running as root needs a user to become (-U, or user in owamp-server.conf) or -f"
else
    skip "root without -U or -f is refused" "not root"
fi

# --- checking the configuration

# checked ARGUMENTS...: of the files in c
checked() {
    run "$owampd" -n "${plain[@]}" -c c -d d -R v "$@"
}
checked
check "-n of an empty configuration" "$rc$err $out" "0 configuration is good: 1 class, 0 identities"
cat >c/owamp-server.limits <<'EOF'
limit root with delete_on_fetch=on
limit regular with parent=root, bandwidth=20M, disk=10G
assign default regular
assign user joe root
EOF
printf 'joe\t736573616d\nsue\t78\n' >c/owamp-server.pfs
checked
check "-n counts what there is" "$rc$err $out" "0 configuration is good: 2 classes, 2 identities"
"$owampd" -n "${plain[@]}" -c c -d d -R v >/dev/full 2>err.txt
check "-n >/dev/full ends with 1 and says so" "$? $(<err.txt)" "1 owampd: standard output: No space left on device"
run "$owampd" --check "${plain[@]}" --confdir=c --datadir=d --vardir=v
check "--check" "$rc$err $out" "0 configuration is good: 2 classes, 2 identities"
check "-n leaves no files" "$(ls d v)" "d:

v:"
checked -d nosuch
check "-n looks at datadir" "$rc$out $err" "1 owampd: datadir nosuch: No such file or directory"
checked -R c/owamp-server.pfs
check "-n looks at vardir" "$rc$out $err" "1 owampd: vardir c/owamp-server.pfs: not a directory"
checked -U nosuchuser -G nosuchgroup
check "-n looks at user and group" "$rc$out $err" "1 owampd: user nosuchuser: no such user
owampd: group nosuchgroup: no such group"
printf 'rootfolly off\npbkdf2_count 3000\n\nloglevel info\nloglevel warn\n' >c/owamp-server.conf
checked
check "-n tells what is odd with file and line, and is good" "$rc $out $err" \
    "0 configuration is good: 2 classes, 2 identities owampd: note: $tmp/c/owamp-server.conf:1: \
rootfolly: a flag is on when it is there, whatever follows; remove the line to turn it off
owampd: note: $tmp/c/owamp-server.conf:2: pbkdf2_count: not a power of two as RFC 4656 wants; the next one is used
owampd: note: $tmp/c/owamp-server.conf:5: loglevel: overrides line 4"
printf 'hwtimestamps nosuch0\nmaxmemory 1\nsetuptimeout 20\ncontroltimeout 15\n' >c/owamp-server.conf
checked
check "-n tells what will not do as it looks" "$rc $out $err" \
    "0 configuration is good: 2 classes, 2 identities owampd: note: $tmp/c/owamp-server.conf:3: \
setuptimeout: longer than controltimeout, which counts for the set-up too
owampd: note: hwtimestamps: nosuch0: no hardware receive stamps: it cannot be asked: No such device; \
the kernel's arrival times will be used
owampd: note: maxmemory: 1: owampd alone needs more: nobody will be served"

# faulty SUFFIX TEXT MESSAGE: of the file's last line
faulty() {
    cp "c/owamp-server.$1" kept
    printf '%b\n' "$2" >>"c/owamp-server.$1"
    checked
    check "-n of a faulty $1 file names file, line and cause" "$rc$out $err" \
        "1 owampd: $tmp/c/owamp-server.$1:$(($(wc -l <kept) + 1)): $3"
    run "$owampd" "${allow[@]}" -Z -S 127.0.0.1:0 -c c -d d -R v
    check "and owampd does not start with it" "$rc$out $err" \
        "1 owampd: $tmp/c/owamp-server.$1:$(($(wc -l <kept) + 1)): $3"
    mv kept "c/owamp-server.$1"
}
: >c/owamp-server.conf
faulty conf "loglevl debug" 'unknown key "loglevl"; did you mean "loglevel"?'
faulty conf "diskfudge 11" 'diskfudge: "11" is not a number from 1.0 to 10.0'
faulty conf "testports" "testports: the value is missing"
faulty limits "limit x with parent=root, bandwdth=1" 'unknown limit "bandwdth"; did you mean "bandwidth"?'
faulty limits "assign user ann root" "$(sed -n 's/^owampd: [^:]*:[0-9]*: //p' <<<"$(
    printf 'assign user ann root\n' >d/owamp-server.limits
    cp c/owamp-server.pfs c/owamp-server.conf d
    "$owampd" -n -c d -d d -R v 2>&1 | sed 's/limits:1/limits:5/'
    rm d/*
)")"
faulty pfs "ann 7" "the pass-phrase has an odd number of hexadecimal digits"

# --- a server's files and its end

rm c/owamp-server.limits c/owamp-server.pfs
serve one || bail_out "owampd does not start: $(<one/log)"
match_all "the log says by what it is held and where it listens" "$(<one/log)" \
    "owampd: timing: .*${nl}owampd: confined: user .*${nl}owampd: listening on 127\.0\.0\.1:$port"
check "the pid file" "$(<one/var/owamp-server.pid)" "$server_pid"
match_all "the info file" "$(<one/var/owamp-server.info)" "START=[0-9]{20}${nl}PID=$server_pid${nl}PORT=$port"
match_all "it runs with the time it gives" "$(sed -n 's/START=//p' one/var/owamp-server.info)" "1[78][0-9]{18}"
run "$owampd" "${allow[@]}" -Z -S 127.0.0.1:0 -d d -R one/var
check "a second one with the same vardir is refused" "$rc$out $err" \
    "1 owampd: $tmp/one/var/owamp-server.pid: another owampd (pid $server_pid) runs with this vardir"
run "$owampd" "${allow[@]}" -S 127.0.0.1:0 -d d -R one/var
check "as a daemon too, and the one who starts it is told" "$rc$out $err" \
    "1 owampd: $tmp/one/var/owamp-server.pid: another owampd (pid $server_pid) runs with this vardir"
check "the first one's files are untouched" "$(<one/var/owamp-server.pid) $(sed -n 's/^PID=//p' one/var/*.info)" \
    "$server_pid $server_pid"
run "$owampd" "${allow[@]}" -Z -S "127.0.0.1:$port" -d d -R v
check "a port in use" "$rc$out $err" "1 owampd: cannot listen on 127.0.0.1:$port: Address already in use"
run "$owampd" "${allow[@]}" -S "127.0.0.1:$port" -d d -R v
check "a port in use, as a daemon" "$rc$out $err" \
    "1 owampd: cannot listen on 127.0.0.1:$port: Address already in use"
check "they leave no files" "$(ls v)" ""
run "$owampd" "${allow[@]}" -Z -S 192.0.2.1:0 -d d -R v
check "an address that is not ours" "$rc$out $err" \
    "1 owampd: cannot listen on 192.0.2.1:0: Cannot assign requested address"
end_server TERM
check "TERM ends it with 0" "$rc $(tail -n +3 one/log)" "0 owampd: listening on 127.0.0.1:$port
owampd: stopping: 0 connections
owampd: ended"
check "and takes its files away" "$(ls one/var)" ""
check "the data directory has its two folders" "$(ls one/data)" "catalog${nl}hierarchy"
for signal in INT USR1 USR2; do
    serve one
    end_server "$signal"
    check "$signal ends it too" "$rc $(ls one/var)" "0 "
done

# Only the daemon's own end tells when it is there: its parent exits.
run "$owampd" "${allow[@]}" -S 127.0.0.1:0 -d d -R v
pid=$(<v/owamp-server.pid)
pids+=("$pid")
port=$(sed -n 's/^PORT=//p' v/owamp-server.info)
check "without -Z it becomes a daemon, and listens by the time that its starter returns" \
    "$rc$out$(but_timing <<<"$err") $(sed -n 's/^PID=//p' v/owamp-server.info)" "0 $pid"
check "a daemon has its own session, no terminal, and works in /" \
    "$(readlink "/proc/$pid/cwd" "/proc/$pid/fd/0" "/proc/$pid/fd/1" "/proc/$pid/fd/2" | tr '\n' ' ')$(
        awk '{ print $6 }' "/proc/$pid/stat"
    )" "/ /dev/null /dev/null /dev/null $pid"
run "$owping" -c 1 -i 0.01f -Q "127.0.0.1:$port"
check "the daemon serves" "$rc$out$err" 0
kill -TERM "$pid"
gone() {
    ! [ -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}
until_true gone "$pid"
check "TERM ends the daemon and takes its files away" "$(gone "$pid" && ls v)" ""

# --- what it offers

# greeting FROM TO: octets of the server's greeting, in hexadecimal.
greeting() {
    local fd
    exec {fd}<>"/dev/tcp/127.0.0.1/$port"
    head -c 64 <&"$fd" | od -An -v -tx1 | tr -d ' \n' | cut -c "$(($1 * 2 + 1))-$(($2 * 2 + 2))"
    exec {fd}>&-
}
mkdir -p two/etc
serve two
check "without pass-phrases only open mode is offered" "$(greeting 12 15)" 00000001
check "the default is 2048 rounds of PBKDF2" "$(greeting 48 51)" 00000800
end_server TERM
printf 'joe\t736573616d\n' >two/etc/owamp-server.pfs
serve two
check "with pass-phrases all modes are offered" "$(greeting 12 15)" 00000007
check "challenge and salt differ each time" "$([ "$(greeting 16 47)" = "$(greeting 16 47)" ] && echo same)" ""
end_server TERM
printf 'pbkdf2_count 8192\nauthmode E\n' >two/etc/owamp-server.conf
serve two
check "authmode E" "$(greeting 12 15)" 00000004
check "pbkdf2_count 8192 stands in the greeting" "$(greeting 48 51)" 00002000
run "$owping" -c 1 -i 0.01f -t -Q -u joe -k two/etc/owamp-server.pfs "127.0.0.1:$port"
check "and a client derives its key so" "$rc$out$err" 0
end_server TERM
printf 'pbkdf2_count 3000\n' >two/etc/owamp-server.conf
cat >two/etc/owamp-server.limits <<'EOF'
limit root with allow_open_mode=off
EOF
serve two -a AO
check "-a goes before authmode, and allow_open_mode=off takes open mode away" "$(greeting 12 15)" 00000002
check "pbkdf2_count is raised to a power of two" "$(greeting 48 51)" 00001000
end_server TERM
match_all "and the log says so" "$(<two/log)" ".*pbkdf2_count: not a power of two.*"
serve two --authmode=O
check "nothing but open mode where it is not allowed: no mode at all" "$(greeting 12 15)" 00000000
end_server TERM

# --- limits

mkdir -p s/etc
cat >s/etc/owamp-server.limits <<'EOF'
limit root with delete_on_fetch=on
limit kept with parent=root, delete_on_fetch=off
limit slow with parent=root, bandwidth=10k
limit small with parent=kept, disk=3k
limit few with parent=root, test_sessions=1
assign default root
assign net 127.0.0.2 slow
assign net 127.0.0.3 small
assign net 127.0.0.4 few
assign user joe kept
EOF
printf 'joe\t736573616d\nslow\t78\n' >s/etc/owamp-server.pfs
mkdir rules
cp s/etc/owamp-server.* rules
serve s
# ask FROM ARGUMENT...: a short test from this address.
ask() {
    local from=$1
    shift
    run "$owping" -S "$from" -c 10 -i 0.01f "$@" "127.0.0.1:$port"
}
catalog() {
    find "$server/data/catalog" -name '*.owp' | wc -l
}
to_it="the server refused the session to it: rejected (Accept 1); the server's log says why"
from_it=${to_it/to it/from it}
refusal() {
    await refused
    log_shape <<<"$line"
}

ask 127.0.0.1 -Q
check "a test in the root class" "$rc$out$err" 0
await "class root"
check "the log says who came, in which mode and class" "$(log_shape <<<"$line")" \
    "owampd: control: PEER: connected, open mode, class root"
check "delete_on_fetch=on: nothing stays of what was fetched" "$(catalog) $(find s/data/hierarchy -name '*.owp')" "0 "
ask 127.0.0.1 -Q -t -u joe -k s/etc/owamp-server.pfs
check "a test of joe's" "$rc$out$err" 0
await joe
check "assign user: joe's class" "$(log_shape <<<"$line")" "owampd: control: PEER (joe): connected, encrypted mode, class kept"
match_all "delete_on_fetch=off: the session stays, in the folders of its class, with a link to it" \
    "$(catalog) $(find s/data/hierarchy -name '*.owp')" "1 s/data/hierarchy/root/kept/[0-9a-f]{32}\.owp"
check "the link is the whole path" "$(readlink s/data/catalog/*.owp)" "$(realpath s/data)/$(
    cd s/data && find hierarchy -name '*.owp'
)"
ask 127.0.0.1 -Q -u slow -k s/etc/owamp-server.pfs
check "a class of the identity's name is its class" "$rc$out $err" "1 owping: $to_it"
check "bandwidth: the log names class and limit, what is in use and what was asked for" "$(refusal)" \
    "owampd: session: PEER (slow): refused (rejected): class slow allows 10000 bit/s: 0 are in use and 60800 were asked for"
ask 127.0.0.2 -Q -f
check "bandwidth counts for what the server sends, too" "$rc$out $err" "1 owping: $from_it"
check "by the class of the address" "$(refusal)" \
    "owampd: session: PEER: refused (rejected): class slow allows 10000 bit/s: 0 are in use and 33600 were asked for"
run "$owping" -S 127.0.0.2 -c 2 -i 0.1f -Q -t "127.0.0.1:$port"
check "what is within the limit is served" "$rc$out$err" 0
ask 127.0.0.3 -Q -c 200
check "disk: refused" "$rc$out $err" "1 owping: $to_it"
check "disk: the log names class and limit" "$(refusal)" \
    "owampd: session: PEER: refused (rejected): class small allows 3000 octets on disk: 0 are in use and 5200 were asked for"
ask 127.0.0.3 -Q -t -c 100
check "disk: what has room is served" "$rc$out$err" 0
ask 127.0.0.3 -Q -t -c 100
check "disk: and then there is none" "$rc$out $err" "1 owping: $to_it"
check "disk: the log tells how much is in use" "$(refusal)" \
    "owampd: session: PEER: refused (rejected): class small allows 3000 octets on disk: 2684 are in use and 2700 were asked for"
ask 127.0.0.4 -Q -t
check "test_sessions=1: one session a connection" "$rc$out$err" 0
ask 127.0.0.4 -Q
check "test_sessions=1: not two" "$rc$out $err" "1 owping: $from_it"
check "test_sessions: the log names class and limit" "$(refusal)" \
    "owampd: session: PEER: refused (rejected): class few: test_sessions=1 on one connection is used up"

# --- reading the rules anew

# begin ARGUMENT...: a long test in the background, returns when it has begun; its pid is in $pid.
begin() {
    rm -f pipe
    mkfifo pipe
    "$owping" -c 1000 -i 0.1f -M "$@" "127.0.0.1:$port" >pipe 2>ping.txt &
    pid=$!
    pids+=("$pid")
    exec {from_ping}<pipe
    read -r -u "$from_ping" line
}
# finish: ends it early; rc and out are what came of it.
finish() {
    kill -INT "$pid"
    out=$(cat <&"$from_ping")
    wait "$pid"
    rc=$?
}
begin -t
printf 'limit root with bandwidth=1k\n' >s/etc/owamp-server.limits
printf 'joe\t736573616d\nann\t78\n' >s/etc/owamp-server.pfs
kill -HUP "$server_pid"
await reload
check "HUP: the log says what was read" "$line" \
    "owampd: reload: limits and pass-phrases read anew: 1 classes, 2 identities"
ask 127.0.0.1 -Q -u ann -k s/etc/owamp-server.pfs
check "HUP: new identities and new limits hold for new requests" "$rc$out $err $(refusal)" \
    "1 owping: $to_it owampd: session: PEER (ann): refused (rejected): \
class root allows 1000 bit/s: 3360 are in use and 60800 were asked for"
echo 'limit root with bandwidth=all' >s/etc/owamp-server.limits
kill -HUP "$server_pid"
await reload
match_all "HUP with a faulty file: the log says where, and that the old rules stay" "$line" \
    "owampd: reload: the former limits and pass-phrases stay in force: $tmp/s/etc/owamp-server\.limits:1: .*\"all\".*"
ask 127.0.0.1 -Q
check "and so they do" "$rc$out $err" "1 owping: $to_it"
cp rules/* s/etc
kill -HUP "$server_pid"
await reload
finish
cp s/etc/owamp-server.conf s.conf
printf 'dieby 7\nvardir elsewhere\nmaxsessions 9\nloglevel info\n' >>s/etc/owamp-server.conf
kill -HUP "$server_pid"
await changed
check "HUP tells what has changed and wants a restart, but for what the command line says and what is as before" "$line" \
    "owampd: reload: $tmp/s/etc/owamp-server.conf has changed, which a restart alone makes effective: dieby, maxsessions"
echo 'dieby soon' >>s/etc/owamp-server.conf
kill -HUP "$server_pid"
await restart
match_all "HUP tells of a fault in it" "$line" "owampd: reload: $tmp/s/etc/owamp-server\.conf:[0-9]+: dieby: .*; a restart would fail"
cp s.conf s/etc/owamp-server.conf
kill -HUP "$server_pid"
await anew
match_all "a test that ran meanwhile has lost nothing" "$rc$(<ping.txt) $(grep -aE '^(LOST|DUPS|SESSION_F)' <<<"$out" | tr '\t\n' '= ')" \
    "0 SESSION_FINISHED=1 DUPS=0 LOST=0 "

# --- ending while a test runs

begin
kill -TERM "$server_pid"
out=$(cat <&"$from_ping")
wait "$pid"
match_all "TERM during a test: the client gets its results" "$?$(<ping.txt) $(grep -a ^LOST <<<"$out" | tr '\t\n' '= ')" \
    "0(owping: [^$nl]*)? LOST=0 LOST=0 "
end_server 0 # nothing more is sent to it
check "and the server ends with 0" "$rc $(tail -n 1 s/log)" "0 owampd: ended"

# --- the data directory

sid=$(basename s/data/hierarchy/root/kept/*.owp .owp)
rm s/data/catalog/*
ln -s nowhere s/data/catalog/dangling.owp
serve s
check "the catalogue is rebuilt at the start" "$(find s/data/catalog -name "$sid.owp") $(readlink s/data/catalog/dangling.owp)" \
    "s/data/catalog/$sid.owp "
run "$owfetch" -R "127.0.0.1:$port" "$sid" old.owp
check "what an earlier one received is served" "$rc$err $(wc -l <<<"$out")" "0 10"
ask 127.0.0.3 -Q -t -c 100
check "what is there counts for the limits" "$rc$out $err" "1 owping: $to_it"
await refused
end_server TERM
touch -d '3 hours ago' s/data/hierarchy/root/kept/"$sid".owp
echo 'keepsessions 10000' >s/etc/owamp-server.conf
serve s
check "keepsessions: what is older goes" "$(grep -o 'store: .*' s/log)" \
    "store: 1 sessions removed: older than keepsessions=10000 s"
check "file and link" "$(find s/data -name "$sid.owp")" ""
end_server TERM

# --- connections

printf 'maxcontrolsessions 1\ncontroltimeout 1\n' >two/etc/owamp-server.conf
rm two/etc/owamp-server.limits
serve two
begin
run "$owping" -Q "127.0.0.1:$port"
check "maxcontrolsessions: one more is closed before a word is said" "$rc$out $err" \
    "1 owping: 127.0.0.1 port $port: the server closed the connection (not an OWAMP server, or one that takes no more connections)"
await "turned away"
check "maxcontrolsessions: and the log says so" "$(log_shape <<<"$line")" \
    "owampd: control: PEER: turned away: maxcontrolsessions is reached"
finish
check "who was there first measures on" "$rc$(<ping.txt)" 0
exec {fd}<>"/dev/tcp/127.0.0.1/$port"
check "controltimeout: who says nothing gets a greeting and then the end" "$(cat <&"$fd" | wc -c)" 64
exec {fd}>&-
await "took too long"
check "controltimeout: and the log says so" "$(log_shape <<<"$line")" "owampd: control: PEER: closed: the set-up took too long"
end_server TERM

# --- the log

: >two/etc/owamp-server.conf
serve two -v -e local3
run "$owping" -c 1 -i 0.01f -t -Q "127.0.0.1:$port"
end_server TERM
check "the log of a good test, at the level info" "$(log_shape <two/log)" "owampd: timing: HELD
owampd: confined: HELD
owampd: listening on PEER
owampd: control: PEER: connected, open mode, class default
owampd: stopping: 0 connections
owampd: ended"
echo 'loglocation' >two/etc/owamp-server.conf
serve two --verbose --facility=user
match_all "loglocation names the place in the source" "$(tail -n 1 two/log)" \
    "owampd: FILE=run\.c, LINE=[0-9]+, listening on 127\.0\.0\.1:$port"
end_server TERM
# At this level nobody hears that it listens.
printf 'loglevel WARN\nloglevel WARN\n' >two/etc/owamp-server.conf
"$owampd" "${allow[@]}" -S 127.0.0.1:0 -c two/etc -d two/data -R two/var >out.txt 2>err.txt
check "loglevel WARN: a daemon's starter hears of what is odd" "$?$(<out.txt) $(but_timing err.txt)" \
    "0 owampd: conf: $tmp/two/etc/owamp-server.conf:2: loglevel: overrides line 1"
pid=$(<two/var/owamp-server.pid)
pids+=("$pid")
kill -TERM "$pid"
until_true gone "$pid"
"$owampd" "${allow[@]}" -Z -S 127.0.0.1:0 -c two/etc -d two/data -R two/var 2>log.txt &
pid=$!
pids+=("$pid")
until_true grep -q PORT= two/var/owamp-server.info
run "$owping" -c 1 -i 0.01f -t -Q "127.0.0.1:$(sed -n 's/^PORT=//p' two/var/owamp-server.info)"
kill -TERM "$pid"
wait "$pid"
check "loglevel WARN: a good test leaves no line" "$? $(but_timing log.txt)" \
    "0 owampd: conf: $tmp/two/etc/owamp-server.conf:2: loglevel: overrides line 1"
: >two/etc/owamp-server.conf

# --- addresses and ports

if serve two -S :0 && [[ $(<two/log) == *"[::]"* ]]; then
    for address in 127.0.0.1 '[::1]'; do
        run "$owping" -c 1 -i 0.01f -Q "$address:$port"
        check "without an address it listens on IPv4 and IPv6: $address" "$rc$out$err" 0
    done
    end_server TERM
    serve two --srcnode='[::1]:0'
    check "--srcnode=[::1]:0" "$(tail -n 1 two/log)" "owampd: listening on [::1]:$port"
    end_server TERM
else
    for what in 127.0.0.1 '[::1]' srcnode; do
        skip "IPv6: $what" "no IPv6 here"
    done
fi
if getent hosts localhost >/dev/null; then
    serve two -S localhost:0
    match_all "-S with a name" "$(tail -n 1 two/log)" "owampd: listening on (127\.0\.0\.1|\[::1\]):$port"
    end_server TERM
else
    skip "-S with a name" "localhost has no address here"
fi
serve two
run "$owping" -c 1 -i 0.01f -t -M "127.0.0.1:$port"
free=$(sed -n 's/^TO_PORT	//p' out.txt)
end_server TERM
serve two -P "$free"
run "$owping" -c 1 -i 0.01f -M "127.0.0.1:$port"
check "-P: both directions and every session on one port" \
    "$rc$err $(sed -n '/^SUMMARY/,$s/^TO_PORT	//p; s/^FROM_PORT	//p' out.txt | grep -c "^$free$")" "0 2"
end_server TERM
serve two -P "$free"
run "$owping" -c 1 -i 0.01f -Q -t -P "$free" "127.0.0.1:$port"
check "no UDP port left: refused for now" "$rc$out $err" "1 owping: the server refused the session to it: \
temporary resource limitation (Accept 5); the server's log says why"
check "no UDP port left: the log says what to do" "$(refusal)" "owampd: session: PEER: refused \
(temporary resource limitation): no UDP port is left on 127.0.0.1; widen testports"
end_server TERM

# --- as somebody else

if [ "$root" = 0 ] && getent passwd nobody >/dev/null; then
    chmod 755 "$tmp"
    mkdir -p n/data n/var
    chown nobody n/data n/var
    serve n -U nobody
    run "$owping" -c 1 -i 0.01f -Q "127.0.0.1:$port"
    check "-U nobody serves" "$rc$out$err" 0
    check "-U nobody: nobody's are the process and all of its files" "$(stat -c %U "/proc/$server_pid" \
        n/data/hierarchy/default/*.owp n/var/owamp-server.pid n/var/owamp-server.info | sort -u)" nobody
    check "-U nobody: with nobody's groups, and for good" "$(id -G nobody) $(
        sed -n 's/^\(Uid\|Gid\):\t//p' "/proc/$server_pid/status" | tr '\n' ' '
    )" "$(awk '/^Groups:/ { $1 = ""; sub(/^ /, ""); print }' "/proc/$server_pid/status") $(
        for id in "$(id -u nobody)" "$(id -g nobody)"; do printf '%s\t%s\t%s\t%s ' "$id" "$id" "$id" "$id"; done
    )"
    end_server TERM
    check "-U nobody: TERM takes the files away" "$rc$(ls n/var)" 0
    serve n -U "-$(id -u nobody)" -G daemon
    check "-U -NUMBER and -G" "$(stat -c %U:%G "/proc/$server_pid")" nobody:daemon
    end_server TERM
    mkdir n/etc
    printf 'user nobody\ngroup daemon\n' >n/etc/owamp-server.conf
    "$owampd" "${plain[@]}" -c n/etc -S 127.0.0.1:0 -d n/data -R n/var >out.txt 2>err.txt
    rc=$?
    pid=$(<n/var/owamp-server.pid)
    pids+=("$pid")
    check "user and group in owamp-server.conf" "$rc$(but_timing err.txt) $(stat -c %U:%G "/proc/$pid")" "0 nobody:daemon"
    kill -TERM "$pid"
    until_true gone "$pid"
    mkdir -m 700 n/closed
    run "$owampd" "${plain[@]}" -Z -U nobody -S 127.0.0.1:0 -d n/closed -R n/var
    check "-U nobody: a data directory that nobody cannot reach" "$rc$out $err" \
        "1 owampd: $tmp/n/closed: data directory: Permission denied"
else
    for what in serves files groups ends NUMBER conf reach; do
        skip "-U nobody: $what" "needs root and the user nobody"
    done
fi

plan
