/* SPDX-License-Identifier: MIT */
#include "tests/drivers/vtd/seam.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "fmt/vtd.h"

static struct seam *of(const struct vtd_unit *u)
{
	return container_of((struct vtd_unit *)(uintptr_t)u, struct seam, u);
}

static void record(struct seam *s, const struct seam_op *op)
{
	pthread_mutex_lock(&s->lock);
	if (s->op_count == s->op_room) {
		s->op_room = s->op_room ? 2 * s->op_room : 256;
		s->ops = realloc(s->ops, s->op_room * sizeof(*s->ops));
		assert_non_null(s->ops);
	}
	s->ops[s->op_count++] = *op;
	pthread_mutex_unlock(&s->lock);
	if (s->hook)
		s->hook(s, op);
}

/*
 * A batch keeps pointers to what was asked for in its descriptors: this is no
 * encoding, only a place.
 */
static void add(struct vtd_batch *b, const struct seam_op *op)
{
	struct seam_op *copy = malloc(sizeof(*copy));

	assert_non_null(copy);
	*copy = *op;
	assert_true(b->count < VTD_BATCH);
	b->invs[b->count++].dw[0] = (uint64_t)(uintptr_t)copy;
}

static bool fails(struct seam *s, const struct seam_op *op)
{
	bool yes = false;

	pthread_mutex_lock(&s->lock);
	if (s->fail_times &&
	    (s->fail_kind == op->kind || s->fail_kind == SEAM_ANY) &&
	    (!s->fail_sid || s->fail_sid == op->sid)) {
		if (s->fail_after)
			s->fail_after--;
		else
			yes = true;
	}
	if (yes)
		s->fail_times--;
	pthread_mutex_unlock(&s->lock);
	return yes;
}

static int submit(struct vtd_batch *b, enum seam_kind kind)
{
	const struct seam_op sync = { .kind = kind };
	struct seam *s = of(b->u);
	int err = s->dead ? -EIO : 0;
	size_t i;

	for (i = 0; i < b->count; i++) {
		struct seam_op *op = (void *)(uintptr_t)b->invs[i].dw[0];

		if (!s->dead && fails(s, op))
			err = s->fail_err;
		else if (!s->dead)
			record(s, op);
		free(op);
	}
	b->count = 0;
	if (!err)
		record(s, &sync);
	return err;
}

void vtd_batch_init(struct vtd_batch *b, struct vtd_unit *u)
{
	b->u = u;
	b->count = 0;
	b->err = 0;
}

void vtd_batch_fence(struct vtd_batch *b)
{
	vtd_batch_barrier(b);
}

void vtd_batch_barrier(struct vtd_batch *b)
{
	add(b, &(struct seam_op){ .kind = SEAM_BARRIER });
}

int vtd_batch_sync(struct vtd_batch *b)
{
	return submit(b, SEAM_SYNC);
}

int vtd_batch_drain(struct vtd_batch *b)
{
	return submit(b, SEAM_DRAIN);
}

void vtd_inv_context_device(struct vtd_batch *b, uint16_t did, uint16_t sid)
{
	add(b,
	    &(struct seam_op){ .kind = SEAM_CONTEXT, .did = did, .sid = sid });
}

void vtd_inv_pasid(struct vtd_batch *b, uint16_t did, uint32_t pasid)
{
	add(b, &(struct seam_op){
		       .kind = SEAM_PASID, .did = did, .pasid = pasid });
}

void vtd_inv_pasid_domain(struct vtd_batch *b, uint16_t did)
{
	add(b, &(struct seam_op){ .kind = SEAM_PASID_DOMAIN, .did = did });
}

void vtd_inv_pasid_global(struct vtd_batch *b)
{
	add(b, &(struct seam_op){ .kind = SEAM_PASID_GLOBAL });
}

