// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mapping copies once in each direction: into the slot when the device is to read,
 * out of it when the device has written. A buffer the device writes is not copied in
 * first: what it leaves unwritten is undefined, as the DMA API has it, and comes
 * from the arena, which the device can see anyway.
 */
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/virtio_loopback.h>

#include "arena.h"
#include "bounce.h"

static bool device_reads(enum dma_data_direction dir)
{
	return dir == DMA_TO_DEVICE || dir == DMA_BIDIRECTIONAL;
}

static bool device_writes(enum dma_data_direction dir)
{
	return dir == DMA_FROM_DEVICE || dir == DMA_BIDIRECTIONAL;
}

static void *memory_at(struct vlb_arena *a, u64 offset)
{
	return a->mem + offset;
}

/* @offset may lie beyond the first page; the pages are physically contiguous. */
static void copy_buffer(void *slot, struct page *page, unsigned long offset, size_t size,
			bool to_slot)
{
	unsigned long pfn = page_to_pfn(page) + (offset >> PAGE_SHIFT);

	offset = offset_in_page(offset);
	while (size) {
		size_t n = min_t(size_t, size, PAGE_SIZE - offset);

		if (to_slot)
			memcpy_from_page(slot, pfn_to_page(pfn), offset, n);
		else
			memcpy_to_page(pfn_to_page(pfn), offset, slot, n);
		slot += n;
		size -= n;
		offset = 0;
		pfn++;
	}
}

/**
 * vlb_bounce_map() - give a buffer to the device
 * @a: the arena
 * @page: first page of the buffer
 * @offset: of the buffer from the beginning of @page, bytes; may exceed a page
 * @size: of the buffer, bytes
 * @dir: who writes and who reads
 * @copy: copy what the device is to read now, rather than at a sync
 *
 * Context: any but hard interrupt; takes the arena's lock.
 *
 * Return: the address for the device, or DMA_MAPPING_ERROR.
 */
dma_addr_t vlb_bounce_map(struct vlb_arena *a, struct page *page, unsigned long offset,
			  size_t size, enum dma_data_direction dir, bool copy)
{
	struct vlb_slot *slot;
	unsigned long flags;
	u64 at;

	if (dir == DMA_NONE)
		return DMA_MAPPING_ERROR;
	slot = vlb_arena_take(a, device_writes(dir) ? VLB_CLASS_IN : VLB_CLASS_OUT, size);
	if (!slot)
		return DMA_MAPPING_ERROR;
	at = vlb_arena_offset(a, slot);
	if (copy && device_reads(dir))
		copy_buffer(memory_at(a, at), page, offset, size, true);

	spin_lock_irqsave(&a->lock, flags);
	slot->page = pfn_to_page(page_to_pfn(page) + (offset >> PAGE_SHIFT));
	slot->offset = offset_in_page(offset);
	slot->size = size;
	slot->dir = dir;
	slot->state = VLB_SLOT_MAPPED;
	a->maps++;
	spin_unlock_irqrestore(&a->lock, flags);
	return VLB_DMA_BASE + at;
}

/* Takes the slot out of circulation, so that of two unmaps one finds nothing. */
static struct vlb_slot *claim(struct vlb_arena *a, enum vlb_class class, dma_addr_t addr,
			      size_t size, enum dma_data_direction dir)
{
	struct vlb_slot *slot = NULL;
	unsigned long flags;

	spin_lock_irqsave(&a->lock, flags);
	if (addr >= VLB_DMA_BASE)
		slot = vlb_arena_find(a, addr - VLB_DMA_BASE);
	if (slot && vlb_arena_offset(a, slot) == addr - VLB_DMA_BASE &&
	    slot->class == class && slot->size == size && slot->dir == dir) {
		slot->state = VLB_SLOT_BUSY;
	} else {
		slot = NULL;
		a->bad_unmap++;
	}
	spin_unlock_irqrestore(&a->lock, flags);
	return slot;
}

/**
 * vlb_bounce_unmap() - take a buffer back from the device
 * @a: the arena
 * @addr: what vlb_bounce_map() returned
 * @size: as mapped
 * @dir: as mapped
 * @copy: copy what the device has written, rather than at a sync before
 *
 * Context: any but hard interrupt; takes the arena's lock.
 *
 * Return: 0, or -EINVAL and nothing copied if there is no such mapping.
 */
