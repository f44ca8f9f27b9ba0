// SPDX-License-Identifier: Apache-2.0
#include "json_fix.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void a_document_outlives_its_text(void **state)
{
    char text[] = "{\"a\":\"b\"}";
    struct ps_jdoc *doc = doc_of(text);

    (void)state;
    memset(text, 'x', sizeof text);
    assert_string_equal(ps_jnode_key(ps_jnode_first(ps_jdoc_root(doc))), "a");
    ps_jdoc_free(doc);
    ps_jdoc_free(NULL);
}

static void members_come_in_their_order(void **state)
{
    struct ps_jdoc *doc = doc_of("{\"z\":[1,[2,3],{\"q\":4}],\"a\":null,\"m\":true}");
    static const char *const keys[] = {"z", "a", "m"};
    struct ps_jnode n = ps_jnode_first(ps_jdoc_root(doc));

    (void)state;
    for (size_t i = 0; i < 3; i++, n = ps_jnode_next(n))
        assert_string_equal(ps_jnode_key(n), keys[i]);
    assert_false(ps_jnode_there(n));
    assert_int_equal(ps_jnode_count(ps_jdoc_root(doc)), 3);
    ps_jdoc_free(doc);
}

static void elements_of_an_array_come_in_their_order(void **state)
{
    struct ps_jdoc *doc = doc_of("[ 1 , [2, 3],{\"q\":4},\"x\" ]");
    static const char *const raws[] = {"1", "[2, 3]", "{\"q\":4}", "\"x\""};
    struct ps_jnode n = ps_jnode_first(ps_jdoc_root(doc));

    (void)state;
    for (size_t i = 0; i < 4; i++, n = ps_jnode_next(n)) {
        size_t len;
        const char *raw = ps_jnode_raw(n, &len);
        assert_int_equal(len, strlen(raws[i]));
        assert_memory_equal(raw, raws[i], len);
        assert_null(ps_jnode_key(n));
    }
    assert_false(ps_jnode_there(n));
    ps_jdoc_free(doc);
}

static void a_scalar_has_no_members(void **state)
{
    struct ps_jdoc *doc = doc_of("[\"text\",[]]");
    struct ps_jnode n = ps_jnode_first(ps_jdoc_root(doc));

    (void)state;
    assert_false(ps_jnode_there(ps_jnode_first(n)));
    assert_int_equal(ps_jnode_count(n), 0);
    assert_false(ps_jnode_there(ps_jnode_member(n, "a")));
    n = ps_jnode_next(n);
    assert_false(ps_jnode_there(ps_jnode_first(n)));
    assert_false(ps_jnode_there(ps_jnode_next(n)));
    assert_false(ps_jnode_there(ps_jnode_next(ps_jdoc_root(doc))));
    ps_jdoc_free(doc);
}

static void keys_are_found_decoded_and_by_case(void **state)
{
    struct ps_jdoc *doc = doc_of("{\"caf\\u00e9\":1,\"A\":2,\"a\":3,\"\":4}");
    struct ps_jnode root = ps_jdoc_root(doc);
    uint64_t v = 0;

    (void)state;
    assert_int_equal(ps_jnode_u64(ps_jnode_member(root, "caf\xc3\xa9"), 0, 9, &v, NULL), 0);
    assert_int_equal(v, 1);
    assert_int_equal(ps_jnode_u64(ps_jnode_member(root, "a"), 0, 9, &v, NULL), 0);
    assert_int_equal(v, 3);
    assert_int_equal(ps_jnode_u64(ps_jnode_member(root, ""), 0, 9, &v, NULL), 0);
    assert_int_equal(v, 4);
    assert_false(ps_jnode_there(ps_jnode_member(root, "b")));
    ps_jdoc_free(doc);
}

static void every_type_is_told_from_the_others(void **state)
{
    struct ps_jdoc *doc = doc_of("[null,true,false,-1,0,\"\",[],{}]");
    static const enum ps_jtype types[] = {PS_JTYPE_NULL,   PS_JTYPE_BOOL,   PS_JTYPE_BOOL,  PS_JTYPE_NUMBER,
                                          PS_JTYPE_NUMBER, PS_JTYPE_STRING, PS_JTYPE_ARRAY, PS_JTYPE_OBJECT};
    struct ps_jnode n = ps_jnode_first(ps_jdoc_root(doc));

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++, n = ps_jnode_next(n))
        assert_int_equal(ps_jnode_type(n), types[i]);
    assert_int_equal(ps_jnode_type(n), PS_JTYPE_NONE);
    ps_jdoc_free(doc);
}

