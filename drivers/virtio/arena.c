// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots are handed out by the buddy method: a slot of order n begins at a multiple
 * of its size, is split into two halves when a smaller one is wanted, and joins its
 * other half again when both are free. So neither small slots nor contiguous runs
 * of many pages need memory of their own, and every step is bounded by the number
 * of orders.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/virtio_loopback.h>

#include "arena.h"

static unsigned int order_of(size_t size)
{
	return order_base_2(DIV_ROUND_UP(size, VLB_GRANULE));
}

static void push_free(struct vlb_arena *a, u32 i, unsigned int order)
{
	struct vlb_slot *slot = &a->slots[i];

	slot->state = VLB_SLOT_FREE;
	slot->order = order;
	list_add(&slot->free, &a->free[order]);
	a->orders |= BIT(order);
}

static void pull_free(struct vlb_arena *a, struct vlb_slot *slot)
{
	list_del(&slot->free);
	if (list_empty(&a->free[slot->order]))
		a->orders &= ~BIT(slot->order);
	slot->state = VLB_SLOT_INNER;
}

/* The end need not be a multiple of the largest slot: cut as large as it goes. */
static void cut_all(struct vlb_arena *a)
{
	u32 i = 0;

	while (i < a->nr_slots) {
		unsigned int order = i ? min_t(unsigned int, __ffs(i), VLB_MAX_ORDER) :
					 VLB_MAX_ORDER;

		while (i + BIT(order) > a->nr_slots)
			order--;
		push_free(a, i, order);
		i += BIT(order);
	}
}

/**
 * vlb_arena_init() - allocate an arena
 * @a: where to; zeroed
 * @bytes: size, a multiple of the page size, at most VLB_MAX_ARENA
 * @in_quota: bytes of slots the device may be given to write
 * @out_quota: bytes of slots the device may be given to read
 *
 * The memory is zeroed. Context: process, may sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int vlb_arena_init(struct vlb_arena *a, size_t bytes, u64 in_quota, u64 out_quota)
{
	unsigned int i;

	a->mem = vmalloc_user(bytes);
	a->nr_slots = bytes >> VLB_GRANULE_SHIFT;
	a->slots = kvcalloc(a->nr_slots, sizeof(*a->slots), GFP_KERNEL_ACCOUNT);
	if (!a->mem || !a->slots) {
		vlb_arena_destroy(a);
		return -ENOMEM;
	}
	a->bytes = bytes;
	spin_lock_init(&a->lock);
	for (i = 0; i < VLB_NR_ORDERS; i++)
		INIT_LIST_HEAD(&a->free[i]);
	a->quota[VLB_CLASS_RING] = bytes;
	a->quota[VLB_CLASS_IN] = in_quota;
	a->quota[VLB_CLASS_OUT] = out_quota;
	cut_all(a);
	return 0;
}

/**
 * vlb_arena_destroy() - free an arena
 * @a: the arena; never initialised is fine
 *
 * A page which the process still has mapped lives on until it is unmapped.
 * Context: process, may sleep; nobody uses the arena any more.
 */
void vlb_arena_destroy(struct vlb_arena *a)
{
	kvfree(a->slots);
	vfree(a->mem);
	a->slots = NULL;
	a->mem = NULL;
}

/**
 * vlb_arena_mmap() - map an arena into a process
 * @a: the arena
 * @vma: where to; its offset and length are checked against the arena's size
 *
 * Context: process, mmap lock held.
 *
 * Return: 0, or -EINVAL for what is not a shared mapping inside the arena.
 */
int vlb_arena_mmap(struct vlb_arena *a, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	return remap_vmalloc_range(vma, a->mem, vma->vm_pgoff);
}

/**
 * vlb_arena_slot_bytes() - how much of an arena a buffer costs
 * @size: of the buffer, bytes, 1 to VLB_MAX_SLOT
 *
 * Return: bytes.
 */
size_t vlb_arena_slot_bytes(size_t size)
{
	return (size_t)VLB_GRANULE << order_of(size);
}

static struct vlb_slot *take_locked(struct vlb_arena *a, unsigned int order)
{
	struct vlb_slot *slot;
	unsigned long from = a->orders & GENMASK(VLB_MAX_ORDER, order);
	unsigned int have;
	u32 i;

	if (!from)
		return NULL;
	have = __ffs(from);
	slot = list_first_entry(&a->free[have], struct vlb_slot, free);
	pull_free(a, slot);
	i = slot - a->slots;
	while (have > order) {
		have--;
		push_free(a, i + BIT(have), have);
	}
	slot->order = order;
	return slot;
}

