/* SPDX-License-Identifier: MIT */
/*
 * Random guests: tables that loop, lead out and change while they are walked,
 * floods of commands, answers to what was never asked. Whatever the host's
 * IOMMU lets the function have lies in the guest's memory; the host complains
 * of nothing, and has nothing of the guest when that is dead.
 *
 * HOSTILE_STEPS in the environment: how many, for each pair.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/device.h"
#include "tests/vmm/fixture.h"
#include "tests/vmm/hostile.h"

#define STEPS 20000u
#define TURNS 50u

/* Of each table, so that what is written is walked. */
#define INDICES 4u

/* Levels follow one another, mostly. */
static void write_tables(struct hostile *h)
{
	unsigned int page, tables = HOSTILE_TABLES_END - HOSTILE_TABLES;
	unsigned int level;
	uint64_t value, at;

	page = (unsigned int)hostile_below(h, tables);
	level = page / 3;
	if (!hostile_below(h, 4))
		value = hostile_word(h);
	else if (level == 3)
		value = h->vendor->leaf(
			hostile_gpa(20 + (unsigned int)hostile_below(h, 64)));
	else
		value = h->vendor->link(
			hostile_gpa(HOSTILE_TABLES + (level + 1) * 3 +
				    (unsigned int)hostile_below(h, 3)));
	at = hostile_gpa(HOSTILE_TABLES + page) + 8 * hostile_below(h, INDICES);
	hostile_write(h, at, value);
}

static void scribble(struct hostile *h)
{
	uint64_t at = hostile_gpa(0) +
		      8 * hostile_below(h, HOSTILE_TABLES * VMM_PAGE / 8);

	if (hostile_below(h, 2))
		at = hostile_gpa(HOSTILE_CONTEXT) +
		     8 * hostile_below(h, 8 * HOSTILE_PASID_COUNT);
	hostile_write(h, at, hostile_word(h));
}

/* What the function does, and where it gets. */
struct reach {
	uint64_t good;
	uint64_t bad;
};

static void check_reach(struct hostile *h, const struct hw_xlat *xlat)
{
	const struct vmm_memory *ram = &h->guest->ram;

	if (xlat->pa < ram->pa || xlat->pa - ram->pa >= ram->size ||
	    xlat->len > ram->size - (xlat->pa - ram->pa))
		fail_msg("seed %#llx: the function gets %#llx, %#llx bytes",
			 (unsigned long long)h->seed,
			 (unsigned long long)xlat->pa,
			 (unsigned long long)xlat->len);
}

static uint64_t any_address(struct hostile *h)
{
	uint64_t va = 0;
	unsigned int i;

	if (!hostile_below(h, 16))
		return hostile_random(h);
	for (i = 0; i < 4; i++)
		va = va << 9 | hostile_below(h, INDICES);
	return va << 12 | hostile_below(h, 4096);
}

static void access(struct hostile *h, struct hw_port *port, struct reach *reach)
{
	struct iommu_hw *hw = h->guest->host->iommu;
	struct hw_txn txn = {
		.requester = VMM_HOST_RID(0),
		.flags = hostile_below(h, 8) ? HW_TXN_PASID_VALID : 0,
		.pasid = (ioasid_t)hostile_below(h, HOSTILE_PASID_COUNT),
		.perm = (uint32_t)hostile_below(h, 7) + 1,
		.addr = any_address(h),
	};
	struct hw_ats_reply reply;
	struct hw_xlat xlat;

	/* What it may have got. */
	if (hostile_below(h, 2)) {
		txn.flags = h->asked.pasid_valid ? HW_TXN_PASID_VALID : 0;
		txn.pasid = h->asked.pasid;
		txn.addr = h->asked.addr;
		txn.perm = h->asked.perm ? h->asked.perm : 1;
	}
	if (hostile_below(h, 2)) {
		hw->ops->ats_translate(hw, port, &txn, &reply);
		if (reply.status == HW_ATS_SUCCESS && reply.xlat.perm) {
			check_reach(h, &reply.xlat);
			reach->good++;
			return;
		}
	} else if (!hw->ops->translate(hw, port, &txn, &xlat)) {
		check_reach(h, &xlat);
		hw_port_done(port);
		reach->good++;
		return;
	}
	reach->bad++;
}

static uint64_t reported(struct hostile *h)
{
	struct iommu_system_stats stats;

	iommu_system_stats(h->guest->host->sys, &stats);
	return stats.page_requests;
}

static unsigned int waiting(struct hostile *h)
{
	struct vmm_requests *r = &h->guest->requests;
	unsigned int count;

	pthread_mutex_lock(&r->lock);
	count = r->count;
	pthread_mutex_unlock(&r->lock);
	return count;
}

/*
 * And what it asks for. Then the host's threads get a chance to hear of it, or
 * the test would be over before; nothing depends on their doing so.
 */
static void request(struct hostile *h)
{
	struct iommu_hw *hw = h->guest->host->iommu;
	const uint64_t before = reported(h);
	unsigned int turns;
	const struct hw_page_request req = {
		.requester = VMM_HOST_RID(0),
		.pasid_valid = hostile_below(h, 8),
		.pasid = (ioasid_t)hostile_below(h, HOSTILE_PASID_COUNT),
		.addr = any_address(h) & ~(VMM_PAGE - 1),
		.perm = (uint32_t)hostile_below(h, 4),
		.prgi = (uint16_t)hostile_below(h, 16),
		.last = hostile_below(h, 4),
	};

	h->asked = req;
	hw->ops->page_request(hw, &req);
	for (turns = 0; turns < TURNS && reported(h) == before; turns++)
		sched_yield();
	for (turns = 0; turns < TURNS && waiting(h); turns++)
		sched_yield();
}

