// SPDX-License-Identifier: Apache-2.0
#include "spool_fix.h"

static const struct ps_spool_conf unbounded;
static const struct ps_spool_conf three = {.max_bytes = 3 * OCTETS(100)};

// The tombstone that comes first; it is kept.
static struct ps_spool_record first_tombstone(struct fix *f)
{
    const struct ps_spool_record *rec;
    struct ps_spool_reader *r = fix_reader(f);
    assert_int_equal(ps_spool_next(r, &rec), 1);
    assert_int_equal(rec->kind, PS_SPOOL_TOMBSTONE);
    struct ps_spool_record copy = *rec;
    ps_spool_reader_close(r);
    return copy;
}

static void beyond_max_bytes_the_oldest_go_and_a_tombstone_says_so(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, three);
    for (unsigned i = 1; i <= 5; i++)
        fix_put(s, i, 1, NOW + i);
    struct ps_spool_stat st = fix_stat(s);
    assert_int_equal(st.records, 3);
    assert_int_equal(st.octets, 3 * OCTETS(100));
    assert_int_equal(st.oldest, NOW + 3);
    assert_int_equal(st.untold, 2);
    assert_int_equal(st.dropped, 2);
    ps_spool_close(s);
    struct ps_spool_record t = first_tombstone(f);
    assert_null(t.data);
    assert_int_equal(t.len, 0);
    assert_int_equal(t.time, NOW + 5);
    assert_int_equal(t.loss.dropped, 2);
    assert_int_equal(t.loss.for_size, 2);
    assert_int_equal(t.loss.for_age, 0);
    assert_int_equal(t.loss.for_room, 0);
    assert_int_equal(t.loss.octets, 2 * OCTETS(100));
    assert_int_equal(t.loss.from, NOW + 1);
    assert_int_equal(t.loss.to, NOW + 2);
    assert_holds(f, "-2 3 4 5");
}

static void what_just_fits_stays(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, three);
    fix_put(s, 1, 3, NOW);
    ps_spool_close(s);
    assert_holds(f, "1 2 3");
}

static void only_as_much_goes_as_must(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, three);
    fix_put(s, 1, 3, NOW);
    struct ps_spool_doc small = {.data = "x", .len = 1};
    assert_int_equal(ps_spool_write(s, &small, 1, NOW, NULL), 0);
    struct ps_spool_stat st = fix_stat(s);
    assert_int_equal(st.records, 3);
    assert_int_equal(st.octets, 2 * OCTETS(100) + OCTETS(1));
    ps_spool_close(s);
}

static void older_than_max_age_they_go(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, (struct ps_spool_conf){.max_age = 10 * PS_SEC});
    fix_put(s, 1, 2, NOW);
    fix_put(s, 3, 1, NOW + 10 * PS_SEC);
    assert_int_equal(fix_stat(s).records, 3);
    fix_put(s, 4, 1, NOW + 10 * PS_SEC + 1);
    assert_int_equal(fix_stat(s).records, 2);
    ps_spool_close(s);
    struct ps_spool_record t = first_tombstone(f);
    assert_int_equal(t.loss.for_age, 2);
    assert_int_equal(t.loss.dropped, 2);
    assert_holds(f, "-2 3 4");
}

static void a_write_of_nothing_applies_the_bounds(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, (struct ps_spool_conf){.max_age = 10 * PS_SEC});
    fix_put(s, 1, 2, NOW);
    assert_int_equal(ps_spool_write(s, NULL, 0, NOW + 11 * PS_SEC, NULL), 0);
    ps_spool_close(s);
    assert_holds(f, "-2");
}

static void so_does_the_opening(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, unbounded);
    for (unsigned i = 1; i <= 5; i++)
        fix_put(s, i, 1, NOW);
    ps_spool_close(s);
    ps_spool_close(fix_open(f, three));
    assert_holds(f, "-2 3 4 5");
}

static void a_file_of_several_is_dropped_as_a_whole_and_all_are_counted(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, unbounded);
    fix_put(s, 1, 4, NOW);
    fix_put(s, 5, 2, NOW + PS_SEC);
    ps_spool_close(s);
    s = fix_open(f, three);
    assert_int_equal(ps_spool_dropped(s), 4);
    assert_int_equal(fix_stat(s).records, 2);
    assert_int_equal(fix_stat(s).untold, 4);
    ps_spool_close(s);
    assert_holds(f, "-4 5 6");
}

