/* SPDX-License-Identifier: MIT */
/*
 * Calls into the accelerator, the IOMMU it calls, and what has to hold:
 *
 *  - it touches memory only with its port busy, and only where the IOMMU has
 *    just allowed that kind of access
 *  - it writes only where a descriptor says that it may: destination, delta
 *    record, completion record
 *  - no lock of its own is held when the IOMMU is called
 *  - a step is bounded
 *  - a message goes where the MSI-X table says
 *  - counters count
 *  - after a reset every engine comes to rest
 */
#include "fuzz/dsa_rig.h"

#include <errno.h>
#include <stdlib.h>

/*
 * A step moves 64 KiB of data, of which an operation may read two and write
 * two; a delta record takes 10 bytes for 8. Beside it a descriptor, a
 * completion record, a seed. The smallest piece is what is left of a page.
 */
enum {
	STEP_BYTES = 5 * 65536 + 4096,
	STEP_ACCESSES = 8192,
	REST_STEPS = 4096,
};

static struct rig *rig_of(struct iommu_hw *iommu)
{
	return (struct rig *)(void *)((char *)iommu -
				      offsetof(struct rig, iommu));
}

static uint8_t *mode_of(struct rig *r, uint64_t addr)
{
	return &r->mode[addr >> 12 & (RIG_PAGES - 1)];
}

static uint32_t allowed(struct rig *r, uint64_t addr)
{
	switch (*mode_of(r, addr)) {
	case PAGE_THERE:
	case PAGE_RAW:
	case PAGE_UR:
		return 7;
	case PAGE_READ_ONLY:
		return 5;
	default:
		return 0;
	}
}

static void check_port(struct rig *r, const struct hw_port *port)
{
	FUZZ_CHECK(r->in_step);
	FUZZ_CHECK(!r->w.held_n);
	FUZZ_CHECK(!(port->busy & 1));
}

/* An engine waits for the end of one before it starts another. */
static int stall(struct rig *r, const struct hw_txn *txn)
{
	unsigned int i;

	for (i = 0; i < r->stalled_n; i++)
		FUZZ_CHECK(r->stalled[i] != txn->cookie);
	FUZZ_CHECK(r->stalled_n < r->cfg.engines);
	r->stalled[r->stalled_n] = txn->cookie;
	r->stalled_page[r->stalled_n++] = txn->addr;
	r->want.stalls++;
	return -EINPROGRESS;
}

static int translate(struct iommu_hw *iommu, struct hw_port *port,
		     const struct hw_txn *txn, struct hw_xlat *ret_xlat)
{
	struct rig *r = rig_of(iommu);

	check_port(r, port);
	FUZZ_CHECK(txn->requester == r->cfg.rid);
	if (r->cfg.platform && *mode_of(r, txn->addr) == PAGE_UR)
		return stall(r, txn);
	if (r->cfg.platform && *mode_of(r, txn->addr) == PAGE_CA) {
		/* No room, but next time. */
		*mode_of(r, txn->addr) = PAGE_THERE;
		return -EAGAIN;
	}
	if ((txn->perm & 7) & ~allowed(r, txn->addr))
		return -EFAULT;
	*ret_xlat = (struct hw_xlat){
		.pa = txn->addr,
		.len = 4096 - (txn->addr & 4095),
		.perm = allowed(r, txn->addr),
	};
	r->port = port;
	r->grant = (struct grant){ txn->addr, ret_xlat->len, txn->perm & 7 };
	r->grants[r->grant_n++ % RIG_GRANTS] = r->grant;
	port->busy++;
	return 0;
}

static void ats_translate(struct iommu_hw *iommu, struct hw_port *port,
			  const struct hw_txn *txn,
			  struct hw_ats_reply *ret_reply)
{
	struct rig *r = rig_of(iommu);
	uint8_t mode = *mode_of(r, txn->addr);

	check_port(r, port);
	FUZZ_CHECK(txn->requester == r->cfg.rid);
	r->want.ats_requests++;
	*ret_reply = (struct hw_ats_reply){
		.status = mode == PAGE_UR ? HW_ATS_UR :
			  mode == PAGE_CA ? HW_ATS_CA :
					    HW_ATS_SUCCESS,
		.xlat = { .pa = txn->addr,
			  .len = 4096 - (txn->addr & 4095),
			  .perm = mode == PAGE_LIAR ? 7 :
						      allowed(r, txn->addr) },
		.untranslated_only = mode == PAGE_RAW,
	};
	/* An invalidation between the request and the reply. */
	if (r->depth < 2 && in_u8(r->in) == 0xff)
		fuzz_op(r);
}

