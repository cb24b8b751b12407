/* SPDX-License-Identifier: MIT */
/* Bringing a remapping unit up and taking it down: VT-d, 11.4.4, 6.5.2, 6.6. */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/control.h"
#include "drivers/vtd/devices.h"
#include "drivers/vtd/unit.h"

#define DEFAULT_QUEUE_LG2  8u
#define DEFAULT_PRQ_LG2    9u
#define QUEUE_LG2_MIN      7u  /* a page */
#define QUEUE_LG2_MAX      14u /* 2^7 pages */
#define DEFAULT_TIMEOUT_MS 1000u
#define DEFAULT_ATS_MS     90000u /* 60 s and a half, as PCIe has it */
#define NS_PER_MS          UINT64_C(1000000)

_Static_assert(VTD_INV_256_LG2 + QUEUE_LG2_MIN == VTD_QUEUE_UNIT_LG2 &&
		       QUEUE_LG2_MIN + VTD_IQ_SIZE_MAX == QUEUE_LG2_MAX &&
		       VTD_PRD_LG2 == VTD_INV_256_LG2 &&
		       (int)VTD_PQ_SIZE_MAX == (int)VTD_IQ_SIZE_MAX,
	       "both queues have descriptors of 32 bytes");

#define BIT_OF(f) ((uint32_t)FIELD_MASK(f))

static const struct {
	const char *name;
	void (*fn)(void *arg);
	uint32_t ctl;
	uint32_t data;
	uint32_t addr;
	uint32_t uaddr;
} irqs[VTD_IRQ_COUNT] = {
	[VTD_IRQ_FAULT] = { "vtd-fault", vtd_fault_irq, VTD_FECTL, VTD_FEDATA,
			    VTD_FEADDR, VTD_FEUADDR },
	[VTD_IRQ_PAGE_REQUEST] = { "vtd-prq", vtd_prq_irq, VTD_PECTL,
				   VTD_PEDATA, VTD_PEADDR, VTD_PEUADDR },
};

static bool irq_used(const struct vtd_unit *u, unsigned int i)
{
	return i != VTD_IRQ_PAGE_REQUEST || u->f.pri;
}

static void free_irqs(struct vtd_unit *u)
{
	unsigned int i;

	for (i = 0; i < VTD_IRQ_COUNT; i++) {
		if (u->irq_requested[i])
			plat_irq_free(u->plat, u->msi[i].irq);
		if (u->msi_allocated[i])
			plat_msi_free(u->plat, &u->msi[i]);
		u->irq_requested[i] = false;
		u->msi_allocated[i] = false;
	}
}

/*
 * The message is written while the event is masked. What has happened since is
 * told when the mask goes: IP.
 */
static void write_msi(struct vtd_unit *u, unsigned int i)
{
	const struct plat_msi *msi = &u->msi[i];

	vtd_write32(u, irqs[i].ctl, BIT_OF(VTD_ECTL_IM));
	vtd_write32(u, irqs[i].data, msi->data);
	vtd_write32(u, irqs[i].addr, (uint32_t)msi->address);
	vtd_write32(u, irqs[i].uaddr, (uint32_t)(msi->address >> 32));
	vtd_write32(u, irqs[i].ctl, 0);
	/* Pushes the writes before: the first event may come right away. */
	(void)vtd_read32(u, irqs[i].ctl);
}

static int setup_irqs(struct vtd_unit *u)
{
	unsigned int i;
	int err;

	for (i = 0; i < VTD_IRQ_COUNT; i++) {
		if (!irq_used(u, i))
			continue;
		err = plat_msi_alloc(u->plat, &u->msi[i]);
		if (err) {
			plat_log(u->plat, PLAT_LOG_ERR,
				 "%s: no message for its %s interrupt", u->name,
				 irqs[i].name);
			return err;
		}
		u->msi_allocated[i] = true;
		err = plat_irq_request(u->plat, u->msi[i].irq, irqs[i].fn, u,
				       irqs[i].name);
		if (err)
			return err;
		u->irq_requested[i] = true;
		write_msi(u, i);
	}
	return 0;
}

