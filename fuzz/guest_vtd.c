/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: a guest's PASID directory, tables and commands, under the VT-d
 * driver on the model. The input is a device, what the guest writes into its
 * memory and when (also while it is read), what it invalidates, answers and has
 * bound, what its host maps and takes away, and what the device does.
 *
 * Oracles: the unit and the driver read and write the driver's memory, and of
 * the guest's what the parent maps at that moment, as it allows (rig.c, reach());
 * so do accesses that were translated, and the device by what it has cached;
 * calls return what their headers say; locks, waits that nothing ends; nothing
 * is left at the end.
 */
#include <errno.h>
#include <stdlib.h>

#include <sva/fault.h>

#include "base/bits.h"
#include "base/le64.h"
#include "fmt/vtd.h"
#include "fmt/x86_pt.h"
#include "fuzz/guest_vtd_rig.h"

const char *const fuzz_defects[] = { "stage2", "iotlb", "device-tlb", NULL };

enum op {
	OP_WORD,   /* page, word, value */
	OP_ENTRY,  /* PASID, kind, page, word to change */
	OP_DIR,    /* index, value */
	OP_ACCESS, /* how, PASID, address */
	OP_ASK,    /* the same, by ATS */
	OP_USE,    /* what the device has */
	OP_INV,
	OP_MAP, /* guest's page, page and permissions */
	OP_BIND,
	OP_UNBIND,
	OP_SINGLE,
	OP_UNSINGLE,
	OP_REQUEST, /* a page request of the device */
	OP_ANSWER,
	OP_LATER, /* a word, after so many reads of the guest's memory */
	OP_SERVE,
	OP_COUNT,
};

/* PASIDs of the guest that an op names. */
enum { PASIDS = 8, DIR = 1, TABLE = 2 };

/**
 * struct guest - the state of a run
 * @map, @perm: by guest-physical page: a page, or -1.
 * @later: reads until the word is written; 0: none is.
 */
struct guest {
	struct rig r;
	struct in *in;
	struct iommu_domain *parent;
	int map[RIG_PAGES];
	unsigned int perm[RIG_PAGES];
	bool bound;
	bool single[PASIDS];
	unsigned int later, later_page, later_word;
	uint64_t later_value;
};

static struct guest *of(struct rig *r)
{
	return (struct guest *)(void *)r;
}

/* As the guest's processor writes: nothing, where there is no page. */
static void store(struct guest *g, unsigned int gpn, unsigned int word,
		  uint64_t value)
{
	int page = g->map[gpn % RIG_PAGES];

	if (page < 0)
		return;
	le64_store_relaxed(
		le64_at(g->r.pages + ((size_t)page << 12)) + word % 512, value);
}

static void change(struct rig *r)
{
	struct guest *g = of(r);

	if (g->later && !--g->later)
		store(g, g->later_page, g->later_word, g->later_value);
}

/* An entry of a table that leads to a page, or any word. */
static uint64_t word(struct in *in)
{
	uint8_t kind = in_u8(in);
	uint64_t page = (uint64_t)(in_u8(in) % (RIG_PAGES + 2)) << 12;

	switch (kind & 7) {
	case 0:
		return in_u64(in);
	case 1:
		return page | in_u16(in);
	case 2: /* where it is for the host */
		return (RIG_GUEST + page) | 0x67;
	case 3:
		return page | 0x67 | BIT(in_u8(in) & 63);
	case 4:
		return page | 1;
	default:
		return page | 0x67;
	}
}

static void note_map(struct guest *g, unsigned int gpn, int page,
		     unsigned int perm)
{
	g->map[gpn] = page;
	g->perm[gpn] = perm;
	g->r.reads[page] += !!(perm & IOMMU_PERM_READ);
	g->r.writes[page] += !!(perm & IOMMU_PERM_WRITE);
}

