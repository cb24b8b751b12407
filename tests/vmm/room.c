/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <sva/hosted.h>

#include "tests/vmm/room.h"

const struct plat *__real_plat_hosted_plat(struct plat_hosted *hosted);
const struct plat *__wrap_plat_hosted_plat(struct plat_hosted *hosted);

/* Written before a host has threads; there is one host at a time. */
static const struct plat *below;
static struct plat_ops ops;
static struct plat plat;

static _Atomic long live;
static _Atomic long tries;
static _Atomic long fail_nth;
static _Atomic bool refused;

void room_fail_nth(long nth)
{
	if (nth)
		atomic_store(&refused, false);
	atomic_store(&tries, 0);
	atomic_store(&fail_nth, nth);
}

bool room_refused(void)
{
	return atomic_load(&refused);
}

long room_live(void)
{
	return atomic_load(&live);
}

static bool has_room(void)
{
	if (atomic_fetch_add(&tries, 1) + 1 != atomic_load(&fail_nth))
		return true;
	atomic_store(&refused, true);
	return false;
}

static void *zalloc(void *ctx, size_t size)
{
	void *mem = has_room() ? below->ops->zalloc(ctx, size) : NULL;

	live += mem != NULL;
	return mem;
}

static void release(void *ctx, void *mem)
{
	live -= mem != NULL;
	below->ops->free(ctx, mem);
}

static void *pages_alloc(void *ctx, size_t size)
{
	void *pages = has_room() ? below->ops->pages_alloc(ctx, size) : NULL;

	live += pages != NULL;
	return pages;
}

static void pages_free(void *ctx, void *pages, size_t size)
{
	live -= pages != NULL;
	below->ops->pages_free(ctx, pages, size);
}

static struct plat_workqueue *workqueue_create(void *ctx, const char *name,
					       unsigned int threads)
{
	struct plat_workqueue *wq = NULL;

	if (has_room())
		wq = below->ops->workqueue_create(ctx, name, threads);
	live += wq != NULL;
	return wq;
}

static void workqueue_destroy(void *ctx, struct plat_workqueue *wq)
{
	live -= wq != NULL;
	below->ops->workqueue_destroy(ctx, wq);
}

static int irq_request(void *ctx, unsigned int irq, void (*fn)(void *arg),
		       void *arg, const char *name)
{
	int err = -ENOMEM;

	if (has_room())
		err = below->ops->irq_request(ctx, irq, fn, arg, name);
	live += !err;
	return err;
}

static void irq_free(void *ctx, unsigned int irq)
{
	live--;
	below->ops->irq_free(ctx, irq);
}

static int msi_alloc(void *ctx, struct plat_msi *ret_msi)
{
	int err = has_room() ? below->ops->msi_alloc(ctx, ret_msi) : -ENOSPC;

	live += !err;
	return err;
}

static void msi_free(void *ctx, const struct plat_msi *msi)
{
	live--;
	below->ops->msi_free(ctx, msi);
}

const struct plat *__wrap_plat_hosted_plat(struct plat_hosted *hosted)
{
	const struct plat *real = __real_plat_hosted_plat(hosted);

	if (below == real)
		return &plat;
	below = real;
	ops = *below->ops;
	ops.zalloc = zalloc;
	ops.free = release;
	ops.pages_alloc = pages_alloc;
	ops.pages_free = pages_free;
	ops.workqueue_create = workqueue_create;
	ops.workqueue_destroy = workqueue_destroy;
	ops.irq_request = irq_request;
	ops.irq_free = irq_free;
	ops.msi_alloc = msi_alloc;
	ops.msi_free = msi_free;
	plat = (struct plat){ &ops, below->ctx };
	return &plat;
}
