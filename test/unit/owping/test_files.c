// SPDX-License-Identifier: Apache-2.0
// savefile, source and retrieve.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "endpoint/ep_retrieve.h"
#include "owping/savefile.h"
#include "endpoint/ep_source.h"

static char dir[64], path[128];

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/test_files.XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/session.owp", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir); // fails when something was left behind
}

static void a_file_has_its_name_only_when_committed(void **state)
{
    struct savefile s;
    (void)state;
    assert_int_equal(savefile_open(&s, path), 0);
    assert_int_equal(write(s.fd, "x", 1), 1);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(savefile_commit(&s), 0);
    assert_int_equal(access(path, F_OK), 0);
    savefile_close(&s);
}

static void a_file_that_was_not_committed_leaves_the_former_one(void **state)
{
    struct savefile s;
    struct stat st;
    (void)state;
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("former", f);
    fclose(f);
    assert_int_equal(savefile_open(&s, path), 0);
    savefile_close(&s);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 6);
}

static void a_working_file_has_no_name(void **state)
{
    struct savefile s;
    struct stat st;
    (void)state;
    assert_int_equal(setenv("TMPDIR", dir, 1), 0);
    assert_int_equal(savefile_open(&s, NULL), 0);
    assert_int_equal(fstat(s.fd, &st), 0);
    assert_int_equal(st.st_nlink, 0);
    assert_int_equal(savefile_commit(&s), 0);
    savefile_close(&s);
    unsetenv("TMPDIR");
}

static void only_a_regular_file_is_replaced(void **state)
{
    struct savefile s;
    struct stat st;
    (void)state;
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(savefile_open(&s, path), -EEXIST);
    savefile_close(&s);
    assert_string_equal(savefile_strerror(-EEXIST), "not a regular file; it is left as it is");
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    unlink(path);
    assert_int_equal(savefile_open(&s, dir), -EISDIR);
    savefile_close(&s);
}

static void behind_a_link_its_target_is_written(void **state)
{
    struct savefile s;
    struct stat st;
    char target[80];
    (void)state;
    snprintf(target, sizeof target, "%s/target", dir);
    assert_int_equal(symlink("target", path), 0);
    assert_int_equal(savefile_open(&s, path), -ENOENT);
    savefile_close(&s);
    fclose(fopen(target, "w"));
    assert_int_equal(savefile_open(&s, path), 0);
    assert_int_equal(write(s.fd, "new", 3), 3);
    assert_int_equal(savefile_commit(&s), 0);
    savefile_close(&s);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(target, &st), 0);
    assert_int_equal(st.st_size, 3);
    unlink(path);
    unlink(target);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    struct savefile s;
    (void)state;
    assert_int_equal(savefile_open(&s, "/nonexistent/session.owp"), -ENOENT);
    savefile_close(&s);
}

static void a_source_is_an_address_a_name_or_an_interface(void **state)
{
    struct ps_addr a;
    char text[PS_ADDR_STRLEN];
    (void)state;
    assert_int_equal(ep_source_find("192.0.2.7", AF_UNSPEC, &a), 0);
    assert_string_equal(ps_addr_host(&a, text), "192.0.2.7");
    assert_int_equal(ep_source_find("192.0.2.7", AF_INET6, &a), PS_ENOTFOUND);
    assert_int_equal(ep_source_find("lo", AF_INET, &a), 0);
    assert_string_equal(ps_addr_host(&a, text), "127.0.0.1");
    if (ep_source_find("localhost", AF_INET, &a) == 0) // a system may do without /etc/hosts
        assert_string_equal(ps_addr_host(&a, text), "127.0.0.1");
    assert_int_equal(ep_source_find("no-such-interface.invalid", AF_UNSPEC, &a), PS_ENOTFOUND);
}

static struct ow_client_event head_event(const struct ow_slot *slot)
{
    struct ow_client_event ev = {.type = OW_CEV_FETCH_HEAD, .slots = slot};
    ev.request.ipvn = 4;
    ev.request.conf_receiver = true;
    ev.request.nslots = 1;
    ev.request.npackets = 2;
    return ev;
}

static void a_fetched_session_becomes_a_session_file(void **state)
{
    struct savefile s;
    struct ep_retrieve r;
    struct ps_fault fault;
    struct ow_slot slot = {OW_SLOT_FIXED, 1};
    uint8_t data[2 * OW_REC_LEN];
    struct ow_rec rec = {.seq = 0, .send = 5, .recv = 9, .send_err = 1, .recv_err = 1, .ttl = 255};
    (void)state;
    assert_int_equal(savefile_open(&s, path), 0);
    ep_retrieve_init(&r, s.fd, NULL, NULL);
    struct ow_client_event ack = {.type = OW_CEV_FETCH_ACK};
    ack.ack = (struct ow_fetch_ack){.finished = OW_FIN_NORMAL, .next_seqno = 2, .nrecords = 2};
    assert_int_equal(ep_retrieve_event(&r, &ack), 0);
    struct ow_client_event head = head_event(&slot);
    assert_int_equal(ep_retrieve_event(&r, &head), 0);
    ow_rec_pack(&rec, data);
    rec.seq = 1;
    ow_rec_pack(&rec, data + OW_REC_LEN);
    struct ow_client_event records = {.type = OW_CEV_FETCH_DATA, .records = data, .nrecords = 2};
    assert_int_equal(ep_retrieve_event(&r, &records), 0);
    assert_false(r.done);
    struct ow_client_event done = {.type = OW_CEV_FETCH_DONE};
    assert_int_equal(ep_retrieve_event(&r, &done), 0);
    assert_true(r.done);
    ep_retrieve_fini(&r);
    struct ow_file *file;
    assert_int_equal(ow_file_new(&file, s.fd, "t", &fault), 0);
    assert_int_equal(ow_file_count(file), 2);
    assert_int_equal(ow_file_head(file)->finished, OW_FIN_NORMAL);
    ow_file_free(file);
    savefile_close(&s);
}

static void a_denied_fetch_says_so(void **state)
{
    struct ep_retrieve r;
    struct ow_client_event ack = {.type = OW_CEV_FETCH_ACK};
    (void)state;
    ack.ack.accept = OW_ACCEPT_REJECT;
    ep_retrieve_init(&r, -1, NULL, NULL);
    assert_int_equal(ep_retrieve_event(&r, &ack), PS_EREFUSED);
    assert_int_equal(r.ack.accept, OW_ACCEPT_REJECT);
    ep_retrieve_fini(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_has_its_name_only_when_committed),
        TEST(a_file_that_was_not_committed_leaves_the_former_one),
        TEST(a_working_file_has_no_name),
        TEST(only_a_regular_file_is_replaced),
        TEST(behind_a_link_its_target_is_written),
        TEST(a_folder_that_is_not_there_is_an_error),
        TEST(a_source_is_an_address_a_name_or_an_interface),
        TEST(a_fetched_session_becomes_a_session_file),
        TEST(a_denied_fetch_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
