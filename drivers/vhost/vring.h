/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device side of a virtqueue: descriptors in, used buffers out, and whether the
 * driver wants to be told. Knows nothing of packets or of coalescing.
 *
 * Buffers are used in the order in which the driver made them available, each by an
 * entry of its own: what IN_ORDER asks for, it gets; what IN_ORDER would allow, one
 * entry for many, is not done, for no driver in the kernel takes it.
 */
#ifndef _VHN_VRING_H
#define _VHN_VRING_H

#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <linux/virtio_ring.h>

#include "access.h"

struct vhn_iotlb;
struct vhn_mem;

/* Elements of the iovec a caller hands in; also the longest chain served. */
#define VHN_MAX_IOV	UIO_MAXIOV

/* Most entries of a ring; a packed one's places have 15 bits. */
#define VHN_MAX_RING	32768

/**
 * struct vhn_used - a used buffer of a packed ring, before it stands there
 * @id: of the buffer
 * @slots: it took in the ring
 * @len: bytes written into it
 */
struct vhn_used {
	u16 id;
	u16 slots;
	u32 len;
};

/**
 * struct vhn_vring - one virtqueue
 *
 * Set by ioctls while the queue is stopped:
 * @desc: split: descriptor table
 * @slots: packed: descriptor ring
 * @avail: split: available ring
 * @driver_event: packed: the driver's event suppression structure
 * @used: split: used ring
 * @device_event: packed: the device's event suppression structure
 * @iotlb: where buffers are looked up; NULL: in the memory table
 * @num: entries; 0 until set. A power of two, but for a packed ring
 * @packed: RING_PACKED was negotiated
 * @event_idx: EVENT_IDX was negotiated
 * @indirect: INDIRECT_DESC was negotiated
 * @pending: packed: VHN_MAX_IOV elements for the buffers of a packet
 *
 * Written by the worker while it runs. An index is a free-running number in a split
 * ring, and a place in a packed one: the slot, and the wrap counter in bit 15.
 * @last_avail: next available entry to take
 * @avail_idx: available index as last read; packed: end of what was seen available
 * @last_used: used index as published
 * @filled: split: used entries committed and not published
 * @next_used: packed: place behind the used descriptors committed
 * @skipped: packed: slots of the buffers committed and not published
 * @first_flags: packed: flags that publish them all
 * @signalled: used index at the last evaluation of suppression
 * @signalled_valid: cleared where that index says nothing: the next evaluation
 *		     finds a notification wanted
 */
struct vhn_vring {
	union {
		struct vring_desc __user *desc;
		struct vring_packed_desc __user *slots;
	};
	union {
		struct vring_avail __user *avail;
		struct vring_packed_desc_event __user *driver_event;
	};
	union {
		struct vring_used __user *used;
		struct vring_packed_desc_event __user *device_event;
	};
	struct vhn_iotlb *iotlb;
	u32 num;
	bool packed;
	bool event_idx;
	bool indirect;
	bool signalled_valid;

	u16 last_avail;
	u16 avail_idx;
	u16 last_used;
	u16 filled;
	u16 signalled;

	u16 next_used;
	u16 first_flags;
	u32 skipped;
	struct vhn_used *pending;
};

/**
 * struct vhn_chain - one buffer the driver made available
 * @head: split: its first descriptor; packed: its id; to be returned
 * @descs: descriptors it takes in the ring; an indirect table takes one
 * @out: elements of the iovec the device reads
 * @in: elements it writes, behind those
 * @out_len: bytes the device reads
 * @in_len: bytes it writes
 * @missed: with -ENODATA: the guest address that leads nowhere yet
 * @perm: with -ENODATA: VHOST_ACCESS_*, how it is to be accessed
 */
struct vhn_chain {
	u16 head;
	u16 descs;
	unsigned int out;
	unsigned int in;
	u64 out_len;
	u64 in_len;
	u64 missed;
	u8 perm;
};

/* Bytes of a ring's three parts. A descriptor has as many in either layout; the event
 * index counts where it was negotiated.
 */
static inline size_t vhn_vring_desc_size(const struct vhn_vring *vr)
{
	return (size_t)vr->num * sizeof(*vr->desc);
}

static inline size_t vhn_vring_avail_size(const struct vhn_vring *vr)
{
	if (vr->packed)
		return sizeof(*vr->driver_event);
	return offsetof(struct vring_avail, ring) + (size_t)vr->num * sizeof(__le16) +
	       (vr->event_idx ? sizeof(__le16) : 0);
}

static inline size_t vhn_vring_used_size(const struct vhn_vring *vr)
{
	if (vr->packed)
		return sizeof(*vr->device_event);
	return offsetof(struct vring_used, ring) +
	       (size_t)vr->num * sizeof(struct vring_used_elem) +
	       (vr->event_idx ? sizeof(__le16) : 0);
}

