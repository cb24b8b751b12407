/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "tests/core/bond.h"

int bond_setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	rig_up(&f.rig, NULL, NULL);
	f.dev = f.rig.dev[0];
	f.mm = soft_mm_create(&f.rig);
	assert_ok(iommu_dev_enable_feature(f.dev, IOMMU_DEV_FEAT_SVA));
	*state = &f;
	return 0;
}

int bond_teardown(void **state)
{
	struct fixture *f = *state;

	if (!f->mm_gone)
		iommu_mm_put_users(&f->mm->mm);
	rig_down(&f->rig);
	return 0;
}

void exit_mm(struct fixture *f)
{
	f->mm_gone = true;
	iommu_mm_put_users(&f->mm->mm);
}

void bond_bind(struct fixture *f)
{
	assert_ok(iommu_sva_bind(f->dev, &f->mm->mm, NULL, &f->sva));
}

void assert_unbound(struct fixture *f)
{
	struct iommu_sva_param param;

	assert_int_equal(f->mm->mm.pasid, 0);
	assert_int_equal(f->mm->mm.pasid_refs, 0);
	assert_int_equal(f->mm->mm.refs, 1);
	assert_int_equal(f->mm->mm.users, 1);
	assert_null(f->mm->mm.sva);
	assert_null(f->mm->mm.notifiers);
	assert_int_equal(stats_of(&f->rig).pasids, 0);
	assert_int_equal(mock_entry(f->rig.mock, f->dev, 1), MOCK_ENTRY_ABORT);
	if (iommu_sva_enabled(f->dev, &param))
		assert_int_equal(param.nr_bonds, 0);
}

void *unbind_thread(void *arg)
{
	struct slow_fault *s = arg;

	iommu_sva_unbind(s->f->sva);
	atomic_store(&s->unbound, true);
	return NULL;
}