static void note_unmap(struct guest *g, unsigned int gpn)
{
	int page = g->map[gpn];

	g->r.reads[page] -= !!(g->perm[gpn] & IOMMU_PERM_READ);
	g->r.writes[page] -= !!(g->perm[gpn] & IOMMU_PERM_WRITE);
	g->map[gpn] = -1;
}

static void map(struct guest *g, unsigned int gpn, int page, unsigned int perm)
{
	FUZZ_CHECK(!iommu_map(g->parent, (uint64_t)gpn << 12,
			      RIG_GUEST + ((uint64_t)page << 12), 4096, perm));
	note_map(g, gpn, page, perm);
}

static void check_atc(struct guest *g)
{
	unsigned int i;

	for (i = 0; i < RIG_ATC; i++)
		FUZZ_CHECK(
			!g->r.atc[i].valid ||
			rig_allowed(&g->r, g->r.atc[i].pa, g->r.atc[i].write));
}

static void op_map(struct guest *g)
{
	unsigned int gpn = in_u8(g->in) % RIG_PAGES, how = in_u8(g->in);
	uint64_t bytes;

	if (g->map[gpn] >= 0) {
		FUZZ_CHECK(!iommu_unmap(g->parent, (uint64_t)gpn << 12, 4096,
					&bytes) &&
			   bytes == 4096);
		note_unmap(g, gpn);
		check_atc(g);
	}
	if (how & 0x40)
		map(g, gpn, how & 0x80 ? (int)gpn : (int)(how % RIG_PAGES),
		    how & 1 ? IOMMU_PERM_READ | IOMMU_PERM_WRITE :
			      IOMMU_PERM_READ);
}

static void op_entry(struct guest *g)
{
	unsigned int pasid = in_u8(g->in) % PASIDS, kind = in_u8(g->in), i;
	struct vtd_pasid e = { { 0 } };

	FIELD_SET(VTD_PASID_P, &e, kind != 1);
	FIELD_SET(VTD_PASID_PGTT, &e,
		  kind & 4 ? VTD_PASID_PGTT_PT : VTD_PASID_PGTT_FS);
	FIELD_SET(VTD_PASID_DID, &e, 7);
	if (!(kind & 4))
		vtd_pasid_set_fsptptr(&e, word(g->in));
	if (kind & 8)
		e.dw[in_u8(g->in) % 8] ^= in_u64(g->in);
	for (i = 0; i < 8; i++)
		store(g, TABLE, 8 * pasid + i, e.dw[i]);
}

static struct hw_txn read_txn(struct in *in)
{
	uint8_t how = in_u8(in), at = in_u8(in);
	struct hw_txn txn = {
		.requester = RIG_SID,
		.flags = how & 1 ? HW_TXN_PASID_VALID : 0,
		.pasid = in_u8(in) % (PASIDS + 1),
		.perm = how & 2 ? IOMMU_PERM_WRITE : IOMMU_PERM_READ,
	};

	if (how & 4)
		txn.perm |= IOMMU_PERM_READ;
	if (how & 8)
		txn.perm |= IOMMU_PERM_PRIV;
	if (how & 16)
		txn.perm |= IOMMU_PERM_EXEC;
	/* An index of each level, or any address. */
	txn.addr = how & 32 ? in_u64(in) :
			      (uint64_t)(at >> 6) << 39 |
				      (uint64_t)(at >> 4 & 3) << 30 |
				      (uint64_t)(at >> 2 & 3) << 21 |
				      (uint64_t)(at & 3) << 12;
	if (how & 64)
		txn.addr = (uint64_t)(at % (RIG_PAGES + 2)) << 12;
	return txn;
}

/* No page of the parent's is larger than the smallest. */
static void check_xlat(struct guest *g, const struct hw_xlat *x, bool write)
{
	FUZZ_CHECK(rig_allowed(&g->r, x->pa, write));
	FUZZ_CHECK((x->pa & 4095) + x->len <= 4096);
}

