/* SPDX-License-Identifier: MIT */
/*
 * Accesses of an engine: from a virtual address to bytes moved.
 *
 * A span is looked up first, without touching memory. An access then asks the
 * IOMMU, makes sure that the span still holds, and moves the data; between the
 * last two it neither takes a lock nor calls the IOMMU.
 */
#include "models/dsa/dsa.h"

#include "base/bits.h"
#include "base/errno.h"

/* Rounds of asking for a translation that is invalidated meanwhile. */
#define DSA_HW_XLAT_ROUNDS 8

/* Accesses the CPU may refuse although the IOMMU allowed them. */
#define DSA_HW_MAX_REFUSALS 3u

static struct hw_txn dsa_hw_txn(const struct dsa_hw_engine *eng,
				const struct dsa_hw_job *job, uint64_t addr,
				uint32_t perm)
{
	struct hw_txn txn = {
		.requester = eng->dsa->cfg.rid,
		.perm = perm,
		.addr = addr,
	};

	if (job->pasid_valid) {
		txn.flags = HW_TXN_PASID_VALID;
		txn.pasid = job->pasid;
	}
	if (job->priv)
		txn.perm |= IOMMU_PERM_PRIV;
	return txn;
}

static enum dsa_hw_go dsa_hw_fail(struct dsa_hw_engine *eng, uint64_t va,
				  uint32_t perm, enum dsa_comp_status code)
{
	eng->fault.page = align_down(va, DSA_HW_PAGE);
	eng->fault.addr = va;
	eng->fault.write = perm & IOMMU_PERM_WRITE;
	eng->fault.code = code;
	return DSA_HW_GO_FAULT;
}

/* A page goes to the IOMMU as it is: ATS is off, or the page demands it. */
static enum dsa_hw_go dsa_hw_span_raw(uint64_t va, uint64_t limit,
				      uint32_t perm, bool always,
				      struct dsa_hw_span *ret_span)
{
	uint64_t rest = DSA_HW_PAGE - (va & (DSA_HW_PAGE - 1));

	*ret_span = (struct dsa_hw_span){
		.va = va,
		.len = limit < rest ? limit : rest,
		.perm = perm,
		.always = always,
	};
	return DSA_HW_GO_ON;
}

static bool dsa_hw_recall(const struct dsa_hw_engine *eng, uint32_t who,
			  uint64_t va, uint64_t limit, uint32_t perm,
			  uint64_t seq, struct dsa_hw_span *ret_span)
{
	unsigned int i;

	for (i = 0; i < DSA_HW_MEMOS; i++) {
		const struct dsa_hw_memo *m = &eng->memo[i];
		uint64_t off = va - m->va;

		if (off >= m->len || m->seq != seq || m->who != who ||
		    m->perm != perm || (limit > m->len - off && !m->cut))
			continue;
		*ret_span = (struct dsa_hw_span){
			.va = va,
			.pa = m->pa + off,
			.len = limit < m->len - off ? limit : m->len - off,
			.seq = seq,
			.hits = 1,
			.perm = perm,
			.translated = true,
		};
		return true;
	}
	return false;
}

static void dsa_hw_remember(struct dsa_hw_engine *eng, uint32_t who,
			    const struct dsa_hw_span *span)
{
	eng->memo[eng->next_memo++ % DSA_HW_MEMOS] = (struct dsa_hw_memo){
		.va = span->va,
		.pa = span->pa,
		.len = span->len,
		.seq = span->seq,
		.who = who,
		.perm = span->perm,
		.cut = span->cut,
	};
}

/* From the memos, or from the cache. */
static bool dsa_hw_find(struct dsa_hw_engine *eng, uint32_t who, uint64_t va,
			uint64_t limit, uint32_t perm, uint64_t seq,
			struct dsa_hw_span *ret_span)
{
	bool strict = eng->dsa->cfg.personality == HW_STRICT;

	if (!strict ||
	    !dsa_hw_recall(eng, who, va, limit, perm, seq, ret_span)) {
		if (!dsa_hw_atc_lookup(eng, who, va, limit, perm, ret_span))
			return false;
		dsa_hw_remember(eng, who, ret_span);
	}
	dsa_hw_count(&eng->atc_hits, ret_span->hits);
	return true;
}

