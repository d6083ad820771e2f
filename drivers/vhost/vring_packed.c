// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packed virtqueue, device side.
 *
 * One ring of descriptors which both sides write. The device takes a buffer's
 * descriptors one after the other and later writes one used descriptor over the first
 * of them, for it uses buffers in the order in which it takes them; as many slots as
 * the buffer had are passed over. Whether a slot is available or used is told by two of
 * its flags against the wrap counter of whoever asks, which changes with each turn.
 *
 * The driver may write anything anywhere at any time. So: each value is read once and
 * judged as read; a chain is bounded by the ring's size and by what is available;
 * nothing is written but used descriptors and the word that suppresses kicks.
 *
 * A batch becomes visible by the flags of its first descriptor: the driver looks at
 * the slots in order and gets no further before. What a packet needs is kept outside of
 * the ring until it is committed, because the descriptors of buffers that are given
 * back must still be there.
 *
 * Order of memory accesses:
 *   flags of a chain's first descriptor, then the rest	read barrier (refresh)
 *   used descriptors, then the first one's flags	write barrier (publish)
 *   those flags, then suppression			full barrier (wants_call)
 *   kicks enabled, then a descriptor's flags		full barrier (kick_enable)
 */
#include "suppress.h"
#include "vring_walk.h"

#define SLOT_AVAIL	BIT(VRING_PACKED_DESC_F_AVAIL)
#define SLOT_USED	BIT(VRING_PACKED_DESC_F_USED)

/* The flags of the event suppression structures that mean something. */
#define EVENT_FLAGS	3

static struct vring_packed_desc __user *slot(const struct vhn_vring *vr, u16 place)
{
	return &vr->slots[place & VHN_POSITION_SLOT];
}

/* The place @n slots on, at most one turn. */
static u16 advance(const struct vhn_vring *vr, u16 place, u32 n)
{
	u32 i = (place & VHN_POSITION_SLOT) + n;
	u16 wrap = place & VHN_POSITION_WRAP;

	if (i >= vr->num) {
		i -= vr->num;
		wrap ^= VHN_POSITION_WRAP;
	}
	return i | wrap;
}

static bool is_available(u16 flags, u16 place)
{
	bool wrap = place & VHN_POSITION_WRAP;

	return !!(flags & SLOT_AVAIL) == wrap && !!(flags & SLOT_USED) != wrap;
}

/**
 * vhn_packed_accessible() - do the three parts lie in user space?
 * @vr: the ring; addresses and size set
 *
 * Return: false when one does not.
 */
bool vhn_packed_accessible(const struct vhn_vring *vr)
{
	return access_ok(vr->slots, vhn_vring_desc_size(vr)) &&
	       access_ok(vr->driver_event, vhn_vring_avail_size(vr)) &&
	       access_ok(vr->device_event, vhn_vring_used_size(vr));
}

/**
 * vhn_packed_start() - take up a ring at its base
 * @vr: the ring; @vr->last_avail and @vr->last_used are the base
 *
 * Nothing in memory says where a packed ring stands. Context: process, in the mm of
 * the ring; the queue's mutex held. May fault.
 *
 * Return: 0, -EFAULT, or -EINVAL for a base outside of the ring or a size it cannot
 * have.
 */
int vhn_packed_start(struct vhn_vring *vr)
{
	if (!vr->num || vr->num > VHN_MAX_RING ||
	    (vr->last_avail & VHN_POSITION_SLOT) >= vr->num ||
	    (vr->last_used & VHN_POSITION_SLOT) >= vr->num)
		return -EINVAL;
	if (vhn_store32((__le32 __user *)vr->device_event, 0))
		return -EFAULT;

	vr->avail_idx = vr->last_avail;
	vr->next_used = vr->last_used;
	vr->skipped = 0;
	vr->signalled_valid = false;
	return 0;
}

/**
 * vhn_packed_refresh() - look for buffers the driver has made available
 * @vr: the ring
 *
 * There is no index to tell how many, and the next chain's end is not known before it
 * is walked: what is behind the last buffer taken counts as not seen yet. Context:
 * worker, queue mutex held. May fault.
 *
 * Return: 1 when there is a buffer beyond those seen before, 0 or -EFAULT.
 */
int vhn_packed_refresh(struct vhn_vring *vr)
{
	u16 flags;

	if (unlikely(vhn_load16(&flags, &slot(vr, vr->avail_idx)->flags)))
		return -EFAULT;
	if (!is_available(flags, vr->avail_idx))
		return 0;

	/* The rest is read after the flags that announce it. */
	smp_rmb();
	return 1;
}

static int load_slot(struct vring_packed_desc *d, const struct vring_packed_desc __user *from)
{
	return vhn_load_pair((__le64 *)d, (const __le64 __user *)from);
}

