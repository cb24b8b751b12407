/* SPDX-License-Identifier: MIT */
/*
 * Processes of a guest: address spaces in software, with pages that come on
 * demand. Which page is where is what the page table says, and nowhere else.
 */
#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "pgtable/mm_table.h"
#include "vmm/vmm.h"

#define VA_BITS 48u
#define VA_END  (UINT64_C(1) << 47)
#define PA_BITS 40u
#define REGIONS 32u
#define BATCH   64u
#define JOBS_VA UINT64_C(0x7f0000000000)

/* [start, end), all zero: none. */
struct region {
	uint64_t start;
	uint64_t end;
	unsigned int perm;
};

/**
 * struct vmm_process
 * @lock: rank MM, of the rest.
 * @jobs: its first mapping, a page that is always there.
 * @gone: it has exited.
 */
struct vmm_process {
	struct iommu_mm mm;
	struct vmm_guest *guest;
	const struct plat *plat;
	struct plat_lock lock;
	struct mm_table table;
	struct region regions[REGIONS];
	struct dsa_job *jobs;
	bool gone;
};

_Static_assert(VMM_PROCESS_JOBS * sizeof(struct dsa_job) <= VMM_PAGE,
	       "jobs fit into a page");

static struct vmm_process *to_process(struct iommu_mm *mm)
{
	return container_of(mm, struct vmm_process, mm);
}

static struct region *region_of(struct vmm_process *p, uint64_t va)
{
	unsigned int i;

	for (i = 0; i < REGIONS; i++)
		if (va >= p->regions[i].start && va < p->regions[i].end)
			return &p->regions[i];
	return NULL;
}

/* Lock held: as a fault of a processor. *ret_page: where its page is. */
static int fault_in(struct vmm_process *p, uint64_t va, unsigned int perm,
		    void **ret_page)
{
	const struct region *r = region_of(p, va);
	struct mm_table_leaf leaf;
	void *page;
	int err;

	if (p->gone)
		return -ESRCH;
	if (!r)
		return -EFAULT;
	if (perm & ~r->perm & IOMMU_PERM_RWX)
		return -EACCES;
	if (!mm_table_walk(&p->table, va, &leaf)) {
		*ret_page =
			plat_phys_to_virt(p->plat, leaf.pa & ~(VMM_PAGE - 1));
		return 0;
	}
	page = plat_pages_alloc(p->plat, VMM_PAGE);
	if (!page)
		return -ENOMEM;
	err = mm_table_set(&p->table, va & ~(VMM_PAGE - 1),
			   plat_virt_to_phys(p->plat, page), r->perm);
	if (err) {
		plat_pages_free(p->plat, page, VMM_PAGE);
		return err;
	}
	*ret_page = page;
	return 0;
}

static int op_get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
			struct iommu_mm_table *ret_table)
{
	struct vmm_process *p = to_process(mm);
	int err;

	plat_lock(p->plat, &p->lock);
	err = p->gone ? -ESRCH : mm_table_want(&p->table, fmt, ret_table);
	plat_unlock(p->plat, &p->lock);
	return err;
}

static int op_handle_fault(struct iommu_mm *mm, uint64_t va, size_t count,
			   unsigned int perm, size_t *ret_done)
{
	struct vmm_process *p = to_process(mm);
	void *page;
	int err = 0;
	size_t i;

	plat_lock(p->plat, &p->lock);
	for (i = 0; i < count; i++, va += VMM_PAGE) {
		err = fault_in(p, va, perm, &page);
		if (err)
			break;
	}
	plat_unlock(p->plat, &p->lock);
	*ret_done = i;
	return err;
}

/*
 * Clear from @start on, until BATCH pages are out or @end is reached, tell
 * subscribers, then give the pages back. The address where it stopped.
 */
static uint64_t drop_batch(struct vmm_process *p, uint64_t start, uint64_t end,
			   bool tell)
{
	void *pages[BATCH];
	struct mm_table_leaf leaf;
	unsigned int n = 0;
	uint64_t va;

	for (va = start; va < end && n < BATCH; va += VMM_PAGE) {
		if (mm_table_walk(&p->table, va, &leaf))
			continue;
		pages[n++] =
			plat_phys_to_virt(p->plat, leaf.pa & ~(VMM_PAGE - 1));
		mm_table_clear(&p->table, va, va + VMM_PAGE, NULL);
	}
	if (n && tell)
		iommu_mm_invalidate_range(&p->mm, start, va);
	while (n)
		plat_pages_free(p->plat, pages[--n], VMM_PAGE);
	return va;
}

static void drop(struct vmm_process *p, uint64_t start, uint64_t end, bool tell)
{
	while (start < end)
		start = drop_batch(p, start, end, tell);
}

static void op_exit(struct iommu_mm *mm)
{
	struct vmm_process *p = to_process(mm);
	unsigned int i;

	plat_lock(p->plat, &p->lock);
	p->gone = true;
	for (i = 0; i < REGIONS; i++)
		drop(p, p->regions[i].start, p->regions[i].end, false);
	mm_table_fini(&p->table);
	plat_unlock(p->plat, &p->lock);
}

static void op_free(struct iommu_mm *mm)
{
	struct vmm_process *p = to_process(mm);

	plat_lock_fini(p->plat, &p->lock);
	plat_free(p->plat, p);
}

static const struct iommu_mm_ops process_ops = {
	.get_table = op_get_table,
	.handle_fault = op_handle_fault,
	.exit = op_exit,
	.free = op_free,
};

