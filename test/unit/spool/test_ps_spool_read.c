// SPDX-License-Identifier: Apache-2.0
#include "spool_fix.h"
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

static const struct ps_spool_conf unbounded;

static void put(struct fix *f, unsigned first, unsigned n)
{
    struct ps_spool *s = fix_open(f, unbounded);
    fix_put(s, first, n, NOW);
    ps_spool_close(s);
}

static const struct ps_spool_record *next(struct ps_spool_reader *r)
{
    const struct ps_spool_record *rec = NULL;
    assert_int_equal(ps_spool_next(r, &rec), 1);
    return rec;
}

static void an_empty_spool_has_nothing_and_still_has_nothing(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *rec;
    struct ps_spool_reader *r = fix_reader(f);
    assert_int_equal(ps_spool_next(r, &rec), 0);
    assert_int_equal(ps_spool_next(r, &rec), 0);
    put(f, 1, 1);
    assert_int_equal(fix_number(next(r)), 1);
    ps_spool_reader_close(r);
}

static void what_is_done_is_gone_and_what_is_kept_comes_again(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *rec;
    struct ps_spool_stat st;
    put(f, 1, 3);
    struct ps_spool_reader *r = fix_reader(f);
    ps_spool_keep(r, next(r));
    assert_int_equal(ps_spool_done(r, next(r)), 0);
    ps_spool_keep(r, next(r));
    assert_int_equal(ps_spool_next(r, &rec), 0);
    assert_int_equal(fix_number(next(r)), 1);
    assert_int_equal(fix_number(next(r)), 3);
    assert_int_equal(ps_spool_reader_stat(r, &st), 0);
    assert_int_equal(st.records, 2);
    ps_spool_reader_close(r);
    assert_holds(f, "1 3");
}

static void a_rewind_begins_again_with_what_is_not_in_hand(void **state)
{
    struct fix *f = *state;
    put(f, 1, 3);
    struct ps_spool_reader *r = fix_reader(f);
    ps_spool_keep(r, next(r));
    assert_int_equal(fix_number(next(r)), 2);
    ps_spool_rewind(r);
    assert_int_equal(fix_number(next(r)), 1);
    assert_int_equal(fix_number(next(r)), 3);
    ps_spool_reader_close(r);
}

static void the_hand_has_a_bound(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *rec = NULL;
    for (unsigned i = 0; i < 3; i++)
        put(f, 100 * i, 100);
    struct ps_spool_reader *r = fix_reader(f);
    for (unsigned i = 0; i < PS_SPOOL_HAND_MAX; i++)
        assert_int_equal(fix_number(rec = next(r)), i);
    assert_int_equal(ps_spool_next(r, &rec), PS_ELIMIT);
    assert_int_equal(ps_spool_done(r, rec), 0);
    assert_int_equal(fix_number(next(r)), PS_SPOOL_HAND_MAX);
    ps_spool_reader_close(r);
}

static void a_record_that_is_not_in_hand_is_refused(void **state)
{
    struct fix *f = *state;
    struct ps_spool_record stranger = {.name = "x"};
    struct ps_spool_reader *r = fix_reader(f);
    assert_int_equal(ps_spool_done(r, &stranger), PS_ESTATE);
    ps_spool_keep(r, &stranger);
    ps_spool_reader_close(r);
}

static void more_than_the_reader_remembers_comes_in_order(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *rec;
    for (unsigned i = 0; i < 25; i++)
        put(f, 100 * i, 100);
    struct ps_spool_reader *r = fix_reader(f);
    for (unsigned i = 0; i < 2500; i++) {
        rec = next(r);
        assert_int_equal(fix_number(rec), i);
        if (i % 2)
            ps_spool_keep(r, rec);
        else
            assert_int_equal(ps_spool_done(r, rec), 0);
    }
    assert_int_equal(ps_spool_next(r, &rec), 0);
    assert_int_equal(fix_number(next(r)), 1);
    ps_spool_reader_close(r);
}

