/* SPDX-License-Identifier: MIT */
/*
 * A guest that writes anything into its tables, at any time, and invalidates
 * what it likes, while its host takes memory away and gives it back: whatever
 * it does, nothing of the host's, and nothing that the host has taken away, is
 * reached.
 *
 * Oracles, at each step:
 *   1  a translated access, also one by the device's translation cache, goes to
 *      a page that the parent maps now, and writes only where it may;
 *   2  the unit reads tables where the driver has them, or where the parent
 *      maps them now; it writes (A and D) where the parent allows it;
 *   3  so does the driver;
 *   4  no access of the unit goes to memory that the driver has given back.
 *
 * Each of them is broken once, and notices. SVA_GUEST_ACCESSES is how many
 * accesses there are, SVA_GUEST_SEED where they begin.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/le64.h"
#include "drivers/vtd/vtd.h"
#include "fmt/vtd.h"
#include "tests/drivers/vtd_guest.h"
#include "tests/support/random.h"
#include "tests/support/slow.h"

enum {
#if SLOW
	ACCESSES = 300000,
#else
	ACCESSES = 2000000,
#endif
	/* A guest's life; then another one, with other tables. */
	LIFE = 40000,
	PASIDS = 12,
	/* Entries of each page that are written, and walked. */
	USED = 4,
	HOST_PAGES = 4096,
};

/**
 * struct world - a guest, and what is known of memory
 * @map:   by guest-physical page: the page of the arena, or -1, and @perm.
 * @reads, @writes: by page of the arena: so many mappings allow that.
 * @host:  pages of the driver's.
 * @bad:   the line of the first thing that was wrong.
 * @no_stage2: the unit is shown entries without a second stage.
 */
struct world {
	struct vguest *g;
	struct vbench *b;
	uint64_t seed;
	int map[VGUEST_PAGES];
	unsigned int perm[VGUEST_PAGES];
	unsigned int reads[VGUEST_PAGES];
	unsigned int writes[VGUEST_PAGES];
	uint64_t host[HOST_PAGES];
	void *(*pages_alloc)(void *ctx, size_t size);
	void (*pages_free)(void *ctx, void *pages, size_t size);
	void *(*phys_to_virt)(void *ctx, uint64_t pa);
	bool bound;
	bool single[PASIDS];
	int bad;
	bool no_stage2;
	bool changing; /* its memory changes while it is read */
	uint64_t hits, ats_hits, misses, binds, unmaps;
};

static struct world *world;

#define WRONG(w)                                                               \
	do {                                                                   \
		if (!(w)->bad)                                                 \
			(w)->bad = __LINE__;                                   \
	} while (0)

static uint64_t rnd(struct world *w, uint64_t n)
{
	return next_random(&w->seed) % n;
}

static bool in_arena(const struct world *w, uint64_t pa)
{
	return pa - (uint64_t)(uintptr_t)w->g->arena < PAGE(VGUEST_PAGES);
}

static unsigned int arena_page(const struct world *w, uint64_t pa)
{
	return (unsigned int)((pa - (uint64_t)(uintptr_t)w->g->arena) >> 12);
}

static bool is_host(const struct world *w, uint64_t pa)
{
	uint64_t page = pa >> 12;
	size_t i = page % HOST_PAGES, n;

	for (n = 0; n < HOST_PAGES && w->host[i]; n++, i = (i + 1) % HOST_PAGES)
		if (w->host[i] == page)
			return true;
	return false;
}

/* What has gone stays in its place, as a page nobody has. */
static void host_page(struct world *w, uint64_t page, bool there)
{
	size_t i = page % HOST_PAGES, n;

	for (n = 0; n < HOST_PAGES; n++, i = (i + 1) % HOST_PAGES) {
		if (there && w->host[i] > 1)
			continue;
		if (!there && w->host[i] != page)
			continue;
		w->host[i] = there ? page : 1;
		return;
	}
	fail_msg("no room");
}