/**
 * vlb_arena_take() - take a slot
 * @a: the arena
 * @class: whose quota pays
 * @size: bytes it must hold
 *
 * The slot is BUSY and its memory holds what its last user left. A refusal is
 * counted. Context: any but hard interrupt; takes the arena's lock.
 *
 * Return: the slot, or NULL: quota used up, no room, or larger than VLB_MAX_SLOT.
 */
struct vlb_slot *vlb_arena_take(struct vlb_arena *a, enum vlb_class class, size_t size)
{
	struct vlb_slot *slot = NULL;
	unsigned long flags;
	u64 bytes;

	spin_lock_irqsave(&a->lock, flags);
	if (!size || size > VLB_MAX_SLOT) {
		a->fail_space++;
		goto out;
	}
	bytes = vlb_arena_slot_bytes(size);
	if (a->used[class] + bytes > a->quota[class]) {
		a->fail_quota++;
		goto out;
	}
	slot = take_locked(a, order_of(size));
	if (!slot) {
		a->fail_space++;
		goto out;
	}
	slot->state = VLB_SLOT_BUSY;
	slot->class = class;
	a->used[class] += bytes;
	a->taken++;
	a->peak = max(a->peak, a->used[VLB_CLASS_RING] + a->used[VLB_CLASS_IN] +
			       a->used[VLB_CLASS_OUT]);
out:
	spin_unlock_irqrestore(&a->lock, flags);
	return slot;
}

/**
 * vlb_arena_give() - give a slot back
 * @a: the arena
 * @slot: BUSY, and the caller's
 *
 * Context: any but hard interrupt; takes the arena's lock.
 */
void vlb_arena_give(struct vlb_arena *a, struct vlb_slot *slot)
{
	unsigned int order = slot->order;
	u32 i = slot - a->slots;
	unsigned long flags;

	spin_lock_irqsave(&a->lock, flags);
	a->used[slot->class] -= (u64)VLB_GRANULE << order;
	a->taken--;
	slot->state = VLB_SLOT_INNER;
	for (; order < VLB_MAX_ORDER; order++) {
		u32 other = i ^ BIT(order);

		if (other >= a->nr_slots || a->slots[other].state != VLB_SLOT_FREE ||
		    a->slots[other].order != order)
			break;
		pull_free(a, &a->slots[other]);
		i &= other;
	}
	push_free(a, i, order);
	spin_unlock_irqrestore(&a->lock, flags);
}

/**
 * vlb_arena_find() - the mapped slot that covers a byte
 * @a: the arena
 * @offset: of the byte
 *
 * Context: the arena's lock is held.
 *
 * Return: the slot, or NULL if the byte is not in a MAPPED one.
 */
struct vlb_slot *vlb_arena_find(struct vlb_arena *a, u64 offset)
{
	u64 granule = offset >> VLB_GRANULE_SHIFT;
	unsigned int order;

	lockdep_assert_held(&a->lock);
	if (granule >= a->nr_slots)
		return NULL;
	/* Slots begin at a multiple of their size: one candidate for each order. */
	for (order = 0; order < VLB_NR_ORDERS; order++) {
		struct vlb_slot *slot = &a->slots[granule & ~(u64)(BIT(order) - 1)];

		if (slot->state == VLB_SLOT_INNER)
			continue;
		if (slot->state == VLB_SLOT_MAPPED && slot->order >= order)
			return slot;
		return NULL;
	}
	return NULL;
}

/**
 * vlb_arena_stats() - report
 * @a: the arena
 * @st: filled
 *
 * Context: any but hard interrupt; takes the arena's lock.
 */
void vlb_arena_stats(struct vlb_arena *a, struct vlb_arena_stats *st)
{
	unsigned long flags;

	spin_lock_irqsave(&a->lock, flags);
	*st = (struct vlb_arena_stats) {
		.bytes		= a->bytes,
		.ring_bytes	= a->used[VLB_CLASS_RING],
		.in_bytes	= a->used[VLB_CLASS_IN],
		.out_bytes	= a->used[VLB_CLASS_OUT],
		.in_quota	= a->quota[VLB_CLASS_IN],
		.out_quota	= a->quota[VLB_CLASS_OUT],
		.peak_bytes	= a->peak,
		.slots		= a->taken,
		.maps		= a->maps,
		.fail_quota	= a->fail_quota,
		.fail_space	= a->fail_space,
		.bad_unmap	= a->bad_unmap,
		.bad_sync	= a->bad_sync,
	};
	spin_unlock_irqrestore(&a->lock, flags);
}
