// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_keys.h"
#include "base/ps_netset.h"
#include "base/ps_time.h"

struct conf {
    char data[PATH_MAX];
    char user[PS_KEY_NAME_MAX];
    unsigned tasks;
    uint64_t floor;
    ps_ns keep;
    bool pretty;
    struct ps_netset *nets;
    unsigned words;
};

static int count_words(struct ps_key_line *l)
{
    struct conf *c = l->into;

    for (; l->value; ps_key_more(l))
        c->words++;
    return 0;
}

static int always_wrong(struct ps_key_line *l)
{
    return ps_key_wants(l, PS_EMALFORMED, "something else");
}

static const struct ps_key keys[] = {
    {"data", PS_KEY_PATH, offsetof(struct conf, data), 0, 0, NULL},
    {"user", PS_KEY_NAME, offsetof(struct conf, user), 0, 0, NULL},
    {"tasks", PS_KEY_COUNT, offsetof(struct conf, tasks), 1, 100, NULL},
    {"floor", PS_KEY_SIZE, offsetof(struct conf, floor), 1000, 5000000, NULL},
    {"keep", PS_KEY_DURATION, offsetof(struct conf, keep), 60, 86400, NULL},
    {"pretty", PS_KEY_YES, offsetof(struct conf, pretty), 0, 0, NULL},
    {"nets", PS_KEY_NETS, offsetof(struct conf, nets), 0, 0, NULL},
    {"words", PS_KEY_OTHER, 0, 0, 0, count_words},
    {"wrong", PS_KEY_OTHER, 0, 0, 0, always_wrong},
};

static int parse(struct conf *c, const char *text, struct ps_fault *fault)
{
    memset(c, 0, sizeof *c);
    fault->text[0] = '\0';
    return ps_keys_parse(keys, sizeof keys / sizeof keys[0], c, "f.conf", text, strlen(text), fault);
}

static void each_form_is_read_into_its_place(void **state)
{
    struct conf c;
    struct ps_fault fault;

    (void)state;
    assert_int_equal(parse(&c,
                           "data /srv/x\nuser psched\ntasks 7\nfloor 2m\nkeep PT1H\npretty yes\nwords a b c\n"
                           "words d\n",
                           &fault),
                     0);
    assert_string_equal(c.data, "/srv/x");
    assert_string_equal(c.user, "psched");
    assert_int_equal(c.tasks, 7);
    assert_int_equal(c.floor, 2000000);
    assert_int_equal(c.keep, 3600 * PS_SEC);
    assert_true(c.pretty);
    assert_int_equal(c.words, 4);
}

static void networks_of_several_lines_are_one_set(void **state)
{
    struct ps_fault fault;
    struct ps_addr a;
    struct conf c;

    (void)state;
    assert_int_equal(parse(&c, "nets 198.51.100.0/24 2001:db8::1\nnets 192.0.2.7\n", &fault), 0);
    assert_int_equal(ps_netset_count(c.nets), 3);
    assert_int_equal(ps_addr_parse("192.0.2.7", 0, &a), 0);
    assert_true(ps_netset_has(c.nets, &a));
    assert_int_equal(ps_addr_parse("198.51.100.9", 0, &a), 0);
    assert_true(ps_netset_has(c.nets, &a));
    assert_int_equal(ps_addr_parse("192.0.2.8", 0, &a), 0);
    assert_false(ps_netset_has(c.nets, &a));
    ps_netset_free(c.nets);
    assert_int_equal(parse(&c, "nets 192.0.2.0/24 here\n", &fault), PS_ESYNTAX);
    assert_non_null(strstr(fault.text, "nets wants addresses or networks"));
    ps_netset_free(c.nets);
}

static void check_fault(const char *text, int err, const char *words)
{
    struct conf c;
    struct ps_fault fault;

    assert_int_equal(parse(&c, text, &fault), err);
    assert_string_equal(fault.text, words);
}

