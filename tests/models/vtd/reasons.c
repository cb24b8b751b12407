/* SPDX-License-Identifier: MIT */
/* The reasons of the list, each in a golden record, or why it is in none. */
#include "tests/models/vtd/conform.h"

#include "fmt/vtd_fault.h"

/* What no request meets, as what it is about cannot be announced. */
static const struct {
	unsigned int reason;
	const char *why;
} never[] = {
	{ 0x27, "CAP.PI: posted interrupts" },
	{ 0x28, "CAP.PI: posted interrupts" },
	{ 0x2a, "ECAP.EIMER" },
	{ 0x2b, "ECAP.IRREQ" },
	{ 0x49, "ECAP.PTRS: the root complex blocks the request, 4.2.5" },
	{ 0x60, "ECAP.HPTS" },
	{ 0x88, "not in revision 5.1; what it was no source says" },
	{ 0xa0, "ECAP.HPTS" },
	{ 0xa1, "ECAP.HPTS" },
	{ 0xa2, "ECAP.HPTS" },
	{ 0xa3, "ECAP.HPTS" },
	{ 0xa4, "ECAP.HPTS" },
	{ 0xa5, "ECAP.HPTS" },
};

static bool is_never(unsigned int reason)
{
	size_t i;

	for (i = 0; i < CF_COUNT(never); i++)
		if (never[i].reason == reason)
			return never[i].why[0];
	return false;
}

/* Table 15 has the ones of interrupts, table 30 the others. */
static bool of_interrupts(unsigned int reason)
{
	return reason >= 0x20 && reason <= 0x2f;
}

void cf_every_reason(const bool raised[256], bool interrupts)
{
#define NUMBER(name, number, spec, gloss) number,
	static const unsigned int numbers[] = { VTD_FAULTS(NUMBER) };
	unsigned int seen = 0, left = 0, r;
	size_t i;

	for (i = 0; i < CF_COUNT(numbers); i++) {
		if (of_interrupts(numbers[i]) != interrupts)
			continue;
		if (raised[numbers[i]] == is_never(numbers[i]))
			fail_msg("reason %#x", numbers[i]);
		seen += raised[numbers[i]];
		left += is_never(numbers[i]);
	}
	/* And none that the list does not have, here or there. */
	for (r = 0; r < 256; r++) {
		for (i = 0; i < CF_COUNT(numbers); i++)
			if (numbers[i] == r && of_interrupts(r) == interrupts)
				break;
		assert_true(i < CF_COUNT(numbers) || !raised[r]);
	}
	for (i = 0; i < CF_COUNT(never); i++) {
		for (r = 0; r < CF_COUNT(numbers); r++)
			if (numbers[r] == never[i].reason)
				break;
		assert_true(r < CF_COUNT(numbers));
	}
	assert_true(seen > 0);
	print_message("%u reasons with a golden record, %u never raised\n",
		      seen, left);
}
