// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "crypto/ps_cert.h"

#define NOW (INT64_C(1800000000) * PS_SEC)
#define DAY (86400 * PS_SEC)

struct place {
    char dir[64], cert[96], key[96];
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    strcpy(p->dir, "/tmp/test_ps_cert.XXXXXX");
    if (!mkdtemp(p->dir))
        return -1;
    snprintf(p->cert, sizeof p->cert, "%s/cert.pem", p->dir);
    snprintf(p->key, sizeof p->key, "%s/key.pem", p->dir);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;

    unlink(p->cert);
    unlink(p->key);
    rmdir(p->dir);
    free(p);
    return 0;
}

static const char *const names[] = {"host.example.org", "192.0.2.7", "2001:db8::7"};

static void a_made_one_is_good_for_its_days(void **state)
{
    struct place *p = *state;
    struct ps_fault fault;
    struct ps_cert c;
    struct stat st;

    assert_int_equal(ps_cert_make(p->cert, p->key, names, 3, NOW, 30, &fault), 0);
    assert_int_equal(ps_cert_look(p->cert, &c, &fault), 0);
    assert_int_equal(c.from, NOW - DAY);
    assert_int_equal(c.until, NOW + 30 * DAY);
    assert_true(c.self_made);
    assert_int_equal(stat(p->key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void making_again_replaces_it(void **state)
{
    struct place *p = *state;
    struct ps_fault fault;
    struct ps_cert c;

    assert_int_equal(ps_cert_make(p->cert, p->key, names, 1, NOW, 30, &fault), 0);
    assert_int_equal(ps_cert_make(p->cert, p->key, names, 1, NOW + DAY, 30, &fault), 0);
    assert_int_equal(ps_cert_look(p->cert, &c, &fault), 0);
    assert_int_equal(c.until, NOW + 31 * DAY);
}

static void what_is_none_is_told(void **state)
{
    struct place *p = *state;
    struct ps_fault fault;
    struct ps_cert c;
    FILE *f;

    assert_int_equal(ps_cert_look(p->cert, &c, &fault), -ENOENT);
    assert_non_null(strstr(fault.text, p->cert));
    f = fopen(p->cert, "w");
    fputs("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", f);
    fclose(f);
    assert_int_equal(ps_cert_look(p->cert, &c, &fault), PS_EMALFORMED);
    assert_non_null(strstr(fault.text, "no certificate"));
}

static void bad_names_and_places_are_refused(void **state)
{
    static const char *const bad[] = {"a,DNS:b"};
    struct place *p = *state;
    struct ps_fault fault;

    assert_int_equal(ps_cert_make(p->cert, p->key, bad, 1, NOW, 30, &fault), -EINVAL);
    assert_int_equal(ps_cert_make(p->cert, p->key, names, 0, NOW, 30, &fault), PS_ELIMIT);
    assert_int_equal(ps_cert_make("/nonexistent/c", "/nonexistent/k", names, 1, NOW, 30, &fault), -ENOENT);
    assert_int_equal(access(p->cert, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_made_one_is_good_for_its_days, set_up, tear_down),
        cmocka_unit_test_setup_teardown(making_again_replaces_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_none_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_names_and_places_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
