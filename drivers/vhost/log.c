// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dirty log. Its bitmap is shared with the owner, who takes and clears bits at any
 * time, and with other devices, which set them: each bit is set by an atomic access to
 * the page it lies in. A page counts as written when the write has been made, so that
 * whoever takes the bit sees what was written.
 */
#include <linux/eventfd.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "kcompat.h"
#include "log.h"
#include "mem.h"
#include "vring.h"

/* Of guest memory, for each bit; that of the vhost ABI, whatever the host's pages are. */
#define LOG_PAGE_SHIFT	12

/* Bytes of the bitmap, from that of the first page on, that a range needs. */
static bool covers(const u8 __user *base, u64 first, u64 last)
{
	u64 from = first >> LOG_PAGE_SHIFT >> 3, to = last >> LOG_PAGE_SHIFT >> 3;

	return first <= last && to <= ULONG_MAX - (unsigned long)base &&
	       access_ok(base + from, to - from + 1);
}

/**
 * vhn_log_accessible() - does the bitmap lie in user space as far as it is needed?
 * @log: the log
 * @mem: all that buffers can be in
 * @vr: the ring
 *
 * Context: queue mutex held.
 *
 * Return: false when it does not.
 */
bool vhn_log_accessible(const struct vhn_log *log, const struct vhn_mem *mem,
			const struct vhn_vring *vr)
{
	unsigned int i;

	if (log->ring && !vr->packed && !vr->iotlb &&
	    !covers(log->base, log->ring_addr, log->ring_addr + vhn_vring_used_size(vr) - 1))
		return false;
	for (i = 0; log->buffers && i < mem->nr; i++)
		if (!covers(log->base, mem->regions[i].first, mem->regions[i].last))
			return false;
	return true;
}

static int note_page(u8 __user *base, u64 nr)
{
	unsigned long at = (unsigned long)base + (nr >> 3);
	struct page *page;
	void *mapped;

	if (pin_user_pages_fast(at, 1, FOLL_WRITE, &page) != 1)
		return -EFAULT;
	mapped = kmap_local_page(page);
	set_bit(offset_in_page(at) * BITS_PER_BYTE + (nr & 7), mapped);
	kunmap_local(mapped);
	unpin_user_pages_dirty_lock(&page, 1, true);
	return 0;
}

static int note_guest(u8 __user *base, u64 first, u64 last)
{
	u64 nr;
	int err;

	for (nr = first >> LOG_PAGE_SHIFT; nr <= last >> LOG_PAGE_SHIFT; nr++) {
		err = note_page(base, nr);
		if (unlikely(err))
			return err;
	}
	return 0;
}

/* The same memory may be at several places for the guest: it is written at each. */
static int note_user(u8 __user *base, const struct vhn_mem *mem, u64 first, u64 last)
{
	bool found = false;
	unsigned int i;
	int err;

	for (i = 0; i < mem->nr; i++) {
		const struct vhn_region *r = &mem->regions[i];
		u64 from = max(first, r->user);
		u64 to = min(last, r->user + (r->last - r->first));

		if (from > to)
			continue;
		err = note_guest(base, r->first + (from - r->user), r->first + (to - r->user));
		if (unlikely(err))
			return err;
		found = true;
	}
	return found ? 0 : -EFAULT;
}

static int noted(const struct vhn_log *log, int err)
{
	if (!err && log->event)
		kc_eventfd_signal(log->event);
	return err;
}

/**
 * vhn_log_buffers() - buffers were written
 * @log: the log
 * @mem: the table the buffers were found in
 * @iov: the buffers
 * @len: bytes written, from the first on; not more than there are
 *
 * Context: worker, queue mutex held. May fault.
 *
 * Return: 0 or -EFAULT.
 */
int vhn_log_buffers(const struct vhn_log *log, const struct vhn_mem *mem,
		    const struct iovec *iov, u64 len)
{
	int err = 0;

	for (; len && !err; iov++) {
		u64 user = (unsigned long)iov->iov_base;
		u64 part = min_t(u64, len, iov->iov_len);

		err = note_user(log->base, mem, user, user + part - 1);
		len -= part;
	}
	return noted(log, err);
}

static int note_area(const struct vhn_log *log, const struct vhn_mem *mem, const void __user *area,
		     size_t size)
{
	u64 user = (unsigned long)area;

	return note_user(log->base, mem, user, user + size - 1);
}

/**
 * vhn_log_ring() - the ring was written
 * @log: the log
 * @mem: the memory table
 * @vr: the ring
 *
 * All that the device may write counts: under traffic it does. The log knows where a
 * split ring's part is for the guest, unless that has an IOMMU; a packed ring is where its
 * memory is. Context: the owner's memory, queue mutex held. May fault.
 *
 * Return: 0 or -EFAULT.
 */
int vhn_log_ring(const struct vhn_log *log, const struct vhn_mem *mem,
		 const struct vhn_vring *vr)
{
	size_t used = vhn_vring_used_size(vr);
	int err = 0;

	/* Used descriptors are written over available ones. */
	if (vr->packed && vr->slots)
		err = note_area(log, mem, vr->slots, vhn_vring_desc_size(vr));
	if (!err && (vr->packed || vr->iotlb))
		err = note_area(log, mem, vr->used, used);
	else if (!err)
		err = note_guest(log->base, log->ring_addr, log->ring_addr + used - 1);
	return noted(log, err);
}
