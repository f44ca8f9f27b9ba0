// SPDX-License-Identifier: Apache-2.0
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_netset.h"
#include "base/ps_rand.h"
#include "base_test.h"

static struct ps_net net(const char *text)
{
    struct ps_net n;
    if (ps_net_parse(text, &n) != 0)
        fail_msg("%s", text);
    return n;
}

static struct ps_addr addr(const char *text)
{
    struct ps_addr a;
    if (ps_addr_parse(text, 0, &a) != 0)
        fail_msg("%s", text);
    return a;
}

static bool has(const struct ps_netset *s, const char *text)
{
    struct ps_addr a = addr(text);
    return ps_netset_has(s, &a);
}

static void a_network_is_read_and_written(void **state)
{
    char out[PS_NET_STRLEN];
    (void)state;
    struct ps_net n = net("192.0.2.0/24");
    assert_string_equal(ps_net_text(&n, out), "192.0.2.0/24");
    assert_false(n.had_host_bits);
    n = net("192.0.2.77/25");
    assert_string_equal(ps_net_text(&n, out), "192.0.2.0/25");
    assert_true(n.had_host_bits);
    n = net("2001:db8::1");
    assert_string_equal(ps_net_text(&n, out), "2001:db8::1/128");
    n = net("::ffff:198.51.100.0/120");
    assert_string_equal(ps_net_text(&n, out), "198.51.100.0/24");
    n = net("::/0");
    assert_string_equal(ps_net_text(&n, out), "::/0");
}

static void what_is_no_network_is_refused(void **state)
{
    struct ps_net n;
    (void)state;
    assert_int_equal(ps_net_parse("", &n), PS_ESYNTAX);
    assert_int_equal(ps_net_parse("campus", &n), PS_ESYNTAX);
    assert_int_equal(ps_net_parse("192.0.2.0/", &n), PS_ESYNTAX);
    assert_int_equal(ps_net_parse("192.0.2/24", &n), PS_ESYNTAX);
    assert_int_equal(ps_net_parse("fe80::%lo/64", &n), PS_ESYNTAX);
    assert_int_equal(ps_net_parse("192.0.2.0/33", &n), PS_ERANGE);
    assert_int_equal(ps_net_parse("2001:db8::/129", &n), PS_ERANGE);
    assert_int_equal(ps_net_parse("1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc/64", &n),
                     PS_ESYNTAX);
}

static void networks_overlap_where_one_holds_the_other(void **state)
{
    struct ps_net a = net("10.0.0.0/8"), b = net("10.1.0.0/16"), c = net("11.0.0.0/8"), d = net("::/0");
    (void)state;
    assert_true(ps_net_overlaps(&a, &b));
    assert_true(ps_net_overlaps(&b, &a));
    assert_false(ps_net_overlaps(&a, &c));
    assert_false(ps_net_overlaps(&a, &d));
}

static void an_empty_set_has_nothing(void **state)
{
    struct ps_netset *s;
    (void)state;
    assert_int_equal(ps_netset_new(&s), 0);
    ps_netset_seal(s);
    assert_false(has(s, "0.0.0.0"));
    assert_false(has(s, "::"));
    ps_netset_free(s);
    assert_false(has(NULL, "0.0.0.0"));
}

static void what_has_no_address_is_in_no_network(void **state)
{
    struct ps_addr nobody = {.len = 0};
    struct ps_netset *s;
    (void)state;
    assert_int_equal(ps_netset_new(&s), 0);
    assert_int_equal(ps_netset_read(s, "0.0.0.0/0\n::/0\n", 15, 2, NULL, NULL), 0);
    ps_netset_seal(s);
    assert_false(ps_netset_has(s, &nobody));
    ps_netset_free(s);
}

static void networks_that_had_host_bits_are_told(void **state)
{
    static const char list[] = "192.0.2.129/24\n192.0.2.1\n198.51.100.0/24\n2001:db8::1/64\n";
    struct ps_netset *s;
    char text[PS_NET_STRLEN];
    (void)state;
    assert_int_equal(ps_netset_new(&s), 0);
    assert_int_equal(ps_netset_read(s, list, sizeof list - 1, 9, NULL, NULL), 0);
    ps_netset_seal(s);
    assert_string_equal(ps_net_text(ps_netset_inexact(s, 0), text), "192.0.2.0/24");
    assert_string_equal(ps_net_text(ps_netset_inexact(s, 1), text), "2001:db8::/64");
    assert_null(ps_netset_inexact(s, 2));
    assert_null(ps_netset_inexact(NULL, 0));
    ps_netset_free(s);
}

