// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "psarchive/door.h"

static void tokens_come_in_three_forms(void **state)
{
    static const struct {
        const char *header, *token;
    } good[] = {
        {"Token 0123abc", "0123abc"},          {"token  0123abc ", "0123abc"}, {"Bearer 0123abc", "0123abc"},
        {"Basic dXNlcjowMTIzYWJj", "0123abc"}, {"Basic dXNlcjo6YQ==", ":a"},   {"basic OmE=", "a"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char token[DOOR_SECRET];
        assert_int_equal(door_token(good[i].header, token), 0);
        assert_string_equal(token, good[i].token);
    }
}

static void others_are_none(void **state)
{
    static const struct {
        const char *header;
        int err;
    } bad[] = {
        {"", PS_ENOTFOUND},
        {"ApiKey user:key", PS_ENOTFOUND},
        {"Tokenx 1", PS_ENOTFOUND},
        {"Token", PS_EMALFORMED},
        {"Token   ", PS_EMALFORMED},
        {"Basic", PS_EMALFORMED},
        {"Basic dXNlcg==", PS_EMALFORMED}, // no colon
        {"Basic dXNlcjo=", PS_EMALFORMED}, // no pass-word
        {"Basic d?NlcjphYg==", PS_EMALFORMED},
    };
    char token[DOOR_SECRET];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(door_token(bad[i].header, token), bad[i].err);
}

static void long_ones_are_refused(void **state)
{
    char header[2000] = "Token ", token[DOOR_SECRET];

    (void)state;
    memset(header + 6, 'a', DOOR_SECRET - 1);
    assert_int_equal(door_token(header, token), 0);
    memset(header + 6, 'a', DOOR_SECRET);
    assert_int_equal(door_token(header, token), PS_EMALFORMED);
    memcpy(header, "Basic ", 6);
    memset(header + 6, 'O', 1500);
    assert_int_equal(door_token(header, token), PS_EMALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_come_in_three_forms),
        cmocka_unit_test(others_are_none),
        cmocka_unit_test(long_ones_are_refused),
    };
    return cmocka_run_group_tests_name("door", tests, NULL, NULL);
}
