// SPDX-License-Identifier: Apache-2.0
// The very rules of the daemon, tried in a child, which exits with 0 or with the number of the check that
// failed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_confine.h"
#include "owampd/confine.h"

#define CHECK(number, condition) \
    do {                         \
        if (!(condition))        \
            return number;       \
    } while (0)
#define FAILS(number, call, error) CHECK(number, (call) < 0 && errno == (error))

struct host {
    char dir[64];
    struct conf conf;
    struct daemon_files files;
    struct ps_log log;
    char said[2048], text[CONFINE_TEXT];
    char info[PATH_MAX], stranger[PATH_MAX], session[PATH_MAX];
};

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void keep(void *ctx, enum ps_log_level level, const char *line)
{
    struct host *h = ctx;
    size_t n = strlen(h->said);
    snprintf(h->said + n, sizeof h->said - n, "%d %s\n", (int)level, line);
}

static void name_files(struct host *h)
{
    snprintf(h->conf.datadir, PATH_MAX, "%s/data", h->dir);
    snprintf(h->conf.vardir, PATH_MAX, "%s/var", h->dir);
    snprintf(h->info, PATH_MAX, "%s/var/owamp-server.info", h->dir);
    snprintf(h->stranger, PATH_MAX, "%s/stranger", h->dir);
    snprintf(h->session, PATH_MAX, "%s/data/session", h->dir);
    snprintf(h->files.conf, sizeof h->files.conf, "%s/etc/owamp-server.conf", h->dir);
    snprintf(h->files.limits, sizeof h->files.limits, "%s/etc/owamp-server.limits", h->dir);
    snprintf(h->files.pfs, sizeof h->files.pfs, "%s/etc/owamp-server.pfs", h->dir);
}