int vlb_bounce_unmap(struct vlb_arena *a, dma_addr_t addr, size_t size,
		     enum dma_data_direction dir, bool copy)
{
	struct vlb_slot *slot;

	slot = claim(a, device_writes(dir) ? VLB_CLASS_IN : VLB_CLASS_OUT, addr, size, dir);
	if (!slot)
		return -EINVAL;
	if (copy && device_writes(dir))
		copy_buffer(memory_at(a, addr - VLB_DMA_BASE), slot->page, slot->offset, size,
			    false);
	vlb_arena_give(a, slot);
	return 0;
}

/**
 * vlb_bounce_sync() - copy part of a mapping
 * @a: the arena
 * @addr: anywhere inside a mapping
 * @size: bytes, not beyond its end
 * @dir: as mapped
 * @for_cpu: the driver wants to read; else: it has written
 *
 * Copies in the direction in which there may be news. Context: any but hard
 * interrupt; takes the arena's lock.
 *
 * Return: 0, or -EINVAL and nothing copied if the range is not inside a mapping.
 */
int vlb_bounce_sync(struct vlb_arena *a, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir, bool for_cpu)
{
	struct vlb_slot *slot = NULL;
	struct vlb_slot copy;
	unsigned long flags;
	u64 inside = 0;
	bool ok;

	spin_lock_irqsave(&a->lock, flags);
	if (addr >= VLB_DMA_BASE)
		slot = vlb_arena_find(a, addr - VLB_DMA_BASE);
	if (slot) {
		copy = *slot;
		inside = addr - VLB_DMA_BASE - vlb_arena_offset(a, slot);
	}
	ok = slot && copy.class != VLB_CLASS_RING && copy.dir == dir && inside <= copy.size &&
	     size <= copy.size - inside;
	if (!ok)
		a->bad_sync++;
	spin_unlock_irqrestore(&a->lock, flags);
	if (!ok)
		return -EINVAL;

	if (for_cpu ? device_writes(dir) : device_reads(dir))
		copy_buffer(memory_at(a, addr - VLB_DMA_BASE), copy.page, copy.offset + inside,
			    size, !for_cpu);
	return 0;
}

/**
 * vlb_bounce_alloc_ring() - memory both sides use in place
 * @a: the arena
 * @size: bytes
 * @addr: filled: the address for the device
 *
 * Context: any but hard interrupt; takes the arena's lock.
 *
 * Return: zeroed memory, page aligned, or NULL.
 */
void *vlb_bounce_alloc_ring(struct vlb_arena *a, size_t size, dma_addr_t *addr)
{
	struct vlb_slot *slot;
	unsigned long flags;
	u64 at;

	slot = vlb_arena_take(a, VLB_CLASS_RING, max_t(size_t, size, PAGE_SIZE));
	if (!slot)
		return NULL;
	at = vlb_arena_offset(a, slot);
	memset(memory_at(a, at), 0, size);

	spin_lock_irqsave(&a->lock, flags);
	slot->page = NULL;
	slot->size = size;
	slot->dir = DMA_BIDIRECTIONAL;
	slot->state = VLB_SLOT_MAPPED;
	spin_unlock_irqrestore(&a->lock, flags);
	*addr = VLB_DMA_BASE + at;
	return memory_at(a, at);
}

/**
 * vlb_bounce_free_ring() - undo vlb_bounce_alloc_ring()
 * @a: the arena
 * @size: as allocated
 * @mem: what it returned
 * @addr: the address it gave
 *
 * Context: any but hard interrupt; takes the arena's lock.
 *
 * Return: 0, or -EINVAL if there is no such ring.
 */
int vlb_bounce_free_ring(struct vlb_arena *a, size_t size, void *mem, dma_addr_t addr)
{
	struct vlb_slot *slot;

	slot = claim(a, VLB_CLASS_RING, addr, size, DMA_BIDIRECTIONAL);
	if (!slot)
		return -EINVAL;
	vlb_arena_give(a, slot);
	return 0;
}
