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
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_hold.h"

#define CHECK(number, condition) \
    do {                         \
        if (!(condition))        \
            return number;       \
    } while (0)
#define FAILS(number, call, error) CHECK(number, (call) < 0 && errno == (error))

struct host {
    char dir[64];
    char conf[96], other[96], link[96], target[96], beside[96], stranger[96];
    struct ps_log log;
    char said[1024], text[PS_HOLD_TEXT];
    struct ps_fault fault;
};

static void keep(void *ctx, enum ps_log_level level, const char *line)
{
    struct host *h = ctx;
    size_t n = strlen(h->said);

    snprintf(h->said + n, sizeof h->said - n, "%d %s\n", (int)level, line);
}

static void make(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    close(fd);
}

static void make_files(struct host *h)
{
    char folder[96];

    for (const char *name = "etc\0far\0own\0"; *name; name += strlen(name) + 1) {
        snprintf(folder, sizeof folder, "%s/%s", h->dir, name);
        assert_int_equal(mkdir(folder, 0700), 0);
    }
    snprintf(h->conf, sizeof h->conf, "%s/etc/conf", h->dir);
    snprintf(h->other, sizeof h->other, "%s/etc/other", h->dir);
    snprintf(h->link, sizeof h->link, "%s/etc/link", h->dir);
    snprintf(h->target, sizeof h->target, "%s/far/target", h->dir);
    snprintf(h->beside, sizeof h->beside, "%s/far/beside", h->dir);
    snprintf(h->stranger, sizeof h->stranger, "%s/own/stranger", h->dir);
    make(h->conf);
    make(h->other);
    make(h->target);
    make(h->beside);
    make(h->stranger);
    assert_int_equal(symlink(h->target, h->link), 0);
}

static int host_new(void **state)
{
    struct host *h = calloc(1, sizeof *h);

    assert_non_null(h);
    strcpy(h->dir, "/tmp/test_ps_hold.XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    make_files(h);
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
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0)
        _exit(body(h));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void try(int (*body)(struct host *h), void **state)
{
    if (ps_confine_abi() > 0 && prctl(PR_GET_SECCOMP) >= 0)
        assert_int_equal(in_child(body, *state), 0);
    else
        print_message("# not tried: this kernel lacks Landlock or seccomp\n");
}

// 0 or -1 with errno, as open does; what is opened is closed.
static int opens(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    return fd < 0 ? -1 : close(fd);
}

static int enter(struct host *h, struct ps_hold *list)
{
    return ps_hold_enter(list, &h->log, h->text, &h->fault);
}

// --- the list

static int read_folders(struct host *h)
{
    struct ps_hold list = {0};

    ps_hold_file(&list, h->conf);
    CHECK(1, enter(h, &list) == 0 && !list.paths);
    CHECK(2, opens(h->conf, O_RDONLY) == 0 && opens(h->other, O_RDONLY) == 0);
    FAILS(3, opens(h->conf, O_WRONLY), EACCES);
    FAILS(4, opens(h->link, O_RDONLY), EACCES);
    FAILS(5, opens(h->stranger, O_RDONLY), EACCES);
    return 0;
}

static void what_may_take_a_files_place_is_readable_too(void **state)
{
    try(read_folders, state);
}

static int read_a_link(struct host *h)
{
    struct ps_hold list = {0};

    ps_hold_file(&list, h->link);
    CHECK(1, enter(h, &list) == 0);
    CHECK(2, opens(h->link, O_RDONLY) == 0 && opens(h->beside, O_RDONLY) == 0);
    FAILS(3, opens(h->stranger, O_RDONLY), EACCES);
    return 0;
}

static void of_a_link_where_it_leads_is_readable_too(void **state)
{
    try(read_a_link, state);
}

static int read_what_may_come(struct host *h)
{
    char path[128];
    struct ps_hold list = {0};

    snprintf(path, sizeof path, "%s/etc/none/yet/conf", h->dir);
    ps_hold_file(&list, path);
    CHECK(1, enter(h, &list) == 0);
    CHECK(2, opens(h->other, O_RDONLY) == 0);
    FAILS(3, opens(path, O_RDONLY), ENOENT);
    FAILS(4, opens(h->stranger, O_RDONLY), EACCES);
    return 0;
}

static void a_file_whose_folder_is_not_there_yet_is_readable_when_it_comes(void **state)
{
    try(read_what_may_come, state);
}

static int name_the_root(struct host *h)
{
    struct ps_hold list = {0};

    ps_hold_file(&list, "/no-such-file");
    ps_hold_file(&list, "/no-such-folder/file");
    CHECK(1, enter(h, &list) == 0);
    FAILS(2, opens("/etc/passwd", O_RDONLY), EACCES);
    FAILS(3, opens("/", O_RDONLY | O_DIRECTORY), EACCES);
    CHECK(4, !h->said[0]);
    return 0;
}

static void a_file_in_the_root_does_not_open_everything(void **state)
{
    try(name_the_root, state);
}

static int hold_the_root(struct host *h)
{
    struct ps_hold list = {0};

    ps_hold_folder(&list, "/no-such-socket", PS_CONFINE_READ);
    CHECK(1, opens("/etc/passwd", O_RDONLY) == 0 && enter(h, &list) == 0);
    CHECK(2, strstr(h->said, "sandbox: landlock keeps few files from this process: / is one of its folders"));
    return 0;
}

static void who_opens_everything_is_warned(void **state)
{
    try(hold_the_root, state);
}

static int stay_in_the_folder(struct host *h)
{
    struct ps_hold list = {0};

    CHECK(1, chdir(h->dir) == 0 && chdir("etc") == 0);
    ps_hold_folder(&list, "conf", PS_CONFINE_READ | PS_CONFINE_REMOVE);
    CHECK(2, enter(h, &list) == 0);
    CHECK(3, opens("other", O_RDONLY) == 0 && unlink("other") == 0);
    FAILS(4, opens("new", O_WRONLY | O_CREAT), EACCES);
    FAILS(5, opens(h->stranger, O_RDONLY), EACCES);
    return 0;
}

static void a_name_without_a_folder_is_of_the_folder_it_is_in(void **state)
{
    try(stay_in_the_folder, state);
}

static int look_up(struct host *h)
{
    struct ps_hold list = {0};
    struct addrinfo *found = NULL;

    ps_hold_system(&list);
    ps_hold_path(&list, NULL, PS_CONFINE_READ, false);
    ps_hold_path(&list, "", PS_CONFINE_READ, false);
    ps_hold_folder(&list, "", PS_CONFINE_READ);
    ps_hold_file(&list, NULL);
    CHECK(1, enter(h, &list) == 0);
    CHECK(2, getaddrinfo("localhost", NULL, NULL, &found) == 0);
    freeaddrinfo(found);
    FAILS(3, opens(h->conf, O_RDONLY), EACCES);
    return 0;
}

static void names_are_looked_up_as_before(void **state)
{
    try(look_up, state);
}

// --- entering it

static int reach(void)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&to, sizeof to);
}