/* Room for jobs, which the device finds at JOBS_VA. */
static int make_jobs(struct vmm_process *p)
{
	void *page;
	int err;

	p->regions[0] = (struct region){ JOBS_VA, JOBS_VA + VMM_PAGE,
					 IOMMU_PERM_READ | IOMMU_PERM_WRITE };
	err = fault_in(p, JOBS_VA, IOMMU_PERM_WRITE, &page);
	if (!err)
		p->jobs = page;
	return err;
}

int vmm_process_create(struct vmm_guest *guest,
		       struct vmm_process **ret_process)
{
	const struct plat *plat = vmm_guest_plat(guest);
	const struct mm_table_cfg cfg = {
		.plat = plat,
		.va_bits = VA_BITS,
		.pa_bits = PA_BITS,
		.x86_levels = 4,
	};
	struct vmm_process *p = plat_zalloc(plat, sizeof(*p));
	struct iommu_mm_table table;
	int err;

	if (!p)
		return -ENOMEM;
	p->guest = guest;
	p->plat = plat;
	mm_table_init(&p->table, &cfg);
	/* Before it is asked for, so that pages have a place to be in. */
	err = mm_table_want(&p->table, guest->unit.vendor->table_fmt, &table);
	if (!err)
		err = make_jobs(p);
	if (err) {
		drop(p, p->regions[0].start, p->regions[0].end, false);
		mm_table_fini(&p->table);
		plat_free(plat, p);
		return err;
	}
	plat_lock_init(plat, &p->lock, PLAT_LOCK_MUTEX, PLAT_RANK_MM,
		       "guest process");
	iommu_mm_init(&p->mm, guest->sys, &process_ops);
	*ret_process = p;
	return 0;
}

void vmm_process_destroy(struct vmm_process *process)
{
	if (process)
		iommu_mm_put_users(&process->mm);
}

struct iommu_mm *vmm_process_mm(struct vmm_process *process)
{
	return &process->mm;
}

static bool range_valid(uint64_t va, uint64_t size)
{
	return size && !((va | size) & (VMM_PAGE - 1)) && va < VA_END &&
	       size <= VA_END - va;
}

/* Lock held. 0 and the place for it. */
static int place(struct vmm_process *p, uint64_t start, uint64_t end,
		 struct region **ret_region)
{
	struct region *empty = NULL;
	unsigned int i;

	for (i = 0; i < REGIONS; i++) {
		struct region *r = &p->regions[i];

		if (start < r->end && end > r->start)
			return -EEXIST;
		if (!r->end)
			empty = r;
	}
	if (!empty)
		return -ENOSPC;
	*ret_region = empty;
	return 0;
}

int vmm_process_map(struct vmm_process *process, uint64_t va, uint64_t size,
		    unsigned int perm)
{
	struct vmm_process *p = process;
	struct region *r;
	int err;

	if (!range_valid(va, size) || !perm || perm & ~IOMMU_PERM_RWX)
		return -EINVAL;
	plat_lock(p->plat, &p->lock);
	err = place(p, va, va + size, &r);
	if (!err)
		*r = (struct region){ va, va + size, perm };
	plat_unlock(p->plat, &p->lock);
	return err;
}

int vmm_process_unmap(struct vmm_process *process, uint64_t va, uint64_t size)
{
	struct vmm_process *p = process;
	struct region *r;
	int err = -EINVAL;

	if (!range_valid(va, size) || va == JOBS_VA)
		return -EINVAL;
	plat_lock(p->plat, &p->lock);
	r = region_of(p, va);
	if (r && r->start == va && r->end == va + size) {
		*r = (struct region){ 0, 0, 0 };
		drop(p, va, va + size, true);
		err = 0;
	}
	plat_unlock(p->plat, &p->lock);
	return err;
}

int vmm_process_discard(struct vmm_process *process, uint64_t va, uint64_t size)
{
	struct vmm_process *p = process;
	const struct region *r;
	int err = -EINVAL;

	if (!range_valid(va, size) || va == JOBS_VA)
		return -EINVAL;
	plat_lock(p->plat, &p->lock);
	r = region_of(p, va);
	if (r && va + size <= r->end) {
		drop(p, va, va + size, true);
		err = 0;
	}
	plat_unlock(p->plat, &p->lock);
	return err;
}

/* A piece of a page at a time. @to or @from is NULL. */
static int access(struct vmm_process *p, uint64_t va, void *to,
		  const void *from, size_t size)
{
	int err = 0;

	plat_lock(p->plat, &p->lock);
	while (size && !err) {
		size_t at = (size_t)(va & (VMM_PAGE - 1));
		size_t n = (size_t)VMM_PAGE - at;
		unsigned char *bytes;
		void *page;

		if (n > size)
			n = size;
		err = fault_in(p, va, from ? IOMMU_PERM_WRITE : IOMMU_PERM_READ,
			       &page);
		if (err)
			break;
		bytes = page;
		if (from) {
			memcpy(bytes + at, from, n);
			from = (const unsigned char *)from + n;
		} else {
			memcpy(to, bytes + at, n);
			to = (unsigned char *)to + n;
		}
		va += n;
		size -= n;
	}
	plat_unlock(p->plat, &p->lock);
	return err;
}

int vmm_process_write(struct vmm_process *process, uint64_t va,
		      const void *data, size_t size)
{
	return access(process, va, NULL, data, size);
}

int vmm_process_read(struct vmm_process *process, uint64_t va, void *data,
		     size_t size)
{
	return access(process, va, data, NULL, size);
}

struct dsa_job *vmm_process_job(struct vmm_process *process, unsigned int index)
{
	return &process->jobs[index];
}

void vmm_process_job_ready(struct vmm_process *process, unsigned int index)
{
	dsa_job_set_addr(&process->jobs[index],
			 JOBS_VA + index * sizeof(struct dsa_job));
}
