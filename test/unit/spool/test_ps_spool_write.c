// SPDX-License-Identifier: Apache-2.0
#include "spool_fix.h"
#include <sys/file.h>
#include "spool_calls.h"

static const struct ps_spool_conf unbounded;

static int open_fault(struct fix *f, const char *dir)
{
    struct ps_spool *s = NULL;
    struct ps_fault fault = {""};
    int err = ps_spool_open(&s, dir, &unbounded, NOW, &fault);
    ps_spool_close(s);
    snprintf(f->fault, sizeof f->fault, "%s", fault.text);
    return err;
}

static void assert_fault(struct fix *f, const char *dir, const char *words)
{
    char want[600];
    snprintf(want, sizeof want, "%s: spool directory: %s", dir, words);
    assert_string_equal(f->fault, want);
}

// --- the directory

static void a_missing_directory_is_made_for_owner_and_group(void **state)
{
    struct fix *f = *state;
    struct stat st;
    mode_t mask = umask(022);
    assert_int_equal(open_fault(f, fix_path(f, "new")), 0);
    umask(mask);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 0750);
}

static void a_missing_parent_is_an_error_that_names_the_directory(void **state)
{
    struct fix *f = *state;
    assert_int_equal(open_fault(f, fix_path(f, "no/such")), -ENOENT);
    assert_fault(f, f->path, "No such file or directory");
}

static void a_file_is_no_spool(void **state)
{
    struct fix *f = *state;
    close(open(fix_path(f, "file"), O_CREAT | O_WRONLY, 0600));
    assert_int_equal(open_fault(f, f->path), -ENOTDIR);
    assert_fault(f, f->path, "Not a directory");
}