static void op_access(struct guest *g)
{
	struct hw_txn txn = read_txn(g->in);
	struct hw_xlat x;

	if (g->r.hw->ops->translate(g->r.hw, &g->r.port, &txn, &x))
		return;
	hw_port_done(&g->r.port);
	check_xlat(g, &x, txn.perm & IOMMU_PERM_WRITE);
}

static void op_ask(struct guest *g)
{
	struct rig_atc *e = &g->r.atc[in_u8(g->in) % RIG_ATC];
	struct hw_txn txn = read_txn(g->in);
	struct hw_ats_reply reply;

	g->r.hw->ops->ats_translate(g->r.hw, &g->r.port, &txn, &reply);
	if (reply.status != HW_ATS_SUCCESS || !(reply.xlat.perm & 3))
		return;
	*e = (struct rig_atc){
		.valid = true,
		.write = reply.xlat.perm & IOMMU_PERM_WRITE,
		.pasid_valid = txn.flags & HW_TXN_PASID_VALID,
		.pasid = txn.pasid,
		.va = txn.addr & ~UINT64_C(4095),
		.pa = reply.xlat.pa,
	};
	check_xlat(g, &reply.xlat, e->write);
}

static void op_use(struct guest *g)
{
	const struct rig_atc *e = &g->r.atc[in_u8(g->in) % RIG_ATC];
	struct hw_txn txn = {
		.requester = RIG_SID,
		.flags = HW_TXN_TRANSLATED,
		.perm = IOMMU_PERM_READ,
		.addr = e->pa,
	};
	struct hw_xlat x;

	if (!e->valid || g->r.hw->ops->translate(g->r.hw, &g->r.port, &txn, &x))
		return;
	hw_port_done(&g->r.port);
	FUZZ_CHECK(rig_allowed(&g->r, x.pa, false));
}

static void op_inv(struct guest *g)
{
	struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = in_u8(g->in),
		.granularity = in_u8(g->in) & 3,
	};
	int err;

	if (info.granularity == IOMMU_INV_GRANU_PASID) {
		info.granu.pasid.flags = in_u8(g->in);
		info.granu.pasid.pasid = in_u8(g->in);
	} else if (info.granularity == IOMMU_INV_GRANU_ADDR) {
		info.granu.addr.flags = in_u8(g->in);
		info.granu.addr.pasid = in_u8(g->in);
		info.granu.addr.addr = in_word(g->in);
		info.granu.addr.granule_size = in_word(g->in);
		info.granu.addr.nb_granules = in_word(g->in);
	}
	err = iommu_cache_invalidate(g->parent, g->r.dev, &info);
	FUZZ_CHECK(!err || err == -EINVAL || err == -ENODEV || err == -ENOMEM);
}

static void unbind_singles(struct guest *g)
{
	unsigned int i;

	for (i = 1; i < PASIDS; i++) {
		if (!g->single[i])
			continue;
		FUZZ_CHECK(!iommu_sva_unbind_gpasid(g->parent, g->r.dev, i));
		g->single[i] = false;
	}
}

static void op_bind(struct guest *g)
{
	uint8_t how = in_u8(g->in);
	struct iommu_pasid_table_config cfg = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = IOMMU_PASID_FORMAT_VTD,
		.base = (uint64_t)DIR << 12,
		.pasid_bits = how & 1 ? in_u8(g->in) : 13,
		.config = how & 2 ? in_u8(g->in) : IOMMU_PASID_CONFIG_TRANSLATE,
		.vendor_length = sizeof(cfg.vendor.vtd),
		.vendor.vtd.version = IOMMU_PASID_VENDOR_VERSION_1,
	};
	int err;

	if (how & 4)
		cfg.vendor.vtd.rid_pasid = in_u32(g->in);
	if (how & 8)
		cfg.base = word(g->in);
	if (how & 16)
		cfg.size = in_word(g->in);
	unbind_singles(g);
	err = iommu_attach_pasid_table(g->parent, &cfg);
	FUZZ_CHECK(!err || err == -EINVAL || err == -ENOMEM);
	g->bound |= !err;
}