/**
 * dsa_hw_span() - a translated piece at the start of [va, va + limit)
 * @perm:   IOMMU_PERM_READ or IOMMU_PERM_WRITE.
 * @always: absent pages are asked for whatever the descriptor says.
 */
enum dsa_hw_go dsa_hw_span(struct dsa_hw_engine *eng, uint64_t va,
			   uint64_t limit, uint32_t perm, bool always,
			   struct dsa_hw_span *ret_span)
{
	const struct dsa_hw_job *job = dsa_hw_job(eng);
	struct iommu_hw *iommu = eng->dsa->iommu;
	uint64_t page = align_down(va, DSA_HW_PAGE), seq;
	uint32_t who = dsa_hw_who(job);
	struct hw_ats_reply reply;
	struct hw_txn txn;
	int round;

	for (round = 0; round < DSA_HW_XLAT_ROUNDS; round++) {
		/* Pairs with dsa_hw_atc_invalidate(): before the request. */
		seq = atomic_load_explicit(&eng->atc.seq, memory_order_seq_cst);
		/*
		 * In this order: ATS goes off before the flush that moves seq,
		 * so what is asked for after that flush sees it off.
		 */
		if (!job->ats || !atomic_load_explicit(&eng->dsa->ats_on,
						       memory_order_relaxed))
			return dsa_hw_span_raw(va, limit, perm, always,
					       ret_span);
		if (dsa_hw_find(eng, who, va, limit, perm, seq, ret_span)) {
			ret_span->always = always;
			return DSA_HW_GO_ON;
		}

		dsa_hw_count(&eng->atc_misses, 1);
		dsa_hw_count(&eng->ats_requests, 1);
		txn = dsa_hw_txn(eng, job, page, perm);
		if (!(perm & IOMMU_PERM_WRITE))
			txn.flags |= HW_TXN_NO_WRITE;
		reply = (struct hw_ats_reply){ .status = HW_ATS_CA };
		iommu->ops->ats_translate(iommu, &eng->port, &txn, &reply);
		if (reply.status != HW_ATS_SUCCESS)
			return dsa_hw_fail(eng, va, perm,
					   DSA_COMP_TRANSLATION_FAIL);
		if (perm & ~reply.xlat.perm)
			return dsa_hw_absent(eng, va, limit, perm, always);
		if (reply.untranslated_only)
			return dsa_hw_span_raw(va, limit, perm, always,
					       ret_span);
		if (reply.xlat.len < DSA_HW_PAGE ||
		    !is_aligned(reply.xlat.pa, DSA_HW_PAGE))
			return dsa_hw_fail(eng, va, perm,
					   DSA_COMP_TRANSLATION_FAIL);
		dsa_hw_atc_fill(eng, who, page, &reply, seq);
	}
	return DSA_HW_GO_AGAIN;
}

/*
 * From here on the engine uses what it looked up. False: that does not hold any
 * more, or the device was reset, and it is not in. See the top of atc.c; a reset
 * does the same with drop in place of seq.
 */
static bool dsa_hw_enter(struct dsa_hw_engine *eng,
			 const struct dsa_hw_span *span)
{
	uint64_t busy = atomic_load_explicit(&eng->busy, memory_order_relaxed);

	atomic_store_explicit(&eng->busy, busy + 1, memory_order_seq_cst);
	if ((!span->translated ||
	     atomic_load_explicit(&eng->atc.seq, memory_order_seq_cst) ==
		     span->seq) &&
	    atomic_load_explicit(&eng->drop, memory_order_seq_cst) !=
		    DSA_HW_DROP_NOW)
		return true;
	atomic_store_explicit(&eng->busy, busy + 2, memory_order_release);
	return false;
}

static void dsa_hw_leave(struct dsa_hw_engine *eng)
{
	uint64_t busy = atomic_load_explicit(&eng->busy, memory_order_relaxed);

	/* Pairs with dsa_hw_quiet(): the access is over. */
	atomic_store_explicit(&eng->busy, busy + 1, memory_order_release);
}

/* An untranslated access that is not allowed: it asked for no page. */
static enum dsa_comp_status dsa_hw_code(struct dsa_hw_engine *eng,
					const struct dsa_hw_span *span)
{
	return eng->dsa->cfg.platform &&
			       (span->always || dsa_hw_job(eng)->bof) ?
		       DSA_COMP_PAGE_FAULT_IR :
		       DSA_COMP_PAGE_FAULT_NOBOF;
}

