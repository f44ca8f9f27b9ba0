// SPDX-License-Identifier: Apache-2.0
// A process that ends before any of its system calls, one after another, and what the next one then finds.
#include "spool_fix.h"
#include "spool_calls.h"

// What came of it all: documents 1 to `visible` were written; those up to `dropped` are counted, the
// others are there, in order.
struct outcome {
    unsigned visible, dropped, docs;
};

static struct outcome drain(struct fix *f)
{
    struct outcome o = {0};
    const struct ps_spool_record *rec;
    struct ps_spool_reader *r = fix_reader(f);
    while (ps_spool_next(r, &rec) == 1) {
        if (rec->kind == PS_SPOOL_TOMBSTONE) {
            o.dropped += (unsigned)rec->loss.dropped;
            assert_int_equal(rec->loss.octets, rec->loss.dropped * OCTETS(100));
        } else {
            unsigned number = fix_number(rec);
            if (o.docs > 0 && number != o.visible + 1)
                fail_msg("%u comes behind %u", number, o.visible);
            o.visible = number;
            o.docs++;
        }
        assert_int_equal(ps_spool_done(r, rec), 0);
    }
    assert_int_equal(ps_spool_damaged(r), 0);
    ps_spool_reader_close(r);
    return o;
}

// Runs the job in a process of its own that ends at its n-th call; what it told of itself is how far it
// came. False when it came to its end.
static bool dies_at(struct fix *f, void (*job)(struct fix *f, int tell), int n, unsigned *told)
{
    int ends[2], status;
    unsigned said;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        calls = (struct calls){.die_at = n};
        job(f, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    while (read(ends[0], &said, sizeof said) == sizeof said)
        *told = said;
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != CALLS_DIED))
        fail_msg("at call %d it ended with status %#x", n, (unsigned)status);
    return WEXITSTATUS(status) == CALLS_DIED;
}

static void tell(int fd, unsigned number)
{
    struct calls saved = calls;
    calls = (struct calls){0};
    (void)!write(fd, &number, sizeof number);
    calls = saved;
}

// Ten records fit.
static const struct ps_spool_conf tight = {.max_bytes = 10 * OCTETS(100)};

static void put_twelve(struct fix *f)
{
    struct ps_spool *s = fix_open(f, tight);
    fix_put(s, 1, 12, NOW);
    ps_spool_close(s);
}

// 13 alone, then 14 to 17 in one call.
static void write_five(struct fix *f, int to)
{
    struct ps_spool *s = NULL;
    struct ps_fault fault;
    if (ps_spool_open(&s, f->dir, &tight, NOW, &fault) != 0)
        _exit(1);
    if (fix_write(s, 13, 1, NOW, NULL) == 0)
        tell(to, 13);
    if (fix_write(s, 14, 4, NOW, NULL) == 0)
        tell(to, 17);
    ps_spool_close(s);
}

static void open_only(struct fix *f, int to)
{
    (void)to;
    struct ps_spool *s = NULL;
    struct ps_fault fault;
    if (ps_spool_open(&s, f->dir, &tight, NOW, &fault) != 0)
        _exit(1);
    ps_spool_close(s);
}

static void assert_adds_up(struct outcome o, unsigned told, int n, int m)
{
    if (o.visible < told || o.visible > 17 || o.dropped + o.docs != o.visible || o.docs > 10)
        fail_msg("dead at call %d, then at %d: told up to %u, delivered %u up to %u, counted %u", n, m, told,
                 o.docs, o.visible, o.dropped);
}

static void a_writer_that_dies_at_any_call_loses_nothing_uncounted(void **state)
{
    struct fix *f = *state;
    int n = 1;
    for (bool died = true; died; n++) {
        unsigned told = 12;
        put_twelve(f);
        died = dies_at(f, write_five, n, &told);
        assert_adds_up(drain(f), told, n, 0);
        assert_int_equal(fix_temporaries(f), 0);
    }
    if (n < 60)
        fail_msg("only %d calls were tried", n);
}

// Every third death of the writer, and all of who comes after it.
static void nor_when_who_comes_next_dies_at_any_call_too(void **state)
{
    struct fix *f = *state;
    bool died = true;
    for (int n = 1; died; n += 3) {
        bool again = true;
        for (int m = 1; again; m++) {
            unsigned told = 12;
            put_twelve(f);
            died = dies_at(f, write_five, n, &told);
            again = dies_at(f, open_only, m, &told);
            assert_adds_up(drain(f), told, n, m);
        }
    }
}

// Tells of each record twice: n when it has acted on it, 100 + n when it has removed it. A tombstone is
// 50 + its count.
static void read_all(struct fix *f, int to)
{
    struct ps_spool_reader *r = NULL;
    const struct ps_spool_record *rec;
    struct ps_fault fault;
    if (ps_spool_reader_open(&r, f->dir, &fault) != 0)
        _exit(1);
    while (ps_spool_next(r, &rec) == 1) {
        unsigned what = rec->kind == PS_SPOOL_TOMBSTONE ? 50 + (unsigned)rec->loss.dropped : fix_number(rec);
        tell(to, what);
        if (ps_spool_done(r, rec) != 0)
            _exit(1);
        tell(to, 100 + what);
    }
    ps_spool_reader_close(r);
}

