/* SPDX-License-Identifier: MIT */
#include "tests/support/dsa_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bits.h"
#include "base/le64.h"

static struct fix *fix_of(struct iommu_hw *hw)
{
	return (struct fix *)(void *)hw;
}

/* The IOMMU. */

struct fix_page *fix_page(struct fix *f, unsigned int pasid, uint64_t va)
{
	if (pasid >= FIX_PASIDS || va < FIX_VA ||
	    va - FIX_VA >= (uint64_t)FIX_PAGES * FIX_PAGE)
		return NULL;
	return &f->table[pasid][(va - FIX_VA) / FIX_PAGE];
}

/* What a transaction finds; a null page has no permissions. */
static struct fix_page fix_lookup(struct fix *f, unsigned int pasid,
				  uint64_t va)
{
	struct fix_page *page = fix_page(f, pasid, va);
	struct fix_page own = { 0 };
	size_t i;

	if (page)
		return *page;
	if (!f->identity || !pasid)
		return own;
	own.pa = va & ~(uint64_t)(FIX_PAGE - 1);
	own.perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE;
	for (i = 0; i < ARRAY_SIZE(f->forbidden); i++) {
		if (f->forbidden[i].page == own.pa)
			own.perm = 0;
	}
	return own;
}

/* Memory behind a physical address. */
static unsigned char *fix_ptr(struct fix *f, uint64_t pa)
{
	if (pa >= FIX_PA && pa - FIX_PA < (uint64_t)FIX_PAGES * FIX_PAGE)
		return f->mem + (pa - FIX_PA);
	return (unsigned char *)(uintptr_t)pa;
}

static unsigned int fix_txn_pasid(const struct hw_txn *txn)
{
	return txn->flags & HW_TXN_PASID_VALID ? txn->pasid : 0;
}

static void fix_port_add(struct iommu_hw *hw, struct hw_port *port)
{
	port->hw = hw;
}

static void fix_port_remove(struct iommu_hw *hw, struct hw_port *port)
{
	(void)hw;
	assert_int_equal(atomic_load(&port->busy) & 1, 0);
}

/* With the lock. */
static void fix_make_present(struct fix *f, const struct fix_stalled *s)
{
	struct fix_page *page = fix_page(f, s->pasid, s->addr);

	if (page)
		page->perm |= s->perm & (uint32_t)IOMMU_PERM_RWX & page->may;
}

/* With the lock. */
static int fix_stall(struct fix *f, const struct hw_txn *txn)
{
	const struct fix_stalled s = {
		.cookie = txn->cookie,
		.addr = txn->addr,
		.perm = txn->perm,
		.requester = txn->requester,
		.pasid = fix_txn_pasid(txn),
	};
	unsigned int i, room = f->stall_room ? f->stall_room : 64;

	if (f->stall == FIX_STALL_OFF)
		return -EFAULT;
	if (f->stalled_count == room) {
		f->pushed_back++;
		return -EAGAIN;
	}
	f->stalls++;
	if (f->stall == FIX_STALL_HOLD) {
		/* Of all that wait no two are taken for each other. */
		for (i = 0; i < f->stalled_count; i++)
			assert_true(f->stalled[i].cookie != s.cookie);
		f->stalled[f->stalled_count++] = s;
		return -EINPROGRESS;
	}
	fix_make_present(f, &s);
	pthread_mutex_unlock(&f->lock);
	dsa_hw_resume(f->dsa, s.cookie, true);
	pthread_mutex_lock(&f->lock);
	return -EINPROGRESS;
}

struct fix_stalled fix_stalled(struct fix *f, unsigned int index)
{
	struct fix_stalled s;

	pthread_mutex_lock(&f->lock);
	assert_true(index < f->stalled_count);
	s = f->stalled[index];
	pthread_mutex_unlock(&f->lock);
	return s;
}

void fix_resume(struct fix *f, unsigned int index, bool retry)
{
	struct fix_stalled s = fix_stalled(f, index);

	pthread_mutex_lock(&f->lock);
	f->stalled[index] = f->stalled[--f->stalled_count];
	if (retry)
		fix_make_present(f, &s);
	pthread_mutex_unlock(&f->lock);
	dsa_hw_resume(f->dsa, s.cookie, retry);
}

