/* SPDX-License-Identifier: MIT */
#include "qemu/osdep.h"
#include "inject.h"

#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qemu/atomic.h"
#include "qemu/bitops.h"
#include "qemu/cutils.h"

#include "ids.h"
#include "unit.h"

#define PAGE        4096u
#define MAX_ARGS    4
#define PASID_NONE  UINT32_MAX
#define PRGI_MASK   0x1ffu
#define MAX_AT_ONCE 65536u

/* One of *@left, if there are any. */
static bool take(SvaInject *inj, uint32_t *left)
{
	uint32_t old = qatomic_read(left);

	while (old) {
		uint32_t seen = qatomic_cmpxchg(left, old, old - 1);

		if (seen == old) {
			qatomic_inc(&inj->done);
			return true;
		}
		old = seen;
	}
	return false;
}

/* Commands */

static enum sva_fate choose(SvaInject *inj, const uint64_t *command)
{
	uint32_t drop = qatomic_read(&inj->drop), wanted;
	uint32_t opcode = sva_queue.opcode(command);

	if (drop && opcode == drop) {
		qatomic_inc(&inj->done);
		qatomic_inc(&inj->dropped);
		return SVA_DROP;
	}
	if (!qatomic_load_acquire(&inj->commands))
		return SVA_PASS;
	wanted = qatomic_read(&inj->opcode);
	if ((wanted && opcode != wanted) || !take(inj, &inj->commands))
		return SVA_PASS;
	if (qatomic_read(&inj->how) == SVA_DROP)
		qatomic_inc(&inj->dropped);
	return qatomic_read(&inj->how);
}

static bool idle(const SvaInject *inj)
{
	return !qatomic_read(&inj->drop) && !qatomic_read(&inj->commands) &&
	       qatomic_read(&inj->fate) == SVA_PASS;
}

/*
 * Commands are read under the model's lock, one after the other, each from its
 * beginning; but some models read them word by word.
 */
bool sva_inject_read(SvaInject *inj, uint64_t pa, void *buf, size_t len)
{
	uint64_t base = qatomic_read(&inj->queue_base);
	uint64_t from = base & sva_queue.base_mask, instead[4];
	uint32_t at;

	if (idle(inj) || pa < from || pa - from >= sva_queue.bytes(base))
		return true;
	at = (pa - from) & (sva_queue.command_bytes(base) - 1);
	if (at == 0)
		qatomic_set(&inj->fate, choose(inj, buf));
	if (inj->fate == SVA_ABORT) {
		qatomic_set(&inj->fate, SVA_PASS);
		return false;
	}
	if (inj->fate == SVA_PASS || at + len > sizeof(instead))
		return true;
	if (inj->fate == SVA_DROP)
		sva_queue.no_op(instead);
	else
		sva_queue.illegal(instead);
	memcpy(buf, (char *)instead + at, len);
	return true;
}

void sva_inject_register(SvaInject *inj, uint64_t offset, uint64_t value,
			 unsigned int size)
{
	uint64_t at = sva_queue.base_register;

	if (offset == at && size == 8)
		qatomic_set(&inj->queue_base, value);
	else if (offset == at)
		qatomic_set(&inj->queue_base,
			    deposit64(inj->queue_base, 0, 32, value));
	else if (offset == at + 4)
		qatomic_set(&inj->queue_base,
			    deposit64(inj->queue_base, 32, 32, value));
}

/* Records and interrupts */

bool sva_inject_write(SvaInject *inj)
{
	return !take(inj, &inj->records);
}

static bool lose(SvaInject *inj, unsigned int line)
{
	return qatomic_load_acquire(&inj->losses) &&
	       qatomic_read(&inj->line) == line && take(inj, &inj->losses);
}

enum sva_fate sva_inject_message(SvaInject *inj, uint32_t requester,
				 uint64_t addr, uint32_t data)
{
	if (take(inj, &inj->messages))
		return SVA_ABORT;
	if (!lose(inj, SVA_INJECT_MESSAGE))
		return SVA_PASS;
	inj->lost_requester = requester;
	inj->lost_addr = addr;
	inj->lost_data = data;
	qatomic_store_release(&inj->lost, true);
	return SVA_DROP;
}

