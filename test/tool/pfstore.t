#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What pfstore(1) writes, says and answers.
. "$(dirname "$0")/../tap.sh"
pfstore=${top_builddir:?is set by make check}/owping/pfstore
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
umask 022
tab=$'\t'

# run INPUT ARGUMENT...: out, err and rc are what came of it.
run() {
    local input=$1
    shift
    printf '%s' "$input" | "$pfstore" "$@" >out.txt 2>err.txt
    rc=$?
    out=$(<out.txt)
    err=$(<err.txt)
}

# typed INPUT ARGUMENT...: the same with a terminal; only rc is set.
typed() {
    local input=$1
    shift
    printf '%s' "$input" | script -qec "$(printf '%q ' "$pfstore" "$@")" /dev/null >screen.txt 2>&1
    rc=$?
}

# --- the command line

run '' --help
check "--help exits 0" "$rc" 0
check "--help prints on standard output" "${out%%$'\n'*}" "Usage: pfstore -f FILE [-n | -d] IDENTITY"
check "--help is silent on standard error" "$err" ""
run '' -h
check "-h is --help" "$rc ${out%%$'\n'*}" "0 Usage: pfstore -f FILE [-n | -d] IDENTITY"
run '' --version
check "--version names program and suite" "$rc ${out%% (psuite)*}" "0 pfstore"
run '' alice
check "a missing -f is wrong usage" "$rc $err" "2 pfstore: option -f FILE is missing; try 'pfstore --help'"
run '' -f a.pfs
check "a missing identity is wrong usage" "$rc $err" "2 pfstore: the identity is missing; try 'pfstore --help'"
run '' -f a.pfs alice bob
check "two identities are wrong usage" "$rc $err" \
    "2 pfstore: there is more than one identity; try 'pfstore --help'"
run '' -n -d -f a.pfs alice
check "-n and -d together are wrong usage" "$rc $err" \
    "2 pfstore: options -n and -d exclude each other; try 'pfstore --help'"
run '' -f a.pfs -x alice
check "an unknown option is wrong usage" "$rc" 2
run 'x' -n -f a.pfs 'two words'
check "an identity with a blank is refused" "$rc $err" \
    "2 pfstore: an identity is printable, without blanks, and does not begin with '#'"
run 'x' -n -f a.pfs '#alice'
check "an identity that would be a comment is refused" "$rc" 2
run 'x' -n -f a.pfs "$(printf '%081d' 1)"
check "an identity of 81 octets is refused" "$rc $err" \
    "2 pfstore: the identity has 81 octets; at most 80 can be used"
check "none of this makes a file" "$(ls)" "err.txt
out.txt"

# --- creating

run 'secret' -f a.pfs alice
check "a file that is not there needs -n" "$rc $err" "1 pfstore: a.pfs does not exist: create it with -n"
run 'correct horse
second line' -n -f a.pfs alice
check "-n makes the file" "$rc$err$out" 0
check "the line is identity, tab and lower-case hex of the first line" "$(<a.pfs)" \
    "alice${tab}636f727265637420686f727365"
check "a new file is its owner's alone" "$(stat -c %a a.pfs)" 600
run 'other' -n -f a.pfs bob
check "-n refuses a file that is there" "$rc $err" \
    "1 pfstore: a.pfs exists already: leave -n out to change it"
check "and leaves it as it was" "$(<a.pfs)" "alice${tab}636f727265637420686f727365"
check "no lock stays" "$(ls -A)" "a.pfs
err.txt
out.txt"
run 'x' --new --file=b.pfs carol
check "the long options work" "$rc $(<b.pfs)" "0 carol${tab}78"
run 'x' -n -f none/a.pfs alice
check "a directory that is not there is a system fault" "$rc $err" \
    "4 pfstore: cannot make the lock none/.pfstore.lock: No such file or directory"

# --- changing and removing

printf '# ours\nalice 61\n\n  # second\nbob\t6262\n' >c.pfs
chmod 640 c.pfs
run $'\xff\x01' -f c.pfs alice
check "an identity is changed in its place, and all else stays" "$rc $(<c.pfs)" "0 # ours
alice${tab}ff01

  # second
bob${tab}6262"
check "the mode of a file stays" "$(stat -c %a c.pfs)" 640
run 'al' -f c.pfs al
check "a name that another begins with is its own" "$rc $(grep -c . c.pfs) $(tail -n 1 c.pfs)" "0 5 al${tab}616c"
run '' -d -f c.pfs alice
check "-d removes the identity alone" "$rc$err $(<c.pfs)" "0 # ours

  # second
