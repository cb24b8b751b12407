/* SPDX-License-Identifier: MIT */
/*
 * What a device tree says of SMMUs and of the devices behind them: the bindings
 * arm,smmu-v3, iommus, iommu-map and pasid-num-bits.
 *
 * The tree may come from anywhere: it is checked in full, and what is wrong
 * with it is said with the node it is wrong in.
 */
#ifndef SVA_DT_H
#define SVA_DT_H

#include <sva/device.h>
#include <sva/types.h>

/* Interrupts of an SMMU, by their names in the tree. */
enum plat_dt_irq_name {
	PLAT_DT_IRQ_EVENTQ,
	PLAT_DT_IRQ_PRIQ,
	PLAT_DT_IRQ_GERROR,
	PLAT_DT_IRQ_CMDQ_SYNC,
	PLAT_DT_IRQ_COMBINED, /* one for all */
	PLAT_DT_IRQ_COUNT,
};

enum { PLAT_DT_IRQ_CELLS = 4 };

/**
 * struct plat_dt_irq - an interrupt, as its controller understands it
 * @cell_count: of @cells; 0: there is no such interrupt.
 * @controller: phandle.
 */
struct plat_dt_irq {
	unsigned int cell_count;
	uint32_t controller;
	uint32_t cells[PLAT_DT_IRQ_CELLS];
};

/**
 * struct plat_dt_smmu - a node arm,smmu-v3
 * @path: where in the tree; what is not printable is a question mark.
 * @base, @size: of the registers, as the CPUs see them.
 * @msi_parent: phandle of who takes its messages; 0: nobody.
 * @msi_id: what it is called there.
 * @coherent: dma-coherent.
 * @broken_prefetch: hisilicon,broken-prefetch-cmd.
 * @broken_page1: cavium,cn9900-broken-page1-regspace; the registers are one
 *        page of 64 KiB then, otherwise two.
 */
struct plat_dt_smmu {
	const char *path;
	uint64_t base;
	uint64_t size;
	struct plat_dt_irq irq[PLAT_DT_IRQ_COUNT];
	uint32_t msi_parent;
	uint32_t msi_id;
	bool coherent;
	bool broken_prefetch;
	bool broken_page1;
};

/* A StreamID. @smmu: index of plat_dt.smmus. */
struct plat_dt_stream {
	size_t smmu;
	uint32_t id;
};

/**
 * struct plat_dt_map - requester ids of a root complex
 * @rid: the first, of @count; id @rid + n is stream @stream + n.
 */
struct plat_dt_map {
	size_t smmu;
	uint32_t rid;
	uint32_t count;
	uint32_t stream;
};

/**
 * struct plat_dt_master - a node whose transactions go through an SMMU
 * @streams:    iommus: its StreamIDs.
 * @maps:       iommu-map, if it is a root complex; the first that fits counts.
 * @map_mask:   iommu-map-mask, for requester ids before they are looked up.
 * @pasid_bits: pasid-num-bits; 0: it sends none.
 * @can_stall:  dma-can-stall.
 * @ats:        ats-supported.
 * @coherent:   dma-coherent.
 */
struct plat_dt_master {
	const char *path;
	const struct plat_dt_stream *streams;
	size_t stream_count;
	const struct plat_dt_map *maps;
	size_t map_count;
	uint32_t map_mask;
	unsigned int pasid_bits;
	bool can_stall;
	bool ats;
	bool coherent;
};

/**
 * struct plat_dt - what was found, in the order of the tree
 *
 * Nodes that are not available (status) are left out, and so are references to
 * SMMUs that are not, and to other IOMMUs. A master of which nothing is left
 * is left out.
 */
struct plat_dt {
	const struct plat_dt_smmu *smmus;
	size_t smmu_count;
	const struct plat_dt_master *masters;
	size_t master_count;
};

/* A sentence: what is wrong, and in which node. */
struct plat_dt_error {
	char text[200];
};

/**
 * plat_dt_parse() - read a flattened device tree
 * @blob, @size: the tree and how much memory there is of it. Borrowed for the
 *           call; any contents.
 * @ret_dt:  set on success; plat_dt_free().
 * @ret_error: set on -EINVAL. May be NULL.
 *
 * Context: may sleep.
 * Cost:    that of sorting the nodes, and for each SMMU, of which at most 256
 *          are taken, of a few walks of the tree at worst; memory of a few
 *          times the size. More than 16 MiB is no tree.
 * Return:  0, -EINVAL it is not a tree, or breaks a binding; -ENOMEM.
 * Spec:    Devicetree Specification 0.4 (2.3, 2.4, 5); the bindings of Linux,
 *          iommu/arm,smmu-v3, iommu/iommu and pci/pci-iommu.
 * Test:    tests/plat/fdt_test.c
 */
SVA_MUST_CHECK int plat_dt_parse(const void *blob, size_t size,
				 struct plat_dt **ret_dt,
				 struct plat_dt_error *ret_error);

/* NULL is fine. */
void plat_dt_free(struct plat_dt *dt);

/**
 * plat_dt_find_stream() - the stream of a PCIe function
 * @rid: its requester id: bus, device and function.
 *
 * Context: any. Cost: that of the map's length.
 * Return:  0, -ENOENT it goes through no SMMU.
 * Test:    tests/plat/fdt_test.c
 */
SVA_MUST_CHECK int plat_dt_find_stream(const struct plat_dt_master *m,
				       uint16_t rid,
				       struct plat_dt_stream *ret_stream);

/**
 * plat_dt_device() - a platform device, as iommu_device_add() wants it
 * @m:        from the tree; borrowed by *@ret_desc.
 * @smmu:     index of plat_dt.smmus. A device with StreamIDs at several SMMUs
 *            is one device behind each.
 * @ids:      room for its StreamIDs there; the caller's, until the device has
 *            been added.
 * @room:     of @ids; m->stream_count is enough.
 * @ret_desc: name, StreamIDs, pasid_bits and can_stall. The unit is the
 *            caller's to fill in, as is the group.
 *
 * Context: any. Cost: that of the StreamIDs.
 * Return:  0, -ENOENT it has no StreamID there, -ENOSPC @ids is too small.
 * Test:    tests/e2e/dt_test.c
 */
SVA_MUST_CHECK int plat_dt_device(const struct plat_dt_master *m, size_t smmu,
				  uint32_t *ids, size_t room,
				  struct iommu_device_desc *ret_desc);

#endif
