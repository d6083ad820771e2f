/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ring in the kernel's own memory, the driver's side of it in the hands of the test.
 */
#ifndef _KUNIT_TEST_RING_H
#define _KUNIT_TEST_RING_H

#include <kunit/test.h>

#include "../drivers/vhost/mem.h"
#include "../drivers/vhost/vring.h"

/* Where the buffers are for the guest; far from where they are for the kernel. */
#define TEST_RING_GUEST	0x100000000ULL
#define TEST_RING_BYTES	65536

/**
 * struct test_ring - a ring, its memory, and memory for buffers
 * @vr: the device's side
 * @desc: split: descriptor table
 * @avail: split: available ring
 * @used: split: used ring
 * @slots: packed: descriptor ring
 * @driver_event: packed: what the driver wants to be told
 * @device_event: packed: what the device wants to be told
 * @buffers: TEST_RING_BYTES, at guest address TEST_RING_GUEST
 * @mem: says so
 * @iov: for a buffer
 */
struct test_ring {
	struct vhn_vring vr;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	struct vring_packed_desc *slots;
	struct vring_packed_desc_event *driver_event;
	struct vring_packed_desc_event *device_event;
	void *buffers;
	struct vhn_mem *mem;
	struct iovec iov[VHN_MAX_IOV];
};

struct test_ring *test_ring_split(struct kunit *test, u32 num);
struct test_ring *test_ring_packed(struct kunit *test, u32 num);
void test_ring_use(struct test_ring *r, u32 buffers);
int test_ring_round(struct test_ring *r);

/* The driver's wish in a split ring with EVENT_IDX: to be told of this entry. */
static inline void test_ring_set_used_event(struct test_ring *r, u16 entry)
{
	*(__le16 *)&r->avail->ring[r->vr.num] = cpu_to_le16(entry);
}

/* The driver's wish in a split ring without it: not to be told of anything. */
static inline void test_ring_set_no_interrupt(struct test_ring *r, bool on)
{
	r->avail->flags = (__force __virtio16)cpu_to_le16(on ? VRING_AVAIL_F_NO_INTERRUPT : 0);
}

#endif /* _KUNIT_TEST_RING_H */
