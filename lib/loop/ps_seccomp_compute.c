// SPDX-License-Identifier: Apache-2.0
// A process that only computes: what it reads and writes was opened before.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include "loop/ps_confine.h"
#include "loop/ps_priv.h"
#include "loop/ps_seccomp_impl.h"

static const char *const names[] = {
    // descriptors that are there
    "read", "readv", "pread64", "write", "writev", "lseek", "_llseek", "close", "fstat", "fstat64",
    // memory
    "brk", "munmap", "mremap", "madvise",
    // clocks
    "clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64", "gettimeofday", "time",
    "times", "getrusage",
    // this thread, its signals and its end
    "futex", "futex_time64", "set_robust_list", "rseq", "sched_yield", "rt_sigaction", "rt_sigprocmask",
    "rt_sigreturn", "sigreturn", "sigaltstack", "restart_syscall", "exit", "exit_group",
    // who and what one is
    "getpid", "gettid", "getppid", "getuid", "getuid32", "geteuid", "geteuid32", "getgid", "getgid32",
    "getegid", "getegid32", "getrlimit", "ugetrlimit", "uname", "getrandom", "getcpu"};

// Of files that are opened for reading.
static const char *const opening_names[] = {"stat",      "stat64",     "lstat",  "lstat64",   "newfstatat",
                                            "fstatat64", "statx",      "access", "faccessat", "faccessat2",
                                            "readlink",  "readlinkat", "getcwd"};

#if PS_CONFINE_EASED
static const char *const eased_names[] = {
    "clone",      "ptrace",  "wait4",  "waitid",     "process_vm_readv",  "prctl",
    "tgkill",     "open",    "openat", "newfstatat", "sched_getaffinity", "readlink",
    "getdents64", "sysinfo", "dup",    "fcntl"};
#endif

static const struct ps_seccomp_rule rules[] = {
    {"mmap", 2, PROT_EXEC, 0}, // memory is not made code
    {"mmap2", 2, PROT_EXEC, 0},
    {"mprotect", 2, PROT_EXEC, 0},
    {"prlimit64", 0, PS_SECCOMP_INT, 0},      // its own
    {"prctl", 0, PS_SECCOMP_INT, 0x53564d41}, // PR_SET_VMA: the C library names its memory
    {"ioctl", 1, PS_SECCOMP_INT, 0x5401},     // TCGETS: is it a terminal?
};

#define CHANGING (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY))
static const struct ps_seccomp_rule opening_rules[] = {
    {"open", 1, CHANGING, 0},
    {"openat", 2, CHANGING, 0},
    {"fcntl", 1, PS_SECCOMP_INT, F_GETFL}, // fdopen asks
    {"fcntl64", 1, PS_SECCOMP_INT, F_GETFL},
};

static int fill(scmp_filter_ctx f, bool opening)
{
    int rc = ps_seccomp_names(f, names, PS_SECCOMP_COUNT(names));

#if PS_CONFINE_EASED
    if (rc == 0)
        rc = ps_seccomp_names(f, eased_names, PS_SECCOMP_COUNT(eased_names));
#endif
    if (rc == 0)
        rc = ps_seccomp_rules(f, rules, PS_SECCOMP_COUNT(rules));
    if (rc == 0 && opening)
        rc = ps_seccomp_names(f, opening_names, PS_SECCOMP_COUNT(opening_names));
    if (rc == 0 && opening && !PS_CONFINE_EASED)
        rc = ps_seccomp_rules(f, opening_rules, PS_SECCOMP_COUNT(opening_rules));
    return rc == 0 ? ps_seccomp_own_signals(f) : rc;
}

static int limit(int which, rlim_t most)
{
    struct rlimit rl = {most, most}, now;

    if (getrlimit(which, &now) < 0)
        return -errno;
    if (now.rlim_max < most)
        rl.rlim_cur = rl.rlim_max = now.rlim_max;
    return setrlimit(which, &rl) < 0 ? -errno : 0;
}

// What it has mapped now; octets.
static int mapped(rlim_t *out)
{
    FILE *f = fopen("/proc/self/statm", "re");
    unsigned long pages;
    int n;

    if (!f)
        return -errno;
    n = fscanf(f, "%lu", &pages);
    fclose(f);
    if (n != 1)
        return -EIO;
    *out = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
    return 0;
}

int ps_confine_memory(size_t more)
{
    rlim_t now = 0;
    int rc = mapped(&now);

    return rc ? rc : limit(RLIMIT_AS, now + more);
}

int ps_confine_to_computing(bool opening)
{
    scmp_filter_ctx f;
    int rc = ps_priv_no_new();

    if (rc == 0)
        rc = limit(RLIMIT_CORE, 0);
    if (rc == 0)
        rc = limit(RLIMIT_FSIZE, 0);
    if (rc)
        return rc;
    f = ps_seccomp_new();
    return ps_seccomp_load(f, f ? fill(f, opening) : -ENOMEM);
}
