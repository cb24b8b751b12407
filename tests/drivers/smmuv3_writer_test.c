/* SPDX-License-Identifier: MIT */
/*
 * Updates of live entries: whatever mixture of words the SMMU may have put
 * together since the last sync is the old configuration, the new one or V=0.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "drivers/smmuv3/writer.h"
#include "tests/drivers/smmuv3_kinds.h"

enum { WORDS = SMMUV3_ENTRY_WORDS, VALUES = 8 };

static const struct kinds_world world = {
	.cdtab_a = 0x10000,
	.cdtab_b = 0x20000,
	.ttb_a = 0x100000,
	.ttb_b = 0x200000,
	.ttb_high = 0x300000,
	.ttb_s2 = 0x400000,
};

/*
 * The reader. It may hold, of each word, any value the word had since the last
 * sync: values[].
 */
struct reader {
	struct smmuv3_writer w;
	le64_atomic memory[WORDS];
	le64_atomic *slot;
	uint64_t values[WORDS][VALUES];
	unsigned int count[WORDS];
	struct smmuv3_entry from, to;
	unsigned int drop; /* this sync does nothing, counted from 1 */
	unsigned int nth;
	unsigned int cleanup; /* syncs before which it was what is to be seen */
	bool torn;            /* neither from nor to nor V=0 */
	bool invalid;         /* V=0 was to be seen */
	bool stale; /* the update was over, and something else than to seen */
};

/* As far as the SMMU can tell, and safe bits do not matter. */
static bool equal(const struct smmuv3_entry_kind *kind,
		  const struct smmuv3_entry *a, const struct smmuv3_entry *b,
		  const struct smmuv3_entry *safe)
{
	struct smmuv3_entry ua, ub;
	unsigned int i;

	kind->used(a, &ua);
	kind->used(b, &ub);
	for (i = 0; i < WORDS; i++)
		if ((ua.dw[i] ^ ub.dw[i]) & ~safe->dw[i] ||
		    (a->dw[i] ^ b->dw[i]) & ua.dw[i] & ~safe->dw[i])
			return false;
	return true;
}

static void judge(struct reader *r, const struct smmuv3_entry *e)
{
	struct smmuv3_entry safe = { { 0 } };

	if (r->w.kind->safe)
		r->w.kind->safe(&r->from, &r->to, &safe);
	if (!(e->dw[0] & r->w.kind->valid))
		r->invalid = true;
	else if (!equal(r->w.kind, e, &r->from, &safe) &&
		 !equal(r->w.kind, e, &r->to, &safe))
		r->torn = true;
}

static void judge_end(struct reader *r, const struct smmuv3_entry *e)
{
	static const struct smmuv3_entry none = { { 0 } };

	if (!equal(r->w.kind, e, &r->to, &none))
		r->stale = true;
}

/* Every mixture, as a number whose digits choose a value of each word. */
static void look(struct reader *r,
		 void (*fn)(struct reader *r, const struct smmuv3_entry *e))
{
	unsigned int digit[WORDS] = { 0 }, i;

	for (i = 0; i < WORDS; i++) {
		uint64_t now = le64_load_acquire(&r->memory[i]);

		if (r->values[i][r->count[i] - 1] == now)
			continue;
		assert_true(r->count[i] < VALUES);
		r->values[i][r->count[i]++] = now;
	}
	do {
		struct smmuv3_entry e;

		for (i = 0; i < WORDS; i++)
			e.dw[i] = r->values[i][digit[i]];
		fn(r, &e);
		for (i = 0; i < WORDS && ++digit[i] == r->count[i]; i++)
			digit[i] = 0;
	} while (i < WORDS);
}

static void forget(struct reader *r)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++) {
		r->values[i][0] = le64_load_acquire(&r->memory[i]);
		r->count[i] = 1;
	}
}

