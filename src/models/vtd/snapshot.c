/* SPDX-License-Identifier: MIT */
/*
 * The state of a unit as bytes: what software or the bus could tell it by.
 *
 * Little-endian words: who it is, registers, what SRTP and SIRTP latched, the
 * fault records, the invalidation queue with its wait descriptors and device
 * TLBs, a sum of all that. The caches are not in it: they come back empty, as
 * software has to expect of any cache.
 *
 * A snapshot is somebody else's bytes. Each word is checked for bits that the
 * model cannot have there before any of it counts, so that what is restored is
 * a state that the model could have come to by itself, and is saved again as
 * the same bytes.
 */
#include "base/le64.h"
#include "fmt/vtd.h"
#include "models/vtd/config.h"
#include "models/vtd/inval.h"
#include "models/vtd/intremap.h"
#include "models/vtd/regs.h"
#include "models/vtd/translate.h"

/* "VTd\0\0\0\0\1": the last byte goes with any change of the layout. */
#define MAGIC UINT64_C(0x0100000000645456)

/* The layout has the registers in the order of enum vtd_hw_reg. */
enum { FIRST_REG = R_GSTS, REGS = R_COUNT - R_GSTS };

_Static_assert(R_GSTS == 5 && R_COUNT == 38, "another layout: change MAGIC");
_Static_assert(VTD_HW_FRCD_MAX == 256 && VTD_HW_WAITS == 8 &&
		       VTD_HW_INFLIGHT == 32,
	       "another layout: change MAGIC");

enum { WAIT_WORDS = 3, INFLIGHT_WORDS = 2 };

/* Places, in words. */
enum {
	W_MAGIC,
	W_VER, /* and the host's width */
	W_CAP,
	W_ECAP,
	W_REG,
	W_ROOT = W_REG + REGS,
	W_IRTA,
	W_FRCD_NEXT,
	W_FRCD,
	W_IQ = W_FRCD + 2 * VTD_HW_FRCD_MAX, /* flags, SID, epoch, waits */
	W_SEQ,
	W_WAIT,
	W_INFLIGHT = W_WAIT + VTD_HW_WAITS * WAIT_WORDS,
	W_SUM = W_INFLIGHT + VTD_HW_INFLIGHT * INFLIGHT_WORDS,
	WORDS
};

enum {
	IQ_ON = 1 << 0,
	IQ_TIMED_OUT = 1 << 1,
	IQ_FLAGS_ALL = 3,
	IQ_WAITS_SHIFT = 8,
	IQ_SID_SHIFT = 16,
	IQ_EPOCH_SHIFT = 32,

	INFLIGHT_USED = 1 << 0,
	INFLIGHT_GEN_SHIFT = 16,
	INFLIGHT_SID_SHIFT = 32,
};

/* More than this was never counted. */
#define SEQ_MAX (UINT64_MAX / 2)

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

/* Nobody is in the middle of something. */
static bool quiesced(const struct vtd_hw *m)
{
	return !m->iq.running && !m->responding && hw_ports_idle(&m->ports);
}

static uint64_t ver_word(const struct vtd_hw *m)
{
	return m->cfg.ver | (uint64_t)m->cfg.haw << 32;
}

static uint64_t latched(const struct vtd_hw *m)
{
	return vtd_hw_root(m) &
	       (FIELD_MASK(VTD_RTADDR_TTM) | FIELD_MASK(VTD_RTADDR_RTA));
}

static void save_queue(const struct vtd_hw *m, unsigned char *buf)
{
	uint64_t sid = m->iq.timed_out ? m->iq.timed_out_sid : 0;
	unsigned int i;

	put(buf, W_IQ,
	    (m->iq.on ? IQ_ON : 0u) | (m->iq.timed_out ? IQ_TIMED_OUT : 0u) |
		    (uint64_t)m->iq.waits << IQ_WAITS_SHIFT |
		    sid << IQ_SID_SHIFT |
		    (uint64_t)m->iq.epoch << IQ_EPOCH_SHIFT);
	put(buf, W_SEQ, m->iq.seq);
	for (i = 0; i < m->iq.waits; i++) {
		put(buf, W_WAIT + i * WAIT_WORDS, m->iq.wait[i].seq);
		put(buf, W_WAIT + i * WAIT_WORDS + 1, m->iq.wait[i].dw[0]);
		put(buf, W_WAIT + i * WAIT_WORDS + 2, m->iq.wait[i].dw[1]);
	}
	for (i = 0; i < VTD_HW_INFLIGHT; i++) {
		const struct vtd_hw_inflight *f = &m->iq.inflight[i];
		unsigned int w = W_INFLIGHT + i * INFLIGHT_WORDS;

		put(buf, w, (uint64_t)f->gen << INFLIGHT_GEN_SHIFT);
		if (!f->used)
			continue;
		put(buf, w,
		    INFLIGHT_USED | (uint64_t)f->gen << INFLIGHT_GEN_SHIFT |
			    (uint64_t)f->sid << INFLIGHT_SID_SHIFT);
		put(buf, w + 1, f->seq);
	}
}

