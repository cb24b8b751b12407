/* SPDX-License-Identifier: MIT */
/*
 * The state of an SMMU as bytes: what software or the bus could tell it by.
 *
 * Little-endian words: who it is, registers, command queue, event queue, the
 * stalled transactions, a sum of all that. The caches are not in it: they come
 * back empty, as software has to expect of any cache.
 *
 * A snapshot is somebody else's bytes. Each word is checked for bits that the
 * model cannot have there before any of it counts, so that what is restored is
 * a state that the model could have come to by itself, and is saved again as
 * the same bytes.
 */
#include "base/le64.h"
#include "models/smmuv3/config.h"
#include "models/smmuv3/stall.h"
#include "models/smmuv3/state.h"
#include "models/smmuv3/tlb.h"

/* "SMMUv3\0\1": the last byte goes with any change of the layout. */
#define MAGIC UINT64_C(0x01003376554d4d53)

/* The layout has the registers in the order of enum smmuv3_hw_reg. */
enum { FIRST_REG = R_CR0, REGS = R_COUNT - R_CR0 };

_Static_assert(R_CR0 == 9 && R_COUNT == 39, "another layout: change MAGIC");
_Static_assert(SMMUV3_HW_STALLS == 64, "another layout: change MAGIC");

enum { STALL_WORDS = 5 };

/* Places, in words. */
enum {
	W_MAGIC,
	W_IDR, /* two registers in each: IDR0 to 5, IIDR and AIDR */
	W_REG = W_IDR + 4,
	W_CMD = W_REG + REGS, /* epoch, outstanding invalidations */
	W_FLAGS,
	W_EVTQ_PROD,
	W_EVTQ_LAST,
	W_STALL = W_EVTQ_LAST + 4,
	W_SUM = W_STALL + SMMUV3_HW_STALLS * STALL_WORDS,
	WORDS
};

enum {
	FLAG_ATC_FAILED = 1 << 0,
	FLAG_EVTQ_WRITTEN = 1 << 1,
	FLAG_SFM = 1 << 2,
	FLAGS_ALL = 7,

	REQ_SSV = 1 << 0,
	REQ_TRANSLATED = 1 << 1,
	REQ_PRIV = 1 << 2,
	REQ_INST = 1 << 3,
	REQ_WRITE = 1 << 4,
	REQ_FLAGS_ALL = 31,
	REQ_NEED_SHIFT = 8,
};

static uint64_t word(const unsigned char *buf, unsigned int i)
{
	return le64_load(buf + 8 * (size_t)i);
}

static void put(unsigned char *buf, unsigned int i, uint64_t v)
{
	le64_store(buf + 8 * (size_t)i, v);
}

/* FNV-1a: against damage, not against intent. */
static uint64_t sum(const unsigned char *buf)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < 8 * (size_t)W_SUM; i++)
		h = (h ^ buf[i]) * UINT64_C(0x100000001b3);
	return h;
}

static uint64_t identity(const struct smmuv3_hw *m, unsigned int i)
{
	const struct smmuv3_hw_cfg *cfg = &m->cfg;

	if (i == 3)
		return cfg->iidr | (uint64_t)cfg->aidr << 32;
	return cfg->idr[2 * i] | (uint64_t)cfg->idr[2 * i + 1] << 32;
}

/* Nobody is in the middle of something. */
static bool quiesced(const struct smmuv3_hw *m)
{
	unsigned int i;

	if (m->cmd.running || !hw_ports_idle(&m->ports))
		return false;
	for (i = 0; i < SMMUV3_HW_STALLS; i++)
		if (m->stall[i].state == STALL_GOES_ON)
			return false;
	return true;
}

static void save_stall(const struct smmuv3_hw_stall *s, unsigned char *buf,
		       unsigned int w)
{
	const struct smmuv3_hw_req *req = &s->req;

	put(buf, w, (uint64_t)s->state | (uint64_t)s->stag << 16);
	if (s->state == STALL_FREE)
		return;
	if (s->state == STALL_DUPLICATE)
		put(buf, w, word(buf, w) | (uint64_t)s->first << 32);
	put(buf, w + 1, req->sid | (uint64_t)req->ssid << 32);
	put(buf, w + 2,
	    (req->ssv ? REQ_SSV : 0u) |
		    (req->translated ? REQ_TRANSLATED : 0u) |
		    (req->priv ? REQ_PRIV : 0u) | (req->inst ? REQ_INST : 0u) |
		    (req->write ? REQ_WRITE : 0u) |
		    (uint64_t)req->need << REQ_NEED_SHIFT);
	put(buf, w + 3, req->addr);
	put(buf, w + 4, s->cookie);
}

