// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translates between the DMA API and the arena. A caller that names a mapping
 * wrongly cannot be told, these operations return nothing: it is counted, and said
 * in the log at a bounded rate.
 */
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/virtio_loopback.h>
#include <kcompat.h>

#include "arena.h"
#include "bounce.h"
#include "dma.h"

static struct vlb_arena *arena_of(struct device *dev)
{
	return dev_get_drvdata(dev);
}

static bool copies(unsigned long attrs)
{
	return !(attrs & DMA_ATTR_SKIP_CPU_SYNC);
}

static void *dma_alloc(struct device *dev, size_t size, dma_addr_t *addr, gfp_t gfp,
		       unsigned long attrs)
{
	return vlb_bounce_alloc_ring(arena_of(dev), size, addr);
}

static void dma_free(struct device *dev, size_t size, void *mem, dma_addr_t addr,
		     unsigned long attrs)
{
	if (vlb_bounce_free_ring(arena_of(dev), size, mem, addr))
		dev_warn_ratelimited(dev, "free of %zu bytes at %pad: not allocated so\n", size,
				     &addr);
}

static dma_addr_t dma_map_one(struct device *dev, struct page *page, unsigned long offset,
			      size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	return vlb_bounce_map(arena_of(dev), page, offset, size, dir, copies(attrs));
}

static void dma_unmap_one(struct device *dev, dma_addr_t addr, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
	if (vlb_bounce_unmap(arena_of(dev), addr, size, dir, copies(attrs)))
		dev_warn_ratelimited(dev, "unmap of %zu bytes at %pad, direction %d: not mapped so\n",
				     size, &addr, dir);
}

static void dma_unmap_list(struct device *dev, struct scatterlist *sg, int n,
			   enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *s;
	int i;

	for_each_sg(sg, s, n, i)
		dma_unmap_one(dev, sg_dma_address(s), sg_dma_len(s), dir, attrs);
}

static int dma_map_list(struct device *dev, struct scatterlist *sg, int n,
			enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *s;
	int i;

	for_each_sg(sg, s, n, i) {
		sg_dma_address(s) = dma_map_one(dev, sg_page(s), s->offset, s->length, dir,
						attrs);
		if (sg_dma_address(s) == DMA_MAPPING_ERROR) {
			/* Nothing came back from the device: nothing to copy. */
			dma_unmap_list(dev, sg, i, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
			return -EIO;
		}
		sg_dma_len(s) = s->length;
	}
	return n;
}

static void sync_one(struct device *dev, dma_addr_t addr, size_t size,
		     enum dma_data_direction dir, bool for_cpu)
{
	if (vlb_bounce_sync(arena_of(dev), addr, size, dir, for_cpu))
		dev_warn_ratelimited(dev, "sync of %zu bytes at %pad, direction %d: not mapped so\n",
				     size, &addr, dir);
}

static void dma_sync_for_cpu(struct device *dev, dma_addr_t addr, size_t size,
			     enum dma_data_direction dir)
{
	sync_one(dev, addr, size, dir, true);
}

static void dma_sync_for_device(struct device *dev, dma_addr_t addr, size_t size,
				enum dma_data_direction dir)
{
	sync_one(dev, addr, size, dir, false);
}

static void dma_sync_list_for_cpu(struct device *dev, struct scatterlist *sg, int n,
				  enum dma_data_direction dir)
{
	struct scatterlist *s;
	int i;

	for_each_sg(sg, s, n, i)
		sync_one(dev, sg_dma_address(s), sg_dma_len(s), dir, true);
}

static void dma_sync_list_for_device(struct device *dev, struct scatterlist *sg, int n,
				     enum dma_data_direction dir)
{
	struct scatterlist *s;
	int i;

	for_each_sg(sg, s, n, i)
		sync_one(dev, sg_dma_address(s), sg_dma_len(s), dir, false);
}

static u64 dma_required_mask(struct device *dev)
{
	return DMA_BIT_MASK(fls64(VLB_DMA_BASE + arena_of(dev)->bytes - 1));
}

static int dma_mask_works(struct device *dev, u64 mask)
{
	return mask >= dma_required_mask(dev);
}

static size_t dma_largest(struct device *dev)
{
	return VLB_MAX_SLOT;
}

static const struct dma_map_ops vlb_dma_ops = {
	.alloc			= dma_alloc,
	.free			= dma_free,
	.map_page		= dma_map_one,
	.unmap_page		= dma_unmap_one,
	.map_sg			= dma_map_list,
	.unmap_sg		= dma_unmap_list,
	.sync_single_for_cpu	= dma_sync_for_cpu,
	.sync_single_for_device	= dma_sync_for_device,
	.sync_sg_for_cpu	= dma_sync_list_for_cpu,
	.sync_sg_for_device	= dma_sync_list_for_device,
	.dma_supported		= dma_mask_works,
	.get_required_mask	= dma_required_mask,
	.max_mapping_size	= dma_largest,
};

/**
 * vlb_dma_setup() - send a device's DMA through an arena
 * @dev: initialised, not yet added; its driver data becomes @a
 * @a: the arena; must outlive all mappings
 * @mask: where the device keeps its DMA mask
 *
 * Return: 0, or -EOPNOTSUPP on a kernel without DMA operations of a device's own.
 */
int vlb_dma_setup(struct device *dev, struct vlb_arena *a, u64 *mask)
{
	if (!KC_HAVE_DMA_OPS)
		return -EOPNOTSUPP;
	dev_set_drvdata(dev, a);
	*mask = DMA_BIT_MASK(64);
	dev->dma_mask = mask;
	dev->coherent_dma_mask = DMA_BIT_MASK(64);
	set_dma_ops(dev, &vlb_dma_ops);
	return 0;
}