static unsigned int queue_lg2(unsigned int wanted, unsigned int dflt)
{
	return wanted ? wanted : dflt;
}

/* Tables and queues, in memory only, and a worker. */
static int alloc_memory(struct vtd_unit *u, const struct vtd_desc *desc)
{
	int err = -ENOMEM;

	u->prq_lg2 = queue_lg2(desc->prq_lg2, DEFAULT_PRQ_LG2);
	u->null_root = plat_pages_alloc(u->plat, 4096);
	u->spare_queue = plat_pages_alloc(u->plat, 4096);
	u->faults.wq = plat_workqueue_create(u->plat, "vtd faults", 1);
	plat_work_init(&u->faults.work, vtd_fault_work, u);
	if (!u->null_root || !u->spare_queue || !u->faults.wq)
		goto free_pages;
	err = vtd_qi_init(u, queue_lg2(desc->queue_lg2, DEFAULT_QUEUE_LG2));
	if (err)
		goto free_pages;
	err = vtd_tables_init(u);
	if (err)
		goto fini_queue;
	if (u->f.pri)
		err = vtd_prq_init(u);
	if (!err)
		return 0;

	vtd_tables_fini(u);
fini_queue:
	vtd_qi_fini(u);
free_pages:
	if (u->faults.wq)
		plat_workqueue_destroy(u->plat, u->faults.wq);
	if (u->spare_queue)
		plat_pages_free(u->plat, u->spare_queue, 4096);
	if (u->null_root)
		plat_pages_free(u->plat, u->null_root, 4096);
	return err;
}

static void free_memory(struct vtd_unit *u)
{
	/* Ends what a drain has left. */
	plat_workqueue_destroy(u->plat, u->faults.wq);
	if (u->f.pri)
		vtd_prq_fini(u);
	vtd_tables_fini(u);
	vtd_qi_fini(u);
	plat_pages_free(u->plat, u->spare_queue, 4096);
	plat_pages_free(u->plat, u->null_root, 4096);
}

/*
 * The unit is disabled. On error the caller disables it again. The queue comes
 * before the root table, as what was cached has to be invalidated through it;
 * translation last. Protected memory, if firmware has left any, protects until
 * then.
 */
static int enable(struct vtd_unit *u)
{
	int err;

	err = vtd_control_enable_queue(u);
	if (!err)
		err = vtd_write_buffer_flush(u);
	if (!err)
		err = vtd_control_set_root(u, vtd_tables_root(u));
	if (err)
		return err;
	if (u->f.pri)
		vtd_prq_enable(u);
	err = setup_irqs(u);
	if (!err)
		err = vtd_control_set(u, BIT_OF(VTD_GCMD_TE), true);
	if (!err)
		err = vtd_control_open_memory(u);
	return err;
}

static void copy_name(struct vtd_unit *u, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(u->name) - 1 && name[i]; i++)
		u->name[i] = name[i];
}

static bool lg2_ok(unsigned int lg2)
{
	return !lg2 || (lg2 >= QUEUE_LG2_MIN && lg2 <= QUEUE_LG2_MAX);
}

static int check_desc(const struct vtd_desc *desc)
{
	if (!desc->mmio.ops || desc->mmio.size < VTD_PEUADDR + 4 ||
	    desc->pasid_bits > IOMMU_PASID_BITS_MAX ||
	    !lg2_ok(desc->queue_lg2) || !lg2_ok(desc->prq_lg2))
		return -EINVAL;
	return 0;
}