static void a_value_knows_its_line_and_path(void **state)
{
    struct ps_jdoc *doc = doc_of("{\n\"streams\": [\n{},\n{\"a b\":\n{\"x\": 1}}]}");
    struct ps_jnode n = ps_jnode_member(ps_jdoc_root(doc), "streams");
    char path[64];

    (void)state;
    assert_string_equal(ps_jnode_path(ps_jdoc_root(doc), path, sizeof path), "the document");
    assert_string_equal(ps_jnode_path(n, path, sizeof path), "streams");
    n = ps_jnode_next(ps_jnode_first(n));
    assert_string_equal(ps_jnode_path(n, path, sizeof path), "streams[1]");
    assert_int_equal(ps_jnode_line(n), 4);
    n = ps_jnode_member(ps_jnode_first(n), "x");
    assert_string_equal(ps_jnode_path(n, path, sizeof path), "streams[1][\"a b\"].x");
    assert_int_equal(ps_jnode_line(n), 5);
    ps_jdoc_free(doc);
}

static void of_a_long_path_the_end_is_shown(void **state)
{
    struct ps_jdoc *doc = doc_of("{\"first\":{\"second\":{\"third\":[[0]]}}}");
    struct ps_jnode n = ps_jdoc_root(doc);
    char path[20];

    (void)state;
    while (ps_jnode_there(ps_jnode_first(n)))
        n = ps_jnode_first(n);
    assert_string_equal(ps_jnode_path(n, path, sizeof path), "....third[0][0]");
    ps_jdoc_free(doc);
}

static void a_key_in_a_path_controls_no_terminal_and_has_a_bound(void **state)
{
    struct ps_jdoc *doc =
        doc_of("{\"\\u001b[1m\\n\\u009b\":0,"
               "\"0123456789012345678901234567890123456789012345678901234567890123456789012345\":0}");
    struct ps_jnode n = ps_jnode_first(ps_jdoc_root(doc));
    char path[160];

    (void)state;
    assert_string_equal(ps_jnode_path(n, path, sizeof path), "[\"?[1m?\?\?\"]");
    assert_string_equal(ps_jnode_path(ps_jnode_next(n), path, sizeof path),
                        "01234567890123456789012345678901234567890123456789012345678901234567...");
    ps_jdoc_free(doc);
}

static void the_node_that_is_not_there_harms_nobody(void **state)
{
    struct ps_jnode none = {NULL, 0};
    struct ps_fault fault;
    char path[16];
    size_t len;

    (void)state;
    assert_false(ps_jnode_there(none));
    assert_false(ps_jnode_there(ps_jnode_first(none)));
    assert_false(ps_jnode_there(ps_jnode_next(none)));
    assert_false(ps_jnode_there(ps_jnode_member(none, "a")));
    assert_int_equal(ps_jnode_count(none), 0);
    assert_null(ps_jnode_key(none));
    assert_int_equal(ps_jnode_line(none), 0);
    assert_string_equal(ps_jnode_raw(none, &len), "");
    assert_int_equal(len, 0);
    assert_string_equal(ps_jnode_path(none, path, sizeof path), "nothing");
    assert_int_equal(ps_jnode_want(none, PS_JTYPE_ARRAY, &fault), PS_ENOTFOUND);
    assert_string_equal(fault.text, "wants an array; got nothing");
}

static void a_key_given_twice_is_refused_where_it_comes_again(void **state)
{
    (void)state;
    REFUSED("{\"a\":1,\n\"b\":2,\n\"a\":3}", PS_EDUPLICATE, "3: a: is given twice, first on line 1");
    REFUSED("{\"s\":[0,{\"x\":1,\"y\":2,\"\\u0079\":3,\"x\":4}]}", PS_EDUPLICATE,
            "1: s[1].y: is given twice, first on line 1");
    ps_jdoc_free(doc_of("{\"a\":{\"a\":1},\"b\":{\"a\":1},\"A\":0}"));
}