static void save(const struct vtd_hw *m, unsigned char *buf)
{
	unsigned int i;

	memset(buf, 0, 8 * (size_t)WORDS);
	put(buf, W_MAGIC, MAGIC);
	put(buf, W_VER, ver_word(m));
	put(buf, W_CAP, m->cfg.cap);
	put(buf, W_ECAP, m->cfg.ecap);
	for (i = 0; i < REGS; i++)
		put(buf, W_REG + i, m->reg[FIRST_REG + i]);
	put(buf, W_ROOT, latched(m));
	put(buf, W_IRTA, m->irta);
	put(buf, W_FRCD_NEXT, m->frcd_next);
	for (i = 0; i < VTD_HW_FRCD_MAX; i++) {
		put(buf, W_FRCD + 2 * i, m->frcd[i][0]);
		put(buf, W_FRCD + 2 * i + 1, m->frcd[i][1]);
	}
	save_queue(m, buf);
	put(buf, W_SUM, sum(buf));
}

static uint64_t saved_reg(const unsigned char *buf, unsigned int r)
{
	return word(buf, W_REG + r - FIRST_REG);
}

static uint64_t possible_status(const struct vtd_hw *m)
{
	uint64_t bits = FIELD_MASK(VTD_GSTS_TES) | FIELD_MASK(VTD_GSTS_RTPS);

	if (ECAP(m, QI))
		bits |= FIELD_MASK(VTD_GSTS_QIES);
	if (ECAP(m, IR))
		bits |= FIELD_MASK(VTD_GSTS_IRTPS) | FIELD_MASK(VTD_GSTS_IRES) |
			FIELD_MASK(VTD_GSTS_CFIS);
	return bits;
}

/* Bits that a register can have. */
static uint64_t possible(const struct vtd_hw *m, unsigned int r)
{
	uint64_t w = m->writable[r];

	switch (r) {
	case R_GSTS:
		return possible_status(m);
	case R_CCMD:
		return (w & ~FIELD_MASK(VTD_CCMD_ICC)) |
		       FIELD_MASK(VTD_CCMD_CAIG);
	case R_IOTLB:
		return (w & ~FIELD_MASK(VTD_IOTLB_IVT)) |
		       FIELD_MASK(VTD_IOTLB_IAIG);
	case R_FSTS:
		return w | FIELD_MASK(VTD_FSTS_FRI);
	case R_FECTL:
	case R_IECTL:
	case R_PECTL:
		return w ? w | FIELD_MASK(VTD_ECTL_IP) : 0;
	case R_PMEN:
		return w ? w | FIELD_MASK(VTD_PMEN_PRS) : 0;
	case R_IQH:
		return m->writable[R_IQT];
	case R_IQERCD:
		return ECAP(m, QI) ? FIELD_DEFINED(VTD_IQERCD_FIELDS, 0) : 0;
	default:
		return w;
	}
}

/* IP is there only as long as IM holds it. */
static bool event_valid(uint64_t ctl)
{
	return !REG_GET(VTD_ECTL_IP, ctl) || REG_GET(VTD_ECTL_IM, ctl);
}

static bool regs_valid(const struct vtd_hw *m, const unsigned char *buf)
{
	uint64_t gsts = saved_reg(buf, R_GSTS), pmen = saved_reg(buf, R_PMEN);
	unsigned int r;

	for (r = FIRST_REG; r < R_COUNT; r++)
		if (saved_reg(buf, r) & ~possible(m, r))
			return false;
	if (REG_GET(VTD_FSTS_FRI, saved_reg(buf, R_FSTS)) > CAP(m, NFR) ||
	    REG_GET(VTD_IQERCD_IQEI, saved_reg(buf, R_IQERCD)) > VTD_IQEI_TTM)
		return false;
	if (REG_GET(VTD_PMEN_PRS, pmen) != REG_GET(VTD_PMEN_EPM, pmen))
		return false;
	/* What was never set is 0. */
	if ((word(buf, W_ROOT) & ~m->writable[R_RTADDR]) ||
	    (word(buf, W_IRTA) & ~m->writable[R_IRTA]) ||
	    (word(buf, W_ROOT) && !REG_GET(VTD_GSTS_RTPS, gsts)) ||
	    (word(buf, W_IRTA) && !REG_GET(VTD_GSTS_IRTPS, gsts)))
		return false;
	return event_valid(saved_reg(buf, R_FECTL)) &&
	       event_valid(saved_reg(buf, R_IECTL)) &&
	       event_valid(saved_reg(buf, R_PECTL));
}

