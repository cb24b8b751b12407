/* SPDX-License-Identifier: MIT */
/*
 * The command queue between the driver and the SMMU: what is in it is noted,
 * and changed by breaks, before the SMMU sees the new write index.
 */
#include "base/bits.h"
#include "base/le64.h"
#include "plat/sim/breaks.h"
#include "plat/sim/world.h"

struct command {
	struct watch *t;
	le64_atomic *slot;
	struct smmu_cmd cmd;
	uint64_t op;
};

static void read_command(struct watch *t, uint32_t at, struct command *ret)
{
	unsigned int lg2 =
		(unsigned int)REG_GET(SMMU_CMDQ_BASE_LOG2SIZE, t->cmdq_base);
	uint64_t base = REG_GET(SMMU_CMDQ_BASE_ADDR, t->cmdq_base) << 5;

	ret->t = t;
	ret->slot = le64_at(
		sim_virt(&t->w->sim->mem,
			 base + (uint64_t)smmu_q_index(at, lg2) * 16, 16));
	ret->cmd.dw[0] = le64_load_relaxed(&ret->slot[0]);
	ret->cmd.dw[1] = le64_load_relaxed(&ret->slot[1]);
	ret->op = FIELD_GET(SMMU_CMD_OPCODE, &ret->cmd);
}

static void write_command(const struct command *c, const struct smmu_cmd *cmd)
{
	le64_store_relaxed(&c->slot[0], cmd->dw[0]);
	le64_store_relaxed(&c->slot[1], cmd->dw[1]);
}

static bool is_tlbi(uint64_t op)
{
	return op >= SMMU_OP_TLBI_NH_ALL && op <= SMMU_OP_TLBI_NSNH_ALL;
}

bool watch_exiting(const struct world *w)
{
	unsigned int i;

	for (i = 0; i < w->space_count; i++)
		if (w->spaces[i].exit_step && !w->spaces[i].gone)
			return true;
	return false;
}

bool watch_unbinding(const struct world *w)
{
	unsigned int i;

	for (i = 0; i < WORLD_BONDS; i++)
		if (w->bonds[i].unbinding)
			return true;
	return false;
}

/* Is this a command that the break takes out? */
static bool drops(const struct command *c)
{
	const struct world *w = c->t->w;
	const struct sim *s = w->sim;
	bool inv = is_tlbi(c->op) || c->op == SMMU_OP_ATC_INV;
	bool cd = c->op == SMMU_OP_CFGI_CD;
	bool by_asid = c->op == SMMU_OP_TLBI_NH_ASID;
	bool entry = cd || c->op == SMMU_OP_CFGI_STE ||
		     c->op == SMMU_OP_CFGI_CD_ALL;
	/* What an unmap of stage 2 says of both stages together. */
	bool both = c->op == SMMU_OP_TLBI_NH_ALL;
	const struct {
		enum sim_break_id id;
		bool hit;
	} rows[] = {
		{ BREAK_NO_CFGI, cd && w->binding },
		{ BREAK_NO_TLBI, is_tlbi(c->op) && !by_asid },
		{ BREAK_NO_ATC_INV, c->op == SMMU_OP_ATC_INV },
		{ BREAK_SKIP_QUIESCE, cd && watch_exiting(w) },
		{ BREAK_EXIT_NO_TLBI, inv && watch_exiting(w) },
		{ BREAK_UNBIND_NO_INV, (inv || cd) && watch_unbinding(w) },
		{ BREAK_ASID_FLUSH, by_asid && watch_unbinding(w) },
		{ BREAK_MAP_GAP, inv && w->deaf },
		{ BREAK_DIRTY_FLUSH, inv && w->deaf },
		{ BREAK_GUEST_INV, inv && w->deaf },
		{ BREAK_GUEST_SWAP, (inv || entry) && w->deaf },
		{ BREAK_GUEST_REPLACE, (inv || entry) && w->deaf },
		{ BREAK_GUEST_ENTRY, (inv || entry) && w->deaf },
		{ BREAK_GUEST_UNMAP, both && w->deaf },
		{ BREAK_GUEST_UNMAP_ATC, c->op == SMMU_OP_ATC_INV && w->deaf },
		{ BREAK_GUEST_ID, c->op == SMMU_OP_TLBI_S12_VMALL },
		{ BREAK_NO_SYNC, c->op == SMMU_OP_SYNC },
		{ BREAK_NO_BARRIER, c->op == SMMU_OP_SYNC },
	};
	unsigned int i;

	for (i = 0; s->broken && s->exploring && i < ARRAY_SIZE(rows); i++)
		if (rows[i].id == s->broken->id)
			return rows[i].hit;
	return false;
}