bool sva_inject_wire(SvaInject *inj, unsigned int line)
{
	if (!lose(inj, line))
		return true;
	qatomic_store_release(&inj->lost, true);
	return false;
}

int sva_inject_ats(SvaInject *inj, uint64_t cookie)
{
	qatomic_set(&inj->cookie, cookie);
	if (take(inj, &inj->timeouts))
		return -ETIMEDOUT;
	if (!qatomic_read(&inj->holds))
		return 0;
	qatomic_set(&inj->held, cookie);
	return take(inj, &inj->holds) ? -EINPROGRESS : 0;
}

/* What can be asked for */

static bool command(SvaUnit *unit, enum sva_fate how, const uint64_t *arg)
{
	SvaInject *inj = &unit->inject;

	qatomic_set(&inj->how, how);
	qatomic_set(&inj->opcode, (uint32_t)arg[0]);
	qatomic_store_release(&inj->commands, (uint32_t)arg[1]);
	return true;
}

static bool verb_drop(SvaUnit *unit, const uint64_t *arg)
{
	return command(unit, SVA_DROP, arg);
}

static bool verb_garble(SvaUnit *unit, const uint64_t *arg)
{
	return command(unit, SVA_GARBLE, arg);
}

static bool verb_no_fetch(SvaUnit *unit, const uint64_t *arg)
{
	return command(unit, SVA_ABORT, arg);
}

static bool verb_no_record(SvaUnit *unit, const uint64_t *arg)
{
	qatomic_set(&unit->inject.records, (uint32_t)arg[0]);
	return true;
}

static bool verb_no_message(SvaUnit *unit, const uint64_t *arg)
{
	qatomic_set(&unit->inject.messages, (uint32_t)arg[0]);
	return true;
}

static bool verb_lose(SvaUnit *unit, const uint64_t *arg)
{
	qatomic_set(&unit->inject.line, (uint32_t)arg[0]);
	qatomic_store_release(&unit->inject.losses, (uint32_t)arg[1]);
	return true;
}

/* The interrupt that was lost last comes after all. */
static bool verb_late(SvaUnit *unit, const uint64_t *arg)
{
	SvaInject *inj = &unit->inject;
	uint32_t line = qatomic_read(&inj->line);

	if (!qatomic_xchg(&inj->lost, false))
		return false;
	if (line != SVA_INJECT_MESSAGE) {
		inj->env.wire(inj->env.ctx, line, true);
		inj->env.wire(inj->env.ctx, line, false);
		return true;
	}
	return !inj->env.msi(inj->env.ctx, inj->lost_requester, inj->lost_addr,
			     inj->lost_data);
}

static bool verb_atc_timeout(SvaUnit *unit, const uint64_t *arg)
{
	qatomic_set(&unit->inject.timeouts, (uint32_t)arg[0]);
	return true;
}

static bool verb_atc_hold(SvaUnit *unit, const uint64_t *arg)
{
	qatomic_set(&unit->inject.holds, 1);
	return true;
}

static bool verb_atc_release(SvaUnit *unit, const uint64_t *arg)
{
	uint64_t cookie = qatomic_read(&unit->inject.held);

	unit->hw->ops->ats_inv_complete(unit->hw, cookie, true);
	return true;
}

/* An answer that nobody waits for. */
static bool verb_atc_odd(SvaUnit *unit, const uint64_t *arg)
{
	uint64_t cookie = qatomic_read(&unit->inject.cookie);

	unit->hw->ops->ats_inv_complete(unit->hw, cookie ^ BIT_ULL(16), true);
	return true;
}

/* False: an access was let through. */
static bool verb_stray(SvaUnit *unit, const uint64_t *arg)
{
	struct hw_port *port = sva_unit_port(unit);
	struct hw_txn txn = {
		.requester = (uint32_t)arg[0],
		.perm = IOMMU_PERM_READ,
		.addr = arg[1],
	};
	struct hw_xlat xlat;
	uint64_t i;

	for (i = 0; i < arg[2]; i++, txn.addr += PAGE) {
		if (unit->hw->ops->translate(unit->hw, port, &txn, &xlat))
			continue;
		hw_port_done(port);
		return false;
	}
	return true;
}

