// SPDX-License-Identifier: Apache-2.0
// The list is what a measuring server does, not what it did in a trial: what the C library, libuv and a
// memory allocator use in its place is there too.
#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "loop/ps_confine.h"
#include "loop/ps_seccomp_impl.h"

#define SOCK_TYPE_MASK 0xf

static const char *const names[] = {
    // descriptors
    "read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev", "pwritev2",
    "lseek", "_llseek", "close", "close_range", "dup", "dup2", "dup3", "fcntl", "fcntl64", "pipe", "pipe2",
    "poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64", "epoll_create",
    "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2",
    "timerfd_create", "timerfd_settime", "timerfd_settime64", "timerfd_gettime", "timerfd_gettime64",
    // files
    "open", "openat", "openat2", "stat", "stat64", "fstat", "fstat64", "lstat", "lstat64", "newfstatat",
    "fstatat64", "statx", "statfs", "statfs64", "fstatfs", "fstatfs64", "access", "faccessat", "faccessat2",
    "readlink", "readlinkat", "getcwd", "getdents", "getdents64", "mkdir", "mkdirat", "unlink", "unlinkat",
    "link", "linkat", "symlink", "symlinkat", "rename", "renameat", "renameat2", "ftruncate", "ftruncate64",
    "utimensat", "utimensat_time64", "fallocate", "fsync", "fdatasync", "sync_file_range", "flock", "umask",
    "fadvise64", "fadvise64_64",
    // sockets, once they are made
    "bind", "connect", "accept", "accept4", "shutdown", "getsockname", "getpeername", "getsockopt",
    "setsockopt", "send", "sendto", "sendmsg", "sendmmsg", "recv", "recvfrom", "recvmsg", "recvmmsg",
    "recvmmsg_time64",
    // clocks
    "clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64", "clock_nanosleep",
    "clock_nanosleep_time64", "nanosleep", "gettimeofday", "time", "times", "adjtimex", "clock_adjtime",
    "clock_adjtime64",
    // memory
    "brk", "munmap", "mremap", "madvise", "mlock", "mlock2", "mlockall", "munlock", "munlockall",
    "membarrier",
    // threads and their scheduling
    "futex", "futex_time64", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "set_tid_address",
    "arch_prctl", "set_tls", "set_thread_area", "exit", "exit_group", "sched_yield", "sched_getaffinity",
    "sched_setaffinity", "sched_getscheduler", "sched_setscheduler", "sched_getparam", "sched_setparam",
    "sched_getattr", "sched_setattr", "sched_get_priority_max", "sched_get_priority_min", "getpriority",
    "setpriority", "getcpu",
    // signals
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "rt_sigpending", "rt_sigsuspend",
    "rt_sigtimedwait", "rt_sigtimedwait_time64", "sigaltstack", "restart_syscall", "pause",
    // who and what one is
    "getpid", "gettid", "getppid", "getpgrp", "getuid", "getuid32", "geteuid", "geteuid32", "getgid",
    "getgid32", "getegid", "getegid32", "getresuid", "getresuid32", "getresgid", "getresgid32", "capget",
    "getrlimit", "ugetrlimit", "setrlimit", "getrusage", "sysinfo", "uname", "getrandom"};

#if PS_CONFINE_EASED
static const char *const eased_names[] = {"clone", "ptrace", "wait4", "waitid", "process_vm_readv",
                                          "prctl", "tgkill"};
#endif

#define LOW PS_SECCOMP_INT

// Of programs that are started, up to where they confine themselves.
static const char *const program_names[] = {"fork",
                                            "vfork",
                                            "execve",
                                            "wait4",
                                            "waitid",
                                            "setpgid",
                                            "chdir",
                                            "kill",
                                            "tkill",
                                            "tgkill",
                                            "prctl",
                                            "seccomp",
                                            "landlock_create_ruleset",
                                            "landlock_add_rule",
                                            "landlock_restrict_self"};
static const char *const notice_names[] = {"inotify_init1", "inotify_add_watch", "inotify_rm_watch"};
static const char *const listen_names[] = {"listen"};

#define NAMESPACES                                                                                \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
     CLONE_NEWNET)
static const struct ps_seccomp_rule program_rules[] = {
    {"clone", 0, NAMESPACES, 0},
    {"mmap", 3, MAP_ANONYMOUS, 0}, // code comes from files
    {"mmap2", 3, MAP_ANONYMOUS, 0},
};

static const struct ps_seccomp_rule mode_rules[] = {{"fchmod", 1, S_ISUID | S_ISGID | S_ISVTX, 0}};