/* The last transaction to that page was stalled, and aborted; or too often. */
static bool dsa_hw_untranslatable(const struct dsa_hw_engine *eng,
				  const struct dsa_hw_span *span)
{
	const struct dsa_hw_fault *f = &eng->fault;

	return f->page == align_down(span->va, DSA_HW_PAGE) &&
	       (f->denied || f->granted > DSA_HW_MAX_GRANTS);
}

/* Ask the IOMMU; on DSA_HW_GO_ON the port is busy, else @ret_pa is 0. */
static enum dsa_hw_go dsa_hw_check(struct dsa_hw_engine *eng,
				   const struct dsa_hw_span *span,
				   uint64_t *ret_pa, uint64_t *len)
{
	struct iommu_hw *iommu = eng->dsa->iommu;
	struct hw_xlat xlat;
	struct hw_txn txn;
	uint64_t rooms = 0;
	int err;

	*ret_pa = 0;
	txn = dsa_hw_txn(eng, dsa_hw_job(eng),
			 span->translated ? span->pa : span->va, span->perm);
	if (span->translated) {
		/* The prefix is not sent with translated requests. */
		txn.flags = HW_TXN_TRANSLATED;
		txn.pasid = 0;
	} else {
		if (dsa_hw_untranslatable(eng, span))
			return dsa_hw_fail(eng, span->va, span->perm,
					   dsa_hw_code(eng, span));
		txn.cookie = dsa_hw_stall_cookie(eng);
		/* Before the IOMMU's locks, and so before what it ends next. */
		rooms = atomic_load_explicit(&eng->dsa->rooms,
					     memory_order_relaxed);
	}
	err = iommu->ops->translate(iommu, &eng->port, &txn, &xlat);
	if (!err) {
		*ret_pa = xlat.pa;
		if (*len > xlat.len)
			*len = xlat.len;
		return DSA_HW_GO_ON;
	}
	if (err == -EINPROGRESS)
		return dsa_hw_stall_wait(eng, span->va, span->perm);
	if (err == -EAGAIN)
		return dsa_hw_stall_room(eng, rooms);
	if (!span->translated)
		return dsa_hw_fail(eng, span->va, span->perm,
				   dsa_hw_code(eng, span));
	dsa_hw_atc_drop(eng, span->va);
	return dsa_hw_fail(eng, span->va, span->perm,
			   DSA_COMP_TRANSLATION_FAIL);
}

/*
 * The memory itself refused, which the CPU may do on behalf of a process whose
 * page has gone: as if it were absent, but not for ever.
 */
static enum dsa_hw_go dsa_hw_refused(struct dsa_hw_engine *eng,
				     const struct dsa_hw_span *span)
{
	struct dsa_hw_fault *f = dsa_hw_fault_at(eng, span->va);

	dsa_hw_atc_drop(eng, span->va);
	if (f->refused++ == DSA_HW_MAX_REFUSALS)
		f->denied = true;
	/* Without page requests all it can do is to try again. */
	if (eng->dsa->cfg.platform)
		return DSA_HW_GO_AGAIN;
	return dsa_hw_absent(eng, span->va, span->len, span->perm,
			     span->always);
}

/* After an access of @want bytes: at least one was moved, or it is refused. */
static enum dsa_hw_go dsa_hw_moved(struct dsa_hw_engine *eng,
				   const struct dsa_hw_span *span, int err,
				   uint64_t want, uint64_t done, uint64_t *len)
{
	*len = err ? done : want;
	return *len ? DSA_HW_GO_ON : dsa_hw_refused(eng, span);
}

/* *@len bytes wanted, then moved; fewer only if the next one is refused. */
enum dsa_hw_go dsa_hw_span_read(struct dsa_hw_engine *eng,
				const struct dsa_hw_span *span, void *buf,
				uint64_t *len)
{
	const struct hw_env *env = &eng->dsa->env;
	uint64_t pa, want = *len;
	enum dsa_hw_go go;
	size_t done = 0;
	int err;

	go = dsa_hw_check(eng, span, &pa, &want);
	if (go != DSA_HW_GO_ON)
		return go;
	if (!dsa_hw_enter(eng, span)) {
		hw_port_done(&eng->port);
		return DSA_HW_GO_AGAIN;
	}
	err = env->mem_read(env->ctx, pa, buf, want, &done);
	dsa_hw_leave(eng);
	hw_port_done(&eng->port);
	return dsa_hw_moved(eng, span, err, want, done, len);
}