static bool verb_request(SvaUnit *unit, const uint64_t *arg)
{
	struct hw_page_request req = {
		.requester = (uint32_t)arg[0],
		.pasid_valid = arg[1] != PASID_NONE,
		.pasid = arg[1] != PASID_NONE ? (ioasid_t)arg[1] : 0,
		.addr = arg[2],
		.perm = IOMMU_PERM_READ,
		.last = true,
	};
	uint64_t i;

	for (i = 0; i < arg[3]; i++, req.addr += PAGE) {
		req.prgi = i & PRGI_MASK;
		unit->hw->ops->page_request(unit->hw, &req);
	}
	return true;
}

static bool verb_fail(SvaUnit *unit, const uint64_t *arg)
{
	SvaUnitClass *class = SVA_UNIT_GET_CLASS(unit);

	if (!class->fail)
		return false;
	class->fail(unit);
	return true;
}

/* The last argument is a number of times, if there is one. */
static const struct verb {
	const char *name;
	int args;
	bool (*run)(SvaUnit *unit, const uint64_t *arg);
} verbs[] = {
	{ "drop", 2, verb_drop },
	{ "garble", 2, verb_garble },
	{ "no-fetch", 2, verb_no_fetch },
	{ "no-record", 1, verb_no_record },
	{ "no-message", 1, verb_no_message },
	{ "lose", 2, verb_lose },
	{ "late", 0, verb_late },
	{ "atc-timeout", 1, verb_atc_timeout },
	{ "atc-hold", 0, verb_atc_hold },
	{ "atc-release", 0, verb_atc_release },
	{ "atc-odd", 0, verb_atc_odd },
	{ "stray", 3, verb_stray },
	{ "request", 4, verb_request },
	{ "fail", 0, verb_fail },
};

static bool parse(const struct verb *verb, char **words, uint64_t *ret_arg)
{
	int i;

	if ((int)g_strv_length(words) != verb->args + 1)
		return false;
	for (i = 0; i < verb->args; i++)
		if (qemu_strtou64(words[i + 1], NULL, 0, &ret_arg[i]))
			return false;
	return !verb->args || ret_arg[verb->args - 1] <= MAX_AT_ONCE;
}

static void set_inject(Object *o, const char *value, Error **errp)
{
	g_auto(GStrv) words = g_strsplit(value, " ", 0);
	SvaUnit *unit = SVA_UNIT(o);
	uint64_t arg[MAX_ARGS] = { 0 };
	size_t i;

	if (!unit->hw) {
		error_setg(errp, "inject: not before the unit is there");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!words[0] || strcmp(words[0], verbs[i].name))
			continue;
		if (!parse(&verbs[i], words, arg))
			error_setg(errp, "inject %s: %d numbers", words[0],
				   verbs[i].args);
		else if (!verbs[i].run(unit, arg))
			error_setg(errp, "inject %s: not so", value);
		return;
	}
	error_setg(errp, "inject: there is no %s", value);
}

/* How much is still to go wrong. */
static char *get_inject(Object *o, Error **errp)
{
	const SvaInject *inj = &SVA_UNIT(o)->inject;

	return g_strdup_printf("%u", qatomic_read(&inj->commands) +
					     qatomic_read(&inj->records) +
					     qatomic_read(&inj->messages) +
					     qatomic_read(&inj->losses) +
					     qatomic_read(&inj->timeouts) +
					     qatomic_read(&inj->holds));
}

static void get_drop(Object *o, Visitor *v, const char *name, void *opaque,
		     Error **errp)
{
	uint32_t value = qatomic_read(&SVA_UNIT(o)->inject.drop);

	visit_type_uint32(v, name, &value, errp);
}

/* At any time, so that a guest can be up before its commands go missing. */
static void set_drop(Object *o, Visitor *v, const char *name, void *opaque,
		     Error **errp)
{
	uint32_t value;

	if (visit_type_uint32(v, name, &value, errp))
		qatomic_set(&SVA_UNIT(o)->inject.drop, value);
}

void sva_inject_add_properties(ObjectClass *klass)
{
	object_class_property_add(klass, "drop", "uint32", get_drop, set_drop,
				  NULL, NULL);
	object_class_property_set_description(
		klass, "drop", "opcode of commands that are to do nothing");
	object_class_property_add_str(klass, "inject", get_inject, set_inject);
	object_class_property_set_description(
		klass, "inject", "what is to go wrong, see docs/QEMU.md");
}
