#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What psched gives an archiver that is a plug-in, at each try.
. "$(dirname "$0")/tool.sh"
# shellcheck source=sched.sh
. "${top_srcdir:?is set by make check}/test/tool/sched.sh"
for tool in curl jq; do
    command -v $tool >/dev/null || skip_all "$tool is not installed"
done

# An archiver that notes what it reads, and takes it as soon as there is a file "open".
mkdir -p plugins/archiver/note
cat >plugins/archiver/note/enumerate <<'END'
#!/bin/sh
echo '{"schema":1,"name":"note","description":"Notes","version":"1","maintainer":{"name":"x"}}'
END
cat >plugins/archiver/note/data-is-valid <<'END'
#!/bin/sh
echo '{"valid":true}'
END
cat >plugins/archiver/note/archive <<END
#!/bin/sh
tr -d '\036' >>$tmp/notes
printf '\036'
if [ -e $tmp/open ]; then echo '{"succeeded":true}'; else echo '{"succeeded":false,"error":"closed","retry":"PT1S"}'; fi
END
chmod +x plugins/archiver/note/*
mkdir s && echo "plugins $tmp/plugins" >s/conf
sched s || bail_out "$line"

# note A N EXPRESSION: of what archive A, by its data, has got at its Nth try.
note() {
    jq -rs "map(select(.data.a == $1))[$2] | $3" notes
}
# has_notes N: both archives have been tried so often.
has_notes() {
    [ "$(note 1 "$(($1 - 1))" '. != null')$(note 2 "$(($1 - 1))" '. != null')" = truetrue ]
}

: >notes
url=$(post '{"schema":1,"test":{"type":"idle","spec":{"duration":"PT1S"}},"reference":{"mine":true},"archives":[
    {"archiver":"note","data":{"a":1},"transform":{"script":"{id: .id, reference: .reference, all: keys}"}},
    {"schema":2,"archiver":"note","data":{"a":2},"uri-host":"other.example:8443"}]}')
first=$(fetch "$url/runs/first?wait-merged=1&wait=30")
until_true has_notes 1
task=${url##*/} run=$(json '.href | split("/")[-1]' <<<"$first")
check "a first try" "$(note 1 0 '.data.a, .attempts, .["last-attempt"]')" "1${nl}0${nl}null"
match "tells whose it is" "$(note 1 0 '.["task-href"], .["run-href"]')" "^https://[^/]*/pscheduler/tasks/$task${nl}https://[^/]*/pscheduler/tasks/$task/runs/$run\$"
check "even where the script leaves that out" "$(note 1 0 '.result | .id, .reference.mine, has("run")')" "$run${nl}true${nl}false"
check "what the script was given" "$(note 1 0 '.result.all | join(" ")')" "id participants reference result run schedule task test tool"
check "hrefs are as the archive wants them" "$(note 2 0 '.["task-href"], .result.run.href')" \
    "https://other.example:8443/pscheduler/tasks/$task${nl}https://other.example:8443/pscheduler/tasks/$task/runs/$run"

until_true has_notes 2
check "another try" "$(note 1 1 .attempts)" 1
match "knows when the last one was" "$(note 1 1 '.["last-attempt"]')" '^20[0-9-]*T[0-9:]*[+Z]'

# The task is forgotten, and its result is not.
control "{\"verb\":\"purge\",\"task\":\"$task\"}" >/dev/null
until_true eval "[[ \$(rest GET '$url') == *404 ]]"
: >notes
touch open
until_true has_notes 1
check "when the task is forgotten its result still comes" "$(note 1 0 '.result.id, .["run-href"] | split("/")[-1]')" "$run${nl}$run"
check "with hrefs as the archive wants them" "$(note 2 0 '.data.a, .["run-href"]')" \
    "2${nl}https://other.example:8443/pscheduler/tasks/$task/runs/$run"
until_true eval "[ \"\$(fetch /stat/archiving/backlog)\" = 0 ]"
check "and nothing waits any more" "$(fetch /stat/archiving/backlog)" 0
end_sched TERM
check "it ends" "$rc" 0

plan
