/* SPDX-License-Identifier: MIT */
/*
 * Doubly linked list through a member of its entries.
 *
 * The list is a ring with the head in it, so an entry can leave without
 * knowing the list. An entry that is in no list is linked to itself and may
 * leave again. No function locks: the owner of the list does.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bits.h"

struct list {
	struct list *next, *prev;
};

/* clang-format off */
#define LIST_INIT(name)	{ &(name), &(name) }
/* clang-format on */

/* Heads and entries alike. */
static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

/* Is the initialized entry in a list? */
static inline bool list_linked(const struct list *entry)
{
	return entry->next != entry;
}

static inline void list_insert_after(struct list *where, struct list *entry)
{
	entry->prev = where;
	entry->next = where->next;
	where->next->prev = entry;
	where->next = entry;
}

static inline void list_add_head(struct list *head, struct list *entry)
{
	list_insert_after(head, entry);
}

static inline void list_add_tail(struct list *head, struct list *entry)
{
	list_insert_after(head->prev, entry);
}

/* Afterwards the entry is in no list, and initialized. */
static inline void list_del(struct list *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	list_init(entry);
}

/* Moves all entries of from to the end of to; from is empty afterwards. */
static inline void list_splice_tail(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	from->prev->next = to;
	to->prev->next = from->next;
	to->prev = from->prev;
	list_init(from);
}

/* The entry of type that contains the link l. */
#define list_entry(l, type, member) container_of(l, type, member)

/* The first entry, or NULL. */
#define list_first(head, type, member)                                         \
	(list_empty(head) ? NULL : list_entry((head)->next, type, member))

/* Takes the first link out, or returns NULL. */
static inline struct list *list_pop(struct list *head)
{
	struct list *l = head->next;

	if (l == head)
		return NULL;
	list_del(l);
	return l;
}

/* clang-format off */

/* pos is a pointer to the entry type. The body may not change the list. */
#define list_for_each(pos, head, member)				\
	for ((pos) = list_entry((head)->next, __typeof__(*(pos)), member); \
	     &(pos)->member != (head);					\
	     (pos) = list_entry((pos)->member.next, __typeof__(*(pos)),	\
				member))

/* The body may remove and free pos, and nothing else. */
#define list_for_each_safe(pos, tmp, head, member)			\
	for ((pos) = list_entry((head)->next, __typeof__(*(pos)), member), \
	     (tmp) = list_entry((pos)->member.next, __typeof__(*(pos)),	\
				member);				\
	     &(pos)->member != (head);					\
	     (pos) = (tmp),						\
	     (tmp) = list_entry((tmp)->member.next, __typeof__(*(tmp)),	\
				member))
/* clang-format on */

#endif
