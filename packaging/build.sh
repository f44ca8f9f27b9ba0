# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # what is set here is used by those who source this
# What quickstart, check and .ci/run share: missing packages, progress, the build. Sourced from the
# top folder of the source tree.

# probe, Debian's package, Enterprise Linux's package
needs_build='
file:/usr/include/stdio.h libc6-dev glibc-devel
command:gcc gcc gcc
command:make make make
command:autoreconf autoconf autoconf
command:automake automake automake
command:pkg-config pkg-config pkgconf-pkg-config
library:libuv libuv1-dev libuv-devel
library:libcares libc-ares-dev c-ares-devel
library:libcap libcap-dev libcap-devel
library:libseccomp libseccomp-dev libseccomp-devel
library:libcrypto libssl-dev openssl-devel
library:libcjson libcjson-dev cjson-devel
file:/usr/include/jq.h libjq-dev jq-devel
library:libmicrohttpd libmicrohttpd-dev libmicrohttpd-devel
library:libcurl libcurl4-openssl-dev libcurl-devel
library:zlib zlib1g-dev zlib-devel
library:libpcre2-8 libpcre2-dev pcre2-devel
library:sqlite3 libsqlite3-dev sqlite-devel
library:libzstd libzstd-dev libzstd-devel
library:librabbitmq librabbitmq-dev librabbitmq-devel
library:rdkafka librdkafka-dev librdkafka-devel
library:libpq libpq-dev libpq-devel
library:netsnmp libsnmp-dev net-snmp-devel
command:ping iputils-ping iputils'

needs_test='
library:cmocka libcmocka-dev libcmocka-devel
command:clang-format clang-format clang-tools-extra
command:mandoc mandoc mandoc
command:shellcheck shellcheck ShellCheck
command:ip iproute2 iproute
command:curl curl curl
command:jq jq jq
command:python3 python3 python3
command:traceroute traceroute traceroute
command:tracepath iputils-tracepath iputils
command:iperf3 iperf3 iperf3
command:nuttcp nuttcp nuttcp'

needs_ci='
command:clang clang clang
file:/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux libclang-rt-14-dev compiler-rt
command:clang-tidy clang-tidy clang-tools-extra
command:cppcheck cppcheck cppcheck'

die() {
    echo "${0##*/}: $*" >&2
    exit 4
}

is_there() { # PROBE
    case $1 in
    command:*) command -v "${1#*:}" >/dev/null ;;
    library:*) pkg-config --exists "${1#*:}" 2>/dev/null ;;
    file:*) [ -e "${1#*:}" ] ;;
    esac
}

# missing TABLE COLUMN: the packages of that column (2: Debian, 3: Enterprise Linux) still needed.
missing() {
    local probe deb el
    while read -r probe deb el; do
        [ -n "$probe" ] || continue
        is_there "$probe" && continue
        if [ "$2" = 2 ]; then echo "$deb"; else echo "$el"; fi
    done <<<"$1" | sort -u | tr '\n' ' '
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

apt_install() {
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120)
    as_root "${apt[@]}" install -y --no-install-recommends "$@" && return
    # A fresh system has no package lists, an old one those of yesterday.
    as_root "${apt[@]}" update && as_root "${apt[@]}" install -y --no-install-recommends "$@"
}

dnf_install() {
    as_root dnf install -y "$@"
}

# install STEP TABLE: brings in what is missing, and only that.
install() {
    local step=$1 table=$2 manager=apt_install column=2 packages
    if ! command -v apt-get >/dev/null; then
        manager=dnf_install column=3
    fi
    packages=$(missing "$table" $column)
    [ -n "$packages" ] || return 0
    if [ $manager = dnf_install ] && ! command -v dnf >/dev/null; then
        die "please install these packages (by their Enterprise Linux names), then run this again: $packages"
    fi
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        die "please install these packages as root, then run this again: $packages"
    fi
    if [ $manager = dnf_install ]; then
        echo "note: the package names for dnf are a best effort and untested; some are in EPEL or CRB"
    fi
    # shellcheck disable=SC2086 # a list of names
    logged "$step installing $packages" build/install.log $manager $packages
}

