# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # what is set here is used by those who source this
# What the tests of psched serve share. Sourced after tool.sh.
: "${top_builddir:?is set by make check}" "${tmp:?is set by tool.sh}" "${owping:?is set by tool.sh}"
psched=$top_builddir/psched/psched
export PSCHED_OWPING=$owping PSCHED_POWSTREAM=$top_builddir/powstream/powstream
export PSCHED_PROBE=$top_builddir/psprobe/ps-probe
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY CURL_HOME PSCHED_ASSIST PSCHED_SLIP PSCHED_PRIORITY
export HOME=$tmp

# sched NAME [OPTION...]: starts psched serve in the folder NAME, with NAME/conf if it is there. Sets sched_pid, dir,
# rest (a curl command line of the API); the log's lines wait for hear.
sched() {
    local name=$1
    shift
    dir=$tmp/$name
    mkdir -p "$dir"
    [ ! -e "$dir/conf" ] || set -- -c "$dir/conf" "$@"
    [[ " $* " == *" --limits "* ]] || set -- --limits none "$@"
    rm -f "$dir/pipe"
    mkfifo "$dir/pipe"
    "$psched" serve --data "$dir/data" --listen-unix "$dir/rest" --control "$dir/control" "$@" 2>"$dir/pipe" &
    sched_pid=$!
    pids+=("$sched_pid")
    exec {said}<"$dir/pipe"
    hear "listening on $dir/rest"
}

# end_sched SIGNAL: its status is in rc.
end_sched() {
    kill -"$1" "$sched_pid" 2>/dev/null
    wait "$sched_pid"
    rc=$?
    exec {said}<&-
}

# rest METHOD PATH [BODY]: prints the answer and its status. PATH is below /pscheduler, or a URL that was given.
rest() {
    local where=${2#http://localhost/pscheduler}
    if [ $# -gt 2 ]; then
        curl -s -w ' %{http_code}' -X "$1" --unix-socket "$dir/rest" -H 'Content-Type: application/json' \
            --data-binary "$3" "http://localhost/pscheduler$where"
    else
        curl -s -w ' %{http_code}' -X "$1" --unix-socket "$dir/rest" "http://localhost/pscheduler$where"
    fi
}

# fetch PATH: the answer alone, as it is.
fetch() {
    curl -s --unix-socket "$dir/rest" "http://localhost/pscheduler${1#http://localhost/pscheduler}"
}

# post TASK: its URL, or the answer with its status.
post() {
    local got
    got=$(rest POST /tasks "$1")
    if [[ $got == '"'*$'\n 200' ]]; then
        got=${got#\"}
        echo "${got%%\"*}"
    else
        echo "$got"
    fi
}

# control JSON: asks the daemon on its control socket.
control() {
    python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode() + b"\n")
sys.stdout.write(s.makefile().readline().rstrip("\n"))' "$dir/control" "$1"
}

# json EXPRESSION: of the JSON text on standard input, by jq.
json() {
    jq -r "$1"
}
