// SPDX-License-Identifier: GPL-2.0-only
/*
 * The split virtqueue, device side.
 *
 * The driver may write anything anywhere at any time. So: each value is read once
 * and judged as read; a chain is bounded by the ring's size; nothing is written but
 * used entries, the used index, and the word that suppresses kicks.
 *
 * Order of memory accesses:
 *   available index, then entries and descriptors	read barrier (refresh)
 *   used entries, then used index			write barrier (publish)
 *   used index, then suppression			full barrier (wants_call)
 *   kicks enabled, then available index		full barrier (kick_enable)
 */
#include <linux/log2.h>
#include <linux/stddef.h>

#include "suppress.h"
#include "vring_walk.h"

/* Little-endian fields under the types the UAPI header gives them. */
#define LE16(p) ((const __le16 __user *)(p))

static __le16 __user *used_event(const struct vhn_vring *vr)
{
	return (__le16 __user *)&vr->avail->ring[vr->num];
}

static __le16 __user *avail_event(const struct vhn_vring *vr)
{
	return (__le16 __user *)&vr->used->ring[vr->num];
}

/**
 * vhn_split_accessible() - do the three parts lie in user space?
 * @vr: the ring; addresses and size set
 *
 * Return: false when one does not.
 */
bool vhn_split_accessible(const struct vhn_vring *vr)
{
	return access_ok(vr->desc, vhn_vring_desc_size(vr)) &&
	       access_ok(vr->avail, vhn_vring_avail_size(vr)) &&
	       access_ok(vr->used, vhn_vring_used_size(vr));
}

/**
 * vhn_split_start() - take up a ring where its used index stands
 * @vr: the ring
 *
 * Context: process, in the mm of the ring; the queue's mutex held. May fault.
 *
 * Return: 0, -EFAULT, or -EINVAL for a size that is no power of two.
 */
int vhn_split_start(struct vhn_vring *vr)
{
	u16 idx;

	if (!is_power_of_2(vr->num))
		return -EINVAL;
	if (vhn_load16(&idx, LE16(&vr->used->idx)) ||
	    vhn_store16((__le16 __user *)&vr->used->flags, 0))
		return -EFAULT;

	vr->avail_idx = vr->last_avail;
	vr->last_used = idx;
	vr->filled = 0;
	vr->signalled_valid = false;
	return 0;
}

/**
 * vhn_split_refresh() - look for buffers the driver has made available
 * @vr: the ring
 *
 * Context: worker, queue mutex held. May fault.
 *
 * Return: buffers beyond those seen before, -EFAULT, or -EINVAL when the driver's
 * index claims more than the ring holds or takes back what it has announced.
 */
int vhn_split_refresh(struct vhn_vring *vr)
{
	u16 seen = vr->avail_idx;
	u32 most = vr->num - (u16)(seen - vr->last_avail);
	u16 idx;

	if (unlikely(vhn_load16(&idx, LE16(&vr->avail->idx))))
		return -EFAULT;
	if (unlikely((u16)(idx - seen) > most))
		return -EINVAL;

	/* Entries are read after the index that announces them. */
	smp_rmb();
	vr->avail_idx = idx;
	return (u16)(idx - seen);
}

static int load_desc(struct vring_desc *d, const struct vring_desc __user *table, u32 i)
{
	return vhn_load_pair((__le64 *)d, (const __le64 __user *)&table[i]);
}

static u64 desc_addr(const struct vring_desc *d)
{
	return le64_to_cpu((__force __le64)d->addr);
}

static u32 desc_len(const struct vring_desc *d)
{
	return le32_to_cpu((__force __le32)d->len);
}

static int add_indirect(const struct vhn_vring *vr, struct vhn_walk *w,
			const struct vring_desc *table)
{
	u32 count, seen = 0, i = 0;
	struct iovec where;
	int r;

	r = vhn_walk_table(vr, w, desc_addr(table), desc_len(table), &where);
	if (unlikely(r < 0))
		return r;
	count = r;

	for (;;) {
		struct vring_desc d;
		u16 flags;
		int err;

		if (unlikely(++seen > count))
			return -ELOOP;
		if (unlikely(load_desc(&d, (struct vring_desc __user *)where.iov_base, i)))
			return -EFAULT;

		flags = le16_to_cpu((__force __le16)d.flags);
		if (unlikely(flags & VRING_DESC_F_INDIRECT))
			return -EINVAL;
		err = vhn_walk_add(w, desc_addr(&d), desc_len(&d), flags);
		if (unlikely(err))
			return err;
		if (!(flags & VRING_DESC_F_NEXT))
			return 0;

		i = le16_to_cpu((__force __le16)d.next);
		if (unlikely(i >= count))
			return -EINVAL;
	}
}

static int walk_chain(const struct vhn_vring *vr, struct vhn_walk *w)
{
	u32 i = w->chain->head;

	for (;;) {
		struct vring_desc d;
		u16 flags;
		int err;

		if (unlikely(i >= vr->num))
			return -EINVAL;
		if (unlikely(++w->chain->descs > vr->num))
			return -ELOOP;
		if (unlikely(load_desc(&d, vr->desc, i)))
			return -EFAULT;

		flags = le16_to_cpu((__force __le16)d.flags);
		if (flags & VRING_DESC_F_INDIRECT) {
			/* An indirect descriptor ends its chain. */
			if (unlikely(flags & VRING_DESC_F_NEXT))
				return -EINVAL;
			return add_indirect(vr, w, &d);
		}
		err = vhn_walk_add(w, desc_addr(&d), desc_len(&d), flags);
		if (unlikely(err))
			return err;
		if (!(flags & VRING_DESC_F_NEXT))
			return 0;
		i = le16_to_cpu((__force __le16)d.next);
	}
}