static void save(const struct smmuv3_hw *m, unsigned char *buf)
{
	unsigned int i;

	memset(buf, 0, 8 * (size_t)WORDS);
	put(buf, W_MAGIC, MAGIC);
	for (i = 0; i < 4; i++)
		put(buf, W_IDR + i, identity(m, i));
	for (i = 0; i < REGS; i++)
		put(buf, W_REG + i, m->reg[FIRST_REG + i]);
	put(buf, W_CMD, m->cmd.epoch | (uint64_t)m->cmd.atc_pending << 32);
	put(buf, W_FLAGS,
	    (m->cmd.atc_failed ? FLAG_ATC_FAILED : 0u) |
		    (m->evtq.written ? FLAG_EVTQ_WRITTEN : 0u) |
		    (m->sfm ? FLAG_SFM : 0u));
	if (m->evtq.written) {
		put(buf, W_EVTQ_PROD, m->evtq.prod);
		for (i = 0; i < 4; i++)
			put(buf, W_EVTQ_LAST + i, m->evtq.last.dw[i]);
	}
	for (i = 0; i < SMMUV3_HW_STALLS; i++)
		save_stall(&m->stall[i], buf, W_STALL + i * STALL_WORDS);
	put(buf, W_SUM, sum(buf));
}

static uint64_t saved_reg(const unsigned char *buf, unsigned int r)
{
	return word(buf, W_REG + r - FIRST_REG);
}

/* Bits that a register can have. */
static uint64_t possible(const struct smmuv3_hw *m, unsigned int r)
{
	switch (r) {
	case R_CR0ACK:
		return m->writable[R_CR0];
	case R_IRQ_CTRLACK:
		return m->writable[R_IRQ_CTRL];
	case R_GBPA:
		return m->writable[R_GBPA] & ~FIELD_MASK(SMMU_GBPA_UPDATE);
	case R_GERROR:
		return m->writable[R_GERRORN];
	case R_CMDQ_CONS:
		return m->writable[r] | FIELD_MASK(SMMU_CMDQ_CONS_ERR);
	default:
		return m->writable[r];
	}
}

/* 6.3.9: quiesced, every control has been acknowledged. */
static bool regs_valid(const struct smmuv3_hw *m, const unsigned char *buf)
{
	unsigned int r;

	for (r = FIRST_REG; r < R_COUNT; r++)
		if (saved_reg(buf, r) & ~possible(m, r))
			return false;
	return saved_reg(buf, R_CR0) == saved_reg(buf, R_CR0ACK) &&
	       saved_reg(buf, R_IRQ_CTRL) == saved_reg(buf, R_IRQ_CTRLACK) &&
	       REG_GET(SMMU_CMDQ_CONS_ERR, saved_reg(buf, R_CMDQ_CONS)) <=
		       SMMU_CERROR_ATC_INV_SYNC;
}

static bool queues_valid(const struct smmuv3_hw *m, const unsigned char *buf)
{
	uint64_t flags = word(buf, W_FLAGS);
	unsigned int i;

	if (flags & ~(uint64_t)FLAGS_ALL)
		return false;
	if ((word(buf, W_CMD) >> 32 || flags & FLAG_ATC_FAILED) &&
	    !(IDR(m, 0, ATS) && m->has_bus))
		return false;
	if (word(buf, W_EVTQ_PROD) & ~FIELD_MASK(SMMU_EVENTQ_PROD_WR))
		return false;
	if (flags & FLAG_EVTQ_WRITTEN)
		return true;
	for (i = W_EVTQ_PROD; i < W_STALL; i++)
		if (word(buf, i))
			return false;
	return true;
}

/* A free place: nothing but the last STAG it had. */
static bool free_valid(const unsigned char *buf, unsigned int w, unsigned int i)
{
	uint64_t head = word(buf, w);
	unsigned int k;

	for (k = 1; k < STALL_WORDS; k++)
		if (word(buf, w + k))
			return false;
	return !(head >> 32) &&
	       (!(head >> 16) || (head >> 16 & (SMMUV3_HW_STALLS - 1)) == i);
}

static bool stall_valid(const struct smmuv3_hw *m, const unsigned char *buf,
			unsigned int i)
{
	unsigned int w = W_STALL + i * STALL_WORDS;
	uint64_t head = word(buf, w), req = word(buf, w + 2), of;
	unsigned int state = (unsigned int)(head & 0xffff);

	if (state == STALL_FREE)
		return free_valid(buf, w, i);
	if (IDR(m, 0, STALL_MODEL) == SMMU_IDR0_STALL_MODEL_NONE ||
	    i >= IDR(m, 5, STALL_MAX) ||
	    !REG_GET(SMMU_CR0_SMMUEN, saved_reg(buf, R_CR0)) ||
	    word(buf, W_FLAGS) & FLAG_SFM)
		return false;
	if ((head >> 16 & (SMMUV3_HW_STALLS - 1)) != i)
		return false;
	if (word(buf, w + 1) >> (32 + IOMMU_PASID_BITS_MAX) ||
	    req & ~(uint64_t)(REQ_FLAGS_ALL | IOMMU_PERM_RWX << REQ_NEED_SHIFT))
		return false;
	switch (state) {
	case STALL_UNRECORDED:
	case STALL_RECORDED:
		return !(head >> 32);
	case STALL_DUPLICATE:
		/* The one it is like has the record. */
		of = head >> 32;
		w = W_STALL +
		    (unsigned int)(of & (SMMUV3_HW_STALLS - 1)) * STALL_WORDS;
		return of <= UINT16_MAX &&
		       word(buf, w) == (STALL_RECORDED | of << 16);
	default:
		return false;
	}
}

