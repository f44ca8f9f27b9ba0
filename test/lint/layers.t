#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Includes go down the layers and never up; each foreign library has one layer that knows it.
. "$(dirname "$0")/lint.sh"

# layer: what it may include beside itself
rules='base:
clock: base
crypto: base
owamp: base crypto
data: base crypto owamp
json: base
regex: base
limits: base json regex
sched: base json
spec: base json
spool: base
db: base
zstd: base
report: base crypto owamp data
loop: base clock json
http: base loop
esmond: base crypto json http
deliver: base crypto json spool loop http esmond
jq: base loop
tool: base json loop spool
endpoint: base crypto owamp data clock loop'

layer_faults() { # LAYER ALLOWED...
    local layer=$1 allowed
    allowed=$(printf '%s|' "$@")
    grep -HnE '^ *# *include *"[a-z]+/' "lib/$layer"/*.[ch] |
        grep -vE "include *\"(${allowed%|})/"
}

# Files outside LAYER and its tests that include HEADER (a pattern).
foreign_faults() {
    sources | grep -vE "^(lib|test/unit)/$1/" | xargs grep -HnE "^ *# *include *[<\"]$2"
}

while IFS=: read -r layer allowed; do
    # shellcheck disable=SC2086 # a list of words
    claim "lib/$layer includes only${allowed:- libc}" "$(layer_faults "$layer" $allowed)"
done <<<"$rules"

claim "lib includes nothing of a program" "$(grep -HnE "^ *# *include *\"(${programs// /|})/" lib/*/*.[ch])"
claim "only lib/loop includes uv.h" "$(foreign_faults loop 'uv(\.h|/)')"
claim "only lib/loop includes ares.h" "$(foreign_faults loop 'ares\.h')"
claim "only lib/loop includes sys/capability.h" "$(foreign_faults loop 'sys/capability\.h')"
claim "only lib/loop includes seccomp.h" "$(foreign_faults loop 'seccomp\.h')"
claim "only lib/jq includes jq.h and jv.h" "$(foreign_faults jq 'j[qv]\.h')"
claim "only lib/json includes cJSON.h" "$(foreign_faults json '(cjson/)?cJSON\.h')"
claim "only lib/http includes microhttpd.h" "$(foreign_faults http 'microhttpd\.h')"
claim "only lib/http includes curl" "$(foreign_faults http 'curl/')"
claim "only lib/http includes zlib.h" "$(foreign_faults http 'zlib\.h')"
claim "only lib/regex includes pcre2.h" "$(foreign_faults regex 'pcre2\.h')"
claim "only lib/db includes sqlite3.h" "$(foreign_faults db 'sqlite3\.h')"
claim "only lib/zstd includes zstd.h" "$(foreign_faults zstd 'zstd\.h')"
claim "only lib/crypto includes openssl" "$(foreign_faults crypto 'openssl/')"
for program in $programs; do
    others=$(tr ' ' '\n' <<<"$programs" | grep -vx "$program" | paste -sd '|')
    claim "$program includes nothing of another program" "$(grep -HnE "^ *# *include *\"($others)/" "$program"/*.[ch])"
done
claim "pure layers know neither sockets nor clocks nor stdio streams" \
    "$(grep -HnE '\b(socket|bind|sendto|sendmsg|recvfrom|recvmsg|clock_gettime|gettimeofday|time|printf|fprintf|puts)\(' \
        lib/owamp/*.c lib/crypto/*.c lib/clock/*.c lib/regex/*.c lib/limits/*.c lib/sched/*.c lib/spec/*.c lib/esmond/*.c | grep -vE '^[^:]*:[0-9]+: *//')"
plan
