# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What all shell tests share: TAP on standard output, and waiting. Sourced.
count=0
pids=() # of what a test started, for end_all

skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

bail_out() {
    echo "Bail out! $1"
    exit 1
}

# check TEXT GOT WANTED: shows both when they differ.
check() {
    count=$((count + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $count - $1"
        return
    fi
    echo "not ok $count - $1"
    printf 'got:\n%s\nwanted:\n%s\n' "$2" "$3" | sed 's/^/#   /'
}

# match TEXT GOT REGEX: the same with a pattern that something of GOT must match.
match() {
    if [[ $2 =~ $3 ]]; then
        check "$1" yes yes
    else
        check "$1" "$2" "a match of $3"
    fi
}

# match_all TEXT GOT REGEX: the whole of GOT must.
match_all() {
    match "$1" "$2" "^($3)$"
}

skip() {
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}

plan() {
    echo "1..$count"
}

# until_true COMMAND...: for what gives no event to wait for; false after a minute.
until_true() {
    local end=$((SECONDS + 60))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.05
    done
}

# hear PATTERN: the next line that holds it of the log of which said is the descriptor, in line.
hear() {
    while read -r -t 60 -u "${said:?is the descriptor of a log}" line; do
        [[ $line == *$1* ]] && return
        echo "# $line"
    done
    line="no line with: $1"
    return 1
}

# Ends what the test started, and waits until it is gone; who does not obey is killed.
end_all() {
    [ ${#pids[@]} -gt 0 ] || return
    kill -CONT "${pids[@]}"
    kill "${pids[@]}"
    (
        sleep 10
        kill -9 "${pids[@]}"
    ) &
    local guard=$!
    wait "${pids[@]}"
    kill "$guard"
} 2>/dev/null