// As root every directory can be written to: as nobody, then.
static void a_directory_that_cannot_be_written_to_is_told(void **state)
{
    struct fix *f = *state;
    int status;
    assert_int_equal(chmod(f->dir, 0555), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(2);
        int err = open_fault(f, f->dir);
        _exit(err == -EACCES && strstr(f->fault, f->dir) != NULL ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(chmod(f->dir, 0755), 0);
    assert_int_equal(status, 0);
}

static void a_link_in_place_of_the_state_is_not_followed(void **state)
{
    struct fix *f = *state;
    struct stat st;
    char target[256];
    snprintf(target, sizeof target, "%s/victim", f->dir);
    assert_int_equal(symlink(target, fix_path(f, ".psspool-state")), 0);
    assert_int_equal(open_fault(f, f->dir), -ELOOP);
    assert_fault(f, f->dir, ".psspool-state in it is not a regular file of its own");
    assert_int_equal(stat(target, &st), -1);
}

static void nor_is_a_file_of_two_names_overwritten(void **state)
{
    struct fix *f = *state;
    char victim[256], text[8] = "";
    snprintf(victim, sizeof victim, "%s/victim", f->dir);
    int fd = open(victim, O_CREAT | O_RDWR, 0600);
    assert_int_equal(write(fd, "mine", 4), 4);
    assert_int_equal(link(victim, fix_path(f, ".psspool-state")), 0);
    assert_int_equal(open_fault(f, f->dir), -ELOOP);
    assert_int_equal(pread(fd, text, sizeof text, 0), 4);
    assert_string_equal(text, "mine");
    close(fd);
}

static void what_is_in_the_directory_of_others_stays(void **state)
{
    static const char *const names[] = {".powstate",
                                        "a\nb",
                                        ".psspool-tmp-1-x",
                                        ".psspool-tmp-12-00000000000000zz",
                                        "0000000000000001-0000000000000001-00000001-00.rec",
                                        "x.rec",
                                        "x.bad"};
    struct fix *f = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        close(open(fix_path(f, names[i]), O_CREAT | O_WRONLY, 0600));
    assert_int_equal(mkdir(fix_path(f, "folder.rec"), 0700), 0);
    struct ps_spool *s = fix_open(f, (struct ps_spool_conf){.max_bytes = OCTETS(100)});
    fix_put(s, 1, 3, NOW);
    assert_int_equal(fix_stat(s).records, 1);
    ps_spool_close(s);
    assert_holds(f, "-2 3");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(access(fix_path(f, names[i]), F_OK), 0);
    assert_int_equal(access(fix_path(f, "folder.rec"), F_OK), 0);
}

// --- records

static void a_record_is_a_line_and_the_document(void **state)
{
    struct fix *f = *state;
    char name[256], text[200] = "";
    struct ps_spool *s = fix_open(f, unbounded);
    struct ps_spool_doc doc = {.data = "{\"a\":1}", .len = 7, .id = {0xAB}};
    assert_int_equal(ps_spool_write(s, &doc, 1, NOW, NULL), 0);
    assert_int_equal(fix_count(f, ".rec", name), 1);
    assert_string_equal(name,
                        "0000000000000000-18fae27693b40000-00000007-ab000000000000000000000000000000.rec");
    int fd = open(fix_path(f, name), O_RDONLY);
    assert_int_equal(read(fd, text, sizeof text - 1), OCTETS(7));
    close(fd);
    memset(text + 75, '_', 8); // the checksum
    assert_string_equal(
        text, "psspool 1 ab000000000000000000000000000000 01800000000000000000 0000000007 ________\n"
              "{\"a\":1}");
    ps_spool_close(s);
}

static void documents_of_no_octets_and_of_any_octets_pass(void **state)
{
    struct fix *f = *state;
    static char large[PS_SPOOL_DOC_MAX];
    const struct ps_spool_record *rec;
    struct ps_spool *s = fix_open(f, unbounded);
    memset(large, '\n', sizeof large);
    struct ps_spool_doc docs[] = {
        {.data = "", .len = 0}, {.data = "\0\n\xff", .len = 3}, {large, sizeof large, {0}}};
    assert_int_equal(ps_spool_write(s, docs, 3, NOW, NULL), 0);
    ps_spool_close(s);
    struct ps_spool_reader *r = fix_reader(f);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ps_spool_next(r, &rec), 1);
        assert_int_equal(rec->len, docs[i].len);
        assert_memory_equal(rec->data, docs[i].data, docs[i].len);
        assert_memory_equal(rec->id, docs[i].id, PS_SPOOL_ID_LEN);
        assert_int_equal(rec->time, NOW);
    }
    ps_spool_reader_close(r);
}

static void a_document_that_is_too_large_is_refused_and_nothing_of_its_call_written(void **state)
{
    struct fix *f = *state;
    size_t written = 7;
    struct ps_spool *s = fix_open(f, (struct ps_spool_conf){.max_bytes = OCTETS(10)});
    struct ps_spool_doc docs[] = {{.data = "0123456789", .len = 10}, {.data = "0123456789a", .len = 11}};
    assert_int_equal(ps_spool_write(s, docs, 2, NOW, &written), PS_ELIMIT);
    assert_int_equal(written, 0);
    assert_int_equal(fix_stat(s).records, 0);
    assert_int_equal(ps_spool_write(s, docs, 1, NOW, &written), 0);
    docs[0].len = PS_SPOOL_DOC_MAX + 1;
    assert_int_equal(ps_spool_write(s, docs, 1, NOW, &written), PS_ELIMIT);
    ps_spool_close(s);
}

static void identities_are_drawn_unless_they_are_given(void **state)
{
    static const uint8_t none[PS_SPOOL_ID_LEN];
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, unbounded);
    struct ps_spool_doc docs[] = {
        {.data = "a", .len = 1}, {.data = "b", .len = 1, .id = {5}}, {.data = "a", .len = 1}};
    assert_int_equal(ps_spool_write(s, docs, 3, NOW, NULL), 0);
    assert_memory_not_equal(docs[0].id, none, sizeof none);
    assert_memory_not_equal(docs[0].id, docs[2].id, sizeof none);
    assert_memory_equal(docs[1].id, ((uint8_t[PS_SPOOL_ID_LEN]){5}), sizeof none);
    ps_spool_close(s);
}

