// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "owamp/ow_limits.h"

static const char sample[] =
    "# a tree\n"
    "limit root with disk=0, \\\n"
    "    bandwidth=0, \\\n"
    "    delete_on_fetch=on\n"
    "limit regular with parent=root, disk=10G, bandwidth=20M\n"
    "limit jail with parent = regular , allow_open_mode = OFF, test_sessions=2, bandwidth=1k\n"
    "Assign Default regular\n"
    "assign net 10.0.0.0/8 jail\n"
    "assign net 10.1.0.0/16 regular # near\n"
    "assign net 10.1.2.3 root\n"
    "assign net 2001:db8::/32 jail\n"
    "assign user joe jail\n"
    "assign user jail root\n";

static struct ow_pfs *users(void)
{
    struct ps_fault fault;
    struct ow_pfs *p = NULL;
    const char *text = "joe 61\njail 62\nroot 63\nann 64\n";
    assert_int_equal(ow_pfs_parse(&p, "u.pfs", text, strlen(text), &fault), 0);
    return p;
}

static struct ow_limits *parse(const char *text)
{
    struct ps_fault fault;
    struct ow_limits *l = NULL;
    struct ow_pfs *u = users();
    int rc = ow_limits_parse(&l, "t.limits", text, strlen(text), u, &fault);
    if (rc)
        print_message("%s\n", fault.text);
    assert_int_equal(rc, 0);
    ow_pfs_free(u);
    return l;
}

static void refuses(const char *text, int expected, const char *said)
{
    struct ps_fault fault;
    struct ow_limits *l = NULL;
    struct ow_pfs *u = users();
    int rc = ow_limits_parse(&l, "t.limits", text, strlen(text), u, &fault);
    ow_pfs_free(u);
    assert_int_equal(rc, expected);
    assert_null(l);
    if (!strstr(fault.text, said))
        assert_string_equal(fault.text, said);
}

static const char *class_at(const struct ow_limits *l, const char *address)
{
    struct ps_addr a;
    assert_int_equal(ps_addr_parse(address, 861, &a), 0);
    return ow_limits_by_addr(l, &a)->name;
}

static const char *class_of(const struct ow_limits *l, const char *user, const char *address)
{
    struct ps_addr a;
    assert_int_equal(ps_addr_parse(address, 861, &a), 0);
    return ow_limits_by_user(l, user, &a)->name;
}

static void classes_take_values_and_inherit_the_rest(void **state)
{
    (void)state;
    struct ow_limits *l = parse(sample);
    assert_int_equal(ow_limits_count(l), 3);
    const struct ow_class *root = ow_limits_class(l, 0), *regular = ow_limits_by_name(l, "regular");
    const struct ow_class *jail = ow_limits_by_name(l, "jail");
    assert_null(root->parent);
    assert_ptr_equal(regular->parent, root);
    assert_ptr_equal(jail->parent, regular);
    assert_int_equal(root->line, 2);
    assert_int_equal(jail->index, 2);
    assert_int_equal(regular->disk, 10000000000);
    assert_int_equal(regular->bandwidth, 20000000);
    assert_true(regular->delete_on_fetch && jail->delete_on_fetch);
    assert_true(root->allow_open_mode && regular->allow_open_mode);
    assert_false(jail->allow_open_mode);
    assert_int_equal(jail->bandwidth, 1000);
    assert_int_equal(jail->disk, 10000000000);
    assert_int_equal(jail->test_sessions, 2);
    assert_int_equal(regular->test_sessions, 0);
    assert_null(ow_limits_by_name(l, "Regular"));
    assert_null(ow_limits_class(l, 3));
    ow_limits_free(l);
}

static void the_longest_prefix_decides_by_address(void **state)
{
    (void)state;
    struct ow_limits *l = parse(sample);
    assert_string_equal(class_at(l, "10.2.0.1"), "jail");
    assert_string_equal(class_at(l, "10.1.0.1"), "regular");
    assert_string_equal(class_at(l, "10.1.2.3"), "root");
    assert_string_equal(class_at(l, "11.0.0.1"), "regular");
    assert_string_equal(class_at(l, "2001:db8:ffff::1"), "jail");
    assert_string_equal(class_at(l, "2001:db9::1"), "regular");
    ow_limits_free(l);
}