static int fix_translate(struct iommu_hw *hw, struct hw_port *port,
			 const struct hw_txn *txn, struct hw_xlat *ret_xlat)
{
	uint32_t want = txn->perm & (uint32_t)IOMMU_PERM_RWX;
	struct fix *f = fix_of(hw);
	struct fix_page page;
	int err = 0;

	/* One access at a time through a port. */
	assert_int_equal(atomic_load(&port->busy) & 1, 0);
	pthread_mutex_lock(&f->lock);
	if (txn->flags & HW_TXN_TRANSLATED) {
		f->translated++;
		ret_xlat->pa = txn->addr;
		ret_xlat->len = UINT64_MAX - txn->addr;
		ret_xlat->perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE;
		if (f->refuse_translated)
			err = -EFAULT;
	} else {
		f->untranslated++;
		page = fix_lookup(f, fix_txn_pasid(txn), txn->addr);
		if (page.pa && !(want & ~page.perm)) {
			ret_xlat->pa = page.pa + txn->addr % FIX_PAGE;
			ret_xlat->len = FIX_PAGE - txn->addr % FIX_PAGE;
			ret_xlat->perm = page.perm;
		} else {
			err = fix_stall(f, txn);
		}
	}
	pthread_mutex_unlock(&f->lock);
	if (f->in_untranslated && !(txn->flags & HW_TXN_TRANSLATED))
		f->in_untranslated(f->hook_arg);
	if (f->in_translated && (txn->flags & HW_TXN_TRANSLATED))
		f->in_translated(f->hook_arg);
	if (!err)
		atomic_fetch_add(&port->busy, 1);
	return err;
}

static void fix_ats_translate(struct iommu_hw *hw, struct hw_port *port,
			      const struct hw_txn *txn,
			      struct hw_ats_reply *ret_reply)
{
	struct fix *f = fix_of(hw);
	struct fix_page page;

	assert_int_equal(atomic_load(&port->busy) & 1, 0);
	assert_int_equal(txn->addr % FIX_PAGE, 0);
	pthread_mutex_lock(&f->lock);
	memset(ret_reply, 0, sizeof(*ret_reply));
	ret_reply->status = f->ats_status;
	page = fix_lookup(f, fix_txn_pasid(txn), txn->addr);
	ret_reply->xlat.len = FIX_PAGE;
	if (page.pa) {
		ret_reply->xlat.pa = page.pa;
		ret_reply->xlat.perm = page.perm;
		if (txn->flags & HW_TXN_NO_WRITE)
			ret_reply->xlat.perm &= ~(uint32_t)IOMMU_PERM_WRITE;
		if (f->block)
			ret_reply->xlat.len = f->block;
	}
	ret_reply->untranslated_only = f->untranslated_only;
	pthread_mutex_unlock(&f->lock);
	if (f->in_ats)
		f->in_ats(f->hook_arg);
}

/* A page of the process comes back if it may. */
static bool fix_allow(struct fix *f, uint64_t va)
{
	size_t i;

	for (i = 0; f->identity && i < ARRAY_SIZE(f->forbidden); i++) {
		if (f->forbidden[i].page == va && !f->forbidden[i].may)
			return false;
		if (f->forbidden[i].page == va)
			f->forbidden[i].page = 0;
	}
	return f->identity;
}

/* What the policy says to a complete group; a refusal maps none of it. */
static enum hw_prg_code fix_answer(struct fix *f)
{
	const struct hw_page_request *req;
	struct fix_page *page;
	unsigned int i;

	if (f->prg == FIX_PRG_INVALID)
		return HW_PRG_INVALID;
	if (f->prg == FIX_PRG_FAILURE)
		return HW_PRG_FAILURE;
	if (f->prg != FIX_PRG_MAP)
		return HW_PRG_SUCCESS;
	for (i = 0; i < f->group.count; i++) {
		req = &f->group.req[i];
		page = fix_page(f, req->pasid, req->addr);
		if (page ? req->perm & (uint32_t)IOMMU_PERM_RWX & ~page->may :
			   !fix_allow(f, req->addr))
			return HW_PRG_INVALID;
	}
	for (i = 0; i < f->group.count; i++) {
		req = &f->group.req[i];
		page = fix_page(f, req->pasid, req->addr);
		if (page)
			page->perm |= req->perm & (uint32_t)IOMMU_PERM_RWX;
	}
	return HW_PRG_SUCCESS;
}

