/* SPDX-License-Identifier: MIT */
/*
 * Faults on purpose, between an IOMMU model and its surroundings: commands that
 * go missing or are garbled on their way, accesses that abort, interrupts that
 * get lost, devices that do not answer, or access and ask for what they must
 * not. The models themselves know nothing of it.
 */
#ifndef SVA_QEMU_INJECT_H
#define SVA_QEMU_INJECT_H

#include "qemu/osdep.h"

#include <sva/model.h>

/* What happens to a command that was read. */
enum sva_fate { SVA_PASS, SVA_DROP, SVA_GARBLE, SVA_ABORT };

/* Lines are the model's; all its messages are one more. */
#define SVA_INJECT_MESSAGE 32u

/**
 * struct SvaInject - what is yet to go wrong at one unit
 * @env:      the model's surroundings.
 * @queue_base: what software has written to the register of the command queue.
 * @drop:     opcode of commands that do nothing, for as long as it is not 0.
 * @how, @opcode, @commands: so many commands of that opcode, 0: of any, have
 *            that fate. @fate: of the command whose words are being read.
 * @records:  so many writes of records abort.
 * @messages: so many messages abort.
 * @losses:   so many interrupts of line @line are lost; @lost was one, @lost_*:
 *            what it was.
 * @timeouts: so many invalidations of device TLBs are never answered; @holds:
 *            or later. @cookie: of the last one; @held: of the last held.
 * @done:     how much went wrong; @dropped: of that, commands.
 *
 * All but @fate, which the model's lock protects, are accessed atomically; the
 * numbers of times are written last.
 */
typedef struct SvaInject {
	struct hw_env env;
	uint64_t queue_base;
	uint32_t drop;
	uint32_t how, opcode, commands;
	uint32_t fate;
	uint32_t records;
	uint32_t messages;
	uint32_t line, losses;
	bool lost;
	uint32_t lost_requester, lost_data;
	uint64_t lost_addr;
	uint32_t timeouts, holds;
	uint64_t cookie, held;
	uint64_t done, dropped;
} SvaInject;

/* From the model's surroundings. False: the access aborts. */
bool sva_inject_read(SvaInject *inj, uint64_t pa, void *buf, size_t len);
bool sva_inject_write(SvaInject *inj);

enum sva_fate sva_inject_message(SvaInject *inj, uint32_t requester,
				 uint64_t addr, uint32_t data);
/* False: it is lost. */
bool sva_inject_wire(SvaInject *inj, unsigned int line);

/* A device was asked to forget something, and has. What it answers. */
int sva_inject_ats(SvaInject *inj, uint64_t cookie);

/* A write to the unit's registers. */
void sva_inject_register(SvaInject *inj, uint64_t offset, uint64_t value,
			 unsigned int size);

/* Properties of the class of units: drop, inject. */
void sva_inject_add_properties(ObjectClass *klass);

#endif
