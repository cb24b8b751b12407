/* SPDX-License-Identifier: MIT */
/*
 * What the model of the bench has around it: memory, which ends where nobody
 * has allocated, and STEs and CDs by words, see smmuv3_bench.h.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "base/le64.h"
#include "tests/drivers/smmuv3_bench.h"
#include "tests/support/testenv.h"

/* The platform's pages, with a list of them. */
static struct bench *bench_of(void *tp)
{
	return container_of((struct testplat *)tp, struct bench, f.tp);
}

static void *bench_pages_alloc(void *ctx, size_t size)
{
	struct bench *b = bench_of(ctx);
	const struct plat_ops *below = b->below;
	void *p = below->pages_alloc(ctx, size);
	unsigned int i;

	if (!p)
		return NULL;
	for (i = 0; i < BENCH_PAGES && b->pages[i].size; i++)
		;
	assert_true(i < BENCH_PAGES);
	b->pages[i].start = (uintptr_t)p;
	b->pages[i].size = size;
	return p;
}

static void bench_pages_free(void *ctx, void *p, size_t size)
{
	struct bench *b = bench_of(ctx);
	unsigned int i;

	for (i = 0; i < BENCH_PAGES; i++)
		if (b->pages[i].size && b->pages[i].start == (uintptr_t)p)
			b->pages[i].size = 0;
	b->below->pages_free(ctx, p, size);
}

/* Somebody's memory, and still. */
static bool is_live(const struct bench *b, uint64_t pa)
{
	unsigned int i;

	for (i = 0; i < BENCH_PAGES; i++)
		if (pa - b->pages[i].start < b->pages[i].size)
			return true;
	return false;
}

static uint64_t load(const struct bench *b, uint64_t pa)
{
	return is_live(b, pa) ?
		       le64_load_acquire(le64_at((void *)(uintptr_t)pa)) :
		       0;
}

/* Where the STE is that the SMMU has to find; 0: nowhere. */
static uint64_t ste_at(const struct bench *b)
{
	uint64_t base = b->strtab & 0xffffffffffffc0, l1;
	unsigned int split = b->strtab_cfg >> 6 & 31;

	if (!base)
		return 0;
	if (!(b->strtab_cfg >> 16 & 3))
		return base + UINT64_C(64) * BENCH_SID;
	l1 = load(b, base + 8ull * (BENCH_SID >> split));
	return l1 & 31 ? (l1 & 0xffffffffffffc0) +
				 64 * (BENCH_SID & (BIT(split) - 1)) :
			 0;
}

/* The same of a CD, by the STE. Formats are linear and two levels of 64K. */
static uint64_t cd_of(const struct bench *b, uint64_t ste, unsigned int ssid)
{
	uint64_t dw0 = load(b, ste), base = dw0 & 0xffffffffffffc0;

	if (!(dw0 & 1) || !(dw0 >> 1 & 1) || !base || ssid >> (dw0 >> 59))
		return 0;
	if ((dw0 >> 4 & 3) != 2)
		return base + 64 * ssid;
	base = load(b, base + 8 * (ssid >> 10));
	return base & 1 ? (base & 0xfffffffffff000) + 64 * (ssid & 1023) : 0;
}

static struct bench_pieces *pieces_of(struct bench *b, uint64_t pa)
{
	uint64_t ste = ste_at(b), cd;
	unsigned int i;

	if (!ste)
		return NULL;
	if (pa / 64 == ste / 64)
		return &b->ste;
	for (i = 0; i < BENCH_PIECES_SSIDS; i++) {
		cd = cd_of(b, ste, i);
		if (cd && pa / 64 == cd / 64)
			return &b->cd[i];
	}
	return NULL;
}

static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	struct bench *b = bench_of(ctx);
	struct bench_pieces *p = NULL;
	unsigned int i = (unsigned int)(pa / 8 % 8);

	if (!is_live(b, pa) ||
	    (b->given_back && pa / 64 == b->given_back / 64)) {
		b->astray = true;
		return -EFAULT;
	}
	if (b->device == BENCH_PIECES && i)
		p = pieces_of(b, pa);
	if (p && !p->valid[i]) {
		p->valid[i] = true;
		p->dw[i] = load(b, pa);
	}
	*ret_value = p ? p->dw[i] : load(b, pa);
	return 0;
}

/* What an invalidation that takes effect makes of the words. */
void bench_drop_pieces(struct bench *b, const struct smmu_cmd *cmd)
{
	uint64_t ssid = FIELD_GET(SMMU_CMD_CFGI_SSID, cmd);

	switch (FIELD_GET(SMMU_CMD_OPCODE, cmd)) {
	case SMMU_OP_CFGI_STE:
	case SMMU_OP_CFGI_ALL:
		memset(&b->ste, 0, sizeof(b->ste));
		memset(b->cd, 0, sizeof(b->cd));
		break;
	case SMMU_OP_CFGI_CD_ALL:
		memset(b->cd, 0, sizeof(b->cd));
		break;
	case SMMU_OP_CFGI_CD:
		if (ssid < BENCH_PIECES_SSIDS)
			memset(&b->cd[ssid], 0, sizeof(b->cd[ssid]));
		break;
	default:
		break;
	}
}

static int env_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	struct bench *b = bench_of(ctx);

	if (!is_live(b, pa)) {
		b->astray = true;
		return -EFAULT;
	}
	le64_cmpxchg(le64_at((void *)(uintptr_t)pa), &expected, desired);
	*ret_old = expected;
	return 0;
}

uint64_t bench_cd_at(const struct bench *b, unsigned int ssid)
{
	uint64_t ste = ste_at(b);

	return ste ? cd_of(b, ste, ssid) : 0;
}

void bench_surround(struct bench *b, struct hw_env *ret_env)
{
	b->below = b->f.tp.plat.ops;
	b->ops = *b->below;
	b->ops.pages_alloc = bench_pages_alloc;
	b->ops.pages_free = bench_pages_free;
	b->f.tp.plat.ops = &b->ops;
	*ret_env = testenv(&b->f.tp);
	ret_env->mem_load64 = env_load64;
	ret_env->mem_cas64 = env_cas64;
}