static int reach_others(struct host *h)
{
    struct ps_hold list = {.also = PS_CONFINE_TCP};

    CHECK(1, enter(h, &list) == 0);
    FAILS(2, reach(), ECONNREFUSED);
    return 0;
}

static int reach_nobody(struct host *h)
{
    struct ps_hold list = {0};

    CHECK(10, enter(h, &list) == 0);
    FAILS(11, reach(), EPERM);
    return 0;
}

static void connections_are_for_those_who_make_some(void **state)
{
    try(reach_others, state);
    try(reach_nobody, state);
}

static int say_what_holds(struct host *h)
{
    struct ps_hold list = {0};
    char all[PS_HOLD_TEXT];

    snprintf(all, sizeof all, "no_new_privs, landlock ABI %d, seccomp%s", ps_confine_abi(),
             PS_CONFINE_EASED ? " (eased for a sanitizer)" : "");
    CHECK(1, enter(h, &list) == 0);
    CHECK(2, strcmp(h->text, all) == 0 && !h->said[0]);
    FAILS(3, opens(h->stranger, O_RDONLY), EACCES);
    FAILS(4, reach(), EPERM);
    return 0;
}

static int say_that_nothing_holds(struct host *h)
{
    struct ps_hold list = {.without = PS_HOLD_NO_NEW_PRIVS | PS_HOLD_LANDLOCK | PS_HOLD_SECCOMP};

    CHECK(10, enter(h, &list) == 0);
    CHECK(11, !h->text[0] && !h->said[0]);
    CHECK(12, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 && prctl(PR_GET_SECCOMP) == 0);
    CHECK(13, opens(h->stranger, O_RDWR) == 0);
    return 0;
}

static void one_line_says_what_holds(void **state)
{
    try(say_what_holds, state);
    try(say_that_nothing_holds, state);
}

static int lose_a_folder(struct host *h)
{
    struct ps_hold list = {0};

    ps_hold_path(&list, "/no/such", PS_CONFINE_READ, false);
    CHECK(1, enter(h, &list) == -ENOENT && !list.paths);
    CHECK(2, strncmp(h->fault.text, "/no/such: cannot be entered", 27) == 0);
    CHECK(3, prctl(PR_GET_SECCOMP) == 0);
    return 0;
}

static void without_a_folder_that_it_needs_it_is_not_served(void **state)
{
    try(lose_a_folder, state);
}

static void a_reload_that_landlock_stops_wants_a_restart(void **state)
{
    static const char holds[] = "no_new_privs, landlock ABI 4, seccomp";
    struct host *h = *state;

    strcpy(h->fault.text, "/x: Permission denied");
    ps_hold_explain("no_new_privs, seccomp", -EACCES, &h->fault);
    ps_hold_explain(holds, -ENOENT, &h->fault);
    assert_string_equal(h->fault.text, "/x: Permission denied");
    ps_hold_explain(holds, -EACCES, &h->fault);
    assert_string_equal(h->fault.text,
                        "/x: Permission denied; a folder that was not in use at the start wants a restart");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, host_new, host_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_may_take_a_files_place_is_readable_too),
        TEST(of_a_link_where_it_leads_is_readable_too),
        TEST(a_file_whose_folder_is_not_there_yet_is_readable_when_it_comes),
        TEST(a_file_in_the_root_does_not_open_everything),
        TEST(who_opens_everything_is_warned),
        TEST(a_name_without_a_folder_is_of_the_folder_it_is_in),
        TEST(names_are_looked_up_as_before),
        TEST(connections_are_for_those_who_make_some),
        TEST(one_line_says_what_holds),
        TEST(without_a_folder_that_it_needs_it_is_not_served),
        TEST(a_reload_that_landlock_stops_wants_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
