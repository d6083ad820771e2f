/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the descriptors of one buffer to an iovec: what split and packed rings have in
 * common. Values come as read from the ring and are judged here.
 */
#ifndef _VHN_VRING_WALK_H
#define _VHN_VRING_WALK_H

#include "iotlb.h"
#include "mem.h"
#include "vring.h"

/**
 * struct vhn_walk - where a walk through one buffer stands
 * @mem: memory table
 * @iotlb: in its place, or NULL
 * @iov: filled, readable part first
 * @room: elements in @iov
 * @chain: describes what was found so far
 */
struct vhn_walk {
	const struct vhn_mem *mem;
	struct vhn_iotlb *iotlb;
	struct iovec *iov;
	unsigned int room;
	struct vhn_chain *chain;
};

static inline struct vhn_walk vhn_walk_begin(const struct vhn_vring *vr,
					     const struct vhn_mem *mem, struct iovec *iov,
					     unsigned int room, struct vhn_chain *chain)
{
	return (struct vhn_walk){
		.mem = mem,
		.iotlb = vr->iotlb,
		.iov = iov,
		.room = room,
		.chain = chain,
	};
}

static inline int vhn_walk_find(struct vhn_walk *w, u64 addr, u32 len, u8 perm,
				struct iovec *iov, unsigned int room)
{
	if (likely(!w->iotlb))
		return vhn_mem_translate(w->mem, addr, len, iov, room);
	w->chain->perm = perm;
	return vhn_iotlb_translate(w->iotlb, addr, len, perm, iov, room, &w->chain->missed);
}

/* One buffer descriptor: find its memory and add it to the readable or writable part. */
static inline int vhn_walk_add(struct vhn_walk *w, u64 addr, u32 len, u16 flags)
{
	struct vhn_chain *c = w->chain;
	unsigned int used = c->out + c->in;
	int n;

	if (unlikely(!len))
		return -EINVAL;

	n = vhn_walk_find(w, addr, len,
			  flags & VRING_DESC_F_WRITE ? VHOST_ACCESS_WO : VHOST_ACCESS_RO,
			  w->iov + used, w->room - used);
	if (unlikely(n < 0))
		return n;

	if (flags & VRING_DESC_F_WRITE) {
		c->in += n;
		c->in_len += len;
		return 0;
	}
	/* Readable parts come first; the other order is not a buffer. */
	if (unlikely(c->in))
		return -EINVAL;
	c->out += n;
	c->out_len += len;
	return 0;
}

static inline int vhn_walk_area(struct vhn_walk *w, u64 addr, u32 len, struct iovec *where)
{
	w->chain->perm = VHOST_ACCESS_RO;
	where->iov_len = len;
	return vhn_iotlb_area(w->iotlb, addr, len, VHOST_ACCESS_RO, &where->iov_base,
			      &w->chain->missed);
}

/* Find an indirect table; returns how many descriptors it has room for. */
static inline int vhn_walk_table(const struct vhn_vring *vr, struct vhn_walk *w, u64 addr,
				 u32 len, struct iovec *where)
{
	int n;

	if (unlikely(!vr->indirect || !len || len % sizeof(struct vring_desc)))
		return -EINVAL;
	if (unlikely(len / sizeof(struct vring_desc) > U16_MAX + 1))
		return -E2BIG;

	/* A table across two regions would need a copy; no driver makes one. Of an IOMMU's
	 * pages it may well touch two.
	 */
	if (unlikely(w->iotlb))
		n = vhn_walk_area(w, addr, len, where);
	else
		n = vhn_mem_translate(w->mem, addr, len, where, 1);
	if (unlikely(n < 0))
		return n;
	return len / sizeof(struct vring_desc);
}

#endif /* _VHN_VRING_WALK_H */