/* The oldest group that waits, whether or not that is right. */
static void answer(struct hostile *h)
{
	struct vmm_requests *r = &h->guest->requests;
	struct iommu_fault_page_request prm;
	unsigned int i;
	bool some;

	pthread_mutex_lock(&r->lock);
	for (i = 0; i < r->count; i++)
		if (r->pages[i].flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE)
			break;
	some = i < r->count;
	if (some)
		prm = r->pages[i];
	pthread_mutex_unlock(&r->lock);
	if (some)
		h->vendor->answer(h, &prm);
}

static void step(struct hostile *h, struct hw_port *port, struct reach *reach)
{
	switch (hostile_below(h, 16)) {
	case 0:
		scribble(h);
		break;
	case 1:
		h->vendor->entry(
			h, (ioasid_t)hostile_below(h, HOSTILE_PASID_COUNT));
		break;
	case 2:
		h->vendor->command(h);
		break;
	case 3:
		answer(h);
		break;
	case 4:
	case 5:
		request(h);
		answer(h);
		access(h, port, reach);
		break;
	case 6:
	case 7:
	case 8:
		write_tables(h);
		break;
	default:
		access(h, port, reach);
		break;
	}
}

/* The function may send page requests, as far as the guest is concerned. */
static void enable_pages(struct vmm_guest *g)
{
	const struct plat_pci pci = vmm_function_pci(g);

	pci_cfg_write(&pci, g->fn.pri + 4, 2, 1);
	assert_true(vmm_function_wants_pages(g));
}

static _Atomic unsigned int errors;

static void count_errors(enum plat_log_level level, const char *msg)
{
	if (level > PLAT_LOG_ERR)
		return;
	fprintf(stderr, "%s\n", msg);
	atomic_fetch_add(&errors, 1);
}

static unsigned int steps(void)
{
	const char *text = getenv("HOSTILE_STEPS");

	return text ? (unsigned int)strtoul(text, NULL, 0) : STEPS;
}

static void test_hostile_gets_nothing_else(void **state)
{
	const struct vmm_host_cfg host_cfg = {
		.iommu = fixture_pair->host,
		.functions = 1,
		.hosted = { .log = count_errors },
	};
	const struct vmm_guest_cfg cfg = {
		.how = fixture_pair->how,
		.iommu = fixture_pair->guest,
		.memory = UINT64_C(4) << 20,
	};
	struct hostile h = {
		.vendor = fixture_pair->guest == SVA_IOMMU_VTD ?
				  &hostile_vtd :
				  &hostile_smmuv3,
		.seed = UINT64_C(0x9e3779b97f4a7c15),
	};
	struct vmm_guest_stats stats;
	struct iommu_hw_stats hw;
	struct reach reach = { 0 };
	struct vmm_host *host;
	struct hw_port port;
	unsigned int i, n = steps();

	(void)state;
	atomic_store(&errors, 0);
	assert_int_equal(vmm_host_create(&host_cfg, &host), 0);
	assert_int_equal(vmm_guest_create_bare(host, &cfg, &h.guest), 0);
	h.win = vmm_unit_window(h.guest);
	enable_pages(h.guest);
	memset(&port, 0, sizeof(port));
	host->iommu->ops->port_add(host->iommu, &port);
	for (i = 0; i < HOSTILE_PASID_COUNT; i++)
		h.vendor->entry(&h, i);
	h.vendor->start(&h);
	for (i = 0; i < n; i++)
		step(&h, &port, &reach);
	host->iommu->ops->port_remove(host->iommu, &port);
	vmm_guest_stats(h.guest, &stats);
	h.guest->unit.hw->ops->stats(h.guest->unit.hw, &hw);
	print_message("%llu reached, %llu not; %llu invalidations, %llu "
		      "requests, %llu answers, %llu binds, %llu fills\n",
		      (unsigned long long)reach.good,
		      (unsigned long long)reach.bad,
		      (unsigned long long)stats.invalidations,
		      (unsigned long long)stats.page_requests,
		      (unsigned long long)stats.page_responses,
		      (unsigned long long)stats.binds,
		      (unsigned long long)stats.shadow_fills);
	/* It has looked, and what it said was heard. */
	assert_true(hw.config_invalidations > n / 200);
	assert_true(hw.tlb_invalidations > n / 200);
	assert_true(reach.good + stats.shadow_fills > 0);
	assert_true(reach.bad > 0);
	assert_true(stats.invalidations > 0);
	assert_true(stats.page_requests > 0);
	vmm_guest_kill(h.guest);
	assert_int_equal(atomic_load(&host->unit->domain_count), 0);
	assert_int_equal(vmm_host_device(host, 0)->faults.pending_count, 0);
	assert_int_equal(vmm_guest_destroy(h.guest), 0);
	assert_int_equal(vmm_host_destroy(host), 0);
	assert_int_equal(atomic_load(&errors), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_gets_nothing_else),
	};

	return fixture_run_assigned_tests(tests);
}
