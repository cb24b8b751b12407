/* SPDX-License-Identifier: MIT */
#include "tests/drivers/vtd_fake.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/le64.h"

#define REG(f, off) ((f)->reg[(off) / 4])

#define M32(field) ((uint32_t)FIELD_MASK(field))

/* What FSTS keeps until it is written as 1. */
#define FSTS_STICKY                                                            \
	(M32(VTD_FSTS_PFO) | M32(VTD_FSTS_IQE) | M32(VTD_FSTS_ICE) |           \
	 M32(VTD_FSTS_ITE))
#define FSTS_STOPS (M32(VTD_FSTS_IQE) | M32(VTD_FSTS_ITE))

#define GCMD_STAYS                                                             \
	(M32(VTD_GCMD_TE) | M32(VTD_GCMD_QIE) | M32(VTD_GCMD_IRE) |            \
	 M32(VTD_GCMD_CFI) | M32(VTD_GCMD_EAFL))

static void violate(struct vtdfake *f, const char *what)
{
	if (!f->violation)
		f->violation = what;
}

static void set_reg64(struct vtdfake *f, uint32_t off, uint64_t v)
{
	REG(f, off) = (uint32_t)v;
	REG(f, off + 4) = (uint32_t)(v >> 32);
}

static uint64_t reg64(struct vtdfake *f, uint32_t off)
{
	return REG(f, off) | (uint64_t)REG(f, off + 4) << 32;
}

static uint32_t frcd_off(const struct vtdfake *f, unsigned int i)
{
	return vtd_frcd_offset(f->cap) + i * VTD_FRCD_SIZE;
}

static unsigned int frcd_count(const struct vtdfake *f)
{
	return (unsigned int)REG_GET(VTD_CAP_NFR, f->cap) + 1;
}

/* PPF is computed, 7.2.1. */
static uint32_t fsts(struct vtdfake *f)
{
	uint32_t v = REG(f, VTD_FSTS) & ~M32(VTD_FSTS_PPF);
	unsigned int i;

	for (i = 0; i < frcd_count(f); i++)
		if (REG(f, frcd_off(f, i) + 12) >> 31)
			v |= M32(VTD_FSTS_PPF);
	return v;
}

/* 7.3: only if nothing was waiting to be serviced. */
static void set_status(struct vtdfake *f, uint32_t bit)
{
	uint32_t busy = fsts(f) & (FSTS_STICKY | M32(VTD_FSTS_PPF));

	REG(f, VTD_FSTS) |= bit & FSTS_STICKY;
	if (busy)
		return;
	if (REG(f, VTD_FECTL) >> 31) {
		REG(f, VTD_FECTL) |= M32(VTD_ECTL_IP);
		return;
	}
	(void)testplat_msi(&f->tp,
			   REG(f, VTD_FEADDR) | (uint64_t)REG(f, VTD_FEUADDR)
							<< 32,
			   REG(f, VTD_FEDATA));
}

static void record(struct vtdfake *f, const struct vtd_inv *inv)
{
	if (f->op_count == f->op_room) {
		f->op_room = f->op_room ? 2 * f->op_room : 256;
		f->ops = realloc(f->ops, f->op_room * sizeof(*f->ops));
		assert_non_null(f->ops);
	}
	f->ops[f->op_count++] = *inv;
}

static uint32_t queue_size(struct vtdfake *f)
{
	return UINT32_C(1) << ((REG(f, VTD_IQA) & 7) + 7);
}

static uint32_t head_of(struct vtdfake *f)
{
	return REG(f, VTD_IQH) >> 5;
}

static uint32_t tail_of(struct vtdfake *f)
{
	return REG(f, VTD_IQT) >> 5;
}

static bool fence_pending(const struct vtdfake *f)
{
	size_t i;

	for (i = 0; i < f->wait_count; i++)
		if (FIELD_GET(VTD_INV_WAIT_FN, &f->waits[i].inv))
			return true;
	return false;
}