// A bound of a few documents keeps them apart, so that it drops no more than it must.
static void documents_share_files_only_where_that_is_little_of_the_bound(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, (struct ps_spool_conf){.max_bytes = 64 * 2 * 144});
    fix_put(s, 1, 10, NOW);
    ps_spool_close(s);
    unsigned files = 0;
    DIR *d = opendir(f->dir);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        files += strstr(e->d_name, ".rec") != NULL;
    closedir(d);
    assert_int_equal(files, 5);
    assert_holds(f, "1 2 3 4 5 6 7 8 9 10");
}

static void tombstones_become_one(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, three);
    fix_put(s, 1, 4, NOW + 1);
    ps_spool_close(s);
    s = fix_open(f, (struct ps_spool_conf){.max_age = 10 * PS_SEC, .max_bytes = three.max_bytes});
    fix_put(s, 5, 1, NOW + 5);
    fix_put(s, 6, 2, NOW + 10 * PS_SEC + 2);
    ps_spool_close(s);
    struct ps_spool_record t = first_tombstone(f);
    assert_int_equal(t.loss.dropped, 4);
    assert_int_equal(t.loss.for_size, 2);
    assert_int_equal(t.loss.for_age, 2);
    assert_int_equal(t.loss.octets, 4 * OCTETS(100));
    assert_int_equal(t.loss.from, NOW + 1);
    assert_int_equal(t.loss.to, NOW + 1);
    assert_holds(f, "-4 5 6 7");
}

static void a_long_backlog_goes_in_one_tombstone(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, (struct ps_spool_conf){.max_age = 10 * PS_SEC});
    for (unsigned i = 0; i < 15; i++) // more than the names that are remembered
        fix_put(s, 100 * i, 100, NOW);
    fix_put(s, 1500, 2, NOW + 20 * PS_SEC);
    assert_int_equal(fix_stat(s).untold, 1500);
    assert_int_equal(fix_stat(s).records, 2);
    ps_spool_close(s);
    assert_holds(f, "-1500 1500 1501");
}

static void a_call_larger_than_the_bound_drops_its_own_first_ones(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, three);
    fix_put(s, 1, 10, NOW);
    ps_spool_close(s);
    assert_holds(f, "-7 8 9 10");
}

static void what_the_reader_has_in_hand_is_not_dropped(void **state)
{
    struct fix *f = *state;
    char list[64];
    const struct ps_spool_record *one, *two;
    struct ps_spool *s = fix_open(f, three);
    fix_put(s, 1, 3, NOW);
    struct ps_spool_reader *r = fix_reader(f);
    assert_int_equal(ps_spool_next(r, &one), 1);
    assert_int_equal(ps_spool_next(r, &two), 1);
    fix_put(s, 4, 2, NOW);
    assert_int_equal(ps_spool_done(r, two), 0);
    ps_spool_keep(r, one);
    ps_spool_rewind(r);
    fix_list(r, list, sizeof list, false);
    assert_string_equal(list, "-1 1 4 5");
    ps_spool_reader_close(r);
    ps_spool_close(s);
}

static void when_all_is_in_hand_the_write_goes_beyond_the_bound(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *rec[3];
    struct ps_spool *s = fix_open(f, three);
    fix_put(s, 1, 3, NOW);
    struct ps_spool_reader *r = fix_reader(f);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ps_spool_next(r, &rec[i]), 1);
    fix_put(s, 4, 1, NOW);
    ps_spool_reader_close(r);
    fix_put(s, 5, 1, NOW);
    ps_spool_close(s);
    assert_holds(f, "-2 3 4 5");
}

static void a_tombstone_in_hand_is_not_added_to(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *t, *rec;
    char list[64];
    struct ps_spool *s = fix_open(f, three);
    fix_put(s, 1, 5, NOW);
    struct ps_spool_reader *r = fix_reader(f);
    assert_int_equal(ps_spool_next(r, &t), 1);
    assert_int_equal(t->loss.dropped, 2);
    fix_put(s, 6, 1, NOW);
    assert_int_equal(fix_stat(s).untold, 3);
    // The next tombstone waits until this one is done with.
    assert_int_equal(ps_spool_next(r, &rec), 1);
    assert_int_equal(fix_number(rec), 4);
    ps_spool_keep(r, rec);
    assert_int_equal(t->loss.dropped, 2);
    assert_int_equal(ps_spool_done(r, t), 0);
    assert_int_equal(fix_stat(s).untold, 1);
    fix_list(r, list, sizeof list, true);
    assert_string_equal(list, "-1 5 6");
    assert_int_equal(fix_stat(s).untold, 0);
    ps_spool_reader_close(r);
    ps_spool_close(s);
}