static void mapped_addresses_and_networks_are_ipv4(void **state)
{
    (void)state;
    struct ow_limits *l = parse("limit root with\nlimit a with parent=root\nlimit b with parent=root\n"
                                "assign net 192.0.2.0/24 a\nassign net ::ffff:198.51.100.0/120 b\n");
    assert_string_equal(class_at(l, "::ffff:192.0.2.9"), "a");
    assert_string_equal(class_at(l, "192.0.2.9"), "a");
    assert_string_equal(class_at(l, "198.51.100.7"), "b");
    assert_string_equal(class_at(l, "::ffff:198.51.100.7"), "b");
    assert_string_equal(class_at(l, "c000:209::"), "root");
    ow_limits_free(l);
}

static void prefixes_end_within_an_octet(void **state)
{
    (void)state;
    struct ow_limits *l = parse("limit root with\nlimit a with parent=root\nassign net 172.16.0.0/12 a\n"
                                "assign net 2001:db8::8000/113 a\nassign net 128.0.0.0/1 a\n");
    assert_string_equal(class_at(l, "172.31.255.255"), "a");
    assert_string_equal(class_at(l, "172.32.0.0"), "a");
    assert_string_equal(class_at(l, "127.255.255.255"), "root");
    assert_string_equal(class_at(l, "2001:db8::8001"), "a");
    assert_string_equal(class_at(l, "2001:db8::7fff"), "root");
    ow_limits_free(l);
}

static void without_assign_default_the_root_holds(void **state)
{
    (void)state;
    struct ow_limits *l = parse("limit top with bandwidth=1\nlimit x with parent=top\n");
    assert_string_equal(class_at(l, "192.0.2.1"), "top");
    ow_limits_free(l);
}

static void a_user_gets_the_class_of_that_name_before_all_else(void **state)
{
    (void)state;
    struct ow_limits *l = parse(sample);
    assert_string_equal(class_of(l, "jail", "10.1.2.3"), "jail");
    assert_string_equal(class_of(l, "root", "10.0.0.1"), "root");
    assert_string_equal(class_of(l, "joe", "10.1.2.3"), "jail");
    assert_string_equal(class_of(l, "ann", "10.1.2.3"), "root");
    assert_string_equal(class_of(l, "ann", "8.8.8.8"), "regular");
    ow_limits_free(l);
}

static void without_classes_there_is_an_unlimited_default(void **state)
{
    (void)state;
    struct ow_limits *l;
    assert_int_equal(ow_limits_default(&l), 0);
    assert_int_equal(ow_limits_count(l), 1);
    assert_string_equal(class_at(l, "192.0.2.1"), "default");
    const struct ow_class *c = ow_limits_class(l, 0);
    assert_true(c->allow_open_mode && !c->delete_on_fetch);
    assert_int_equal(c->bandwidth | c->disk | c->test_sessions, 0);
    ow_limits_free(l);
    l = parse("# nothing\n\n");
    assert_string_equal(ow_limits_class(l, 0)->name, "default");
    ow_limits_free(l);
}

static void unknown_words_come_with_the_nearest_known_one(void **state)
{
    (void)state;
    refuses("limit root with bandwith=1\n", PS_EUNKNOWN,
            "t.limits:1: unknown limit \"bandwith\"; did you mean \"bandwidth\"?");
    refuses("limit root with color=1\n", PS_EUNKNOWN, "t.limits:1: unknown limit \"color\"");
    refuses("\nlimits root with\n", PS_EUNKNOWN,
            "t.limits:2: a line begins with limit or assign, not with \"limits\"; did you mean \"limit\"?");
    refuses("limit root with\nassign usr joe root\n", PS_EUNKNOWN, "did you mean \"user\"?");
    refuses("limit root with\nassign\n", PS_EUNKNOWN,
            "t.limits:2: \"assign\" is followed by default, net or user");
    refuses("limit root with\nassign default rooot\n", PS_ENOTFOUND, "did you mean \"root\"?");
    refuses("limit root with\nlimit a with parent=roto\n", PS_ENOTFOUND, "did you mean \"root\"?");
}