/* testplat has one context for all, and a test one world. */
static void *pages_alloc(void *ctx, size_t size)
{
	void *pages = world->pages_alloc(ctx, size);
	size_t i;

	for (i = 0; pages && i < size; i += 4096)
		host_page(world, (uint64_t)((uintptr_t)pages + i) >> 12, true);
	return pages;
}

static void pages_free(void *ctx, void *pages, size_t size)
{
	size_t i;

	for (i = 0; i < size; i += 4096)
		host_page(world, (uint64_t)((uintptr_t)pages + i) >> 12, false);
	world->pages_free(ctx, pages, size);
}

static bool allowed(const struct world *w, uint64_t pa, bool write)
{
	unsigned int page;

	if (!in_arena(w, pa))
		return false;
	page = arena_page(w, pa);
	return write ? w->writes[page] : w->reads[page];
}

/* Something that looks like an entry of one of the tables. */
static uint64_t random_word(struct world *w)
{
	uint64_t page = rnd(w, VGUEST_PAGES + 8) << 12;

	switch (rnd(w, 64)) {
	case 0:
		return next_random(&w->seed);
	case 1:
		return 0;
	case 2: /* where it really is */
		return vguest_pa(w->g, PAGE(rnd(w, VGUEST_PAGES))) | 7;
	case 3: /* a bit too much */
		return page | 7 | BIT(rnd(w, 64));
	case 4: /* less than that */
		return page | rnd(w, 0x1000);
	default:
		return page | 0x67;
	}
}

/* As the guest's processor does: where the page is now, if it is anywhere. */
static void random_store(struct world *w, uint64_t gpa, unsigned int word,
			 uint64_t value)
{
	int page = w->map[gpa >> 12];

	if (page >= 0)
		le64_store_relaxed(le64_at(vguest_at(w->g, PAGE(page)) + word),
				   value);
}

static void scribble(struct world *w)
{
	random_store(w, PAGE(rnd(w, VGUEST_PAGES)),
		     (unsigned int)rnd(w, rnd(w, 8) ? USED : 512),
		     random_word(w));
}

/* An entry of a PASID, mostly one that is taken. */
static void scribble_entry(struct world *w, ioasid_t pasid)
{
	struct vtd_pasid e = vguest_fs(PAGE(8 + rnd(w, 32)));
	unsigned int i;

	switch (rnd(w, 24)) {
	case 0:
		e = vguest_pt();
		break;
	case 1:
		memset(&e, 0, sizeof(e));
		break;
	case 2:
		e.dw[rnd(w, VTD_PASID_WORDS)] ^= BIT(rnd(w, 64));
		break;
	case 3:
		vtd_pasid_set_fsptptr(&e, random_word(w));
		break;
	case 4:
		FIELD_SET(VTD_PASID_PGTT, &e, rnd(w, 8));
		break;
	case 5:
		FIELD_SET(VTD_PASID_FSPM, &e, VTD_PASID_FSPM_5);
		break;
	default:
		break;
	}
	for (i = 0; i < VTD_PASID_WORDS; i++)
		random_store(w, PAGE(2), VTD_PASID_WORDS * pasid + i, e.dw[i]);
}

/* Mostly the first entry; another one now and then. */
static void scribble_dir(struct world *w)
{
	uint64_t value = rnd(w, 16) ? PAGE(2) | 1 : random_word(w);
	unsigned int index = rnd(w, 4)  ? 0 :
			     rnd(w, 64) ? (unsigned int)rnd(w, 3) :
					  (unsigned int)rnd(w, 512);

	random_store(w, w->g->dir, index, value);
}

/* [J]: whoever reads may find something else a moment later. */
static void change(struct world *w)
{
	if (!w->changing || rnd(w, 64))
		return;
	w->changing = false;
	if (rnd(w, 2))
		scribble(w);
	else
		scribble_entry(w, (ioasid_t)rnd(w, PASIDS));
	w->changing = true;
}

