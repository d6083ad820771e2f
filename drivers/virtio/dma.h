/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMA operations of the virtio device's parent: the driver's mappings go through
 * the arena which is the parent's driver data.
 */
#ifndef _VLB_DMA_H
#define _VLB_DMA_H

struct device;
struct vlb_arena;

int vlb_dma_setup(struct device *dev, struct vlb_arena *a, u64 *mask);

#endif /* _VLB_DMA_H */