static bool runs(struct vtdfake *f)
{
	return REG(f, VTD_GSTS) & M32(VTD_GSTS_QIES) && !f->no_consume &&
	       !(REG(f, VTD_FSTS) & FSTS_STOPS) && !fence_pending(f);
}

static struct vtd_inv fetch_one(struct vtdfake *f, uint32_t slot)
{
	uint64_t base = reg64(f, VTD_IQA) & ~UINT64_C(0xfff);
	struct vtd_inv inv;
	unsigned int i;

	for (i = 0; i < 4; i++)
		inv.dw[i] = le64_load_acquire(le64_at(
			(void *)(uintptr_t)(base + 32ull * slot + 8 * i)));
	return inv;
}

static uint64_t status_of(const struct vtd_inv *inv)
{
	return FIELD_GET(VTD_INV_WAIT_SW, inv) ? vtd_inv_wait_staddr(inv) : 0;
}

/* 4 bytes; the other half is somebody else's. */
static void write_status(uint64_t addr, uint32_t data)
{
	le64_atomic *word = le64_at((void *)(uintptr_t)align_down(addr, 8));
	unsigned int shift = addr & 4 ? 32 : 0;
	uint64_t old = le64_load_relaxed(word);

	while (!le64_cmpxchg(word, &old,
			     (old & ~((uint64_t)UINT32_MAX << shift)) |
				     (uint64_t)data << shift))
		;
}

/* It is done for good, then it says so. */
static void complete(struct vtdfake *f, const struct vtdfake_wait *w)
{
	size_t i;

	for (i = 0; i < w->count; i++) {
		record(f, &w->before[i]);
		if (f->effect)
			f->effect(f->effect_arg, &w->before[i]);
	}
	record(f, &w->inv);
	if (status_of(&w->inv))
		write_status(status_of(&w->inv),
			     (uint32_t)FIELD_GET(VTD_INV_WAIT_STDATA, &w->inv));
}

static void execute_wait(struct vtdfake *f, const struct vtd_inv *inv)
{
	size_t i;

	f->segment.inv = *inv;
	if (!f->segment_pending) {
		complete(f, &f->segment);
		f->segment.count = 0;
		return;
	}
	for (i = 0; i < f->wait_count; i++)
		if (status_of(inv) &&
		    status_of(&f->waits[i].inv) == status_of(inv))
			violate(f, "two pending waits write one word");
	assert_true(f->wait_count < VTDFAKE_WAITS);
	f->waits[f->wait_count++] = f->segment;
	f->segment_pending = 0;
	f->segment.count = 0;
}

static bool is_slow(const struct vtdfake *f, const struct vtd_inv *inv)
{
	unsigned int type = vtd_inv_type(inv);
	uint16_t sid;

	if (type == VTD_INV_DEVTLB)
		sid = (uint16_t)FIELD_GET(VTD_INV_DEVTLB_SID, inv);
	else if (type == VTD_INV_PDEVTLB)
		sid = (uint16_t)FIELD_GET(VTD_INV_PDEVTLB_SID, inv);
	else
		return false;
	return (f->slow_on && sid == f->slow) ||
	       (f->slow_also_on && sid == f->slow_also);
}

static void execute(struct vtdfake *f, const struct vtd_inv *inv)
{
	if (vtd_inv_type(inv) == VTD_INV_WAIT) {
		execute_wait(f, inv);
		return;
	}
	assert_true(f->segment.count < VTDFAKE_SEGMENT);
	f->segment.before[f->segment.count++] = *inv;
	if (is_slow(f, inv))
		f->segment_pending++;
}

static void queue_error(struct vtdfake *f, unsigned int iqei)
{
	set_reg64(f, VTD_IQERCD, iqei);
	set_status(f, M32(VTD_FSTS_IQE));
}