static void a_tree_has_one_root_and_known_parents(void **state)
{
    (void)state;
    refuses("limit root with parent=root\n", PS_ESYNTAX, "cannot have a parent");
    refuses("limit root with\nlimit a with disk=1\n", PS_ESYNTAX,
            "t.limits:2: class \"a\" needs parent=CLASS");
    refuses("limit root with\nlimit a with parent=b\nlimit b with parent=root\n", PS_ENOTFOUND,
            "t.limits:2: parent \"b\" is not defined above this line");
    refuses("limit root with\nlimit a with parent=a\n", PS_ENOTFOUND, "parent \"a\"");
    refuses("limit root with\nlimit root with parent=root\n", PS_EDUPLICATE, "defined on line 1 already");
    refuses("assign default x\nlimit x with\n", PS_ENOTFOUND, "t.limits:1: class \"x\" is not defined");
}

static void malformed_limit_lines_are_refused(void **state)
{
    (void)state;
    refuses("limit\n", PS_ESYNTAX, "the class has no name");
    refuses("limit root\n", PS_ESYNTAX, "\"with\" is missing");
    refuses("limit root disk=1\n", PS_ESYNTAX, "\"with\" is missing");
    refuses("limit root with disk\n", PS_ESYNTAX, "is not KEY=VALUE");
    refuses("limit root with disk=\n", PS_ESYNTAX, "disk: the value is missing");
    refuses("limit root with disk=1 bandwidth=2\n", PS_ESYNTAX, "is a comma missing?");
    refuses("limit root with disk=1, disk=2\n", PS_EDUPLICATE, "disk is given twice");
    refuses("limit root with disk=-1\n", PS_ESYNTAX, "is not a number");
    refuses("limit root with disk=10Gb\n", PS_ESYNTAX, "is not a number");
    refuses("limit root with disk=99999999z\n", PS_ERANGE, "below 2^64");
    refuses("limit root with delete_on_fetch=yes\n", PS_ESYNTAX, "neither on nor off");
    refuses("limit root with disk=1 \\ \n", PS_ESYNTAX, "t.limits:1");
}

static void class_names_cannot_leave_their_directory(void **state)
{
    (void)state;
    char text[200];
    refuses("limit .. with\n", PS_ESYNTAX, "cannot be the name of a directory");
    refuses("limit . with\n", PS_ESYNTAX, "cannot be the name of a directory");
    refuses("limit a/b with\n", PS_ESYNTAX, "cannot be the name of a directory");
    refuses("limit a\x01 with\n", PS_ESYNTAX, "not printable");
    snprintf(text, sizeof(text), "limit %081d with\n", 1);
    refuses(text, PS_ESYNTAX, "longer than 80");
    snprintf(text, sizeof(text), "limit %080d with\n", 1);
    ow_limits_free(parse(text));
}

static void malformed_assignments_are_refused(void **state)
{
    (void)state;
#define ROOT "limit root with\n"
    refuses(ROOT "assign default\n", PS_ESYNTAX, "t.limits:2: the class is missing");
    refuses(ROOT "assign net\n", PS_ESYNTAX, "the network is missing");
    refuses(ROOT "assign net 10.0.0.0/8\n", PS_ESYNTAX, "the class is missing");
    refuses(ROOT "assign net 10.0.0.0/33 root\n", PS_ERANGE, "1 to 32 bits");
    refuses(ROOT "assign net 0.0.0.0/0 root\n", PS_ERANGE, "assign default");
    refuses(ROOT "assign net 10.0.0.0/ root\n", PS_ERANGE, "1 to 32 bits");
    refuses(ROOT "assign net ::/129 root\n", PS_ERANGE, "1 to 128 bits");
    refuses(ROOT "assign net 10.0.0.1/8 root\n", PS_ESYNTAX, "bits set behind its first 8");
    refuses(ROOT "assign net 2001:db8::1/127 root\n", PS_ESYNTAX, "bits set behind its first 127");
    refuses(ROOT "assign net example.org/8 root\n", PS_ESYNTAX, "is not an IPv4 or IPv6 address");
    refuses(ROOT "assign net fe80::1%lo root\n", PS_ESYNTAX, "is not an IPv4 or IPv6 address");
    refuses(ROOT "assign user\n", PS_ESYNTAX, "the user is missing");
    refuses(ROOT "assign user bob root\n", PS_ENOTFOUND, "user \"bob\" is not in the pass-phrase file");
    refuses(ROOT "assign user joe root wheel\n", PS_ESYNTAX, "\"wheel\" behind the class");
    refuses(ROOT "assign user joe root\nassign user joe root\n", PS_EDUPLICATE,
            "t.limits:3: the same is assigned on line 2");
    refuses(ROOT "assign default root\nassign default root\n", PS_EDUPLICATE, "on line 2 already");
    refuses(ROOT "assign net ::ffff:10.0.0.0/104 root\nassign net 10.0.0.0/8 root\n", PS_EDUPLICATE,
            "on line 2");
}

