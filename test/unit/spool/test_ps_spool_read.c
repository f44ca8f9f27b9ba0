// SPDX-License-Identifier: Apache-2.0
#include "spool_fix.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "spool/ps_spool_impl.h"

static const struct ps_spool_conf unbounded;

static void put(struct fix *f, unsigned first, unsigned n)
{
    struct ps_spool *s = fix_open(f, unbounded);
    fix_put(s, first, n, NOW);
    ps_spool_close(s);
}

// Each in a file of its own.
static void put_apart(struct fix *f, unsigned first, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        put(f, first + i, 1);
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
    put_apart(f, 1, 3);
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
    for (unsigned i = 0; i < PS_SPOOL_HAND_MAX / 64 + 1; i++)
        put(f, 64 * i, 64);
    struct ps_spool_reader *r = fix_reader(f);
    for (unsigned i = 0; i < PS_SPOOL_HAND_MAX; i++)
        assert_int_equal(fix_number(rec = next(r)), i);
    assert_int_equal(ps_spool_next(r, &rec), PS_ELIMIT);
    assert_int_equal(ps_spool_done(r, rec), 0);
    assert_int_equal(fix_number(next(r)), PS_SPOOL_HAND_MAX);
    ps_spool_reader_close(r);
}

static void open_files_have_a_bound(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *recs[PS_SPOOL_HAND_MAX];
    size_t n, all = 0;
    int got;
    put_apart(f, 0, PS_SPOOL_HAND_FILES + 10);
    struct ps_spool_reader *r = fix_reader(f);
    for (; (got = ps_spool_next_many(r, recs + all, PS_SPOOL_HAND_MAX - all, &n)) > 0; all += n)
        assert_in_range(n, 1, PS_SPOOL_TAKE_FILES); // the others are for other threads
    assert_int_equal(got, PS_ELIMIT);
    assert_int_equal(all, PS_SPOOL_HAND_FILES);
    assert_int_equal(ps_spool_done_many(r, recs, 11), 0);
    assert_int_equal(ps_spool_next_many(r, recs, PS_SPOOL_HAND_MAX, &n), 1);
    assert_int_equal(n, 10);
    assert_int_equal(fix_number(recs[0]), PS_SPOOL_HAND_FILES);
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
    put_apart(f, 1, 20);
    fix_run(f, "for f in \"$D\"/*.rec; do printf x >>\"$f\"; done");
    struct ps_spool_reader *r = fix_reader(f);
    assert_int_equal(ps_spool_next(r, &rec), 0);
    assert_int_equal(ps_spool_damaged(r), 20);
    ps_spool_reader_close(r);
    assert_int_equal(fix_count(f, ".bad", NULL), PS_SPOOL_BAD_MAX);
    assert_int_equal(fix_count(f, ".reason", NULL), PS_SPOOL_BAD_MAX);
    fix_run(f, "test \"$(cat \"$D\"/*.reason | sort -u)\" = \"longer than its name says\"");
    fix_run(f, "test $(ls \"$D\" | head -n 1 | cut -c 1-16) = 0000000000000004");
}

