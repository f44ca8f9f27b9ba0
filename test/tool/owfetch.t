#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What owfetch(1) fetches, prints and saves.
. "$(dirname "$0")/tool.sh"

usage="owfetch: usage: owfetch [options] SERVER[:PORT] SID FILE [SID FILE]...
owfetch: try 'owfetch --help'"

run "$owfetch" --help
check "--help exits 0, silent on standard error" "$rc$err" 0
check "--help begins with the usage" "${out%%"$nl"*}" "Usage: owfetch [options] SERVER[:PORT] SID FILE [SID FILE]..."
missing=
for option in -4,ipv4 -6,ipv6 -A,authmode -u,identity -k,pass-phrases -S,source -B,bind-device -M,machine \
    -R,raw -v,verbose -a,percentiles -b,bucket-width -n,units -N,every -U,unix -p,print-names -d,directory \
    -Q,quiet -h,help -V,version; do
    [[ $out == *"  ${option%,*}, --${option#*,}"* ]] || missing+=" $option"
done
[[ $out == *"      --json "* ]] || missing+=" --json"
check "--help lists every option" "$missing" ""
run "$owfetch" -h
check "-h is --help" "$rc ${out%%"$nl"*}" "0 Usage: owfetch [options] SERVER[:PORT] SID FILE [SID FILE]..."
run "$owfetch" --version
match_all "--version names program and suite" "$rc$err $out" \
    "0 owfetch \(psuite\) [0-9.]+${nl}Licensed under the Apache License, Version 2.0."
run "$owfetch" -V
match_all "-V is --version" "$rc $out" "0 owfetch \(psuite\).*"
for operands in "" "127.0.0.1" "127.0.0.1 $sid" "127.0.0.1 $sid file $sid"; do
    read -ra words <<<"$operands"
    run "$owfetch" "${words[@]}"
    check "owfetch $operands: operands missing" "$rc$out $err" "1 $usage"
done

# bad "ARGUMENTS" MESSAGE: exit 1, the message on standard error, nothing else.
bad() {
    local arguments
    read -ra arguments <<<"$1"
    run "$owfetch" "${arguments[@]}"
    check "owfetch $1" "$rc$out $err" "1 owfetch: $2"
}
there="127.0.0.1:1 $sid file"
bad "-c 1 $there" "unknown option '-c'; try 'owfetch --help'"
bad "-L 1 $there" "unknown option '-L'; try 'owfetch --help'"
bad "-4 -6 $there" "-4 and -6 exclude each other"
bad "-A Q $there" "-A, --authmode: 'Q': wants letters of A, E and O, as in EO"
bad "-a x $there" "-a, --percentiles: 'x': wants numbers from 0 to 100, at most 64, with commas"
bad "-b -1 $there" "-b, --bucket-width: '-1': wants seconds, from 1e-9 to 1e9"
bad "-n h $there" "-n, --units: 'h': wants n, u, m or s"
bad "-N x $there" "-N, --every: 'x': wants a whole number from 0 to 4294967295"
bad "-vx $there" "-v, --verbose: 'x': wants a number of records, as in -v100"
bad "-k file $there" "-k needs -u: whose pass-phrase in the file is it?"
bad "127.0.0.1:1 ${sid:1} file" "'${sid:1}': not a SID: wants 32 hexadecimal digits"
bad "127.0.0.1:1 $sid file g${sid:1} file" "'g${sid:1}': not a SID: wants 32 hexadecimal digits"
bad "$there" "127.0.0.1 port 1: Connection refused (is an OWAMP server running there?)"
check "none of this leaves a file" "$(ls)" "err.txt${nl}out.txt"

# --- a server with two sessions

mkdir -p s/etc
printf 'joe\t736573616d\n' >s/etc/owamp-server.pfs
serve s || bail_out "owampd does not start: $(<s/log)"
to=127.0.0.1:$port
sids=()
for packets in 3 4; do
    "$owping" -c "$packets" -i 0.01f -t -T "sent$packets.owp" -M "$to" >out.txt
    sids+=("$(sed -n 's/^SID	//p' out.txt)")
done

run "$owfetch" "$to" "${sids[0]}" a.owp
check "the summary is that of the session" "$rc$err $out" "0 $("$owstats" sent3.owp)"
check "so is what is saved" "$("$owstats" -R a.owp)" "$("$owstats" -R sent3.owp)"
check "saved as the umask says" "$(stat -c %a a.owp)" 644
run "$owfetch" "$to" "${sids[0]^^}" a.owp "${sids[1]}" b.owp
check "two sessions, one summary each; digits in any case; a file is replaced" "$rc$err $out" \
    "0 $("$owstats" sent3.owp sent4.owp)"
