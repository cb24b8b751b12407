/* SPDX-License-Identifier: MIT */
/*
 * A guest of the bench's device: memory behind a parent domain, with the tables
 * that a guest writes. Guest-physical page n is the host's page at vguest_pa();
 * the two are never the same number, so a unit that takes one for the other
 * is noticed.
 */
#ifndef TESTS_DRIVERS_VTD_GUEST_H
#define TESTS_DRIVERS_VTD_GUEST_H

#include <sva/guest.h>

#include "fmt/vtd_tables.h"
#include "tests/drivers/vtd_bench.h"

enum {
	VGUEST_PAGES = 256,
};

/**
 * struct vguest - a guest
 * @arena: its memory; @dir: its PASID directory, one page, guest-physical.
 * @next:  the first page no table has been made in.
 */
struct vguest {
	struct vbench *b;
	struct iommu_domain *parent;
	uint8_t *arena;
	uint64_t dir;
	uint64_t next;
};

#define PAGE(n) ((uint64_t)(n) << 12)

/*
 * A bench with a device, and all pages mapped in a parent, attached to it.
 * @prepare, unless NULL, sees the bench before the driver does.
 */
struct vguest *vguest_make_with(enum hw_personality personality,
				void (*prepare)(struct vguest *g, void *arg),
				void *arg);
struct vguest *vguest_make(enum hw_personality personality);
/* Nothing is bound. */
void vguest_unmake(struct vguest *g);
/* The same, and the parent has gone. */
void vguest_drop(struct vguest *g);
/* On a bench that somebody else has, with its device. */
struct vguest *vguest_on(struct vbench *b);
void vguest_off(struct vguest *g);

/* Where a guest-physical address is, as a pointer and as an address. */
uint64_t *vguest_at(struct vguest *g, uint64_t gpa);
uint64_t vguest_pa(struct vguest *g, uint64_t gpa);
/* A page for a table, zeroed. */
uint64_t vguest_page(struct vguest *g);

/* The guest's tables, made as needed. NULL-free: the entry of a PASID. */
uint64_t *vguest_entry(struct vguest *g, ioasid_t pasid);
/* A first-stage table of four levels; its entry for a page. */
uint64_t vguest_space(struct vguest *g);
uint64_t *vguest_pte(struct vguest *g, uint64_t root, uint64_t va);
void vguest_map(struct vguest *g, uint64_t root, uint64_t va, uint64_t gpa);
/* A first-stage entry of a PASID, or a pass-through one. */
struct vtd_pasid vguest_fs(uint64_t root);
struct vtd_pasid vguest_pt(void);
void vguest_set(struct vguest *g, ioasid_t pasid, const struct vtd_pasid *e);

/* With the guest's own directory. */
int vguest_bind(struct vguest *g);
int vguest_bind_rid(struct vguest *g, ioasid_t rid_pasid);
void vguest_unbind(struct vguest *g);

/* What the guest's unit was told. */
int vguest_inv(struct vguest *g, unsigned int cache);
int vguest_inv_pasid(struct vguest *g, unsigned int cache, ioasid_t pasid);
int vguest_inv_addr(struct vguest *g, unsigned int cache, ioasid_t pasid,
		    uint64_t addr, uint64_t size);

/* The device's own entry, as the host has it now. */
struct vtd_pasid vguest_host_entry(struct vguest *g, ioasid_t pasid);

/* A guest with one process, at PASID 5, and no first stage without a PASID. */
struct vguest_one {
	struct vguest *g;
	struct vbench *b;
	uint64_t root;
	uint64_t data; /* a page, at VGUEST_VA */
};

#define VGUEST_VA UINT64_C(0x7f0012345000)

void vguest_one_make(struct vguest_one *o);
void vguest_one_unmake(struct vguest_one *o);

#endif
