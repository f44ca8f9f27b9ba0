#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What owping(1) prints, says and answers, against an owampd of our own on the loopback interface.
. "$(dirname "$0")/tool.sh"

usage="owping: usage: owping [options] SERVER[:PORT]
owping: try 'owping --help'"

# --- the command line

run "$owping" --help
check "--help exits 0, silent on standard error" "$rc$err" 0
check "--help begins with the usage" "${out%%"$nl"*}" "Usage: owping [options] SERVER[:PORT]"
missing=
for option in -f,from -t,to -F,from-file -T,to-file -c,count -i,interval -L,timeout -s,padding -D,dscp \
    -P,ports -z,delay -E,end-delay -4,ipv4 -6,ipv6 -A,authmode -u,identity -k,pass-phrases -S,source \
    -B,bind-device -M,machine -R,raw -v,verbose -a,percentiles -b,bucket-width -n,units -N,every -U,unix \
    -p,print-names -d,directory -Q,quiet -h,help -V,version; do
    [[ $out == *"  ${option%,*}, --${option#*,}"* ]] || missing+=" $option"
done
[[ $out == *"      --json "* ]] || missing+=" --json"
check "--help lists every option" "$missing" ""
check "--help fits a terminal" "$(awk 'length($0) > 79' out.txt)" ""
run "$owping" -h
check "-h is --help" "$rc ${out%%"$nl"*}" "0 Usage: owping [options] SERVER[:PORT]"
run "$owping" --version
match_all "--version names program and suite" "$rc$err $out" \
    "0 owping \(psuite\) [0-9.]+${nl}Licensed under the Apache License, Version 2.0."
run "$owping" -V
match_all "-V is --version" "$rc $out" "0 owping \(psuite\).*"
run "$owping"
check "a server must be named" "$rc$out $err" "1 $usage"
run "$owping" here there
check "one server must be named" "$rc$out $err" "1 $usage"

# bad "ARGUMENTS" MESSAGE: exit 1, the message on standard error, nothing else.
bad() {
    local arguments
    read -ra arguments <<<"$1"
    run "$owping" "${arguments[@]}" 127.0.0.1:1
    check "owping $1" "$rc$out $err" "1 owping: $2"
}
whole="wants a whole number from"
bad "-x" "unknown option '-x'; try 'owping --help'"
bad "-I 1" "unknown option '-I'; try 'owping --help'"
bad "--nosuch" "unknown option '--nosuch'; try 'owping --help'"
bad "--ip" "ambiguous option '--ip'; try 'owping --help'"
bad "--from=1" "option '--from' takes no value; try 'owping --help'"
bad "-c 0" "-c, --count: '0': $whole 1 to 4294967295"
bad "-c 4294967296" "-c, --count: '4294967296': $whole 1 to 4294967295"
bad "--count=ten" "-c, --count: 'ten': $whole 1 to 4294967295"
bad "-i 0.1x" "-i, --interval: '0.1x': wants SECONDS[e|f][,...]: e exponential, f fixed"
bad "-i -1" "-i, --interval: '-1': wants SECONDS[e|f][,...]: e exponential, f fixed"
bad "-i 1," "-i, --interval: '1,': wants SECONDS[e|f][,...]: e exponential, f fixed"
bad "-i 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1" \
    "-i, --interval: '1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1': too many slots; at most 16"
