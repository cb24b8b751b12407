/* SPDX-License-Identifier: MIT */
/* base/list.h against an array that does the same. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/list.h"

struct item {
	int value;
	struct list link;
};

/* The values in order, both ways round, and nothing else. */
static void assert_list(struct list *head, const int *values, size_t n)
{
	struct item *it;
	struct list *l;
	size_t length = 0;
	size_t i = 0;

	list_for_each(it, head, link)
		length++;
	assert_int_equal(length, n);
	for (l = head->next; l != head && i < n; l = l->next)
		assert_int_equal(list_entry(l, struct item, link)->value,
				 values[i++]);
	for (l = head->prev; l != head && i > 0; l = l->prev)
		assert_int_equal(list_entry(l, struct item, link)->value,
				 values[--i]);
	assert_int_equal(i, 0);
	assert_int_equal(list_empty(head), n == 0);
}

#define LIST_IS(head, ...)                                                     \
	assert_list(head, (const int[]){ __VA_ARGS__ },                        \
		    sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

static void test_list_add_and_del_keep_order(void **state)
{
	struct item a = { .value = 1 }, b = { .value = 2 }, c = { .value = 3 };
	struct list head = LIST_INIT(head);

	(void)state;
	assert_list(&head, NULL, 0);
	list_add_tail(&head, &b.link);
	list_add_tail(&head, &c.link);
	list_add_head(&head, &a.link);
	LIST_IS(&head, 1, 2, 3);
	assert_ptr_equal(list_first(&head, struct item, link), &a);

	assert_true(list_linked(&b.link));
	list_del(&b.link);
	assert_false(list_linked(&b.link));
	LIST_IS(&head, 1, 3);
	list_insert_after(&c.link, &b.link);
	LIST_IS(&head, 1, 3, 2);
}

static void test_list_del_twice_is_harmless(void **state)
{
	struct item a = { .value = 1 }, b = { .value = 2 };
	struct list head = LIST_INIT(head);

	(void)state;
	list_add_tail(&head, &a.link);
	list_add_tail(&head, &b.link);
	list_del(&a.link);
	list_del(&a.link);
	LIST_IS(&head, 2);
}

static void test_list_pop_empties_from_the_front(void **state)
{
	struct item a = { .value = 1 }, b = { .value = 2 };
	struct list head;

	(void)state;
	list_init(&head);
	list_add_tail(&head, &a.link);
	list_add_tail(&head, &b.link);
	assert_ptr_equal(list_pop(&head), &a.link);
	assert_false(list_linked(&a.link));
	assert_ptr_equal(list_pop(&head), &b.link);
	assert_null(list_pop(&head));
	assert_null(list_first(&head, struct item, link));
}

static void test_list_splice_moves_all_in_order(void **state)
{
	struct item a = { .value = 1 }, b = { .value = 2 }, c = { .value = 3 };
	struct list to = LIST_INIT(to), from = LIST_INIT(from);

	(void)state;
	list_splice_tail(&to, &from);
	assert_list(&to, NULL, 0);
	list_add_tail(&from, &a.link);
	list_splice_tail(&to, &from);
	LIST_IS(&to, 1);
	assert_true(list_empty(&from));
	list_add_tail(&from, &b.link);
	list_add_tail(&from, &c.link);
	list_splice_tail(&to, &from);
	LIST_IS(&to, 1, 2, 3);
	assert_true(list_empty(&from));
	list_splice_tail(&to, &from);
	LIST_IS(&to, 1, 2, 3);
}

static void test_list_safe_walk_survives_removal(void **state)
{
	struct item items[6];
	struct item *it, *tmp;
	struct list head = LIST_INIT(head);
	int i;

	(void)state;
	for (i = 0; i < 6; i++) {
		items[i].value = i;
		list_add_tail(&head, &items[i].link);
	}
	list_for_each_safe(it, tmp, &head, link)
		if (it->value % 2)
			list_del(&it->link);
	LIST_IS(&head, 0, 2, 4);
	list_for_each_safe(it, tmp, &head, link)
		list_del(&it->link);
	assert_true(list_empty(&head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_add_and_del_keep_order),
		cmocka_unit_test(test_list_del_twice_is_harmless),
		cmocka_unit_test(test_list_pop_empties_from_the_front),
		cmocka_unit_test(test_list_splice_moves_all_in_order),
		cmocka_unit_test(test_list_safe_walk_survives_removal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
