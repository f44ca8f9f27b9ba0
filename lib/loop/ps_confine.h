// SPDX-License-Identifier: Apache-2.0
// What a process forbids itself for good once it has opened what needs more: files by Landlock
// (ps_landlock.c), system calls by seccomp (ps_seccomp.c, ps_seccomp_compute.c). Both hold for the calling
// thread and for what it starts afterwards, so they are called while there is no other thread; and both need
// ps_priv_no_new first, but of root.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/ps_conf.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PS_CONFINE_EASED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PS_CONFINE_EASED 1
#endif
#endif
// A sanitizer looks for leaks from a process of its own that traces this one: where one is built in, what
// it needs for that is allowed as well.
#ifndef PS_CONFINE_EASED
#define PS_CONFINE_EASED 0
#endif

enum ps_confine_right {
    PS_CONFINE_READ = 1,    // files, and the list of a folder
    PS_CONFINE_WRITE = 2,   // files, and new ones, folders and links in a folder
    PS_CONFINE_REMOVE = 4,  // files and links in a folder
    PS_CONFINE_DEVICE = 8,  // ioctl on a device
    PS_CONFINE_RUN = 16,    // a program is started from it, see PS_CONFINE_PROGRAMS
    PS_CONFINE_SOCKET = 32, // Unix sockets are made in a folder
};

// A file, or a folder with all below it.
struct ps_confine_path {
    const char *path;
    unsigned rights;
    bool optional; // passed over where it is not there
};

struct ps_confine_files {
    const struct ps_confine_path *paths;
    size_t npaths;
    bool abstract_sockets; // may speak to those of others
    bool tcp;              // may begin TCP connections, and bind them
};

// Which Landlock this kernel has: 1 and up; -ENOSYS or -EOPNOTSUPP: none.
int ps_confine_abi(void);
// From here on the named paths alone can be opened and changed, no program can be started but those that
// may, and where the kernel's Landlock knows of it, no TCP connection begun or port bound unless f->tcp, no signal sent to others. -errno, and
// the fault names the path that cannot be entered; PS_ESTATE: there are other threads.
int ps_confine_to_files(const struct ps_confine_files *f, struct ps_fault *fault);
// What a server does besides measuring.
enum ps_confine_also {
    PS_CONFINE_TCP = 1, // it connects to others by TCP
    PS_CONFINE_PROGRAMS =
        2, // it starts programs; what it may do, they may (so code may be mapped from files), and less
           // is theirs to see to
    PS_CONFINE_NOTICE = 4, // it has the kernel tell it of files that change
    PS_CONFINE_LISTEN = 8, // it is yet to make its Unix socket
    PS_CONFINE_MODES = 16, // it says who may use the files that it makes, but as whom they run
};
// From here on there are only the system calls of a server that measures and of what it does also; others fail with
// EPERM. 0 or -errno.
int ps_confine_calls(unsigned also);

// A process that does nothing but compute on what others want of it.

// From here on it may map that many octets beside what it has. Reads /proc: before ps_confine_to_files. 0 or
// -errno.
int ps_confine_memory(size_t more);
// From here on it can read and write what is open, use memory, look at the clock and end; anything else fails
// with EPERM. No core is dumped, no file grows, and no program started gains privileges (none can be). opening:
// it may open files for reading; which, is for ps_confine_to_files to say. 0 or -errno; some may hold then.
int ps_confine_to_computing(bool opening);