// --- order

static void a_clock_that_steps_back_changes_no_order(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, unbounded);
    fix_put(s, 1, 1, NOW);
    fix_put(s, 2, 1, NOW - 3600 * PS_SEC);
    fix_put(s, 3, 1, -5);
    ps_spool_close(s);
    s = fix_open(f, unbounded);
    fix_put(s, 4, 1, NOW - 7200 * PS_SEC);
    ps_spool_close(s);
    assert_holds(f, "1 2 3 4");
}

static void the_order_outlives_the_state_file(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, unbounded);
    fix_put(s, 1, 40, NOW);
    ps_spool_close(s);
    assert_int_equal(unlink(fix_path(f, ".psspool-state")), 0);
    s = fix_open(f, unbounded);
    fix_put(s, 41, 1, NOW);
    assert_int_equal(fix_stat(s).records, 41);
    // And while it is open.
    assert_int_equal(unlink(fix_path(f, ".psspool-state")), 0);
    fix_put(s, 42, 1, NOW);
    ps_spool_close(s);
    char list[512];
    struct ps_spool_reader *r = fix_reader(f);
    fix_list(r, list, sizeof list, false);
    assert_non_null(strstr(list, "1 2 3 "));
    assert_non_null(strstr(list, " 40 41 42"));
    ps_spool_reader_close(r);
}

static void several_writers_share_a_spool_and_each_keeps_its_order(void **state)
{
    struct fix *f = *state;
    for (unsigned w = 0; w < 4; w++)
        if (fork() == 0) {
            struct ps_spool *s = fix_open(f, unbounded);
            for (unsigned i = 0; i < 50; i++)
                fix_put(s, w * 1000 + 2 * i, 2, NOW);
            ps_spool_close(s);
            _exit(0);
        }
    for (int w = 0, status; w < 4; w++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    unsigned next[4] = {0}, all = 0;
    const struct ps_spool_record *rec;
    struct ps_spool_reader *r = fix_reader(f);
    for (; ps_spool_next(r, &rec) == 1; all++) {
        unsigned number = fix_number(rec);
        assert_int_equal(number % 1000, next[number / 1000]++);
        assert_int_equal(ps_spool_done(r, rec), 0);
    }
    assert_int_equal(all, 400);
    ps_spool_reader_close(r);
}

static void a_call_of_many_is_written_whole(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, unbounded);
    fix_put(s, 1, 100, NOW);
    struct ps_spool_stat st = fix_stat(s);
    assert_int_equal(st.records, 100);
    assert_int_equal(st.octets, 2 * 84 + 100 * (44 + 100)); // in two files
    assert_int_equal(st.oldest, NOW);
    assert_int_equal(fix_temporaries(f), 0);
    ps_spool_close(s);
}

// --- what goes wrong

static void interrupted_calls_and_short_writes_do_not_matter(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, (struct ps_spool_conf){.max_bytes = 3 * OCTETS(100)});
    calls = (struct calls){.nuisance = 1};
    fix_put(s, 1, 5, NOW);
    fix_put(s, 6, 1, NOW);
    calls = (struct calls){0};
    ps_spool_close(s);
    assert_holds(f, "-3 4 5 6");
}