static void unbind(struct guest *g)
{
	unbind_singles(g);
	if (g->bound)
		FUZZ_CHECK(!iommu_unbind_pasid_table(g->parent, g->r.dev));
	g->bound = false;
}

static void op_single(struct guest *g)
{
	uint8_t how = in_u8(g->in);
	struct iommu_gpasid_bind_data d = {
		.version = IOMMU_GPASID_BIND_VERSION_1,
		.format = IOMMU_PASID_FORMAT_VTD,
		.addr_width = how & 1 ? 57 : 48,
		.hpasid = 1 + in_u8(g->in) % (PASIDS - 1),
		.gpgd = word(g->in) & (how & 2 ? UINT64_MAX : ~UINT64_C(4095)),
		.vtd.flags = how & 4 ? in_u8(g->in) : 0,
	};
	int err = iommu_sva_bind_gpasid(g->parent, g->r.dev, &d);

	FUZZ_CHECK(!err || err == -EBUSY || err == -EINVAL || err == -ENOMEM);
	if (!err)
		g->single[d.hpasid] = true;
}

static void op_unsingle(struct guest *g)
{
	ioasid_t pasid = in_u8(g->in) % PASIDS;
	int err = iommu_sva_unbind_gpasid(g->parent, g->r.dev, pasid);

	FUZZ_CHECK(!err == g->single[pasid]);
	g->single[pasid] = false;
}

static void op_request(struct guest *g)
{
	uint8_t how = in_u8(g->in);
	const struct hw_page_request req = {
		.requester = RIG_SID,
		.pasid_valid = how & 1,
		.pasid = in_u8(g->in) % PASIDS,
		.addr = in_word(g->in) & ~UINT64_C(4095),
		.perm = how >> 1 & 15,
		.prgi = in_u8(g->in) & 7,
		.last = how & 32,
	};

	g->r.hw->ops->page_request(g->r.hw, &req);
}

/* Also to what nobody has asked. */
static void op_answer(struct guest *g)
{
	uint8_t how = in_u8(g->in);
	const struct iommu_page_response msg = {
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.flags = how & 1 ? IOMMU_PAGE_RESP_PASID_VALID : 0,
		.pasid = in_u8(g->in) % PASIDS,
		.grpid = in_u8(g->in) & 7,
		.code = (enum iommu_page_response_code)(how >> 1 & 3),
	};
	uint64_t before = g->r.responses;
	int err = iommu_page_response(g->r.dev, &msg);

	FUZZ_CHECK(!err || err == -EINVAL);
	FUZZ_CHECK(g->r.responses == before + !err);
}

static void op_later(struct guest *g)
{
	g->later = 1 + in_u8(g->in) % 32;
	g->later_page = in_u8(g->in);
	g->later_word = in_u16(g->in);
	g->later_value = word(g->in);
}

static void run_one(struct guest *g)
{
	uint8_t page;

	switch (in_u8(g->in) % OP_COUNT) {
	case OP_WORD:
		page = in_u8(g->in);
		store(g, page, in_u8(g->in), word(g->in));
		break;
	case OP_ENTRY:
		op_entry(g);
		break;
	case OP_DIR:
		store(g, DIR, in_u8(g->in), word(g->in));
		break;
	case OP_ACCESS:
		op_access(g);
		break;
	case OP_ASK:
		op_ask(g);
		break;
	case OP_USE:
		op_use(g);
		break;
	case OP_INV:
		op_inv(g);
		break;
	case OP_MAP:
		op_map(g);
		break;
	case OP_BIND:
		op_bind(g);
		break;
	case OP_UNBIND:
		unbind(g);
		break;
	case OP_SINGLE:
		op_single(g);
		break;
	case OP_UNSINGLE:
		op_unsingle(g);
		break;
	case OP_REQUEST:
		op_request(g);
		break;
	case OP_ANSWER:
		op_answer(g);
		break;
	case OP_LATER:
		op_later(g);
		break;
	default:
		rig_serve(&g->r);
		break;
	}
}

