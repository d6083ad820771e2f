/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffers of the driver, copied into slots of the arena and back. Every call that
 * names a mapping must name it exactly; what does not match is refused and counted,
 * and never leads to a copy.
 */
#ifndef _VLB_BOUNCE_H
#define _VLB_BOUNCE_H

#include <linux/dma-direction.h>
#include <linux/types.h>

struct page;
struct vlb_arena;

dma_addr_t vlb_bounce_map(struct vlb_arena *a, struct page *page, unsigned long offset,
			  size_t size, enum dma_data_direction dir, bool copy);
int vlb_bounce_unmap(struct vlb_arena *a, dma_addr_t addr, size_t size,
		     enum dma_data_direction dir, bool copy);
int vlb_bounce_sync(struct vlb_arena *a, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir, bool for_cpu);
void *vlb_bounce_alloc_ring(struct vlb_arena *a, size_t size, dma_addr_t *addr);
int vlb_bounce_free_ring(struct vlb_arena *a, size_t size, void *mem, dma_addr_t addr);

#endif /* _VLB_BOUNCE_H */
