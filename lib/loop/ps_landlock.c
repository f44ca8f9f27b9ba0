// SPDX-License-Identifier: Apache-2.0
// Landlock by system calls: the C library has none, and its header knows less than newer kernels.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_confine.h"

// The same on every architecture that has them.
#define NR_CREATE_RULESET 444
#define NR_ADD_RULE 445
#define NR_RESTRICT_SELF 446

#define CREATE_VERSION 1u
#define RULE_PATH_BENEATH 1

#define FS(bit) (UINT64_C(1) << (bit))
enum {
    FS_EXECUTE,
    FS_WRITE_FILE,
    FS_READ_FILE,
    FS_READ_DIR,
    FS_REMOVE_DIR,
    FS_REMOVE_FILE,
    FS_MAKE_CHAR,
    FS_MAKE_DIR,
    FS_MAKE_REG,
    FS_MAKE_SOCK,
    FS_MAKE_FIFO,
    FS_MAKE_BLOCK,
    FS_MAKE_SYM,
    FS_REFER,     // ABI 2
    FS_TRUNCATE,  // 3
    FS_IOCTL_DEV, // 5
};
#define OF_FILES (FS(FS_EXECUTE) | FS(FS_WRITE_FILE) | FS(FS_READ_FILE) | FS(FS_TRUNCATE) | FS(FS_IOCTL_DEV))
#define NET_BIND_AND_CONNECT_TCP 3u // ABI 4
#define SCOPE_ABSTRACT_SOCKETS 1u   // ABI 6
#define SCOPE_SIGNALS 2u

struct ruleset {
    uint64_t fs, net, scoped;
};

struct beneath {
    uint64_t rights;
    int32_t fd;
} __attribute__((packed));

int ps_confine_abi(void)
{
    long abi = syscall(NR_CREATE_RULESET, NULL, 0, CREATE_VERSION);

    return abi < 0 ? -errno : (int)abi;
}

// All that this kernel can refuse is refused unless a rule allows it.
static uint64_t known_rights(int abi)
{
    uint64_t known = FS(FS_MAKE_SYM + 1) - 1;

    if (abi >= 2)
        known |= FS(FS_REFER);
    if (abi >= 3)
        known |= FS(FS_TRUNCATE);
    if (abi >= 5)
        known |= FS(FS_IOCTL_DEV);
    return known;
}

static uint64_t rights_of(unsigned rights)
{
    uint64_t out = 0;

    if (rights & PS_CONFINE_READ)
        out |= FS(FS_READ_FILE) | FS(FS_READ_DIR);
    if (rights & PS_CONFINE_WRITE)
        out |= FS(FS_WRITE_FILE) | FS(FS_TRUNCATE) | FS(FS_MAKE_DIR) | FS(FS_MAKE_REG) | FS(FS_MAKE_SYM);
    if (rights & PS_CONFINE_REMOVE)
        out |= FS(FS_REMOVE_FILE);
    if (rights & PS_CONFINE_DEVICE)
        out |= FS(FS_IOCTL_DEV);
    if (rights & PS_CONFINE_RUN)
        out |= FS(FS_EXECUTE) | FS(FS_READ_FILE);
    if (rights & PS_CONFINE_SOCKET)
        out |= FS(FS_MAKE_SOCK);
    return out;
}

// An older kernel takes a shorter description, and does not know what is left out.
static int make_ruleset(const struct ps_confine_files *f, int abi)
{
    struct ruleset r = {.fs = known_rights(abi)};
    size_t size = abi < 4   ? offsetof(struct ruleset, net)
                  : abi < 6 ? offsetof(struct ruleset, scoped)
                            : sizeof r;
    long fd;

    if (abi >= 4 && !f->tcp)
        r.net = NET_BIND_AND_CONNECT_TCP;
    if (abi >= 6)
        r.scoped = SCOPE_SIGNALS | (f->abstract_sockets ? 0 : SCOPE_ABSTRACT_SOCKETS);
    fd = syscall(NR_CREATE_RULESET, &r, size, 0);
    return fd < 0 ? -errno : (int)fd;
}

static int allow_fd(int ruleset, int fd, uint64_t rights)
{
    struct beneath b = {.rights = rights, .fd = fd};
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode))
        b.rights &= OF_FILES;
    return b.rights && syscall(NR_ADD_RULE, ruleset, RULE_PATH_BENEATH, &b, 0) < 0 ? -errno : 0;
}

static int allow_path(int ruleset, const struct ps_confine_path *p, uint64_t known)
{
    int fd = open(p->path, O_PATH | O_CLOEXEC);
    int rc;

    if (fd < 0)
        return p->optional ? 0 : -errno;
    rc = allow_fd(ruleset, fd, rights_of(p->rights) & known);
    close(fd);
    return rc;
}

static int allow_all(int ruleset, const struct ps_confine_files *f, uint64_t known, struct ps_fault *fault)
{
    static const struct ps_confine_path eased = {"/proc", PS_CONFINE_READ, true};
    int rc = PS_CONFINE_EASED ? allow_path(ruleset, &eased, known) : 0;

    for (size_t i = 0; rc == 0 && i < f->npaths; i++) {
        rc = allow_path(ruleset, &f->paths[i], known);
        if (rc)
            ps_fault_set(fault, f->paths[i].path, 0, "cannot be entered in the rules of Landlock: %s",
                         ps_strerror(rc));
    }
    return rc;
}

// A thread that is there already would stay free.
static bool is_alone(void)
{
    struct stat st;

    return PS_CONFINE_EASED || stat("/proc/self/task", &st) < 0 || st.st_nlink <= 3;
}

int ps_confine_to_files(const struct ps_confine_files *f, struct ps_fault *fault)
{
    int abi = ps_confine_abi();
    int ruleset, rc;

    fault->text[0] = '\0';
    if (abi < 0)
        return abi;
    if (!is_alone())
        return PS_ESTATE;
    ruleset = make_ruleset(f, abi);
    if (ruleset < 0)
        return ruleset;
    rc = allow_all(ruleset, f, known_rights(abi), fault);
    if (rc == 0 && syscall(NR_RESTRICT_SELF, ruleset, 0) < 0)
        rc = -errno;
    close(ruleset);
    return rc;
}