/* Who runs a guest takes what is the guest's; the rest is answered for it. */
static int hear(const struct iommu_fault *fault, struct iommu_device *dev,
		void *data)
{
	const struct guest *g = data;
	const struct iommu_fault_page_request *prm = &fault->prm;

	(void)dev;
	if (fault->type != IOMMU_FAULT_PAGE_REQ || g->bound)
		return 0;
	return prm->flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID &&
			       prm->pasid < PASIDS && g->single[prm->pasid] ?
		       0 :
		       -ENODEV;
}

/* Each page leads to the four behind it, so that walks end somewhere. */
static void fill(struct guest *g)
{
	unsigned int i, j;

	for (i = 0; i < RIG_PAGES; i++)
		for (j = 0; j < 4; j++)
			store(g, i, j,
			      (uint64_t)((i + j + 1) % RIG_PAGES) << 12 | 0x67);
	store(g, DIR, 0, (uint64_t)TABLE << 12 | 1);
	for (i = 0; i < 8 * 64; i++)
		store(g, TABLE, i, 0);
}

static void begin(struct guest *g, struct in *in)
{
	uint8_t how = in_u8(in);
	struct vtd_hw_cfg cfg;
	unsigned int i;

	g->in = in;
	vtd_hw_cfg_default(&cfg);
	cfg.iotlb_lg2 = 6;
	cfg.personality = how & 1 ? HW_EAGER : HW_STRICT;
	if (how & 2)
		cfg.ecap &= ~REG_CONST(VTD_ECAP_RPS, 1);
	if (how & 4)
		cfg.ecap |= REG_CONST(VTD_ECAP_ERS, 1);
	if (how & 8)
		cfg.cap &= ~FIELD_MASK(VTD_CAP_PSI);
	rig_init(&g->r, &cfg, how & 16 ? 20 : how & 32 ? 4 : 8);
	FUZZ_CHECK(!iommu_domain_alloc_parent(g->r.unit, &g->parent));
	for (i = 0; i < RIG_PAGES; i++)
		map(g, i, (int)i, IOMMU_PERM_READ | IOMMU_PERM_WRITE);
	fill(g);
	FUZZ_CHECK(!iommu_attach_device(g->parent, g->r.dev));
	FUZZ_CHECK(!iommu_register_device_fault_handler(g->r.dev, hear, g));
	g->r.change = change;
}

static void end(struct guest *g)
{
	g->r.change = NULL;
	unbind(g);
	rig_serve(&g->r);
	FUZZ_CHECK(!iommu_unregister_device_fault_handler(g->r.dev));
	FUZZ_CHECK(!iommu_detach_device(g->parent, g->r.dev));
	FUZZ_CHECK(!iommu_domain_free(g->parent));
	rig_fini(&g->r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct in in = { data, data + size };
	struct guest *g = calloc(1, sizeof(*g));

	FUZZ_CHECK(g);
	begin(g, &in);
	while (in.p < in.end)
		run_one(g);
	end(g);
	free(g);
	return 0;
}

/* Seeds */

static void out1(struct out *o, unsigned int a)
{
	out_bytes(o, 1, a);
}

static void out_op(struct out *o, const uint8_t *b, size_t n)
{
	while (n--)
		out1(o, *b++);
}

/* An op and what it reads. */
#define OP(o, ...)                                                             \
	do {                                                                   \
		const uint8_t bytes_[] = { __VA_ARGS__ };                      \
		out_op(o, bytes_, sizeof(bytes_));                             \
	} while (0)

/* PASID 3 has a first stage at page 8. */
static void entry(struct out *o)
{
	OP(o, OP_ENTRY, 3, 0, 5, 8);
	OP(o, OP_ENTRY, 0, 4);
}

static void reach_all(struct out *o)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		OP(o, OP_ACCESS, 1, (uint8_t)(i * 0x55), 3);
		OP(o, OP_ACCESS, 3, (uint8_t)(i * 0x55), 3);
		OP(o, OP_ASK, (uint8_t)i, 7, (uint8_t)(i * 0x55), 3);
		OP(o, OP_ACCESS, 64, (uint8_t)(10 + i), 0);
		OP(o, OP_ASK, (uint8_t)(8 + i), 64, (uint8_t)(10 + i), 0);
		OP(o, OP_USE, (uint8_t)i);
	}
}