/**
 * vhn_split_pop() - take the next available buffer
 * @vr: the ring
 * @mem: memory table
 * @iov: filled with the buffer, readable part first
 * @room: elements in @iov
 * @chain: describes it
 *
 * Context: worker, queue mutex held. May fault.
 *
 * Return: 0, -EAGAIN when nothing is available, -ENODATA when an address leads nowhere
 * yet, -EFAULT for memory that is not there, -EPERM for memory that may not be accessed so,
 * -ENOBUFS for a chain of more elements than @room, and -EINVAL, -ELOOP or
 * -E2BIG for a ring no driver may write. After an error but -EAGAIN and -ENODATA the
 * ring cannot be trusted; nothing has been taken.
 */
int vhn_split_pop(struct vhn_vring *vr, const struct vhn_mem *mem, struct iovec *iov,
		  unsigned int room, struct vhn_chain *chain)
{
	struct vhn_walk w = vhn_walk_begin(vr, mem, iov, room, chain);
	int r;

	if (vr->avail_idx == vr->last_avail) {
		r = vhn_split_refresh(vr);
		if (r <= 0)
			return r ?: -EAGAIN;
	}

	*chain = (struct vhn_chain){};
	if (unlikely(vhn_load16(&chain->head,
				LE16(&vr->avail->ring[vr->last_avail & (vr->num - 1)]))))
		return -EFAULT;

	r = walk_chain(vr, &w);
	if (unlikely(r))
		return r;
	vr->last_avail++;
	return 0;
}

/**
 * vhn_split_fill() - write a used entry the driver cannot see yet
 * @vr: the ring
 * @ahead: entries of the same packet written before this one and not yet committed
 * @chain: the buffer that goes back
 * @len: bytes written into it
 *
 * What is overwritten before it is committed was never there. Context: worker, queue
 * mutex held. May fault.
 *
 * Return: 0 or -EFAULT.
 */
int vhn_split_fill(struct vhn_vring *vr, u16 ahead, const struct vhn_chain *chain, u32 len)
{
	u16 slot = (vr->last_used + vr->filled + ahead) & (vr->num - 1);

	return vhn_store_pair32((__le32 __user *)&vr->used->ring[slot], chain->head, len);
}

/**
 * vhn_split_publish() - let the driver see the used entries of the batch
 * @vr: the ring
 *
 * Context: worker, queue mutex held. May fault.
 *
 * Return: 0 or -EFAULT.
 */
int vhn_split_publish(struct vhn_vring *vr)
{
	u16 idx = vr->last_used + vr->filled;

	/* A whole turn of the index since the last evaluation: it says nothing now. */
	if (unlikely((u16)(idx - vr->signalled) < vr->filled))
		vr->signalled_valid = false;

	/* The index comes after the entries it announces. */
	smp_wmb();
	if (unlikely(vhn_store16((__le16 __user *)&vr->used->idx, idx)))
		return -EFAULT;
	vr->last_used = idx;
	vr->filled = 0;
	return 0;
}

/**
 * vhn_split_kick_disable() - ask the driver not to kick
 * @vr: the ring
 *
 * With EVENT_IDX nothing is written: an index that is passed is enough. Context:
 * worker, queue mutex held. May fault.
 *
 * Return: 0 or -EFAULT.
 */
int vhn_split_kick_disable(struct vhn_vring *vr)
{
	if (vr->event_idx)
		return 0;
	return vhn_store16((__le16 __user *)&vr->used->flags, VRING_USED_F_NO_NOTIFY);
}

/**
 * vhn_split_kick_enable() - ask the driver to kick for more, and look once more
 * @vr: the ring
 *
 * "More" is beyond what was seen, which may be beyond what was taken: a packet may
 * need more buffers than are there. Context: worker, queue mutex held. May fault.
 *
 * Return: buffers made available meanwhile (no kick will come for them), -EFAULT or
 * -EINVAL as vhn_split_refresh().
 */
int vhn_split_kick_enable(struct vhn_vring *vr)
{
	int r;

	if (vr->event_idx)
		r = vhn_store16(avail_event(vr), vr->avail_idx);
	else
		r = vhn_store16((__le16 __user *)&vr->used->flags, 0);
	if (unlikely(r))
		return r;

	/* The driver writes its index and reads ours; we do it the other way round. */
	smp_mb();
	return vhn_split_refresh(vr);
}

/**
 * vhn_split_wants_call() - evaluate suppression (NTF-D1, NTF-D2)
 * @vr: the ring
 *
 * The one place that moves @signalled, whatever the answer. Context: worker, queue
 * mutex held. May fault.
 *
 * Return: 1 when the driver wants a notification for what was published since the
 * last evaluation, 0 when it does not, -EFAULT.
 */
int vhn_split_wants_call(struct vhn_vring *vr)
{
	bool valid = vr->signalled_valid;
	u16 old = vr->signalled;
	u16 word;

	vr->signalled = vr->last_used;
	vr->signalled_valid = true;

	/* The driver enables notifications and looks at the used index; we do it the
	 * other way round, so one of the two sees the other (NTF-G3).
	 */
	smp_mb();

	if (vhn_load16(&word, vr->event_idx ? used_event(vr) : LE16(&vr->avail->flags)))
		return -EFAULT;
	if (!vr->event_idx)
		return !vhn_flag_suppresses(word);
	return !valid || !vhn_event_suppresses(word, old, vr->last_used);
}
