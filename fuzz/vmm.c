/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the monitor, with everything that a guest's software can do to
 * it. The guest has no driver: the input writes its memory, the registers of
 * its IOMMU and of its function, and descriptors to its portals. See
 * vmm_oracle.c for what has to hold, and vmm_plat.h for how threads are none.
 *
 * An input is a byte of options and operations to its end.
 */
#include "base/le64.h"
#include "fmt/dsa.h"
#include "fmt/pcie.h"
#include "fuzz/vmm_ops.h"
#include "fuzz/vmm_rig.h"

static uint64_t pick_word(struct in *in)
{
	return hostile_gpa(in_u8(in) & 63) + 8u * (in_u16(in) & 511);
}

static void op_poke(struct rig *r)
{
	uint64_t at = pick_word(rig_in(r));

	hostile_write(&r->h, at, hostile_word(&r->h));
}

/* Levels follow one another, three tables each. */
static void op_map(struct rig *r)
{
	unsigned int table = in_u8(rig_in(r)) % 12, entry = in_u8(rig_in(r));
	unsigned int to = in_u8(rig_in(r));
	uint64_t at = hostile_gpa(HOSTILE_TABLES + table) + 8 * entry;

	if (table < 9)
		hostile_write(&r->h, at,
			      r->h.vendor->link(
				      hostile_gpa(HOSTILE_TABLES + to % 12)));
	else
		hostile_write(&r->h, at, r->h.vendor->leaf(hostile_gpa(to)));
}

static void op_entry(struct rig *r)
{
	r->h.vendor->entry(&r->h, in_u8(rig_in(r)) % HOSTILE_PASID_COUNT);
}

static void op_start(struct rig *r)
{
	r->h.vendor->start(&r->h);
}

static void op_command(struct rig *r)
{
	r->h.vendor->command(&r->h);
}

static void op_answer(struct rig *r)
{
	const struct vmm_requests *list = &r->h.guest->requests;
	struct iommu_fault_page_request prm;
	unsigned int i;

	for (i = 0; i < list->count; i++)
		if (list->pages[i].flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE)
			break;
	if (i == list->count)
		return;
	prm = list->pages[i];
	r->h.vendor->answer(&r->h, &prm);
}

static void op_respond(struct rig *r)
{
	const struct iommu_fault_page_request prm = {
		.flags = in_u8(rig_in(r)),
		.pasid = in_u8(rig_in(r)) % HOSTILE_PASID_COUNT,
		.grpid = in_u16(rig_in(r)) & 0x1ff,
	};

	r->h.vendor->answer(&r->h, &prm);
}

/* One of the first registers, or anywhere. */
static uint64_t pick_register(struct in *in)
{
	uint8_t b = in_u8(in);

	if (b < 0xf0)
		return 4u * b;
	if (b < 0xf8)
		return 0x10000 + 4u * in_u8(in);
	return in_u32(in) & 0xfffff;
}

static void write_window(struct rig *r, const struct plat_mmio *win,
			 uint64_t offset)
{
	bool wide = in_u8(rig_in(r)) & 1;
	/* Addresses are of use in most. */
	uint64_t value = hostile_word(&r->h);

	if (wide)
		mmio_write64(win, offset, value);
	else
		mmio_write32(win, offset, (uint32_t)value);
}

static void read_window(struct rig *r, const struct plat_mmio *win,
			uint64_t offset)
{
	if (in_u8(rig_in(r)) & 1)
		(void)mmio_read64(win, offset);
	else
		(void)mmio_read32(win, offset);
}

static void op_unit_write(struct rig *r)
{
	write_window(r, &r->h.win, pick_register(rig_in(r)));
}

static void op_unit_read(struct rig *r)
{
	read_window(r, &r->h.win, pick_register(rig_in(r)));
}