static void consume(struct vtdfake *f)
{
	unsigned int n;

	if (f->detached || f->consuming)
		return;
	f->consuming = true; /* hooks run without the lock */
	for (n = 0; runs(f) && head_of(f) != tail_of(f); n++) {
		struct vtd_inv inv = fetch_one(f, head_of(f));

		if (f->pace && n == f->pace)
			break;
		if (f->hook) {
			pthread_mutex_unlock(&f->lock);
			f->hook(f, &inv);
			pthread_mutex_lock(&f->lock);
			if (!runs(f))
				break;
		}
		if (f->fail_times && (vtd_inv_type(&inv) == f->fail_type ||
				      f->fail_type == ~0u)) {
			f->fail_times--;
			queue_error(f, f->fail_iqei);
			break;
		}
		REG(f, VTD_IQH) = ((head_of(f) + 1) & (queue_size(f) - 1)) << 5;
		execute(f, &inv);
	}
	f->consuming = false;
}

static void fetch_all(struct vtdfake *f)
{
	while (f->fetched_until != tail_of(f)) {
		f->fetched[f->fetched_until] = fetch_one(f, f->fetched_until);
		f->fetched_until = (f->fetched_until + 1) & (queue_size(f) - 1);
	}
}

unsigned int vtdfake_step(struct vtdfake *f, unsigned int most)
{
	unsigned int n = 0, code;

	pthread_mutex_lock(&f->lock);
	if (runs(f))
		fetch_all(f);
	while (n < most && runs(f) && head_of(f) != tail_of(f)) {
		struct vtd_inv inv = f->fetched[head_of(f)];
		struct vtd_inv now = fetch_one(f, head_of(f));

		if (memcmp(&inv, &now, sizeof(inv)))
			violate(f, "a descriptor changed after its tail");
		code = f->judge ? f->judge(f->judge_arg, &inv) : 0;
		if (code) {
			/* What was fetched is not used any more. */
			f->fetched_until = head_of(f);
			queue_error(f, code - 1);
			break;
		}
		REG(f, VTD_IQH) = ((head_of(f) + 1) & (queue_size(f) - 1)) << 5;
		execute(f, &inv);
		n++;
	}
	pthread_mutex_unlock(&f->lock);
	return n;
}

void vtdfake_detach(struct vtdfake *f,
		    unsigned int (*judge)(void *arg, const struct vtd_inv *inv),
		    void *arg)
{
	pthread_mutex_lock(&f->lock);
	assert_int_equal(head_of(f), tail_of(f));
	f->judge = judge;
	f->judge_arg = arg;
	f->fetched_until = tail_of(f);
	f->fetched = calloc(queue_size(f), sizeof(*f->fetched));
	f->detached = true;
	pthread_mutex_unlock(&f->lock);
	assert_non_null(f->fetched);
}

void vtdfake_attach(struct vtdfake *f)
{
	pthread_mutex_lock(&f->lock);
	f->detached = false;
	free(f->fetched);
	f->fetched = NULL;
	pthread_mutex_unlock(&f->lock);
}

void vtdfake_answer(struct vtdfake *f)
{
	size_t i;

	pthread_mutex_lock(&f->lock);
	for (i = 0; i < f->wait_count; i++)
		complete(f, &f->waits[i]);
	f->wait_count = 0;
	f->segment_pending = 0;
	consume(f);
	pthread_mutex_unlock(&f->lock);
}

void vtdfake_timeout(struct vtdfake *f, bool known)
{
	pthread_mutex_lock(&f->lock);
	if ((f->wait_count || f->segment_pending) &&
	    !(REG(f, VTD_FSTS) & M32(VTD_FSTS_ITE))) {
		/* 6.5.2.11: wait descriptors that are pending are aborted. */
		f->wait_count = 0;
		f->segment_pending = 0;
		f->segment.count = 0;
		f->timeouts++;
		set_reg64(f, VTD_IQERCD, known ? (uint64_t)f->slow << 32 : 0);
		if (f->detached)
			f->fetched_until = head_of(f);
		set_status(f, M32(VTD_FSTS_ITE));
	}
	pthread_mutex_unlock(&f->lock);
}

void vtdfake_odd_answer(struct vtdfake *f, uint16_t sid)
{
	pthread_mutex_lock(&f->lock);
	set_reg64(f, VTD_IQERCD, (uint64_t)sid << 48);
	set_status(f, M32(VTD_FSTS_ICE));
	pthread_mutex_unlock(&f->lock);
}

