// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory table. Everything in it comes from user space and everything looked up
 * in it comes from the guest: addresses are compared with inclusive ends, never
 * added up first.
 */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>
#include <linux/vhost.h>

#include "mem.h"

static int by_address(const void *a, const void *b)
{
	const struct vhn_region *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/*
 * A region user space may not touch is kept out of the table instead of failing it:
 * the table may be set long before anything behind it is used, and nothing resolves
 * to an address that is not in it.
 */
static bool usable(const struct vhost_memory_region *r)
{
	u64 end;

	return !check_add_overflow(r->userspace_addr, r->memory_size, &end) &&
	       end <= ULONG_MAX &&
	       access_ok((void __user *)(unsigned long)r->userspace_addr, r->memory_size);
}

static int add_region(struct vhn_mem *mem, const struct vhost_memory_region *r)
{
	u64 last = r->guest_phys_addr + r->memory_size - 1;

	if (last < r->guest_phys_addr)
		return -EFAULT;
	if (!r->memory_size || !usable(r)) {
		mem->partial = true;
		return 0;
	}

	mem->regions[mem->nr++] = (struct vhn_region){
		.first = r->guest_phys_addr,
		.last = last,
		.user = r->userspace_addr,
	};
	return 0;
}

static bool overlaps(const struct vhn_mem *mem)
{
	unsigned int i;

	for (i = 1; i < mem->nr; i++)
		if (mem->regions[i].first <= mem->regions[i - 1].last)
			return true;
	return false;
}

static struct vhn_mem *alloc_table(unsigned int nr)
{
	struct vhn_mem *mem;

	return kvzalloc(struct_size(mem, regions, nr), GFP_KERNEL_ACCOUNT);
}

/**
 * vhn_mem_empty() - a table in which nothing is found
 *
 * Context: process, may sleep.
 *
 * Return: the table or NULL.
 */
struct vhn_mem *vhn_mem_empty(void)
{
	return alloc_table(0);
}

/**
 * vhn_mem_free() - release a table nobody uses any more
 * @mem: the table; may be NULL
 */
void vhn_mem_free(struct vhn_mem *mem)
{
	kvfree(mem);
}

/**
 * vhn_mem_from_user() - build a table from VHOST_SET_MEM_TABLE's argument
 * @arg: struct vhost_memory and its regions in user space
 * @most: regions it may have
 *
 * Context: process, may sleep.
 *
 * Return: the table, or -EFAULT (unreadable, a region that wraps or overlaps
 * another), -EOPNOTSUPP (padding set), -E2BIG, -ENOMEM.
 */
struct vhn_mem *vhn_mem_from_user(const struct vhost_memory __user *arg, u32 most)
{
	struct vhost_memory_region region;
	struct vhost_memory head;
	struct vhn_mem *mem;
	u32 i;

	if (copy_from_user(&head, arg, sizeof(head)))
		return ERR_PTR(-EFAULT);
	if (head.padding)
		return ERR_PTR(-EOPNOTSUPP);
	if (head.nregions > most)
		return ERR_PTR(-E2BIG);

	mem = alloc_table(head.nregions);
	if (!mem)
		return ERR_PTR(-ENOMEM);

	for (i = 0; i < head.nregions; i++) {
		if (copy_from_user(&region, &arg->regions[i], sizeof(region)) ||
		    add_region(mem, &region))
			goto fault;
	}

	sort(mem->regions, mem->nr, sizeof(mem->regions[0]), by_address, NULL);
	if (overlaps(mem))
		goto fault;
	return mem;

fault:
	vhn_mem_free(mem);
	return ERR_PTR(-EFAULT);
}

static const struct vhn_region *find(const struct vhn_mem *mem, u64 addr)
{
	unsigned int low = 0, high = mem->nr;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;
		const struct vhn_region *r = &mem->regions[mid];

		if (addr < r->first)
			high = mid;
		else if (addr > r->last)
			low = mid + 1;
		else
			return r;
	}
	return NULL;
}

/**
 * vhn_mem_translate() - find the user memory behind a guest buffer
 * @mem: the table
 * @addr: guest address
 * @len: bytes, not 0
 * @iov: filled with one element for each region the buffer touches
 * @room: elements in @iov
 *
 * Context: any; the caller keeps @mem alive.
 *
 * Return: elements filled, -EFAULT when part of the buffer is in no region or the
 * buffer wraps, -ENOBUFS when @iov is too small.
 */
int vhn_mem_translate(const struct vhn_mem *mem, u64 addr, u32 len, struct iovec *iov,
		      unsigned int room)
{
	unsigned int n = 0;

	if (unlikely(addr + len - 1 < addr))
		return -EFAULT;

	while (len) {
		const struct vhn_region *r = find(mem, addr);
		u64 part;

		if (unlikely(!r))
			return -EFAULT;
		if (unlikely(n == room))
			return -ENOBUFS;

		part = min_t(u64, len, r->last - addr + 1);
		iov[n].iov_base = (void __user *)(unsigned long)(r->user + (addr - r->first));
		iov[n].iov_len = part;
		n++;
		addr += part;
		len -= part;
	}
	return n;
}