bool vhn_split_accessible(const struct vhn_vring *vr);
int vhn_split_start(struct vhn_vring *vr);
int vhn_split_pop(struct vhn_vring *vr, const struct vhn_mem *mem, struct iovec *iov,
		  unsigned int room, struct vhn_chain *chain);
int vhn_split_fill(struct vhn_vring *vr, u16 ahead, const struct vhn_chain *chain, u32 len);
int vhn_split_publish(struct vhn_vring *vr);
int vhn_split_refresh(struct vhn_vring *vr);
int vhn_split_kick_disable(struct vhn_vring *vr);
int vhn_split_kick_enable(struct vhn_vring *vr);
int vhn_split_wants_call(struct vhn_vring *vr);

bool vhn_packed_accessible(const struct vhn_vring *vr);
int vhn_packed_start(struct vhn_vring *vr);
int vhn_packed_pop(struct vhn_vring *vr, const struct vhn_mem *mem, struct iovec *iov,
		   unsigned int room, struct vhn_chain *chain);
void vhn_packed_fill(struct vhn_vring *vr, u16 ahead, const struct vhn_chain *chain, u32 len);
int vhn_packed_commit(struct vhn_vring *vr, u16 n);
int vhn_packed_publish(struct vhn_vring *vr);
int vhn_packed_refresh(struct vhn_vring *vr);
int vhn_packed_kick_disable(struct vhn_vring *vr);
int vhn_packed_kick_enable(struct vhn_vring *vr);
int vhn_packed_wants_call(struct vhn_vring *vr);

/*
 * What the two layouts have in common is described in vring_split.c. The choice is one
 * branch which always goes the same way for a queue.
 */
static inline bool vhn_vring_accessible(const struct vhn_vring *vr)
{
	return vr->packed ? vhn_packed_accessible(vr) : vhn_split_accessible(vr);
}

static inline int vhn_vring_start(struct vhn_vring *vr)
{
	return vr->packed ? vhn_packed_start(vr) : vhn_split_start(vr);
}

static inline int vhn_vring_pop(struct vhn_vring *vr, const struct vhn_mem *mem,
				struct iovec *iov, unsigned int room, struct vhn_chain *chain)
{
	if (vr->packed)
		return vhn_packed_pop(vr, mem, iov, room, chain);
	return vhn_split_pop(vr, mem, iov, room, chain);
}

/**
 * vhn_vring_rewind() - give back the buffers popped last, unused
 * @vr: the ring
 * @last_avail: what @vr->last_avail was before; nothing was committed since
 *
 * Context: worker, queue mutex held.
 */
static inline void vhn_vring_rewind(struct vhn_vring *vr, u16 last_avail)
{
	vr->last_avail = last_avail;
}

static inline int vhn_vring_fill(struct vhn_vring *vr, u16 ahead, const struct vhn_chain *chain,
				 u32 len)
{
	if (!vr->packed)
		return vhn_split_fill(vr, ahead, chain, len);
	vhn_packed_fill(vr, ahead, chain, len);
	return 0;
}

/**
 * vhn_vring_commit() - make buffers filled part of the batch
 * @vr: the ring
 * @n: how many were filled, those of one packet
 *
 * The driver sees them with the rest of the batch by vhn_vring_publish(). Context:
 * worker, queue mutex held. May fault.
 *
 * Return: 0, or -EFAULT: none of them is.
 */
static inline int vhn_vring_commit(struct vhn_vring *vr, u16 n)
{
	if (vr->packed)
		return vhn_packed_commit(vr, n);
	vr->filled += n;
	return 0;
}

static inline int vhn_vring_publish(struct vhn_vring *vr)
{
	return vr->packed ? vhn_packed_publish(vr) : vhn_split_publish(vr);
}

static inline int vhn_vring_refresh(struct vhn_vring *vr)
{
	return vr->packed ? vhn_packed_refresh(vr) : vhn_split_refresh(vr);
}

static inline int vhn_vring_kick_disable(struct vhn_vring *vr)
{
	return vr->packed ? vhn_packed_kick_disable(vr) : vhn_split_kick_disable(vr);
}

static inline int vhn_vring_kick_enable(struct vhn_vring *vr)
{
	return vr->packed ? vhn_packed_kick_enable(vr) : vhn_split_kick_enable(vr);
}

static inline int vhn_vring_wants_call(struct vhn_vring *vr)
{
	return vr->packed ? vhn_packed_wants_call(vr) : vhn_split_wants_call(vr);
}

#endif /* _VHN_VRING_H */