static bool on_access(struct vbench *b, uint64_t pa, size_t len, bool write)
{
	struct world *w = b->on_access_arg;

	if (in_arena(w, pa))
		change(w);
	if ((pa & 4095) + len <= 4096 &&
	    (in_arena(w, pa) ? allowed(w, pa, write) : is_host(w, pa)))
		return true;
	WRONG(w);
	return false;
}

/* Entries of both stages become ones of the first. */
static uint64_t on_load(struct vbench *b, uint64_t pa, uint64_t value)
{
	struct world *w = b->on_access_arg;
	struct vtd_device *vdev = b->dev ? iommu_device_priv(b->dev) : NULL;
	le64_atomic *leaf;

	if (!w->no_stage2 || !vdev || !vdev->ptab.dir)
		return value;
	leaf = vtd_pasidtab_find(&vdev->ptab, 0);
	if (pa >> 12 != (uint64_t)(uintptr_t)leaf >> 12 || pa & 63 ||
	    (value >> 6 & 7) != VTD_PASID_PGTT_NESTED)
		return value;
	return (value & ~FIELD_MASK(VTD_PASID_PGTT)) | VTD_PASID_PGTT_FS << 6;
}

/* The driver looks at memory. */
static void *phys_to_virt(void *ctx, uint64_t pa)
{
	struct world *w = world;

	(void)ctx;
	change(w);
	if (in_arena(w, pa) ? allowed(w, pa, false) : is_host(w, pa))
		return (void *)(uintptr_t)pa;
	WRONG(w);
	return NULL;
}

static void prepare(struct vguest *g, void *arg)
{
	struct world *w = arg;

	w->g = g;
	w->b = g->b;
	w->pages_alloc = g->b->ops.pages_alloc;
	w->pages_free = g->b->ops.pages_free;
	w->phys_to_virt = g->b->ops.phys_to_virt;
	g->b->ops.pages_alloc = pages_alloc;
	g->b->ops.pages_free = pages_free;
	g->b->ops.phys_to_virt = phys_to_virt;
	g->b->on_access = on_access;
	g->b->on_load = on_load;
	g->b->on_access_arg = w;
}

static void note_map(struct world *w, unsigned int gpn, int page,
		     unsigned int perm)
{
	w->map[gpn] = page;
	w->perm[gpn] = perm;
	w->reads[page] += !!(perm & IOMMU_PERM_READ);
	w->writes[page] += !!(perm & IOMMU_PERM_WRITE);
}

static void note_unmap(struct world *w, unsigned int gpn)
{
	unsigned int page = (unsigned int)w->map[gpn];

	w->reads[page] -= !!(w->perm[gpn] & IOMMU_PERM_READ);
	w->writes[page] -= !!(w->perm[gpn] & IOMMU_PERM_WRITE);
	w->map[gpn] = -1;
}

static struct world *make_world(uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));
	unsigned int i, j;

	assert_non_null(w);
	w->seed = seed;
	world = w;
	(void)vguest_make_with(HW_STRICT, prepare, w);
	for (i = 0; i < VGUEST_PAGES; i++) {
		note_map(w, i, (int)i, IOMMU_PERM_READ | IOMMU_PERM_WRITE);
		for (j = 0; j < USED; j++)
			random_store(w, PAGE(i), j, random_word(w));
	}
	random_store(w, w->g->dir, 0, PAGE(2) | 1);
	for (i = 0; i < PASIDS; i++)
		scribble_entry(w, i);
	return w;
}

/* What the device has is of pages that are mapped now. */
static void check_atc(struct world *w)
{
	unsigned int i;

	for (i = 0; i < ATC_SIZE; i++)
		if (w->b->atc.e[i].valid &&
		    !allowed(w, w->b->atc.e[i].pa, false))
			WRONG(w);
}

