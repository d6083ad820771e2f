/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arena: the only kernel memory the process at the other end can see. It is
 * cut into slots, powers of two from VLB_GRANULE up, and counts what each class
 * of slots uses. What a slot is for, bounce.c knows.
 */
#ifndef _VLB_ARENA_H
#define _VLB_ARENA_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#define VLB_GRANULE_SHIFT	8
#define VLB_GRANULE		BIT(VLB_GRANULE_SHIFT)
#define VLB_MAX_ORDER		12
#define VLB_NR_ORDERS		(VLB_MAX_ORDER + 1)
#define VLB_MAX_SLOT		(VLB_GRANULE << VLB_MAX_ORDER)

struct page;
struct vlb_arena_stats;
struct vm_area_struct;

enum vlb_class {
	VLB_CLASS_RING,
	VLB_CLASS_IN,		/* the device writes */
	VLB_CLASS_OUT,		/* the device reads */
	VLB_NR_CLASSES,
};

enum vlb_slot_state {
	VLB_SLOT_INNER,		/* not the first granule of anything */
	VLB_SLOT_FREE,
	VLB_SLOT_BUSY,		/* taken, and nobody may look it up */
	VLB_SLOT_MAPPED,
};

/**
 * struct vlb_slot - one per granule; the first of a slot speaks for all
 * @free: link in the list of its order, while free
 * @page: first page of the buffer that is mapped here
 * @offset: where in @page it begins, bytes
 * @size: its length, bytes
 * @state: enum vlb_slot_state
 * @order: the slot has VLB_GRANULE << order bytes
 * @class: enum vlb_class
 * @dir: enum dma_data_direction of the mapping
 */
struct vlb_slot {
	union {
		struct list_head free;
		struct {
			struct page *page;
			u32 offset;
			u32 size;
		};
	};
	u8 state;
	u8 order;
	u8 class;
	u8 dir;
};

/**
 * struct vlb_arena - memory, its slots, its counters
 * @mem: the memory, mapped contiguously for the kernel
 * @bytes: its size
 * @slots: one for each granule
 * @nr_slots: how many
 * @lock: protects all below and the slots
 * @free: free slots by order
 * @orders: bit n is set while @free[n] has entries
 * @used: bytes taken, by class
 * @quota: bounds of @used
 * @peak: the most that was taken in all
 * @taken: slots taken
 * @maps: mappings made
 * @fail_quota: refused because of a quota
 * @fail_space: refused because of lack of space
 * @bad_unmap: unmaps that did not match a mapping
 * @bad_sync: syncs that did not match a mapping
 */
struct vlb_arena {
	void *mem;
	size_t bytes;
	struct vlb_slot *slots;
	u32 nr_slots;
	spinlock_t lock;	/* see above */
	struct list_head free[VLB_NR_ORDERS];
	unsigned long orders;
	u64 used[VLB_NR_CLASSES];
	u64 quota[VLB_NR_CLASSES];
	u64 peak;
	u64 taken;
	u64 maps;
	u64 fail_quota;
	u64 fail_space;
	u64 bad_unmap;
	u64 bad_sync;
};

int vlb_arena_init(struct vlb_arena *a, size_t bytes, u64 in_quota, u64 out_quota);
void vlb_arena_destroy(struct vlb_arena *a);
int vlb_arena_mmap(struct vlb_arena *a, struct vm_area_struct *vma);

size_t vlb_arena_slot_bytes(size_t size);
struct vlb_slot *vlb_arena_take(struct vlb_arena *a, enum vlb_class class, size_t size);
void vlb_arena_give(struct vlb_arena *a, struct vlb_slot *slot);
struct vlb_slot *vlb_arena_find(struct vlb_arena *a, u64 offset);
void vlb_arena_stats(struct vlb_arena *a, struct vlb_arena_stats *st);

/**
 * vlb_arena_offset() - where a slot begins
 * @a: the arena
 * @slot: one of its slots
 *
 * Return: offset in the arena, bytes.
 */
static inline u64 vlb_arena_offset(const struct vlb_arena *a, const struct vlb_slot *slot)
{
	return (u64)(slot - a->slots) << VLB_GRANULE_SHIFT;
}

#endif /* _VLB_ARENA_H */
