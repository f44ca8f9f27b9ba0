# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # what is set here is used by those who source this
# What the tests of psarchive serve share. Sourced after tool.sh.
: "${top_builddir:?is set by make check}" "${tmp:?is set by tool.sh}"
psarchive=$top_builddir/psarchive/psarchive
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY CURL_HOME
export HOME=$tmp

# archive NAME [OPTION...]: starts psarchive serve in the folder NAME with NAME/conf, a port of the kernel's choice and
# a free floor that no test machine is under. Sets archive_pid, port, url (of the API), site (of all); the log's lines
# wait for hear.
archive() {
    local name=$1
    shift
    mkdir -p "$name"
    [ -e "$name/conf" ] || echo "write-from 127.0.0.1" >"$name/conf"
    grep -q free-floor "$name/conf" || echo "free-floor 1" >>"$name/conf"
    grep -q ^listen "$name/conf" || set -- --listen 127.0.0.1:0 "$@"
    rm -f "$name/pipe"
    mkfifo "$name/pipe"
    "$psarchive" serve -c "$name/conf" --data "$name/data" "$@" 2>"$name/pipe" &
    archive_pid=$!
    pids+=("$archive_pid")
    exec {said}<"$name/pipe"
    hear "listening on 127.0.0.1:" || return
    port=${line##*:}
    port=${port%% *}
    site=http://127.0.0.1:$port
    url=$site/esmond/perfsonar/archive
}

# end_archive SIGNAL: its status is in rc.
end_archive() {
    kill -"$1" "$archive_pid" 2>/dev/null
    wait "$archive_pid"
    rc=$?
    exec {said}<&-
}

# put METHOD URL BODY [CURL'S OPTION...]: prints the answer and its status.
put() {
    local method=$1 where=$2 body=$3
    shift 3
    curl -s -w ' %{http_code}' -X "$method" -H 'Content-Type: application/json' "$@" --data-binary "$body" "$where"
}

# get URL [CURL'S OPTION...]: the answer and its status.
get() {
    local where=$1
    shift
    curl -s -w ' %{http_code}' "$@" "$where"
}

# field NAME: of the first object of a JSON text that has it as a text.
field() {
    sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/"
}

# times: what the server's clock wrote.
times() {
    sed -E 's/("time-updated":)[0-9]+/\1T/g'
}