static bool was_done(const struct reader *r)
{
	static const struct smmuv3_entry none = { { 0 } };
	struct smmuv3_entry e;
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		e.dw[i] = r->values[i][0];
	return equal(r->w.kind, &e, &r->to, &none);
}

static int reader_sync(struct smmuv3_writer *w)
{
	struct reader *r = container_of(w, struct reader, w);

	++r->nth;
	if (was_done(r))
		r->cleanup |= 1u << r->nth;
	look(r, judge);
	if (r->nth != r->drop)
		forget(r);
	return 0;
}

static void reader_init(struct reader *r, const struct smmuv3_entry_kind *kind,
			const struct smmuv3_entry *from)
{
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->slot = r->memory;
	r->w.kind = kind;
	r->w.slots = &r->slot;
	r->w.slot_count = 1;
	r->w.sync = reader_sync;
	r->to = *from;
	for (i = 0; i < WORDS; i++)
		le64_store_relaxed(&r->memory[i], from->dw[i]);
	forget(r);
}

/* The next update, by whatever writes. */
static void reader_expect(struct reader *r, const struct smmuv3_entry *to)
{
	r->from = r->to;
	r->to = *to;
	r->torn = false;
	r->invalid = false;
	r->stale = false;
	r->nth = 0;
	r->cleanup = 0;
}

static void update(struct reader *r, const struct smmuv3_entry *to)
{
	reader_expect(r, to);
	assert_int_equal(smmuv3_write_entry(&r->w, to), 0);
	look(r, judge_end);
}

/* One table of either sort of entry. */
struct family {
	const struct smmuv3_entry_kind *kind;
	unsigned int count;
	const char *const *names;
	struct smmuv3_entry (*make)(unsigned int kind);
	const char *const *golden;
};

static struct smmuv3_entry make_ste(unsigned int kind)
{
	return kinds_ste((enum ste_kind)kind, &world);
}

static struct smmuv3_entry make_cd(unsigned int kind)
{
	return kinds_cd((enum cd_kind)kind, &world);
}

/*
 * From (row) to (column): how many syncs, all of them hitless, or x: 3 syncs
 * with V=0 between. Into and out of V=0 nothing else can be.
 */
/* clang-format off */
static const char *const ste_golden[STE_KINDS] = {
	[STE_NONE]		= "01222222222222222",
	[STE_ABORT]		= "10222222222222222",
	[STE_BYPASS]		= "22021222222222222",
	[STE_ONE_CD]		= "2220112211xxxxxxx",
	[STE_NC]		= "22110xxxxxxxxxxxx",
	[STE_TERM]		= "2221x011111xxxxxx",
	[STE_DSS_BYPASS]	= "2222x1011x1xxxxxx",
	[STE_SSID0]		= "2222x1101x1xxxxxx",
	[STE_ATS]		= "2221x111011xxxxxx",
	[STE_OTHER]		= "2221x1xx10xxxxxxx",
	[STE_EL2]		= "222xx1111x0xxxxxx",
	[STE_S2]		= "222xxxxxxxx01122x",
	[STE_S2_MEV]		= "222xxxxxxxx10122x",
	[STE_S2_STALL]		= "222xxxxxxxx110xxx",
	[STE_NESTED]		= "222xxxxxxxx22x011",
	[STE_NESTED_ATS]	= "222xxxxxxxx22x101",
	[STE_NESTED_SPLIT]	= "222xxxxxxxxxxx110",
};

static const char *const cd_golden[CD_KINDS] = {
	[CD_NONE]		= "02222222222222",
	[CD_SVA]		= "20x111122x3xx2",
	[CD_SVA_B]		= "2x01xxx22132x2",
	[CD_SVA_ASID]		= "211011122x3xx2",
	[CD_SVA_SHARED]		= "21x101122x3xx2",
	[CD_SVA_NO_HTTU]	= "21x110122x3xx2",
	[CD_SVA_STALL]		= "21x111022x3xx2",
	[CD_QUIET]		= "22222220122211",
	[CD_QUIET_STALL]	= "22222221022211",
	[CD_LOW]		= "2x1xxxx2203212",
	[CD_HIGH]		= "23333332230221",
	[CD_BOTH]		= "2x2xxxx22220xx",
	[CD_LOW_0]		= "2xxxxxx1112x01",
	[CD_HIGH_0]		= "22222221121x10",
};
/* clang-format on */