/* The entries of a table follow one another; of their flags, WRITE means something. */
static int add_indirect(const struct vhn_vring *vr, struct vhn_walk *w,
			const struct vring_packed_desc *table)
{
	struct iovec where;
	int count, i;

	count = vhn_walk_table(vr, w, le64_to_cpu(table->addr), le32_to_cpu(table->len), &where);
	if (unlikely(count < 0))
		return count;

	for (i = 0; i < count; i++) {
		struct vring_packed_desc d;
		u16 flags;
		int err;

		if (unlikely(load_slot(&d, (struct vring_packed_desc __user *)where.iov_base + i)))
			return -EFAULT;
		flags = le16_to_cpu(d.flags);
		if (unlikely(flags & VRING_DESC_F_INDIRECT))
			return -EINVAL;
		err = vhn_walk_add(w, le64_to_cpu(d.addr), le32_to_cpu(d.len), flags);
		if (unlikely(err))
			return err;
	}
	return 0;
}

/* Walk the chain that begins at @place; moves that behind it. */
static int walk_chain(const struct vhn_vring *vr, struct vhn_walk *w, u16 *place)
{
	for (;;) {
		struct vring_packed_desc d;
		u16 flags;
		int err;

		if (unlikely(++w->chain->descs > vr->num))
			return -ELOOP;
		if (unlikely(load_slot(&d, slot(vr, *place))))
			return -EFAULT;

		/* A chain is made available as a whole. */
		flags = le16_to_cpu(d.flags);
		if (unlikely(!is_available(flags, *place)))
			return -EINVAL;
		*place = advance(vr, *place, 1);

		if (flags & VRING_DESC_F_INDIRECT) {
			/* An indirect descriptor ends its chain. */
			if (unlikely(flags & VRING_DESC_F_NEXT))
				return -EINVAL;
			err = add_indirect(vr, w, &d);
		} else {
			err = vhn_walk_add(w, le64_to_cpu(d.addr), le32_to_cpu(d.len), flags);
		}
		if (unlikely(err))
			return err;
		if (!(flags & VRING_DESC_F_NEXT)) {
			/* The last one has the id, which is for the driver only. */
			w->chain->head = le16_to_cpu(d.id);
			return 0;
		}
	}
}

/**
 * vhn_packed_pop() - take the next available buffer
 * @vr: the ring
 * @mem: memory table
 * @iov: filled with the buffer, readable part first
 * @room: elements in @iov
 * @chain: describes it
 *
 * Context: worker, queue mutex held. May fault.
 *
 * Return: as vhn_split_pop().
 */
int vhn_packed_pop(struct vhn_vring *vr, const struct vhn_mem *mem, struct iovec *iov,
		   unsigned int room, struct vhn_chain *chain)
{
	struct vhn_walk w = vhn_walk_begin(vr, mem, iov, room, chain);
	bool unseen = vr->avail_idx == vr->last_avail;
	u16 place = vr->last_avail;
	int r;

	if (unseen) {
		r = vhn_packed_refresh(vr);
		if (r <= 0)
			return r ?: -EAGAIN;
	}

	*chain = (struct vhn_chain){};
	r = walk_chain(vr, &w, &place);
	if (unlikely(r))
		return r;
	vr->last_avail = place;
	if (unseen)
		vr->avail_idx = place;
	return 0;
}

/**
 * vhn_packed_fill() - note a used buffer
 * @vr: the ring
 * @ahead: buffers of the same packet noted before this one and not yet committed, fewer
 *	   than VHN_MAX_IOV, as each has memory in the caller's iovec
 * @chain: the buffer that goes back
 * @len: bytes written into it
 *
 * Context: worker, queue mutex held.
 */
void vhn_packed_fill(struct vhn_vring *vr, u16 ahead, const struct vhn_chain *chain, u32 len)
{
	vr->pending[ahead] = (struct vhn_used){
		.id = chain->head,
		.slots = chain->descs,
		.len = len,
	};
}

static u16 used_flags(const struct vhn_used *used, u16 place)
{
	return (place & VHN_POSITION_WRAP ? SLOT_AVAIL | SLOT_USED : 0) |
	       (used->len ? VRING_DESC_F_WRITE : 0);
}

static int write_used(struct vhn_vring *vr, const struct vhn_used *used, u16 place, u16 flags)
{
	return vhn_store_pair32((__le32 __user *)&slot(vr, place)->len, used->len,
				used->id | (u32)flags << 16);
}