bob${tab}6262
al${tab}616c"
run '' --delete -f c.pfs alice
check "-d of nobody says so" "$rc $err" "1 pfstore: c.pfs: identity 'alice' not found"
run '' -d -f none.pfs alice
check "-d needs a file" "$rc $err" "1 pfstore: none.pfs does not exist"
long=$(printf '%03000d' 0)
run "$long" -f c.pfs bob
check "a pass-phrase of 3000 octets is kept" "$rc $(awk '$1 == "bob" { print length($2) }' c.pfs)" "0 6000"
ln -s c.pfs link.pfs
run 'x' -f link.pfs dora
check "a symbolic link stays one" "$rc $(readlink link.pfs) $(tail -n 1 c.pfs)" "0 c.pfs dora${tab}78"

# --- refusals leave the file alone

cp c.pfs before
run '' -f c.pfs alice
check "no pass-phrase, no change" "$rc $err" "1 pfstore: no pass-phrase was given; nothing was changed"
run $'\n' -f c.pfs alice
check "an empty pass-phrase is none" "$rc" 1
run "$(printf '%08193d' 0)" -f c.pfs alice
check "a pass-phrase is bounded" "$rc $err" \
    "1 pfstore: the pass-phrase is longer than 8192 octets; nothing was changed"
check "after all this the file is the same" "$(cmp c.pfs before 2>&1)" ""
printf 'alice 61\nbob 6\n' >bad.pfs
run 'x' -f bad.pfs alice
check "a malformed file is named with its line, and kept" "$rc $err" \
    "1 pfstore: bad.pfs:2: the pass-phrase has an odd number of hexadecimal digits"
mkdir folder
run 'x' -f folder alice
check "a directory is no pass-phrase file" "$rc $err" "4 pfstore: folder is not a regular file"
chmod 644 c.pfs
run 'x' -f c.pfs alice
check "a file that everyone can read draws a warning" "$rc $err" \
    "0 pfstore: warning: everyone on this host may read or write c.pfs; 'chmod o= c.pfs' ends that"

# --- the lock

here=$(pwd -P)
echo 'half a file' >.pfstore.lock
run 'x' -f b.pfs dave
check "a lock left behind is named and removed" "$rc $err" \
    "0 pfstore: $here/.pfstore.lock was left behind by an interrupted run and is removed"
check "nothing of its content survives" "$(<b.pfs)" "carol${tab}78
dave${tab}78"
ln -s b.pfs .pfstore.lock
run 'x' -f c.pfs dave
check "a lock that is a symbolic link is not followed" "$rc $(wc -l <b.pfs)" "4 2"
rm .pfstore.lock

for name in u{1..8}; do
    while :; do
        echo "$name" | "$pfstore" -f b.pfs "$name" 2>busy."$name" && break
        grep -q "holds the lock $here/.pfstore.lock" busy."$name" || break
    done &
done
wait
check "of many at once none is lost" "$(cut -f1 b.pfs | LC_ALL=C sort | tr '\n' ' ')" \
    "carol dave u1 u2 u3 u4 u5 u6 u7 u8 "

# --- the terminal

if command -v script >/dev/null && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
    typed $'s3cret\ns3cret\n' -f b.pfs erin
    check "on a terminal the pass-phrase is asked for twice" \
        "$rc $(tail -n 1 b.pfs) $(grep -c "for identity 'erin': " screen.txt)" "0 erin${tab}733363726574 2"
    typed $'s3cret\ns4cret\n' -f b.pfs frank
    check "two that differ change nothing" "$rc $(grep -c frank b.pfs)" "1 0"
    check "and are told apart" "$(tr -d '\r' <screen.txt | tail -n 1)" \
        "pfstore: the two pass-phrases differ; nothing was changed"
    # A shell on the same terminal tells how it ended and whether the echo is on again. The
    # interrupt is typed once the prompt is there.
    ask="trap : INT; $(printf '%q' "$pfstore") -f b.pfs frank; echo rc=\$?; stty -a"
    coproc terminal { exec script -qec "$ask" /dev/null 2>&1; }
    exec 3<&"${terminal[0]}" 4>&"${terminal[1]}"
    # shellcheck disable=SC2154 # coproc sets it
    pid=$terminal_PID
    read -r -d : -u 3 _
    printf '\003' >&4
    tr -d '\r' <&3 >screen.txt
    wait "$pid" 2>/dev/null
    check "an interrupt at the prompt ends it" "$(grep -o '^rc=.*' screen.txt)" rc=130
    check "leaves file and lock alone" "$(grep -c frank b.pfs) $(find . -name .pfstore.lock)" "0 "
    check "and turns the echo on again" "$(grep -cE '(^| )echo( |;|$)' screen.txt)" 1
else
    for what in "asked for twice" "that differ" "told apart" "interrupt" "lock" "echo"; do
        count=$((count + 1))
        echo "ok $count - terminal: $what # SKIP script(1) is not there"
    done
fi

plan