static const struct family families[] = {
	{ &smmuv3_ste_kind, STE_KINDS, ste_names, make_ste, ste_golden },
	{ &smmuv3_cd_kind, CD_KINDS, cd_names, make_cd, cd_golden },
};

static char result_of(const struct reader *r, bool between)
{
	if (r->torn || r->stale)
		return '!';
	if (between && r->invalid)
		return r->w.syncs == 3 ? 'x' : '?';
	return (char)('0' + r->w.syncs);
}

static void print_row(const struct family *f, unsigned int from,
		      const char *row)
{
	if (!f->golden[from] || strcmp(row, f->golden[from]) != 0)
		print_message("%-13s \"%s\"\n", f->names[from], row);
}

static void run_pairs(const struct family *f)
{
	unsigned int from, to, wrong = 0;

	for (from = 0; from < f->count; from++) {
		char row[32] = { 0 };

		for (to = 0; to < f->count; to++) {
			struct smmuv3_entry a = f->make(from);
			struct smmuv3_entry b = f->make(to);
			struct reader r;
			unsigned int i;

			reader_init(&r, f->kind, &a);
			update(&r, &b);
			row[to] = result_of(&r, from && to);
			for (i = 0; i < WORDS; i++)
				assert_int_equal(
					le64_load_acquire(&r.memory[i]),
					b.dw[i]);
		}
		print_row(f, from, row);
		wrong += !f->golden[from] || strcmp(row, f->golden[from]) != 0;
	}
	assert_int_equal(wrong, 0);
}

/* [K8] [R7] 3.21.3 */
static void test_smmuv3_writer_every_ste_pair_is_whole(void **state)
{
	(void)state;
	run_pairs(&families[0]);
}

/* [K8] [K9] [R7] 3.21.3 */
static void test_smmuv3_writer_every_cd_pair_is_whole(void **state)
{
	(void)state;
	run_pairs(&families[1]);
}

/* Noticed at once, or by the first update that follows. */
static bool drop_is_noticed(const struct family *f, unsigned int from,
			    unsigned int to, unsigned int drop)
{
	struct smmuv3_entry a = f->make(from), b = f->make(to);
	unsigned int next;

	for (next = 0; next < f->count; next++) {
		struct smmuv3_entry c = f->make(next);
		struct reader r;

		reader_init(&r, f->kind, &a);
		r.drop = drop;
		update(&r, &b);
		if (r.torn || r.stale)
			return true;
		r.drop = 0;
		update(&r, &c);
		if (r.torn || r.stale)
			return true;
	}
	return false;
}

struct tally {
	unsigned int needed;  /* syncs on the way */
	unsigned int missed;  /* of those, not noticed: must be none */
	unsigned int cleanup; /* syncs after a clean-up */
	unsigned int idle;    /* of those, not noticed */
};

static void drop_each(const struct family *f, unsigned int from,
		      unsigned int to, struct tally *t)
{
	struct smmuv3_entry a = f->make(from), b = f->make(to);
	struct reader r;
	unsigned int k;

	reader_init(&r, f->kind, &a);
	update(&r, &b);
	for (k = 1; k <= r.nth; k++) {
		bool noticed = drop_is_noticed(f, from, to, k);

		if (r.cleanup >> k & 1) {
			t->cleanup++;
			t->idle += !noticed;
		} else {
			t->needed++;
			t->missed += !noticed;
			if (!noticed)
				print_message("%s to %s: %u\n", f->names[from],
					      f->names[to], k);
		}
	}
}

