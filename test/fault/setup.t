#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Set-ups that are wrong: refused with Accept 1 where the protocol has an answer, and told on the log.
. "$(dirname "$0")/fault.sh"

mkdir -p s/conf
printf 'joe\t%s\n' "$(printf secret | od -An -tx1 | tr -d ' \n')" >s/conf/owamp-server.pfs
chmod 600 s/conf/owamp-server.pfs
echo 'authmode AE' >s/conf/owamp-server.conf
start_server s

# refused TEXT LOG WORD...: Accept 1, the end, and a line of the log.
refused() {
    local text=$1 log=$2
    shift 2
    check "$text is refused" "$(peer s greeting? "$@" setup start? closed? | tail -n +2)" $'start accept=1\nclosed'
    logged "$text: the log says why" s "closed: $log"
}

check "what is configured is offered" "$(peer s greeting?)" 'greeting modes=6 count=2048'
refused "a mode that was not offered" 'the peer chose a mode that was not offered' mode=1
refused "no mode" 'the peer chose a mode that was not offered' mode=0
refused "two modes" 'the peer chose a mode that was not offered' mode=6 keyid=joe pass=secret
refused "a mode that does not exist" 'the peer chose a mode that was not offered' mode=2147483648
refused "a wrong pass-phrase" "identity 'joe': wrong pass-phrase" mode=4 keyid=joe pass=secrets
refused "an unknown identity" "identity 'jo': unknown identity" mode=2 keyid=jo pass=secret
refused "a KeyID of 80 letters" "identity '0{80}': unknown identity" mode=2 "keyid=$(printf '%080d' 0)" pass=secret
refused "a KeyID that would write on a terminal" "identity 'evil.*': unknown identity" \
    mode=2 $'keyid=evil\nowampd: all is well\r\033[2J\001' pass=secret
check "no control characters reach the log" "$(LC_ALL=C grep -cP '[\x00-\x08\x0b-\x1f\x7f]' s/log)" 0
check "and no line of another's making" "$(grep -c '^owampd: all is well' s/log)" 0

cipher=(greeting? mode=4 keyid=joe pass=secret setup start?)
check "a right set-up is taken" "$(peer s "${cipher[@]}" request accept? | tail -n 1)" 'accept=0'
check "a wrong HMAC ends the connection" "$(peer s "${cipher[@]}" bad_mac=1 request accept? | tail -n 1)" closed
logged "and the log says so" s 'closed: the HMAC of Request-Session is wrong'
check "in Start-Sessions too" "$(peer s "${cipher[@]}" request accept? bad_mac=1 go ack? | tail -n 1)" closed
logged "and the log says that" s 'closed: the HMAC of Start-Sessions is wrong'
check "in Stop-Sessions too" \
    "$(peer s "${cipher[@]}" request accept? go ack? bad_mac=1 next_seqno=10 stop closed? | tail -n 1)" closed
logged "and the log says that as well" s 'closed: the HMAC of Stop-Sessions is wrong'
check "and in Fetch-Session" "$(peer s "${cipher[@]}" bad_mac=1 fetch fetch? | tail -n 1)" closed
logged "which the log says" s 'closed: the HMAC of Fetch-Session is wrong'

printf 'joe\t%s\n' "$(printf secret | od -An -tx1 | tr -d ' \n')" >pfs
check "who has the pass-phrase measures" "$(measure s -u joe -k pfs -A E)" "$measured"
stop_server s
plan