static void a_record_that_was_removed_by_hand_is_passed_over(void **state)
{
    struct fix *f = *state;
    char name[256];
    put(f, 1, 1);
    struct ps_spool_reader *r = fix_reader(f);
    ps_spool_keep(r, next(r));
    ps_spool_rewind(r);
    (void)fix_count(f, ".rec", name);
    const struct ps_spool_record *rec = next(r);
    assert_int_equal(unlink(fix_path(f, name)), 0);
    assert_int_equal(ps_spool_done(r, rec), 0);
    assert_int_equal(ps_spool_next(r, &rec), 0);
    ps_spool_reader_close(r);
}

// --- a second reader

static void a_second_reader_is_told_the_process_of_the_first(void **state)
{
    struct fix *f = *state;
    struct ps_spool_reader *one = fix_reader(f), *two = NULL;
    struct ps_fault fault = {""};
    char want[600];
    assert_int_equal(ps_spool_reader_open(&two, f->dir, &fault), -EBUSY);
    snprintf(want, sizeof want, "%s: spool directory: process %ld is reading it already", f->dir,
             (long)getpid());
    assert_string_equal(fault.text, want);
    ps_spool_reader_close(one);
    two = fix_reader(f);
    ps_spool_reader_close(two);
}

static void a_reader_that_was_killed_is_in_nobodys_way_and_its_record_comes_again(void **state)
{
    struct fix *f = *state;
    int ends[2], status;
    uint8_t id[PS_SPOOL_ID_LEN];
    put(f, 1, 2);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct ps_spool_reader *r = fix_reader(f);
        const struct ps_spool_record *rec = next(r);
        (void)!write(ends[1], rec->id, sizeof rec->id);
        raise(SIGKILL);
    }
    assert_int_equal(read(ends[0], id, sizeof id), sizeof id);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(ends[0]);
    close(ends[1]);
    struct ps_spool_reader *r = fix_reader(f);
    const struct ps_spool_record *rec = next(r);
    assert_memory_equal(rec->id, id, sizeof id);
    assert_int_equal(fix_number(rec), 1);
    ps_spool_reader_close(r);
}

static void a_link_in_place_of_the_readers_lock_is_not_followed(void **state)
{
    struct fix *f = *state;
    struct ps_spool_reader *r = NULL;
    struct ps_fault fault = {""};
    assert_int_equal(symlink("target", fix_path(f, ".psspool-reader")), 0);
    assert_int_equal(ps_spool_reader_open(&r, f->dir, &fault), -ELOOP);
    assert_non_null(strstr(fault.text, ".psspool-reader"));
    assert_int_equal(access(fix_path(f, "target"), F_OK), -1);
}

// --- damage

// The file of the one record, at an offset from its begin.
static void harm(struct fix *f, off_t at, char octet)
{
    char name[256];
    assert_int_equal(fix_count(f, ".rec", name), 1);
    int fd = open(fix_path(f, name), O_WRONLY);
    assert_int_equal(pwrite(fd, &octet, 1, at), 1);
    close(fd);
}

static void assert_set_aside(struct fix *f, const char *what)
{
    const struct ps_spool_record *rec, *good;
    struct ps_spool_stat st;
    unsigned before = fix_count(f, ".bad", NULL);
    struct ps_spool_reader *r = fix_reader(f);
    put(f, 77, 1);
    good = next(r);
    if (fix_number(good) != 77)
        fail_msg("%s: not set aside", what);
    assert_int_equal(ps_spool_next(r, &rec), 0);
    assert_int_equal(ps_spool_damaged(r), 1);
    assert_int_equal(ps_spool_reader_stat(r, &st), 0);
    assert_int_equal(st.records, 1);
    assert_int_equal(st.octets, OCTETS(100));
    assert_int_equal(st.bad, before + 1);
    assert_int_equal(fix_count(f, ".bad", NULL), before + 1);
    assert_int_equal(ps_spool_done(r, good), 0);
    ps_spool_reader_close(r);
}