static void fix_page_request(struct iommu_hw *hw,
			     const struct hw_page_request *req)
{
	struct fix *f = fix_of(hw);
	struct hw_prg_response resp = {
		.requester = req->requester,
		.pasid_valid = req->pasid_valid,
		.pasid = req->pasid,
		.prgi = req->prgi,
	};
	bool hold;

	pthread_mutex_lock(&f->lock);
	assert_true(f->group.count < ARRAY_SIZE(f->group.req));
	f->group.req[f->group.count++] = *req;
	if (!req->last) {
		pthread_mutex_unlock(&f->lock);
		return;
	}
	f->groups++;
	if (f->group.count > f->largest_group)
		f->largest_group = f->group.count;
	resp.code = fix_answer(f);
	hold = f->prg == FIX_PRG_HOLD;
	f->held = f->group;
	f->group.count = 0;
	pthread_mutex_unlock(&f->lock);
	if (!hold)
		dsa_hw_prg_response(f->dsa, &resp);
}

static const struct iommu_hw_ops fix_ops = {
	.port_add = fix_port_add,
	.port_remove = fix_port_remove,
	.translate = fix_translate,
	.ats_translate = fix_ats_translate,
	.page_request = fix_page_request,
};

/* Memory. Bytes up to a page that is refused are moved. */

static size_t fix_reach(struct fix *f, uint64_t pa, size_t len)
{
	size_t done = 0;

	pthread_mutex_lock(&f->lock);
	while (done < len) {
		uint64_t at = pa + done - FIX_PA;
		size_t n = FIX_PAGE - at % FIX_PAGE;

		if (pa + done < FIX_PA || at / FIX_PAGE >= FIX_PAGES) {
			if (!f->identity)
				break;
		} else if (f->refuses[at / FIX_PAGE]) {
			break;
		}
		done += n < len - done ? n : len - done;
	}
	pthread_mutex_unlock(&f->lock);
	return done;
}

static int fix_mem_read(void *ctx, uint64_t pa, void *buf, size_t len,
			size_t *ret_done)
{
	struct fix *f = ctx;
	size_t n = fix_reach(f, pa, len);

	if (f->before_copy)
		f->before_copy(f->hook_arg);
	memcpy(buf, fix_ptr(f, pa), n);
	if (ret_done)
		*ret_done = n;
	return n == len ? 0 : -EFAULT;
}

static int fix_mem_write(void *ctx, uint64_t pa, const void *buf, size_t len,
			 size_t *ret_done)
{
	struct fix *f = ctx;
	size_t n = fix_reach(f, pa, len);

	memcpy(fix_ptr(f, pa), buf, n);
	if (ret_done)
		*ret_done = n;
	return n == len ? 0 : -EFAULT;
}

static int fix_mem_copy(void *ctx, uint64_t dst, uint64_t src, size_t len,
			size_t *ret_done, bool *ret_write)
{
	struct fix *f = ctx;
	size_t from = fix_reach(f, src, len), to = fix_reach(f, dst, len);
	size_t n = from < to ? from : to;

	if (f->before_copy)
		f->before_copy(f->hook_arg);
	memmove(fix_ptr(f, dst), fix_ptr(f, src), n);
	*ret_done = n;
	*ret_write = to < from;
	return n == len ? 0 : -EFAULT;
}

static int fix_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	struct fix *f = ctx;

	if (fix_reach(f, pa, 8) != 8)
		return -EFAULT;
	*ret_value = le64_load_acquire(le64_at(fix_ptr(f, pa)));
	return 0;
}

static int fix_store64(void *ctx, uint64_t pa, uint64_t value)
{
	struct fix *f = ctx;

	assert_int_equal(pa % 8, 0);
	if (fix_reach(f, pa, 8) != 8)
		return -EFAULT;
	le64_store_release(le64_at(fix_ptr(f, pa)), value);
	return 0;
}

static int fix_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	struct fix *f = ctx;

	if (fix_reach(f, pa, 8) != 8)
		return -EFAULT;
	le64_cmpxchg(le64_at(fix_ptr(f, pa)), &expected, desired);
	*ret_old = expected;
	return 0;
}

/* The rest of the environment. */

static int fix_msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	struct fix *f = ctx;

	assert_int_equal(requester, f->rid);
	if (f->msi) {
		f->msi(f->msi_arg, addr, data);
		return 0;
	}
	assert_int_equal(addr, 0xfee00000 + 4 * (data & 63));
	atomic_fetch_add(&f->msi_count[data & 63], 1);
	return 0;
}

static void fix_lock_init(void *ctx, struct hw_lock *lock, unsigned int rank,
			  const char *name)
{
	(void)ctx;
	(void)rank;
	(void)name;
	pthread_mutex_init((pthread_mutex_t *)(void *)lock->opaque, NULL);
}

static void fix_lock_fini(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	pthread_mutex_destroy((pthread_mutex_t *)(void *)lock->opaque);
}