static bool valid(const struct smmuv3_hw *m, const unsigned char *buf)
{
	unsigned int i;

	if (word(buf, W_MAGIC) != MAGIC || word(buf, W_SUM) != sum(buf))
		return false;
	for (i = 0; i < 4; i++)
		if (word(buf, W_IDR + i) != identity(m, i))
			return false;
	if (!regs_valid(m, buf) || !queues_valid(m, buf))
		return false;
	for (i = 0; i < SMMUV3_HW_STALLS; i++)
		if (!stall_valid(m, buf, i))
			return false;
	return true;
}

static void load_stall(struct smmuv3_hw *m, const unsigned char *buf,
		       unsigned int i)
{
	struct smmuv3_hw_stall *s = &m->stall[i];
	unsigned int w = W_STALL + i * STALL_WORDS;
	uint64_t head = word(buf, w), who = word(buf, w + 1);
	uint64_t req = word(buf, w + 2);

	*s = (struct smmuv3_hw_stall){
		.state = (enum smmuv3_hw_stall_state)(head & 0xffff),
		.stag = (uint16_t)(head >> 16),
		.first = (uint16_t)(head >> 32),
		.req = {
			.sid = (uint32_t)who,
			.ssid = (uint32_t)(who >> 32),
			.ssv = req & REQ_SSV,
			.translated = req & REQ_TRANSLATED,
			.priv = req & REQ_PRIV,
			.inst = req & REQ_INST,
			.write = req & REQ_WRITE,
			.need = (unsigned int)(req >> REQ_NEED_SHIFT),
			.addr = word(buf, w + 3),
		},
		.cookie = word(buf, w + 4),
	};
	if (s->state != STALL_FREE)
		m->stats.stalls++;
}

static void load(struct smmuv3_hw *m, const unsigned char *buf)
{
	uint64_t flags = word(buf, W_FLAGS);
	unsigned int i;

	for (i = 0; i < REGS; i++)
		m->reg[FIRST_REG + i] = word(buf, W_REG + i);
	m->cmd.epoch = (uint32_t)word(buf, W_CMD);
	m->cmd.atc_pending = (unsigned int)(word(buf, W_CMD) >> 32);
	m->cmd.atc_failed = flags & FLAG_ATC_FAILED;
	/* No port is busy with what was invalidated before. */
	m->cmd.undrained = false;
	m->evtq.written = flags & FLAG_EVTQ_WRITTEN;
	m->evtq.prod = (uint32_t)word(buf, W_EVTQ_PROD);
	for (i = 0; i < 4; i++)
		m->evtq.last.dw[i] = word(buf, W_EVTQ_LAST + i);
	m->sfm = flags & FLAG_SFM;
	for (i = 0; i < SMMUV3_HW_STALLS; i++)
		load_stall(m, buf, i);
	smmuv3_hw_config_flush(m);
	smmuv3_hw_tlb_flush(m);
}

size_t smmuv3_hw_snapshot_size(void)
{
	return 8 * (size_t)WORDS;
}

int smmuv3_hw_save(struct iommu_hw *hw, void *buf, size_t size)
{
	struct smmuv3_hw *m = smmuv3_hw_of(hw);
	int ret = 0;

	if (size < smmuv3_hw_snapshot_size())
		return -EINVAL;
	smmuv3_hw_lock(m);
	if (quiesced(m))
		save(m, buf);
	else
		ret = -EBUSY;
	smmuv3_hw_unlock(m);
	return ret;
}

/* Nobody waits for the end of what would be forgotten. */
static bool nothing_stalled(const struct smmuv3_hw *m)
{
	unsigned int i;

	for (i = 0; i < SMMUV3_HW_STALLS; i++)
		if (m->stall[i].state != STALL_FREE)
			return false;
	return true;
}

int smmuv3_hw_restore(struct iommu_hw *hw, const void *buf, size_t size)
{
	struct smmuv3_hw *m = smmuv3_hw_of(hw);
	int ret = 0;

	if (size != smmuv3_hw_snapshot_size())
		return -EINVAL;
	smmuv3_hw_lock(m);
	if (!valid(m, buf))
		ret = -EINVAL;
	else if (!quiesced(m) || !nothing_stalled(m))
		ret = -EBUSY;
	else
		load(m, buf);
	smmuv3_hw_unlock(m);
	return ret;
}