static void host_maps(struct world *w)
{
	unsigned int gpn = (unsigned int)rnd(w, VGUEST_PAGES);
	unsigned int perm = IOMMU_PERM_READ;
	/* Mostly as it was before. */
	int page = (int)(rnd(w, 16) ? gpn : rnd(w, VGUEST_PAGES));
	uint64_t bytes;

	if (w->map[gpn] >= 0) {
		assert_int_equal(iommu_unmap(w->g->parent, PAGE(gpn), PAGE(1),
					     &bytes),
				 0);
		assert_int_equal(bytes, PAGE(1));
		note_unmap(w, gpn);
		w->unmaps++;
		check_atc(w);
		if (!rnd(w, 8))
			return;
	}
	if (rnd(w, 4))
		perm |= IOMMU_PERM_WRITE;
	assert_int_equal(iommu_map(w->g->parent, PAGE(gpn),
				   vguest_pa(w->g, PAGE(page)), PAGE(1), perm),
			 0);
	note_map(w, gpn, page, perm);
}

static void unbind_singles(struct world *w)
{
	unsigned int i;

	for (i = 1; i < PASIDS; i++) {
		if (!w->single[i])
			continue;
		assert_int_equal(
			iommu_sva_unbind_gpasid(w->g->parent, w->b->dev, i), 0);
		w->single[i] = false;
	}
}

static void binds(struct world *w)
{
	struct iommu_pasid_table_config cfg = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = IOMMU_PASID_FORMAT_VTD,
		.base = rnd(w, 8) ? w->g->dir : random_word(w),
		.size = rnd(w, 8) ? 0 : random_word(w),
		.pasid_bits = (uint8_t)(rnd(w, 8) ? 15 : rnd(w, 24)),
		.config = (uint8_t)(rnd(w, 16) ? 1 : rnd(w, 5)),
		.vendor_length = sizeof(cfg.vendor.vtd),
		.vendor.vtd = {
			.version = IOMMU_PASID_VENDOR_VERSION_1,
			.rid_pasid = (uint32_t)(rnd(w, 4) ? rnd(w, PASIDS) :
							    rnd(w, 1 << 22)),
		},
	};
	int err;

	unbind_singles(w);
	err = iommu_attach_pasid_table(w->g->parent, &cfg);
	if (!err)
		w->bound = true;
	else
		assert_int_equal(err, -EINVAL);
	w->binds += !err;
}

static void unbinds(struct world *w)
{
	unbind_singles(w);
	if (w->bound)
		vguest_unbind(w->g);
	w->bound = false;
}

static void binds_single(struct world *w)
{
	struct iommu_gpasid_bind_data d = {
		.version = IOMMU_GPASID_BIND_VERSION_1,
		.format = IOMMU_PASID_FORMAT_VTD,
		.addr_width = rnd(w, 4) ? 48 : 57,
		.gpgd = rnd(w, 4) ? PAGE(8 + rnd(w, 32)) : random_word(w),
		.hpasid = (ioasid_t)(1 + rnd(w, PASIDS - 1)),
		.vtd.flags = (uint32_t)(rnd(w, 4) ? 0 : rnd(w, 256)),
	};
	int err;

	if (w->bound)
		return;
	err = iommu_sva_bind_gpasid(w->g->parent, w->b->dev, &d);
	if (!err)
		w->single[d.hpasid] = true;
	assert_true(!err || err == -EINVAL || err == -EBUSY);
}

/* Addresses whose index at each level is one of the first. */
static uint64_t random_va(struct world *w)
{
	return rnd(w, USED) << 39 | rnd(w, USED) << 30 | rnd(w, USED) << 21 |
	       rnd(w, USED) << 12;
}

static uint64_t random_addr(struct world *w)
{
	switch (rnd(w, 8)) {
	case 0:
		return PAGE(rnd(w, VGUEST_PAGES + 4));
	case 1:
		return next_random(&w->seed);
	default:
		return random_va(w) + rnd(w, 4096);
	}
}