void vtd_inv_piotlb(struct vtd_batch *b, uint16_t did, uint32_t pasid,
		    uint64_t start, uint64_t last, bool ih)
{
	(void)ih;
	add(b, &(struct seam_op){ .kind = SEAM_PIOTLB,
				  .did = did,
				  .pasid = pasid,
				  .start = start,
				  .last = last });
}

void vtd_inv_piotlb_all(struct vtd_batch *b, uint16_t did, uint32_t pasid)
{
	vtd_inv_piotlb(b, did, pasid, 0, UINT64_MAX, false);
}

void vtd_inv_iotlb(struct vtd_batch *b, uint16_t did, uint64_t start,
		   uint64_t last, bool ih)
{
	(void)ih;
	add(b, &(struct seam_op){ .kind = SEAM_IOTLB,
				  .did = did,
				  .start = start,
				  .last = last });
}

void vtd_inv_iotlb_domain(struct vtd_batch *b, uint16_t did)
{
	vtd_inv_iotlb(b, did, 0, UINT64_MAX, false);
}

void vtd_inv_dev_tlb(struct vtd_batch *b, const struct vtd_ats *ats,
		     uint64_t start, uint64_t last)
{
	add(b, &(struct seam_op){ .kind = SEAM_DEV_TLB,
				  .sid = ats->sid,
				  .start = start,
				  .last = last });
}

void vtd_inv_pasid_dev_tlb(struct vtd_batch *b, const struct vtd_ats *ats,
			   uint32_t pasid, uint64_t start, uint64_t last)
{
	add(b, &(struct seam_op){ .kind = SEAM_PASID_DEV_TLB,
				  .sid = ats->sid,
				  .pasid = pasid,
				  .start = start,
				  .last = last });
}

void vtd_prg_response(struct vtd_batch *b, const struct vtd_prg_response *r)
{
	add(b, &(struct seam_op){
		       .kind = SEAM_RESPONSE,
		       .sid = r->sid,
		       .pasid = r->pasid,
		       .valid = r->pasid_valid,
		       .index = r->index,
		       .code = (unsigned int)r->code,
		       .priv_valid = r->private_valid,
		       .priv = { r->private_data[0], r->private_data[1] },
	       });
}

int vtd_write_buffer_flush(struct vtd_unit *u)
{
	return of(u)->wbf_err;
}

void vtd_fail_closed(struct vtd_unit *u, const char *why)
{
	(void)why;
	of(u)->dead = true;
	of(u)->stopped = !of(u)->refuse_stop;
}

bool vtd_is_dead(const struct vtd_unit *u)
{
	return of(u)->dead;
}

bool vtd_is_stopped(const struct vtd_unit *u)
{
	return of(u)->stopped;
}

bool vtd_lacks_sva(const struct vtd_unit *u, struct iommu_sva_why *why)
{
	const struct seam *s = of(u);

	if (s->lacking && why)
		why->req = s->lacks;
	return s->lacking;
}

void vtd_describe(struct iommu_unit *unit,
		  void (*row)(void *arg, const struct iommu_unit_row *row),
		  void *arg)
{
	(void)unit;
	(void)row;
	(void)arg;
}

int vtd_fault_drain(struct vtd_unit *u)
{
	record(of(u), &(struct seam_op){ .kind = SEAM_FAULTS });
	return 0;
}

/* Registers of the page request queue. */

static uint32_t read32(void *dev, uint64_t off)
{
	struct seam *s = dev;
	uint32_t v;

	assert_int_equal(off, VTD_PRS);
	pthread_mutex_lock(&s->lock);
	v = s->prs;
	pthread_mutex_unlock(&s->lock);
	return v;
}

static uint64_t read64(void *dev, uint64_t off)
{
	struct seam *s = dev;
	uint64_t v;

	assert_int_equal(off, VTD_PQT);
	pthread_mutex_lock(&s->lock);
	v = s->pqt;
	pthread_mutex_unlock(&s->lock);
	if (s->tail_hook)
		s->tail_hook(s);
	return v;
}