/*
 * Of one submission: an ATC_INV may overtake a TLBI that no CMD_SYNC stands
 * behind, and the device is served what goes. [R9]
 */
static void check_barrier(struct watch *t, const struct command *c,
			  bool *tlbi_open)
{
	if (is_tlbi(c->op))
		*tlbi_open = true;
	else if (c->op == SMMU_OP_SYNC)
		*tlbi_open = false;
	else if (c->op == SMMU_OP_ATC_INV && *tlbi_open &&
		 !sim_broken(t->w->sim, BREAK_NO_SYNC)) /* what it leads to */
		sim_fail(t->w->sim, "R9",
			 "an ATC_INV does not wait for the "
			 "TLBI before it");
}

static void all_flushed(struct watch_id *ids, unsigned int count)
{
	while (count--)
		ids[count].flushed = true;
}

/* ASIDs of guests are below their VMIDs, and not watched. */
static void flushed(struct watch *t, const struct command *c)
{
	uint64_t asid = FIELD_GET(SMMU_CMD_TLBI_ASID, &c->cmd);
	uint64_t vmid = FIELD_GET(SMMU_CMD_TLBI_VMID, &c->cmd);

	if (c->op == SMMU_OP_TLBI_NH_ASID && !vmid && asid < WATCH_ASIDS)
		t->asids[asid].flushed = true;
	if (c->op == SMMU_OP_TLBI_S12_VMALL && vmid < WATCH_VMIDS)
		t->vmids[vmid].flushed = true;
	if ((c->op == SMMU_OP_TLBI_NH_ALL && !vmid) ||
	    c->op == SMMU_OP_TLBI_NSNH_ALL)
		all_flushed(t->asids, WATCH_ASIDS);
	if (c->op == SMMU_OP_TLBI_NSNH_ALL)
		all_flushed(t->vmids, WATCH_VMIDS);
}

/* The first TLB invalidation changes places with the first of an ATC. */
static void reorder(struct watch *t, uint32_t from, uint32_t count)
{
	struct command tlb = { 0 }, c;
	bool found = false;
	uint32_t i;

	for (i = 0; i < count; i++) {
		read_command(t, from + i, &c);
		if (is_tlbi(c.op) && !found) {
			tlb = c;
			found = true;
		} else if (c.op == SMMU_OP_ATC_INV && found) {
			sim_strike(t->w->sim, i);
			write_command(&c, &tlb.cmd);
			write_command(&tlb, &c.cmd);
			return;
		}
	}
}

/* An ATC_INV in place of the invalidation after EATS has been cleared. */
static void inv_late(struct watch *t, const struct command *c)
{
	struct smmu_cmd cmd = { { 0 } };
	struct sim *s = t->w->sim;
	uint64_t sid = FIELD_GET(SMMU_CMD_CFGI_SID, &c->cmd);

	if (!sim_broken(s, BREAK_ATC_INV_LATE) || c->op != SMMU_OP_CFGI_STE ||
	    !sid || sid > t->w->cfg.endpoints ||
	    !t->w->eps[sid - 1].ats_was_on ||
	    watch_eats(t, (unsigned int)sid - 1))
		return;
	sim_strike(s, sid);
	FIELD_SET(SMMU_CMD_OPCODE, &cmd, SMMU_OP_ATC_INV);
	FIELD_SET(SMMU_CMD_ATC_INV_SID, &cmd, sid);
	FIELD_SET(SMMU_CMD_ATC_INV_SIZE, &cmd, SMMU_CMD_ATC_INV_SIZE_ALL);
	write_command(c, &cmd);
}

void watch_commands(struct watch *t, uint32_t prod)
{
	unsigned int lg2 =
		(unsigned int)REG_GET(SMMU_CMDQ_BASE_LOG2SIZE, t->cmdq_base);
	uint32_t count = smmu_q_count(prod, t->cmdq_prod, lg2), i;
	struct sim *s = t->w->sim;
	bool tlbi_open = false;

	if (!t->cmdq_base)
		return;
	if (s->exploring && sim_broken(s, BREAK_ATC_FIRST))
		reorder(t, t->cmdq_prod, count);
	for (i = 0; i < count; i++) {
		struct smmu_cmd nothing = { { 0 } };
		struct command c;

		read_command(t, t->cmdq_prod + i, &c);
		sim_note(s, "command", c.op);
		inv_late(t, &c);
		if (!drops(&c)) {
			check_barrier(t, &c, &tlbi_open);
			flushed(t, &c);
			continue;
		}
		sim_strike(s, c.op);
		FIELD_SET(SMMU_CMD_OPCODE, &nothing, SMMU_OP_PREFETCH_CONFIG);
		write_command(&c, &nothing);
	}
	t->cmdq_prod = prod;
}
