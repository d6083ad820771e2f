/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device side of a virtqueue: descriptors in, used buffers out, and whether the
 * driver wants to be told. Knows nothing of packets or of coalescing.
 */
#ifndef _VHN_VRING_H
#define _VHN_VRING_H

#include <linux/types.h>
#include <linux/uio.h>
#include <linux/virtio_ring.h>

#include "access.h"

struct vhn_mem;

/* Elements of the iovec a caller hands in; also the longest chain served. */
#define VHN_MAX_IOV	UIO_MAXIOV

/**
 * struct vhn_vring - one split virtqueue
 *
 * Set by ioctls while the queue is stopped:
 * @desc: descriptor table
 * @avail: available ring
 * @used: used ring
 * @num: entries, a power of two; 0 until set
 * @event_idx: EVENT_IDX was negotiated
 * @indirect: INDIRECT_DESC was negotiated
 *
 * Written by the worker while it runs:
 * @last_avail: next available entry to take
 * @avail_idx: available index as last read
 * @last_used: used index as published
 * @filled: used entries written and not published
 * @signalled: used index at the last evaluation of suppression
 * @signalled_valid: cleared where that index says nothing: the next evaluation
 *		     finds a notification wanted
 */
struct vhn_vring {
	struct vring_desc __user *desc;
	struct vring_avail __user *avail;
	struct vring_used __user *used;
	u32 num;
	bool event_idx;
	bool indirect;

	u16 last_avail;
	u16 avail_idx;
	u16 last_used;
	u16 filled;
	u16 signalled;
	bool signalled_valid;
};

/**
 * struct vhn_chain - one buffer the driver made available
 * @head: its descriptor, to be returned
 * @descs: descriptors it takes in the ring; an indirect table takes one
 * @out: elements of the iovec the device reads
 * @in: elements it writes, behind those
 * @out_len: bytes the device reads
 * @in_len: bytes it writes
 */
struct vhn_chain {
	u16 head;
	u16 descs;
	unsigned int out;
	unsigned int in;
	u64 out_len;
	u64 in_len;
};

bool vhn_vring_accessible(const struct vhn_vring *vr);
int vhn_vring_start(struct vhn_vring *vr);
int vhn_vring_pop(struct vhn_vring *vr, const struct vhn_mem *mem, struct iovec *iov,
		  unsigned int room, struct vhn_chain *chain);
void vhn_vring_unpop(struct vhn_vring *vr, u16 n);
int vhn_vring_fill(struct vhn_vring *vr, u16 ahead, u16 head, u32 len);
int vhn_vring_publish(struct vhn_vring *vr);
int vhn_vring_refresh(struct vhn_vring *vr);
int vhn_vring_kick_disable(struct vhn_vring *vr);
int vhn_vring_kick_enable(struct vhn_vring *vr);
int vhn_vring_wants_call(struct vhn_vring *vr);

#endif /* _VHN_VRING_H */
