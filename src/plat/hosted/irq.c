/* SPDX-License-Identifier: MIT */
/*
 * Interrupts: each requested number has a thread, so a handler that waits
 * delays no other. Edges that arrive while it runs make it run once more.
 *
 * Messages are writes to a page that no one can access, so their addresses
 * are nobody's memory; the data is the number.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "plat/hosted/platform.h"

/* To tell that a handler frees or waits for itself. */
static _Thread_local struct hosted_irq *current;

int hosted_irqs_init(struct plat_hosted *h)
{
	unsigned int i;

	h->doorbell = mmap(NULL, HOSTED_PAGE_SIZE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (h->doorbell == MAP_FAILED)
		return -ENOMEM;
	pthread_mutex_init(&h->msi_lock, NULL);
	for (i = 0; i < HOSTED_IRQ_COUNT; i++) {
		pthread_mutex_init(&h->irqs[i].lock, NULL);
		pthread_cond_init(&h->irqs[i].change, NULL);
	}
	return 0;
}

void hosted_irqs_fini(struct plat_hosted *h)
{
	unsigned int i;

	for (i = 0; i < HOSTED_IRQ_COUNT; i++) {
		if (h->irqs[i].requested)
			hosted_die("interrupt %u is not freed", i);
		pthread_cond_destroy(&h->irqs[i].change);
		pthread_mutex_destroy(&h->irqs[i].lock);
	}
	pthread_mutex_destroy(&h->msi_lock);
	munmap(h->doorbell, HOSTED_PAGE_SIZE);
}

static void *irq_main(void *arg)
{
	struct hosted_irq *irq = arg;
	uint64_t raised;

	current = irq;
	pthread_mutex_lock(&irq->lock);
	for (;;) {
		while (irq->raised == irq->handled && !irq->stop)
			pthread_cond_wait(&irq->change, &irq->lock);
		if (irq->stop)
			break;
		raised = irq->raised;
		pthread_mutex_unlock(&irq->lock);
		irq->fn(irq->arg);
		pthread_mutex_lock(&irq->lock);
		irq->handled = raised;
		pthread_cond_broadcast(&irq->change);
	}
	pthread_mutex_unlock(&irq->lock);
	return NULL;
}

int hosted_irq_request(void *ctx, unsigned int irq, void (*fn)(void *arg),
		       void *arg, const char *name)
{
	struct plat_hosted *h = to_hosted(ctx);
	struct hosted_irq *i;
	int err = 0;

	hosted_may_sleep("plat_irq_request");
	if (irq >= HOSTED_IRQ_COUNT)
		return -EINVAL;
	i = &h->irqs[irq];
	pthread_mutex_lock(&i->lock);
	if (irq >= HOSTED_LINE_COUNT && !i->allocated)
		err = -EINVAL;
	else if (i->requested)
		err = -EBUSY;
	else
		i->requested = true;
	if (!err) {
		i->fn = fn;
		i->arg = arg;
		i->stop = false;
		i->handled = i->raised;
	}
	pthread_mutex_unlock(&i->lock);
	if (err)
		return err;
	if (hosted_thread_start(h, &i->thread, irq_main, i, name)) {
		pthread_mutex_lock(&i->lock);
		i->requested = false;
		pthread_mutex_unlock(&i->lock);
		return -ENOMEM;
	}
	return 0;
}

void hosted_irq_free(void *ctx, unsigned int irq)
{
	struct plat_hosted *h = to_hosted(ctx);
	struct hosted_irq *i = &h->irqs[irq];

	hosted_may_sleep("plat_irq_free");
	if (current == i)
		hosted_die("interrupt %u is freed by its handler", irq);
	pthread_mutex_lock(&i->lock);
	i->stop = true;
	pthread_cond_broadcast(&i->change);
	pthread_mutex_unlock(&i->lock);
	hosted_thread_join(h, &i->thread);
	pthread_mutex_lock(&i->lock);
	i->handled = i->raised;
	i->requested = false;
	pthread_cond_broadcast(&i->change);
	pthread_mutex_unlock(&i->lock);
}

void hosted_irq_sync(void *ctx, unsigned int irq)
{
	struct hosted_irq *i = &to_hosted(ctx)->irqs[irq];
	uint64_t raised;

	hosted_may_sleep("plat_irq_sync");
	if (current == i)
		hosted_die("interrupt %u is waited for by its handler", irq);
	pthread_mutex_lock(&i->lock);
	raised = i->raised;
	while (i->requested && i->handled < raised)
		pthread_cond_wait(&i->change, &i->lock);
	pthread_mutex_unlock(&i->lock);
}

/* An edge that nobody has asked for is lost. */
void plat_hosted_raise_irq(struct plat_hosted *hosted, unsigned int irq)
{
	struct hosted_irq *i;

	if (irq >= HOSTED_IRQ_COUNT)
		return;
	i = &hosted->irqs[irq];
	pthread_mutex_lock(&i->lock);
	if (i->requested) {
		i->raised++;
		pthread_cond_broadcast(&i->change);
	}
	pthread_mutex_unlock(&i->lock);
}

int hosted_msi_alloc(void *ctx, struct plat_msi *ret_msi)
{
	struct plat_hosted *h = to_hosted(ctx);
	unsigned int irq;

	pthread_mutex_lock(&h->msi_lock);
	for (irq = HOSTED_LINE_COUNT; irq < HOSTED_IRQ_COUNT; irq++)
		if (!h->irqs[irq].allocated)
			break;
	if (irq < HOSTED_IRQ_COUNT) {
		pthread_mutex_lock(&h->irqs[irq].lock);
		h->irqs[irq].allocated = true;
		pthread_mutex_unlock(&h->irqs[irq].lock);
	}
	pthread_mutex_unlock(&h->msi_lock);
	if (irq == HOSTED_IRQ_COUNT)
		return -ENOSPC;
	ret_msi->address = (uintptr_t)h->doorbell;
	ret_msi->data = irq;
	ret_msi->irq = irq;
	return 0;
}

void hosted_msi_free(void *ctx, const struct plat_msi *msi)
{
	struct plat_hosted *h = to_hosted(ctx);
	struct hosted_irq *i = &h->irqs[msi->irq];

	pthread_mutex_lock(&h->msi_lock);
	pthread_mutex_lock(&i->lock);
	if (i->requested)
		hosted_die("message %u is freed before its handler", msi->irq);
	i->allocated = false;
	pthread_mutex_unlock(&i->lock);
	pthread_mutex_unlock(&h->msi_lock);
}

int hosted_msi_write(struct plat_hosted *h, uint64_t address, uint32_t data)
{
	if (address != (uintptr_t)h->doorbell || data < HOSTED_LINE_COUNT ||
	    data >= HOSTED_IRQ_COUNT) {
		hosted_log(h, PLAT_LOG_WARN,
			   "message %#x to %#llx is for nobody", data,
			   (unsigned long long)address);
		return -EFAULT;
	}
	plat_hosted_raise_irq(h, data);
	return 0;
}
