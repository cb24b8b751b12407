/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sva/fault.h>

#include "base/bits.h"
#include "base/le64.h"
#include "tests/drivers/smmuv3_bench.h"

enum {
	SHADOW_LG2 = 8,
	FIRMWARE_PA = BENCH_FIRMWARE_PA,
	FIRMWARE_VA = BENCH_FIRMWARE_VA,
	POLLS = 3, /* until a slow device has invalidated */
};

static int bus_invalidate(void *ctx, const struct hw_ats_inv *inv,
			  uint64_t cookie)
{
	struct bench *b = ctx;
	unsigned int i;

	if (inv->requester != BENCH_SID)
		return -ENODEV;
	for (i = 0; i < BENCH_ATC; i++) {
		struct bench_atc_entry *e = &b->atc[i];

		if (!e->valid || (inv->pasid_valid && !inv->global &&
				  e->pasid != inv->pasid))
			continue;
		if (inv->size && (e->va + 4096 <= inv->addr ||
				  e->va >= inv->addr + inv->size))
			continue;
		e->going = true;
		b->log_named[b->count]++;
	}
	b->inv_pending++;
	b->inv_cookie = cookie;
	b->polls = 0;
	return -EINPROGRESS;
}

static void bus_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct bench *b = ctx;

	b->prg = *resp;
	b->prg_count++;
}

static void bus_resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	struct bench *b = ctx;

	(void)cookie;
	b->retried = how == HW_RESUME_RETRY;
	b->resume_count++;
	b->stalled = false;
}

static void put_atc(struct bench *b, const struct bench_atc_entry *e)
{
	unsigned int i;

	for (i = 0; i < BENCH_ATC && b->atc[i].valid; i++)
		;
	assert_true(i < BENCH_ATC);
	b->atc[i] = *e;
}

/* Ask for a translation and keep it. */
static uint64_t ask(struct bench *b, ioasid_t pasid, uint64_t va,
		    unsigned int perm)
{
	struct hw_txn txn = {
		.requester = BENCH_SID,
		.flags = (pasid ? HW_TXN_PASID_VALID : 0) |
			 (perm & IOMMU_PERM_WRITE ? 0 : HW_TXN_NO_WRITE),
		.pasid = pasid,
		.perm = perm,
		.addr = va,
	};
	struct hw_ats_reply reply;

	b->hw->ops->ats_translate(b->hw, &b->port, &txn, &reply);
	if (reply.status != HW_ATS_SUCCESS || perm & ~reply.xlat.perm)
		return 0;
	put_atc(b, &(struct bench_atc_entry){ true, false, pasid, va,
					      reply.xlat.pa, perm });
	return reply.xlat.pa;
}

/* The device has forgotten, and says so; a greedy one wants them again. */
static void finish_invalidation(struct bench *b)
{
	struct bench_atc_entry gone[BENCH_ATC];
	unsigned int i, n = 0;

	if (!b->inv_pending)
		return;
	for (i = 0; i < BENCH_ATC; i++) {
		if (!b->atc[i].going)
			continue;
		gone[n++] = b->atc[i];
		b->atc[i].valid = b->atc[i].going = false;
	}
	for (; b->inv_pending; b->inv_pending--)
		b->hw->ops->ats_inv_complete(b->hw, b->inv_cookie, true);
	for (i = 0; b->device == BENCH_GREEDY && i < n; i++)
		(void)ask(b, gone[i].pasid, gone[i].va, gone[i].perm);
}

/* The model's own queue. */
static bool shadow_idle(struct bench *b)
{
	return (b->hw->ops->mmio_read(b->hw, SMMU_CMDQ_CONS, 4) &
		smmu_q_mask(SHADOW_LG2)) == b->shadow_prod;
}

