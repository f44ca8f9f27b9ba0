#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# pslimits(1): what it says of files of rules.
. "$(dirname "$0")/tool.sh"
conf=${top_srcdir:?is set by make check}/conf

# --- command line

run "$pslimits" --help
check "--help exits 0, silent on standard error" "$rc$err" 0
check "--help begins with the usage" "${out%%"$nl"*}" "Usage: pslimits VERB [options]"
missing=
for verb in check explain try serve ask owamp init; do
    [[ $out == *"  $verb "* ]] || missing+=" $verb"
    "$pslimits" $verb --help >help.txt || missing+=" $verb --help"
    grep -q "^Usage: pslimits $verb" help.txt || missing+=" usage of $verb"
done
check "every verb is in --help and has its own" "$missing" ""
run "$pslimits" -V
match_all "-V names program and suite" "$rc$err $out" \
    "0 pslimits \(psuite\) [0-9.]+${nl}Licensed under the Apache License, Version 2.0."
"$pslimits" --help >/dev/full 2>err.txt
check "--help >/dev/full ends with 2 and says so" "$? $(<err.txt)" "2 pslimits: standard output did not take the text"

# bad "ARGUMENTS" MESSAGE: exit 2, the message on standard error, nothing else.
bad() {
    local arguments
    read -ra arguments <<<"$1"
    run "$pslimits" "${arguments[@]}"
    check "pslimits $1" "$rc$out $err" "2 $2"
}
bad "" "pslimits: no verb; try 'pslimits --help'"
bad "chek" "pslimits: unknown verb 'chek'; did you mean \"check\"?; try 'pslimits --help'"
bad "-x" "pslimits: unknown option '-x'; try 'pslimits --help'"
bad "check -x" "pslimits check: unknown option '-x'; try 'pslimits check --help'"
bad "check a b" "pslimits check: usage: pslimits check [options] [FILE]${nl}pslimits check: too many words; try 'pslimits check --help'"
bad "owamp" "pslimits owamp: usage: pslimits owamp [options] FILE${nl}pslimits owamp: something is missing; try 'pslimits owamp --help'"

# --- check

run "$pslimits" check "$conf/limits.conf"
check "the sample is good" "$rc$err $out" \
    "0 $conf/limits.conf: good: 4 identifiers, 4 classifiers, 6 limits, 4 applications"
run "$pslimits" check -q "$conf/limits.conf"
check "--quiet says nothing of a good file" "$rc$err$out" 0
run "$pslimits" check nosuch.conf
check "a file that is not there is no answer" "$rc$out $err" "4 pslimits: nosuch.conf: No such file or directory"
printf '{"schema":4,\n"identifiers":[{"name":"a","description":"","type":"hnt","data":{}}],\n"classifiers":[],\n"limts":[]}' \
    >faulty.conf
run "$pslimits" check faulty.conf
check "every fault is told with its line, place and a hint, in the order of lines" "$rc$err $out" "1 \
faulty.conf:1: limits: is missing
faulty.conf:1: applications: is missing
faulty.conf:2: identifiers[0].type: wants one of \"always\", \"hint\", \"ip-cidr-list\", \"ip-cidr-list-url\", \
\"ip-cymru-bogon\", \"ip-cymru-asn\", \"ip-reverse-dns\", \"jq\", \"localif\", \"local-subnet\"; got \"hnt\"; did you \
mean \"hint\"?
faulty.conf:2: warning: identifiers[0]: identifier \"a\" is in no classifier
faulty.conf:4: limts: is not known here; did you mean \"limits\"?
faulty.conf: 4 faults; 1 warning"
run "$pslimits" check --json faulty.conf
check "--json has them too" "$rc$err $(jq -c '[.file, .good, .faults, .warnings, (.found | length), .found[4]]' out.txt)" \
    '1 ["faulty.conf",false,4,1,5,{"severity":"fault","line":4,"path":"limts","text":"is not known here","hint":"did you mean \"limits\"?"}]'
check "- is standard input" "$("$pslimits" check - <faulty.conf | tail -n 1; echo "${PIPESTATUS[0]}")" \
    "standard input: 4 faults; 1 warning${nl}1"
cat >both.conf <<'END'
{"schema": 4,
 "identifiers": [{"name": "a", "description": "", "type": "jq", "data": {"script": "this is ( bad"}}],
 "classifiers": [{"name": "c", "description": "", "identifiers": ["a"]}],
 "limits": [{"name": "l", "description": "", "type": "jq", "data": {"script": ["true |", "1 +"]}}],
 "applicatoins": [],
 "priority": {"script": ". | foo"}}