static void a_list_is_read_with_its_comments(void **state)
{
    static const char text[] =
        "# ours\n10.0.0.0/8\n\n 192.0.2.7 # one\r\nnonsense\n2001:db8::/32\n1.2.3.0/99";
    struct ps_netset *s;
    size_t bad = 0;
    int line = 0;
    (void)state;
    assert_int_equal(ps_netset_new(&s), 0);
    assert_int_equal(ps_netset_read(s, text, sizeof text - 1, 10, &bad, &line), 0);
    ps_netset_seal(s);
    assert_int_equal(ps_netset_count(s), 3);
    assert_int_equal(bad, 2);
    assert_int_equal(line, 5);
    assert_true(has(s, "10.255.255.255"));
    assert_true(has(s, "192.0.2.7"));
    assert_true(has(s, "::ffff:192.0.2.7"));
    assert_true(has(s, "2001:db8:ffff::1"));
    assert_false(has(s, "192.0.2.8"));
    assert_false(has(s, "2001:db9::"));
    assert_int_equal(ps_netset_read(s, "1.1.1.1\n2.2.2.2\n", 16, 4, NULL, NULL), PS_ELIMIT);
    ps_netset_free(s);
}

static void the_ends_of_the_ranges_are_inside(void **state)
{
    static const char text[] = "0.0.0.0/1\n128.0.0.0/1\n8000::/1\nffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\n";
    struct ps_netset *s;
    (void)state;
    assert_int_equal(ps_netset_new(&s), 0);
    assert_int_equal(ps_netset_read(s, text, sizeof text - 1, 10, NULL, NULL), 0);
    ps_netset_seal(s);
    assert_true(has(s, "0.0.0.0"));
    assert_true(has(s, "127.255.255.255"));
    assert_true(has(s, "255.255.255.255"));
    assert_true(has(s, "8000::"));
    assert_true(has(s, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
    assert_false(has(s, "7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
    ps_netset_free(s);
}

// A made-up network; 10.x and 2001:db8:x so that many meet.
static void make_up(struct ps_rand *r, char out[80])
{
    uint64_t v = ps_rand_u64(r);
    if (v & 1)
        snprintf(out, 80, "10.%u.%u.%u/%u", (unsigned)(v >> 8 & 3), (unsigned)(v >> 16 & 255),
                 (unsigned)(v >> 24 & 255), 14 + (unsigned)(v >> 32) % 19);
    else
        snprintf(out, 80, "2001:db8:%x::%x/%u", (unsigned)(v >> 8 & 7), (unsigned)(v >> 16 & 0xffff),
                 44 + (unsigned)(v >> 32) % 85);
}

static void a_set_agrees_with_its_networks(void **state)
{
    struct ps_rand r;
    struct ps_net nets[200];
    char text[80];
    (void)state;
    ps_rand_seed(&r, 7);
    for (int round = 0; round < 20; round++) {
        struct ps_netset *s;
        assert_int_equal(ps_netset_new(&s), 0);
        for (int i = 0; i < 200; i++) {
            make_up(&r, text);
            nets[i] = net(text);
            assert_int_equal(ps_netset_add(s, &nets[i]), 0);
        }
        ps_netset_seal(s);
        for (int i = 0; i < 500; i++) {
            bool inside = false;
            make_up(&r, text);
            *strchr(text, '/') = '\0';
            struct ps_addr a = addr(text);
            for (int k = 0; k < 200; k++)
                inside |= ps_net_has(&nets[k], &a);
            if (ps_netset_has(s, &a) != inside)
                fail_msg("%s: %d", text, inside);
        }
        ps_netset_free(s);
    }
}

static void a_hundred_thousand_networks_take_little(void **state)
{
    struct ps_netset *s;
    (void)state;
    assert_int_equal(ps_netset_new(&s), 0);
    for (unsigned i = 0; i < 100000; i++) {
        struct ps_net n = {
            .version = 6, .bits = 48, .prefix = {0x20, 1, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
        assert_int_equal(ps_netset_add(s, &n), 0);
    }
    ps_netset_seal(s);
    assert_in_range(ps_netset_memory(s), 3000000, 3300000);
    ps_netset_free(s);
}

static void a_byte_order_mark_costs_no_network(void **state)
{
    static const char text[] = "\xef\xbb\xbf"
                               "192.0.2.0/24\n2001:db8::/32\n";
    struct ps_netset *s;
    size_t bad = 9;
    int line = 0;
    (void)state;
    assert_int_equal(ps_netset_new(&s), 0);
    assert_int_equal(ps_netset_read(s, text, sizeof text - 1, 10, &bad, &line), 0);
    assert_int_equal(bad, 0);
    assert_int_equal(ps_netset_count(s), 2);
    ps_netset_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_is_read_and_written),
        cmocka_unit_test(what_is_no_network_is_refused),
        cmocka_unit_test(networks_overlap_where_one_holds_the_other),
        cmocka_unit_test(an_empty_set_has_nothing),
        cmocka_unit_test(what_has_no_address_is_in_no_network),
        cmocka_unit_test(networks_that_had_host_bits_are_told),
        cmocka_unit_test(a_list_is_read_with_its_comments),
        cmocka_unit_test(the_ends_of_the_ranges_are_inside),
        cmocka_unit_test(a_set_agrees_with_its_networks),
        cmocka_unit_test(a_hundred_thousand_networks_take_little),
        cmocka_unit_test(a_byte_order_mark_costs_no_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