/* A capability that the monitor has an eye on, or anywhere. */
static unsigned int pick_space(struct rig *r, unsigned int *ret_size)
{
	const struct vmm_function *fn = &r->h.guest->fn;
	const unsigned int caps[] = { 0,         fn->exp, fn->msix,
				      fn->pasid, fn->ats, fn->pri };
	uint8_t b = in_u8(rig_in(r));

	*ret_size = 1u << (b >> 6) % 3;
	b &= 63;
	if (b < 48)
		return caps[b % 6] + 4 + (b / 6 << 1 & 15);
	return in_u16(rig_in(r)) & 0xfff;
}

static void op_space_write(struct rig *r)
{
	unsigned int size, at = pick_space(r, &size);

	pci_cfg_write(&r->pci, at, size, (uint32_t)in_word(rig_in(r)));
}

static void op_space_read(struct rig *r)
{
	unsigned int size, at = pick_space(r, &size);

	(void)pci_cfg_read(&r->pci, at, size);
}

/* Registers, interrupt messages, tables of queues and groups, or anywhere. */
static uint64_t pick_bar0(struct rig *r)
{
	uint8_t b = in_u8(rig_in(r));
	uint64_t tables;

	if (b < 0x40)
		return 4u * b;
	if (b < 0x80)
		return r->h.guest->fn.table + 4 * (b & 63u);
	tables = mmio_read64(&r->bar0, DSA_REG_TABLE_OFFSETS);
	if (b < 0xa0)
		return (tables >> 16 & 0xffff) * DSA_TABLE_UNIT + 4 * (b & 31u);
	if (b < 0xc0)
		return (tables & 0xffff) * DSA_TABLE_UNIT + 4 * (b & 31u);
	if (b < 0xe0)
		return (tables >> 32 & 0xffff) * DSA_TABLE_UNIT + 4 * (b & 31u);
	return in_u32(rig_in(r)) & 0xfffff;
}

static void op_bar0_write(struct rig *r)
{
	write_window(r, &r->bar0, pick_bar0(r));
}

static void op_bar0_read(struct rig *r)
{
	read_window(r, &r->bar0, pick_bar0(r));
}

static void op_enable(struct rig *r)
{
	rig_enable_function(r);
}

static void op_dsa(struct rig *r)
{
	uint32_t code = in_u8(rig_in(r)) % 16;

	mmio_write32(&r->bar0, DSA_REG_CMD,
		     (uint32_t)REG_PUT(DSA_CMD_CODE, in_u16(rig_in(r)), code));
}

/* What PASIDs map, what they do not, what the memory is without any. */
static uint64_t pick_va(struct rig *r)
{
	uint8_t b = in_u8(rig_in(r));

	if (b < 0x40)
		return (uint64_t)b << 12;
	if (b < 0x80)
		return (uint64_t)(b & 63) << 12 | 0xff8;
	if (b < 0xc0)
		return hostile_gpa(b & 63);
	if (b < 0xd0)
		return (uint64_t)(b & 15) << 39 | (uint64_t)(b & 15) << 12;
	return hostile_word(&r->h);
}

static uint32_t pick_size(struct in *in)
{
	static const uint32_t sizes[] = { 4096, 8,      1,       64,
					  80,   0x2000, 0x10000, 0x3000 };
	uint8_t b = in_u8(in);

	return b & 0x80 ? in_u32(in) : sizes[b & 7] + (b >> 3 & 15) * 8u;
}

static uint64_t pick_pasid(struct in *in)
{
	uint8_t b = in_u8(in);

	return b < 0xf0 ? b % (HOSTILE_PASID_COUNT + 1) : in_u32(in) & 0xfffff;
}

