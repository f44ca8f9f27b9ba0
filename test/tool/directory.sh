# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # what is set here is used by those who source this
# What the tests of lsregister directory share. Sourced after tap.sh, in a folder of the test's own.
: "${top_builddir:?is set by make check}"
lsregister=$top_builddir/lsregister/lsregister
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY CURL_HOME

# directory NAME [OPTION...]: starts lsregister directory in the folder NAME, with NAME/conf if it is there, on a port of
# the kernel's choice. Sets directory_pid, port, site, records; the log's lines wait for hear.
directory() {
    local name=$1
    shift
    mkdir -p "$name"
    [ ! -e "$name/conf" ] || set -- -c "$name/conf" "$@"
    rm -f "$name/pipe"
    mkfifo "$name/pipe"
    "$lsregister" directory --data "$name/data" --listen 127.0.0.1:0 "$@" 2>"$name/pipe" &
    directory_pid=$!
    pids+=("$directory_pid")
    exec {said}<"$name/pipe"
    hear "listening on 127.0.0.1:" || return
    port=${line##*:}
    port=${port%% *}
    site=http://127.0.0.1:$port
    records=$site/lookup/records
}

# end_directory SIGNAL: its status is in rc.
end_directory() {
    kill -"$1" "$directory_pid" 2>/dev/null
    wait "$directory_pid"
    rc=$?
    exec {said}<&-
}

# ask METHOD URL [BODY [CURL'S OPTION...]]: prints the answer and its status.
ask() {
    local method=$1 where=$2 body=${3-}
    shift $(($# > 2 ? 3 : 2))
    curl -s -g -w ' %{http_code}' -X "$method" -H 'Content-Type: application/json' "$@" --data-binary "$body" "$where"
}

# get URL [CURL'S OPTION...]: the answer and its status.
get() {
    local where=$1
    shift
    curl -s -g -w ' %{http_code}' "$@" "$where"
}

# register BODY [CURL'S OPTION...]: the uri that it has then.
register() {
    local body=$1
    shift
    curl -s -H 'Content-Type: application/json' "$@" --data-binary "$body" "$records" | uri
}

# The first uri in what is read.
uri() {
    sed -n 's/.*"uri":"\([^"]*\)".*/\1/p' | head -n 1
}
