// SPDX-License-Identifier: Apache-2.0
// What holds for good is tried in a child, which exits with 0 or with the number of the check that failed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_confine.h"
#include "loop/ps_priv.h"

#define CHECK(number, condition) \
    do {                         \
        if (!(condition))        \
            return number;       \
    } while (0)
// The call must fail, and so.
#define FAILS(number, call, error) CHECK(number, (call) < 0 && errno == (error))

struct place {
    char dir[40];
    char mine[64], others[64]; // folders
    char inside[96], outside[96];
};

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static int place_new(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    assert_non_null(p);
    strcpy(p->dir, "/tmp/test_ps_confine.XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->mine, sizeof p->mine, "%s/mine", p->dir);
    snprintf(p->others, sizeof p->others, "%s/others", p->dir);
    snprintf(p->inside, sizeof p->inside, "%s/file", p->mine);
    snprintf(p->outside, sizeof p->outside, "%s/file", p->others);
    assert_int_equal(mkdir(p->mine, 0700) | mkdir(p->others, 0700), 0);
    write_text(p->inside, "inside");
    write_text(p->outside, "outside");
    *state = p;
    return 0;
}

static int place_free(void **state)
{
    struct place *p = *state;

    assert_int_equal(unlink(p->inside) | unlink(p->outside), 0);
    assert_int_equal(rmdir(p->mine) | rmdir(p->others) | rmdir(p->dir), 0);
    free(p);
    return 0;
}

static int in_child(int (*body)(const struct place *p), const struct place *p)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0)
        _exit(body(p));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

// 0 or -1 with errno, as open does; what is opened is closed.
static int opens(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    return fd < 0 ? -1 : close(fd);
}

static int start_true(void)
{
    char name[] = "/bin/true";
    char *const argv[] = {name, NULL}, *const envp[] = {NULL};

    return execve(name, argv, envp);
}

static bool has_landlock(int abi)
{
    if (ps_confine_abi() >= abi)
        return true;
    print_message("# not tried: this kernel has no Landlock of ABI %d\n", abi);
    return false;
}

static int enter(const struct ps_confine_path *paths, size_t n)
{
    struct ps_confine_files f = {.paths = paths, .npaths = n};
    struct ps_fault fault;

    return ps_priv_no_new() || ps_confine_to_files(&f, &fault) ? -1 : 0;
}

// files

static int use_both_folders(const struct place *p)
{
    const struct ps_confine_path paths[] = {
        {p->mine, PS_CONFINE_READ | PS_CONFINE_WRITE | PS_CONFINE_REMOVE, false}};

    CHECK(1, enter(paths, 1) == 0);
    CHECK(2, opens(p->inside, O_RDWR) == 0);
    CHECK(3, unlink(p->inside) == 0 && opens(p->inside, O_WRONLY | O_CREAT | O_EXCL) == 0);
    CHECK(4, opens(p->mine, O_RDONLY | O_DIRECTORY) == 0);
    FAILS(5, opens(p->outside, O_RDONLY), EACCES);
    FAILS(6, opens(p->outside, O_WRONLY), EACCES);
    FAILS(7, unlink(p->outside), EACCES);
    FAILS(8, opens(p->others, O_RDONLY | O_DIRECTORY), EACCES);
    FAILS(9, opens("/etc/shadow", O_RDONLY), EACCES);
    FAILS(10, start_true(), EACCES);
    return 0;
}

static void a_file_outside_of_the_folders_cannot_be_opened(void **state)
{
    if (has_landlock(1))
        assert_int_equal(in_child(use_both_folders, *state), 0);
}

static int read_alone(const struct place *p)
{
    const struct ps_confine_path paths[] = {{p->mine, PS_CONFINE_READ, false},
                                            {p->outside, PS_CONFINE_WRITE, false},
                                            {"/no/such", PS_CONFINE_READ, true}};

    CHECK(1, enter(paths, 3) == 0);
    CHECK(2, opens(p->inside, O_RDONLY) == 0);
    FAILS(3, opens(p->inside, O_WRONLY), EACCES);
    FAILS(4, unlink(p->inside), EACCES);
    CHECK(5, opens(p->outside, O_WRONLY) == 0);
    FAILS(6, opens(p->outside, O_RDONLY), EACCES);
    FAILS(7, unlink(p->outside), EACCES);
    return 0;
}

static void reading_writing_and_removing_are_allowed_one_by_one(void **state)
{
    if (has_landlock(1))
        assert_int_equal(in_child(read_alone, *state), 0);
}

static int name_a_folder(const struct place *p)
{
    const struct ps_confine_path paths[] = {{p->mine, PS_CONFINE_READ, false},
                                            {"/no/such", PS_CONFINE_READ, false}};
    struct ps_confine_files f = {.paths = paths, .npaths = 2};
    struct ps_fault fault;

    CHECK(1, ps_priv_no_new() == 0);
    CHECK(2, ps_confine_to_files(&f, &fault) == -ENOENT);
    CHECK(3, strcmp(fault.text,
                    "/no/such: cannot be entered in the rules of Landlock: No such file or directory") == 0);
    CHECK(4, opens(p->outside, O_RDONLY) == 0);
    return 0;
}