/*
 * [R7] The control: a reader notices each sync that did not happen. That after
 * a clean-up matters when the next entry counts on what is cleaned up, as some
 * here do.
 */
static void test_smmuv3_writer_every_sync_is_needed(void **state)
{
	unsigned int fam, from, to;

	(void)state;
	for (fam = 0; fam < ARRAY_SIZE(families); fam++) {
		const struct family *f = &families[fam];
		struct tally t = { 0 };

		for (from = 0; from < f->count; from++)
			for (to = 0; to < f->count; to++)
				drop_each(f, from, to, &t);
		print_message("%u syncs on the way, %u clean up, %u idly\n",
			      t.needed, t.cleanup, t.idle);
		assert_int_equal(t.missed, 0);
		assert_true(t.needed > 100);
		assert_true(t.cleanup > t.idle);
	}
}

static void store(struct reader *r, unsigned int word, uint64_t value)
{
	le64_store_release(&r->memory[word], value);
}

static void sync(struct reader *r)
{
	(void)reader_sync(&r->w);
}

/* Ways to get it wrong, each by one thing. */
static void naive_at_once(struct reader *r, const struct smmuv3_entry *to)
{
	unsigned int i;

	for (i = WORDS; i-- > 0;)
		store(r, i, to->dw[i]);
	sync(r);
}

/* 3.21.3.1 says why not: words may be read in any order. */
static void naive_v_last(struct reader *r, const struct smmuv3_entry *to)
{
	unsigned int i;

	store(r, 0, 0);
	sync(r);
	for (i = 1; i < WORDS; i++)
		store(r, i, to->dw[i]);
	store(r, 0, to->dw[0]);
	sync(r);
}

static void naive_word0_first(struct reader *r, const struct smmuv3_entry *to)
{
	unsigned int i;

	store(r, 0, to->dw[0]);
	sync(r);
	for (i = 1; i < WORDS; i++)
		store(r, i, to->dw[i]);
	sync(r);
}

static void naive_word0_last(struct reader *r, const struct smmuv3_entry *to)
{
	unsigned int i;

	for (i = 1; i < WORDS; i++)
		store(r, i, to->dw[i]);
	sync(r);
	store(r, 0, to->dw[0]);
	sync(r);
}

static void naive_no_last_sync(struct reader *r, const struct smmuv3_entry *to)
{
	unsigned int i;

	store(r, 0, 0);
	sync(r);
	for (i = 1; i < WORDS; i++)
		store(r, i, to->dw[i]);
	sync(r);
	store(r, 0, to->dw[0]);
}

/* The control of that: right, if not hitless. */
static void plain(struct reader *r, const struct smmuv3_entry *to)
{
	naive_no_last_sync(r, to);
	sync(r);
}

static unsigned int wrong_pairs(const struct family *f,
				void (*write)(struct reader *r,
					      const struct smmuv3_entry *to))
{
	unsigned int from, to, wrong = 0;

	for (from = 0; from < f->count; from++)
		for (to = 0; to < f->count; to++) {
			struct smmuv3_entry a = f->make(from);
			struct smmuv3_entry b = f->make(to);
			struct reader r;

			reader_init(&r, f->kind, &a);
			reader_expect(&r, &b);
			write(&r, &b);
			look(&r, judge_end);
			wrong += r.torn || r.stale;
		}
	return wrong;
}

/* [R7] The controls of the reader. */
static void test_smmuv3_writer_naive_ones_are_noticed(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		assert_int_equal(wrong_pairs(&families[i], plain), 0);
		assert_true(wrong_pairs(&families[i], naive_at_once));
		assert_true(wrong_pairs(&families[i], naive_v_last));
		assert_true(wrong_pairs(&families[i], naive_word0_first));
		assert_true(wrong_pairs(&families[i], naive_word0_last));
		assert_true(wrong_pairs(&families[i], naive_no_last_sync));
	}
}

