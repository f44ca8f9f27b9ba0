// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "powstream/sink.h"
#include "spool/ps_spool.h"

static char dir[40];
static struct sink *sink;
static sem_t broken;
static int old_stdout, out[2]; // a pipe stands for standard output in some

static void on_broken(void *ctx)
{
    sem_post(ctx);
}

static int begin(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/test_sink.XXXXXX");
    assert_non_null(mkdtemp(dir));
    assert_int_equal(sem_init(&broken, 0, 0), 0);
    return sink_new(&sink, on_broken, &broken);
}

static int remove_it(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int end(void **state)
{
    (void)state;
    sink_free(sink);
    sink = NULL;
    sem_destroy(&broken);
    return nftw(dir, remove_it, 8, FTW_DEPTH | FTW_PHYS);
}

static void take_stdout(void)
{
    fflush(stdout);
    old_stdout = dup(STDOUT_FILENO);
    assert_true(old_stdout >= 0);
    assert_int_equal(pipe(out), 0);
    assert_int_equal(dup2(out[1], STDOUT_FILENO), STDOUT_FILENO);
    close(out[1]);
}

static void give_stdout_back(void)
{
    assert_int_equal(dup2(old_stdout, STDOUT_FILENO), STDOUT_FILENO);
    close(old_stdout);
}

// What the sink tells of itself.
static struct sink_state state_of(void)
{
    struct sink_state st;
    sink_look(sink, &st);
    return st;
}

static char *text(const char *s)
{
    char *copy = strdup(s);
    assert_non_null(copy);
    return copy;
}

static char *numbered(int i)
{
    char s[20];
    snprintf(s, sizeof s, "%d\n", i);
    return text(s);
}

static const char *sub(const char *name)
{
    static char path[100];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void holds(const char *name, const char *want)
{
    char got[200] = "";
    FILE *f = fopen(sub(name), "re");
    if (f == NULL)
        fail_msg("%s: %s", name, strerror(errno));
    size_t n = fread(got, 1, sizeof got - 1, f);
    got[n] = '\0';
    fclose(f);
    assert_string_equal(got, want);
}

static size_t finish(void)
{
    size_t lost = sink_free(sink);
    sink = NULL;
    return lost;
}

static void lines_come_in_their_order(void **state)
{
    char line[20], want[20];
    (void)state;
    take_stdout();
    for (int i = 0; i < 1000; i++)
        assert_int_equal(sink_line(sink, numbered(i)), 0);
    size_t lost = finish();
    give_stdout_back();
    FILE *f = fdopen(out[0], "r");
    for (int i = 0; i < 1000; i++) {
        snprintf(want, sizeof want, "%d\n", i);
        assert_non_null(fgets(line, sizeof line, f));
        assert_string_equal(line, want);
    }
    assert_null(fgets(line, sizeof line, f));
    fclose(f);
    assert_int_equal(lost, 0);
}

static void when_standard_output_is_gone_it_is_told_once(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    take_stdout();
    close(out[0]);
    assert_int_equal(sink_line(sink, text("a\n")), 0);
    sem_wait(&broken);
    while (state_of().dropped == 0)
        usleep(1000);
    int err = sink_line(sink, text("b\n"));
    give_stdout_back();
    assert_int_equal(err, PS_ELIMIT);
    struct sink_state st = state_of();
    assert_string_equal(st.trouble, "standard output: Broken pipe");
    assert_int_equal(st.dropped, 2);
    assert_int_equal(sink_file(sink, dir, "f", text("x")), 0); // other targets go on
    assert_int_equal(finish(), 2);
    assert_int_equal(sem_trywait(&broken), -1);
    holds("f", "x");
}

static void what_waits_has_a_bound_for_each_target(void **state)
{
    const size_t part = SINK_WAITING / 4;
    (void)state;
    for (int i = 0; i < 6; i++) {
        char *big = malloc(part + 1);
        assert_non_null(big);
        memset(big, 'x', part);
        big[part] = '\0';
        // There is no such place: it is tried again and again.
        assert_int_equal(sink_file(sink, sub("none"), "f", big), i < 4 ? 0 : PS_ELIMIT);
    }
    assert_int_equal(sink_file(sink, dir, "f", text("y")), 0);
    while (access(sub("f"), F_OK) != 0)
        usleep(1000);
    struct sink_state now = state_of();
    assert_non_null(strstr(now.trouble, "/none: No such file or directory")); // though the other goes well
    assert_int_equal(now.dropped, 2);
    assert_int_equal(sink_error(sink, sub("none")), -ENOENT);
    assert_int_equal(sink_error(sink, dir), 0);
    assert_int_equal(mkdir(sub("none"), 0700), 0); // now it goes on
    assert_int_equal(finish(), 2);
    struct stat st;
    assert_int_equal(stat(sub("none/f"), &st), 0);
    assert_int_equal(st.st_size, part);
}

static void a_file_is_replaced_as_a_whole(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(sink_file(sink, dir, "note", numbered(i)), 0);
    assert_int_equal(finish(), 0);
    holds("note", "99\n");
    assert_int_equal(access(sub("note.i"), F_OK), -1);
}

static void lines_are_appended_and_a_long_file_is_moved(void **state)
{
    (void)state;
    assert_int_equal(sink_append(sink, dir, "gaps", text("one\n")), 0);
    assert_int_equal(sink_append(sink, dir, "gaps", text("two\n")), 0);
    char *big = malloc((1 << 20) + 2);
    assert_non_null(big);
    memset(big, 'x', (1 << 20) + 1);
    big[(1 << 20) + 1] = '\0';
    assert_int_equal(sink_append(sink, dir, "long", big), 0);
    assert_int_equal(sink_append(sink, dir, "long", text("new\n")), 0);
    assert_int_equal(finish(), 0);
    holds("gaps", "one\ntwo\n");
    holds("long", "new\n");
    struct stat st;
    assert_int_equal(stat(sub("long.1"), &st), 0);
    assert_int_equal(st.st_size, (1 << 20) + 1);
}

static void a_file_that_finds_no_place_comes_later_and_is_printed_then(void **state)
{
    char line[40] = "";
    (void)state;
    take_stdout();
    assert_int_equal(sink_whole(sink, sub("late"), "a.sum", text("sum\n"), text("late/a.sum\n")), 0);
    while (sink_error(sink, sub("late")) == 0)
        usleep(1000);
    int made = mkdir(sub("late"), 0700);
    size_t lost = finish();
    give_stdout_back();
    ssize_t n = read(out[0], line, sizeof line - 1);
    close(out[0]);
    assert_int_equal(made, 0);
    assert_int_equal(lost, 0);
    assert_int_equal(n, 11);
    assert_string_equal(line, "late/a.sum\n");
    holds("late/a.sum", "sum\n");
}

static void a_whole_file_does_not_replace_another(void **state)
{
    (void)state;
    assert_int_equal(sink_file(sink, dir, "a.sum", text("first")), 0);
    assert_int_equal(sink_whole(sink, dir, "a.sum", text("second"), NULL), 0);
    assert_int_equal(finish(), 0);
    holds("a.sum", "first");
}

static void what_others_write_is_told_until_it_goes_well(void **state)
{
    (void)state;
    sink_wrote(sink, dir, -ENOSPC);
    assert_int_equal(sink_error(sink, dir), -ENOSPC);
    assert_non_null(strstr(state_of().trouble, ": No space left on device"));
    sink_wrote(sink, dir, 0);
    assert_string_equal(state_of().trouble, "");
}

static void no_link_is_followed(void **state)
{
    (void)state;
    char link[100];
    snprintf(link, sizeof link, "%s", sub("link"));
    assert_int_equal(symlink("target", link), 0);
    assert_int_equal(sink_file(sink, dir, "link", text("x")), 0);
    assert_int_equal(finish(), 0);
    struct stat st;
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(access(sub("target"), F_OK), -1);
}

// The spool's documents are these, in this order.
static void spool_holds(const char *spool, const char *const *want, size_t n)
{
    struct ps_fault fault = {""};
    struct ps_spool_reader *r;
    const struct ps_spool_record *rec;
    int err = ps_spool_reader_open(&r, spool, &fault);
    assert_string_equal(fault.text, "");
    assert_int_equal(err, 0);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(ps_spool_next(r, &rec), 1);
        assert_int_equal(rec->kind, PS_SPOOL_DOCUMENT);
        assert_int_equal(rec->len, strlen(want[i]));
        assert_memory_equal(rec->data, want[i], rec->len);
        assert_int_equal(ps_spool_done(r, rec), 0);
    }
    assert_int_equal(ps_spool_next(r, &rec), 0);
    ps_spool_reader_close(r);
}

static void documents_come_in_their_order(void **state)
{
    static char words[500][12];
    static const char *want[500];
    (void)state;
    for (int i = 0; i < 500; i++) {
        snprintf(words[i], sizeof words[i], "%d", i);
        want[i] = words[i];
        assert_int_equal(sink_document(sink, sub("spool"), text(words[i])), 0);
    }
    assert_int_equal(finish(), 0);
    spool_holds(sub("spool"), want, 500);
}

static void a_spool_that_fails_gets_all_when_it_recovers(void **state)
{
    static const char *const want[] = {"one", "two"};
    (void)state;
    assert_int_equal(sink_file(sink, dir, "up", text("")), 0); // where the spool is to be: a file
    assert_int_equal(sink_document(sink, sub("up/spool"), text("one")), 0);
    assert_int_equal(sink_document(sink, sub("up/spool"), text("two")), 0);
    while (access(sub("up"), F_OK) != 0 || sink_error(sink, sub("up/spool")) == 0)
        usleep(1000);
    struct sink_state st = state_of();
    assert_non_null(strstr(st.trouble, "up/spool: "));
    assert_int_equal(st.dropped, 0);
    unlink(sub("up"));
    assert_int_equal(mkdir(sub("up"), 0700), 0);
    while (state_of().trouble[0] != '\0')
        usleep(1000);
    assert_int_equal(finish(), 0);
    spool_holds(sub("up/spool"), want, 2);
}

static void what_cannot_be_written_in_the_end_is_counted(void **state)
{
    (void)state;
    assert_int_equal(sink_file(sink, sub("none"), "f", text("x")), 0);
    assert_int_equal(sink_file(sink, sub("none"), "g", text("x")), 0);
    assert_int_equal(finish(), 2);
    assert_int_equal(sink_free(NULL), 0);
}

static void no_text_is_no_memory(void **state)
{
    (void)state;
    assert_int_equal(sink_line(sink, NULL), -ENOMEM);
    assert_int_equal(finish(), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_come_in_their_order),
        TEST(when_standard_output_is_gone_it_is_told_once),
        TEST(what_waits_has_a_bound_for_each_target),
        TEST(a_file_is_replaced_as_a_whole),
        TEST(lines_are_appended_and_a_long_file_is_moved),
        TEST(a_file_that_finds_no_place_comes_later_and_is_printed_then),
        TEST(a_whole_file_does_not_replace_another),
        TEST(what_others_write_is_told_until_it_goes_well),
        TEST(no_link_is_followed),
        TEST(documents_come_in_their_order),
        TEST(a_spool_that_fails_gets_all_when_it_recovers),
        TEST(what_cannot_be_written_in_the_end_is_counted),
        TEST(no_text_is_no_memory),
    };
    return cmocka_run_group_tests_name("powstream sink", tests, NULL, NULL);
}