static void without_a_pass_phrase_file_nobody_can_be_assigned(void **state)
{
    (void)state;
    struct ps_fault fault;
    struct ow_limits *l = NULL;
    const char *text = "limit root with\nassign user joe root\n";
    assert_int_equal(ow_limits_parse(&l, "t.limits", text, strlen(text), NULL, &fault), PS_ENOTFOUND);
    assert_non_null(strstr(fault.text, "t.limits:2: user \"joe\" is unknown: there is no pass-phrase file"));
}

static void a_path_leads_from_the_root(void **state)
{
    (void)state;
    char out[32], small[8];
    struct ow_limits *l = parse(sample);
    const struct ow_class *jail = ow_limits_by_name(l, "jail");
    assert_int_equal(ow_class_path(jail, out, sizeof(out)), strlen("root/regular/jail"));
    assert_string_equal(out, "root/regular/jail");
    assert_int_equal(ow_class_path(jail, small, sizeof(small)), strlen("root/regular/jail"));
    assert_string_equal(small, "root/re");
    assert_int_equal(ow_class_path(ow_limits_class(l, 0), out, sizeof(out)), 4);
    assert_string_equal(out, "root");
    assert_int_equal(ow_class_path(jail, NULL, 0), strlen("root/regular/jail"));
    ow_limits_free(l);
}

static void collect(void *ctx, int line, const struct ps_fault *fault, bool warning)
{
    char *all = ctx;
    size_t used = strlen(all);
    snprintf(all + used, 2000 - used, "%s%d %s\n", warning ? "w" : "", line, fault->text);
}

static void expect_faults(const char *text, const char *want, size_t classes)
{
    char all[2000] = "";
    size_t n = 0;
    assert_int_equal(ow_limits_check("t", text, strlen(text), NULL, collect, all, &n), 0);
    assert_string_equal(all, want);
    assert_int_equal(n, classes);
}

static void a_check_tells_every_fault(void **state)
{
    (void)state;
    expect_faults(sample, "", 3);
    expect_faults("limit root wth disk=1\n\nlimit a with parent=root, dsk=1\nlimit b with parent=a, disk=x\n"
                  "assign net 10.0.0.1/8 b\nassign user joe c\nasign default a\nassign default a\n",
                  "1 t:1: \"with\" is missing behind the class name: limit root with KEY=VALUE, ...\n"
                  "3 t:3: unknown limit \"dsk\"; did you mean \"disk\"?\n"
                  "4 t:4: disk: \"x\" is not a number with an optional k, m, g, t, p, e or z\n"
                  "5 t:5: the address has bits set behind its first 8\n"
                  "6 t:6: class \"c\" is not defined above this line\n"
                  "7 t:7: a line begins with limit or assign, not with \"asign\"; did you mean \"assign\"?\n",
                  3);
    expect_faults("limit root with disk=1 \\x\nlimit a with disk=1\n",
                  "1 t:1: a backslash that is not at the end of the line\n", 0);
}