static void push(struct bench *b, const struct smmu_cmd *cmd)
{
	le64_atomic *e =
		le64_at((char *)b->shadow +
			16ull * smmu_q_index(b->shadow_prod, SHADOW_LG2));

	le64_store_relaxed(&e[0], cmd->dw[0]);
	le64_store_relaxed(&e[1], cmd->dw[1]);
	b->shadow_prod = smmu_q_add(b->shadow_prod, 1, SHADOW_LG2);
	b->hw->ops->mmio_write(b->hw, SMMU_CMDQ_PROD, 4, b->shadow_prod);
	if (b->device == BENCH_GREEDY)
		finish_invalidation(b);
}

static unsigned int op_of(const struct smmu_cmd *cmd)
{
	return (unsigned int)FIELD_GET(SMMU_CMD_OPCODE, cmd);
}

static bool is_cfgi(const struct smmu_cmd *cmd)
{
	unsigned int op = op_of(cmd);

	return op >= SMMU_OP_CFGI_STE && op <= SMMU_OP_CFGI_CD_ALL;
}

/* While an STE or a CD changes, also right before the driver goes on. */
static void look(struct bench *b)
{
	if (!b->look || b->looking)
		return;
	b->looking = true;
	b->look(b->look_arg);
	b->looking = false;
}

static bool is_held(const struct smmu_cmd *cmd)
{
	unsigned int op = op_of(cmd);

	return is_cfgi(cmd) ||
	       (op >= SMMU_OP_TLBI_NH_ALL && op < SMMU_OP_ATC_INV);
}

static void forward(struct bench *b, const struct smmu_cmd *cmd)
{
	unsigned int op = op_of(cmd), i;

	if (is_held(cmd)) {
		assert_true(b->held_count < BENCH_HELD);
		b->held[b->held_count++] = *cmd;
		return;
	}
	for (i = 0; op == SMMU_OP_SYNC && i < b->held_count; i++) {
		push(b, &b->held[i]);
		bench_drop_pieces(b, &b->held[i]);
	}
	if (op == SMMU_OP_SYNC)
		b->held_count = 0;
	push(b, cmd);
	b->in_sync = op == SMMU_OP_SYNC;
}

/*
 * An answer to a fault, or a CMD_SYNC behind nothing else, which guarantees
 * nothing (4.7.3). How many there are depends on who looked when; they are not
 * counted.
 */
static bool is_answer(struct bench *b, const struct smmu_cmd *cmd)
{
	unsigned int op = op_of(cmd);

	if (op == SMMU_OP_RESUME || op == SMMU_OP_PRI_RESP)
		b->answers = true;
	else if (op != SMMU_OP_SYNC)
		b->asks = true;
	if (op != SMMU_OP_SYNC)
		return op == SMMU_OP_RESUME || op == SMMU_OP_PRI_RESP;
	if (b->answers && !b->asks)
		return true;
	b->answers = b->asks = false;
	return false;
}

static void pass(struct bench *b, const struct smmu_cmd *cmd)
{
	bool sync = op_of(cmd) == SMMU_OP_SYNC;

	assert_true(b->count < BENCH_LOG);
	b->log[b->count] = *cmd;
	b->log_epoch[b->count] = b->epoch;
	if (sync ? b->cfgi : is_cfgi(cmd))
		look(b);
	if (!sync)
		b->cfgi = is_cfgi(cmd);
	if (!b->drop || !b->drop[b->count])
		forward(b, cmd);
	b->count++;
}

/* Consume what the driver has written, up to a CMD_SYNC that waits. */
static void pump(struct bench *b)
{
	unsigned int lg2 = (unsigned int)b->cmdq_base & 31;

	while (b->cons != b->prod) {
		uint64_t at = (b->cmdq_base & 0xffffffffffffe0) +
			      16ull * smmu_q_index(b->cons, lg2);
		le64_atomic *e = le64_at((void *)(uintptr_t)at);
		struct smmu_cmd cmd;

		if (b->in_sync) {
			if (!shadow_idle(b))
				return;
			b->in_sync = false;
			b->cons = smmu_q_add(b->cons, 1, lg2);
			if (b->counted && b->cfgi)
				look(b);
			continue;
		}
		cmd.dw[0] = le64_load_relaxed(&e[0]);
		cmd.dw[1] = le64_load_relaxed(&e[1]);
		b->counted = !is_answer(b, &cmd);
		if (b->counted)
			pass(b, &cmd);
		else
			forward(b, &cmd);
		if (!b->in_sync)
			b->cons = smmu_q_add(b->cons, 1, lg2);
	}
}