// What the reader told last decides what must come next: order is 52 (two dropped), 3 to 12.
static void a_reader_that_dies_at_any_call_gets_what_it_has_not_removed(void **state)
{
    struct fix *f = *state;
    int n = 1;
    for (bool died = true; died; n++) {
        unsigned told = 0;
        put_twelve(f);
        died = dies_at(f, read_all, n, &told);
        struct outcome o = drain(f);
        unsigned last = told % 100, removed = last == 52 ? 2 : last > 0 ? last : 0;
        if (told > 0 && told < 100)
            removed = last == 52 ? 0 : last - 1;
        // A death between the removal and its telling leaves one less.
        unsigned left = 12 - removed, came = o.docs + o.dropped;
        unsigned one = last == 52 && told < 100 ? 2 : 1;
        if (came != left && !(told > 0 && told < 100 && came == left - one))
            fail_msg("dead at call %d, told %u: %u came, %u were left", n, told, came, left);
    }
    if (n < 60)
        fail_msg("only %d calls were tried", n);
}

static void copy_first_id(struct fix *f, uint8_t id[PS_SPOOL_ID_LEN], enum ps_spool_kind kind)
{
    const struct ps_spool_record *rec;
    struct ps_spool_reader *r = fix_reader(f);
    assert_int_equal(ps_spool_next(r, &rec), 1);
    assert_int_equal(rec->kind, kind);
    memcpy(id, rec->id, PS_SPOOL_ID_LEN);
    ps_spool_reader_close(r);
}

static void what_comes_again_has_the_identity_it_had(void **state)
{
    struct fix *f = *state;
    uint8_t first[PS_SPOOL_ID_LEN], second[PS_SPOOL_ID_LEN];
    put_twelve(f);
    copy_first_id(f, first, PS_SPOOL_TOMBSTONE);
    copy_first_id(f, second, PS_SPOOL_TOMBSTONE);
    assert_memory_equal(first, second, PS_SPOOL_ID_LEN);
    (void)drain(f);
    struct ps_spool *s = fix_open(f, tight);
    fix_put(s, 1, 1, NOW);
    ps_spool_close(s);
    copy_first_id(f, first, PS_SPOOL_DOCUMENT);
    copy_first_id(f, second, PS_SPOOL_DOCUMENT);
    assert_memory_equal(first, second, PS_SPOOL_ID_LEN);
}

// A tombstone that was told is not added to: what it counts would be told twice.
static void a_tombstone_that_was_given_counts_no_more(void **state)
{
    struct fix *f = *state;
    uint8_t id[PS_SPOOL_ID_LEN];
    put_twelve(f);
    copy_first_id(f, id, PS_SPOOL_TOMBSTONE); // and leaves it in hand
    struct ps_spool *s = fix_open(f, tight);
    fix_put(s, 13, 3, NOW);
    assert_int_equal(fix_stat(s).untold, 5);
    ps_spool_close(s);
    char list[256];
    struct ps_spool_reader *r = fix_reader(f);
    fix_list(r, list, sizeof list, true);
    assert_string_equal(list, "-2 -3 6 7 8 9 10 11 12 13 14 15");
    ps_spool_reader_close(r);
}

// Each call of a write that drops fails once, with each error; or all fail from there on.
static void try_failure(struct fix *f, int n, int error, bool for_good, bool *reached)
{
    size_t first = 0, more = 0;
    put_twelve(f);
    struct ps_spool *s = fix_open(f, tight);
    calls = (struct calls){.fail_at = for_good ? 0 : n, .fail_from = for_good ? n : 0, .error = error};
    int err = fix_write(s, 13, 3, NOW, &first);
    *reached = calls.count >= n;
    calls = (struct calls){0};
    if (err == 0 && first != 3)
        fail_msg("call %d: no error, but %zu of 3 written", n, first);
    if (err != 0 && err != -error)
        fail_msg("call %d failed with %d, the write with %d", n, -error, err);
    fix_put(s, 13 + (unsigned)first, 1, NOW);
    more = 13 + first;
    ps_spool_close(s);
    assert_int_equal(fix_temporaries(f), 0);
    struct outcome o = drain(f);
    if (o.visible != more || o.dropped + o.docs != o.visible)
        fail_msg("call %d, error %d: %u delivered up to %u of %zu, %u counted", n, error, o.docs, o.visible,
                 more, o.dropped);
}

static void a_call_that_fails_anywhere_is_told_and_costs_nothing_else(void **state)
{
    struct fix *f = *state;
    bool reached = true;
    for (int n = 1; reached; n++) {
        try_failure(f, n, EIO, false, &reached);
        try_failure(f, n, ENOSPC, true, &reached);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_writer_that_dies_at_any_call_loses_nothing_uncounted, fix_setup,
                                        fix_teardown),
        cmocka_unit_test_setup_teardown(nor_when_who_comes_next_dies_at_any_call_too, fix_setup,
                                        fix_teardown),
        cmocka_unit_test_setup_teardown(a_reader_that_dies_at_any_call_gets_what_it_has_not_removed,
                                        fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(what_comes_again_has_the_identity_it_had, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(a_tombstone_that_was_given_counts_no_more, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(a_call_that_fails_anywhere_is_told_and_costs_nothing_else, fix_setup,
                                        fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