static void write32(void *dev, uint64_t off, uint32_t v)
{
	struct seam *s = dev;

	assert_int_equal(off, VTD_PRS);
	pthread_mutex_lock(&s->lock);
	s->prs &= ~v | s->prs_stuck;
	pthread_mutex_unlock(&s->lock);
}

static void write64(void *dev, uint64_t off, uint64_t v)
{
	struct seam *s = dev;

	assert_true(off == VTD_PQH || off == VTD_PQT || off == VTD_PQA);
	pthread_mutex_lock(&s->lock);
	*(off == VTD_PQH ? &s->pqh : off == VTD_PQT ? &s->pqt : &s->pqa) = v;
	pthread_mutex_unlock(&s->lock);
}

static const struct plat_mmio_ops mmio_ops = {
	.read32 = read32,
	.read64 = read64,
	.write32 = write32,
	.write64 = write64,
};

struct vtd_prd seam_prd(uint16_t sid, uint32_t pasid, unsigned int index,
			uint64_t addr, bool last)
{
	struct vtd_prd prd = { { 0 } };

	FIELD_SET(VTD_PRD_TYPE, &prd, VTD_PRD_TYPE_REQUEST);
	FIELD_SET(VTD_PRD_PP, &prd, 1);
	FIELD_SET(VTD_PRD_RID, &prd, sid);
	FIELD_SET(VTD_PRD_PASID, &prd, pasid);
	FIELD_SET(VTD_PRD_RDR, &prd, 1);
	FIELD_SET(VTD_PRD_LPIG, &prd, last);
	FIELD_SET(VTD_PRD_PRGI, &prd, index);
	vtd_prd_set_addr(&prd, addr);
	return prd;
}

bool seam_push(struct seam *s, const struct vtd_prd *prd)
{
	uint64_t size, at, next;
	bool taken = false;
	unsigned int i;

	pthread_mutex_lock(&s->lock);
	size = UINT64_C(4096) << REG_GET(VTD_PQA_PQS, s->pqa);
	at = (s->pqa & ~UINT64_C(4095)) + s->pqt;
	next = (s->pqt + 32) % size;
	if (next == s->pqh) {
		s->prs |= 2;
	} else if (!(s->prs & 2)) {
		for (i = 0; i < 4; i++)
			le64_store_release(
				le64_at((void *)(uintptr_t)(at + 8 * i)),
				prd->dw[i]);
		s->pqt = next;
		s->prs |= 1;
		taken = true;
	}
	pthread_mutex_unlock(&s->lock);
	return taken;
}

/* The unit's walk of the tables, bit by bit and not by the driver's names. */

static uint64_t word(const le64_atomic *p)
{
	return le64_load_acquire(p);
}

static const le64_atomic *table(uint64_t entry)
{
	return entry & 1 ? (const le64_atomic *)(uintptr_t)(entry &
							    ~UINT64_C(4095)) :
			   NULL;
}

const le64_atomic *seam_context(struct seam *s, uint16_t sid)
{
	const le64_atomic *root =
		(const le64_atomic *)(uintptr_t)vtd_tables_root(&s->u);
	const le64_atomic *t =
		table(word(&root[2 * (sid >> 8) + (sid >> 7 & 1)]));

	return t ? t + 4 * (sid & 127) : NULL;
}

const le64_atomic *seam_entry(struct seam *s, uint16_t sid, uint32_t pasid)
{
	const le64_atomic *ctx = seam_context(s, sid), *t;
	uint64_t dir_size;

	if (!ctx || !table(word(ctx)))
		return NULL;
	dir_size = UINT64_C(1) << ((word(ctx) >> 9 & 7) + 7);
	if (pasid >> 6 >= dir_size)
		return NULL;
	t = table(word(table(word(ctx)) + (pasid >> 6)));
	return t ? t + 8 * (size_t)(pasid & 63) : NULL;
}

