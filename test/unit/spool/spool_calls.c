// SPDX-License-Identifier: Apache-2.0
#include "spool_calls.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/types.h>
#include <unistd.h>

struct calls calls;

int __real_openat(int dir, const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...);
int __wrap___openat_2(int dir, const char *name, int flags);
ssize_t __real_write(int fd, const void *data, size_t n);
ssize_t __wrap_write(int fd, const void *data, size_t n);
ssize_t __real_pwrite(int fd, const void *data, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t n, off_t at);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_unlinkat(int dir, const char *name, int flags);
int __wrap_unlinkat(int dir, const char *name, int flags);
int __real_ftruncate(int fd, off_t len);
int __wrap_ftruncate(int fd, off_t len);
int __real_flock(int fd, int what);
int __wrap_flock(int fd, int what);
int __real_fcntl(int fd, int what, ...);
int __wrap_fcntl(int fd, int what, ...);

static bool dies(void)
{
    return calls.die_at > 0 && calls.count == calls.die_at;
}

// True when this call is to fail, with errno set.
static bool fails(bool removes, bool interruptible)
{
    calls.count++;
    if (interruptible && calls.nuisance && calls.count % 2 == 0) {
        errno = EINTR;
        return true;
    }
    errno = calls.error;
    return calls.count == calls.fail_at ||
           (calls.fail_from > 0 && calls.count >= calls.fail_from && !removes);
}

int __wrap_openat(int dir, const char *name, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    if (fails(!(flags & O_CREAT), false))
        return -1;
    if (dies())
        _exit(CALLS_DIED);
    return __real_openat(dir, name, flags, mode);
}

int __wrap___openat_2(int dir, const char *name, int flags)
{
    return __wrap_openat(dir, name, flags);
}

ssize_t __wrap_write(int fd, const void *data, size_t n)
{
    if (fails(false, true))
        return -1;
    if (dies()) {
        (void)!__real_write(fd, data, n / 2);
        _exit(CALLS_DIED);
    }
    return __real_write(fd, data, calls.nuisance && n > 7 ? n / 3 : n);
}

ssize_t __wrap_pwrite(int fd, const void *data, size_t n, off_t at)
{
    if (fails(false, true))
        return -1;
    if (dies()) {
        (void)!__real_pwrite(fd, data, n / 2, at);
        _exit(CALLS_DIED);
    }
    return __real_pwrite(fd, data, n, at);
}

int __wrap_fsync(int fd)
{
    if (fails(false, true))
        return -1;
    if (dies())
        _exit(CALLS_DIED);
    return __real_fsync(fd);
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    if (fails(false, false))
        return -1;
    if (dies())
        _exit(CALLS_DIED);
    return __real_renameat(from_dir, from, to_dir, to);
}

int __wrap_unlinkat(int dir, const char *name, int flags)
{
    if (fails(true, false))
        return -1;
    if (dies())
        _exit(CALLS_DIED);
    return __real_unlinkat(dir, name, flags);
}

int __wrap_ftruncate(int fd, off_t len)
{
    if (fails(true, false))
        return -1;
    if (dies())
        _exit(CALLS_DIED);
    return __real_ftruncate(fd, len);
}

int __wrap_flock(int fd, int what)
{
    if (fails(true, false))
        return -1;
    if (dies())
        _exit(CALLS_DIED);
    return __real_flock(fd, what);
}

int __wrap_fcntl(int fd, int what, ...)
{
    va_list ap;
    va_start(ap, what);
    void *arg = va_arg(ap, void *);
    va_end(ap);
    if (fails(true, true))
        return -1;
    if (dies())
        _exit(CALLS_DIED);
    return __real_fcntl(fd, what, arg);
}