check "both saved" "$("$owstats" -R a.owp b.owp)" "$("$owstats" -R sent3.owp sent4.owp)"

# same "ARGUMENTS": as owstats prints it with these options
same() {
    local arguments
    read -ra arguments <<<"$1"
    run "$owfetch" "${arguments[@]}" "$to" "${sids[1]}" b.owp
    check "owfetch $1" "$rc$err $out" "0 $("$owstats" "${arguments[@]}" b.owp)"
}
same -Q
same -R
same --raw
same "-M -U -b 0.01"
same "-v -n u"
same "-v2 -U"
same "-a 10,99 -N 2"
same "--units=s --percentiles=1 --every=3 --bucket-width=0.001 --verbose=1"
mkdir d
run "$owfetch" -p -M -d d "$to" "${sids[1]}" b.owp
check "-p -d" "$rc$err $out" "0 $(echo d/*.sum)"
run "$owfetch" --print-names --directory=d "$to" "${sids[1]}" b.owp
check "--print-names --directory" "$rc$err $out" "0 $(echo d/*.txt)"
run "$owfetch" --json -R "$to" "${sids[0]}" a.owp "${sids[1]}" b.owp
check "--json: program and sessions" "$rc$err $(grep -cE '"(program|version)": ' out.txt) $(grep -c '"sid": ' out.txt)" "0 2 2"
if command -v jq >/dev/null; then
    check "--json: the records of both" "$(jq -c '[.program, [.sessions[].records | length]]' out.txt)" '["owfetch",[3,4]]'
else
    skip "--json: the records of both" "jq is not installed"
fi
run "$owfetch" -Q -M "$to" "${sids[0]}" a.owp
check "-Q -M: told what is ignored" "$rc$out $err" "0 owfetch: -Q given: -M is ignored"
for form in "" -M -R --json --help; do
    read -ra arguments <<<"$form"
    "$owfetch" "${arguments[@]}" "$to" "${sids[0]}" a.owp >/dev/full 2>err.txt
    check "owfetch $form >/dev/full ends with 1 and says so" "$? $(grep -c 'standard output did not take' err.txt)" "1 1"
done

for arguments in "-4" "-S 127.0.0.2" "-S lo -4" "-u joe -k s/etc/owamp-server.pfs" \
    "-u joe -k s/etc/owamp-server.pfs -A A" "--identity=joe --pass-phrases=s/etc/owamp-server.pfs --authmode=AE"; do
    read -ra words <<<"$arguments"
    run "$owfetch" -R "${words[@]}" "$to" "${sids[1]}" b.owp
    check "owfetch $arguments" "$rc$err $out" "0 $("$owstats" -R sent4.owp)"
done

# --- what cannot be had

rm ./*.owp
run "$owfetch" "$to" "$sid" x.owp
check "a session that is not there" "$rc$out $err" "1 owfetch: $sid: the server denies it: rejected (Accept 1): \
no such session, or it did not end regularly"
run "$owfetch" -R "$to" "${sids[0]}" a.owp "$sid" x.owp
check "what was fetched before it stays" "$rc $(wc -l <<<"$out") $(echo ./*.owp*)" "1 3 ./a.owp"
run "$owfetch" "$to" "${sids[0]}" nosuch/a.owp
check "a folder that is not there" "$rc$out $err" "1 owfetch: nosuch/a.owp: No such file or directory"
run "$owfetch" "$to" "${sids[0]}" d
check "a folder for a file" "$rc$out $err $(echo d.*)" "1 owfetch: d: Is a directory d.*"
end_server TERM
check "the server ends in order" "$rc" 0

echo 'limit root with delete_on_fetch=on' >s/etc/owamp-server.limits
mkdir -p s/data/hierarchy/root
mv s/data/hierarchy/default/*.owp s/data/hierarchy/root
serve s
to=127.0.0.1:$port
run "$owfetch" -Q "$to" "${sids[0]}" a.owp
check "delete_on_fetch=on: it can be had once" "$rc$err$out" 0
run "$owfetch" -Q "$to" "${sids[0]}" a.owp
check "delete_on_fetch=on: and then no more" "$rc$out ${err##*: the}" "1  server denies it: rejected (Accept 1): \
no such session, or it did not end regularly"
check "delete_on_fetch=on: the others stay" "$(cd s/data/hierarchy/root && echo *)" "${sids[1]}.owp"
plan