struct vtd_pasid seam_pasid(struct seam *s, uint16_t sid, uint32_t pasid)
{
	const le64_atomic *e = seam_entry(s, sid, pasid);
	struct vtd_pasid out = { { 0 } };
	unsigned int i;

	for (i = 0; e && i < 8; i++)
		out.dw[i] = word(&e[i]);
	return out;
}

/* A PCIe function. */

static uint32_t cfg_read(void *dev, unsigned int off, unsigned int size)
{
	struct seam *s = dev;
	uint32_t v = 0;

	memcpy(&v, s->cfg + off, size);
	return v;
}

static void cfg_write(void *dev, unsigned int off, unsigned int size,
		      uint32_t v)
{
	struct seam *s = dev;

	record(s, &(struct seam_op){
			  .kind = SEAM_CFG, .offset = off, .value = v });
	/* PRI: reset is a pulse, stopped follows enable. */
	if (off == SEAM_PRI + 4) {
		v &= 1;
		s->cfg[SEAM_PRI + 7] = v ? 0 : 1;
	} else if (off == SEAM_PRI + 6) {
		return;
	}
	memcpy(s->cfg + off, &v, size);
}

static const struct plat_pci_ops pci_ops = { cfg_read, cfg_write };

static void put(struct seam *s, unsigned int off, unsigned int size, uint32_t v)
{
	memcpy(s->cfg + off, &v, size);
}

static void init_cfg(struct seam *s)
{
	put(s, 0x00, 4, 0x12345678);
	put(s, 0x06, 2, 0x10);
	put(s, 0x34, 1, 0x40);
	put(s, 0x40, 2, 0x10);
	put(s, 0x64, 4, 1u << 21);
	put(s, SEAM_ATS, 4, 0x0f | 1 << 16 | SEAM_PRI << 20);
	put(s, SEAM_PRI, 4, 0x13 | 1 << 16 | (uint32_t)SEAM_PASID_CAP << 20);
	put(s, SEAM_PRI + 6, 2, 1 << 8);
	put(s, SEAM_PRI + 8, 4, 512);
	put(s, SEAM_PASID_CAP, 4, 0x1b | 1 << 16);
	put(s, SEAM_PASID_CAP + 4, 2, 20 << 8 | 2);
	s->pci = (struct plat_pci){ .ops = &pci_ops, .dev = s };
}

struct seam *seam_make(void)
{
	struct seam *s = calloc(1, sizeof(*s));
	struct vtd_unit *u;

	assert_non_null(s);
	testplat_init(&s->tp);
	pthread_mutex_init(&s->lock, NULL);
	init_cfg(s);
	assert_int_equal(iommu_system_create(&s->tp.plat, NULL, &s->sys), 0);
	u = &s->u;
	u->plat = &s->tp.plat;
	u->mmio = (struct plat_mmio){ &mmio_ops, s, 4096 };
	memcpy(u->name, "vtd", 4);
	u->timeout_ns = 100000000;
	u->prq_lg2 = 7;
	u->f = (struct vtd_features){
		.pasid_bits = 20,
		.did_bits = 16,
		.ss_levels = 1 << 4 | 1 << 5,
		.first_stage = true,
		.second_stage = true,
		.pass_through = true,
		.coherent_walk = true,
		.five_level = true,
		.gigapages = true,
		.dev_tlb = true,
		.pri = true,
		.drain = true,
		.sva = true,
	};
	return s;
}

void seam_start(struct seam *s)
{
	plat_lock_init(s->u.plat, &s->u.lock, PLAT_LOCK_SPIN, PLAT_RANK_UNIT,
		       "unit");
	assert_int_equal(vtd_tables_init(&s->u), 0);
	assert_int_equal(vtd_prq_init(&s->u), 0);
	vtd_prq_enable(&s->u);
	assert_int_equal(iommu_unit_register(s->sys, &s->u.unit, &vtd_unit_ops,
					     "vtd"),
			 0);
	s->started = true;
}