static void an_unreadable_record_is_told_and_the_reader_goes_on_behind_it(void **state)
{
    struct fix *f = *state;
    int status;
    put_apart(f, 1, 2);
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

static void a_call_takes_few_of_large_documents(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *recs[10];
    size_t n, len = PS_SPOOL_TAKE_OCTETS / 2;
    char *data = calloc(1, len);
    struct ps_spool_doc docs[5] = {0};
    for (size_t i = 0; i < 5; i++)
        docs[i] = (struct ps_spool_doc){.data = data, .len = len};
    struct ps_spool *s = fix_open(f, unbounded);
    assert_int_equal(ps_spool_write(s, docs, 5, NOW, NULL), 0);
    ps_spool_close(s);
    struct ps_spool_reader *r = fix_reader(f);
    for (size_t left = 5; left > 0; left -= n) {
        assert_int_equal(ps_spool_next_many(r, recs, 10, &n), 1);
        assert_int_equal(n, left > 1 ? 2 : 1);
    }
    ps_spool_reader_close(r);
    free(data);
}

static void many_come_and_go_at_once(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *recs[PS_SPOOL_HAND_MAX];
    struct ps_spool_stat st;
    size_t n;
    put_apart(f, 1, 100);
    struct ps_spool_reader *r = fix_reader(f);
    assert_int_equal(ps_spool_next_many(r, recs, 50, &n), 1);
    assert_int_equal(n, 50);
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(fix_number(recs[i]), i + 1);
    assert_int_equal(ps_spool_done_many(r, recs, 20), 0);
    ps_spool_keep(r, recs[49]);
    assert_int_equal(ps_spool_next_many(r, recs, 1000, &n), 1);
    assert_int_equal(n, 50);
    assert_int_equal(fix_number(recs[n - 1]), 100);
    assert_int_equal(ps_spool_done_many(r, recs, n), 0);
    assert_int_equal(ps_spool_next_many(r, recs, 1000, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(ps_spool_next_many(r, recs, 1000, &n), 1); // what was kept
    assert_int_equal(n, 1);
    assert_int_equal(fix_number(recs[0]), 50);
    assert_int_equal(ps_spool_reader_stat(r, &st), 0);
    assert_int_equal(st.records, 30);
    ps_spool_reader_close(r);
}

static void damage_among_many_is_set_aside(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *recs[PS_SPOOL_HAND_MAX];
    size_t n;
    put_apart(f, 1, 5);
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

// --- files of several

static void small_documents_of_one_call_share_a_file(void **state)
{
    struct fix *f = *state;
    struct ps_spool_stat st;
    put(f, 1, SPOOL_DOCS_MAX + 2);
    assert_int_equal(fix_count(f, ".rec", NULL), 2);
    struct ps_spool_reader *r = fix_reader(f);
    assert_int_equal(ps_spool_reader_stat(r, &st), 0);
    assert_int_equal(st.records, SPOOL_DOCS_MAX + 2);
    for (unsigned i = 1; i <= SPOOL_DOCS_MAX + 2; i++) {
        const struct ps_spool_record *rec = next(r);
        assert_int_equal(fix_number(rec), i);
        assert_int_equal(rec->time, NOW);
        assert_int_equal(ps_spool_done(r, rec), 0);
        assert_int_equal(fix_count(f, ".rec", NULL), i < SPOOL_DOCS_MAX ? 2 : i < SPOOL_DOCS_MAX + 2 ? 1 : 0);
    }
    assert_int_equal(ps_spool_reader_stat(r, &st), 0);
    assert_int_equal(st.records, 0);
    assert_int_equal(st.octets, 0);
    ps_spool_reader_close(r);
}

static void each_has_its_own_identity_whenever_it_comes(void **state)
{
    struct fix *f = *state;
    uint8_t ids[3][PS_SPOOL_ID_LEN];
    put(f, 1, 3);
    for (int pass = 0; pass < 2; pass++) {
        struct ps_spool_reader *r = fix_reader(f);
        for (int i = 0; i < 3; i++) {
            const struct ps_spool_record *rec = next(r);
            if (pass > 0)
                assert_memory_equal(rec->id, ids[i], sizeof ids[i]);
            memcpy(ids[i], rec->id, sizeof ids[i]);
        }
        assert_memory_not_equal(ids[0], ids[1], sizeof ids[0]);
        assert_memory_not_equal(ids[1], ids[2], sizeof ids[0]);
        ps_spool_reader_close(r);
    }
}

static void what_is_kept_of_a_file_comes_again_alone(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *recs[8], *rec;
    size_t n;
    put(f, 1, 5);
    struct ps_spool_reader *r = fix_reader(f);
    for (int pass = 0; pass < 3; pass++) {
        assert_int_equal(ps_spool_next_many(r, recs, 8, &n), 1);
        assert_int_equal(n, 5 - pass);
        assert_int_equal(fix_number(recs[0]), pass == 0 ? 1 : 2);
        if (pass == 1)
            ps_spool_keep(r, recs[0]);                                     // 2
        assert_int_equal(ps_spool_done_many(r, recs + (pass == 1), 1), 0); // 1, 3, 2
        for (size_t i = pass == 1 ? 2 : 1; i < n; i++)
            ps_spool_keep(r, recs[i]);
        if (pass == 1)
            ps_spool_rewind(r);
        else
            assert_int_equal(ps_spool_next(r, &rec), 0);
    }
    assert_int_equal(fix_number(next(r)), 4);
    ps_spool_reader_close(r);
    assert_holds(f, "1 2 3 4 5"); // another reader does not know what is gone
}

static void what_is_kept_comes_again_though_others_of_its_file_are_in_hand(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *rec;
    put(f, 1, 3);
    struct ps_spool_reader *r = fix_reader(f);
    ps_spool_keep(r, next(r));
    assert_int_equal(fix_number(next(r)), 2);
    assert_int_equal(fix_number(rec = next(r)), 3);
    const struct ps_spool_record *none;
    assert_int_equal(ps_spool_next(r, &none), 0);
    assert_int_equal(ps_spool_done(r, rec), 0);
    assert_int_equal(fix_number(next(r)), 1);
    assert_int_equal(ps_spool_next(r, &none), 0);
    ps_spool_reader_close(r);
}

static void any_damage_to_a_file_of_several_sets_it_aside(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *rec;
    struct stat st;
    char name[256];
    put(f, 1, 3);
    assert_int_equal(fix_count(f, ".rec", name), 1);
    assert_int_equal(stat(fix_path(f, name), &st), 0);
    for (off_t at = 0; at < st.st_size; at += 7) {
        char octet;
        int fd = open(fix_path(f, name), O_RDWR);
        assert_int_equal(pread(fd, &octet, 1, at), 1);
        assert_int_equal(pwrite(fd, &(char){(char)(octet ^ 1)}, 1, at), 1);
        struct ps_spool_reader *r = fix_reader(f);
        assert_int_equal(ps_spool_next(r, &rec), 0);
        assert_int_equal(ps_spool_damaged(r), 1);
        ps_spool_reader_close(r);
        assert_int_equal(pwrite(fd, &octet, 1, at), 1);
        close(fd);
        fix_run(f, "for b in \"$D\"/*.bad; do mv \"$b\" \"${b%.bad}.rec\"; done; rm \"$D\"/.psspool-state");
    }
    assert_holds(f, "1 2 3");
}

#define T(name) cmocka_unit_test_setup_teardown(name, fix_setup, fix_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_empty_spool_has_nothing_and_still_has_nothing),
        T(what_is_done_is_gone_and_what_is_kept_comes_again),
        T(a_rewind_begins_again_with_what_is_not_in_hand),
        T(the_hand_has_a_bound),
        T(open_files_have_a_bound),
        T(a_call_takes_few_of_large_documents),
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
        T(small_documents_of_one_call_share_a_file),
        T(each_has_its_own_identity_whenever_it_comes),
        T(what_is_kept_of_a_file_comes_again_alone),
        T(what_is_kept_comes_again_though_others_of_its_file_are_in_hand),
        T(any_damage_to_a_file_of_several_sets_it_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