bad "-L soon" "-L, --timeout: 'soon': wants seconds, from 0 to 1e9"
bad "-L 0.00001" "-L is shorter than a histogram bucket (-b)"
bad "-L 1 -b 2" "-L is shorter than a histogram bucket (-b)"
bad "-s 65001" "-s, --padding: '65001': $whole 0 to 65000"
bad "-s -1" "-s, --padding: '-1': $whole 0 to 65000"
bad "-D 64" "-D, --dscp: '64': wants 0..63 or a name such as ef, cs1, af11"
bad "--dscp=best" "-D, --dscp: 'best': wants 0..63 or a name such as ef, cs1, af11"
bad "-D 1 -D 2" "-D, --dscp: '2': given twice"
bad "-P 9-8" "-P, --ports: '9-8': wants 0, PORT or LOW-HIGH"
bad "-P 65536" "-P, --ports: '65536': wants 0, PORT or LOW-HIGH"
bad "--ports=0-9" "-P, --ports: '0-9': wants 0, PORT or LOW-HIGH"
bad "-z -1" "-z, --delay: '-1': wants seconds, from 0 to 1e9"
bad "-E 1e10" "-E, --end-delay: '1e10': wants seconds, from 0 to 1e9"
bad "-4 -6" "-4 and -6 exclude each other"
bad "--ipv6 --ipv4" "-4 and -6 exclude each other"
bad "-A X" "-A, --authmode: 'X': wants letters of A, E and O, as in EO"
bad "-A AE" "-A without O needs an identity: add -u NAME (and -k FILE)"
bad "-k file" "-k needs -u: whose pass-phrase in the file is it?"
bad "-u $(printf '%081d' 0)" "-u, --identity: '$(printf '%081d' 0)': wants 1 to 80 characters"
bad "-u joe" "no pass-phrase: there is no terminal to ask on; use -k FILE"
bad "-u joe -k nosuch.pfs" "nosuch.pfs: No such file or directory"
bad "-S 192.0.2.300" "192.0.2.300: not an address, name or interface of this host (-S)"
bad "-6 -S 127.0.0.1" "127.0.0.1: not an address, name or interface of this host (-S)"
bad "-B lo -B lo" "-B, --bind-device: 'lo': given twice"
bad "-a 50,101" "-a, --percentiles: '50,101': wants numbers from 0 to 100, at most 64, with commas"
bad "-p -d nosuch" "-d, --directory: 'nosuch': No such file or directory"
bad "-p -d /dev/null" "-d, --directory: '/dev/null': Not a directory"
bad "-F x.owp -T x.owp" "-F and -T name the same file: each session needs its own"
bad "-b 0" "-b, --bucket-width: '0': wants seconds, from 1e-9 to 1e9"
bad "-n x" "-n, --units: 'x': wants n, u, m or s"
bad "-N all" "-N, --every: 'all': $whole 0 to 4294967295"
bad "-vx" "-v, --verbose: 'x': wants a number of records, as in -v100"
run "$owping" 127.0.0.1:1 -c
check "an option without its value" "$rc$out $err" "1 owping: option '-c' needs a value (N); try 'owping --help'"
run "$owping" 127.0.0.1:1 --count
check "a long option without its value" "$rc$out $err" \
    "1 owping: option '--count' needs a value (N); try 'owping --help'"
for operand in ::1:x '[::1' 127.0.0.1:65536 127.0.0.1:0 'a b' :861; do
    run "$owping" "$operand"
    check "owping '$operand'" "$rc$out $err" \
        "1 owping: $operand: not a server: wants NAME, ADDRESS, NAME:PORT or [V6]:PORT"
done
run env OWAMP_DEBUG_TIMEOFFSET=x "$owping" 127.0.0.1:1
check "OWAMP_DEBUG_TIMEOFFSET must be a number" "$rc$out $err" \
    "1 owping: OWAMP_DEBUG_TIMEOFFSET: not a number of seconds
owping: cannot start: syntax error"

# --- a server

mkdir -p s/etc
cat >s/etc/owamp-server.limits <<'EOF'
limit root with bandwidth=0
limit closed with parent=root, allow_open_mode=off
assign net 127.0.0.3 closed
EOF
printf 'joe\t736573616d\njo\t78\n' >s/etc/owamp-server.pfs
serve s || bail_out "owampd does not start: $(<s/log)"
to=127.0.0.1:$port