static int host_new(void **state)
{
    struct host *h = calloc(1, sizeof *h);
    char etc[80];
    assert_non_null(h);
    strcpy(h->dir, "/tmp/test_confine.XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    conf_init(&h->conf);
    name_files(h);
    snprintf(etc, sizeof etc, "%s/etc", h->dir);
    assert_int_equal(mkdir(h->conf.datadir, 0700) | mkdir(h->conf.vardir, 0700) | mkdir(etc, 0700), 0);
    write_text(h->info, "");
    write_text(h->stranger, "not its own");
    write_text(h->files.limits, "limit root with bandwidth=1\n");
    ps_log_init(&h->log, "test");
    h->log = (struct ps_log){.prog = "test", .level = PS_LOG_INFO, .hook = keep, .hook_ctx = h};
    *state = h;
    return 0;
}

static int host_free(void **state)
{
    struct host *h = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", h->dir);
    assert_int_equal(system(command), 0);
    free(h);
    return 0;
}

static int in_child(int (*body)(struct host *h), struct host *h)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(body(h));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool can_all(void)
{
    if (ps_confine_abi() > 0 && prctl(PR_GET_SECCOMP) >= 0)
        return true;
    print_message("# not tried: this kernel lacks Landlock or seccomp\n");
    return false;
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

static int enter(struct host *h)
{
    struct ps_fault fault;
    return confine_enter(&h->conf, &h->files, h->info, &h->log, h->text, &fault);
}

static int try_outside(struct host *h)
{
    CHECK(1, enter(h) == 0);
    FAILS(2, opens("/etc/shadow", O_RDONLY), EACCES);
    FAILS(3, opens("/etc/passwd", O_RDONLY), EACCES);
    FAILS(4, opens(h->stranger, O_RDONLY), EACCES);
    FAILS(5, opens(h->stranger, O_WRONLY), EACCES);
    FAILS(6, opens(h->files.limits, O_WRONLY), EACCES);
    FAILS(7, unlink(h->files.limits), EACCES);
    FAILS(8, opens("/tmp/test_confine.new", O_WRONLY | O_CREAT), EACCES);
    FAILS(9, symlink("x", "/tmp/test_confine.link"), EACCES);
    return 0;
}

static void the_daemon_reads_and_writes_no_file_outside_of_its_folders(void **state)
{
    if (can_all())
        assert_int_equal(in_child(try_outside, *state), 0);
}

static int try_inside(struct host *h)
{
    char link[PATH_MAX + 8], folder[PATH_MAX + 8];
    snprintf(link, sizeof link, "%s.link", h->session);
    snprintf(folder, sizeof folder, "%s.d", h->session);
    CHECK(1, enter(h) == 0);
    CHECK(2, opens(h->session, O_RDWR | O_CREAT | O_EXCL) == 0 && symlink(h->session, link) == 0);
    CHECK(3, opens(link, O_RDONLY) == 0 && unlink(link) == 0 && unlink(h->session) == 0);
    CHECK(4, mkdir(folder, 0700) == 0 && opens(h->conf.datadir, O_RDONLY | O_DIRECTORY) == 0);
    CHECK(5, opens(h->info, O_WRONLY | O_TRUNC) == 0 && unlink(h->info) == 0);
    CHECK(6, opens(h->files.limits, O_RDONLY) == 0);
    FAILS(7, opens(h->files.pfs, O_RDONLY), ENOENT);
    return 0;
}

static void inside_of_them_it_works_as_before(void **state)
{
    if (can_all())
        assert_int_equal(in_child(try_inside, *state), 0);
}

static int try_programs(struct host *h)
{
    CHECK(1, enter(h) == 0);
    FAILS(2, start_true(), EPERM);
    FAILS(3, socket(AF_INET, SOCK_STREAM, 0), EPERM);
    if (!PS_CONFINE_EASED)
        FAILS(4, fork(), EPERM);
    return 0;
}

static void it_starts_no_program_no_process_and_no_connection(void **state)
{
    if (can_all())
        assert_int_equal(in_child(try_programs, *state), 0);
}

static int try_a_link(struct host *h)
{
    char elsewhere[80], target[100];
    snprintf(elsewhere, sizeof elsewhere, "%s/else", h->dir);
    snprintf(target, sizeof target, "%s/pfs", elsewhere);
    CHECK(1, mkdir(elsewhere, 0700) == 0 && opens(target, O_WRONLY | O_CREAT) == 0);
    CHECK(2, symlink(target, h->files.pfs) == 0);
    CHECK(3, enter(h) == 0);
    CHECK(4, opens(h->files.pfs, O_RDONLY) == 0);
    FAILS(5, opens(h->stranger, O_RDONLY), EACCES);
    return 0;
}

static void rules_that_are_links_are_still_read(void **state)
{
    if (can_all())
        assert_int_equal(in_child(try_a_link, *state), 0);
}

static int end_the_socket(struct host *h)
{
    char folder[80], other[100];
    snprintf(folder, sizeof folder, "%s/run", h->dir);
    snprintf(other, sizeof other, "%s/other", folder);
    snprintf(h->conf.controlsocket, CONF_SOCKET, "%s/socket", folder);
    CHECK(1, mkdir(folder, 0700) == 0 && opens(h->conf.controlsocket, O_WRONLY | O_CREAT) == 0);
    CHECK(2, enter(h) == 0);
    FAILS(3, opens(other, O_WRONLY | O_CREAT), EACCES);
    FAILS(4, opens(h->conf.controlsocket, O_RDONLY), EACCES);
    CHECK(5, unlink(h->conf.controlsocket) == 0);
    return 0;
}

static void all_it_may_do_with_the_control_socket_is_to_remove_it(void **state)
{
    if (can_all())
        assert_int_equal(in_child(end_the_socket, *state), 0);
}

static int say_what_holds(struct host *h)
{
    CHECK(1, enter(h) == 0);
    CHECK(2, strncmp(h->text, "user ", 5) == 0);
    CHECK(3, strstr(h->text, ", no_new_privs, landlock ABI ") != NULL);
    CHECK(4, strstr(h->text, ", seccomp") != NULL);
    CHECK(5, h->said[0] == '\0');
    return 0;
}

static void one_line_says_what_holds(void **state)
{
    if (can_all())
        assert_int_equal(in_child(say_what_holds, *state), 0);
}

static int hold_nothing(struct host *h)
{
    h->conf.sandbox = 0;
    CHECK(1, enter(h) == 0);
    CHECK(2, opens(h->stranger, O_RDWR) == 0);
    CHECK(3, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
    CHECK(4, strstr(h->text, "no_new_privs") == NULL && strstr(h->text, "seccomp") == NULL);
    return 0;
}

static int hold_landlock(struct host *h)
{
    h->conf.sandbox = SANDBOX_NO_NEW_PRIVS | SANDBOX_LANDLOCK;
    CHECK(1, enter(h) == 0);
    FAILS(2, start_true(), EACCES);
    CHECK(3, strstr(h->text, "seccomp") == NULL);
    return 0;
}

static int hold_seccomp(struct host *h)
{
    h->conf.sandbox = SANDBOX_NO_NEW_PRIVS | SANDBOX_SECCOMP;
    CHECK(1, enter(h) == 0);
    FAILS(2, start_true(), EPERM);
    CHECK(3, opens(h->stranger, O_RDONLY) == 0);
    CHECK(4, strstr(h->text, "landlock") == NULL);
    return 0;
}

static void each_can_be_turned_off(void **state)
{
    if (!can_all())
        return;
    assert_int_equal(in_child(hold_nothing, *state), 0);
    assert_int_equal(in_child(hold_landlock, *state), 0);
    assert_int_equal(in_child(hold_seccomp, *state), 0);
}

static int lose_a_folder(struct host *h)
{
    struct ps_fault fault;
    strcpy(h->conf.datadir, "/no/such");
    CHECK(1, confine_enter(&h->conf, &h->files, h->info, &h->log, h->text, &fault) == -ENOENT);
    CHECK(2, strncmp(fault.text, "/no/such: cannot be entered", 27) == 0);
    return 0;
}

static void a_folder_that_cannot_be_entered_is_named(void **state)
{
    if (can_all())
        assert_int_equal(in_child(lose_a_folder, *state), 0);
}

static int open_everything(struct host *h)
{
    strcpy(h->conf.datadir, "/");
    CHECK(1, enter(h) == 0);
    CHECK(2, strstr(h->said,
                    "sandbox: landlock keeps few files from this process: / is one of its folders") != NULL);
    return 0;
}

static void a_folder_that_holds_everything_is_warned_of(void **state)
{
    if (can_all())
        assert_int_equal(in_child(open_everything, *state), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, host_new, host_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_daemon_reads_and_writes_no_file_outside_of_its_folders),
        TEST(inside_of_them_it_works_as_before),
        TEST(it_starts_no_program_no_process_and_no_connection),
        TEST(rules_that_are_links_are_still_read),
        TEST(all_it_may_do_with_the_control_socket_is_to_remove_it),
        TEST(one_line_says_what_holds),
        TEST(each_can_be_turned_off),
        TEST(a_folder_that_cannot_be_entered_is_named),
        TEST(a_folder_that_holds_everything_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
