#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What psched serve -n finds before a start does, and what a start warns of.
. "$(dirname "$0")/tool.sh"
# shellcheck source=sched.sh
. "${top_srcdir:?is set by make check}/test/tool/sched.sh"

# look [LINE...]: checks a configuration that is good but for these lines.
look() {
    printf '%s\n' "data $tmp/data" "listen-unix $tmp/rest" "control $tmp/control" "limits none" "$@" >conf
    run "$psched" serve -n -c conf
}

# finds CLAIM SENTENCE LINE...
finds() {
    local claim=$1 sentence=$2
    shift 2
    look "$@"
    check "$claim" "$rc $out$err" "1 psched serve: $sentence"
}

look
check "a good configuration is good" "$rc $out$err" "0 psched serve: the configuration is good: data in $tmp/data"
check "nothing is made" "$(ls)" "conf${nl}err.txt${nl}out.txt"
finds "a user that there is not" "user: there is no 'no-such-user' on this host" "user no-such-user"
finds "a group that there is not" "group: there is no 'no-such-group' on this host" "group no-such-group"
finds "a folder of data that cannot be made" \
    "data: $tmp/none/data cannot be made in $tmp/none: No such file or directory" "data $tmp/none/data"
finds "data that are no folder" "data: $tmp/conf cannot be written: Not a directory" "data $tmp/conf"
finds "a socket in a folder that cannot be made" \
    "listen-unix: $tmp/none/run cannot be made in $tmp/none: No such file or directory" "listen-unix $tmp/none/run/rest"
look "control /$(printf 'x%.0s' {1..120})"
match "a path that is too long for a socket" "$rc $err" "^1 .*control: a socket's path has at most 107 octets; this one has 121"
finds "a folder of archives that is not there" \
    "archives: $tmp/none cannot be read: No such file or directory: results go where their tasks say, and nowhere else" \
    "archives $tmp/none"
finds "a folder of plug-ins that is not there" \
    "plugins: $tmp/none cannot be read: No such file or directory: only plug-ins that are installed with psched are known" \
    "plugins $tmp/none"
finds "a certificate that is not there" "$tmp/none: No such file or directory" "certificate $tmp/none" "key $tmp/none"
echo x >junk
look "certificate $tmp/junk" "key $tmp/junk"
match "one that is none" "$rc $err" "^1 psched serve: $tmp/junk: with the key $tmp/junk: "

if command -v openssl >/dev/null; then
    for i in 1 2; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key$i.pem -out cert$i.pem -days 2 \
            -subj /CN=localhost 2>/dev/null
    done
    look "certificate $tmp/cert1.pem" "key $tmp/key1.pem"
    check "a certificate and its key are good" "$rc" 0
    look "certificate $tmp/cert1.pem" "key $tmp/key2.pem"
    match "a certificate beside another's key" "$rc $err" "^1 psched serve: $tmp/cert1.pem: with the key $tmp/key2.pem: "
else
    skip "a certificate and its key are good" "openssl is not installed"
    skip "a certificate beside another's key" "openssl is not installed"
fi

if [ "$(id -u)" = 0 ]; then
    nobody=("user nobody" "listen-unix none" "listen-plain 127.0.0.1:0")
    mkdir roots
    no="cannot be written by the user 'nobody': Permission denied: chown nobody $tmp/roots"
    chmod 755 "$tmp" roots
    finds "data that the user cannot write" "data: $tmp/roots $no" "${nobody[@]}" "control none" "data $tmp/roots"
    finds "a socket where the user cannot make one" \
        "control: $tmp/roots $no" \
        "${nobody[@]}" "control $tmp/roots/control"
    install -d -o nobody his
    touch his/psched.db
    finds "a database of data that is another's" \
        "data: $tmp/his/psched.db cannot be written by the user 'nobody': Permission denied: chown -R nobody $tmp/his" \
        "${nobody[@]}" "control none" "data $tmp/his"
else
    skip "data that the user cannot write" "only root can become one"
    skip "a socket where the user cannot make one" "only root can become one"
    skip "a database of data that is another's" "only root can become one"
fi

# --- a start goes on without folders that it can do without, and says so

mkdir a
printf 'archives %s\nplugins %s\n' "$tmp/none" "$tmp/none" >a/conf
sched a || bail_out "$line"
hear "archives: " || bail_out "$line"
check "a start warns of a folder of archives" "$line" \
    "psched: archives: $tmp/none cannot be read: No such file or directory: results go where their tasks say, and nowhere else"
hear "plugins: " || bail_out "$line"
match "and of one of plug-ins" "$line" "^psched: plugins: $tmp/none cannot be read: No such file or directory"
kill -HUP "$sched_pid"
hear "archives: " || bail_out "$line"
check "and so does a reload" "${line%%:*}" psched
end_sched TERM
plan