static struct dsa_desc pick_desc(struct rig *r)
{
	static const uint8_t opcodes[] = {
		DSA_OP_MEMMOVE,         DSA_OP_FILL,        DSA_OP_COMPARE,
		DSA_OP_BATCH,           DSA_OP_DRAIN,       DSA_OP_NOOP,
		DSA_OP_DUALCAST,        DSA_OP_CRC_GEN,     DSA_OP_COPY_CRC,
		DSA_OP_COMPARE_PATTERN, DSA_OP_CACHE_FLUSH, DSA_OP_CREATE_DELTA,
		DSA_OP_APPLY_DELTA,     DSA_OP_DIF_INSERT,
	};
	struct dsa_desc d = { { 0 } };
	uint8_t op = in_u8(rig_in(r)), flags = in_u8(rig_in(r));

	FIELD_SET(DSA_DESC_OPCODE, &d,
		  op < 0xf0 ? opcodes[op % sizeof(opcodes)] : in_u8(rig_in(r)));
	FIELD_SET(DSA_DESC_PASID, &d, pick_pasid(rig_in(r)));
	FIELD_SET(DSA_DESC_BOF, &d, flags);
	FIELD_SET(DSA_DESC_CRAV, &d, flags >> 1);
	FIELD_SET(DSA_DESC_RCR, &d, flags >> 2);
	FIELD_SET(DSA_DESC_RCI, &d, flags >> 3);
	FIELD_SET(DSA_DESC_PRIV, &d, flags >> 4);
	FIELD_SET(DSA_DESC_COMPLETION_ADDR, &d, pick_va(r));
	FIELD_SET(DSA_DESC_SRC, &d, pick_va(r));
	FIELD_SET(DSA_DESC_DST, &d, pick_va(r));
	FIELD_SET(DSA_DESC_XFER_SIZE, &d, pick_size(rig_in(r)));
	if (flags & 0x20)
		FIELD_SET(DSA_DESC_INT_HANDLE, &d, in_u16(rig_in(r)));
	if (flags & 0x40)
		d.dw[5] = pick_va(r);
	if (flags & 0x80)
		d.dw[in_u8(rig_in(r)) % 8] ^= in_word(rig_in(r));
	return d;
}

static void op_submit(struct rig *r)
{
	uint8_t b = in_u8(rig_in(r));
	uint64_t at = (uint64_t)(b & 15) << 12;
	struct dsa_desc d = pick_desc(r);

	if (b & 0x10)
		r->bar2.ops->write512(r->bar2.dev, at, &d);
	else
		(void)r->bar2.ops->enqcmd(r->bar2.dev, at, &d);
}

static void op_batch(struct rig *r)
{
	uint64_t at = hostile_gpa(DATA_PAGE + in_u8(rig_in(r)) % DATA_PAGES) +
		      DSA_DESC_SIZE * (in_u8(rig_in(r)) % 16u);
	struct dsa_desc d = pick_desc(r);
	unsigned int i;

	for (i = 0; i < 8; i++)
		hostile_write(&r->h, at + 8 * i, d.dw[i]);
}

static unsigned int pick_points(struct in *in)
{
	uint8_t b = in_u8(in);

	return b < 0x80 ? b : (b & 0x7fu) * 32;
}

static void op_later(struct rig *r)
{
	struct rig_later *l = &r->later[in_u8(rig_in(r)) % RIG_LATER];

	l->points = pick_points(rig_in(r));
	l->turn = in_u8(rig_in(r)) & 1;
	if (l->turn)
		return;
	l->gpa = pick_word(rig_in(r));
	l->value = hostile_word(&r->h);
}

/* The host's memory, for one moment. */
static void op_fail(struct rig *r)
{
	plat_fail = 1u + (in_u8(rig_in(r)) & 31);
	r->starved = true;
}

static void op_settle(struct rig *r)
{
	(void)r;
	plat_settle();
}

static void op_turn(struct rig *r)
{
	unsigned int n = in_u8(rig_in(r)) & 15;

	do
		plat_turn();
	while (n--);
}

static void op_pass(struct rig *r)
{
	plat_pass(UINT64_C(1000000) << (in_u8(rig_in(r)) & 15));
}

static void op_other(struct rig *r);