static uint32_t mmio_r32(void *dev, uint64_t off)
{
	struct bench *b = dev;

	if (off == SMMU_CMDQ_PROD)
		return b->prod;
	if (off != SMMU_CMDQ_CONS)
		return (uint32_t)b->hw->ops->mmio_read(b->hw, off, 4);
	if (b->inv_pending && ++b->polls == POLLS)
		finish_invalidation(b);
	pump(b);
	return b->cons;
}

static uint64_t mmio_r64(void *dev, uint64_t off)
{
	struct bench *b = dev;

	return b->hw->ops->mmio_read(b->hw, off, 8);
}

static void mmio_w32(void *dev, uint64_t off, uint32_t v)
{
	struct bench *b = dev;

	if (off == SMMU_CMDQ_PROD) {
		b->prod = v;
		pump(b);
	} else if (off == SMMU_CMDQ_CONS) {
		b->cons = v;
	} else {
		if (off == SMMU_STRTAB_BASE_CFG)
			b->strtab_cfg = v;
		b->hw->ops->mmio_write(b->hw, off, 4, v);
	}
}

static void mmio_w64(void *dev, uint64_t off, uint64_t v)
{
	struct bench *b = dev;

	if (off == SMMU_CMDQ_BASE) {
		b->cmdq_base = v;
		v = (uintptr_t)b->shadow | SHADOW_LG2;
	} else if (off == SMMU_STRTAB_BASE) {
		b->strtab = v;
	}
	b->hw->ops->mmio_write(b->hw, off, 8, v);
}

static const struct plat_mmio_ops mmio_ops = {
	mmio_r32, mmio_r64, mmio_w32, mmio_w64, NULL, NULL,
};

static void configure(struct bench *b)
{
	uint32_t *idr = b->cfg.idr;

	smmuv3_hw_cfg_default(&b->cfg);
	b->cfg.personality = b->personality;
	b->cfg.eager_period = 2;
	if (b->device == BENCH_PIECES) {
		b->cfg.personality = HW_EAGER;
		b->cfg.eager_period = 1;
	}
	b->granule_lg2 = 12;
	b->pcie = true;
	switch (b->smmu) {
	case BENCH_SMALL:
		/* HTTU, ATS, ASID16, MSI, PRI, CD2L, ATSRECERR, ST_LEVEL */
		idr[0] &= ~(UINT32_C(3) << 6 | 1 << 10 | 1 << 12 | 1 << 13 |
			    1 << 16 | 1 << 19 | 1 << 23 | UINT32_C(3) << 24 |
			    UINT32_C(3) << 27);
		idr[0] |= UINT32_C(2) << 24;
		idr[1] = (idr[1] & ~UINT32_C(0x7ff)) | 6 | 8 << 6;
		idr[3] &= ~(1u << 2 | 1u << 9 | 1u << 10);
		idr[5] = (idr[5] & ~UINT32_C(0x70)) | 1 << 5 | 4 << 16;
		b->granule_lg2 = 14;
		b->pcie = false;
		b->stall = true;
		break;
	case BENCH_LARGE:
		idr[0] |= 1 << 0 | 1 << 9 | 1 << 18;
		idr[5] = (idr[5] & ~UINT32_C(0x77)) | 6 | 1 << 6 | 1 << 10;
		b->granule_lg2 = 16;
		break;
	case BENCH_DEFAULT:
	case BENCH_SMMUS:
		break;
	}
}