static void a_tombstone_that_is_kept_comes_again_the_same(void **state)
{
    struct fix *f = *state;
    const struct ps_spool_record *t;
    uint8_t id[PS_SPOOL_ID_LEN];
    struct ps_spool *s = fix_open(f, three);
    fix_put(s, 1, 5, NOW);
    struct ps_spool_reader *r = fix_reader(f);
    assert_int_equal(ps_spool_next(r, &t), 1);
    memcpy(id, t->id, sizeof id);
    ps_spool_keep(r, t);
    fix_put(s, 6, 1, NOW);
    ps_spool_rewind(r);
    assert_int_equal(ps_spool_next(r, &t), 1);
    assert_memory_equal(t->id, id, sizeof id);
    assert_int_equal(t->loss.dropped, 2);
    assert_int_equal(ps_spool_done(r, t), 0);
    assert_int_equal(ps_spool_next(r, &t), 1);
    assert_memory_not_equal(t->id, id, sizeof id);
    assert_int_equal(t->loss.dropped, 1);
    ps_spool_reader_close(r);
    ps_spool_close(s);
}

static void a_damaged_tombstone_is_set_aside(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, three);
    fix_put(s, 1, 5, NOW);
    int fd = open(fix_path(f, "psspool.tombstone"), O_WRONLY);
    assert_int_equal(pwrite(fd, "9", 1, 84 + 19), 1);
    close(fd);
    fix_put(s, 6, 1, NOW);
    assert_int_equal(fix_stat(s).bad, 1);
    assert_int_equal(fix_stat(s).untold, 1);
    ps_spool_close(s);
    assert_int_equal(fix_count(f, ".bad", NULL), 1);
    assert_holds(f, "-1 4 5 6");
}

static void a_link_in_place_of_the_tombstone_is_not_followed(void **state)
{
    struct fix *f = *state;
    close(open(fix_path(f, "target"), O_CREAT | O_WRONLY, 0600));
    struct ps_spool *s = fix_open(f, three);
    fix_put(s, 1, 3, NOW);
    assert_int_equal(symlink("target", fix_path(f, "psspool.tombstone")), 0);
    fix_put(s, 4, 1, NOW);
    ps_spool_close(s);
    assert_holds(f, "-1 2 3 4");
    struct stat st;
    assert_int_equal(stat(fix_path(f, "target"), &st), 0);
    assert_int_equal(st.st_size, 0);
}

static void a_link_named_as_a_record_is_in_nobodys_way(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, three);
    assert_int_equal(
        symlink(
            "/etc/passwd",
            fix_path(f, "0000000000000000-0000000000000001-00000100-0102ab00000000000000000000000000.rec")),
        0);
    ps_spool_close(s);
    s = fix_open(f, three);
    fix_put(s, 1, 3, NOW);
    ps_spool_close(s);
    assert_holds(f, "1 2 3");
    assert_int_equal(fix_count(f, ".bad", NULL), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fix_setup, fix_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(beyond_max_bytes_the_oldest_go_and_a_tombstone_says_so),
        T(what_just_fits_stays),
        T(only_as_much_goes_as_must),
        T(older_than_max_age_they_go),
        T(a_write_of_nothing_applies_the_bounds),
        T(so_does_the_opening),
        T(a_file_of_several_is_dropped_as_a_whole_and_all_are_counted),
        T(documents_share_files_only_where_that_is_little_of_the_bound),
        T(tombstones_become_one),
        T(a_long_backlog_goes_in_one_tombstone),
        T(a_call_larger_than_the_bound_drops_its_own_first_ones),
        T(what_the_reader_has_in_hand_is_not_dropped),
        T(when_all_is_in_hand_the_write_goes_beyond_the_bound),
        T(a_tombstone_in_hand_is_not_added_to),
        T(a_tombstone_that_is_kept_comes_again_the_same),
        T(a_damaged_tombstone_is_set_aside),
        T(a_link_in_place_of_the_tombstone_is_not_followed),
        T(a_link_named_as_a_record_is_in_nobodys_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
