// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "lsregister/upstream_conf.h"

static int read_text(struct upstream_block *root, const char *text, struct ps_fault *fault)
{
    fault->text[0] = '\0';
    return upstream_conf_read(root, "f", text, strlen(text), fault);
}

static void values_are_read_in_all_their_forms(void **state)
{
    static const struct {
        const char *text, *value;
    } cases[] = {
        {"k v", "v"},
        {"  k   v  ", "v"},
        {"k = v", "v"},
        {"k=v", "v"},
        {"k\tv w", "v w"},
        {"k \"v w\"", "v w"},
        {"k 'v # w'", "v # w"},
        {"k v # comment", "v"},
        {"k v#w", "v#w"},
        {"k \\#v", "#v"},
        {"k \"a", "\"a"},
        {"k a\\\n b", "a b"},
        {"k v\r\n", "v"},
        {"k", ""},
        {"k <<X\na\n  b\nX\n", "a\n  b"},
        {"/* k x\n k y */\nk v", "v"},
        {"k 1\nk v", "v"},
        {"k it's", "it's"},
        {"k M\xc3\xbcller", "M\xc3\xbcller"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct upstream_block root = {0};
        struct ps_fault fault;
        assert_int_equal(read_text(&root, cases[i].text, &fault), 0);
        assert_string_equal(upstream_conf_get(&root, "k"), cases[i].value);
        upstream_conf_fini(&root);
    }
}

static void blocks_stand_inside_each_other(void **state)
{
    struct upstream_block root = {0};
    struct ps_fault fault;
    (void)state;
    assert_int_equal(
        read_text(&root, "<a>\n <b name>\n  k v\n </b>\n <b/>\n</a>\n<a \"x y\">\n</a>\n", &fault), 0);
    assert_int_equal(root.nblocks, 2);
    assert_int_equal(root.blocks[0].nblocks, 2);
    assert_string_equal(root.blocks[0].blocks[0].arg, "name");
    assert_int_equal(root.blocks[0].blocks[0].keys[0].line, 3);
    assert_string_equal(root.blocks[1].arg, "x y");
    upstream_conf_fini(&root);
}

static void faults_are_told_with_their_line(void **state)
{
    static const struct {
        const char *text, *fault;
    } cases[] = {
        {"<a>\n", "f:1: a block is not ended: 'a'"},
        {"\n</a>\n", "f:2: ends a block that was not begun: 'a'"},
        {"<a>\n<b>\n</a>\n", "f:3: ends a block 'a', but 'b' of line 2 is open"},
        {"<>\n", "f:1: a block wants a name, as in <site>"},
        {"= v\n", "f:1: wants a key and a value; got '= v'"},
        {"k v\n<<include x>>\n", "f:2: includes are not followed: put it all in one file: 'include x>'"},
        {"k <<X\na\n", "f:1: a text is not ended by a line with its mark 'X'"},
        {"k v\nk M\xfcller\n", "f:2: is no UTF-8; iconv(1) makes it so"},
        {"<a><a>", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct upstream_block root = {0};
        struct ps_fault fault;
        assert_true(read_text(&root, cases[i].text, &fault) < 0);
        if (cases[i].fault)
            assert_string_equal(fault.text, cases[i].fault);
        upstream_conf_fini(&root);
    }
}

static void what_is_too_deep_is_refused(void **state)
{
    char text[2000] = "";
    struct upstream_block root = {0};
    struct ps_fault fault;
    (void)state;
    for (int i = 0; i <= UPSTREAM_DEPTH; i++)
        strcat(text, "<a>\n");
    assert_int_equal(read_text(&root, text, &fault), PS_ELIMIT);
    upstream_conf_fini(&root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_in_all_their_forms),
        cmocka_unit_test(blocks_stand_inside_each_other),
        cmocka_unit_test(faults_are_told_with_their_line),
        cmocka_unit_test(what_is_too_deep_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