block() {
    printf '\n--- owping statistics from [HOST]:PORT to [HOST]:PORT ---\nSID:\tSID\n'
}
# results COUNT: the shape of a summary.
results() {
    block
    printf 'first:\tTIME\nlast:\tTIME\n%d sent, 0 lost (0.000%%), 0 duplicates\n' "$1"
    printf 'one-way delay min/median/max = N/N/N ms, (CLOCK)\none-way jitter = N ms (P95-P50)\n'
    printf 'hops = 0 (consistently)\nno reordering\n\n'
}
soon='Approximately N seconds until results available'

run "$owping" -c 3 -i 0.01f "$to"
check "without -f and -t both directions are measured, first to the server" \
    "$rc$err $(shape <out.txt)" "0 $soon$nl$(results 3)$nl$nl$(results 3)"
match_all "the first is to the server's port, the second from it" "$(grep -o ']:[0-9]*' out.txt | tr '\n' ' ')" \
    ']:[0-9]+ ]:([0-9]+) ]:([0-9]+) ]:[0-9]+ '
run "$owping" --count=3 --interval=0.01f --to "$to"
check "--to: one direction" "$rc$err $(shape <out.txt)" "0 $soon$nl$(results 3)"
match_all "--to goes to the server" "$(grep -a -- --- out.txt)" ".* to \[127\.0\.0\.1\]:[0-9]+ ---"
run "$owping" -c 3 -i 0.01f -f "$to"
match_all "-f comes from the server" "$rc $(grep -a -- --- out.txt)" "0 --- owping statistics from \[127\.0\.0\.1\]:.*"
run "$owping" "$to" -c 2 -i 0.01f -f -t
check "-f -t: both; options may follow the server" "$rc$err $(shape <out.txt)" \
    "0 $soon$nl$(results 2)$nl$nl$(results 2)"

# Many of what follows are short and in one direction.
short() {
    run "$owping" -c 2 -i 0.01f -t "$@" "$to"
}
# key NAME: its value in a summary for machines.
key() {
    sed -n "s/^$1	//p" out.txt
}

short -Q
check "-Q prints nothing" "$rc$err$out" 0
short -R
match_all "-R prints a line for each packet and nothing else" "$rc$err $out" \
    "0 (([01]) [0-9]{20} [01] [0-9.e-]+ [0-9]{20} [01] [0-9.e-]+ 255$nl?){2}"
short --raw
check "--raw has eight fields" "$(awk '{ print NF }' out.txt)" "8${nl}8"
short -M
check "-M: the estimate, then every key in its order" "$rc$err $(shape <out.txt | cut -f1 | tr '\n' ' ')" \
    "0 $soon SUMMARY SID FROM_HOST FROM_ADDR FROM_PORT TO_HOST TO_ADDR TO_PORT START_TIME END_TIME DSCP LOSS_TIMEOUT \
PACKET_PADDING SESSION_PACKET_COUNT SAMPLE_PACKET_COUNT BUCKET_WIDTH SESSION_FINISHED SENT SYNC MAXERR DUPS LOST MIN MEDIAN \
MAX PDV <BUCKETS>$(awk '/^<BUCKETS>/, /^<\/BUCKETS>/' out.txt | grep -a "^$tab" | sed 's/.*/ /' | tr -d '\n') \
</BUCKETS> MINTTL MAXTTL <TTLBUCKETS>  </TTLBUCKETS>  <NREORDERING>  </NREORDERING> "
check "-M: defaults" "$(key DSCP) $(key PACKET_PADDING) $(key BUCKET_WIDTH) $(key SESSION_FINISHED)" "0x00 0 0.0001 1"
short -M -D ef -s 100 -L 1.5 -b 0.001 -N 1
check "-D, -s, -L, -b and -N arrive" \
    "$rc $(key DSCP) $(key PACKET_PADDING) $(key LOSS_TIMEOUT) $(key BUCKET_WIDTH) $(key SAMPLE_PACKET_COUNT)" \
    "0 0x2e${nl}0x2e 100${nl}100 6442450944${nl}6442450944 0.001${nl}0.001 1${nl}1"