static void fix_lock(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	pthread_mutex_lock((pthread_mutex_t *)(void *)lock->opaque);
}

static void fix_unlock(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	pthread_mutex_unlock((pthread_mutex_t *)(void *)lock->opaque);
}

static void fix_relax(void *ctx, unsigned int turns)
{
	const struct timespec nap = { .tv_nsec = 50000 };
	struct fix *f = ctx;

	(void)turns;
	atomic_fetch_add(&f->relaxed, 1);
	nanosleep(&nap, NULL);
}

static uint64_t fix_now(void *ctx)
{
	struct fix *f = ctx;

	return atomic_fetch_add(&f->clock, atomic_load(&f->clock_step));
}

static void fix_wake(void *ctx, unsigned int engine)
{
	struct fix *f = ctx;

	(void)engine;
	atomic_fetch_add(&f->wakes, 1);
}

/* Registers. */

uint64_t fix_read(struct fix *f, uint64_t offset)
{
	return dsa_hw_mmio_read(f->dsa, offset, 8);
}

void fix_write(struct fix *f, uint64_t offset, uint64_t value)
{
	dsa_hw_mmio_write(f->dsa, offset, 8, value);
}

/* The status after the command, which may still be active. */
uint32_t fix_cmd(struct fix *f, unsigned int code, uint32_t operand)
{
	dsa_hw_mmio_write(f->dsa, DSA_REG_CMD, 4,
			  REG_PUT(DSA_CMD_CODE, operand, code));
	return (uint32_t)dsa_hw_mmio_read(f->dsa, DSA_REG_CMDSTATUS, 4);
}

unsigned int fix_cap(struct fix *f, unsigned int id)
{
	unsigned int at = dsa_hw_cfg_read(f->dsa, PCIE_CFG_CAP_POINTER, 1);
	uint32_t head;

	while (at) {
		head = dsa_hw_cfg_read(f->dsa, at, 2);
		if (REG_GET(PCIE_CAP_HEADER_ID, head) == id)
			return at;
		at = (unsigned int)REG_GET(PCIE_CAP_HEADER_NEXT, head);
	}
	return 0;
}

unsigned int fix_ext_cap(struct fix *f, unsigned int id)
{
	unsigned int at = PCIE_CFG_EXT_CAPS;
	uint32_t head;

	while (at) {
		head = dsa_hw_cfg_read(f->dsa, at, 4);
		if (REG_GET(PCIE_EXT_CAP_ID, head) == id)
			return at;
		at = (unsigned int)REG_GET(PCIE_EXT_CAP_NEXT, head);
	}
	return 0;
}

static void fix_msi_table(struct fix *f)
{
	unsigned int i;

	for (i = 0; i < 9; i++) {
		fix_write(f, 0x2000 + 16 * i, 0xfee00000 + 4 * i);
		fix_write(f, 0x2008 + 16 * i, i);
	}
}

static void fix_enable_pcie(struct fix *f)
{
	unsigned int at;

	dsa_hw_cfg_write(f->dsa, PCIE_CFG_COMMAND, 2, 6);
	at = fix_ext_cap(f, PCIE_EXT_CAP_ID_PASID);
	if (at)
		dsa_hw_cfg_write(f->dsa, at + PCIE_PASID_CTRL, 2, 1);
	at = fix_ext_cap(f, PCIE_EXT_CAP_ID_ATS);
	if (at)
		dsa_hw_cfg_write(f->dsa, at + PCIE_ATS_CTRL, 2, 0x8000);
	at = fix_ext_cap(f, PCIE_EXT_CAP_ID_PRI);
	if (at) {
		dsa_hw_cfg_write(f->dsa, at + PCIE_PRI_CTRL, 2, 2);
		dsa_hw_cfg_write(f->dsa, at + PCIE_PRI_ALLOCATION, 4, 512);
		dsa_hw_cfg_write(f->dsa, at + PCIE_PRI_CTRL, 2, 1);
	}
	fix_msi_table(f);
	at = fix_cap(f, PCIE_CAP_ID_MSIX);
	dsa_hw_cfg_write(f->dsa, at + PCIE_MSIX_CTRL, 2, 0x8000);
}

void fix_enable(struct fix *f)
{
	if (f->platform)
		fix_msi_table(f);
	else
		fix_enable_pcie(f);
}