static void page_request(struct iommu_hw *iommu,
			 const struct hw_page_request *req)
{
	struct rig *r = rig_of(iommu);
	struct group *g = &r->receiving;
	unsigned int i;
	uint8_t b;

	FUZZ_CHECK(!r->w.held_n);
	FUZZ_CHECK(req->requester == r->cfg.rid && req->prgi < 512);
	FUZZ_CHECK(r->in_step && (req->perm & 3) && !r->cfg.platform);
	r->want.page_requests++;
	FUZZ_CHECK(g->pages < FUZZ_COUNT(g->page));
	g->page[g->pages++] = req->addr;
	if (!req->last)
		return;
	g->last = *req;
	g->complete = true;
	for (i = 0; i < RIG_GROUPS - 1; i++)
		if (!r->groups[i].complete)
			break;
	r->groups[i] = *g;
	memset(g, 0, sizeof(*g));
	/* Now, or later. */
	b = in_u8(r->in);
	if (b & 3)
		(void)rig_answer(r, i,
				 b & 4 ? HW_PRG_INVALID :
				 b & 8 ? HW_PRG_FAILURE :
					 HW_PRG_SUCCESS);
}

static void no_port(struct iommu_hw *iommu, struct hw_port *port)
{
	(void)iommu;
	(void)port;
}

static const struct iommu_hw_ops iommu_ops = {
	.port_add = no_port,
	.port_remove = no_port,
	.translate = translate,
	.ats_translate = ats_translate,
	.page_request = page_request,
};

static bool within(const struct access *a, uint64_t addr, uint64_t len)
{
	return a->pa - addr < len && a->len <= len - (a->pa - addr);
}

/* May the descriptor make the device write there? */
static bool says(const struct dsa_desc *d, const struct access *a)
{
	uint64_t dst = FIELD_GET(DSA_DESC_DST, d);
	uint64_t size = FIELD_GET(DSA_DESC_XFER_SIZE, d);

	if (FIELD_GET(DSA_DESC_CRAV, d) &&
	    within(a, FIELD_GET(DSA_DESC_COMPLETION_ADDR, d), DSA_COMP_SIZE))
		return true;
	switch (FIELD_GET(DSA_DESC_OPCODE, d)) {
	case DSA_OP_MEMMOVE:
	case DSA_OP_FILL:
	case DSA_OP_COPY_CRC:
	case DSA_OP_APPLY_DELTA:
		return within(a, dst, size);
	case DSA_OP_DUALCAST:
		return within(a, dst, size) ||
		       within(a, FIELD_GET(DSA_DESC_DUALCAST_DST2, d), size);
	case DSA_OP_CREATE_DELTA:
		return within(a, FIELD_GET(DSA_DESC_CREATE_DELTA_ADDR, d),
			      FIELD_GET(DSA_DESC_CREATE_DELTA_MAX_SIZE, d));
	case DSA_OP_DIF_INSERT:
	case DSA_OP_DIF_STRIP:
	case DSA_OP_DIF_UPDATE:
		/* Insertion makes it longer by 8 of 512. */
		return within(a, dst, size + size / 64);
	default:
		return false;
	}
}

static void add_desc(struct rig *r, const void *raw)
{
	memcpy(r->desc[r->desc_n++ % RIG_DESCS].dw, raw, DSA_DESC_SIZE);
}

static void check_place(struct rig *r, const struct access *a)
{
	unsigned int i, n = r->desc_n < RIG_DESCS ? r->desc_n : RIG_DESCS;

	/* Descriptors may have dropped out of the list. */
	if (r->desc_n > RIG_DESCS)
		return;
	for (i = 0; i < n; i++)
		if (says(&r->desc[i], a))
			return;
	FUZZ_FAIL("a write where no descriptor says so");
}

static void on_access(void *ctx, const struct access *a, const void *data)
{
	struct rig *r = ctx;
	struct access seen = *a;
	unsigned int i;

	FUZZ_CHECK(r->in_step && !r->w.held_n);
	FUZZ_CHECK(r->port && r->port->busy & 1);
	r->bytes += a->len;
	if (fuzz_broken("grant"))
		seen.pa ^= 0x1000;
	if (a->kind == ACCESS_WRITE) {
		FUZZ_CHECK(r->grant.perm & 2 &&
			   within(&seen, r->grant.pa, r->grant.len));
		seen = *a;
		if (fuzz_broken("place"))
			seen.pa ^= 0x20;
		check_place(r, &seen);
		return;
	}
	for (i = 0; i < r->grant_n && i < RIG_GRANTS; i++)
		if (r->grants[i].perm & 1 &&
		    within(&seen, r->grants[i].pa, r->grants[i].len))
			break;
	FUZZ_CHECK(i < r->grant_n && i < RIG_GRANTS);
	/* A member of a batch, as it was read. */
	if (a->len == DSA_DESC_SIZE && !(a->pa % DSA_DESC_SIZE))
		add_desc(r, data);
}