static void any_wrong_octet_is_damage(void **state)
{
    static const off_t places[] = {0, 8, 10, 45, 70, 76, 83, 84, 183, 184};
    struct fix *f = *state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        put(f, 1, 1);
        harm(f, places[i], '#');
        assert_set_aside(f, "a wrong octet");
    }
}

static void a_file_cut_short_anywhere_is_damage(void **state)
{
    static const off_t lengths[] = {0, 1, 83, 84, 150, 183};
    struct fix *f = *state;
    char name[256];
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        put(f, 1, 1);
        (void)fix_count(f, ".rec", name);
        assert_int_equal(truncate(fix_path(f, name), lengths[i]), 0);
        assert_set_aside(f, "a short file");
    }
}

static void a_record_under_another_name_is_damage(void **state)
{
    struct fix *f = *state;
    char name[256], from[400];
    put(f, 1, 1);
    (void)fix_count(f, ".rec", name);
    snprintf(from, sizeof from, "%s/%s", f->dir, name);
    name[50] = name[50] == 'a' ? 'b' : 'a'; // in the identity
    assert_int_equal(rename(from, fix_path(f, name)), 0);
    assert_set_aside(f, "another name");
}

#define PLANTED "0000000000000000-0000000000000001-00000064-0102ab00000000000000000000000000.rec"

static void links_folders_fifos_and_sockets_are_damage_and_not_followed(void **state)
{
    struct fix *f = *state;
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    char passwd[256];
    snprintf(passwd, sizeof passwd, "%s/target", f->dir);
    close(open(passwd, O_CREAT | O_WRONLY, 0600));
    for (int kind = 0; kind < 4; kind++) {
        const char *path = fix_path(f, PLANTED);
        int s = kind == 3 ? socket(AF_UNIX, SOCK_STREAM, 0) : -1;
        snprintf(a.sun_path, sizeof a.sun_path, "%s/s", f->dir);
        int err = kind == 0   ? symlink(passwd, path)
                  : kind == 1 ? mkdir(path, 0700)
                  : kind == 2 ? mkfifo(path, 0600)
                              : bind(s, (struct sockaddr *)&a, sizeof a) | rename(a.sun_path, path);
        assert_int_equal(err, 0);
        if (s >= 0)
            close(s);
        assert_set_aside(f, "no regular file");
        fix_run(f, "rm -rf \"$D\"/*.bad");
        put(f, 1, 1); // so that the counter of what is set aside is looked after
        struct ps_spool_reader *r = fix_reader(f);
        assert_int_equal(ps_spool_done(r, next(r)), 0);
        ps_spool_reader_close(r);
    }
    assert_int_equal(access(passwd, F_OK), 0);
}

static void only_the_newest_damaged_ones_are_kept(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *rec;
    put(f, 1, 20);
    fix_run(f, "for f in \"$D\"/*.rec; do printf x >>\"$f\"; done");
    struct ps_spool_reader *r = fix_reader(f);
    assert_int_equal(ps_spool_next(r, &rec), 0);
    assert_int_equal(ps_spool_damaged(r), 20);
    ps_spool_reader_close(r);
    assert_int_equal(fix_count(f, ".bad", NULL), PS_SPOOL_BAD_MAX);
    fix_run(f, "test $(ls \"$D\" | head -n 1 | cut -c 1-16) = 0000000000000004");
}

