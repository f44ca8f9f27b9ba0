#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What owup(1) says of a server.
. "$(dirname "$0")/tool.sh"

usage="owup: usage: owup [options] SERVER[:PORT]
owup: try 'owup --help'"

run "$owup" --help
check "--help exits 0, silent on standard error" "$rc$err" 0
check "--help begins with the usage" "${out%%"$nl"*}" "Usage: owup [options] SERVER[:PORT]"
missing=
for option in -4,ipv4 -6,ipv6 -A,authmode -u,identity -k,pass-phrases -S,source -B,bind-device -h,help \
    -V,version; do
    [[ $out == *"  ${option%,*}, --${option#*,}"* ]] || missing+=" $option"
done
check "--help lists every option" "$missing" ""
run "$owup" -h
check "-h is --help" "$rc ${out%%"$nl"*}" "0 Usage: owup [options] SERVER[:PORT]"
run "$owup" -V
match_all "-V names program and suite" "$rc$err $out" \
    "0 owup \(psuite\) [0-9.]+${nl}Licensed under the Apache License, Version 2.0."
run "$owup" --version
match_all "--version is -V" "$rc $out" "0 owup \(psuite\).*"
run "$owup"
check "a server must be named" "$rc$out $err" "1 $usage"
run "$owup" here there
check "one server must be named" "$rc$out $err" "1 $usage"
"$owup" --help >/dev/full 2>err.txt
check "--help >/dev/full ends with 1 and says so" "$? $(<err.txt)" "1 owup: standard output did not take the text"

# bad "ARGUMENTS" MESSAGE: exit 1, the message on standard error, nothing else.
bad() {
    local arguments
    read -ra arguments <<<"$1"
    run "$owup" "${arguments[@]}" 127.0.0.1:1
    check "owup $1" "$rc$out $err" "1 owup: $2"
}
bad "-c 1" "unknown option '-c'; try 'owup --help'"
bad "--json" "unknown option '--json'; try 'owup --help'"
bad "-4 -6" "-4 and -6 exclude each other"
bad "-A X" "-A, --authmode: 'X': wants letters of A, E and O, as in EO"
bad "-A E" "-A without O needs an identity: add -u NAME (and -k FILE)"
bad "-k file" "-k needs -u: whose pass-phrase in the file is it?"
bad "-u joe" "no pass-phrase: there is no terminal to ask on; use -k FILE"
bad "--identity=joe --pass-phrases=nosuch.pfs" "nosuch.pfs: No such file or directory"
bad "--source=192.0.2.300" "192.0.2.300: not an address, name or interface of this host (-S)"
bad "-B lo --bind-device=lo" "-B, --bind-device: 'lo': given twice"
bad "" "127.0.0.1 port 1: Connection refused (is an OWAMP server running there?)"
run "$owup" '[::1'
check "owup '[::1'" "$rc$out $err" "1 owup: [::1: not a server: wants NAME, ADDRESS, NAME:PORT or [V6]:PORT"

mkdir -p s/etc
printf 'joe\t736573616d\n' >s/etc/owamp-server.pfs
serve s || bail_out "owampd does not start: $(<s/log)"
to=127.0.0.1:$port
# The start as the server wrote it, a 64-bit NTP time.
ntp=$(sed -n 's/^START=//p' s/var/owamp-server.info)
second=$(((ntp >> 32 & 0xffffffff) - 2208988800))
"$owup" "127.0.0.1:$port" 2>/dev/full
check "2>/dev/full ends with 1" "$?" 1
since="Server Up Since: $(date -u -d "@$second" +%Y-%m-%dT%H:%M:%S)"
run "$owup" "$to"
match_all "one line on standard error: since when, with milliseconds and zone" "$rc$out $err" "0 $since\.[0-9]{3}UTC"
run env TZ=XYZ-1 "$owup" "$to"
match_all "in local time" "$rc$out $err" \
    "0 Server Up Since: $(TZ=XYZ-1 date -d "@$second" +%Y-%m-%dT%H:%M:%S)\.[0-9]{3}XYZ"
for arguments in "-4" "--ipv4 -S 127.0.0.2" "-S lo -4" "-A O" "-u joe -k s/etc/owamp-server.pfs" \
    "-u joe -k s/etc/owamp-server.pfs -A A" "--identity=joe --pass-phrases=s/etc/owamp-server.pfs --authmode=e"; do
    read -ra words <<<"$arguments"
    run "$owup" "${words[@]}" "$to"
    match_all "owup $arguments" "$rc$out $err" "0 $since\.[0-9]{3}UTC"
done
if [ "$(id -u)" = 0 ]; then
    run "$owup" -B lo "$to"
    match_all "owup -B lo" "$rc$out $err" "0 $since\.[0-9]{3}UTC"
else
    skip "owup -B lo" "needs root"
fi
printf 'joe\t78\n' >wrong.pfs
run "$owup" -u joe -k wrong.pfs "$to"
check "a wrong pass-phrase" "$rc$out $err" "1 owup: 127.0.0.1 port $port: the server refused the connection: \
rejected (unknown identity or wrong pass-phrase?)"
end_server TERM
check "nothing is left of it at the server" "$rc $(find s/data -name '*.owp')" "0 "
plan