static void check_log(struct rig *r, const struct frame *f)
{
	unsigned int i, k;

	for (i = f->first; i < r->w.log_n; i++) {
		const struct access *a = &r->w.log[i];

		if (a->kind != ACCESS_MSI || r->msi_word_n > 256)
			continue;
		for (k = 0; k < r->msi_word_n; k++)
			if ((r->msi_words[k] & ~UINT64_C(3)) == a->pa)
				break;
		FUZZ_CHECK(k < r->msi_word_n);
	}
}

#define MONOTONE(x) FUZZ_CHECK(now.x >= r->last.x)

static void check_stats(struct rig *r)
{
	struct dsa_hw_stats now;

	dsa_hw_stats(r->dsa, &now);
	if (fuzz_broken("counters"))
		now.page_requests += now.page_requests > 2;
	MONOTONE(descriptors);
	MONOTONE(bytes);
	MONOTONE(atc_hits);
	MONOTONE(atc_misses);
	MONOTONE(interrupts);
	MONOTONE(atc_invalidations);
	MONOTONE(resumes);
	FUZZ_CHECK(now.resumes <= now.stalls);
	FUZZ_CHECK(now.retries == r->want.retries);
	if (r->depth <= 1) {
		FUZZ_CHECK(now.stalls == r->want.stalls);
		FUZZ_CHECK(now.ats_requests == r->want.ats_requests);
		FUZZ_CHECK(now.page_requests == r->want.page_requests);
		FUZZ_CHECK(now.page_responses == r->want.page_responses);
	}
	r->last = now;
}

static void enter(struct rig *r, struct frame *f)
{
	r->depth++;
	/* An operation within a step, without a lock. */
	world_enter(&r->w, f);
}

static void leave(struct rig *r, struct frame *f)
{
	check_log(r, f);
	check_stats(r);
	world_leave(&r->w, f);
	r->depth--;
}

uint64_t rig_read(struct rig *r, uint64_t offset, unsigned int size)
{
	struct frame f;
	uint64_t v;

	enter(r, &f);
	v = dsa_hw_mmio_read(r->dsa, offset, size);
	leave(r, &f);
	return v;
}

void rig_write(struct rig *r, uint64_t offset, unsigned int size, uint64_t v)
{
	struct frame f;
	unsigned int i;

	enter(r, &f);
	/* Whatever is written may become an address of the MSI-X table. */
	for (i = 0; i < 2 && offset >= 0x2000 && offset < 0x3000; i++) {
		uint64_t at = offset & ~UINT64_C(15);
		uint64_t now;

		if (i)
			dsa_hw_mmio_write(r->dsa, offset, size, v);
		now = dsa_hw_mmio_read(r->dsa, at, 8);
		if (r->msi_word_n < 256)
			r->msi_words[r->msi_word_n] = now;
		r->msi_word_n++;
	}
	if (!i)
		dsa_hw_mmio_write(r->dsa, offset, size, v);
	leave(r, &f);
}

uint32_t rig_cfg_read(struct rig *r, unsigned int offset, unsigned int size)
{
	struct frame f;
	uint32_t v;

	enter(r, &f);
	v = dsa_hw_cfg_read(r->dsa, offset, size);
	leave(r, &f);
	return v;
}

void rig_cfg_write(struct rig *r, unsigned int offset, unsigned int size,
		   uint32_t v)
{
	struct frame f;

	enter(r, &f);
	dsa_hw_cfg_write(r->dsa, offset, size, v);
	leave(r, &f);
}

void rig_submit(struct rig *r, uint64_t offset, bool deferrable,
		const struct dsa_desc *desc)
{
	struct frame f;
	int ret;

	enter(r, &f);
	add_desc(r, desc->dw);
	ret = dsa_hw_portal_write(r->dsa, offset, desc->dw, deferrable);
	FUZZ_CHECK(!ret || (ret == -EAGAIN && deferrable));
	r->want.retries += ret == -EAGAIN;
	leave(r, &f);
}

enum dsa_hw_step rig_step(struct rig *r, unsigned int engine)
{
	enum dsa_hw_step step;
	struct frame f;

	/* One thread steps an engine. */
	if (r->in_step)
		return DSA_HW_IDLE;
	enter(r, &f);
	r->in_step = true;
	r->bytes = 0;
	r->grant_n = 0;
	step = dsa_hw_step(r->dsa, engine);
	if (fuzz_broken("port") && r->port)
		r->port->busy++;
	FUZZ_CHECK(!r->port || !(r->port->busy & 1));
	r->port = NULL;
	r->in_step = false;
	FUZZ_CHECK(step == DSA_HW_IDLE || step == DSA_HW_BLOCKED ||
		   step == DSA_HW_MORE);
	FUZZ_CHECK(r->bytes <= (fuzz_broken("work") ? 4096 : STEP_BYTES));
	FUZZ_CHECK(f.loads + f.writes + f.cas <= STEP_ACCESSES);
	leave(r, &f);
	return step;
}

