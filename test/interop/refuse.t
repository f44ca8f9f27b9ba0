#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is refused between the two makes, how soon, and what our side says of it.
. "$(dirname "$0")/interop.sh"

printf 'joe 77726f6e67\nnobody 77726f6e67\n' >wrong.pfs
mkdir ours
echo 'dieby 1' >ours/owamp-server.conf # whoever connects is told in the log
server ours ours 127.0.0.1
server theirs theirs 127.0.0.1
for side in ours theirs; do
    mkdir "closed-$side"
    printf 'dieby 1\nauthmode AE\n' >"closed-$side/owamp-server.conf"
    server "closed-$side" "$side" 127.0.0.1
done

# measure NAME CLIENT SERVER OPTION...: 20 s are far more than a refusal may take.
measure() {
    local name=$1 client=$2 server=$3
    shift 3
    start "$name-$client" timeout 20 "$(program "$client" owping)" "$@" -c 5 -i 0.02f -L 8 "127.0.0.1:${port[$server]}"
}

for pair in "ours theirs" "theirs ours"; do
    for mode in A E; do
        measure "wrong$mode" "${pair% *}" "${pair#* }" -A "$mode" -u joe -k wrong.pfs
    done
    measure unknown "${pair% *}" "${pair#* }" -A AE -u nobody -k wrong.pfs
    measure fallback "${pair% *}" "${pair#* }" -A AEO -u joe -k wrong.pfs
    measure closed "${pair% *}" "closed-${pair#* }" -A O
    measure let-in "${pair% *}" "closed-${pair#* }" -u joe -k good.pfs
done
finish

for mode in A E; do
    check "a wrong pass-phrase is refused by theirs, mode $mode" "$(counts "wrong$mode-ours")" "1: "
    match "and our owping says so, mode $mode" "$(said "wrong$mode-ours")" \
        "^owping: 127\.0\.0\.1 port ${port[theirs]}: the server refused .*wrong pass-phrase"
    check "a wrong pass-phrase is refused by ours, mode $mode" "$(counts "wrong$mode-theirs")" "1: "
done
check "an identity that theirs does not know is refused" "$(counts unknown-ours)" "1: "
match "and our owping says so" "$(said unknown-ours)" "refused .*unknown identity"
check "an identity that ours does not know is refused" "$(counts unknown-theirs)" "1: "
match "our owampd's log names it" "$(<ours/log)" "identity 'nobody': unknown identity"
check "our owampd's log tells of the wrong pass-phrases" "$(grep -c 'wrong pass-phrase' ours/log)" 3
check "a wrong pass-phrase does not lead our owping to open mode" "$(counts fallback-ours)" "1: "
check "nor theirs with our owampd" "$(counts fallback-theirs)" "1: "
check "without a mode in common our owping ends with 1" "$(counts closed-ours)" "1: "
match "and tells what their owampd offers" "$(said closed-ours)" "no common mode: the server offers"
check "without a mode in common their owping ends with 1" "$(counts closed-theirs)" "1: "
for client in ours theirs; do
    check "with its pass-phrase $client is let in there" "$(counts "let-in-$client")" \
        "0: 5 sent, 0 lost, 0 dup; 5 sent, 0 lost, 0 dup"
done

# --- octet by octet: a client that takes a mode which was not offered

zeros() {
    head -c "$1" /dev/zero
}

# choose PORT MODE: greeting, answer and whether the connection was closed then, in hexadecimal.
choose() {
    exec 3<>"/dev/tcp/127.0.0.1/$1" || return
    head -c 64 <&3 >greeting
    { printf '%b' "\\0\\0\\0\\x$2" && zeros 160; } >&3
    timeout 20 cat <&3 >answer
    echo "closed: $?" >closed
    exec 3>&-
}

choose "${port[closed-ours]}" 01
check "our greeting offers what authmode says" "$(field greeting 12 4)" 00000006
check "a client that takes open mode all the same gets Accept 1" "$(field answer 15 1)" 01
check "and nothing but zeros behind it" "$(field answer 0 15) $(field answer 16 32)" "$(zeros 15 |
    od -An -v -tx1 | tr -d ' \n') $(zeros 32 | od -An -v -tx1 | tr -d ' \n')"
check "and the connection is closed" "$(<closed)" "closed: 0"
choose "${port[closed-ours]}" 08
check "a mode that is none of OWAMP's is refused" "$(field answer 15 1)" 01
choose "${port[closed-ours]}" 06
check "two modes at once are refused" "$(field answer 15 1)" 01
choose "${port[ours]}" 00
check "a client that wants none is answered with a closed connection" "$(<closed)" "closed: 0"

# --- the octets in which our two sides know each other

check "our greeting says psE1 in octets that are unused" "$(field greeting 0 12)" "707345310000000000000000"
check "its other unused octets are zero" "$(field greeting 52 12)" "000000000000000000000000"
check "its count is a power of two, at least 1024" \
    "$(n=$((16#$(field greeting 48 4))); echo $((n >= 1024 && (n & (n - 1)) == 0)))" 1
plan