END
run "$pslimits" check both.conf
match_all "a fault of structure hides none of scripts" "$rc$err $out" "1 \
both.conf:1: applications: is missing
both.conf:2: identifiers\[0\].data.script: does not compile: .*; see line 1 of the script
both.conf:4: limits\[0\].data.script: does not compile: .*; see line 2 of the script
both.conf:5: applicatoins: is not known here; did you mean \"applications\"\?
both.conf:6: priority.script: does not compile: foo/0 is not defined.*
both.conf: 5 faults"
printf '{' >broken.conf
run "$pslimits" check broken.conf
match_all "a broken file is one fault" "$rc$err $out" "1 broken.conf:1: the document: .*${nl}broken.conf: 1 fault"
printf '{"schema":4,"identifiers":[{"name":"a","description":"","type":"localif","data":{}}],"classifiers":[],"limits":[],"applications":[]}' >idle.conf
run "$pslimits" check -q idle.conf
check "warnings do not make a file faulty" "$rc$err $out" "0 \
idle.conf:1: warning: identifiers[0]: identifier \"a\" is in no classifier
idle.conf:1: warning: applications: is empty: everything is denied
idle.conf: good: 1 identifiers, 0 classifiers, 0 limits, 0 applications; 2 warnings"

PSUITE_JQ_WORKER=/nosuch/worker run "$pslimits" check "$conf/limits.conf"
match_all "rules whose scripts could not be checked are not good" "$rc$err $out" \
    "4 $conf/limits.conf:[0-9]+: warning: limits\[3\].data.script: could not be given to jq: .*${nl}.*: 2 scripts could not be checked; 2 warnings"
printf '{"schema":4,"identifiers":[],"classifiers":[],"limits":[],"applications":[{"apply":[{"require":"all","limits":[]},{"require":"any","limits":[]}]}]}' >empty.conf
run "$pslimits" check -q empty.conf
check "groups without limits are warned of" "$rc$err ${out%"$nl"*}" "0 \
empty.conf:1: warning: applications[0]: apply[0] has no limits, so it always passes; name some
empty.conf:1: warning: applications[0]: apply[1] has no limits, so it always fails; name some"

# --- owamp

run "$pslimits" owamp "$conf/owamp-server.limits"
check "the sample of owampd's limits is good" "$rc$err $out" "0 $conf/owamp-server.limits: good: 2 classes"
cat >ow.limits <<'END'
limit root with dsk=1
limit a with disk=1
assign net 10.0.0.1/8 root
assign user joe root
END
run "$pslimits" owamp ow.limits
check "every fault of owampd's limits is told" "$rc$err $out" "1 \
ow.limits:1: unknown limit \"dsk\"; did you mean \"disk\"?
ow.limits:2: class \"a\" needs parent=CLASS: only the first class, the root, has none
ow.limits:3: the address has bits set behind its first 8
ow.limits: 3 faults"
echo 'limit root with xyzzy=1' >unknown.limits
run "$pslimits" owamp unknown.limits
match "what is like no limit is told which there are" "$rc$err $out" "unknown limit \"xyzzy\"; known are .*bandwidth, .*disk"
printf 'limit root with dsk=1, bandwidth=x,\nassign net 10.0.0.1/8 rot\n' >line.limits
run "$pslimits" owamp line.limits
check "each fault of a line, and a comma too many" "$rc$err $out" "1 \
line.limits:1: unknown limit \"dsk\"; did you mean \"disk\"?
line.limits:1: warning: there is nothing behind the last comma; a line that goes on ends with a backslash
line.limits:1: bandwidth: \"x\" is not a number with an optional k, m, g, t, p, e or z
line.limits:2: the address has bits set behind its first 8
line.limits:2: class \"rot\" is not defined above this line; did you mean \"root\"?
line.limits: 4 faults; 1 warning"
for nothing in /dev/null empty.limits comments.limits; do
    [ $nothing = /dev/null ] || : >$nothing
    [ $nothing != comments.limits ] || printf '# limit root with disk=1\n\n' >$nothing
    run "$pslimits" owamp -q $nothing
    check "what $nothing means is told" "$rc$err $out" "0 \
$nothing: warning: defines no class: owampd then has one, \"default\", without any limit
$nothing: good: 0 classes; 1 warning"
done
run "$pslimits" owamp --json /dev/null
check "in JSON too" "$rc$err $(jq -c '[.good, .warnings, .found[0].severity, .found[0].line]' out.txt)" '0 [true,1,"warning",null]'
printf 'ann\t736573616d\n' >users.pfs
run "$pslimits" owamp -k users.pfs ow.limits
check "with -k users are checked as well" "$rc$err $(sed -n 4p out.txt)" \
    "1 ow.limits:4: user \"joe\" is not in the pass-phrase file"
run "$pslimits" owamp --json ow.limits
check "owamp --json" "$rc $(jq -c '.faults, .found[0]' out.txt | tr '\n' ' ')" \
    '1 3 {"severity":"fault","line":1,"path":null,"text":"unknown limit \"dsk\"","hint":"did you mean \"disk\"?"} '

# --- init

run "$pslimits" init
check "init writes the sample" "$rc$err $(cmp out.txt "$conf/limits.conf")" "0 "
run "$pslimits" init new.conf
check "init FILE writes it there" "$rc$err$out $(cmp new.conf "$conf/limits.conf")" "0 "
run "$pslimits" init new.conf
check "init never writes over a file" "$rc$out $err" "4 pslimits: new.conf: is there already, and stays"
printf '{"schema": 4,\n"x\0": 1}' >binary.conf
run "$pslimits" check binary.conf
match "a file that is no text is a fault with its line" "$rc$err $(head -n 1 out.txt)" "^1 binary.conf:2: the document: "
plan
