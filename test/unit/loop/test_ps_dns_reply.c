// SPDX-License-Identifier: Apache-2.0
// Replies octet by octet. What servers send is in test_ps_dns.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "loop/ps_dns_impl.h"

#define ID "\x12\x34\x81\x80"
#define NXDOMAIN "\x12\x34\x81\x83"
#define NONE "\0\0"
#define ONE "\0\1"
#define NAME "\1h\7example\0"     // 11 octets, at 12
#define ASK_A NAME "\0\1\0\1"     // to 27
#define ASK_PTR NAME "\0\x0c\0\1" // to 27
#define ASK_TXT NAME "\0\x10\0\1" // to 27
#define HERE "\xc0\x0c"
#define A_60 "\0\1\0\1\0\0\0\x3c\0\4"

static struct ps_dns_records *rec;

// In memory of just that size, so that a sanitizer sees what is read behind it.
static void read_as(enum ps_dns_type type, const char *octets, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);

    assert_non_null(copy);
    memcpy(copy, octets, n);
    ps_dns_records_release(rec);
    rec = ps_dns_records_read(type, "h.example", copy, n);
    assert_non_null(rec);
    free(copy);
}

#define READ(type, octets) read_as(type, octets, sizeof(octets) - 1)

static int end_records(void **state)
{
    (void)state;
    ps_dns_records_release(rec);
    rec = NULL;
    return 0;
}

static void assert_one(const char *expected)
{
    char host[PS_ADDR_STRLEN];

    assert_int_equal(rec->err, 0);
    assert_int_equal(rec->n, 1);
    assert_string_equal(rec->addrs ? ps_addr_host(&rec->addrs[0], host) : rec->texts[0].at, expected);
}

static void an_address_is_read(void **state)
{
    (void)state;
    READ(PS_DNS_A, ID ONE ONE NONE NONE ASK_A HERE A_60 "\xc0\0\2\1");
    assert_one("192.0.2.1");
    assert_true(rec->ttl == 60 * PS_SEC);
    assert_string_equal(rec->name, "h.example");
}

static void without_the_question_it_is_read_too(void **state)
{
    (void)state;
    READ(PS_DNS_A, ID NONE ONE NONE NONE NAME A_60 "\xc0\0\2\1");
    assert_one("192.0.2.1");
}

static void the_shortest_life_counts(void **state)
{
    (void)state;
    READ(PS_DNS_A,
         ID ONE "\0\2" NONE NONE ASK_A HERE A_60 "\xc0\0\2\1" HERE "\0\1\0\1\0\0\0\5\0\4\xc0\0\2\2");
    assert_int_equal(rec->n, 2);
    assert_true(rec->ttl == 5 * PS_SEC);
    READ(PS_DNS_A, ID ONE ONE NONE NONE ASK_A HERE "\0\1\0\1\x80\0\0\5\0\4\xc0\0\2\2");
    assert_true(rec->ttl == 0); // RFC 2181 section 8
}

static void other_names_types_and_classes_are_passed_over(void **state)
{
    (void)state;
    READ(PS_DNS_A, ID ONE "\0\4" NONE NONE ASK_A "\1x\xc0\x0e" A_60 "\1\1\1\1" HERE
                          "\0\x1c\0\1\0\0\0\5\0\4\2\2\2\2" HERE "\0\1\0\3\0\0\0\5\0\4\3\3\3\3"
                          "\1H\7EXAMPLE\0" A_60 "\xc0\0\2\1");
    assert_one("192.0.2.1");
}

static void aliases_are_followed_in_order(void **state)
{
    (void)state;
    // h -> y (5 s), y A; an alias of another name leads nowhere
    READ(PS_DNS_A, ID ONE "\0\3" NONE NONE ASK_A HERE "\0\5\0\1\0\0\0\5\0\4\1y\xc0\x0e" HERE A_60 "\1\1\1\1"
                          "\1y\xc0\x0e" A_60 "\xc0\0\2\1");
    assert_one("192.0.2.1");
    assert_true(rec->ttl == 5 * PS_SEC);
    READ(PS_DNS_A, ID ONE ONE NONE NONE ASK_A HERE "\0\5\0\1\0\0\0\5\0\2" HERE);
    assert_int_equal(rec->err, PS_ENOTFOUND);
    READ(PS_DNS_A, ID ONE ONE NONE NONE ASK_A HERE "\0\5\0\1\0\0\0\5\0\1\0"); // to the root
    assert_int_equal(rec->err, PS_EMALFORMED);
}

static void names_of_an_address_are_read(void **state)
{
    (void)state;
    READ(PS_DNS_PTR, ID ONE ONE NONE NONE ASK_PTR HERE "\0\x0c\0\1\0\0\0\5\0\4\1Y\xc0\x0e");
    assert_one("y.example");
    assert_int_equal(rec->texts[0].len, 9);
}

static void names_that_are_none_are_left_out(void **state)
{
    (void)state;
    // a dot, a blank, a NUL and a backslash inside a label; the root
    READ(PS_DNS_PTR, ID ONE "\0\6" NONE NONE ASK_PTR HERE "\0\x0c\0\1\0\0\0\5\0\5\3a.b\0" HERE
                            "\0\x0c\0\1\0\0\0\5\0\5\3a b\0" HERE "\0\x0c\0\1\0\0\0\5\0\5\3a\0b\0" HERE
                            "\0\x0c\0\1\0\0\0\5\0\5\3a\\b\0" HERE "\0\x0c\0\1\0\0\0\5\0\1\0" HERE
                            "\0\x0c\0\1\0\0\0\5\0\4\2ok\0");
    assert_one("ok");
}