static void an_unreadable_record_is_told_and_the_reader_goes_on_behind_it(void **state)
{
    struct fix *f = *state;
    int status;
    put(f, 1, 2);
    fix_run(f, "chmod 777 \"$D\"");
    fix_run(f, "cd \"$D\"; chmod 666 .ps*; set -- *.rec; chmod 000 \"$1\"; chmod 644 \"$2\"");
    pid_t pid = fork();
    if (pid == 0) {
        const struct ps_spool_record *rec;
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(2);
        struct ps_spool_reader *r = fix_reader(f);
        int err = ps_spool_next(r, &rec);
        _exit(err != -EACCES ? 3 : fix_number(next(r)) == 2 ? 0 : 4);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void many_come_and_go_at_once(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *recs[PS_SPOOL_HAND_MAX];
    struct ps_spool_stat st;
    size_t n;
    for (unsigned i = 0; i < 4; i++)
        put(f, 1 + i * 100, 100);
    struct ps_spool_reader *r = fix_reader(f);
    assert_int_equal(ps_spool_next_many(r, recs, 100, &n), 1);
    assert_int_equal(n, 100);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(fix_number(recs[i]), i + 1);
    assert_int_equal(ps_spool_done_many(r, recs, 50), 0);
    ps_spool_keep(r, recs[99]);
    assert_int_equal(ps_spool_next_many(r, recs, 1000, &n), 1);
    assert_int_equal(n, PS_SPOOL_HAND_MAX - 49); // as many as the hand takes
    assert_int_equal(ps_spool_done_many(r, recs, n), 0);
    assert_int_equal(ps_spool_next_many(r, recs, 1000, &n), 1);
    assert_int_equal(n, 300 - (PS_SPOOL_HAND_MAX - 49));
    assert_int_equal(fix_number(recs[n - 1]), 400);
    assert_int_equal(ps_spool_done_many(r, recs, n), 0);
    assert_int_equal(ps_spool_next_many(r, recs, 1000, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(ps_spool_next_many(r, recs, 1000, &n), 1); // what was kept
    assert_int_equal(n, 1);
    assert_int_equal(fix_number(recs[0]), 100);
    assert_int_equal(ps_spool_reader_stat(r, &st), 0);
    assert_int_equal(st.records, 50);
    ps_spool_reader_close(r);
}

static void damage_among_many_is_set_aside(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *recs[PS_SPOOL_HAND_MAX];
    size_t n;
    put(f, 1, 5);
    fix_run(f, "set -- \"$D\"/*.rec; echo damage >\"$2\"");
    struct ps_spool_reader *r = fix_reader(f);
    assert_int_equal(ps_spool_next_many(r, recs, 100, &n), 1);
    assert_int_equal(n, 4);
    assert_int_equal(fix_number(recs[1]), 3);
    assert_int_equal(ps_spool_damaged(r), 1);
    assert_int_equal(ps_spool_done_many(r, recs, n), 0);
    assert_int_equal(ps_spool_done_many(r, recs, n), PS_ESTATE); // they are not in hand
    ps_spool_reader_close(r);
    assert_int_equal(fix_count(f, ".bad", NULL), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fix_setup, fix_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_empty_spool_has_nothing_and_still_has_nothing),
        T(what_is_done_is_gone_and_what_is_kept_comes_again),
        T(a_rewind_begins_again_with_what_is_not_in_hand),
        T(the_hand_has_a_bound),
        T(many_come_and_go_at_once),
        T(damage_among_many_is_set_aside),
        T(a_record_that_is_not_in_hand_is_refused),
        T(more_than_the_reader_remembers_comes_in_order),
        T(a_record_that_was_removed_by_hand_is_passed_over),
        T(a_second_reader_is_told_the_process_of_the_first),
        T(a_reader_that_was_killed_is_in_nobodys_way_and_its_record_comes_again),
        T(a_link_in_place_of_the_readers_lock_is_not_followed),
        T(any_wrong_octet_is_damage),
        T(a_file_cut_short_anywhere_is_damage),
        T(a_record_under_another_name_is_damage),
        T(links_folders_fifos_and_sockets_are_damage_and_not_followed),
        T(only_the_newest_damaged_ones_are_kept),
        T(an_unreadable_record_is_told_and_the_reader_goes_on_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