struct fix *fix_create(const struct dsa_hw_cfg *cfg)
{
	const struct dsa_hw_host host = { .wake = fix_wake };
	struct hw_env env = {
		.mem_read = fix_mem_read,
		.mem_write = fix_mem_write,
		.mem_copy = fix_mem_copy,
		.mem_load64 = fix_load64,
		.mem_store64 = fix_store64,
		.mem_cas64 = fix_cas64,
		.msi = fix_msi,
		.lock_init = fix_lock_init,
		.lock_fini = fix_lock_fini,
		.lock = fix_lock,
		.unlock = fix_unlock,
		.relax = fix_relax,
		.now_ns = fix_now,
	};
	struct dsa_hw_host with = host;
	struct dsa_hw_cfg def;
	struct fix *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	if (!cfg) {
		dsa_hw_cfg_default(&def);
		cfg = &def;
	}
	pthread_mutex_init(&f->lock, NULL);
	f->iommu.ops = &fix_ops;
	f->rid = cfg->rid;
	f->mem = aligned_alloc(FIX_PAGE, (size_t)FIX_PAGES * FIX_PAGE);
	assert_non_null(f->mem);
	memset(f->mem, 0x5a, (size_t)FIX_PAGES * FIX_PAGE);
	f->state = aligned_alloc(64, (dsa_hw_size(cfg) + 63) & ~(size_t)63);
	assert_non_null(f->state);
	env.ctx = f;
	with.ctx = f;
	assert_int_equal(dsa_hw_create(cfg, &env, &with, &f->iommu, f->state,
				       dsa_hw_size(cfg), &f->dsa),
			 0);
	f->platform = cfg->platform;
	fix_enable(f);
	return f;
}

void fix_destroy(struct fix *f)
{
	dsa_hw_destroy(f->dsa);
	pthread_mutex_destroy(&f->lock);
	free(f->state);
	free(f->mem);
	free(f);
}

/* 389 is odd, so the steps visit every page; two in a row now and then. */
static uint64_t fix_next_pa(struct fix *f)
{
	unsigned int n = f->next_page++;

	assert_true(n < FIX_PAGES);
	if (!f->contiguous)
		n = n / 2 * 389 % (FIX_PAGES / 2) * 2 + n % 2;
	return FIX_PA + (uint64_t)n * FIX_PAGE;
}

uint64_t fix_alloc(struct fix *f, unsigned int pasid, unsigned int page,
		   unsigned int pages, uint32_t perm)
{
	unsigned int i;

	pthread_mutex_lock(&f->lock);
	for (i = page; i < page + pages; i++) {
		f->table[pasid][i].pa = fix_next_pa(f);
		f->table[pasid][i].perm = perm;
		f->table[pasid][i].may = IOMMU_PERM_READ | IOMMU_PERM_WRITE;
	}
	pthread_mutex_unlock(&f->lock);
	return FIX_VA + (uint64_t)page * FIX_PAGE;
}

void fix_forbid(struct fix *f, unsigned int pasid, uint64_t va,
		unsigned int pages, bool invalidate)
{
	const struct hw_ats_inv inv = {
		.requester = f->rid,
		.pasid_valid = pasid != 0,
		.pasid = pasid,
		.addr = va,
		.size = (uint64_t)pages * FIX_PAGE,
	};
	unsigned int i;

	pthread_mutex_lock(&f->lock);
	for (i = 0; i < pages; i++) {
		struct fix_page *page =
			fix_page(f, pasid, va + (uint64_t)i * FIX_PAGE);

		if (page)
			page->perm = 0;
	}
	pthread_mutex_unlock(&f->lock);
	if (invalidate)
		assert_int_equal(dsa_hw_ats_invalidate(f->dsa, &inv), 0);
}

static unsigned char *fix_byte(struct fix *f, unsigned int pasid, uint64_t va)
{
	const struct fix_page *page = fix_page(f, pasid, va);

	if (!page || !page->pa)
		abort();
	return f->mem + (page->pa - FIX_PA) + va % FIX_PAGE;
}

void fix_put(struct fix *f, unsigned int pasid, uint64_t va, const void *buf,
	     size_t len)
{
	const unsigned char *b = buf;

	for (; len; len--)
		*fix_byte(f, pasid, va++) = *b++;
}

void fix_get(struct fix *f, unsigned int pasid, uint64_t va, void *buf,
	     size_t len)
{
	unsigned char *b = buf;

	for (; len; len--)
		*b++ = *fix_byte(f, pasid, va++);
}

void fix_random(struct fix *f, unsigned int pasid, uint64_t va, size_t len,
		uint32_t seed)
{
	for (; len; len--) {
		seed = seed * 1664525 + 1013904223;
		*fix_byte(f, pasid, va++) = (unsigned char)(seed >> 24);
	}
}