static void a_folder_that_is_not_there_is_named(void **state)
{
    if (has_landlock(1))
        assert_int_equal(in_child(name_a_folder, *state), 0);
}

static void *wait_for_octet(void *arg)
{
    char c;

    (void)!read(*(int *)arg, &c, 1);
    return NULL;
}

static int be_two(const struct place *p)
{
    struct ps_confine_files f = {.npaths = 0};
    struct ps_fault fault;
    pthread_t other;
    int fds[2];

    (void)p;
    CHECK(1, pipe(fds) == 0 && pthread_create(&other, NULL, wait_for_octet, &fds[0]) == 0);
    CHECK(2, ps_confine_to_files(&f, &fault) == PS_ESTATE);
    return 0;
}

static void a_thread_that_is_there_already_is_noticed(void **state)
{
    if (has_landlock(1) && !PS_CONFINE_EASED)
        assert_int_equal(in_child(be_two, *state), 0);
}

static int reach(int type)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, type, 0);
    int rc = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&to, sizeof to);
    int saved = errno;

    close(fd);
    errno = saved;
    return rc;
}

static int reach_out(const struct place *p)
{
    (void)p;
    CHECK(1, enter(NULL, 0) == 0);
    FAILS(2, reach(SOCK_STREAM), EACCES);
    CHECK(3, reach(SOCK_DGRAM) == 0);
    return 0;
}

static void no_tcp_connection_is_begun(void **state)
{
    if (has_landlock(4))
        assert_int_equal(in_child(reach_out, *state), 0);
}

// calls

static int make_socket(int family, int type, int protocol)
{
    int fd = socket(family, type, protocol);

    return fd < 0 ? -1 : close(fd);
}

static int call_sockets(void)
{
    CHECK(1, make_socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) == 0);
    CHECK(2, make_socket(AF_UNIX, SOCK_DGRAM, 0) == 0 && make_socket(AF_UNIX, SOCK_STREAM, 0) == 0);
    FAILS(3, make_socket(AF_INET, SOCK_STREAM, 0), EPERM);
    FAILS(4, make_socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), EPERM);
    FAILS(5, make_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), EPERM);
    FAILS(6, make_socket(AF_PACKET, SOCK_DGRAM, 0), EPERM);
    FAILS(7, make_socket(AF_NETLINK, SOCK_RAW, 12), EPERM);
    return 0;
}

static void *nothing(void *arg)
{
    return arg;
}

static int call_processes(void)
{
    pthread_t t;

    CHECK(20, pthread_create(&t, NULL, nothing, NULL) == 0 && pthread_join(t, NULL) == 0);
    FAILS(21, start_true(), EPERM);
    FAILS(22, syscall(SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0), EPERM);
    CHECK(23, kill(getpid(), 0) == 0);
    FAILS(24, kill(getppid(), 0), EPERM);
    FAILS(25, syscall(SYS_unshare, 0), EPERM);
    FAILS(26, syscall(SYS_setns, -1, 0), EPERM);
    if (PS_CONFINE_EASED)
        return 0;
    FAILS(27, syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL), EPERM);
    FAILS(28, fork(), EPERM);
    FAILS(29, syscall(SYS_ptrace, 0, 0, NULL, NULL), EPERM);
    FAILS(30, prctl(PR_SET_PDEATHSIG, 0), EPERM);
    return 0;
}

static int call_the_rest(void)
{
    struct rlimit rl;

    FAILS(40, mount("none", "/", "none", 0, NULL), EPERM);
    FAILS(41, syscall(SYS_bpf, 0, NULL, 0), EPERM);
    FAILS(42, syscall(425, 1, NULL), EPERM); // io_uring_setup
    FAILS(43, syscall(SYS_keyctl, 0, 0, 0, 0, 0), EPERM);
    FAILS(44, personality(0xffffffff), EPERM);
    FAILS(45, syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0), EPERM);
    CHECK(46, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
                  errno == EPERM);
    CHECK(47, getrlimit(RLIMIT_NOFILE, &rl) == 0);
    FAILS(48, prlimit(getppid(), RLIMIT_NOFILE, NULL, &rl), EPERM);
    CHECK(49, prctl(PR_SET_TIMERSLACK, 1) == 0);
    return 0;
}

static int call_all(const struct place *p)
{
    int rc;

    CHECK(60, ps_priv_no_new() == 0 && ps_confine_calls(0) == 0);
    CHECK(61, opens(p->outside, O_RDONLY) == 0);
    rc = call_sockets();
    if (rc == 0)
        rc = call_processes();
    return rc ? rc : call_the_rest();
}

static void programs_processes_and_strange_sockets_fail_with_eperm(void **state)
{
    if (prctl(PR_GET_SECCOMP) < 0)
        print_message("# not tried: this kernel has no seccomp\n");
    else
        assert_int_equal(in_child(call_all, *state), 0);
}

