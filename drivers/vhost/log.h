/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The dirty log: whoever moves a guest to another host learns from it which pages this
 * side has written meanwhile.
 */
#ifndef _VHN_LOG_H
#define _VHN_LOG_H

#include <linux/types.h>
#include <linux/uio.h>

struct eventfd_ctx;
struct vhn_mem;
struct vhn_vring;

/**
 * struct vhn_log - what a queue notes; under the queue's mutex
 * @base: bitmap in the owner's memory, a bit for each 4096 bytes of guest memory
 * @event: eventfd to signal when something was noted; may be NULL
 * @buffers: note what is written to buffers (LOG_ALL)
 * @ring: note what is written to the ring (VHOST_VRING_F_LOG)
 * @ring_addr: guest address of a split ring's used ring
 */
struct vhn_log {
	u8 __user *base;
	struct eventfd_ctx *event;
	bool buffers;
	bool ring;
	u64 ring_addr;
};

bool vhn_log_accessible(const struct vhn_log *log, const struct vhn_mem *mem,
			const struct vhn_vring *vr);
int vhn_log_buffers(const struct vhn_log *log, const struct vhn_mem *mem,
		    const struct iovec *iov, u64 len);
int vhn_log_ring(const struct vhn_log *log, const struct vhn_mem *mem,
		 const struct vhn_vring *vr);

#endif /* _VHN_LOG_H */