short --machine --dscp=0x0a --padding=1 --timeout=1 --bucket-width=1 --every=1 -U
match_all "the long names of these" "$(key DSCP) $(key UNIX_START_TIME) $(key UNIX_END_TIME)" \
    "0x0a${nl}0x0a [0-9.]+${nl}[0-9.]+ [0-9.]+${nl}[0-9.]+"
run "$owping" -c 3 -i 0.01f,0.02f -t -M "$to"
check "slots take turns: between first and last of three packets lie 0.03 s" \
    "$(($(key END_TIME) - $(key START_TIME)))" $((42949672 + 85899345))
run "$owping" -c 2 -i 0.01e -t -M "$to"
check "exponential slots" "$rc $(key SENT)" "0 2"
before=$(date +%s%N)
short -M -U -z 0.4
late=$(awk -v start="$(key UNIX_START_TIME)" -v before="$before" 'BEGIN { print (start - before / 1e9 >= 0.4) }')
check "-z 0.4: no packet before that" "$rc $late" "0 1"
short -E 0 -Q
check "-E" "$rc$err$out" 0
short --delay=0 --end-delay=0.5 --quiet
check "--delay, --end-delay and --quiet" "$rc$err$out" 0

lines() {
    shape <out.txt | sed -n '/^one-way/p; /^Perc/p; /^	/p'
}
short -n u -a 50,99.5
check "-n u -a" "$rc$err $(lines)" "0 one-way delay min/median/max = N/N/N us, (CLOCK)
one-way jitter = N us (P95-P50)
Percentiles:
	50.0: N us
	99.5: N us"
short --units=n --percentiles=0
check "--units=n --percentiles=0" "$(lines)" "one-way delay min/median/max = N/N/N ns, (CLOCK)
one-way jitter = N ns (P95-P50)
Percentiles:
	0.0: N ns"
short -n s
check "-n s" "$(lines)" "one-way delay min/median/max = N/N/N , (CLOCK)
one-way jitter = N  (P95-P50)"
short -v
check "-v: a line for each packet" "$rc$err $(shape <out.txt)" "0 $soon
$(block)
seq_no=0          delay=N ms	(CLOCK)
seq_no=1          delay=N ms	(CLOCK)
$(results 2)"
short --verbose=1
check "--verbose=1: of one, in the statistics too" "$rc$err $(shape <out.txt)" "0 $soon
$(block)
seq_no=0          delay=N ms	(CLOCK)
$(results 1)"
short -v -U
match_all "-v -U" "$(shape <out.txt | grep -a '^seq')" "(seq_no=[01] +delay=N ms	\(CLOCK\)$nl?){2}"

# --- files

run "$owping" -c 2 -i 0.01f -F from.owp -T to.owp "$to"
check "-F and -T save the sessions and print them too" "$rc$err $(shape <out.txt)" \
    "0 $soon$nl$(results 2)$nl$nl$(results 2)"
check "owstats says the same of them" "$("$owstats" to.owp from.owp | shape)" "$(results 2)$nl$nl$(results 2)"
check "the files are as the umask says" "$(stat -c %a to.owp from.owp | tr '\n' ' ')" "644 644 "
echo old >to.owp
short -Q --to-file=to.owp
check "--to-file replaces a file" "$rc$err $("$owstats" -R to.owp | wc -l)" "0 2"
run "$owping" -c 2 -i 0.01f -Q --from-file from.owp "$to"
check "--from-file alone measures that direction alone" "$rc$err $("$owstats" -R from.owp | wc -l)" "0 2"
short -T nosuch/to.owp
check "-T where there is no directory" "$rc$out $err" "1 owping: nosuch/to.owp: No such file or directory"
short -T .
check "-T of a directory is told before the test" "$rc$out $err" "1 owping: .: Is a directory"
mkfifo fifo
short -T fifo
check "-T replaces nothing but files" "$rc$out $err $(stat -c %F fifo)" \
    "1 owping: fifo: not a regular file; it is left as it is fifo"