static void take_all(struct out *o)
{
	unsigned int i;

	for (i = 9; i < 30; i++)
		OP(o, OP_MAP, (uint8_t)i, 0);
}

static void seed_table(struct out *o)
{
	entry(o);
	OP(o, OP_BIND, 0);
	reach_all(o);
	OP(o, OP_INV, 7, IOMMU_INV_GRANU_PASID, 1, 3);
	reach_all(o);
	take_all(o);
	reach_all(o);
	OP(o, OP_SERVE);
	OP(o, OP_UNBIND);
}

static void seed_single(struct out *o)
{
	OP(o, OP_SINGLE, 0, 2, 5, 8);
	reach_all(o);
	OP(o, OP_INV, 3, IOMMU_INV_GRANU_ADDR, 1, 3, 0, 0, 0, 0, 0, 0);
	take_all(o);
	reach_all(o);
	OP(o, OP_UNSINGLE, 3);
}

static void seed_requests(struct out *o)
{
	entry(o);
	OP(o, OP_BIND, 4, 5, 0, 0, 0);
	OP(o, OP_REQUEST, 0x23, 3, 0, 0, 1);
	OP(o, OP_SERVE);
	OP(o, OP_ANSWER, 1, 3, 1);
	OP(o, OP_ANSWER, 1, 3, 1);
	OP(o, OP_REQUEST, 0x23, 3, 0, 0, 2);
	OP(o, OP_SERVE);
	OP(o, OP_UNBIND);
}

static void seed_changes(struct out *o)
{
	unsigned int i;

	entry(o);
	OP(o, OP_LATER, 2, TABLE, 24, 0, 2, 8);
	OP(o, OP_BIND, 0);
	for (i = 0; i < 4; i++) {
		OP(o, OP_LATER, (uint8_t)i, 8, 0, 0, (uint8_t)i, 9);
		OP(o, OP_ACCESS, 1, 0, 3);
		OP(o, OP_WORD, 9, 0, 2, 10);
		OP(o, OP_DIR, (uint8_t)i, 4, (uint8_t)i);
		OP(o, OP_INV, 4, IOMMU_INV_GRANU_DOMAIN);
		reach_all(o);
	}
	OP(o, OP_BIND, 2, IOMMU_PASID_CONFIG_BYPASS);
	reach_all(o);
}

bool fuzz_seed(unsigned int n, struct out *out)
{
	static void (*const kinds[])(struct out * o) = {
		seed_table,
		seed_single,
		seed_requests,
		seed_changes,
	};
	static const uint8_t starts[] = { 0, 16, 1, 2 | 4, 8 | 32 };

	if (n >= FUZZ_COUNT(kinds) * FUZZ_COUNT(starts))
		return false;
	out1(out, starts[n / FUZZ_COUNT(kinds)]);
	kinds[n % FUZZ_COUNT(kinds)](out);
	return true;
}

const struct fuzz_word fuzz_words[] = {
	{ "table", 0x67, 8 },
	{ "page_2m", 0xe7, 8 },
	{ "guest", RIG_GUEST, 8 },
	{ "host", RIG_HOST, 8 },
	{ NULL, 0, 0 },
};

/* clang-format off */
const struct field_desc fuzz_fields[] = {
	VTD_PASID_DIR_FIELDS(FIELD__DESC, _)
	VTD_PASID_FIELDS(FIELD__DESC, _)
	X86_PTE_FIELDS(FIELD__DESC, _)
	{ NULL, NULL, 0, 0 },
};
/* clang-format on */
