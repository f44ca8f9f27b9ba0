// SPDX-License-Identifier: Apache-2.0
#include "dir_fix.h"
#include "lsregister/dir_uuid.h"

static void a_uuid_is_read_in_any_case_and_written_in_lower(void **state)
{
    static const char upper[] = "0123ABCD-4567-89EF-0011-223344556677";
    uint8_t octets[16];
    char text[DIR_UUID_TEXT];

    (void)state;
    assert_int_equal(dir_uuid_parse(upper, octets), 0);
    assert_int_equal(octets[0], 0x01);
    assert_int_equal(octets[15], 0x77);
    assert_string_equal(dir_uuid_text(octets, text), "0123abcd-4567-89ef-0011-223344556677");
}

static void what_is_none_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "0123abcd-4567-89ef-0011-22334455667",
                                      "0123abcd-4567-89ef-0011-2233445566777",
                                      "0123abcd-4567-89ef-0011-22334455667g",
                                      "0123abcd+4567-89ef-0011-223344556677",
                                      "0123abcd45-67-89ef-0011-223344556677",
                                      "------------------------------------"};
    uint8_t octets[16];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(dir_uuid_parse(bad[i], octets), PS_ESYNTAX);
}

static void one_that_is_made_is_of_version_4_and_another_each_time(void **state)
{
    uint8_t a[16], b[16];
    char text[DIR_UUID_TEXT];

    (void)state;
    assert_int_equal(dir_uuid_make(a), 0);
    assert_int_equal(dir_uuid_make(b), 0);
    assert_memory_not_equal(a, b, sizeof a);
    dir_uuid_text(a, text);
    assert_int_equal(text[14], '4');
    assert_non_null(strchr("89ab", text[19]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uuid_is_read_in_any_case_and_written_in_lower),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(one_that_is_made_is_of_version_4_and_another_each_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