ln -s to.owp link.owp
short -Q -T link.owp
check "-T of a link writes where it leads" "$rc$err $(readlink link.owp) $("$owstats" -R to.owp | wc -l)" "0 to.owp 2"
rm fifo link.owp
run env TMPDIR=/nosuch "$owping" -c 2 -i 0.01f -t "$to"
check "TMPDIR is where the working file goes" "$rc$out $err" \
    "1 owping: working file in TMPDIR or /tmp: No such file or directory"
mkdir d
run "$owping" -c 2 -i 0.01f -p -d d "$to"
check "-p -d: a file for each direction, their names printed" "$rc$err $(shape <out.txt)" \
    "0 $soon$nl$(printf '%s\n' d/*)"
check "they hold the summaries" "$(cat d/*.txt | shape)" "$(results 2)$nl$nl$(results 2)"
short -p -M --directory d -N 1
check "-p -M -N 1: a .sum file for each packet" "$rc$err $(shape <out.txt)" "0 $soon$nl$(printf '%s\n' d/*.sum)"
short --print-names
match_all "-p without -d writes here" "$rc$err $out" "0 Approx.*$nl\./[0-9]{20}_[0-9]{20}\.txt"
check "no temporary file stays" "$(find . -name '*.i' -o -name '*.owp.*')" ""

# --- JSON

if command -v jq >/dev/null; then
    run "$owping" -c 2 -i 0.01f --json -v -N 1 -a 10 -D 46 -s 7 "$to"
    check "--json prints one document and nothing else" "$rc$err $(jq -s length out.txt)" "0 1"
    check "--json: where and how" \
        "$(jq -c '[.program, .server, .server_address, .local_address] + [.sessions[] | .direction, .mode, .finished]' out.txt)" \
        '["owping","127.0.0.1","127.0.0.1","127.0.0.1","to","open",true,"from","open",true]'
    check "--json: what was sent" "$(jq -c '.sessions[] | [.dscp, .padding, .session_packets, .packets]' out.txt)" \
        '[46,7,2,{"sent":2,"received":2,"lost":0,"loss_ratio":0,"duplicates":0,"reordered":0}]
[46,7,2,{"sent":2,"received":2,"lost":0,"loss_ratio":0,"duplicates":0,"reordered":0}]'
    check "--json: what this host dropped and ignored is known of its own end alone" \
        "$(jq -c '.sessions[] | [.host_dropped, .ignored, .clock_steps]' out.txt)" "[null,null,0]${nl}[0,0,0]"
    check "--json: the bound and the stamps are known of its own end alone" \
        "$(jq -c '.sessions[] | [.clock | .sender, .receiver | .stamps, (.bound | type), (.self_delay.samples | type)]' out.txt)" \
        '["user","number","number",null,"null","null"]
[null,"null","null","kernel","number","number"]'
    check "--json -v -N -a: records, samples, percentiles" \
        "$(jq -c '.sessions[] | [(.records | length), (.samples | length), (.delay.percentiles | length)]' out.txt)" \
        "[2,2,1]${nl}[2,2,1]"
    check "--json: each value of a session that both know is one" \
        "$(jq -c '.sessions[] | [.delay.min <= .delay.median, .delay.median <= .delay.max, .hops.min, .ttl]' out.txt)" \
        "[true,true,0,[{\"ttl\":255,\"count\":2}]]${nl}[true,true,0,[{\"ttl\":255,\"count\":2}]]"
    run env OWAMP_DEBUG_TIMEOFFSET=-0.5 "$owping" -c 2 -i 0.01f --json "$to"
    check "OWAMP_DEBUG_TIMEOFFSET=-0.5 makes our clock late: half a second more to, half a second less from" \
        "$(jq -c '[.sessions[] | .delay.min > 0.5, .delay.min < 0]' out.txt)" '[true,false,false,true]'