static void invalidates(struct world *w)
{
	struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = (uint8_t)rnd(w, 8),
		.granularity = (uint8_t)rnd(w, 4),
	};
	int err;

	if (info.granularity == IOMMU_INV_GRANU_PASID) {
		info.granu.pasid.flags = rnd(w, 8) ? 1 : (uint32_t)rnd(w, 4);
		info.granu.pasid.pasid = rnd(w, PASIDS + 2);
	}
	if (info.granularity == IOMMU_INV_GRANU_ADDR) {
		info.granu.addr.flags = (uint32_t)rnd(w, 8);
		info.granu.addr.pasid = rnd(w, PASIDS + 2);
		info.granu.addr.addr = random_addr(w) & ~UINT64_C(4095);
		info.granu.addr.granule_size = rnd(w, 16) ? 4096 :
							    random_word(w);
		info.granu.addr.nb_granules = rnd(w, 16) ? rnd(w, 8) :
							   random_word(w);
	}
	err = iommu_cache_invalidate(w->g->parent, w->b->dev, &info);
	assert_true(!err || err == -EINVAL || err == -ENODEV || err == -ENOMEM);
}

static struct hw_txn random_txn(struct world *w)
{
	static const uint32_t perms[] = {
		IOMMU_PERM_READ,
		IOMMU_PERM_READ,
		IOMMU_PERM_WRITE,
		IOMMU_PERM_READ | IOMMU_PERM_WRITE,
		IOMMU_PERM_READ | IOMMU_PERM_PRIV,
		IOMMU_PERM_READ | IOMMU_PERM_EXEC,
	};

	return (struct hw_txn){
		.requester = VBENCH_SID,
		.flags = rnd(w, 8) ? HW_TXN_PASID_VALID : 0,
		.pasid = (ioasid_t)rnd(w, PASIDS + 1),
		.perm = perms[rnd(w, 6)],
		.addr = random_addr(w),
	};
}

static void check_range(struct world *w, const struct hw_xlat *x, bool write)
{
	/* No page of the parent's is larger, so nothing beyond may be said. */
	if (!allowed(w, x->pa, write) || (x->pa & 4095) + x->len > 4096)
		WRONG(w);
}

static void accesses(struct world *w)
{
	struct hw_txn txn = random_txn(w);
	struct hw_xlat x;

	if (w->b->hw->ops->translate(w->b->hw, &w->b->port, &txn, &x)) {
		w->misses++;
		return;
	}
	hw_port_done(&w->b->port);
	w->hits++;
	check_range(w, &x, txn.perm & IOMMU_PERM_WRITE);
}

static void asks(struct world *w)
{
	struct atc_entry *e = &w->b->atc.e[rnd(w, ATC_SIZE)];
	struct hw_txn txn = random_txn(w);
	struct hw_ats_reply reply;
	ioasid_t pasid = txn.flags & HW_TXN_PASID_VALID ? txn.pasid : 0;

	/* The bench's cache has 0 for none; with it is refused, SCT.9, or is
	 * the guest's that has another RID_PASID. */
	if (txn.flags & HW_TXN_PASID_VALID && !txn.pasid)
		return;
	w->b->hw->ops->ats_translate(w->b->hw, &w->b->port, &txn, &reply);
	if (reply.status != HW_ATS_SUCCESS || !(reply.xlat.perm & 3)) {
		w->misses++;
		return;
	}
	w->ats_hits++;
	check_range(w, &reply.xlat, reply.xlat.perm & IOMMU_PERM_WRITE);
	*e = (struct atc_entry){ true, false, pasid, txn.addr & ~UINT64_C(4095),
				 reply.xlat.pa & ~UINT64_C(4095) };
}

/* A request that says it was translated, with what the device has. */
static void uses_atc(struct world *w)
{
	const struct atc_entry *e = &w->b->atc.e[rnd(w, ATC_SIZE)];

	if (e->valid && !allowed(w, e->pa, false))
		WRONG(w);
}

