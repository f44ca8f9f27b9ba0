// SPDX-License-Identifier: Apache-2.0
#include "archive_fix.h"
#include "psarchive/token.h"

static void a_token_is_good_until_it_is_removed(void **state)
{
    struct fix *f = *state;
    char token[TOKEN_LEN + 1], other[TOKEN_LEN + 1], name[TOKEN_NAME_MAX + 1];
    assert_int_equal(token_check(f->reader, "0123456789012345678901234567890123456789", name), PS_EAUTH);
    assert_int_equal(token_add(f->store, "alice", token, &f->fault), 0);
    assert_int_equal(token_add(f->store, "bob", other, &f->fault), 0);
    assert_int_equal(strlen(token), TOKEN_LEN);
    assert_string_not_equal(token, other);
    assert_int_equal(token_check(f->reader, token, name), 0);
    assert_string_equal(name, "alice");
    token[0] = token[0] == '0' ? '1' : '0';
    assert_int_equal(token_check(f->reader, token, name), PS_EAUTH);
    assert_int_equal(token_check(f->reader, "", name), PS_EAUTH);
    assert_int_equal(token_check(f->reader, "zz", name), PS_EAUTH);
    assert_int_equal(token_remove(f->store, "bob", &f->fault), 0);
    assert_int_equal(token_check(f->reader, other, name), PS_EAUTH);
    assert_int_equal(token_remove(f->store, "bob", &f->fault), PS_ENOTFOUND);
}

static void names_are_printable_and_have_one_token(void **state)
{
    struct fix *f = *state;
    char token[TOKEN_LEN + 1], longer[TOKEN_NAME_MAX + 2];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(token_add(f->store, "", token, &f->fault), PS_EMALFORMED);
    assert_int_equal(token_add(f->store, "a b", token, &f->fault), PS_EMALFORMED);
    assert_int_equal(token_add(f->store, longer, token, &f->fault), PS_EMALFORMED);
    assert_int_equal(token_add(f->store, longer + 1, token, &f->fault), 0);
    assert_int_equal(token_add(f->store, longer + 1, token, &f->fault), PS_EDUPLICATE);
    assert_non_null(strstr(f->fault.text, "has a token already"));
}

static void note(void *ctx, const char *name, int64_t created)
{
    assert_true(created > 0);
    strcat(ctx, name);
    strcat(ctx, " ");
}

static void the_list_has_names_and_no_tokens(void **state)
{
    struct fix *f = *state;
    char token[TOKEN_LEN + 1], names[100] = "";
    assert_int_equal(token_add(f->store, "b", token, &f->fault), 0);
    assert_int_equal(token_add(f->store, "a", token, &f->fault), 0);
    assert_int_equal(token_list(f->reader, note, names), 0);
    assert_string_equal(names, "a b ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_good_until_it_is_removed),
        TEST(names_are_printable_and_have_one_token),
        TEST(the_list_has_names_and_no_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