static void many_keys_take_no_time_to_speak_of(void **state)
{
    enum { KEYS = 100000 };
    char *text = malloc(KEYS * 16), *p = text;
    struct ps_jdoc *doc;

    (void)state;
    assert_non_null(text);
    for (int i = 0; i < KEYS; i++)
        p += sprintf(p, "%c\"k%d\":0", i ? ',' : '{', i);
    strcpy(p, "}");
    doc = doc_of(text);
    assert_int_equal(ps_jnode_count(ps_jdoc_root(doc)), KEYS);
    ps_jdoc_free(doc);
    strcpy(p, ",\n\"k7\":1}");
    check_refused(text, strlen(text), PS_EDUPLICATE, "f.json:2: k7: is given twice, first on line 1");
    free(text);
}

static void without_a_name_a_fault_is_the_text_alone(void **state)
{
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault;

    (void)state;
    assert_int_equal(ps_jdoc_parse(&doc, NULL, "[", 1, &fault), PS_ESYNTAX);
    assert_string_equal(fault.text, "wants a value; got the end");
}

static void load(const char *text, size_t len, size_t max, int err, const char *message)
{
    char path[] = "/tmp/ps_jdoc.XXXXXX", expected[600];
    struct ps_fault fault = {""};
    struct ps_jdoc *doc = NULL;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), len);
    close(fd);
    assert_int_equal(ps_jdoc_load(&doc, path, max, &fault), err);
    unlink(path);
    ps_jdoc_free(doc);
    snprintf(expected, sizeof expected, "%s%s", err ? path : "", message);
    assert_string_equal(fault.text, expected);
}

static void a_file_is_read_and_its_faults_name_it(void **state)
{
    (void)state;
    load("[1]\n", 4, 4, 0, "");
    load("[1]\n", 4, 3, PS_ELIMIT, ": is larger than 3 octets");
    load("[\n\n", 3, 99, PS_ESYNTAX, ":3: wants a value; got the end");
    load("[\0]", 3, 99, PS_EMALFORMED, ": holds an octet of value 0");
}

static void a_file_that_is_not_there_is_told(void **state)
{
    struct ps_fault fault;
    struct ps_jdoc *doc;

    (void)state;
    assert_int_equal(ps_jdoc_load(&doc, "/nonexistent/x.json", 99, &fault), -ENOENT);
    assert_string_equal(fault.text, "/nonexistent/x.json: No such file or directory");
}

static void of_a_key_given_twice_the_first_counts_where_that_is_let_pass(void **state)
{
    static const char text[] = "{\"a\": 1, \"b\": {\"c\": 2, \"c\": 3}, \"a\": 4}";
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault;
    uint64_t n = 0;

    (void)state;
    assert_int_equal(ps_jdoc_parse(&doc, NULL, text, sizeof text - 1, &fault), PS_EDUPLICATE);
    assert_int_equal(ps_jdoc_parse_foreign(&doc, NULL, text, sizeof text - 1, &fault), PS_EDUPLICATE);
    assert_int_equal(ps_jdoc_parse_careless(&doc, NULL, text, sizeof text - 1, &fault), 0);
    assert_int_equal(ps_jnode_u64(ps_jnode_member(ps_jdoc_root(doc), "a"), 0, 9, &n, &fault), 0);
    assert_int_equal(n, 1);
    assert_int_equal(ps_jnode_count(ps_jdoc_root(doc)), 3);
    ps_jdoc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_document_outlives_its_text),
        TEST(members_come_in_their_order),
        TEST(elements_of_an_array_come_in_their_order),
        TEST(a_scalar_has_no_members),
        TEST(keys_are_found_decoded_and_by_case),
        TEST(every_type_is_told_from_the_others),
        TEST(a_value_knows_its_line_and_path),
        TEST(of_a_long_path_the_end_is_shown),
        TEST(a_key_in_a_path_controls_no_terminal_and_has_a_bound),
        TEST(the_node_that_is_not_there_harms_nobody),
        TEST(a_key_given_twice_is_refused_where_it_comes_again),
        TEST(many_keys_take_no_time_to_speak_of),
        TEST(without_a_name_a_fault_is_the_text_alone),
        TEST(a_file_is_read_and_its_faults_name_it),
        TEST(a_file_that_is_not_there_is_told),
        cmocka_unit_test(of_a_key_given_twice_the_first_counts_where_that_is_let_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
