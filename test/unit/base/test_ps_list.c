// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include "base/ps_list.h"

struct item {
    int value;
    struct ps_list link;
};

static void fill(struct ps_list *head, struct item *items, int n)
{
    ps_list_init(head);
    for (int i = 0; i < n; i++) {
        items[i].value = i;
        ps_list_append(head, &items[i].link);
    }
}

static void a_new_list_is_empty(void **state)
{
    struct ps_list head;

    (void)state;
    ps_list_init(&head);
    assert_true(ps_list_empty(&head));
    PS_LIST_EACH(it, &head)
        fail();
}

static void items_are_walked_in_the_order_appended(void **state)
{
    struct item items[5];
    struct ps_list head;
    int expected = 0;

    (void)state;
    fill(&head, items, 5);
    PS_LIST_EACH(it, &head)
        assert_int_equal(PS_CONTAINER(it, struct item, link)->value, expected++);
    assert_int_equal(expected, 5);
}

static void the_current_item_can_be_removed_on_the_way(void **state)
{
    struct item items[6];
    struct ps_list head;
    int left = 0;

    (void)state;
    fill(&head, items, 6);
    PS_LIST_EACH_SAFE(it, &head)
        if (PS_CONTAINER(it, struct item, link)->value % 2)
            ps_list_remove(it);
    PS_LIST_EACH(it, &head)
        assert_int_equal(PS_CONTAINER(it, struct item, link)->value, 2 * left++);
    assert_int_equal(left, 3);
}

static void removing_twice_is_harmless(void **state)
{
    struct item items[2];
    struct ps_list head;

    (void)state;
    fill(&head, items, 2);
    ps_list_remove(&items[0].link);
    ps_list_remove(&items[0].link);
    assert_ptr_equal(head.next, &items[1].link);
    ps_list_remove(&items[1].link);
    assert_true(ps_list_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_list_is_empty),
        cmocka_unit_test(items_are_walked_in_the_order_appended),
        cmocka_unit_test(the_current_item_can_be_removed_on_the_way),
        cmocka_unit_test(removing_twice_is_harmless),
    };
    return cmocka_run_group_tests_name("ps_list", tests, NULL, NULL);
}