static void hw_write(struct bench *b, uint64_t off, unsigned int size,
		     uint64_t v)
{
	b->hw->ops->mmio_write(b->hw, off, size, v);
}

/*
 * Whoever had the SMMU before: a stream with substreams 0 to 15, each with an
 * ASID of its number, all of which were used. Nothing was invalidated.
 */
static void run_firmware(struct bench *b)
{
	struct arm_lpae_cfg cfg = { &b->f.tp.plat, 48, 48, b->granule_lg2,
				    false };
	struct arm_lpae *table = calloc(1, sizeof(*table));
	uint64_t *strtab, *cds, tg;
	unsigned int i;

	assert_non_null(table);
	b->firmware = table;
	assert_int_equal(arm_lpae_init(table, &cfg), 0);
	assert_int_equal(arm_lpae_set(table, FIRMWARE_VA, FIRMWARE_PA,
				      IOMMU_PERM_READ | IOMMU_PERM_WRITE),
			 0);
	strtab = plat_pages_alloc(&b->f.tp.plat, 8192);
	cds = plat_pages_alloc(&b->f.tp.plat, 4096);
	assert_true(strtab && cds);
	tg = b->granule_lg2 == 12 ? 0 : b->granule_lg2 == 14 ? 2 : 1;
	for (i = 0; i < BENCH_FIRMWARE_SSIDS; i++) {
		cds[8 * i] = 16 | tg << 6 | 1 << 30 | UINT64_C(1) << 31 |
			     UINT64_C(5) << 32 | UINT64_C(1) << 41 |
			     (b->stall ? UINT64_C(1) << 44 : 0) |
			     UINT64_C(7) << 45 | (uint64_t)i << 48;
		cds[8 * i + 1] = arm_lpae_root_pa(table);
		cds[8 * i + 3] = ARM_LPAE_MAIR;
	}
	strtab[8 * BENCH_SID] = 1 | 5 << 1 | (uintptr_t)cds | UINT64_C(4) << 59;
	hw_write(b, SMMU_STRTAB_BASE, 8, (uintptr_t)strtab);
	hw_write(b, SMMU_STRTAB_BASE_CFG, 4, 6);
	hw_write(b, SMMU_CR0, 4, 1);
	for (i = 0; i < BENCH_FIRMWARE_SSIDS; i++) {
		struct hw_txn txn = {
			.requester = BENCH_SID,
			.flags = HW_TXN_PASID_VALID,
			.pasid = i,
			.perm = IOMMU_PERM_READ,
			.addr = FIRMWARE_VA,
		};
		struct hw_xlat xlat;

		assert_int_equal(
			b->hw->ops->translate(b->hw, &b->port, &txn, &xlat), 0);
		hw_port_done(&b->port);
		assert_int_equal(xlat.pa, FIRMWARE_PA);
		/* A device that forgets nothing by itself, either. */
		put_atc(b, &(struct bench_atc_entry){ true, false, i,
						      FIRMWARE_VA, FIRMWARE_PA,
						      IOMMU_PERM_READ });
	}
	hw_write(b, SMMU_CR0, 4, 0);
	plat_pages_free(&b->f.tp.plat, strtab, 8192);
	plat_pages_free(&b->f.tp.plat, cds, 4096);
}

/* One for all: a bench is made thousands of times, and never two at once. */
static void *hw_room(size_t size)
{
	static _Alignas(64) unsigned char room[8 << 20];

	assert_true(size <= sizeof(room));
	return room;
}