else
    for what in document where what dropped records values offset; do
        skip "--json: $what" "jq is not installed"
    done
fi

# --- what goes before what

# notice "ARGUMENTS" MESSAGE LINES: the message, and so many lines of results.
notice() {
    local arguments
    read -ra arguments <<<"$1"
    short "${arguments[@]}"
    check "$1: told what is ignored" "$rc $err" "0 $2"
}
notice "-M -v" "owping: -M given: -v is ignored"
notice "-Q -v" "owping: -Q given: -v is ignored"
notice "-Q -M" "owping: -Q given: -M is ignored"
check "and -Q goes before -M" "$out" ""
notice "-R -M" "owping: -R given: -M is ignored"
check "and -R goes before -M" "$(wc -l <out.txt | tr -d ' ')" 2
notice "--json -M" "owping: --json given: -M is ignored"
notice "--json -Q" "owping: --json given: -Q is ignored"
check "and --json goes before -Q" "${out:0:1}" "{"
notice "-p -R" "owping: -R given: -p is ignored"
notice "-p --json" "owping: --json given: -p is ignored"

# --- who we are

printf 'joey\t62\njo\t78\njoe\t736573616d\nbad\t00\nwrong\t62\n' >c.pfs
# mode "ARGUMENTS" WANTED
mode() {
    local arguments
    read -ra arguments <<<"$1"
    short --json "${arguments[@]}"
    check "$1 measures in $2 mode" "$rc$err $(sed -n 's/.*"mode": "\(.*\)",/\1/p' out.txt)" "0 $2"
}
mode "" open
mode "-A O" open
mode "-A AEO" open
mode "-u joe -k c.pfs" encrypted
mode "-u jo -k c.pfs" encrypted
mode "-u joe -k c.pfs -A A" authenticated
mode "-u joe -k c.pfs -A ae" encrypted
mode "-u joe -k c.pfs -A O" open
mode "--identity=joe --pass-phrases=c.pfs --authmode=OA" authenticated
refusal="the server refused the connection: rejected (unknown identity or wrong pass-phrase?)"
printf 'joe\t78\n' >wrong.pfs
short -u joe -k wrong.pfs
check "a wrong pass-phrase is refused" "$rc$out $err" "1 owping: 127.0.0.1 port $port: $refusal"
short -u joey -k c.pfs
check "an unknown identity is refused" "$rc$out $err" "1 owping: 127.0.0.1 port $port: $refusal"
short -u nobody -k c.pfs
check "an identity that is not in the file" "$rc$out $err" \
    "1 owping: c.pfs: no identity 'nobody' in it; add it with pfstore(1)"
printf 'joe xyz\n' >malformed.pfs
short -u joe -k malformed.pfs
check "a malformed pass-phrase file" "$rc$out $err" \
    "1 owping: malformed.pfs:1: the pass-phrase has an odd number of hexadecimal digits"
short -S 127.0.0.3
check "a mode that is not offered is told" "$rc$out $err" "1 owping: 127.0.0.1 port $port: \
no common mode: the server offers authenticated encrypted; without -u only open is possible"
mode "-S 127.0.0.3 -u joe -k c.pfs" encrypted
short -S 127.0.0.3 -u joe -k c.pfs -A O
check "nor is open mode when it is not offered" "$rc$out $err" "1 owping: 127.0.0.1 port $port: \
no common mode: the server offers authenticated encrypted; see -A"
if command -v script >/dev/null && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
    echo sesam | script -qec "$owping -c 2 -i 0.01f -t -Q -A E -u joe $to" /dev/null >screen.txt 2>&1
    check "without -k the pass-phrase is asked for on the terminal, once" \
        "$? $(grep -ac "Enter passphrase for identity 'joe': " screen.txt)" "0 1"
else
    skip "without -k the pass-phrase is asked for on the terminal" "script(1) is not there"
fi

# --- from where