static int status_of(pid_t child)
{
    int status;

    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// What starting ends with: 0, or the error of execve.
static int start_of(const char *path)
{
    char *const argv[] = {(char *)(uintptr_t)path, NULL}, *const envp[] = {NULL};
    pid_t child = fork();

    if (child == 0) {
        execve(path, argv, envp);
        _exit(errno);
    }
    return child < 0 ? -errno : status_of(child);
}

static int serve_others(const struct place *p)
{
    char path[128];
    int fd;

    CHECK(1, ps_priv_no_new() == 0);
    CHECK(2, ps_confine_calls(PS_CONFINE_TCP | PS_CONFINE_PROGRAMS | PS_CONFINE_NOTICE | PS_CONFINE_LISTEN) ==
                 0);
    CHECK(3, make_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) == 0 &&
                 make_socket(AF_INET6, SOCK_STREAM, 0) == 0);
    CHECK(4, start_of("/bin/true") == 0);
    CHECK(5, (fd = inotify_init1(IN_CLOEXEC)) >= 0 && inotify_add_watch(fd, p->mine, IN_CREATE) > 0);
    CHECK(6, (fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0 && fchmod(fd, 0600) == 0);
    FAILS(13, chmod(p->inside, 0600), EPERM);
    FAILS(14, fchmod(fd, 04755), EPERM);
    FAILS(7, make_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), EPERM);
    FAILS(8, syscall(SYS_unshare, CLONE_NEWUSER), EPERM);
    if (!PS_CONFINE_EASED)
        FAILS(9, syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, NULL, NULL, NULL, NULL), EPERM);
    snprintf(path, sizeof path, "%s/file", p->mine);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(10, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED);
    CHECK(11, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
                  errno == EPERM);
    FAILS(12, mount("none", "/", "none", 0, NULL), EPERM);
    return 0;
}

static void what_a_server_does_also_works_and_no_more(void **state)
{
    if (prctl(PR_GET_SECCOMP) < 0)
        print_message("# not tried: this kernel has no seccomp\n");
    else
        assert_int_equal(in_child(serve_others, *state), 0);
}

// The first is the program itself, which is started as others are.
static int note_loader(struct dl_phdr_info *info, size_t size, void *ctx)
{
    const char **loader = ctx;

    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_INTERP)
            *loader = (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    return 1;
}

static int start_named_programs(const struct place *p)
{
    const char *loader = "/";
    (void)dl_iterate_phdr(note_loader, &loader);
    const struct ps_confine_path paths[] = {
        {"/usr", PS_CONFINE_READ, true},   {"/lib", PS_CONFINE_READ, true},
        {"/lib64", PS_CONFINE_READ, true}, {"/bin/true", PS_CONFINE_RUN, false},
        {loader, PS_CONFINE_RUN, true},    {p->mine, PS_CONFINE_READ | PS_CONFINE_SOCKET, false}};
    const struct ps_confine_files f = {.paths = paths, .npaths = sizeof paths / sizeof paths[0], .tcp = true};
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct ps_fault fault;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(1, ps_priv_no_new() == 0 && ps_confine_to_files(&f, &fault) == 0);
    CHECK(2, start_of("/bin/true") == 0);
    CHECK(3, start_of("/bin/ls") == EACCES);
    CHECK(4, reach(SOCK_STREAM) < 0 && errno == ECONNREFUSED);
    snprintf(sa.sun_path, sizeof sa.sun_path, "%s/sock", p->others);
    FAILS(5, bind(fd, (struct sockaddr *)&sa, sizeof sa), EACCES);
    snprintf(sa.sun_path, sizeof sa.sun_path, "%s/sock", p->mine);
    CHECK(6, bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0);
    FAILS(7, opens(p->inside, O_WRONLY), EACCES);
    return 0;
}

static void programs_that_are_named_can_be_started_and_no_others(void **state)
{
    const struct place *p = *state;
    char path[80];

    if (!has_landlock(1))
        return;
    int failed = in_child(start_named_programs, p);
    snprintf(path, sizeof path, "%s/sock", p->mine);
    (void)unlink(path);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_outside_of_the_folders_cannot_be_opened, place_new,
                                        place_free),
        cmocka_unit_test_setup_teardown(reading_writing_and_removing_are_allowed_one_by_one, place_new,
                                        place_free),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_is_named, place_new, place_free),
        cmocka_unit_test_setup_teardown(a_thread_that_is_there_already_is_noticed, place_new, place_free),
        cmocka_unit_test_setup_teardown(no_tcp_connection_is_begun, place_new, place_free),
        cmocka_unit_test_setup_teardown(what_a_server_does_also_works_and_no_more, place_new, place_free),
        cmocka_unit_test_setup_teardown(programs_that_are_named_can_be_started_and_no_others, place_new,
                                        place_free),
        cmocka_unit_test_setup_teardown(programs_processes_and_strange_sockets_fail_with_eperm, place_new,
                                        place_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
