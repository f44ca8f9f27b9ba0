// SPDX-License-Identifier: Apache-2.0
// What holds for good is tried in a child, which exits with 0 or with the number of the check that failed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "loop/ps_confine.h"

#define MEMORY ((size_t)32 << 20)
#define CHECK(number, condition) \
    do {                         \
        if (!(condition))        \
            return number;       \
    } while (0)
#define FAILS(number, call, error) CHECK(number, (call) < 0 && errno == (error))

static int wait_status(int (*check)(void))
{
    pid_t pid = fork();
    int status = -1;

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(check());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void claim(int (*check)(void))
{
    if (prctl(PR_GET_SECCOMP) < 0) {
        print_message("# not tried: this kernel has no seccomp\n");
        return;
    }
    assert_int_equal(wait_status(check), 0);
}

static int enter(bool opening, size_t memory)
{
    return (memory > 0 && ps_confine_memory(memory)) || ps_confine_to_computing(opening) ? -1 : 0;
}

static int opens(const char *path, int flags)
{
    int fd = open(path, flags, 0600);

    return fd < 0 ? -1 : close(fd);
}

static int compute(void)
{
    int fds[2];
    struct timespec ts;
    char c = 'x', *p;

    CHECK(1, pipe(fds) == 0 && enter(false, MEMORY) == 0);
    CHECK(2, write(fds[1], &c, 1) == 1 && read(fds[0], &c, 1) == 1);
    p = malloc(MEMORY / 4);
    CHECK(3, p != NULL);
    memset(p, 1, MEMORY / 4);
    CHECK(4, p[MEMORY / 8] == 1);
    free(p);
    CHECK(5, clock_gettime(CLOCK_MONOTONIC, &ts) == 0 && time(NULL) > 0 && getpid() > 0);
    return close(fds[0]) || close(fds[1]) ? 6 : 0;
}

static void it_can_compute_on_what_was_open(void **state)
{
    (void)state;
    claim(compute);
}

static int try_files(void)
{
    FAILS(1, opens("/etc/passwd", O_RDONLY), EPERM);
    FAILS(2, opens("/dev/null", O_RDWR), EPERM);
    FAILS(3, unlink("/tmp/no such file"), EPERM);
    FAILS(4, mkdir("/tmp/no such folder/x", 0700), EPERM);
    FAILS(5, chdir("/"), EPERM);
    return 0;
}

static int try_others(void)
{
    struct rlimit rl;

    FAILS(10, socket(AF_UNIX, SOCK_STREAM, 0), EPERM);
    FAILS(11, socket(AF_INET, SOCK_DGRAM, 0), EPERM);
    FAILS(12, syscall(SYS_execve, "/bin/true", NULL, NULL), EPERM);
    FAILS(13, kill(getppid(), 0), EPERM);
    FAILS(14, prlimit(getppid(), RLIMIT_NOFILE, NULL, &rl), EPERM);
    CHECK(15, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
                  errno == EPERM);
    CHECK(16, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 || errno == EPERM);
    CHECK(17, getrlimit(RLIMIT_CORE, &rl) == 0 && rl.rlim_max == 0);
    CHECK(18, getrlimit(RLIMIT_FSIZE, &rl) == 0 && rl.rlim_max == 0);
    if (PS_CONFINE_EASED)
        return 0;
    FAILS(19, fork(), EPERM);
    FAILS(20, syscall(SYS_clone3, NULL, 0), EPERM);
    FAILS(21, syscall(SYS_ptrace, 0, 0, NULL, NULL), EPERM);
    FAILS(22, syscall(SYS_pipe2, NULL, 0), EPERM);
    return 0;
}

static int try_all(void)
{
    int rc;

    CHECK(50, enter(false, 0) == 0);
    rc = PS_CONFINE_EASED ? 0 : try_files(); // a sanitizer reads files by itself
    return rc ? rc : try_others();
}

static void it_opens_starts_and_reaches_nothing(void **state)
{
    (void)state;
    claim(try_all);
}

static int read_files(void)
{
    CHECK(1, enter(true, 0) == 0);
    CHECK(2, opens("/etc/passwd", O_RDONLY | O_CLOEXEC) == 0);
    CHECK(3, access("/etc/passwd", R_OK) == 0);
    if (PS_CONFINE_EASED)
        return 0;
    FAILS(4, opens("/dev/null", O_WRONLY), EPERM);
    FAILS(5, opens("/dev/null", O_RDWR), EPERM);
    FAILS(6, opens("/tmp/no such file", O_RDONLY | O_CREAT), EPERM);
    FAILS(7, opens("/tmp/no such file", O_RDONLY | O_TRUNC), EPERM);
    FAILS(8, opens("/tmp", O_TMPFILE | O_RDWR), EPERM);
    FAILS(9, socket(AF_UNIX, SOCK_STREAM, 0), EPERM);
    return 0;
}

static void it_may_open_files_for_reading_when_it_is_to(void **state)
{
    (void)state;
    claim(read_files);
}

static int grow(void)
{
    size_t half = MEMORY / 2;

    CHECK(1, enter(false, MEMORY) == 0);
    CHECK(2, mmap(NULL, half, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    CHECK(3,
          mmap(NULL, MEMORY, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
    return 0;
}

static void it_gets_as_much_memory_as_was_said(void **state)
{
    (void)state;
    claim(grow);
}

static int give_up(void)
{
    CHECK(1, enter(false, 0) == 0);
    abort();
}

static void an_abort_is_still_one(void **state)
{
    int status;

    (void)state;
    if (prctl(PR_GET_SECCOMP) < 0)
        return;
    status = wait_status(give_up);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_can_compute_on_what_was_open),
        cmocka_unit_test(it_opens_starts_and_reaches_nothing),
        cmocka_unit_test(it_may_open_files_for_reading_when_it_is_to),
        cmocka_unit_test(it_gets_as_much_memory_as_was_said),
        cmocka_unit_test(an_abort_is_still_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