/*
 * [K8] [K9] The used bits, a second time: by hand, from the figures of 5.2 and
 * 5.4, as numbers.
 */
static void test_smmuv3_writer_used_bits_are_those_of_the_tables(void **state)
{
	/* CONT, then DRE DCP MEV MEMATTR MTCFG ALLOCCFG SHCFG PRIVCFG INSTCFG */
	const uint64_t cont = 0xfull << 13;
	const uint64_t pass = cont | 1 << 12 | 1 << 17 | 1 << 19 |
			      0xfull << 32 | 1ull << 36 | 0xfull << 37 |
			      3ull << 44 | 3ull << 48 | 3ull << 50;
	const uint64_t ats = 1 << 18 | 3ull << 28;
	const uint64_t s1 = 0xfc | 1 << 24 | 1 << 26 | 1 << 27;
	const uint64_t s2 = 0xf00 | 1 << 25;
	const uint64_t ptr = 0xffffffffffffc0, max = 31ull << 59;
	const uint64_t s2q2 = ~0xffff0000ull, vmid = 0xffff;
	/* PMG, AssuredOnly TL0 TL1, VMSPtr; S2S, and DPT_VMATCH for EATS 3 */
	const uint64_t s2q5 = 0xeff | 0xfffffffffffull << 12;
	const uint64_t dpt = 1ull << 57 | 3ull << 62;
	const struct {
		enum ste_kind kind;
		uint64_t used[WORDS];
	} rows[] = {
		{ STE_NONE, { 1 } },
		{ STE_ABORT, { 0xf, cont } },
		{ STE_BYPASS, { 0xf, pass, 0, 0, 0xffff0000, 0xff } },
		{ STE_ONE_CD,
		  { 0xf | ptr | max, pass | ats | s1 | 3ull << 30, vmid | dpt,
		    0, 0xffff0000, 0xff } },
		{ STE_TERM,
		  { 0x3f | ptr | max, pass | ats | s1 | 3ull << 30 | 3,
		    vmid | dpt, 0, 0xffff0000, 0xff } },
		{ STE_S2,
		  { 0xf, pass | ats | s2, s2q2, UINT64_MAX, 0xffff0000, s2q5, 0,
		    UINT64_MAX } },
		{ STE_NESTED,
		  { 0x3f | ptr | max, pass | ats | s1 | s2 | 3, s2q2,
		    UINT64_MAX, 0xffff0000, s2q5, 0, UINT64_MAX } },
	};
	const uint64_t low = 0x3fff, high = 0x3fff0000, ttb = 0xfffffffffffff0;
	const struct {
		enum cd_kind kind;
		uint64_t not_used[3];
	} cds[] = {
		{ CD_SVA, { high, 0, ttb } },
		{ CD_QUIET, { low | high, ttb, ttb } },
		{ CD_HIGH, { low, ttb, 0 } },
		{ CD_BOTH, { 0, 0, 0 } },
	};
	struct smmuv3_entry e, used;
	unsigned int i, w;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		e = make_ste(rows[i].kind);
		smmuv3_ste_kind.used(&e, &used);
		for (w = 0; w < WORDS; w++)
			assert_int_equal(used.dw[w], rows[i].used[w]);
	}
	for (i = 0; i < ARRAY_SIZE(cds); i++) {
		e = make_cd(cds[i].kind);
		smmuv3_cd_kind.used(&e, &used);
		for (w = 0; w < WORDS; w++)
			assert_int_equal(~used.dw[w],
					 w < 3 ? cds[i].not_used[w] : 0);
	}
	e = make_cd(CD_NONE);
	smmuv3_cd_kind.used(&e, &used);
	assert_int_equal(used.dw[0], 1u << 31);
	for (w = 1; w < WORDS; w++)
		assert_int_equal(used.dw[w], 0);
}

/* Several entries become one thing with the syncs of one. */
struct pair {
	struct smmuv3_writer w;
	le64_atomic memory[2][WORDS];
	unsigned int fail_at;
	uint64_t spoil;
};

