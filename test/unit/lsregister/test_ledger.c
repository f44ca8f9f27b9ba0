// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "lsregister/ledger.h"

static int set_up(void **state)
{
    char *dir = strdup("/tmp/test_ledger.XXXXXX");
    *state = mkdtemp(dir);
    return 0;
}

static int tear_down(void **state)
{
    char command[200];
    snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    int rc = system(command);
    free(*state);
    return rc;
}

static void an_identity_is_kept_and_is_the_machines(void **state)
{
    struct ledger l;
    struct ps_fault fault;
    char first[REGISTRAR_UUID];
    assert_int_equal(ledger_open(&l, *state, NULL, "machine-a", &fault), 0);
    strcpy(first, l.uuid);
    assert_int_equal(strlen(first), 36);
    ledger_close(&l);
    assert_int_equal(ledger_open(&l, *state, NULL, "machine-a", &fault), 0);
    assert_string_equal(l.uuid, first);
    ledger_close(&l);
    assert_int_equal(ledger_open(&l, *state, NULL, "machine-b", &fault), 0);
    assert_string_not_equal(l.uuid, first);
    ledger_close(&l);
}

static void the_identity_of_perfsonars_registrar_is_taken_over(void **state)
{
    static const char uuid[] = "01234567-89ab-cdef-0123-456789abcdef";
    struct ledger l;
    struct ps_fault fault;
    char path[100];
    snprintf(path, sizeof path, "%s/uuid", (char *)*state);
    FILE *f = fopen(path, "w");
    fprintf(f, "%s\n", uuid);
    fclose(f);
    assert_int_equal(ledger_open(&l, *state, path, NULL, &fault), 0);
    assert_string_equal(l.uuid, uuid);
    ledger_close(&l);
}

// 0, or what is wrong.
static int open_second(const char *dir)
{
    struct ledger b;
    struct ps_fault fault;
    char wanted[300];
    snprintf(wanted, sizeof wanted,
             "%s: is in use by the lsregister of process %ld: end that one, or wait for it", dir,
             (long)getppid());
    if (ledger_open(&b, dir, NULL, NULL, &fault) != -EAGAIN)
        return 1;
    return strcmp(fault.text, wanted) == 0 ? 0 : 2;
}

static void one_registrar_at_a_time_writes(void **state)
{
    struct ledger a, b;
    struct ps_fault fault;
    int status;
    assert_int_equal(ledger_open(&a, *state, NULL, NULL, &fault), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(open_second(*state));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    ledger_close(&a);
    assert_int_equal(ledger_open(&b, *state, NULL, NULL, &fault), 0);
    ledger_close(&b);
}

static void what_is_noted_down_is_read_again(void **state)
{
    static const struct registrar_conf conf = {.interval = PS_SEC};
    static char id[] = "host/0", server[] = "http://ls/", uri[] = "lookup/host/x";
    struct registrar_entry e = {.id = id,
                                .server = server,
                                .uri = uri,
                                .sum = UINT64_MAX - 1,
                                .expires = 5 * PS_SEC,
                                .last = "renewed"};
    struct registrar *r, *again;
    struct ledger l;
    struct ps_fault fault = {""};
    size_t n;
    assert_int_equal(ledger_open(&l, *state, NULL, NULL, &fault), 0);
    registrar_new(&conf, l.uuid, &r);
    registrar_put_entry(r, &e);
    registrar_put_doomed(r, server, "lookup/host/y", "11111111-2222-4333-8444-555555555555", 7 * PS_SEC);
    record_add(&l.names, "192.0.2.1", "h.example.org");
    words_add(&l.asked, "service/0/owamp/0: answers, asked by TCP");
    assert_int_equal(ledger_save(&l, r, &fault), 0);
    record_fini(&l.names);
    words_fini(&l.asked);
    registrar_new(&conf, l.uuid, &again);
    assert_int_equal(ledger_load(&l, again, &fault), 0);
    const struct registrar_entry *got = registrar_entries(again, &n);
    assert_int_equal(n, 1);
    assert_string_equal(got->uri, uri);
    assert_true(got->sum == UINT64_MAX - 1 && got->expires == 5 * PS_SEC);
    assert_string_equal(registrar_doomed(again, &n)->uri, "lookup/host/y");
    assert_string_equal(registrar_doomed(again, &n)->client, "11111111-2222-4333-8444-555555555555");
    assert_int_equal(n, 1);
    assert_string_equal(record_get(&l.names, "192.0.2.1"), "h.example.org");
    assert_int_equal(l.asked.n, 1);
    assert_string_equal(l.asked.at[0], "service/0/owamp/0: answers, asked by TCP");
    registrar_free(r);
    registrar_free(again);
    ledger_close(&l);
}

static void names_of_many_addresses_are_no_damage(void **state)
{
    static const struct registrar_conf conf = {.interval = PS_SEC};
    struct registrar *r;
    struct ledger l;
    struct ps_fault fault = {""};
    assert_int_equal(ledger_open(&l, *state, NULL, NULL, &fault), 0);
    registrar_new(&conf, l.uuid, &r);
    for (int i = 0; i < 2000; i++) {
        char address[40];
        snprintf(address, sizeof address, "2001:db8::%x", (unsigned)i);
        record_add(&l.names, address, "h.example.org");
    }
    assert_int_equal(ledger_save(&l, r, &fault), 0);
    record_fini(&l.names);
    assert_int_equal(ledger_load(&l, r, &fault), 0);
    assert_true(l.names.n > 500);
    registrar_free(r);
    ledger_close(&l);
}

static void a_disk_that_is_full_leaves_the_note_before(void **state)
{
    struct registrar_conf conf = {.interval = PS_SEC};
    struct registrar *r;
    struct ledger l;
    struct ps_fault fault = {""};
    char path[100];
    struct stat st;
    assert_int_equal(ledger_open(&l, *state, NULL, NULL, &fault), 0);
    registrar_new(&conf, l.uuid, &r);
    assert_int_equal(ledger_save(&l, r, &fault), 0);
    // A folder where the new file would be written cannot be written.
    snprintf(path, sizeof path, "%s/registrations.json.tmp", (char *)*state);
    mkdir(path, 0700);
    assert_true(ledger_save(&l, r, &fault) < 0);
    assert_string_not_equal(fault.text, "");
    rmdir(path);
    snprintf(path, sizeof path, "%s/registrations.json", (char *)*state);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size > 0);
    registrar_free(r);
    ledger_close(&l);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_identity_is_kept_and_is_the_machines),
        TEST(the_identity_of_perfsonars_registrar_is_taken_over),
        TEST(one_registrar_at_a_time_writes),
        TEST(what_is_noted_down_is_read_again),
        TEST(names_of_many_addresses_are_no_damage),
        TEST(a_disk_that_is_full_leaves_the_note_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