for source in 127.0.0.1 127.0.0.2 lo; do
    short -4 -M -S "$source"
    check "-S $source" "$rc$err $(key FROM_ADDR) $(key TO_ADDR)" "0 ${source/lo/127.0.0.1} 127.0.0.1"
done
short -M -S lo
check "-S of an interface: the server's address family decides" "$rc$err $(key FROM_ADDR)" "0 127.0.0.1"
short -S 192.0.2.1
check "-S of an address that is not here" "$rc$out $err" "1 owping: -S, --source: '192.0.2.1': not an address of this host"
short -S ::1
check "-S of the other address family" "$rc$out $err" "1 owping: ::1: no address of the server's address family (-S)"
short --source=127.0.0.2 --ipv4 -Q
check "--source and --ipv4" "$rc$err" 0
if [ "$(id -u)" = 0 ]; then
    short -M -B lo
    check "-B lo" "$rc$err $(key FROM_ADDR)" "0 127.0.0.1"
    short --bind-device=nosuch0
    check "-B of an interface that is not there" "$rc$out $err" "1 owping: -B, --bind-device: 'nosuch0': no such interface"
else
    skip "-B lo" "needs root"
    skip "-B of an interface that is not there" "needs root"
fi
short -M --hw-timestamps lo
check "--hw-timestamps of an interface without: the kernel's stamps, and the reason" "$rc $(key FROM_ADDR) $err" \
    "0 127.0.0.1 owping: --hw-timestamps: lo: no hardware receive stamps: it makes none; the kernel's arrival times are used"
short -M --hw-timestamps nosuch0
check "--hw-timestamps of an interface that is not there" "$rc $err" \
    "0 owping: --hw-timestamps: nosuch0: no hardware receive stamps: it cannot be asked: No such device; \
the kernel's arrival times are used"
short --hw-timestamps=
check "--hw-timestamps of nothing" "$rc$out $err" "1 owping: --hw-timestamps: '': wants the name of an interface"
short --bind-device=
check "--bind-device of nothing" "$rc$out $err" "1 owping: -B, --bind-device: '': wants the name of an interface"
short -M -P 0
match_all "-P 0: the kernel's choice" "$rc$err $(key FROM_PORT)" "0 [1-9][0-9]*"
free=$(key FROM_PORT)
short -M --ports="$free"
check "--ports with one port" "$rc$err $(key FROM_PORT)" "0 $free"
run "$owping" -c 2 -i 0.01f -P "$free" "$to"
check "one port is not enough for two directions" "$rc$out $err" \
    "1 owping: no local UDP port left (-P): Address already in use"
short -M -P 8760-9960
match_all "-P LOW-HIGH" "$rc$err $(key FROM_PORT)" "0 (8[789]|9)[0-9]+"

# --- signals

# begin ARGUMENT...: a long test in the background, returns when it has begun; its pid is in $pid.
begin() {
    rm -f pipe
    mkfifo pipe
    "$owping" -c 1000 -i 0.1f -t "$@" "$to" >pipe 2>err.txt &
    pid=$!
    pids+=("$pid")
    exec {from_ping}<pipe
    read -r -u "$from_ping" line
}
for signal in HUP INT TERM; do
    begin -M
    kill -"$signal" "$pid"
    cat <&"$from_ping" >out.txt
    wait "$pid"
    rc=$?
    match_all "a first $signal ends the test early, prints results and exits 0" \
        "$rc$(<err.txt) $(key SESSION_PACKET_COUNT) $(key SENT) $(key LOST)" "0 1000 [0-9]{1,3} 0"
done
begin -T early.owp
kill -INT "$pid"
cat <&"$from_ping" >out.txt
wait "$pid"
check "a test ended early is saved" "$? $("$owstats" -M early.owp | grep SESSION_FINISHED)" "0 SESSION_FINISHED	1"
begin -T gone.owp
kill -STOP "$server_pid"
kill -INT "$pid"
kill -TERM "$pid"
cat <&"$from_ping" >out.txt
wait "$pid"
check "a second signal ends the program with 2, without results" "$? $(<out.txt)$(find . -name 'gone.owp*')" "2 "

