/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory table: which user addresses stand behind guest addresses.
 */
#ifndef _VHN_MEM_H
#define _VHN_MEM_H

#include <linux/types.h>
#include <linux/uio.h>

struct vhost_memory;

/**
 * struct vhn_region - one region, ends included so that 2^64 needs no case
 * @first: first guest address
 * @last: last guest address
 * @user: user address behind @first
 */
struct vhn_region {
	u64 first;
	u64 last;
	u64 user;
};

/**
 * struct vhn_mem - a table; immutable once built
 * @nr: number of regions
 * @partial: a region was kept out, because user space may not touch what it names
 * @regions: sorted by @first, none overlapping
 */
struct vhn_mem {
	unsigned int nr;
	bool partial;
	struct vhn_region regions[];
};

struct vhn_mem *vhn_mem_from_user(const struct vhost_memory __user *arg, u32 most);
struct vhn_mem *vhn_mem_empty(void);
void vhn_mem_free(struct vhn_mem *mem);
int vhn_mem_translate(const struct vhn_mem *mem, u64 addr, u32 len, struct iovec *iov,
		      unsigned int room);

#endif /* _VHN_MEM_H */
