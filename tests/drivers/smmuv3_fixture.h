/* SPDX-License-Identifier: MIT */
/*
 * A fake SMMUv3 for tests of its driver: registers that acknowledge, a command
 * queue that is consumed and recorded, queues it writes records to, and a PCIe
 * function. It translates nothing. What it is told not to do it does not do.
 *
 * Everything is under one lock, so threads may use it.
 *
 * Commands are consumed by whoever accesses a register. With fake_detach() they
 * are consumed by fake_step() alone, from a copy made when PROD was written, as
 * an SMMU may fetch them any time from then on (3.21.2); what breaks the rules
 * of the queue is then noted in @violation.
 */
#ifndef TESTS_DRIVERS_SMMUV3_FIXTURE_H
#define TESTS_DRIVERS_SMMUV3_FIXTURE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sva/device.h>
#include <sva/domain.h>
#include <sva/mm.h>
#include <sva/smmuv3.h>
#include <sva/system.h>

#include "fmt/smmuv3.h"
#include "pgtable/arm_lpae.h"
#include "tests/support/testplat.h"

enum fake_op_kind {
	FAKE_CMD, /* a command was consumed */
	FAKE_CFG, /* configuration space was written: offset, value */
};

struct fake_op {
	enum fake_op_kind kind;
	struct smmu_cmd cmd;
	unsigned int offset;
	uint32_t value;
};

/* Where the PCIe function's capabilities are. */
enum {
	FAKE_ATS = 0x100,
	FAKE_PRI = 0x120,
	FAKE_PASID = 0x140,
};

/**
 * struct fake - the fake, and a system with it
 * @idr, @aidr:  change before fake_probe().
 * @no_ack:      CR0ACK, IRQ_CTRLACK and GBPA never follow.
 * @no_consume:  the command queue stands still.
 * @gone:        all registers read as ones.
 * @fail_op:     the next command with this opcode fails with @fail_code,
 *               @fail_times times.
 * @drop_op:     commands with this opcode are consumed but not recorded.
 * @fail_after:  commands that are consumed before @fail_op counts; UINT_MAX as
 *               @fail_op: any command.
 * @hold_op:     the queue stands still before commands with this opcode.
 * @no_ack_nth:  the n-th acknowledgement from now on does not come, nor does
 *               any later one of that register; 0: all come.
 * @hook:        called before each command, without the lock.
 * @read_hook:   called after a register was read, before the reader knows what,
 *               without the lock.
 * @judge:       detached: what becomes of a command: 0, consumed, or the error.
 *               Under the lock.
 */
struct fake {
	struct testplat tp;
	struct iommu_system *sys;
	struct iommu_unit *unit;
	pthread_mutex_t lock;

	uint32_t idr[7];
	uint32_t aidr;
	bool no_ack;
	bool no_consume;
	bool gone;
	unsigned int fail_op;
	unsigned int fail_code;
	unsigned int fail_times;
	unsigned int fail_after;
	unsigned int drop_op;
	unsigned int hold_op;
	unsigned int no_ack_nth;
	uint64_t no_ack_off;
	void (*hook)(struct fake *f, const struct smmu_cmd *cmd);
	void (*read_hook)(struct fake *f, uint64_t off);
	void *hook_arg;
	bool consuming;

	bool detached;
	unsigned int (*judge)(void *arg, const struct smmu_cmd *cmd);
	void *judge_arg;
	struct smmu_cmd *fetched; /* by slot */
	uint32_t fetched_until;
	const char *violation;

	uint32_t reg[0x20000 / 4];
	struct fake_op *ops;
	size_t op_count, op_room;

	uint8_t cfg[4096];
	struct plat_pci pci;
	bool pri_never_stops;
};

/* An address space whose table is an arm_lpae. Every page can be had. */
struct fake_mm {
	struct iommu_mm mm;
	struct fake *f;
	struct arm_lpae table;
	struct iommu_mm_table desc;
	unsigned int faults;
	int fault_err;
	bool exited, freed;
};

void fake_init(struct fake *f);
/* Removes the SMMU if there is one, and the system. */
void fake_fini(struct fake *f);
/* What smmuv3_probe() says. */
int fake_probe(struct fake *f);
int fake_probe_desc(struct fake *f, struct smmuv3_desc *desc);

/* A device behind it, with a PCIe function or without. */
struct iommu_device *fake_pci_device(struct fake *f, uint32_t sid);
int fake_add_device(struct fake *f, const struct iommu_device_desc *desc,
		    struct iommu_device **ret_dev);

/* The command queue has to be empty. */
void fake_detach(struct fake *f,
		 unsigned int (*judge)(void *arg, const struct smmu_cmd *cmd),
		 void *arg);
void fake_attach(struct fake *f);
/* Consume at most so many, then write CONS. Returns how many. */
unsigned int fake_step(struct fake *f, unsigned int most);

/* Set @hold_op while others run; 0: go on. */
void fake_hold(struct fake *f, unsigned int opcode);

void fake_ops_clear(struct fake *f);
/* Index of the first such command at or after from; SIZE_MAX: none. */
size_t fake_find(struct fake *f, unsigned int opcode, size_t from);
size_t fake_find_cfg(struct fake *f, unsigned int offset, uint32_t value,
		     size_t from);
size_t fake_count(struct fake *f, unsigned int opcode);
const struct smmu_cmd *fake_cmd(struct fake *f, size_t index);

/* False: the queue overflowed. Raises the interrupt if it was empty, 3.18.2. */
bool fake_push_event(struct fake *f, const uint64_t dw[4]);
bool fake_push_pri(struct fake *f, const uint64_t dw[2]);

/* The SMMU's view of memory: an STE, a CD; NULL: not reachable. */
const uint64_t *fake_ste(struct fake *f, uint32_t sid);
const uint64_t *fake_cd(struct fake *f, uint32_t sid, uint32_t ssid);

void fake_mm_init(struct fake_mm *m, struct fake *f);

#endif
