// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the device side has besides rings in memory that stays where it is: an IOMMU's
 * addresses, a dirty log and busy polling. Nobody here turns them on, so that whoever calls
 * is wrong.
 */
#include <linux/types.h>
#include <stdlib.h>

#include "iotlb.h"
#include "log.h"

struct vhn_queue;

#pragma GCC diagnostic ignored "-Wunused-parameter"

int vhn_iotlb_translate(struct vhn_iotlb *t, u64 addr, u32 len, u8 perm, struct iovec *iov,
			unsigned int room, u64 *missed)
{
	abort();
}

int vhn_iotlb_area(struct vhn_iotlb *t, u64 addr, size_t size, u8 perm, void **area, u64 *missed)
{
	abort();
}

void vhn_iotlb_ask(struct vhn_iotlb *t, u32 vring, u64 addr, u8 perm)
{
	abort();
}

bool vhn_queue_spin(struct vhn_queue *q, bool (*there)(struct vhn_queue *q))
{
	return false;
}

bool vhn_log_accessible(const struct vhn_log *log, const struct vhn_mem *mem,
			const struct vhn_vring *vr)
{
	return true;
}

int vhn_log_buffers(const struct vhn_log *log, const struct vhn_mem *mem,
		    const struct iovec *iov, u64 len)
{
	abort();
}

int vhn_log_ring(const struct vhn_log *log, const struct vhn_mem *mem,
		 const struct vhn_vring *vr)
{
	abort();
}