# The server's host takes the connection, the server says nothing.
caught() {
    [ "$(<"/proc/$1/comm")" = owping ] && (((0x$(sed -n 's/^SigCgt:\t//p' "/proc/$1/status") >> 14) & 1))
}
"$owping" "$to" >out.txt 2>err.txt &
pid=$!
pids+=("$pid")
until_true caught "$pid"
kill -TERM "$pid"
wait "$pid"
check "a signal before the test ends the program with 2" "$?$(<out.txt)$(<err.txt)" 2
kill -CONT "$server_pid"

# --- standard output that is full

for form in "" -M -R --json -v -p --help -V; do
    read -ra arguments <<<"$form"
    "$owping" -c 1 -i 0.01f -t -d d "${arguments[@]}" "$to" >/dev/full 2>err.txt
    check "owping $form >/dev/full ends with 1 and says so" "$? $(grep -c 'standard output did not take' err.txt)" "1 1"
done

# --- standard descriptors that are closed

"$owping" -Q -c 2 -i 0.01f -T closed.owp "$to" <&- >&- 2>&-
check "all closed: measures as well" "$? $("$owstats" -R closed.owp | wc -l)" "0 2"
"$owping" -c 2 -i 0.01f -t "$to" <&- >&- 2>err.txt
check "standard output closed ends with 1 and says so" "$? $(grep -c 'standard output did not take' err.txt)" "1 1"
check "standard input and error closed" "$("$owping" -c 2 -i 0.01f -t "$to" <&- 2>&- | shape)" "$soon$nl$(results 2)"

# --- servers that do not serve

end_server TERM
check "the server ends in order" "$rc" 0
run "$owping" "$to"
check "nobody listens" "$rc$out $err" \
    "1 owping: 127.0.0.1 port $port: Connection refused (is an OWAMP server running there?)"
run "$owping" -6 127.0.0.1
check "-6 with an IPv4 address" "$rc$out $err" "1 owping: 127.0.0.1: address family not supported (-6: only IPv6 addresses are looked for)"
run "$owping" -4 ::1
check "-4 with an IPv6 address" "$rc$out $err" "1 owping: ::1: address family not supported (-4: only IPv4 addresses are looked for)"

if serve six -S "[::1]:0"; then
    run "$owping" -c 2 -i 0.01f "[::1]:$port"
    check "IPv6" "$rc$err $(shape <out.txt)" "0 $soon$nl$(results 2)$nl$nl$(results 2)"
    run "$owping" -6 -c 2 -i 0.01f -t -M -S lo "[::1]:$port"
    check "-6 -S lo" "$rc$err $(key FROM_ADDR)" "0 ::1"
else
    skip "IPv6" "no IPv6 here"
    skip "-6 -S lo" "no IPv6 here"
fi

# --- a server that dies

serve mortal || bail_out "owampd does not start: $(<mortal/log)"
"$owping" -c 1000 -i 0.01f -L 0.1 -M -F rest.owp "127.0.0.1:$port" >out.txt 2>err.txt &
pid=$!
pids+=("$pid")
received() {
    local file
    for file in rest.owp.*; do
        [ "$(stat -c %s "$file")" -gt 2000 ] && return
    done
    return 1
}
until_true received
{
    kill -KILL "$server_pid"
    wait "$server_pid"
} 2>/dev/null
wait "$pid"
check "what came before the server died is shown, and 1" \
    "$? $(key SESSION_FINISHED) $(($(key SENT) > 10)) $(key LOST) $(<err.txt)" \
    "1 0 1 0 owping: 127.0.0.1 port $port: the server closed the connection"
match "and saved" "$("$owstats" -R rest.owp | wc -l)" '^[1-9][0-9]+$'

plan