void rig_invalidate(struct rig *r, const struct hw_ats_inv *inv)
{
	struct frame f;

	enter(r, &f);
	(void)dsa_hw_ats_invalidate(r->dsa, inv);
	leave(r, &f);
}

void rig_respond(struct rig *r, const struct hw_prg_response *resp)
{
	struct frame f;

	enter(r, &f);
	r->want.page_responses += resp->requester == r->cfg.rid;
	dsa_hw_prg_response(r->dsa, resp);
	leave(r, &f);
}

void rig_resume(struct rig *r, uint64_t cookie, bool retry)
{
	struct frame f;

	enter(r, &f);
	dsa_hw_resume(r->dsa, cookie, retry);
	leave(r, &f);
}

bool rig_end_stall(struct rig *r, unsigned int n, bool retry)
{
	uint64_t cookie;

	if (!r->stalled_n)
		return false;
	n %= r->stalled_n;
	cookie = r->stalled[n];
	if (retry)
		*mode_of(r, r->stalled_page[n]) = PAGE_THERE;
	r->stalled_n--;
	r->stalled[n] = r->stalled[r->stalled_n];
	r->stalled_page[n] = r->stalled_page[r->stalled_n];
	rig_resume(r, cookie, retry);
	return true;
}

void rig_reset_line(struct rig *r)
{
	struct frame f;

	enter(r, &f);
	dsa_hw_reset(r->dsa);
	leave(r, &f);
}

bool rig_answer(struct rig *r, unsigned int n, enum hw_prg_code code)
{
	struct group *g = &r->groups[n % RIG_GROUPS];
	struct hw_prg_response resp = {
		.requester = r->cfg.rid,
		.pasid_valid = g->last.pasid_valid,
		.pasid = g->last.pasid,
		.prgi = g->last.prgi,
		.code = code,
	};
	unsigned int i;

	if (!g->complete)
		return false;
	for (i = 0; i < g->pages && code == HW_PRG_SUCCESS; i++)
		if (*mode_of(r, g->page[i]) == PAGE_ABSENT)
			*mode_of(r, g->page[i]) = PAGE_THERE;
	memset(g, 0, sizeof(*g));
	rig_respond(r, &resp);
	return true;
}

int rig_create(struct rig *r, const struct dsa_hw_cfg *cfg, struct in *in)
{
	size_t size = dsa_hw_size(cfg);
	const struct dsa_hw_host host = { 0 };
	struct hw_env env;
	struct frame f;
	int ret;

	world_reset(&r->w);
	memset((char *)r + sizeof(r->w), 0, sizeof(*r) - sizeof(r->w));
	r->cfg = *cfg;
	r->in = in;
	r->iommu.ops = &iommu_ops;
	r->w.ctx = r;
	r->w.on_access = on_access;
	world_env(&r->w, &env);
	r->state = world_state(size);
	world_enter(&r->w, &f);
	ret = dsa_hw_create(cfg, &env, &host, &r->iommu, r->state, size,
			    &r->dsa);
	FUZZ_CHECK(!ret == !!size && (!ret || ret == -EINVAL));
	world_leave(&r->w, &f);
	if (ret) {
		FUZZ_CHECK(!r->w.locks);
	}
	return ret;
}

/* Whatever happened: reset, and every engine comes to rest. */
static void check_rest(struct rig *r)
{
	unsigned int e, n, active = r->cfg.engines;

	rig_write(r, DSA_REG_CMD, 4,
		  REG_PUT(DSA_CMD_CODE, 0, DSA_CMD_RESET_DEVICE));
	for (n = 0; n < REST_STEPS && active; n++) {
		for (e = 0; e < RIG_GROUPS; e++)
			(void)rig_answer(r, e, HW_PRG_FAILURE);
		while (rig_end_stall(r, 0, false))
			;
		/* Another device's: there is room. */
		if (r->cfg.platform)
			rig_resume(r, UINT64_MAX, false);
		for (e = 0, active = 0; e < r->cfg.engines; e++)
			active += rig_step(r, e) != DSA_HW_IDLE;
	}
	FUZZ_CHECK(!active && !fuzz_broken("rest"));
}

void rig_destroy(struct rig *r)
{
	struct in none = { NULL, NULL };

	r->in = &none;
	r->w.meddle = 0;
	r->w.abort_last = 0;
	check_rest(r);
	dsa_hw_destroy(r->dsa);
	FUZZ_CHECK(!r->w.locks);
}
