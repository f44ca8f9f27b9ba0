#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# By what owampd is held while it serves, on every one of its threads, and that it serves so.
. "$(dirname "$0")/tool.sh"

[ ${#plain[@]} = 0 ] || skip_all "this kernel lacks a part of it: $("$owampd" -n 2>&1 | grep -m 1 'could not')"
as=()
if [ "$(id -u)" = 0 ]; then
    as=(-U nobody)
    chmod 755 "$tmp"
fi

# folders NAME: what the server's user must own
folders() {
    mkdir -p "$1/data" "$1/var" "$1/etc"
    touch "$1/etc/owamp-server.conf"
    printf 'joe\t736573616d\n' >"$1/etc/owamp-server.pfs"
    [ "$(id -u)" != 0 ] || chown nobody "$1/data" "$1/var"
}


# The bit of the capability NUMBER, if it is held here.
held() {
    local mine
    mine=$(sed -n 's/^CapPrm:[[:blank:]]*//p' /proc/self/status)
    printf '%x' $((0x$mine & 1 << $1))
}

folders one
serve one "${as[@]}" || bail_out "owampd does not start: $(<one/log)"
match "it says what holds" "$(<one/log)" "owampd: confined: user [^,]+, (no capabilities|capabilities sys_nice), no_new_privs"
for mode in O A E; do
    run "$owping" -c 5 -i 0.01f -Q -A $mode -u joe -k one/etc/owamp-server.pfs "127.0.0.1:$port"
    check "a test in mode $mode, both ways" "$rc$out$err" 0
done
run "$owping" -c 5 -i 0.01f -Q "127.0.0.1:$port"
printf 'ann\t73\n' >one/etc/new
mv one/etc/new one/etc/owamp-server.pfs
printf 'limit root with bandwidth=0\nlimit b with parent=root\n' >one/etc/owamp-server.limits
kill -HUP "$server_pid"
await reload
check "HUP reads rules that were not there and such that were replaced" "$line" \
    "owampd: reload: limits and pass-phrases read anew: 2 classes, 1 identities"
run "$owping" -c 5 -i 0.01f -Q -A E -u ann -k one/etc/owamp-server.pfs "127.0.0.1:$port"
check "and they hold" "$rc$out$err" 0

mkdir elsewhere
mv one/etc/owamp-server.limits elsewhere/
ln -s "$tmp/elsewhere/owamp-server.limits" one/etc/owamp-server.limits
kill -HUP "$server_pid"
await reload
check "HUP with a file that is somewhere else now: that wants a restart" "$line" \
    "owampd: reload: the former limits and pass-phrases stay in force: $tmp/one/etc/owamp-server.limits: cannot be read: \
it is $tmp/elsewhere/owamp-server.limits, outside of the sandbox, which lets owampd read in the folders that were in use \
at its start; restart it"
mv elsewhere/owamp-server.limits one/etc/

check "it has several threads" "$([ "$(find "/proc/$server_pid/task" -mindepth 1 -maxdepth 1 | wc -l)" -gt 2 ] && echo yes)" yes
check "no_new_privs holds for all" "$(each NoNewPrivs "$server_pid")" "1 "
check "a filter of system calls too" "$(each Seccomp "$server_pid")" "2 "
check "all they may have is CAP_SYS_NICE" "$(each CapPrm "$server_pid" | sed 's/^0*//')" "$(held 23 | sed 's/^0$//') "
check "and that in effect" "$(each CapEff "$server_pid" | sed 's/^0*//')" "$(held 23 | sed 's/^0$//') "
check "nothing to pass on" "$(each CapInh "$server_pid")$(each CapAmb "$server_pid")" "0000000000000000 0000000000000000 "
end_server TERM
check "it ends in order" "$rc $(ls one/var)" "0 "
check "and has warned of nothing" "$(grep -c sandbox: one/log)" 0

if [ "$(held 10)" != 0 ] && [ "$(id -u)" = 0 ]; then
    serve one "${as[@]}" -P 1000-1020
    run "$owping" -c 2 -i 0.01f -Q -A O "127.0.0.1:$port"
    check "test ports below 1024" "$rc$out$err" 0
    check "are what CAP_NET_BIND_SERVICE is kept for" "$(each CapPrm "$server_pid" | sed 's/^0*//')" \
        "$(printf '%x' $((0x$(held 23) | 0x$(held 10)))) "
    end_server TERM
else
    skip "test ports below 1024" "not root"
    skip "are what CAP_NET_BIND_SERVICE is kept for" "not root"
fi

serve one "${as[@]}" -S localhost:0
check "a host name to listen on starts no thread that stays free" "$(each NoNewPrivs "$server_pid")$(each Seccomp "$server_pid")$(grep -c sandbox: one/log)" "1 2 0"
end_server TERM

# --- each by itself

serve one "${as[@]}" --sandbox=none
check "--sandbox=none: nothing holds" "$(each NoNewPrivs "$server_pid")$(each Seccomp "$server_pid")" "0 0 "
match "and it says so" "$(<one/log)" "owampd: confined: user [^,]+, [^,$nl]*$nl"
end_server TERM
echo 'sandbox capabilities,no_new_privs,landlock' >one/etc/owamp-server.conf
serve one "${as[@]}"
check "sandbox without seccomp: the others hold" "$(each NoNewPrivs "$server_pid")$(each Seccomp "$server_pid")" "1 0 "
end_server TERM
serve one "${as[@]}" --sandbox=no_new_privs,seccomp
check "the command line goes before it" "$(each Seccomp "$server_pid")$(grep -c landlock one/log)" "2 0"
end_server TERM

# --- checking

run "$owampd" -n "${as[@]}" -c one/etc -d one/data -R one/var
check "-n tries the rules out" "$rc$err $out" "0 configuration is good: 2 classes, 1 identity"
run "$owampd" -n "${as[@]}" -c one/etc -d / -R one/var
if [ "$(id -u)" = 0 ]; then
    check "-n: / is no data directory" "$rc" 1
else
    skip "-n: / is no data directory" "not root"
fi
echo 'sandbox landlock' >one/etc/owamp-server.conf
run "$owampd" -n "${as[@]}" -c one/etc -d one/data -R one/var
check "-n: a sandbox that cannot be" "$rc$out $err" \
    "1 owampd: $tmp/one/etc/owamp-server.conf:1: sandbox: landlock and seccomp need no_new_privs as well"
plan