static int pair_sync(struct smmuv3_writer *w)
{
	struct pair *p = container_of(w, struct pair, w);

	if (p->spoil)
		le64_store_relaxed(&p->memory[0][3], p->spoil++);
	return w->syncs + 1 == p->fail_at ? -ETIMEDOUT : 0;
}

static int pair_write(struct pair *p, enum ste_kind a, enum ste_kind b,
		      enum ste_kind to)
{
	le64_atomic *const slots[2] = { p->memory[0], p->memory[1] };
	struct smmuv3_entry from[2] = { make_ste(a), make_ste(b) };
	struct smmuv3_entry target = make_ste(to);
	unsigned int i;

	p->w = (struct smmuv3_writer){
		.kind = &smmuv3_ste_kind,
		.slots = slots,
		.slot_count = 2,
		.sync = pair_sync,
	};
	for (i = 0; i < 2 * WORDS; i++)
		le64_store_relaxed(&p->memory[i / WORDS][i % WORDS],
				   from[i / WORDS].dw[i % WORDS]);
	return smmuv3_write_entry(&p->w, &target);
}

static void test_smmuv3_writer_several_entries_share_the_syncs(void **state)
{
	struct smmuv3_entry to = make_ste(STE_NESTED);
	struct pair p = { .fail_at = 0 };
	unsigned int i;

	(void)state;
	assert_int_equal(pair_write(&p, STE_BYPASS, STE_TERM, STE_NESTED), 0);
	assert_int_equal(p.w.syncs, 3);
	for (i = 0; i < 2 * WORDS; i++)
		assert_int_equal(
			le64_load_acquire(&p.memory[i / WORDS][i % WORDS]),
			to.dw[i % WORDS]);
	/* Nothing to do is nothing done. */
	assert_int_equal(pair_write(&p, STE_TERM, STE_TERM, STE_TERM), 0);
	assert_int_equal(p.w.syncs, 0);
}

/* An SMMU that does not answer ends it, with V=0 or the old one still there. */
static void test_smmuv3_writer_error_stops_at_once(void **state)
{
	struct pair p = { .fail_at = 2 };

	(void)state;
	assert_int_equal(pair_write(&p, STE_S2, STE_S2, STE_TERM), -ETIMEDOUT);
	assert_int_equal(p.w.syncs, 2);
	assert_int_equal(le64_load_acquire(&p.memory[0][0]), 0);
	assert_int_equal(pair_write(&p, STE_BYPASS, STE_BYPASS, STE_TERM),
			 -ETIMEDOUT);
	p.fail_at = 1;
	assert_int_equal(pair_write(&p, STE_BYPASS, STE_BYPASS, STE_TERM),
			 -ETIMEDOUT);
	assert_int_equal(le64_load_acquire(&p.memory[0][0]), 1 | 4 << 1);
}

/* Bounded, whatever somebody else does to the entry. */
static void test_smmuv3_writer_foreign_stores_end(void **state)
{
	struct pair p = { .spoil = 1 };

	(void)state;
	assert_int_equal(pair_write(&p, STE_S2, STE_S2, STE_NESTED), -EIO);
	assert_true(p.w.syncs <= SMMUV3_WRITE_STEPS + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_writer_every_ste_pair_is_whole),
		cmocka_unit_test(test_smmuv3_writer_every_cd_pair_is_whole),
		cmocka_unit_test(test_smmuv3_writer_every_sync_is_needed),
		cmocka_unit_test(test_smmuv3_writer_naive_ones_are_noticed),
		cmocka_unit_test(
			test_smmuv3_writer_used_bits_are_those_of_the_tables),
		cmocka_unit_test(
			test_smmuv3_writer_several_entries_share_the_syncs),
		cmocka_unit_test(test_smmuv3_writer_error_stops_at_once),
		cmocka_unit_test(test_smmuv3_writer_foreign_stores_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