static void temporary_files_of_the_dead_go_and_those_of_the_living_stay(void **state)
{
    struct fix *f = *state;
    int ends[2], back[2], status;
    char c = 0;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(back), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(fix_path(f, ".psspool-tmp-1-0123456789abcdef"), O_CREAT | O_RDWR, 0600);
        if (flock(fd, LOCK_EX) != 0)
            _exit(1);
        (void)!write(ends[1], "x", 1);
        (void)!read(back[0], &c, 1);
        _exit(0);
    }
    assert_int_equal(read(ends[0], &c, 1), 1);
    assert_int_equal(open_fault(f, f->dir), 0);
    assert_int_equal(fix_temporaries(f), 1);
    assert_int_equal(write(back[1], "x", 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(open_fault(f, f->dir), 0);
    assert_int_equal(fix_temporaries(f), 0);
    close(ends[0]), close(ends[1]), close(back[0]), close(back[1]);
}

static void a_link_named_as_a_temporary_file_is_left_alone(void **state)
{
    struct fix *f = *state;
    close(open(fix_path(f, "target"), O_CREAT | O_WRONLY, 0600));
    assert_int_equal(symlink("target", fix_path(f, ".psspool-tmp-1-0123456789abcdef")), 0);
    assert_int_equal(open_fault(f, f->dir), 0);
    assert_int_equal(fix_temporaries(f), 1);
    assert_int_equal(access(fix_path(f, "target"), F_OK), 0);
}

static void a_full_disk_fails_the_write_and_leaves_what_was_there(void **state)
{
    struct fix *f = *state;
    size_t written = 9;
    struct ps_spool *s = fix_open(f, unbounded);
    fix_put(s, 1, 2, NOW);
    calls = (struct calls){.fail_from = 3, .error = ENOSPC};
    int err = fix_write(s, 3, 2, NOW, &written);
    calls = (struct calls){0};
    assert_int_equal(err, -ENOSPC);
    assert_int_equal(written, 0);
    assert_int_equal(fix_temporaries(f), 0);
    ps_spool_close(s);
    assert_holds(f, "1 2");
}

static void what_is_offered_again_keeps_its_identity(void **state)
{
    struct fix *f = *state;
    struct ps_spool *s = fix_open(f, unbounded);
    struct ps_spool_doc doc = {.data = "a", .len = 1};
    uint8_t first[PS_SPOOL_ID_LEN];
    int err = 0;
    for (int n = 1; err == 0; n++) { // until it fails with the identity drawn
        calls = (struct calls){.fail_at = n + 5, .error = EIO};
        err = ps_spool_write(s, &doc, 1, NOW, NULL);
    }
    calls = (struct calls){0};
    memcpy(first, doc.id, sizeof first);
    assert_int_equal(ps_spool_write(s, &doc, 1, NOW, NULL), 0);
    assert_memory_equal(doc.id, first, sizeof first);
    ps_spool_close(s);
}

static void no_descriptor_is_left(void **state)
{
    struct fix *f = *state;
    int before = dup(0);
    close(before);
    struct ps_spool *s = fix_open(f, (struct ps_spool_conf){.max_bytes = 3 * OCTETS(100)});
    fix_put(s, 1, 50, NOW);
    ps_spool_close(s);
    char list[64];
    struct ps_spool_reader *r = fix_reader(f);
    fix_list(r, list, sizeof list, true);
    ps_spool_reader_close(r);
    int after = dup(0);
    close(after);
    assert_int_equal(after, before);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fix_setup, fix_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_missing_directory_is_made_for_owner_and_group),
        T(a_missing_parent_is_an_error_that_names_the_directory),
        T(a_file_is_no_spool),
        T(a_directory_that_cannot_be_written_to_is_told),
        T(a_link_in_place_of_the_state_is_not_followed),
        T(nor_is_a_file_of_two_names_overwritten),
        T(what_is_in_the_directory_of_others_stays),
        T(a_record_is_a_line_and_the_document),
        T(documents_of_no_octets_and_of_any_octets_pass),
        T(a_document_that_is_too_large_is_refused_and_nothing_of_its_call_written),
        T(identities_are_drawn_unless_they_are_given),
        T(a_clock_that_steps_back_changes_no_order),
        T(the_order_outlives_the_state_file),
        T(several_writers_share_a_spool_and_each_keeps_its_order),
        T(a_call_of_many_is_written_whole),
        T(interrupted_calls_and_short_writes_do_not_matter),
        T(temporary_files_of_the_dead_go_and_those_of_the_living_stay),
        T(a_link_named_as_a_temporary_file_is_left_alone),
        T(a_full_disk_fails_the_write_and_leaves_what_was_there),
        T(what_is_offered_again_keeps_its_identity),
        T(no_descriptor_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