static bool faults_valid(const struct vtd_hw *m, const unsigned char *buf)
{
	unsigned int i, w;

	if (word(buf, W_FRCD_NEXT) > CAP(m, NFR))
		return false;
	for (i = 0; i < 2 * VTD_HW_FRCD_MAX; i++) {
		w = W_FRCD + i;
		if (i / 2 > CAP(m, NFR) ? word(buf, w) != 0 :
		    i % 2               ? (word(buf, w) &
                             ~FIELD_DEFINED(VTD_FRCD_FIELDS, 1)) :
			    (word(buf, w) & ~FIELD_DEFINED(VTD_FRCD_FIELDS, 0)))
			return false;
	}
	return true;
}

/* In the order they were fetched; @last: of the one before. */
static bool wait_valid(const struct vtd_hw *m, const unsigned char *buf,
		       unsigned int w, uint64_t *last)
{
	struct vtd_inv inv = { { word(buf, w + 1), word(buf, w + 2), 0, 0 } };
	uint64_t legal = FIELD_DEFINED(VTD_INV_FIELDS, 0);

	legal |= FIELD_DEFINED(VTD_INV_WAIT_FIELDS, 0);
	if (!ECAP(m, PDS))
		legal &= ~FIELD_MASK(VTD_INV_WAIT_PD);
	if (vtd_inv_type(&inv) != VTD_INV_WAIT || inv.dw[0] & ~legal ||
	    inv.dw[1] & ~FIELD_DEFINED(VTD_INV_WAIT_FIELDS, 1) ||
	    word(buf, w) <= *last || word(buf, w) > word(buf, W_SEQ))
		return false;
	*last = word(buf, w);
	return true;
}

static bool waits_valid(const struct vtd_hw *m, const unsigned char *buf)
{
	unsigned int waits = word(buf, W_IQ) >> IQ_WAITS_SHIFT & 0xff, i;
	uint64_t last = 0;

	if (waits > VTD_HW_WAITS)
		return false;
	for (i = 0; i < waits; i++)
		if (!wait_valid(m, buf, W_WAIT + i * WAIT_WORDS, &last))
			return false;
	for (i = W_WAIT + waits * WAIT_WORDS; i < W_INFLIGHT; i++)
		if (word(buf, i))
			return false;
	return true;
}

static bool inflight_valid(const struct vtd_hw *m, const unsigned char *buf)
{
	const uint64_t gen = UINT64_C(0xffff) << INFLIGHT_GEN_SHIFT;
	const uint64_t sid = UINT64_C(0xffff) << INFLIGHT_SID_SHIFT;
	bool devices = ECAP(m, DT) && m->has_bus;
	unsigned int i;

	for (i = W_INFLIGHT; i < W_SUM; i += INFLIGHT_WORDS) {
		uint64_t head = word(buf, i), seq = word(buf, i + 1);

		if (!devices && (head || seq))
			return false;
		if (head & INFLIGHT_USED) {
			if (head & ~(INFLIGHT_USED | gen | sid) || !seq ||
			    seq > word(buf, W_SEQ))
				return false;
		} else if (head & ~gen || seq) {
			return false;
		}
	}
	return true;
}

static bool queue_valid(const struct vtd_hw *m, const unsigned char *buf)
{
	uint64_t iq = word(buf, W_IQ), flags = iq & 0xff;
	bool waits = iq >> IQ_WAITS_SHIFT & 0xff;
	bool qies = REG_GET(VTD_GSTS_QIES, saved_reg(buf, R_GSTS));
	bool ite = REG_GET(VTD_FSTS_ITE, saved_reg(buf, R_FSTS));

	if (iq >> (IQ_EPOCH_SHIFT + 16) || flags & ~(uint64_t)IQ_FLAGS_ALL ||
	    word(buf, W_SEQ) > SEQ_MAX)
		return false;
	/* QIES follows QIE, but for the wait descriptors that are left. */
	if (qies != (flags & IQ_ON || waits))
		return false;
	/* Whoever timed out has aborted all waits; the next is not there. */
	if ((flags & IQ_TIMED_OUT || ite) && waits)
		return false;
	if (flags & IQ_TIMED_OUT ? !(ECAP(m, DT) && m->has_bus) :
				   (iq >> IQ_SID_SHIFT & 0xffff) != 0)
		return false;
	return waits_valid(m, buf) && inflight_valid(m, buf);
}