static const struct ps_seccomp_rule rules[] = {
    {"clone", 0, CLONE_THREAD, CLONE_THREAD}, // a thread, no process
    {"mmap", 2, PROT_EXEC, 0},                // memory is not made code
    {"mmap2", 2, PROT_EXEC, 0},
    {"mprotect", 2, PROT_EXEC, 0},
    {"prlimit64", 0, LOW, 0}, // its own
    {"prctl", 0, LOW, PR_SET_TIMERSLACK},
    {"prctl", 0, LOW, PR_GET_TIMERSLACK},
    {"prctl", 0, LOW, PR_SET_NAME},
    {"prctl", 0, LOW, PR_GET_NAME},
    {"prctl", 0, LOW, 0x53564d41}, // PR_SET_VMA: the C library names its memory
    // by the octet that tells whose request it is
    {"ioctl", 1, 0xffffff00, 0x8900}, // of sockets and interfaces
    {"ioctl", 1, 0xff00, '=' << 8},   // of hardware clocks
    {"ioctl", 1, LOW, 0x5401},        // TCGETS: is it a terminal?
    {"ioctl", 1, LOW, 0x5413},        // TIOCGWINSZ
    {"ioctl", 1, LOW, 0x541b},        // FIONREAD
    {"ioctl", 1, LOW, 0x5421},        // FIONBIO
    {"ioctl", 1, LOW, 0x5450},        // FIONCLEX
    {"ioctl", 1, LOW, 0x5451},        // FIOCLEX
    {"socket", 0, LOW, AF_UNIX},      // the system log, the service manager, a clock's daemon
    {"socketpair", 0, LOW, AF_UNIX},
};

static int allow_socket(scmp_filter_ctx f, int family, scmp_datum_t mask, int type, int protocol)
{
    return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3,
                            SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, LOW, (scmp_datum_t)family),
                            SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, mask, (scmp_datum_t)type),
                            protocol < 0 ? SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, 0, 0)
                                         : SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, LOW, (scmp_datum_t)protocol));
}

// Datagrams to measure with, and the kernel's list of interfaces.
static int allow_sockets(scmp_filter_ctx f)
{
    int rc = allow_socket(f, AF_INET, SOCK_TYPE_MASK, SOCK_DGRAM, -1);

    if (rc == 0)
        rc = allow_socket(f, AF_INET6, SOCK_TYPE_MASK, SOCK_DGRAM, -1);
    if (rc == 0)
        rc = allow_socket(f, AF_NETLINK, 0, 0, NETLINK_ROUTE);
    return rc;
}

// The C library tries clone3 first, whose flags a filter cannot see, and goes back to clone when there is
// no such call.
static int hide_clone3(scmp_filter_ctx f)
{
    int nr = seccomp_syscall_resolve_name("clone3");

    return nr == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), nr, 0);
}

// To others. (Binding and listening are there for all; Landlock is what keeps TCP from them.)
static int allow_tcp(scmp_filter_ctx f)
{
    int rc = allow_socket(f, AF_INET, SOCK_TYPE_MASK, SOCK_STREAM, -1);

    return rc ? rc : allow_socket(f, AF_INET6, SOCK_TYPE_MASK, SOCK_STREAM, -1);
}

static int fill_also(scmp_filter_ctx f, unsigned also)
{
    int rc = also & PS_CONFINE_TCP ? allow_tcp(f) : 0;

    if (rc == 0 && (also & PS_CONFINE_PROGRAMS))
        rc = ps_seccomp_names(f, program_names, PS_SECCOMP_COUNT(program_names));
    if (rc == 0 && (also & PS_CONFINE_PROGRAMS))
        rc = ps_seccomp_rules(f, program_rules, PS_SECCOMP_COUNT(program_rules));
    if (rc == 0 && (also & PS_CONFINE_NOTICE))
        rc = ps_seccomp_names(f, notice_names, PS_SECCOMP_COUNT(notice_names));
    if (rc == 0 && (also & PS_CONFINE_LISTEN))
        rc = ps_seccomp_names(f, listen_names, PS_SECCOMP_COUNT(listen_names));
    if (rc == 0 && (also & (PS_CONFINE_LISTEN | PS_CONFINE_MODES)))
        rc = ps_seccomp_rules(f, mode_rules, PS_SECCOMP_COUNT(mode_rules));
    return rc;
}

static int fill(scmp_filter_ctx f, unsigned also)
{
    int rc = ps_seccomp_names(f, names, PS_SECCOMP_COUNT(names));

#if PS_CONFINE_EASED
    if (rc == 0)
        rc = ps_seccomp_names(f, eased_names, PS_SECCOMP_COUNT(eased_names));
#endif
    if (rc == 0)
        rc = ps_seccomp_rules(f, rules, PS_SECCOMP_COUNT(rules));
    if (rc == 0)
        rc = allow_sockets(f);
    if (rc == 0)
        rc = also & PS_CONFINE_PROGRAMS ? 0 : ps_seccomp_own_signals(f);
    if (rc == 0)
        rc = fill_also(f, also);
    return rc == 0 ? hide_clone3(f) : rc;
}

int ps_confine_calls(unsigned also)
{
    scmp_filter_ctx f = ps_seccomp_new();

    return ps_seccomp_load(f, f ? fill(f, also) : -ENOMEM);
}