static void a_check_tells_every_fault_of_a_line(void **state)
{
    (void)state;
    expect_faults(
        "limit root with dsk=1, bandwidth=x, test_sessions, disk=1, disk=2, allow_open_mode=maybe\n",
        "1 t:1: unknown limit \"dsk\"; did you mean \"disk\"?\n"
        "1 t:1: \"test_sessions\" is not KEY=VALUE\n"
        "1 t:1: disk is given twice\n"
        "1 t:1: bandwidth: \"x\" is not a number with an optional k, m, g, t, p, e or z\n"
        "1 t:1: allow_open_mode: \"maybe\" is neither on nor off\n",
        1);
    expect_faults("limit root with disk=1\nlimit root wth parent=rot, dsk=2\n"
                  "assign net 10.0.0.1/8 rot x\nassign net 10.0.0.1/8\n",
                  "2 t:2: class \"root\" is defined on line 1 already\n"
                  "2 t:2: \"with\" is missing behind the class name: limit root with KEY=VALUE, ...\n"
                  "2 t:2: unknown limit \"dsk\"; did you mean \"disk\"?\n"
                  "2 t:2: parent \"rot\" is not defined above this line; did you mean \"root\"?\n"
                  "3 t:3: the address has bits set behind its first 8\n"
                  "3 t:3: class \"rot\" is not defined above this line; did you mean \"root\"?\n"
                  "3 t:3: \"x\" behind the class means nothing\n"
                  "4 t:4: the address has bits set behind its first 8\n",
                  1);
}

static void commas_with_nothing_beside_them_are_warned_of(void **state)
{
    struct ps_fault fault;
    struct ow_limits *l;
    const char *text = "limit root with disk=1,,bandwidth=2,\n";
    (void)state;
    expect_faults(
        text,
        "w1 t:1: there is nothing before a comma\n"
        "w1 t:1: there is nothing behind the last comma; a line that goes on ends with a backslash\n",
        1);
    expect_faults("limit root with\n", "", 1);
    // The server takes it.
    assert_int_equal(ow_limits_parse(&l, "t", text, strlen(text), NULL, &fault), 0);
    assert_int_equal(ow_limits_by_name(l, "root")->bandwidth, 2);
    ow_limits_free(l);
}

static void what_a_class_above_does_not_grant_is_warned_of(void **state)
{
    static const char more[] = "limit root with bandwidth=1\nlimit more with parent=root, bandwidth=2\n";
    struct ps_fault fault;
    struct ow_limits *l;
    (void)state;
    // The server takes it.
    assert_int_equal(ow_limits_parse(&l, "t", more, strlen(more), NULL, &fault), 0);
    ow_limits_free(l);
    expect_faults(
        "limit root with bandwidth=1g, disk=5\n"
        "limit more with parent=root, bandwidth=2g\n"
        "limit all with parent=root, disk=0\n"
        "limit less with parent=root, bandwidth=1g, disk=4\n"
        "limit same with parent=more\n",
        "w2 t:2: bandwidth: is more than that of class \"root\" above it, which holds all the same\n"
        "w3 t:3: disk: is more than that of class \"root\" above it, which holds all the same\n",
        5);
    expect_faults("limit root with test_sessions=1\nlimit more with parent=root, bandwidth=2g, disk=3\n", "",
                  2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_take_values_and_inherit_the_rest),
        cmocka_unit_test(the_longest_prefix_decides_by_address),
        cmocka_unit_test(mapped_addresses_and_networks_are_ipv4),
        cmocka_unit_test(prefixes_end_within_an_octet),
        cmocka_unit_test(without_assign_default_the_root_holds),
        cmocka_unit_test(a_user_gets_the_class_of_that_name_before_all_else),
        cmocka_unit_test(without_classes_there_is_an_unlimited_default),
        cmocka_unit_test(unknown_words_come_with_the_nearest_known_one),
        cmocka_unit_test(a_tree_has_one_root_and_known_parents),
        cmocka_unit_test(malformed_limit_lines_are_refused),
        cmocka_unit_test(class_names_cannot_leave_their_directory),
        cmocka_unit_test(malformed_assignments_are_refused),
        cmocka_unit_test(without_a_pass_phrase_file_nobody_can_be_assigned),
        cmocka_unit_test(a_path_leads_from_the_root),
        cmocka_unit_test(a_check_tells_every_fault),
        cmocka_unit_test(a_check_tells_every_fault_of_a_line),
        cmocka_unit_test(commas_with_nothing_beside_them_are_warned_of),
        cmocka_unit_test(what_a_class_above_does_not_grant_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