static void texts_are_read_as_they_are(void **state)
{
    (void)state;
    READ(PS_DNS_TXT, ID ONE ONE NONE NONE ASK_TXT HERE "\0\x10\0\1\0\0\0\5\0\7\2ab\3c\0d");
    assert_int_equal(rec->n, 1);
    assert_int_equal(rec->texts[0].len, 5);
    assert_memory_equal(rec->texts[0].at, "abc\0d", 6);
    READ(PS_DNS_TXT,
         ID ONE "\0\2" NONE NONE ASK_TXT HERE "\0\x10\0\1\0\0\0\5\0\0" HERE "\0\x10\0\1\0\0\0\5\0\2\1z");
    assert_int_equal(rec->n, 2);
    assert_int_equal(rec->texts[0].len, 0);
    assert_string_equal(rec->texts[1].at, "z");
}

static void nothing_lives_as_long_as_the_zone_says(void **state)
{
    (void)state;
    READ(PS_DNS_A, NXDOMAIN ONE NONE ONE NONE ASK_A HERE "\0\6\0\1\0\0\0\x50\0\x16\0\0"
                                                         "\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\x40");
    assert_int_equal(rec->err, PS_ENOTFOUND);
    assert_string_equal(rec->cause, "there is no such name");
    assert_true(rec->ttl == 64 * PS_SEC);
    READ(PS_DNS_A, ID ONE NONE NONE NONE ASK_A);
    assert_int_equal(rec->err, PS_ENOTFOUND);
    assert_string_equal(rec->cause, "it has no such address");
    assert_true(rec->ttl == -1);
}

static void what_is_cut_off_anywhere_is_malformed(void **state)
{
    static const char whole[] = ID ONE ONE NONE NONE ASK_PTR HERE "\0\x0c\0\1\0\0\0\5\0\4\1y\xc0\x0e";

    (void)state;
    for (size_t n = 0; n < sizeof whole - 1; n++) {
        read_as(PS_DNS_PTR, whole, n);
        assert_int_equal(rec->err, PS_EMALFORMED);
    }
    read_as(PS_DNS_PTR, whole, sizeof whole - 1);
    assert_one("y.example");
}

static void names_that_lead_around_are_malformed(void **state)
{
    (void)state;
    READ(PS_DNS_A, ID ONE ONE NONE NONE "\xc0\x0c\0\1\0\1" HERE A_60 "\xc0\0\2\1"); // to itself
    assert_int_equal(rec->err, PS_EMALFORMED);
    READ(PS_DNS_A, ID ONE ONE NONE NONE "\1a\xc0\x0c\0\1\0\1" HERE A_60 "\xc0\0\2\1"); // for ever longer
    assert_int_equal(rec->err, PS_EMALFORMED);
    READ(PS_DNS_A, ID ONE ONE NONE NONE "\xff\xff\0\1\0\1" HERE A_60 "\xc0\0\2\1"); // out of it
    assert_int_equal(rec->err, PS_EMALFORMED);
    READ(PS_DNS_A, ID ONE ONE NONE NONE "\x41z\0\0\1\0\1" HERE A_60 "\xc0\0\2\1"); // a label of no kind
    assert_int_equal(rec->err, PS_EMALFORMED);
}

static void records_that_are_not_what_they_say_are_malformed(void **state)
{
    (void)state;
    READ(PS_DNS_A, ID ONE ONE NONE NONE ASK_A HERE "\0\1\0\1\0\0\0\5\0\5\xc0\0\2\1\0");
    assert_int_equal(rec->err, PS_EMALFORMED);
    READ(PS_DNS_A, ID ONE ONE NONE NONE ASK_A HERE "\0\1\0\1\0\0\0\5\0\0");
    assert_int_equal(rec->err, PS_EMALFORMED);
    READ(PS_DNS_TXT, ID ONE ONE NONE NONE ASK_TXT HERE "\0\x10\0\1\0\0\0\5\0\3\7abc"); // longer than it
    assert_int_equal(rec->err, PS_EMALFORMED);
    READ(PS_DNS_PTR, ID ONE ONE NONE NONE ASK_PTR HERE "\0\x0c\0\1\0\0\0\5\0\1\1y\0"); // likewise
    assert_int_equal(rec->err, PS_EMALFORMED);
}

static void a_reply_that_is_too_large_is_not_read(void **state)
{
    char *octets = calloc(1, 65536);

    (void)state;
    assert_non_null(octets);
    read_as(PS_DNS_A, octets, 65536);
    assert_int_equal(rec->err, PS_EMALFORMED);
    free(octets);
}

#define REPLY_TEST(f) cmocka_unit_test_teardown(f, end_records)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REPLY_TEST(an_address_is_read),
        REPLY_TEST(without_the_question_it_is_read_too),
        REPLY_TEST(the_shortest_life_counts),
        REPLY_TEST(other_names_types_and_classes_are_passed_over),
        REPLY_TEST(aliases_are_followed_in_order),
        REPLY_TEST(names_of_an_address_are_read),
        REPLY_TEST(names_that_are_none_are_left_out),
        REPLY_TEST(texts_are_read_as_they_are),
        REPLY_TEST(nothing_lives_as_long_as_the_zone_says),
        REPLY_TEST(what_is_cut_off_anywhere_is_malformed),
        REPLY_TEST(names_that_lead_around_are_malformed),
        REPLY_TEST(records_that_are_not_what_they_say_are_malformed),
        REPLY_TEST(a_reply_that_is_too_large_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