void seam_unmake(struct seam *s)
{
	if (s->started) {
		assert_int_equal(iommu_unit_unregister(&s->u.unit), 0);
		vtd_prq_disable(&s->u);
		vtd_prq_fini(&s->u);
		vtd_tables_fini(&s->u);
		plat_lock_fini(s->u.plat, &s->u.lock);
	}
	assert_int_equal(iommu_system_destroy(s->sys), 0);
	pthread_mutex_destroy(&s->lock);
	testplat_fini(&s->tp);
	free(s->ops);
	free(s);
}

int seam_add(struct seam *s, const uint32_t *sids, unsigned int count, bool pci,
	     struct iommu_device **ret_dev)
{
	struct iommu_device_desc desc = {
		.name = "fake0",
		.unit = &s->u.unit,
		.stream_ids = sids,
		.stream_id_count = count,
		.pci = pci ? &s->pci : NULL,
		.pasid_bits = 8,
	};

	return iommu_device_add(s->sys, &desc, ret_dev);
}

struct iommu_device *seam_device(struct seam *s, uint32_t sid)
{
	struct iommu_device *dev = NULL;

	assert_int_equal(seam_add(s, &sid, 1, true, &dev), 0);
	return dev;
}

void seam_clear(struct seam *s)
{
	pthread_mutex_lock(&s->lock);
	s->op_count = 0;
	pthread_mutex_unlock(&s->lock);
}

size_t seam_find(struct seam *s, enum seam_kind kind, size_t from)
{
	size_t i;

	for (i = from; i < s->op_count; i++)
		if (s->ops[i].kind == kind)
			return i;
	return SIZE_MAX;
}

size_t seam_find_cfg(struct seam *s, unsigned int offset, uint32_t value,
		     size_t from)
{
	size_t i;

	for (i = from; i < s->op_count; i++)
		if (s->ops[i].kind == SEAM_CFG && s->ops[i].offset == offset &&
		    s->ops[i].value == value)
			return i;
	return SIZE_MAX;
}

size_t seam_count(struct seam *s, enum seam_kind kind)
{
	size_t i, n = 0;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->op_count; i++)
		n += s->ops[i].kind == kind;
	pthread_mutex_unlock(&s->lock);
	return n;
}

static int mm_get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
			struct iommu_mm_table *ret_table)
{
	struct seam_mm *m = container_of(mm, struct seam_mm, mm);

	if (fmt != m->desc.fmt)
		return -EOPNOTSUPP;
	*ret_table = m->desc;
	return 0;
}

static int mm_handle_fault(struct iommu_mm *mm, uint64_t va, size_t count,
			   unsigned int perm, size_t *ret_done)
{
	struct seam_mm *m = container_of(mm, struct seam_mm, mm);

	pthread_mutex_lock(&m->s->lock);
	m->faults += (unsigned int)count;
	m->last_va = va;
	m->last_perm = perm;
	pthread_mutex_unlock(&m->s->lock);
	*ret_done = m->fault_err ? 0 : count;
	return m->fault_err;
}

static void mm_exit(struct iommu_mm *mm)
{
	container_of(mm, struct seam_mm, mm)->exited = true;
}

static void mm_free(struct iommu_mm *mm)
{
	container_of(mm, struct seam_mm, mm)->freed = true;
}

static const struct iommu_mm_ops mm_ops = {
	.get_table = mm_get_table,
	.handle_fault = mm_handle_fault,
	.exit = mm_exit,
	.free = mm_free,
};

void seam_mm_init(struct seam_mm *m, struct seam *s)
{
	static uint64_t roots;

	memset(m, 0, sizeof(*m));
	m->s = s;
	m->desc = (struct iommu_mm_table){
		.fmt = IOMMU_TABLE_X86_64,
		.root = 0x100000 + 0x1000 * roots++,
		.va_bits = 48,
		.granule_lg2 = 12,
		.pa_bits = 46,
	};
	iommu_mm_init(&m->mm, s->sys, &mm_ops);
}