watched_pid=
trap '[ -z "$watched_pid" ] || kill "$watched_pid" 2>/dev/null; exit 130' INT TERM

# watched LOG COMMAND...: runs a command with its output in a file, telling every ten seconds that it
# is still at work. The status is the command's.
watched() {
    local log=$1 since=$SECONDS next=10 status
    shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 </dev/null &
    watched_pid=$!
    while kill -0 "$watched_pid" 2>/dev/null; do
        sleep 0.1
        if [ $((SECONDS - since)) -ge $next ]; then
            echo "      still at work ($((SECONDS - since)) s)"
            next=$((next + 10))
        fi
    done
    wait "$watched_pid"
    status=$?
    watched_pid=
    return $status
}

# logged TITLE LOG COMMAND...: the same with a line before, and the end of the log if it fails.
logged() {
    local title=$1 log=$2 status
    echo "$title"
    shift
    watched "$@" && return
    status=$?
    tail -n 25 "$log" | sed 's/^/      /' >&2
    echo "${0##*/}: ${title#\[*\] } failed; all of its output is in $log" >&2
    return $status
}

is_configured() { # DIR
    [ -e configure ] && [ -e Makefile.in ] && [ -e build-aux/tap-driver.sh ] &&
        [ -e "$1/Makefile" ] && [ -e "$1/config.status" ]
}

configure_dir() { # DIR ARGUMENT...
    local dir=$1
    shift
    if [ ! -e configure ] || [ ! -e Makefile.in ] || [ ! -e build-aux/tap-driver.sh ]; then
        autoreconf -fi || return
    fi
    mkdir -p "$dir"
    (cd "$dir" && ../configure --quiet "$@")
}

# configured STEP DIR ARGUMENT...: DIR is ready for make. Runs autoreconf and configure only when
# needed; later changes are make's business.
configured() {
    local step=$1 dir=$2
    shift
    is_configured "$dir" || logged "$step configuring" "$dir/configure.log" configure_dir "$@"
}

jobs_wanted() {
    getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2
}

# totals DIR: "PASSED FAILED SKIPPED" of all test results in a build folder.
totals() {
    find "$1" -name '*.trs' -exec cat {} + | awk '
        /^:test-result: (PASS|XFAIL)/ { passed++ }
        /^:test-result: (FAIL|XPASS|ERROR)/ { failed++ }
        /^:test-result: SKIP/ { skipped++ }
        END { print passed + 0, failed + 0, skipped + 0 }'
}

# show_failures DIR: what the test programs with a failure said, without what went well.
show_failures() {
    local trs
    while read -r trs; do
        echo "--- ${trs%.trs}"
        grep -vE '^(ok|PASS:) ' "${trs%.trs}.log" | tail -n 60 | cut -c 1-2000 | sed 's/^/    /'
    done < <(find "$1" -name '*.trs' -exec grep -lE '^:test-result: (FAIL|XPASS|ERROR)' {} + | LC_ALL=C sort)
}

# run_tests STEP STEP DIR [ARGUMENT...]: builds and runs every test there, with arguments for make; sets
# passed, failed and skipped.
run_tests() {
    local dir=$3 make
    make=(timeout -k 10 "${LIMIT:-1800}" make -C "$dir" "${@:4}")
    passed=0 failed=1 skipped=0
    find "$dir" -name '*.trs' -delete
    logged "$1 building the programs and their tests" "$dir/build.log" "${make[@]}" -j"$(jobs_wanted)" check TESTS= || return
    echo "$2 running the tests"
    # Three for each processor: tests wait more than they work.
    watched "$dir/check.log" "${make[@]}" -j$(($(jobs_wanted) * 3)) -k check
    local status=$?
    read -r passed failed skipped < <(totals "$dir")
    show_failures "$dir"
    [ "$failed" = 0 ] || echo "all output: $dir/check.log, and a .log beside each test in $dir/test/"
    if [ $((passed + failed)) = 0 ] || { [ $status != 0 ] && [ "$failed" = 0 ]; }; then
        echo "the test run itself failed; its output is in $dir/check.log" >&2
        failed=$((failed + 1))
    fi
}