static struct vtd_unit *make_unit(const struct plat *plat,
				  const struct vtd_desc *desc)
{
	struct vtd_unit *u = plat_zalloc(plat, sizeof(*u));

	if (!u)
		return NULL;
	u->plat = plat;
	u->mmio = desc->mmio;
	u->segment = desc->segment;
	u->timeout_ns = NS_PER_MS * (desc->timeout_ms ? desc->timeout_ms :
							DEFAULT_TIMEOUT_MS);
	u->qi.ats_timeout_ns =
		NS_PER_MS *
		(desc->ats_timeout_ms ? desc->ats_timeout_ms : DEFAULT_ATS_MS);
	copy_name(u, desc->name ? desc->name : "vtd");
	plat_lock_init(plat, &u->lock, PLAT_LOCK_MUTEX, PLAT_RANK_UNIT,
		       "vtd unit");
	plat_lock_init(plat, &u->faults.lock, PLAT_LOCK_SPIN, PLAT_RANK_QUEUE,
		       "vtd faults");
	return u;
}

static void free_unit(struct vtd_unit *u)
{
	plat_lock_fini(u->plat, &u->faults.lock);
	plat_lock_fini(u->plat, &u->lock);
	plat_free(u->plat, u);
}

static void disable(struct vtd_unit *u)
{
	/* What disabling meets is logged; there is no way back. */
	(void)vtd_control_disable(u);
	if (u->f.pri)
		vtd_prq_disable(u);
	free_irqs(u);
}

int vtd_probe(struct iommu_system *sys, const struct vtd_desc *desc,
	      struct iommu_unit **ret_unit)
{
	struct vtd_unit *u;
	int err;

	err = check_desc(desc);
	if (err)
		return err;
	u = make_unit(iommu_system_plat(sys), desc);
	if (!u)
		return -ENOMEM;
	err = vtd_features_read(u, desc->pasid_bits);
	if (err)
		goto free_unit;
	err = alloc_memory(u, desc);
	if (err)
		goto free_unit;
	err = vtd_control_disable(u);
	if (err)
		goto free_memory;
	err = enable(u);
	if (err)
		goto disable;
	err = iommu_unit_register(sys, &u->unit, &vtd_unit_ops, u->name);
	if (err)
		goto disable;
	*ret_unit = &u->unit;
	return 0;

disable:
	disable(u);
free_memory:
	free_memory(u);
free_unit:
	free_unit(u);
	return err;
}

int vtd_remove(struct iommu_unit *unit)
{
	struct vtd_unit *u = to_vtd(unit);
	int err;

	err = iommu_unit_unregister(unit);
	if (err)
		return err;
	disable(u);
	free_memory(u);
	free_unit(u);
	return 0;
}

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void vtd_stats(struct iommu_unit *unit, struct vtd_stats *ret_stats)
{
	const struct vtd_counters *c = &to_vtd(unit)->counters;

	ret_stats->descriptors = read_counter(&c->descriptors);
	ret_stats->waits = read_counter(&c->waits);
	ret_stats->doorbells = read_counter(&c->doorbells);
	ret_stats->context_invalidations =
		read_counter(&c->context_invalidations);
	ret_stats->pasid_invalidations = read_counter(&c->pasid_invalidations);
	ret_stats->iotlb_invalidations = read_counter(&c->iotlb_invalidations);
	ret_stats->dev_tlb_invalidations =
		read_counter(&c->dev_tlb_invalidations);
	ret_stats->queue_errors = read_counter(&c->queue_errors);
	ret_stats->queue_timeouts = read_counter(&c->queue_timeouts);
	ret_stats->completion_errors = read_counter(&c->completion_errors);
	ret_stats->faults = read_counter(&c->faults);
	ret_stats->faults_lost = read_counter(&c->faults_lost);
	ret_stats->page_requests = read_counter(&c->page_requests);
	ret_stats->page_responses = read_counter(&c->page_responses);
	ret_stats->prq_overflows = read_counter(&c->prq_overflows);
	ret_stats->failed_closed = vtd_is_dead(to_vtd(unit));
}
