/* SPDX-License-Identifier: MIT */
/*
 * The life of a unit, again and again, each time with something taken out of
 * its invalidation queue: a kind of descriptor, a single one, the page-request
 * drain, the wait. That has to be noticed. Where a single one is not, others
 * do the same: with those gone, too, it is.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include <sva/fault.h>
#include <sva/sva.h>

#include "base/bits.h"
#include "fmt/vtd.h"
#include "tests/drivers/vtd_scene.h"

/* [R9] [M4] Each kind there is; without any nothing is wrong: vtd_model_test. */
static void test_vtd_drop_any_kind_is_noticed(void **state)
{
	static const struct vbench_kind kinds[] = {
		{ "context cache, device", 0x1, 3 },
		{ "PASID cache, PASID", 0x7, 1 },
		{ "PASID-based IOTLB, PASID", 0x6, 2 },
		{ "PASID-based IOTLB, page", 0x6, 3 },
		{ "IOTLB, domain", 0x2, 2 },
		{ "IOTLB, page", 0x2, 3 },
		{ "device TLB", 0x3, 0 },
		{ "PASID-based device TLB", 0x8, 0 },
		{ "page group response", 0x9, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct vscene o = { .kind = &kinds[i] };
		int bad = vscene_run(&o, 4, 0);

		print_message("without %s: line %d\n", kinds[i].name, bad);
		assert_int_not_equal(bad, 0);
	}
}

/* Of all of a domain, in the PASID cache or in the IOTLB (table 24). */
static bool of_domain(uint64_t a, unsigned int *ret_cache)
{
	unsigned int g = a >> 4 & 3;

	*ret_cache = vbench_type_of(a);
	if (*ret_cache == VTD_INV_IOTLB)
		*ret_cache = VTD_INV_PIOTLB;
	return vbench_type_of(a) == VTD_INV_IOTLB ?
		       g == VTD_INV_IOTLB_G_DOMAIN :
	       vbench_type_of(a) == VTD_INV_PC ? g == VTD_INV_PC_G_DOMAIN :
						 false;
}

/* The PASID cache as a whole. */
static bool of_all(uint64_t dw0)
{
	return (dw0 & 0x3f) == (VTD_INV_PC | VTD_INV_PC_G_GLOBAL << 4);
}

/*
 * Do they do the same? Of one type and about the same, which is in bits 63:16:
 * one of a domain does what one of its pages does. Or one is about all of a
 * domain, bits 31:16, and the other about a PASID of it. Or one of them is about
 * all there is.
 */
static bool alike(uint64_t a, uint64_t b)
{
	unsigned int ca, cb;
	bool all = of_domain(a, &ca);

	if ((of_all(a) || of_all(b)) && vbench_type_of(a) == vbench_type_of(b))
		return true;

	all |= of_domain(b, &cb);
	if (all && ca == cb && (uint16_t)(a >> 16) == (uint16_t)(b >> 16))
		return true;
	return vbench_type_of(a) == vbench_type_of(b) && a >> 16 == b >> 16;
}

static struct vscene whole, part;

static bool noticed(const bool *drop)
{
	memset(&part, 0, sizeof(part));
	part.drop = drop;
	return vscene_run(&part, 4, 0) != 0;
}

/* With all that are like it, and are not noticed alone. */
static bool covered(unsigned int i, const bool *alone)
{
	bool drop[VBENCH_LOG] = { [0] = false };
	unsigned int j, n = 0;

	for (j = 0; j < whole.count; j++) {
		drop[j] = !alone[j] && alike(whole.log[i], whole.log[j]);
		n += drop[j];
	}
	return n > 1 && noticed(drop);
}

/*
 * What has no effect, one by one: a device TLB, and a unit, that has nothing of
 * what the descriptor is about, which was looked at when it was done. Software
 * cannot know that: an entry may be fetched before it is shown, but the model
 * reads it in one piece; and what a detach has said is said again, for all of
 * the domain, when its id is given back. And the PASID cache when a directory
 * has grown: the new one leads to the same entries, so what is taken is as good
 * as what takes its place.
 */
static const char *vain_because(unsigned int i)
{
	const uint64_t pc_global = VTD_INV_PC | VTD_INV_PC_G_GLOBAL << 4;
	unsigned int type = vbench_type_of(whole.log[i]);

	if (type == VTD_INV_DEVTLB || type == VTD_INV_PDEVTLB)
		return whole.named[i] ? NULL : "the device had none of it";
	if (type == VTD_INV_PGRESP)
		return NULL;
	if (!whole.took[i])
		return "the unit had none of it";
	if (whole.log[i] == pc_global && i &&
	    vbench_type_of(whole.log[i - 1]) == VTD_INV_CC)
		return "the entries are the same";
	return NULL;
}

/* [R8] [R9] [R10] */
static void test_vtd_drop_any_descriptor_is_noticed(void **state)
{
	unsigned int seen = 0, together = 0, vain = 0, bad = 0, i;
	bool alone[VBENCH_LOG] = { [0] = false };
	bool drop[VBENCH_LOG] = { [0] = false };
	const char *why;

	(void)state;
	memset(&whole, 0, sizeof(whole));
	assert_int_equal(vscene_run(&whole, 4, 0), 0);
	assert_in_range(whole.count, 50, VBENCH_LOG - 1);
	for (i = 0; i < whole.count; i++) {
		drop[i] = true;
		alone[i] = noticed(drop);
		seen += alone[i];
		drop[i] = false;
	}
	for (i = 0; i < whole.count; i++) {
		if (alone[i])
			continue;
		if (covered(i, alone)) {
			together++;
			continue;
		}
		why = vain_because(i);
		if (why) {
			vain++;
			print_message("%u: %#llx: no effect: %s\n", i,
				      (unsigned long long)whole.log[i], why);
			continue;
		}
		bad++;
		print_message("%u: %#llx: not noticed\n", i,
			      (unsigned long long)whole.log[i]);
	}
	print_message("%u descriptors: %u noticed alone, %u with others that "
		      "do the same, %u of no effect\n",
		      whole.count, seen, together, vain);
	assert_int_equal(bad, 0);
	assert_true(seen >= 35);
}

/* The device's answer is on its way while its driver unbinds. */
struct drain {
	struct iommu_sva *sva;
	uint64_t failed_closed;
};

static void unbind_meanwhile(struct vbench *b)
{
	struct drain *d = b->on_prg_arg;
	struct vtd_stats stats;

	b->on_prg = NULL;
	iommu_sva_unbind(d->sva);
	vtd_stats(b->unit, &stats);
	d->failed_closed = stats.failed_closed;
}

/* True: it waited, for as long as it waits for anything. */
static bool drains(bool drop_pd)
{
	struct vbench *b = vbench_make(HW_STRICT, 0);
	struct hw_page_request req = {
		.requester = VBENCH_SID,
		.pasid_valid = true,
		.pasid = 0x777,
		.addr = 0x1000,
		.perm = IOMMU_PERM_READ,
		.last = true,
	};
	struct vbench_space m;
	struct drain d = { .failed_closed = 2 };

	assert_int_equal(vbench_probe(b, 20), 0);
	vbench_add_device(b);
	vbench_make_space(b, &m, 4);
	assert_int_equal(iommu_dev_enable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	assert_int_equal(iommu_sva_bind(b->dev, &m.mm, NULL, &d.sva), 0);
	b->drop_pd = drop_pd;
	b->on_prg = unbind_meanwhile;
	b->on_prg_arg = &d;
	/* A PASID of nobody, which the unit answers. */
	b->hw->ops->page_request(b->hw, &req);
	assert_int_equal(b->prg_count, 1);
	assert_in_range(d.failed_closed, 0, 1);
	iommu_mm_put_users(&m.mm);
	assert_int_equal(iommu_dev_disable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	vbench_unmake(b);
	return d.failed_closed;
}

/* [M4] 7.10: an unbind waits for answers that the unit gives by itself. */
static void test_vtd_drop_drain_is_noticed(void **state)
{
	(void)state;
	assert_true(drains(false));
	assert_false(drains(true));
}

/* [R11] Nobody goes on without the wait: it is what completion means. */
static void test_vtd_drop_wait_is_noticed(void **state)
{
	struct vbench *b = vbench_make(HW_STRICT, 0);
	struct vbench_space m;
	struct iommu_domain *d;
	struct vtd_stats stats;

	(void)state;
	assert_int_equal(vbench_probe(b, 20), 0);
	vbench_add_device(b);
	vbench_make_space(b, &m, 4);
	vbench_map(&m, 0x10000, 0x111000);
	assert_int_equal(vbench_attach(b, &m, 7, &d), 0);
	vtd_stats(b->unit, &stats);
	assert_int_equal(stats.failed_closed, 0);
	b->drop = (struct vbench_kind){ "wait", VTD_INV_WAIT, 0 };
	vbench_unmap(&m, 0x10000, 0x11000);
	vtd_stats(b->unit, &stats);
	assert_int_equal(stats.failed_closed, 1);
	assert_int_equal(vbench_dma(b, 7, 0x10000), 0);
	b->drop.type = 0;
	vbench_detach(b, d, 7);
	iommu_mm_put_users(&m.mm);
	vbench_unmake(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_drop_any_kind_is_noticed),
		cmocka_unit_test(test_vtd_drop_any_descriptor_is_noticed),
		cmocka_unit_test(test_vtd_drop_drain_is_noticed),
		cmocka_unit_test(test_vtd_drop_wait_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
