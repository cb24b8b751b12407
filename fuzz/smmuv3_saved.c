/* SPDX-License-Identifier: MIT */
/*
 * Snapshots: what was saved can be restored and is saved again as the same
 * bytes, stalled transactions and all; bytes that were changed are refused, or
 * are a state like any other, which the operations after it go on from.
 *
 * Of the layout two things are known here: the last word is the sum of all
 * before it, and in front of that are five words for each stalled transaction.
 */
#include "fuzz/smmuv3_rig.h"

#include <errno.h>

enum { WORDS_MAX = 1024, STALLS = 64, STALL_WORDS = 5 };

static uint64_t sum(const uint64_t *buf, size_t words)
{
	const uint8_t *p = (const uint8_t *)buf;
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < 8 * (words - 1); i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* Up to three words; the sum fits, or does not. */
static bool change(struct rig *r, uint64_t *buf, size_t words)
{
	uint8_t b = in_u8(r->in);
	unsigned int n = b & 3, stalls = STALLS * STALL_WORDS + 1;
	size_t i;

	while (n--) {
		i = in_u16(r->in);
		/* Half of them where registers are. */
		i = i & 0x8000 ? i % words : i % (words - stalls);
		buf[i] ^= in_word(r->in);
	}
	if (!(b & 4))
		buf[words - 1] = sum(buf, words);
	return b & 7;
}

/* Those that the model has taken over will end, too. */
static void take_over(struct rig *r, const uint64_t *buf, size_t words)
{
	const uint64_t *w = &buf[words - 1 - STALLS * STALL_WORDS];
	unsigned int i;

	for (i = 0; i < STALLS; i++, w += STALL_WORDS) {
		if (!(w[0] & 0xffff))
			continue;
		r->want.stalls++;
		FUZZ_CHECK(r->stall_n < RIG_STALLS);
		r->stalls[r->stall_n++] = (struct rig_stall){
			.cookie = w[4],
			.txn = { .requester = (uint32_t)w[1],
				 .addr = w[3],
				 .perm = 1 },
		};
	}
}

static int restore(struct rig *r, const uint64_t *buf, size_t words)
{
	static uint64_t again[WORDS_MAX];
	struct frame f;
	int ret;

	rig_enter(r, &f);
	ret = smmuv3_hw_restore(r->hw, buf, 8 * words);
	FUZZ_CHECK(!ret || ret == -EINVAL);
	if (!ret) {
		take_over(r, buf, words);
		FUZZ_CHECK(!f.loads && !f.writes && !f.cas);
		/* Before a look at a register lets commands get on. */
		FUZZ_CHECK(!smmuv3_hw_save(r->hw, again, 8 * words));
		FUZZ_CHECK(!memcmp(buf, again, 8 * words));
		/* A look also lets stalls go on, and they may write there. */
		r->places_lost = true;
	}
	rig_snapshot(r);
	rig_leave(r, &f);
	return ret;
}

void rig_saved(struct rig *r)
{
	static uint64_t buf[WORDS_MAX];
	size_t size = smmuv3_hw_snapshot_size(), words = size / 8;
	unsigned int i;
	bool changed;
	int ret;

	FUZZ_CHECK(size <= sizeof(buf) && words > STALLS * STALL_WORDS + 1);
	/* Nobody else calls the model. */
	if (r->depth)
		return;
	ret = smmuv3_hw_save(r->hw, buf, size);
	FUZZ_CHECK(!ret || ret == -EBUSY);
	if (ret)
		return;
	rig_reset(r);
	/* Something nested may have kept it busy. */
	for (i = 0; i < RIG_PORTS; i++)
		if (r->busy[i] & 1)
			return;
	if (r->stall_n)
		return;
	changed = change(r, buf, words);
	ret = smmuv3_hw_restore(r->hw, buf, size - 1);
	FUZZ_CHECK(ret == -EINVAL);
	if (fuzz_broken("saved"))
		buf[words - 1] ^= 1;
	ret = restore(r, buf, words);
	FUZZ_CHECK(!ret || changed);
}
