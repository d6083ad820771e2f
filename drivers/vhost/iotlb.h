/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses of a guest behind an IOMMU: where they lead is known to the owner, who is
 * asked for what is missing and tells what changes.
 */
#ifndef _VHN_IOTLB_H
#define _VHN_IOTLB_H

#include <linux/types.h>
#include <linux/uio.h>
#include <linux/vhost_types.h>

struct vhn_iotlb;

/**
 * struct vhn_miss - what a queue waits for; at most one address at a time
 * @addr: guest address that leads nowhere
 * @perm: VHOST_ACCESS_*
 * @open: not answered yet
 * @unread: and the owner has not seen it
 */
struct vhn_miss {
	u64 addr;
	u8 perm;
	bool open;
	bool unread;
};

struct vhn_iotlb *vhn_iotlb_alloc(void);
void vhn_iotlb_free(struct vhn_iotlb *t);
int vhn_iotlb_renew(struct vhn_iotlb *t);
void vhn_iotlb_stop(struct vhn_iotlb *t);
bool vhn_iotlb_is_on(const struct vhn_iotlb *t);

int vhn_iotlb_translate(struct vhn_iotlb *t, u64 addr, u32 len, u8 perm, struct iovec *iov,
			unsigned int room, u64 *missed);
int vhn_iotlb_area(struct vhn_iotlb *t, u64 addr, size_t size, u8 perm, void __user **area,
		   u64 *missed);
void vhn_iotlb_ask(struct vhn_iotlb *t, u32 vring, u64 addr, u8 perm);

bool vhn_iotlb_next_miss(struct vhn_iotlb *t, struct vhn_miss *miss);
struct wait_queue_head *vhn_iotlb_readers(struct vhn_iotlb *t);
int vhn_iotlb_update(struct vhn_iotlb *t, const struct vhost_iotlb_msg *msg,
		     unsigned long *answered);
int vhn_iotlb_invalidate(struct vhn_iotlb *t, const struct vhost_iotlb_msg *msg);

#endif /* _VHN_IOTLB_H */
