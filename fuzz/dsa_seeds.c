/* SPDX-License-Identifier: MIT */
/*
 * Where the fuzzer starts: one input for each operation, on each of a few
 * devices. The order of the bytes is that of dsa.c.
 */
#include "fmt/dsa.h"
#include "fuzz/dsa_ops.h"
#include "fuzz/fuzz.h"

static void u8(struct out *o, unsigned int v)
{
	out_bytes(o, 1, v);
}

/* Two bytes of configuration, set-up, queues. */
static const struct {
	uint8_t b, c;
	uint16_t wq;
	uint8_t platform;
} starts[] = {
	{ 0x05, 0x00, 0x00, 0 }, { 0x05, 0x00, 0x01, 0 },
	{ 0x80, 0x10, 0x02, 0 }, { 0x00, 0x0c, 0x08, 0 },
	{ 0x3f, 0x40, 0x24, 0 }, { 0x51, 0x01, 0x08, 0 },
	{ 0x05, 0x08, 0x10, 0 }, { 0x0f, 0x20, 0x101, 0 },
	{ 0x05, 0x00, 0x00, 1 }, { 0x85, 0x00, 0x03, 1 },
};

/* @op: index into the table of make_desc(). */
static void desc(struct out *o, unsigned int op, unsigned int flags,
		 unsigned int size)
{
	u8(o, op);
	u8(o, flags);
	u8(o, op);   /* completion record */
	u8(o, 1);    /* source */
	u8(o, 0x10); /* destination */
	u8(o, size);
	switch (op) {
	case 2:
		u8(o, 1);
		break;
	case 7:
		u8(o, 0x30);
		u8(o, 0xff);
		u8(o, 7);
		break;
	case 8:
		u8(o, 0x30);
		u8(o, 3);
		break;
	case 9:
		u8(o, 0x20);
		break;
	case 10:
	case 11:
		u8(o, flags & 8 ? 1 : 6);
		if (flags & 8)
			u8(o, 0x40);
		break;
	default:
		break;
	}
}

static void step(struct out *o)
{
	u8(o, OP_STEP);
	u8(o, 0xf0);
	u8(o, OP_STEP);
	u8(o, 0xf1);
}

static void run(struct out *o, unsigned int op, bool shared, bool stalls)
{
	static const uint8_t sizes[] = { 0, 5, 6, 3 };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		/* A page comes, goes, is denied, refuses. */
		u8(o, OP_PAGE);
		u8(o, i & 1 ? 0x10 : 1);
		u8(o, stalls ? 4 + (i >> 1) : i * 2);
		if (op == 2) {
			u8(o, OP_BATCH);
			u8(o, 3);
			desc(o, 0, 0, 0);
			desc(o, 4, 4, 5);
			desc(o, 5, 0x10, 1);
			desc(o, 1, 0x20, 0);
		}
		u8(o, OP_SUBMIT);
		u8(o, shared ? 0x10 : 0);
		desc(o, op, i & 1 ? 4 | 8 : 0, sizes[i]);
		step(o);
		u8(o, OP_ANSWER);
		u8(o, 0);
		step(o);
	}
	u8(o, OP_WORLD);
	u8(o, 1);
	u8(o, 0x10);
	u8(o, OP_SUBMIT);
	u8(o, shared ? 0x10 : 0);
	desc(o, op, 4, 6);
	u8(o, OP_COMMAND);
	u8(o, 0x80 | (3 + op % 10));
	out_bytes(o, 2, 1);
	step(o);
	for (i = 0; i < 24; i++) {
		u8(o, OP_MMIO);
		u8(o, i);
		u8(o, i & 5);
		if (!(i & 1))
			u8(o, i);
	}
	for (i = 0; i < 8; i++) {
		u8(o, OP_CONFIG);
		u8(o, 0x11);
		out_bytes(o, 2, op * 32 + i * 4);
		u8(o, 0xff);
	}
}

enum { OPERATIONS = 15 };

bool fuzz_seed(unsigned int n, struct out *out)
{
	unsigned int s = n % FUZZ_COUNT(starts), i;

	if (n >= FUZZ_COUNT(starts) * OPERATIONS)
		return false;
	u8(out, starts[s].b);
	u8(out, starts[s].c);
	u8(out, starts[s].platform);
	u8(out, 0);
	for (i = 0; i < 1u + (starts[s].b >> 2 & 3); i++)
		out_bytes(out, 2, starts[s].wq);
	run(out, n / FUZZ_COUNT(starts), starts[s].wq & 1, starts[s].platform);
	return true;
}

const struct fuzz_word fuzz_words[] = {
	{ "enable_device", DSA_CMD_ENABLE_DEVICE << 20, 4 },
	{ "disable_device", DSA_CMD_DISABLE_DEVICE << 20, 4 },
	{ "drain_all", DSA_CMD_DRAIN_ALL << 20, 4 },
	{ "abort_all", DSA_CMD_ABORT_ALL << 20, 4 },
	{ "reset_device", DSA_CMD_RESET_DEVICE << 20, 4 },
	{ "enable_wq", DSA_CMD_ENABLE_WQ << 20, 4 },
	{ "drain_wq", DSA_CMD_DRAIN_WQ << 20 | 1, 4 },
	{ "drain_pasid", DSA_CMD_DRAIN_PASID << 20 | 1, 4 },
	{ "int_handle", DSA_CMD_REQUEST_INT_HANDLE << 20, 4 },
	{ NULL, 0, 0 },
};

/* clang-format off */
const struct field_desc fuzz_fields[] = {
	DSA_DESC_FIELDS(FIELD__DESC, _)
	DSA_WQCFG_FIELDS(FIELD__DESC, _)
	{ NULL, NULL, 0, 0 },
};
/* clang-format on */