static bool valid(const struct vtd_hw *m, const unsigned char *buf)
{
	return word(buf, W_MAGIC) == MAGIC && word(buf, W_SUM) == sum(buf) &&
	       word(buf, W_VER) == ver_word(m) &&
	       word(buf, W_CAP) == m->cfg.cap &&
	       word(buf, W_ECAP) == m->cfg.ecap && regs_valid(m, buf) &&
	       faults_valid(m, buf) && queue_valid(m, buf);
}

static void load_queue(struct vtd_hw *m, const unsigned char *buf)
{
	uint64_t iq = word(buf, W_IQ);
	unsigned int i;

	m->iq.on = iq & IQ_ON;
	m->iq.timed_out = iq & IQ_TIMED_OUT;
	m->iq.timed_out_sid = (uint16_t)(iq >> IQ_SID_SHIFT);
	m->iq.epoch = (uint16_t)(iq >> IQ_EPOCH_SHIFT);
	m->iq.waits = iq >> IQ_WAITS_SHIFT & 0xff;
	m->iq.seq = word(buf, W_SEQ);
	/* No port is busy with what was invalidated before. */
	m->iq.undrained = false;
	for (i = 0; i < m->iq.waits; i++) {
		unsigned int w = W_WAIT + i * WAIT_WORDS;

		m->iq.wait[i].seq = word(buf, w);
		m->iq.wait[i].dw[0] = word(buf, w + 1);
		m->iq.wait[i].dw[1] = word(buf, w + 2);
	}
	m->iq.answers = 0;
	for (i = 0; i < VTD_HW_INFLIGHT; i++) {
		unsigned int w = W_INFLIGHT + i * INFLIGHT_WORDS;
		uint64_t head = word(buf, w);

		m->iq.answers += (head & INFLIGHT_USED) != 0;
		m->iq.inflight[i] = (struct vtd_hw_inflight){
			.used = head & INFLIGHT_USED,
			.sid = (uint16_t)(head >> INFLIGHT_SID_SHIFT),
			.gen = (uint16_t)(head >> INFLIGHT_GEN_SHIFT),
			.seq = word(buf, w + 1),
		};
	}
}

static void load(struct vtd_hw *m, const unsigned char *buf)
{
	unsigned int i;

	for (i = 0; i < REGS; i++)
		m->reg[FIRST_REG + i] = word(buf, W_REG + i);
	vtd_hw_root_restore(m, word(buf, W_ROOT));
	m->irta = word(buf, W_IRTA);
	m->frcd_next = (unsigned int)word(buf, W_FRCD_NEXT);
	for (i = 0; i < VTD_HW_FRCD_MAX; i++) {
		m->frcd[i][0] = word(buf, W_FRCD + 2 * i);
		m->frcd[i][1] = word(buf, W_FRCD + 2 * i + 1);
	}
	load_queue(m, buf);
	vtd_hw_xlat_flush(m);
	vtd_hw_iec_flush(m);
}

size_t vtd_hw_snapshot_size(void)
{
	return 8 * (size_t)WORDS;
}

int vtd_hw_save(struct iommu_hw *hw, void *buf, size_t size)
{
	struct vtd_hw *m = vtd_hw_of(hw);
	int ret = 0;

	if (size < vtd_hw_snapshot_size())
		return -EINVAL;
	vtd_hw_lock(m);
	if (quiesced(m))
		save(m, buf);
	else
		ret = -EBUSY;
	vtd_hw_unlock(m);
	return ret;
}

int vtd_hw_restore(struct iommu_hw *hw, const void *buf, size_t size)
{
	struct vtd_hw *m = vtd_hw_of(hw);
	int ret = 0;

	if (size != vtd_hw_snapshot_size())
		return -EINVAL;
	vtd_hw_lock(m);
	if (!valid(m, buf))
		ret = -EINVAL;
	else if (!quiesced(m))
		ret = -EBUSY;
	else
		load(m, buf);
	vtd_hw_unlock(m);
	return ret;
}