static void (*const ops[OPS])(struct rig *r) = {
	[OP_POKE] = op_poke,
	[OP_MAP] = op_map,
	[OP_ENTRY] = op_entry,
	[OP_START] = op_start,
	[OP_COMMAND] = op_command,
	[OP_ANSWER] = op_answer,
	[OP_RESPOND] = op_respond,
	[OP_UNIT_WRITE] = op_unit_write,
	[OP_UNIT_READ] = op_unit_read,
	[OP_SPACE_WRITE] = op_space_write,
	[OP_SPACE_READ] = op_space_read,
	[OP_BAR0_WRITE] = op_bar0_write,
	[OP_BAR0_READ] = op_bar0_read,
	[OP_ENABLE] = op_enable,
	[OP_DSA] = op_dsa,
	[OP_SUBMIT] = op_submit,
	[OP_BATCH] = op_batch,
	[OP_LATER] = op_later,
	[OP_OTHER] = op_other,
	[OP_SETTLE] = op_settle,
	[OP_TURN] = op_turn,
	[OP_PASS] = op_pass,
	[OP_FAIL] = op_fail,
	[OP_VICTIM] = rig_victim_works,
	[OP_KILL] = rig_kill,
};

/*
 * Not for a processor of the guest's. Nor may much time pass while somebody is
 * in the middle of something that takes little.
 */
static bool is_hosts(unsigned int op)
{
	return op == OP_OTHER || op == OP_VICTIM || op == OP_KILL ||
	       op == OP_SETTLE || op == OP_PASS;
}

static void other_main(void *arg)
{
	struct rig *r = arg;
	unsigned int op;

	while (r->other_in.p < r->other_in.end) {
		op = in_u8(&r->other_in) % OPS;
		if (!is_hosts(op))
			ops[op](r);
	}
}

static void op_other(struct rig *r)
{
	struct in *in = r->in;
	size_t n = in_u8(in);

	if (n > (size_t)(in->end - in->p))
		n = (size_t)(in->end - in->p);
	in->p += n;
	rig_other(r, other_main, (struct in){ in->p - n, in->p });
}

static void run(struct rig *r, struct in *in)
{
	r->in = in;
	while (in->p < in->end)
		ops[in_u8(in) % OPS](r);
	r->in = NULL;
}

static void boot(struct rig *r)
{
	uint8_t bytes[1024];
	struct out out = { bytes, bytes + sizeof(bytes) };
	struct in in;

	vmm_boot(&out, r->pair);
	FUZZ_CHECK(out.p < out.end);
	in = (struct in){ bytes, out.p };
	run(r, &in);
}

static void live(struct rig *r, struct in in, bool boots)
{
	rig_life(r);
	if (boots)
		boot(r);
	run(r, &in);
	rig_life_end(r);
}

/*
 * What a driver keeps for each PASID that a device ever had, it keeps after the
 * first life; the second one is the same, and nothing is added.
 */
static void live_again(struct rig *r, struct in in, bool boots)
{
	const struct plat_live before = plat_live();
	const bool starved = r->starved;
	struct plat_live after;

	live(r, in, boots);
	after = plat_live();
	FUZZ_CHECK(after.irqs == before.irqs && after.msis == before.msis);
	/* Memory may have been short in the first, and not in the second. */
	if (starved || r->starved)
		return;
	FUZZ_CHECK(after.pages <= before.pages);
	FUZZ_CHECK(after.blocks <= before.blocks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig r;
	struct in in = { data, data + size };
	uint8_t options;

	if (size > FUZZ_INPUT_MAX)
		return -1;
	options = in_u8(&in);
	rig_create(&r, &rig_pairs[(options & OPTION_PAIR) % RIG_PAIRS],
		   options & OPTION_EAGER ? HW_EAGER : HW_STRICT);
	live(&r, in, options & OPTION_BOOT);
	if (options & OPTION_TWICE)
		live_again(&r, in, options & OPTION_BOOT);
	rig_end(&r);
	return 0;
}
