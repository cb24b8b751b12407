/* SPDX-License-Identifier: MIT */
/*
 * CRC-32C (RFC 3720, appendix B.4) over a state held with bit 0 as the highest
 * power: eight bytes a turn by tables, or by the instruction x86 has for it.
 */
#include "models/dsa/dsa.h"

#include "base/bits.h"
#include "base/le64.h"
#include "models/dsa/crc_table.h"

uint32_t dsa_hw_reverse32(uint32_t v)
{
	v = (v & 0x55555555) << 1 | (v >> 1 & 0x55555555);
	v = (v & 0x33333333) << 2 | (v >> 2 & 0x33333333);
	v = (v & 0x0f0f0f0f) << 4 | (v >> 4 & 0x0f0f0f0f);
	return __builtin_bswap32(v);
}

uint32_t dsa_hw_crc_soft(uint32_t state, const unsigned char *p, uint64_t len)
{
	for (; len >= 8; p += 8, len -= 8) {
		uint32_t lo = state ^ le32_load(p);
		uint32_t hi = le32_load(p + 4);

		state = dsa_hw_crc_table[7][lo & 0xff] ^
			dsa_hw_crc_table[6][lo >> 8 & 0xff] ^
			dsa_hw_crc_table[5][lo >> 16 & 0xff] ^
			dsa_hw_crc_table[4][lo >> 24] ^
			dsa_hw_crc_table[3][hi & 0xff] ^
			dsa_hw_crc_table[2][hi >> 8 & 0xff] ^
			dsa_hw_crc_table[1][hi >> 16 & 0xff] ^
			dsa_hw_crc_table[0][hi >> 24];
	}
	for (; len; p++, len--)
		state = state >> 8 ^ dsa_hw_crc_table[0][(state ^ *p) & 0xff];
	return state;
}

/* Each byte with bit 7 first: the flag that bypasses data reflection. */
uint32_t dsa_hw_crc_bytes_reversed(uint32_t state, const unsigned char *p,
				   uint64_t len)
{
	for (; len; p++, len--) {
		uint32_t byte = dsa_hw_reverse32((uint32_t)*p << 24);

		state = state >> 8 ^ dsa_hw_crc_table[0][(state ^ byte) & 0xff];
	}
	return state;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t
dsa_hw_crc_sse42(uint32_t state, const unsigned char *p, uint64_t len)
{
	uint64_t wide = state;

	for (; len >= 8; p += 8, len -= 8)
		wide = __builtin_ia32_crc32di(wide, le64_load(p));
	state = (uint32_t)wide;
	for (; len; p++, len--)
		state = __builtin_ia32_crc32qi(state, *p);
	return state;
}

/* 0 not asked yet, 1 no, 2 yes; every thread finds the same answer. */
static bool dsa_hw_crc_has_sse42(void)
{
	static _Atomic int known;
	int v = atomic_load_explicit(&known, memory_order_relaxed);

	if (!v) {
		uint32_t a = 1, b, c = 0, d;

		/* Bit 20 of ECX of leaf 1, which every x86-64 has. */
		__asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
		v = c & BIT(20) ? 2 : 1;
		atomic_store_explicit(&known, v, memory_order_relaxed);
	}
	return v == 2;
}

uint32_t dsa_hw_crc(uint32_t state, const unsigned char *p, uint64_t len)
{
	if (dsa_hw_crc_has_sse42())
		return dsa_hw_crc_sse42(state, p, len);
	return dsa_hw_crc_soft(state, p, len);
}
#else
uint32_t dsa_hw_crc(uint32_t state, const unsigned char *p, uint64_t len)
{
	return dsa_hw_crc_soft(state, p, len);
}
#endif
