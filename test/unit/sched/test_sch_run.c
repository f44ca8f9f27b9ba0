// SPDX-License-Identifier: Apache-2.0
#include "sched/sch_run.h"
#include "sched_test.h"

// The table of the fact sheet, 2.4, in words.
static const char *const may[] = {
    "scheduling pending preempted canceled nonstart",
    "pending on-deck running missed failed preempted canceled nonstart",
    "on-deck running overdue missed failed canceled preempted",
    "running cleanup finished overdue missed failed preempted canceled",
    "cleanup finished failed",
    "finished failed",
    "overdue finished missed failed canceled preempted",
    "missed failed",
    "failed",
    "preempted",
    "nonstart canceled",
    "canceled",
};

static bool listed(const char *list, const char *word)
{
    const size_t n = strlen(word);
    for (const char *p = strchr(list, ' '); p != NULL; p = strchr(p + 1, ' '))
        if (strncmp(p + 1, word, n) == 0 && (p[n + 1] == ' ' || p[n + 1] == '\0'))
            return true;
    return false;
}

static void states_change_as_the_table_says_and_in_no_other_way(void **state)
{
    (void)state;
    for (int from = 0; from < SCH_STATES; from++) {
        assert_true(strncmp(may[from], sch_state_word((enum sch_state)from), strcspn(may[from], " ")) == 0);
        for (int to = 0; to < SCH_STATES; to++)
            if (sch_state_may((enum sch_state)from, (enum sch_state)to) !=
                listed(may[from], sch_state_word((enum sch_state)to)))
                fail_msg("%s to %s", sch_state_word((enum sch_state)from),
                         sch_state_word((enum sch_state)to));
    }
}

static void words_read_back(void **state)
{
    (void)state;
    for (int i = 0; i < SCH_STATES; i++) {
        enum sch_state s;
        assert_int_equal(sch_state_from_word(sch_state_word((enum sch_state)i), &s), 0);
        assert_int_equal(s, i);
    }
    for (int i = 0; i < SCH_CLASSES; i++) {
        enum sch_class c;
        assert_int_equal(sch_class_from_word(sch_class_word((enum sch_class)i), &c), 0);
        assert_int_equal(c, i);
    }
    for (int i = SCH_NO_REASON; i <= SCH_RUN_DELETED; i++) {
        enum sch_reason r;
        assert_int_equal(sch_reason_from_word(sch_reason_word((enum sch_reason)i), &r), 0);
        assert_int_equal(r, i);
        assert_true(strlen(sch_reason_text((enum sch_reason)i)) > 0);
    }
    enum sch_state s;
    assert_int_equal(sch_state_from_word("Finished", &s), PS_EUNKNOWN);
    assert_string_equal(sch_state_display(SCH_NONSTART), "Non-Starter");
    assert_string_equal(sch_class_display(SCH_BACKGROUND), "Background Single-Result");
}

static void success_is_known_of_some(void **state)
{
    (void)state;
    assert_int_equal(sch_state_success(SCH_FINISHED), 1);
    for (int i = SCH_OVERDUE; i <= SCH_NONSTART; i++)
        assert_int_equal(sch_state_success((enum sch_state)i), -1);
    assert_int_equal(sch_state_success(SCH_CLEANUP), 0);
    assert_int_equal(sch_state_success(SCH_CANCELED), 0);
    assert_false(sch_state_over(SCH_OVERDUE)); // its tool still runs
    assert_false(sch_state_over(SCH_CLEANUP));
    assert_true(sch_state_over(SCH_CANCELED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_change_as_the_table_says_and_in_no_other_way),
        cmocka_unit_test(words_read_back),
        cmocka_unit_test(success_is_known_of_some),
    };
    return cmocka_run_group_tests_name("sch_run", tests, NULL, NULL);
}