/**
 * vhn_packed_commit() - write the used descriptors of the buffers noted
 * @vr: the ring
 * @n: how many, at least 1
 *
 * A batch's first descriptor gets flags that say no more than that it is available;
 * before its last word is said, nothing behind it is looked at. Within a packet, too,
 * the first is written last. Context: worker, queue mutex held. May fault.
 *
 * Return: 0 or -EFAULT.
 */
int vhn_packed_commit(struct vhn_vring *vr, u16 n)
{
	const struct vhn_used *first = vr->pending;
	u16 flags = used_flags(first, vr->next_used);
	u32 skipped = first->slots;
	u16 place = advance(vr, vr->next_used, first->slots);
	u16 i;

	for (i = 1; i < n; i++) {
		const struct vhn_used *used = &vr->pending[i];

		if (unlikely(write_used(vr, used, place, used_flags(used, place))))
			return -EFAULT;
		place = advance(vr, place, used->slots);
		skipped += used->slots;
	}

	if (!vr->skipped) {
		vr->first_flags = flags;
		flags ^= SLOT_USED;
	}
	if (unlikely(write_used(vr, first, vr->next_used, flags)))
		return -EFAULT;
	vr->next_used = place;
	vr->skipped += skipped;
	return 0;
}

/**
 * vhn_packed_publish() - let the driver see the used descriptors of the batch
 * @vr: the ring; something was committed
 *
 * Context: worker, queue mutex held. May fault.
 *
 * Return: 0 or -EFAULT.
 */
int vhn_packed_publish(struct vhn_vring *vr)
{
	u32 since = vhn_packed_distance(vr->signalled, vr->last_used, vr->num);

	/* Places repeat after two turns: the last evaluation's says nothing then. */
	if (unlikely(since + vr->skipped >= 2 * vr->num))
		vr->signalled_valid = false;

	/* The first one's flags come after everything they announce. */
	smp_wmb();
	if (unlikely(vhn_store16(&slot(vr, vr->last_used)->flags, vr->first_flags)))
		return -EFAULT;
	vr->last_used = vr->next_used;
	vr->skipped = 0;
	return 0;
}

static int store_event(struct vhn_vring *vr, u16 off_wrap, u16 flags)
{
	return vhn_store32((__le32 __user *)vr->device_event, off_wrap | (u32)flags << 16);
}

/**
 * vhn_packed_kick_disable() - ask the driver not to kick
 * @vr: the ring
 *
 * With EVENT_IDX nothing is written: a place that is passed is enough. Context: worker,
 * queue mutex held. May fault.
 *
 * Return: 0 or -EFAULT.
 */
int vhn_packed_kick_disable(struct vhn_vring *vr)
{
	if (vr->event_idx)
		return 0;
	return store_event(vr, 0, VRING_PACKED_EVENT_FLAG_DISABLE);
}

/**
 * vhn_packed_kick_enable() - ask the driver to kick for more, and look once more
 * @vr: the ring; the last pop found nothing
 *
 * Context: worker, queue mutex held. May fault.
 *
 * Return: 1 when a buffer was made available meanwhile (no kick will come for it), 0 or
 * -EFAULT.
 */
int vhn_packed_kick_enable(struct vhn_vring *vr)
{
	int r;

	if (vr->event_idx)
		r = store_event(vr, vr->avail_idx, VRING_PACKED_EVENT_FLAG_DESC);
	else
		r = store_event(vr, 0, VRING_PACKED_EVENT_FLAG_ENABLE);
	if (unlikely(r))
		return r;

	/* The driver writes descriptors and reads our wish; we do it the other way round. */
	smp_mb();
	return vhn_packed_refresh(vr);
}

/**
 * vhn_packed_wants_call() - evaluate suppression (NTF-P)
 * @vr: the ring
 *
 * The one place that moves @signalled, whatever the answer. Flags that mean nothing,
 * DESC without EVENT_IDX among them, suppress nothing. Context: worker, queue mutex
 * held. May fault.
 *
 * Return: as vhn_split_wants_call().
 */
int vhn_packed_wants_call(struct vhn_vring *vr)
{
	bool valid = vr->signalled_valid;
	u16 old = vr->signalled;
	u32 event;

	vr->signalled = vr->last_used;
	vr->signalled_valid = true;

	/* As in a split ring (NTF-G3): one of the two sees the other. */
	smp_mb();

	if (vhn_load32(&event, (__le32 __user *)vr->driver_event))
		return -EFAULT;

	switch (event >> 16 & EVENT_FLAGS) {
	case VRING_PACKED_EVENT_FLAG_DISABLE:
		return 0;
	case VRING_PACKED_EVENT_FLAG_DESC:
		if (!vr->event_idx || !valid)
			return 1;
		return !vhn_packed_event_suppresses(event, old, vr->last_used, vr->num);
	default:
		return 1;
	}
}
