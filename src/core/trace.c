/* SPDX-License-Identifier: MIT */
/* Following faults: who, what, whose answer, how long. [U12] */
#include "core/device.h"

void iommu_system_trace_faults(struct iommu_system *sys,
			       const struct iommu_fault_tracer *tracer)
{
	/* Release pairs with the acquire in fault_trace(). */
	atomic_store_explicit(&sys->tracer, tracer, memory_order_release);
	/* Whoever found the one before has left it now. */
	plat_rcu_synchronize(sys->plat);
}

uint64_t fault_trace_start(const struct iommu_system *sys)
{
	/* Relaxed: nothing is read through it. */
	return atomic_load_explicit(&sys->tracer, memory_order_relaxed) ?
		       plat_now_ns(sys->plat) :
		       0;
}

void fault_trace(struct iommu_device *dev, const struct iommu_fault *fault,
		 const struct iommu_fault_trace *end, uint64_t since_ns)
{
	const struct plat *plat = dev->sys->plat;
	const struct iommu_fault_tracer *tracer;
	struct iommu_fault_trace trace = *end;

	/* Relaxed: looked at again where it counts. */
	if (!atomic_load_explicit(&dev->sys->tracer, memory_order_relaxed))
		return;
	trace.fault = fault;
	/* 0: it came before the tracer. */
	trace.latency_ns = since_ns ? plat_now_ns(plat) - since_ns : 0;
	plat_rcu_read_lock(plat);
	/* Acquire pairs with the release above. */
	tracer = atomic_load_explicit(&dev->sys->tracer, memory_order_acquire);
	if (tracer)
		tracer->traced(tracer->arg, dev, &trace);
	plat_rcu_read_unlock(plat);
}