/* @buf is repeated every @period bytes. */
enum dsa_hw_go dsa_hw_span_write(struct dsa_hw_engine *eng,
				 const struct dsa_hw_span *span,
				 const void *buf, uint64_t period,
				 uint64_t *len)
{
	const struct hw_env *env = &eng->dsa->env;
	uint64_t pa, want = *len, at = 0;
	enum dsa_hw_go go;
	int err = 0;

	go = dsa_hw_check(eng, span, &pa, &want);
	if (go != DSA_HW_GO_ON)
		return go;
	if (!dsa_hw_enter(eng, span)) {
		hw_port_done(&eng->port);
		return DSA_HW_GO_AGAIN;
	}
	while (!err && at < want) {
		uint64_t n = want - at < period ? want - at : period;
		size_t done = 0;

		err = env->mem_write(env->ctx, pa + at, buf, n, &done);
		at += err ? done : n;
	}
	dsa_hw_leave(eng);
	hw_port_done(&eng->port);
	return dsa_hw_moved(eng, span, err, want, at, len);
}

/*
 * Both spans are translated, and the bytes do not overlap. The port is not kept
 * busy for the source, as a fault of the destination is then reported with it
 * busy: both are protected by dsa_hw_enter().
 */
enum dsa_hw_go dsa_hw_span_copy(struct dsa_hw_engine *eng,
				const struct dsa_hw_span *dst,
				const struct dsa_hw_span *src, uint64_t *len)
{
	const struct hw_env *env = &eng->dsa->env;
	uint64_t from, to, want = *len;
	struct dsa_hw_span part;
	enum dsa_hw_go go;
	bool write = false;
	size_t done = 0;
	int err;

	if (src->seq != dst->seq)
		return DSA_HW_GO_AGAIN;
	go = dsa_hw_check(eng, src, &from, &want);
	if (go != DSA_HW_GO_ON)
		return go;
	hw_port_done(&eng->port);
	go = dsa_hw_check(eng, dst, &to, &want);
	if (go != DSA_HW_GO_ON)
		return go;
	if (!dsa_hw_enter(eng, src)) {
		hw_port_done(&eng->port);
		return DSA_HW_GO_AGAIN;
	}
	err = env->mem_copy(env->ctx, to, from, want, &done, &write);
	dsa_hw_leave(eng);
	hw_port_done(&eng->port);
	part = write ? *dst : *src;
	return dsa_hw_moved(eng, &part, err, want, done, len);
}

/*
 * May the engine read there, at *@len bytes at least one? For an operation that
 * moves nothing.
 */
enum dsa_hw_go dsa_hw_span_probe(struct dsa_hw_engine *eng,
				 const struct dsa_hw_span *span, uint64_t *len)
{
	enum dsa_hw_go go;
	uint64_t pa;

	go = dsa_hw_check(eng, span, &pa, len);
	if (go != DSA_HW_GO_ON)
		return go;
	if (!dsa_hw_enter(eng, span))
		go = DSA_HW_GO_AGAIN;
	else
		dsa_hw_leave(eng);
	hw_port_done(&eng->port);
	return go;
}

/* The completion record: its first word, with the status, comes last. */
enum dsa_hw_go dsa_hw_span_publish(struct dsa_hw_engine *eng,
				   const struct dsa_hw_span *span,
				   const struct dsa_comp *comp)
{
	const struct hw_env *env = &eng->dsa->env;
	uint64_t pa, want = DSA_COMP_SIZE;
	unsigned int w = ARRAY_SIZE(comp->dw);
	enum dsa_hw_go go;
	int err = 0;

	go = dsa_hw_check(eng, span, &pa, &want);
	if (go != DSA_HW_GO_ON)
		return go;
	if (!dsa_hw_enter(eng, span)) {
		hw_port_done(&eng->port);
		return DSA_HW_GO_AGAIN;
	}
	while (!err && w--)
		err = env->mem_store64(env->ctx, pa + 8 * w, comp->dw[w]);
	dsa_hw_leave(eng);
	hw_port_done(&eng->port);
	return err ? dsa_hw_refused(eng, span) : DSA_HW_GO_ON;
}