static void step(struct world *w)
{
	uint64_t what = rnd(w, 1000);

	if (what < 640)
		accesses(w);
	else if (what < 760)
		asks(w);
	else if (what < 800)
		uses_atc(w);
	else if (what < 880)
		scribble(w);
	else if (what < 900)
		scribble_entry(w, (ioasid_t)rnd(w, PASIDS));
	else if (what < 905)
		scribble_dir(w);
	else if (what < 950)
		invalidates(w);
	else if (what < 990)
		host_maps(w);
	else if (what < 992)
		binds(w);
	else if (what < 993)
		unbinds(w);
	else
		binds_single(w);
	/* Faults are reported into the log; records are given back. */
	if (!rnd(w, 64))
		(void)testplat_irq_run(&w->b->tp);
}

static uint64_t accesses_of(const struct world *w)
{
	return w->hits + w->ats_hits + w->misses;
}

static void live(struct world *w, uint64_t accesses)
{
	binds(w);
	while (!w->bad && accesses_of(w) < accesses)
		step(w);
}

static void end_world(struct world *w)
{
	w->changing = false;
	unbinds(w);
	(void)testplat_irq_run(&w->b->tp);
	/* The rest is the bench's, and the oracles are not asked any more. */
	w->b->on_access = NULL;
	w->b->on_load = NULL;
	w->b->ops.pages_free = w->pages_free;
	w->b->ops.phys_to_virt = w->phys_to_virt;
	vguest_unmake(w->g);
	free(w);
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

/* [G1] [G3] [G6] [H1] [R9] [R13] */
static void test_vtd_guest_random_reaches_nothing_else(void **state)
{
	uint64_t left = number("SVA_GUEST_ACCESSES", ACCESSES);
	uint64_t seed = number("SVA_GUEST_SEED", 0x5ba5ed);
	uint64_t hits = 0, ats = 0, all = 0, unmaps = 0, binds_done = 0;

	(void)state;
	while (left) {
		uint64_t n = left < LIFE ? left : LIFE;
		struct world *w = make_world(seed);

		w->changing = true;
		live(w, n);
		if (w->bad)
			fail_msg("seed %#llx: line %d after %llu accesses",
				 (unsigned long long)seed, w->bad,
				 (unsigned long long)accesses_of(w));
		hits += w->hits;
		ats += w->ats_hits;
		all += accesses_of(w);
		unmaps += w->unmaps;
		binds_done += w->binds;
		end_world(w);
		(void)next_random(&seed);
		left -= n;
	}
	print_message(
		"%llu accesses, %llu translated, %llu by the device, %llu unmaps, %llu tables bound\n",
		(unsigned long long)all, (unsigned long long)hits,
		(unsigned long long)ats, (unsigned long long)unmaps,
		(unsigned long long)binds_done);
	/* It has looked. */
	if (all >= LIFE)
		assert_true(hits > all / 50 && ats > all / 500 &&
			    unmaps > all / 100 && binds_done > all / 4000);
}

struct control {
	const char *name;
	struct vbench_kind drop;
	bool no_stage2;
};

static const struct control controls[] = {
	{ "no second stage", { NULL, 0, 0 }, true },
	{ "no IOTLB invalidation", { "", VTD_INV_IOTLB, 0 }, false },
	{ "no device TLB invalidation", { "", VTD_INV_DEVTLB, 0 }, false },
	{ "none with PASID", { "", VTD_INV_PDEVTLB, 0 }, false },
};

/* Each of these is noticed within one guest's life. */
static void test_vtd_guest_random_controls_are_noticed(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(controls); i++) {
		const struct control *c = &controls[i];
		struct world *w = make_world(0xc0de + i);

		w->no_stage2 = c->no_stage2;
		w->b->drop = c->drop;
		live(w, LIFE);
		if (!w->bad)
			fail_msg("%s", c->name);
		print_message("%s: line %d after %llu accesses\n", c->name,
			      w->bad, (unsigned long long)accesses_of(w));
		end_world(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_guest_random_reaches_nothing_else),
		cmocka_unit_test(test_vtd_guest_random_controls_are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