static void faults_name_line_key_and_value(void **state)
{
    (void)state;
    check_fault("\ntaks 7\n", PS_EUNKNOWN, "f.conf:2: 'taks' is not known here; did you mean \"tasks\"?");
    check_fault("tasks\n", PS_ESYNTAX, "f.conf:1: tasks wants a value; got ''");
    check_fault("tasks 0\n", PS_ERANGE, "f.conf:1: tasks wants a whole number, 1 to 100; got '0'");
    check_fault("tasks 7 8\n", PS_ESYNTAX, "f.conf:1: tasks wants nothing more; got '8'");
    check_fault("floor 10\n", PS_ERANGE,
                "f.conf:1: floor wants a number of octets, as in 500k, 8m or 2g; got '10'");
    check_fault("keep 7\n", PS_ESYNTAX,
                "f.conf:1: keep wants an ISO 8601 duration, as in PT30S, PT6H or P1D; got '7'");
    check_fault("keep P2D\n", PS_ERANGE, "f.conf:1: keep wants a duration from PT1M to P1D; got 'P2D'");
    check_fault("pretty 1\n", PS_ESYNTAX, "f.conf:1: pretty wants yes or no; got '1'");
    check_fault("wrong x\n", PS_EMALFORMED, "f.conf:1: wrong wants something else; got 'x'");
}

static void what_is_too_long_is_refused(void **state)
{
    char text[PATH_MAX + 64];
    struct conf c;
    struct ps_fault fault;

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "data /", 6);
    text[sizeof text - 1] = '\0';
    assert_int_equal(parse(&c, text, &fault), PS_ELIMIT);
    memcpy(text, "user ", 5);
    text[5 + PS_KEY_NAME_MAX] = '\0';
    assert_int_equal(parse(&c, text, &fault), PS_ELIMIT);
    text[4 + PS_KEY_NAME_MAX] = '\0';
    assert_int_equal(parse(&c, text, &fault), 0);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct conf c;
    struct ps_fault fault = {""};

    (void)state;
    assert_int_equal(ps_keys_load(keys, 1, &c, "/nonexistent/f", 100, &fault), -ENOENT);
    assert_non_null(strstr(fault.text, "/nonexistent/f: cannot be read"));
}

static void what_a_reload_cannot_change_is_kept_and_named(void **state)
{
    static const struct ps_key_span fixed[] = {
        PS_KEY_SPAN(struct conf, "data", data, data), PS_KEY_SPAN(struct conf, "user", user, user),
        PS_KEY_SPAN(struct conf, "bounds", tasks, floor), // several members that one key fills
    };
    struct conf now, next;
    struct ps_fault fault;
    char kept[16], few[4];

    (void)state;
    assert_int_equal(parse(&now, "data /a\ntasks 7\nfloor 2m\nkeep PT1H\n", &fault), 0);
    assert_int_equal(parse(&next, "data /a\ntasks 7\nfloor 2m\nkeep PT2H\n", &fault), 0);
    assert_string_equal(ps_keys_keep(fixed, 3, &next, &now, kept, sizeof kept), "");
    assert_true(next.keep == 7200 * PS_SEC);
    assert_int_equal(parse(&next, "data /b\ntasks 7\nfloor 3m\nkeep PT2H\n", &fault), 0);
    assert_string_equal(ps_keys_keep(fixed, 3, &next, &now, kept, sizeof kept), "data bounds");
    assert_string_equal(next.data, "/a");
    assert_true(next.floor == 2000000);
    assert_int_equal(parse(&next, "data /b\n", &fault), 0);
    assert_string_equal(ps_keys_keep(fixed, 3, &next, &now, few, sizeof few), "dat");
    assert_true(next.floor == 2000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_read_into_its_place),
        cmocka_unit_test(networks_of_several_lines_are_one_set),
        cmocka_unit_test(faults_name_line_key_and_value),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
        cmocka_unit_test(what_a_reload_cannot_change_is_kept_and_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