bool vtdfake_fault(struct vtdfake *f, struct vtd_frcd frcd)
{
	uint32_t off;
	bool ok = false;

	pthread_mutex_lock(&f->lock);
	off = frcd_off(f, f->fault_index);
	if (fsts(f) & M32(VTD_FSTS_PFO)) {
		/* not recorded */
	} else if (REG(f, off + 12) >> 31) {
		set_status(f, M32(VTD_FSTS_PFO));
	} else {
		FIELD_SET(VTD_FRCD_F, &frcd, 0);
		set_reg64(f, off, frcd.dw[0]);
		set_reg64(f, off + 8, frcd.dw[1]);
		if (!(fsts(f) & M32(VTD_FSTS_PPF)))
			REG(f, VTD_FSTS) = (uint32_t)REG_PUT(
				VTD_FSTS_FRI, REG(f, VTD_FSTS), f->fault_index);
		set_status(f, M32(VTD_FSTS_PPF));
		REG(f, off + 12) |= UINT32_C(1) << 31;
		f->fault_index = (f->fault_index + 1) % frcd_count(f);
		ok = true;
	}
	pthread_mutex_unlock(&f->lock);
	return ok;
}

/* A register takes long, now and then, so that others come first. */
static void be_slow(const struct vtdfake *f)
{
	static _Thread_local uint32_t turn;

	if (f->detached && ++turn * UINT32_C(2654435761) >> 29 == 0)
		sched_yield();
}

static uint32_t read32(void *dev, uint64_t off)
{
	struct vtdfake *f = dev;
	uint32_t v;

	be_slow(f);
	assert_true(off < VTDFAKE_SIZE && off % 4 == 0);
	pthread_mutex_lock(&f->lock);
	consume(f);
	v = f->gone ? UINT32_MAX : off == VTD_FSTS ? fsts(f) : REG(f, off);
	pthread_mutex_unlock(&f->lock);
	if (f->read_hook)
		f->read_hook(f, off);
	return v;
}

/* 11.4.4.1: one at a time. */
static void command(struct vtdfake *f, uint32_t v)
{
	uint32_t once = v & ~GCMD_STAYS;
	uint32_t changed = (v ^ REG(f, VTD_GSTS)) & GCMD_STAYS;
	uint32_t bit = once | changed;

	if (f->gcmd_count < ARRAY_SIZE(f->gcmds))
		f->gcmds[f->gcmd_count++] = v;
	if (bit & (bit - 1))
		violate(f, "more than one command at once");
	if (f->no_ack_nth && !--f->no_ack_nth)
		f->no_ack_bit = bit;
	if (once & M32(VTD_GCMD_SRTP))
		REG(f, VTD_GSTS) &= ~M32(VTD_GSTS_RTPS);
	if (once & M32(VTD_GCMD_WBF) && f->no_ack_bit == bit)
		REG(f, VTD_GSTS) |= M32(VTD_GSTS_WBFS);
	if (f->no_ack_bit == bit)
		return;
	if (once & M32(VTD_GCMD_SRTP)) {
		f->root = reg64(f, VTD_RTADDR);
		REG(f, VTD_GSTS) |= M32(VTD_GSTS_RTPS);
	}
	if (changed & M32(VTD_GCMD_TE) && v >> 31 &&
	    !(REG(f, VTD_GSTS) & M32(VTD_GSTS_RTPS)))
		violate(f, "translation without a root table");
	if (changed & M32(VTD_GCMD_QIE)) {
		if (v & M32(VTD_GCMD_QIE) && REG(f, VTD_IQT))
			violate(f, "a queue that is not empty is enabled");
		if (!(v & M32(VTD_GCMD_QIE)) && runs(f) &&
		    head_of(f) != tail_of(f))
			violate(f, "a queue that moves is switched off");
		REG(f, VTD_IQH) = 0;
		f->fetched_until = 0;
	}
	REG(f, VTD_GSTS) ^= changed;
}

