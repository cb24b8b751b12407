/* SPDX-License-Identifier: MIT */
/*
 * Bit fields of records in memory and of registers, each defined once.
 *
 * A record is a struct whose only member is `uint64_t dw[N]`, held in CPU
 * order. A field list is a macro LIST(F, T) made of lines
 *
 *	F(T, NAME, hi, lo, "gloss")
 *
 * where hi and lo are counted over the whole record, as the specification
 * prints them. A field that crosses a 64-bit word is written as two fields,
 * NAME_LO and NAME_HI.
 *
 * FIELD_RECORD() turns a list into typed accessors and FIELD_REGISTER() into
 * constants for a plain integer. Both refuse to compile a list with a field
 * that is written lo, hi, that crosses a word, that lies beyond the record or
 * that shares a bit with another field of the list.
 *
 * NAME must not be a macro: register offsets and values are enumerators.
 */
#ifndef BASE_FIELD_H
#define BASE_FIELD_H

#include <stdint.h>

/* clang-format off */

/*
 * Called with the condition "the value fits" by FIELD_SET() and REG_PUT(). A
 * debug build defines it before the first include; by default a value that is
 * too wide is cut to the field, never spilled into its neighbours.
 */
#ifndef FIELD_ASSERT
#define FIELD_ASSERT(cond)	((void)0)
#endif

/* Whole-record position of a field. All of these are constant expressions. */
#define FIELD_WIDTH(f)		(f##_HI - f##_LO + 1)
#define FIELD_WORD(f)		(f##_LO / 64)
#define FIELD_SHIFT(f)		(f##_LO % 64)

/* Largest value of a field, and its mask inside its own 64-bit word. */
#define FIELD_MAX(f)		(UINT64_MAX >> (64 - FIELD_WIDTH(f)))
#define FIELD_MASK(f)		(FIELD_MAX(f) << FIELD_SHIFT(f))
#define FIELD_FITS(f, v)	((uint64_t)(v) <= FIELD_MAX(f))

/*
 * The word FIELD_WORD(f) with only this field set to the constant v. The array
 * has a negative size, an error, when v is too wide.
 */
#define FIELD_CONST(f, v)						\
	(((uint64_t)(v) << FIELD_SHIFT(f)) +				\
	 0 * sizeof(char[FIELD_FITS(f, v) ? 1 : -1]))

/* Records: rec points to the type the field was declared for. */
#define FIELD_GET(f, rec)	f##_get(rec)
#define FIELD_SET(f, rec, v)	f##_set(rec, v)

/* Registers: plain integers of up to 64 bits. REG_PUT() changes nothing. */
#define REG_GET(f, value)						\
	(((uint64_t)(value) >> FIELD_SHIFT(f)) & FIELD_MAX(f))
#define REG_PUT(f, value, x)						\
	field__put(value, x, FIELD_MAX(f), FIELD_SHIFT(f))
#define REG_CONST(f, v)		FIELD_CONST(f, v)

/* One row per field, for decoders and for the transcription tests. */
struct field_desc {
	const char *name;
	const char *gloss;
	uint16_t hi;
	uint16_t lo;
};

/* Initializer list of an array of struct field_desc. */
#define FIELD_DESC_TABLE(list)	{ list(FIELD__DESC, _) }

/* All bits of word w that the list names; the others are reserved. */
#define FIELD_DEFINED(list, w)	(UINT64_C(0) list(FIELD__OR, w))

/*
 * No two fields of the list share a bit of word w: the widths add up to the
 * number of distinct bits exactly if there is no overlap.
 */
#define FIELD_DISJOINT(list, w)						\
	_Static_assert(__builtin_popcountll(FIELD_DEFINED(list, w)) ==	\
		       (0 list(FIELD__ADD_WIDTH, w)),			\
		       #list ": two fields overlap in word " #w)

/* Records have at most eight words; words a record lacks are empty. */
#define FIELD_RECORD(T, list)						\
	enum { list(FIELD__ENUM, T) };					\
	list(FIELD__ACCESSORS, T)					\
	FIELD__DISJOINT_ALL(list);					\
	_Static_assert(sizeof(T) % 8 == 0 && sizeof(T) <= 64,		\
		       #T ": one to eight 64-bit words")

#define FIELD_REGISTER(list)						\
	enum { list(FIELD__ENUM, uint64_t) };				\
	list(FIELD__CHECK, uint64_t)					\
	FIELD_DISJOINT(list, 0)

/* The rest is the machinery of the above. */

#define FIELD__ENUM(T, f, hi, lo, gloss)	f##_HI = (hi), f##_LO = (lo),
#define FIELD__DESC(T, f, hi, lo, gloss)	{ #f, gloss, hi, lo },
#define FIELD__OR(w, f, hi, lo, gloss)					\
	| (FIELD_WORD(f) == (w) ? FIELD_MASK(f) : UINT64_C(0))
#define FIELD__ADD_WIDTH(w, f, hi, lo, gloss)				\
	+ (FIELD_WORD(f) == (w) ? FIELD_WIDTH(f) : 0)

#define FIELD__DISJOINT_ALL(list)					\
	FIELD_DISJOINT(list, 0); FIELD_DISJOINT(list, 1);		\
	FIELD_DISJOINT(list, 2); FIELD_DISJOINT(list, 3);		\
	FIELD_DISJOINT(list, 4); FIELD_DISJOINT(list, 5);		\
	FIELD_DISJOINT(list, 6); FIELD_DISJOINT(list, 7)

#define FIELD__CHECK(T, f, hi, lo, gloss)				\
	_Static_assert((hi) >= (lo), #f ": bits are written hi, lo");	\
	_Static_assert((hi) / 64 == (lo) / 64, #f ": crosses a word");	\
	_Static_assert((hi) < 8 * sizeof(T), #f ": beyond the record");

/* Unused is usual: no file touches every field of a format. */
#define FIELD__FN	static inline __attribute__((unused))

#define FIELD__ACCESSORS(T, f, hi, lo, gloss)				\
	FIELD__CHECK(T, f, hi, lo, gloss)				\
	FIELD__FN uint64_t f##_get(const T *rec)			\
	{								\
		return REG_GET(f, rec->dw[FIELD_WORD(f)]);		\
	}								\
	FIELD__FN void f##_set(T *rec, uint64_t v)			\
	{								\
		rec->dw[FIELD_WORD(f)] =				\
			REG_PUT(f, rec->dw[FIELD_WORD(f)], v);		\
	}

/* clang-format on */

FIELD__FN uint64_t field__put(uint64_t old, uint64_t v, uint64_t max, int shift)
{
	FIELD_ASSERT(v <= max);
	return (old & ~(max << shift)) | ((v & max) << shift);
}

#endif
