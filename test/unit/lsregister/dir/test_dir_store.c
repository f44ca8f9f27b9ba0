// SPDX-License-Identifier: Apache-2.0
#include "dir_fix.h"
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lsregister/dir_snapshot.h"
#include "lsregister/dir_store.h"

#define NOW INT64_C(1700000000000)
#define WAY "0123456789abcdef0123456789abcdef"

struct fix {
    char dir[64], path[128];
    struct dir_store *store;
    struct dir_index *index;
    struct ps_fault fault;
    int told; // jobs
    int err;  // of the last
    bool missing;
};

static void open_again(struct fix *f)
{
    assert_int_equal(dir_store_open(&f->store, f->path, &f->fault), 0);
    assert_int_equal(dir_index_new(&f->index), 0);
    assert_int_equal(dir_store_load(f->store, f->index, &f->fault), 0);
    assert_int_equal(dir_store_start(f->store, &f->fault), 0);
}

static void shut(struct fix *f)
{
    dir_store_close(f->store);
    dir_index_free(f->index);
}

static int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);

    assert_non_null(f);
    snprintf(f->dir, sizeof f->dir, "%s/test_dir.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/d.db", f->dir);
    open_again(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;
    char command[128];

    shut(f);
    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

struct job {
    struct dir_write w;
    struct fix *f;
};

static void told(struct dir_write *w)
{
    struct job *j = PS_CONTAINER(w, struct job, w);

    j->f->told++;
    j->f->err = w->job.err;
    j->f->missing = w->n && w->rows[0].missing;
    dir_write_fini(w);
    free(j);
}

static struct job *job(struct fix *f, enum dir_write_kind kind, int64_t id)
{
    struct job *j = calloc(1, sizeof *j);

    assert_non_null(j);
    assert_int_equal(dir_write_init(&j->w, f->store, kind, 1), 0);
    j->f = f;
    j->w.done = told;
    j->w.rows[0].id = id;
    j->w.rows[0].uuid[15] = (uint8_t)id;
    return j;
}

static void give(struct job *j)
{
    struct fix *f = j->f;
    struct pollfd p = {.fd = ps_dbqueue_fd(dir_store_queue(f->store)), .events = POLLIN};
    int before = f->told;

    assert_int_equal(dir_write_put(&j->w), 0);
    while (f->told == before) {
        assert_int_equal(poll(&p, 1, -1), 1);
        (void)ps_dbqueue_reap(dir_store_queue(f->store));
    }
}

static int64_t add(struct fix *f, const char *body, bool token)
{
    int64_t id = dir_store_next_id(f->store);
    struct job *j = job(f, DIR_WRITE_ADD, id);

    j->w.body = strdup(body);
    j->w.body_len = strlen(body);
    (void)strcpy(j->w.type, "host");
    j->w.rows[0].expires_ms = NOW;
    j->w.rows[0].ttl_s = DIR_TTL_NONE;
    if (token) {
        j->w.token = malloc(DIR_TOKEN);
        memset(j->w.token, 7, DIR_TOKEN);
    }
    give(j);
    assert_int_equal(f->err, 0);
    return id;
}

static const struct dir_rec *only(const struct fix *f)
{
    uint32_t at = 0;

    assert_int_equal(dir_index_count(f->index), 1);
    return dir_index_each(f->index, &at);
}

static void what_was_written_is_there_again(void **state)
{
    struct fix *f = *state;
    int64_t id = add(f, "{\"type\":[\"host\"],\"host-name\":[\"a\"]}", true);
    struct job *j = job(f, DIR_WRITE_LEASES, id);
    const struct dir_rec *rec;

    j->w.rows[0].expires_ms = NOW + 5;
    j->w.rows[0].ttl_s = 60;
    j->w.rows[0].way = strdup(WAY);
    give(j);
    shut(f);
    open_again(f);
    rec = only(f);
    assert_int_equal(rec->id, id);
    assert_int_equal(rec->expires_ms, NOW + 5);
    assert_int_equal(rec->ttl_s, 60);
    assert_true(rec->renewed);
    assert_non_null(rec->token);
    assert_int_equal(rec->token[31], 7);
    assert_string_equal(rec->way, WAY);
    assert_string_equal(dir_index_value(f->index, rec, "host-name"), "a");
    assert_true(dir_store_next_id(f->store) > id);
}

static void a_directory_stays_who_it_is(void **state)
{
    struct fix *f = *state;
    char self[DIR_SELF_TEXT];

    assert_true(dir_way_good(dir_store_self(f->store)));
    (void)strcpy(self, dir_store_self(f->store));
    shut(f);
    open_again(f);
    assert_string_equal(dir_store_self(f->store), self);
}

static void what_was_removed_is_not(void **state)
{
    struct fix *f = *state;
    int64_t id = add(f, "{\"type\":[\"host\"]}", false);

    give(job(f, DIR_WRITE_REMOVE, id));
    assert_int_equal(f->err, 0);
    assert_false(f->missing);
    give(job(f, DIR_WRITE_REMOVE, id));
    assert_true(f->missing);
    give(job(f, DIR_WRITE_LEASES, id));
    assert_int_equal(f->err, 0);
    assert_true(f->missing);
    shut(f);
    open_again(f);
    assert_int_equal(dir_index_count(f->index), 0);
}

static void a_write_that_fails_takes_nothing_along(void **state)
{
    struct fix *f = *state;
    int64_t id = add(f, "{\"type\":[\"host\"]}", false);
    struct job *bad = job(f, DIR_WRITE_ADD, id), *good = job(f, DIR_WRITE_LEASES, id);

    bad->w.body = strdup("{\"type\":[\"x\"]}");
    (void)strcpy(bad->w.type, "x");
    good->w.rows[0].expires_ms = NOW + 9;
    assert_int_equal(dir_write_put(&bad->w), 0);
    give(good);
    while (f->told < 3)
        (void)ps_dbqueue_reap(dir_store_queue(f->store));
    assert_int_equal(f->err, 0);
    shut(f);
    open_again(f);
    assert_int_equal(only(f)->expires_ms, NOW + 9);
}

static int open_second(struct fix *f)
{
    struct dir_store *other = NULL;
    int err = dir_store_open(&other, f->path, &f->fault);

    return err == -EAGAIN && strstr(f->fault.text, "is in use by the lsregister directory of process") ? 0
                                                                                                       : 1;
}

static void a_second_process_is_kept_away(void **state)
{
    struct fix *f = *state;
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0)
        _exit(open_second(f));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_damaged_record_is_named(void **state)
{
    struct fix *f = *state;
    struct dir_index *ix;

    (void)add(f, "{\"type\":[\"host\"]", false);
    dir_store_close(f->store);
    assert_int_equal(dir_store_open(&f->store, f->path, &f->fault), 0);
    assert_int_equal(dir_index_new(&ix), 0);
    assert_int_not_equal(dir_store_load(f->store, ix, &f->fault), 0);
    assert_non_null(strstr(f->fault.text, "record 1 cannot be read"));
    dir_index_free(ix);
}

static void a_snapshot_has_what_is_alive(void **state)
{
    struct fix *f = *state;
    char path[128], *text = NULL;
    size_t len = 0;
    uint64_t n;
    FILE *file;

    (void)add(f, "{\"type\":[\"host\"],\"a\":[\"1\"]}", false);
    snprintf(path, sizeof path, "%s/s.json", f->dir);
    assert_int_equal(dir_snapshot_write(f->path, path, NOW - 1, &n, &f->fault), 0);
    assert_int_equal(n, 1);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_true(getdelim(&text, &len, '\0', file) > 0);
    assert_string_equal(
        text,
        "[{\"type\":[\"host\"],\"a\":[\"1\"],\"uri\":\"lookup/host/00000000-0000-0000-0000-000000000001\","
        "\"expires\":\"2023-11-14T22:13:20.000Z\",\"state\":\"registered\"}]\n");
    free(text);
    fclose(file);
    assert_int_equal(dir_snapshot_write(f->path, path, NOW, &n, &f->fault), 0);
    assert_int_equal(n, 0);
    snprintf(path, sizeof path, "%s/none/s.json", f->dir);
    assert_int_equal(dir_snapshot_write(f->path, path, NOW, &n, &f->fault), -ENOENT);
    assert_non_null(strstr(f->fault.text, "cannot be written"));
}

static void what_is_new_is_not_for_everybody(void **state)
{
    struct fix *f = *state;
    struct stat st;

    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_is_there_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_directory_stays_who_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_removed_is_not, setup, teardown),
        cmocka_unit_test_setup_teardown(a_write_that_fails_takes_nothing_along, setup, teardown),
        cmocka_unit_test_setup_teardown(a_second_process_is_kept_away, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_record_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_new_is_not_for_everybody, setup, teardown),
        cmocka_unit_test_setup_teardown(a_snapshot_has_what_is_alive, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