static void write_tail(struct vtdfake *f, uint32_t v)
{
	uint32_t mask = queue_size(f) - 1;
	uint32_t head = head_of(f), old = tail_of(f), new = v >> 5;

	if (v & 31 || new > mask)
		violate(f, "the tail is no slot");
	else if (REG(f, VTD_GSTS) & M32(VTD_GSTS_QIES) &&
		 ((new - head) & mask) < ((old - head) & mask))
		violate(f, "the tail went backwards or beyond the head");
	REG(f, VTD_IQT) = v;
	if (f->detached && runs(f))
		fetch_all(f);
}

static bool is_frcd(const struct vtdfake *f, uint64_t off)
{
	return off >= frcd_off(f, 0) && off < frcd_off(f, frcd_count(f));
}

static void write32_locked(struct vtdfake *f, uint64_t off, uint32_t v)
{
	if (off <= VTD_ECAP + 4 || off == VTD_GSTS || off == VTD_IQH ||
	    off == VTD_IQERCD)
		return;
	if (off == VTD_GCMD) {
		command(f, v);
	} else if (off == VTD_IQT) {
		write_tail(f, v);
	} else if (off == VTD_FSTS) {
		REG(f, off) &= ~(v & FSTS_STICKY);
	} else if (is_frcd(f, off)) {
		if (off % 16 == 12)
			REG(f, off) &= ~(v & UINT32_C(1) << 31);
	} else if (off == VTD_PMEN) {
		REG(f, off) = (v & UINT32_C(1) << 31) | v >> 31;
	} else if (off == VTD_FECTL) {
		bool tell = REG(f, off) & M32(VTD_ECTL_IP) && !(v >> 31);

		REG(f, off) = (v & UINT32_C(1) << 31) |
			      (tell ? 0 : REG(f, off) & M32(VTD_ECTL_IP));
		if (tell)
			(void)testplat_msi(&f->tp,
					   REG(f, VTD_FEADDR) |
						   (uint64_t)REG(f, VTD_FEUADDR)
							   << 32,
					   REG(f, VTD_FEDATA));
	} else {
		REG(f, off) = v;
	}
}

static void write32(void *dev, uint64_t off, uint32_t v)
{
	struct vtdfake *f = dev;

	be_slow(f);
	assert_true(off < VTDFAKE_SIZE && off % 4 == 0);
	pthread_mutex_lock(&f->lock);
	if (!f->gone)
		write32_locked(f, off, v);
	consume(f);
	pthread_mutex_unlock(&f->lock);
}

static uint64_t read64(void *dev, uint64_t off)
{
	return read32(dev, off) | (uint64_t)read32(dev, off + 4) << 32;
}

static void write64(void *dev, uint64_t off, uint64_t v)
{
	write32(dev, off, (uint32_t)v);
	write32(dev, off + 4, (uint32_t)(v >> 32));
}

static const struct plat_mmio_ops mmio_ops = {
	.read32 = read32,
	.read64 = read64,
	.write32 = write32,
	.write64 = write64,
};

