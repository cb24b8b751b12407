/* SPDX-License-Identifier: MIT */
#include "tests/drivers/atc.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

static struct hw_txn txn_of(const struct atc *a, ioasid_t pasid, uint64_t va,
			    unsigned int perm)
{
	return (struct hw_txn){
		.requester = a->requester,
		.flags = pasid ? HW_TXN_PASID_VALID : 0,
		.pasid = pasid,
		.perm = perm,
		.addr = va,
	};
}

uint64_t atc_dma(const struct atc *a, struct hw_port *port, ioasid_t pasid,
		 uint64_t va, unsigned int perm)
{
	struct hw_txn txn = txn_of(a, pasid, va, perm);
	struct hw_xlat xlat;

	if (a->hw->ops->translate(a->hw, port, &txn, &xlat))
		return 0;
	hw_port_done(port);
	return xlat.pa;
}

uint64_t atc_ask(struct atc *a, ioasid_t pasid, uint64_t va, unsigned int perm)
{
	struct hw_txn txn = txn_of(a, pasid, va, perm);
	struct hw_ats_reply reply;
	unsigned int i;

	a->hw->ops->ats_translate(a->hw, a->port, &txn, &reply);
	if (reply.status != HW_ATS_SUCCESS || perm & ~reply.xlat.perm)
		return 0;
	for (i = 0; i < ATC_SIZE && a->e[i].valid; i++)
		;
	assert_true(i < ATC_SIZE);
	a->e[i] = (struct atc_entry){ true, false, pasid, va, reply.xlat.pa };
	return reply.xlat.pa;
}

bool atc_has(const struct atc *a, ioasid_t pasid, uint64_t va)
{
	unsigned int i;

	for (i = 0; i < ATC_SIZE; i++)
		if (a->e[i].valid && a->e[i].pasid == pasid && a->e[i].va == va)
			return true;
	return false;
}

static bool names(const struct atc *a, const struct hw_ats_inv *inv,
		  const struct atc_entry *e)
{
	if (!inv->global && (inv->pasid_valid || a->exact) &&
	    e->pasid != (inv->pasid_valid ? inv->pasid : 0))
		return false;
	return !inv->size ||
	       (e->va + 4096 > inv->addr && e->va < inv->addr + inv->size);
}

bool atc_invalidate(struct atc *a, const struct hw_ats_inv *inv, bool slow)
{
	bool named = false;
	unsigned int i;

	for (i = 0; i < ATC_SIZE; i++) {
		struct atc_entry *e = &a->e[i];

		if (!e->valid || !names(a, inv, e))
			continue;
		named = true;
		e->going = true;
		if (!slow)
			e->valid = false;
	}
	return named;
}

void atc_forget(struct atc *a)
{
	unsigned int i;

	for (i = 0; i < ATC_SIZE; i++)
		if (a->e[i].going)
			a->e[i].valid = a->e[i].going = false;
}
