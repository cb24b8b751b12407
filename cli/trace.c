/* SPDX-License-Identifier: MIT */
/*
 * sva run --trace-faults: a line for each fault that has come to its end. From
 * any thread and under locks, so it is one write() of what is on the stack.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/run.h"

static const char *const codes[] = {
	[IOMMU_PAGE_RESP_SUCCESS] = "success",
	[IOMMU_PAGE_RESP_INVALID] = "invalid",
	[IOMMU_PAGE_RESP_FAILURE] = "failure",
};

static const char *const reasons[] = {
	[IOMMU_FAULT_REASON_UNKNOWN] = "unknown",
	[IOMMU_FAULT_REASON_PASID_FETCH] = "pasid-fetch",
	[IOMMU_FAULT_REASON_BAD_PASID_ENTRY] = "bad-pasid-entry",
	[IOMMU_FAULT_REASON_PASID_INVALID] = "pasid-invalid",
	[IOMMU_FAULT_REASON_WALK_EABT] = "walk-abort",
	[IOMMU_FAULT_REASON_PTE_FETCH] = "not-mapped",
	[IOMMU_FAULT_REASON_PERMISSION] = "permission",
	[IOMMU_FAULT_REASON_ACCESS] = "access-flag",
	[IOMMU_FAULT_REASON_OOR_ADDRESS] = "out-of-range",
	[IOMMU_FAULT_REASON_BAD_STREAM] = "bad-stream",
};

static const char *const answered_by[] = {
	[IOMMU_FAULT_BY_NOBODY] = "nobody",
	[IOMMU_FAULT_BY_HANDLER] = "handler",
	[IOMMU_FAULT_BY_DRIVER] = "driver",
	[IOMMU_FAULT_BY_TIMEOUT] = "timeout",
};

struct line {
	char text[256];
	int length;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *l,
						      const char *fmt, ...)
{
	int room = (int)sizeof(l->text) - l->length;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->text + l->length, (size_t)room, fmt, ap);
	va_end(ap);
	l->length += n < room ? n : room - 1;
}

static void add_perm(struct line *l, uint32_t perm)
{
	add(l, " perm=%c%c%c%c", perm & IOMMU_PERM_READ ? 'r' : '-',
	    perm & IOMMU_PERM_WRITE ? 'w' : '-',
	    perm & IOMMU_PERM_EXEC ? 'x' : '-',
	    perm & IOMMU_PERM_PRIV ? 'p' : '-');
}

static void add_event(struct line *l, const struct iommu_fault_unrecov *e)
{
	if (e->flags & IOMMU_FAULT_UNRECOV_PASID_VALID)
		add(l, " pasid=%" PRIu32, e->pasid);
	if (e->flags & IOMMU_FAULT_UNRECOV_ADDR_VALID) {
		add(l, " addr=%#" PRIx64, e->addr);
		add_perm(l, e->perm);
	}
	add(l, " aborted reason=%s", reasons[e->reason]);
}

static void add_request(struct line *l, const struct iommu_fault_trace *trace)
{
	const struct iommu_fault_page_request *prm = &trace->fault->prm;

	if (prm->flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID)
		add(l, " pasid=%" PRIu32, prm->pasid);
	add(l, " %s=%" PRIu32,
	    prm->flags & IOMMU_FAULT_PAGE_REQUEST_STALLED ? "stall" : "group",
	    prm->grpid);
	add(l, " addr=%#" PRIx64, prm->addr);
	add_perm(l, prm->perm);
	add(l, " %s by=%s latency_us=%" PRIu64, codes[trace->code],
	    answered_by[trace->by], trace->latency_ns / 1000);
	if (trace->err)
		add(l, " error=%d", trace->err);
}

static void traced(void *arg, struct iommu_device *dev,
		   const struct iommu_fault_trace *trace)
{
	struct line l = { .length = 0 };

	(void)arg;
	add(&l, "fault: %s", iommu_device_name(dev));
	if (trace->fault->type == IOMMU_FAULT_UNRECOV)
		add_event(&l, &trace->fault->event);
	else
		add_request(&l, trace);
	l.text[l.length++] = '\n';
	/* Whoever does not read it does not get it. */
	(void)!write(STDERR_FILENO, l.text, (size_t)l.length);
}

const struct iommu_fault_tracer trace_to_stderr = { .traced = traced };
