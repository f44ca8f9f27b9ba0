// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "spool/ps_spool_impl.h"

static const struct spool_name some = {0x12ab, INT64_C(1800000000123456789), 100, 1, {1, 2, 0xAB}};
#define SOME_NAME "00000000000012ab-18fae2769b0fcd15-00000064-0102ab00000000000000000000000000.rec"

static void a_name_says_sequence_time_length_and_identity(void **state)
{
    char name[SPOOL_NAME_SIZE];
    (void)state;
    spool_name_put(&some, SPOOL_REC, name);
    assert_string_equal(name, SOME_NAME);
}

static void what_a_name_says_is_read_back(void **state)
{
    struct spool_name n;
    (void)state;
    assert_true(spool_name_get(SOME_NAME, SPOOL_REC, &n));
    assert_int_equal(n.seq, some.seq);
    assert_int_equal(n.time, some.time);
    assert_int_equal(n.len, some.len);
    assert_int_equal(n.count, 1);
    assert_memory_equal(n.id, some.id, sizeof n.id);
}

static void a_name_says_how_many_documents_there_are(void **state)
{
    struct spool_name many = some, n;
    char name[SPOOL_NAME_SIZE];
    (void)state;
    many.count = SPOOL_DOCS_MAX;
    spool_name_put(&many, SPOOL_REC, name);
    assert_string_equal(name,
                        "00000000000012ab-18fae2769b0fcd15-7e000064-0102ab00000000000000000000000000.rec");
    assert_true(spool_name_get(name, SPOOL_REC, &n));
    assert_int_equal(n.count, SPOOL_DOCS_MAX);
    assert_int_equal(n.len, 100);
}

static void a_line_leads_to_its_document_and_behind_it(void **state)
{
    char text[2 * SPOOL_LINE_LEN + 8];
    uint8_t id[PS_SPOOL_ID_LEN];
    size_t len = 99;
    (void)state;
    spool_line_make(some.id, 5, text);
    memcpy(text + SPOOL_LINE_LEN, "first", 5);
    spool_line_make(some.id, 0, text + SPOOL_LINE_LEN + 5);
    const uint8_t *at = (const uint8_t *)text, *end = at + 2 * SPOOL_LINE_LEN + 5;
    assert_true(spool_line_get(&at, end, id, &len));
    assert_int_equal(len, 5);
    assert_memory_equal(id, some.id, sizeof id);
    assert_memory_equal(at - len, "first", 5);
    assert_true(spool_line_get(&at, end, id, &len));
    assert_int_equal(len, 0);
    assert_ptr_equal(at, end);
    assert_false(spool_line_get(&at, end, id, &len));
}

static void a_line_that_is_none_or_leads_too_far_is_refused(void **state)
{
    static const char good[] = "0102ab00000000000000000000000000 0000000005\nfirst";
    static const struct {
        size_t at;
        char octet;
    } wrong[] = {{0, 'x'},  {31, ' '},  {33, '-'}, {33, '9'}, {42, '6'},
                 {42, 'x'}, {42, '\0'}, {32, '0'}, {43, ' '}};
    uint8_t id[PS_SPOOL_ID_LEN];
    size_t len;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        uint8_t text[sizeof good - 1];
        const uint8_t *at = text;
        memcpy(text, good, sizeof text);
        assert_true(spool_line_get(&at, text + sizeof text, id, &len));
        at = text;
        text[wrong[i].at] = (uint8_t)wrong[i].octet;
        if (spool_line_get(&at, text + sizeof text, id, &len))
            fail_msg("taken for a line: with octet %d at %zu", wrong[i].octet, wrong[i].at);
    }
    for (size_t n = 0; n < sizeof good - 1; n++) {
        const uint8_t *at = (const uint8_t *)good;
        assert_false(spool_line_get(&at, at + n, id, &len));
    }
}

static void names_of_other_forms_are_nobodys(void **state)
{
    static const char *const others[] = {
        "",
        ".",
        "a",
        (SOME_NAME "x"),
        ("x" SOME_NAME),
        "00000000000012AB-18fae2769b0fcd15-00000064-0102ab00000000000000000000000000.rec",
        "00000000000012ab_18fae2769b0fcd15-00000064-0102ab00000000000000000000000000.rec",
        "00000000000012ab-18fae2769b0fcd15-00000064-0102ab00000000000000000000000000.bad",
        "00000000000012ab-18fae2769b0fcd15-00000064-0102ab0000000000000000000000000\n.rec",
        "00000000000012a -18fae2769b0fcd15-00000064-0102ab00000000000000000000000000.rec",
        "-0000000000012ab-18fae2769b0fcd15-00000064-0102ab00000000000000000000000000.rec",
        "0x000000000012ab-18fae2769b0fcd15-00000064-0102ab00000000000000000000000000.rec",
        "00000000000012ab-98fae2769b0fcd15-00000064-0102ab00000000000000000000000000.rec",
        "00000000000012ab-18fae2769b0fcd15-ffffffff-0102ab00000000000000000000000000.rec",
        "00000000000012ab-18fae2769b0fcd15-80000064-0102ab00000000000000000000000000.rec",
    };
    struct spool_name n;
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (spool_name_get(others[i], SPOOL_REC, &n))
            fail_msg("taken for a record: \"%s\"", others[i]);
}

static void the_checksum_is_the_ieee_crc_32(void **state)
{
    (void)state;
    assert_int_equal(spool_crc(0, "123456789", 9), 0xCBF43926);
    assert_int_equal(spool_crc(spool_crc(0, "1234", 4), "56789", 5), 0xCBF43926);
}

static void a_heading_is_one_line_of_84_octets(void **state)
{
    char head[SPOOL_HEAD_LEN + 1] = "", doc[100];
    (void)state;
    memset(doc, 'd', sizeof doc);
    spool_head_make(&some, doc, head);
    head[83 - 8] = '\0'; // what is before the checksum
    assert_string_equal(head, "psspool 1 0102ab00000000000000000000000000 01800000000123456789 0000000100 ");
    assert_int_equal(head[83], '\n');
}

static void what_a_heading_says_is_read_back(void **state)
{
    char head[SPOOL_HEAD_LEN], doc[100] = "";
    struct spool_name n;
    (void)state;
    spool_head_make(&some, doc, head);
    assert_true(spool_head_get(head, &n));
    assert_int_equal(n.time, some.time);
    assert_int_equal(n.len, some.len);
    assert_int_equal(n.count, 1);
    assert_memory_equal(n.id, some.id, sizeof n.id);
    head[43] = '-';
    assert_false(spool_head_get(head, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_says_sequence_time_length_and_identity),
        cmocka_unit_test(what_a_name_says_is_read_back),
        cmocka_unit_test(a_name_says_how_many_documents_there_are),
        cmocka_unit_test(a_line_leads_to_its_document_and_behind_it),
        cmocka_unit_test(a_line_that_is_none_or_leads_too_far_is_refused),
        cmocka_unit_test(names_of_other_forms_are_nobodys),
        cmocka_unit_test(the_checksum_is_the_ieee_crc_32),
        cmocka_unit_test(a_heading_is_one_line_of_84_octets),
        cmocka_unit_test(what_a_heading_says_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