struct bench *bench_make(enum bench_smmu smmu, enum bench_device device,
			 enum hw_personality personality)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct hw_env env;
	struct hw_bus bus = {
		.ctx = b,
		.ats_invalidate = bus_invalidate,
		.prg_response = bus_prg_response,
		.resume = bus_resume,
	};
	size_t size;

	assert_non_null(b);
	fake_init(&b->f);
	bench_surround(b, &env);
	b->smmu = smmu;
	b->device = device;
	b->personality = personality;
	configure(b);
	size = smmuv3_hw_size(&b->cfg);
	assert_int_not_equal(size, 0);
	b->hw_mem = hw_room(size);
	b->shadow = plat_pages_alloc(&b->f.tp.plat, 16 << SHADOW_LG2);
	assert_true(b->hw_mem && b->shadow);
	assert_int_equal(smmuv3_hw_create(&b->cfg, &env, &bus, b->hw_mem, size,
					  &b->hw),
			 0);
	b->hw->ops->port_add(b->hw, &b->port);
	run_firmware(b);
	return b;
}

int bench_probe(struct bench *b)
{
	struct smmuv3_desc desc = {
		.mmio = { &mmio_ops, b, b->hw->mmio_size },
		.irq = { 1, 2, 3 },
		.timeout_ms = 200,
	};

	return smmuv3_probe(b->f.sys, &desc, &b->f.unit);
}

int bench_add_device(struct bench *b)
{
	const uint32_t sid = BENCH_SID;
	struct iommu_device_desc desc = {
		.name = "fake0",
		.unit = b->f.unit,
		.stream_ids = &sid,
		.stream_id_count = 1,
		.pasid_bits = 8,
		.can_stall = true,
	};

	if (b->pcie) {
		desc.pci = &b->f.pci;
		desc.can_stall = false;
		desc.pasid_bits = 0;
	}
	b->given_back = 0;
	return iommu_device_add(b->f.sys, &desc, &b->dev);
}

void bench_remove_device(struct bench *b)
{
	uint64_t cd = bench_cd_at(b, BENCH_UNUSED_SSID);

	assert_int_not_equal(cd, 0);
	assert_int_equal(iommu_device_remove(b->dev), 0);
	b->dev = NULL;
	b->given_back = cd;
}

void bench_free(struct bench *b)
{
	if (b->dev)
		assert_int_equal(iommu_device_remove(b->dev), 0);
	if (b->f.unit)
		assert_int_equal(smmuv3_remove(b->f.unit), 0);
	b->f.unit = NULL;
	b->hw->ops->port_remove(b->hw, &b->port);
	smmuv3_hw_destroy(b->hw);
	arm_lpae_fini(b->firmware);
	free(b->firmware);
	plat_pages_free(&b->f.tp.plat, b->shadow, 16 << SHADOW_LG2);
	fake_fini(&b->f);
	free(b);
}

static int mm_get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
			struct iommu_mm_table *ret_table)
{
	struct bench_mm *m = container_of(mm, struct bench_mm, mm);

	if (fmt != m->desc.fmt)
		return -EOPNOTSUPP;
	*ret_table = m->desc;
	return 0;
}

static int mm_handle_fault(struct iommu_mm *mm, uint64_t va, size_t count,
			   unsigned int perm, size_t *ret_done)
{
	struct bench_mm *m = container_of(mm, struct bench_mm, mm);
	uint64_t page = align_down(va, BIT(m->b->granule_lg2));

	m->faults++;
	*ret_done = 0;
	if (!m->faults_work)
		return -EFAULT;
	assert_int_equal(arm_lpae_set(&m->table, page, page,
				      (perm & IOMMU_PERM_RWX) |
					      IOMMU_PERM_READ),
			 0);
	*ret_done = count;
	return 0;
}

static void mm_exit(struct iommu_mm *mm)
{
	struct bench_mm *m = container_of(mm, struct bench_mm, mm);

	m->exited = true;
	arm_lpae_clear(&m->table, 0, UINT64_MAX, NULL);
}

static void mm_free(struct iommu_mm *mm)
{
	struct bench_mm *m = container_of(mm, struct bench_mm, mm);

	m->freed = true;
	arm_lpae_fini(&m->table);
}