void vtdfake_init(struct vtdfake *f)
{
	memset(f, 0, sizeof(*f));
	testplat_init(&f->tp);
	pthread_mutex_init(&f->lock, NULL);
	f->ver = 0x60;
	f->cap = REG_CONST(VTD_CAP_ND, 6) |
		 REG_CONST(VTD_CAP_SAGAW, VTD_CAP_SAGAW_48 | VTD_CAP_SAGAW_57) |
		 REG_CONST(VTD_CAP_MGAW, 56) | REG_CONST(VTD_CAP_FRO, 0x40) |
		 REG_CONST(VTD_CAP_NFR, 3) | REG_CONST(VTD_CAP_PSI, 1) |
		 REG_CONST(VTD_CAP_MAMV, 18) | REG_CONST(VTD_CAP_DRD, 1) |
		 REG_CONST(VTD_CAP_DWD, 1) | REG_CONST(VTD_CAP_FS1GP, 1) |
		 REG_CONST(VTD_CAP_FS5LP, 1) | REG_CONST(VTD_CAP_ESRTPS, 1);
	f->ecap = REG_CONST(VTD_ECAP_C, 1) | REG_CONST(VTD_ECAP_QI, 1) |
		  REG_CONST(VTD_ECAP_DT, 1) | REG_CONST(VTD_ECAP_PT, 1) |
		  REG_CONST(VTD_ECAP_SC, 1) | REG_CONST(VTD_ECAP_IRO, 0x50) |
		  REG_CONST(VTD_ECAP_NEST, 1) | REG_CONST(VTD_ECAP_PRS, 1) |
		  REG_CONST(VTD_ECAP_PSS, 19) | REG_CONST(VTD_ECAP_PASID, 1) |
		  REG_CONST(VTD_ECAP_PDS, 1) | REG_CONST(VTD_ECAP_SMTS, 1) |
		  REG_CONST(VTD_ECAP_SSTS, 1) | REG_CONST(VTD_ECAP_FSTS, 1) |
		  REG_CONST(VTD_ECAP_SMPWCS, 1);
	assert_int_equal(iommu_system_create(&f->tp.plat, NULL, &f->sys), 0);
}

int vtdfake_remove(struct vtdfake *f)
{
	int err = vtd_remove(f->unit);

	if (!err) {
		f->unit = NULL;
		f->u = NULL;
	}
	return err;
}

void vtdfake_fini(struct vtdfake *f)
{
	if (f->unit)
		assert_int_equal(vtdfake_remove(f), 0);
	assert_int_equal(iommu_system_destroy(f->sys), 0);
	assert_null(f->violation);
	free(f->ops);
	free(f->fetched);
	pthread_mutex_destroy(&f->lock);
	testplat_fini(&f->tp);
}

int vtdfake_probe_desc(struct vtdfake *f, struct vtd_desc *desc)
{
	int err;

	REG(f, VTD_VER) = f->ver;
	set_reg64(f, VTD_CAP, f->cap);
	set_reg64(f, VTD_ECAP, f->ecap);
	desc->mmio = (struct plat_mmio){ &mmio_ops, f, VTDFAKE_SIZE };
	err = vtd_probe(f->sys, desc, &f->unit);
	if (err)
		f->unit = NULL;
	f->u = err ? NULL : to_vtd(f->unit);
	return err;
}

int vtdfake_probe(struct vtdfake *f)
{
	struct vtd_desc desc = { .timeout_ms = 100, .ats_timeout_ms = 60000 };

	return vtdfake_probe_desc(f, &desc);
}

void vtdfake_ops_clear(struct vtdfake *f)
{
	pthread_mutex_lock(&f->lock);
	f->op_count = 0;
	pthread_mutex_unlock(&f->lock);
}

size_t vtdfake_find(struct vtdfake *f, unsigned int type, size_t from)
{
	size_t i, found = SIZE_MAX;

	pthread_mutex_lock(&f->lock);
	for (i = from; i < f->op_count && found == SIZE_MAX; i++)
		if (vtd_inv_type(&f->ops[i]) == type)
			found = i;
	pthread_mutex_unlock(&f->lock);
	return found;
}

size_t vtdfake_count(struct vtdfake *f, unsigned int type)
{
	size_t i, n = 0;

	pthread_mutex_lock(&f->lock);
	for (i = 0; i < f->op_count; i++)
		n += vtd_inv_type(&f->ops[i]) == type;
	pthread_mutex_unlock(&f->lock);
	return n;
}

uint32_t vtdfake_reg32(struct vtdfake *f, uint32_t off)
{
	uint32_t v;

	pthread_mutex_lock(&f->lock);
	v = off == VTD_FSTS ? fsts(f) : REG(f, off);
	pthread_mutex_unlock(&f->lock);
	return v;
}

uint64_t vtdfake_reg64(struct vtdfake *f, uint32_t off)
{
	uint64_t v;

	pthread_mutex_lock(&f->lock);
	v = reg64(f, off);
	pthread_mutex_unlock(&f->lock);
	return v;
}