static const struct iommu_mm_ops mm_ops = {
	.get_table = mm_get_table,
	.handle_fault = mm_handle_fault,
	.exit = mm_exit,
	.free = mm_free,
};

void bench_mm_init(struct bench_mm *m, struct bench *b)
{
	struct arm_lpae_cfg cfg = { &b->f.tp.plat, 48, 48, b->granule_lg2,
				    false };

	memset(m, 0, sizeof(*m));
	m->b = b;
	assert_int_equal(arm_lpae_init(&m->table, &cfg), 0);
	m->desc = (struct iommu_mm_table){
		.fmt = IOMMU_TABLE_ARM_64_LPAE_S1,
		.root = arm_lpae_root_pa(&m->table),
		.va_bits = 48,
		.granule_lg2 = b->granule_lg2,
		.pa_bits = 48,
		.af_managed = true,
		.mair = ARM_LPAE_MAIR,
	};
	iommu_mm_init(&m->mm, b->f.sys, &mm_ops);
}

void bench_map(struct bench_mm *m, uint64_t va, uint64_t pa, unsigned int perm)
{
	assert_int_equal(arm_lpae_set(&m->table, va, pa, perm), 0);
}

void bench_unmap(struct bench_mm *m, uint64_t start, uint64_t end)
{
	arm_lpae_clear(&m->table, start, end, NULL);
	iommu_mm_invalidate_range(&m->mm, start, end);
}

void bench_protect(struct bench_mm *m, uint64_t va, uint64_t pa,
		   unsigned int perm)
{
	bench_map(m, va, pa, perm);
	iommu_mm_invalidate_range(&m->mm, va, va + BIT(m->b->granule_lg2));
}

void bench_serve(struct bench *b)
{
	(void)testplat_irq_run(&b->f.tp);
	/* -ENODEV: nobody handles faults yet; the driver refuses them. */
	if (b->dev && iopf_queue_flush_dev(b->dev) == -ETIMEDOUT)
		fail_msg("a fault is never answered");
}

/* A stall in the middle of an update: the driver cannot be asked. */
static void end_stall(struct bench *b)
{
	struct smmu_cmd cmd = { { SMMU_OP_STALL_TERM, 0 } };

	FIELD_SET(SMMU_CMD_STALL_TERM_SID, &cmd, BENCH_SID);
	push(b, &cmd);
}

uint64_t bench_dma(struct bench *b, ioasid_t pasid, uint64_t va,
		   unsigned int perm)
{
	struct hw_txn txn = {
		.requester = BENCH_SID,
		.flags = pasid ? HW_TXN_PASID_VALID : 0,
		.pasid = pasid,
		.perm = perm,
		.addr = va,
	};
	struct hw_xlat xlat;
	unsigned int tries;
	int ret = -EINPROGRESS;

	for (tries = 0; tries < 2 && ret == -EINPROGRESS; tries++) {
		ret = b->hw->ops->translate(b->hw, &b->port, &txn, &xlat);
		if (!ret)
			hw_port_done(&b->port);
		if (ret != -EINPROGRESS)
			break;
		b->stalled = true;
		if (b->looking)
			end_stall(b);
		else
			bench_serve(b);
		/* Without an answer it waits for ever: b->stalled. */
		if (b->stalled || !b->retried)
			break;
	}
	return ret ? 0 : xlat.pa;
}

uint64_t bench_dma_cached(struct bench *b, ioasid_t pasid, uint64_t va,
			  unsigned int perm)
{
	unsigned int i;

	if (!b->pcie)
		return bench_dma(b, pasid, va, perm);
	for (i = 0; i < BENCH_ATC; i++) {
		struct bench_atc_entry *e = &b->atc[i];

		if (e->valid && e->pasid == pasid && e->va == va &&
		    !(perm & ~e->perm))
			return e->pa;
	}
	return ask(b, pasid, va, perm);
}
