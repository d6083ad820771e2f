// SPDX-License-Identifier: GPL-2.0-only
#include "test_ring.h"

static void *zeroed(struct kunit *test, size_t size)
{
	void *p = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static struct test_ring *with_buffers(struct kunit *test, u32 num)
{
	struct test_ring *r = zeroed(test, sizeof(*r));

	r->vr.num = num;
	r->buffers = zeroed(test, TEST_RING_BYTES);
	r->mem = zeroed(test, struct_size(r->mem, regions, 1));
	r->mem->nr = 1;
	r->mem->regions[0] = (struct vhn_region){
		.first = TEST_RING_GUEST,
		.last = TEST_RING_GUEST + TEST_RING_BYTES - 1,
		.user = (unsigned long)r->buffers,
	};
	return r;
}

/**
 * test_ring_split() - a split ring that nothing was put into yet
 * @test: whose memory it is
 * @num: entries
 *
 * Return: the ring; not started, since features come first.
 */
struct test_ring *test_ring_split(struct kunit *test, u32 num)
{
	struct test_ring *r = with_buffers(test, num);

	r->desc = zeroed(test, num * sizeof(*r->desc));
	r->avail = zeroed(test, offsetof(struct vring_avail, ring[num + 1]));
	r->used = zeroed(test, offsetof(struct vring_used, ring[num]) + sizeof(__le16));
	r->vr.desc = (__force struct vring_desc __user *)r->desc;
	r->vr.avail = (__force struct vring_avail __user *)r->avail;
	r->vr.used = (__force struct vring_used __user *)r->used;
	return r;
}

/**
 * test_ring_packed() - a packed ring that nothing was put into yet
 * @test: whose memory it is
 * @num: slots
 *
 * Return: the ring; not started, since features come first.
 */
struct test_ring *test_ring_packed(struct kunit *test, u32 num)
{
	struct test_ring *r = with_buffers(test, num);

	r->slots = zeroed(test, num * sizeof(*r->slots));
	r->driver_event = zeroed(test, sizeof(*r->driver_event));
	r->device_event = zeroed(test, sizeof(*r->device_event));
	r->vr.packed = true;
	r->vr.slots = (__force struct vring_packed_desc __user *)r->slots;
	r->vr.driver_event = (__force struct vring_packed_desc_event __user *)r->driver_event;
	r->vr.device_event = (__force struct vring_packed_desc_event __user *)r->device_event;
	r->vr.pending = zeroed(test, VHN_MAX_IOV * sizeof(*r->vr.pending));
	/* Slot 0, in a turn whose wrap counter is set. */
	r->vr.last_avail = BIT(15);
	r->vr.last_used = BIT(15);
	return r;
}

/**
 * test_ring_use() - the device uses buffers of one descriptor each, as one batch
 * @r: the ring, started
 * @buffers: how many, at least 1
 */
void test_ring_use(struct test_ring *r, u32 buffers)
{
	const struct vhn_chain chain = { .head = 0, .descs = 1 };
	u32 i;

	for (i = 0; i < buffers; i++) {
		vhn_vring_fill(&r->vr, 0, &chain, 0);
		vhn_vring_commit(&r->vr, 1);
	}
	vhn_vring_publish(&r->vr);
}

/**
 * test_ring_round() - all that is done to a ring for one buffer
 * @r: the ring; a buffer is available
 *
 * Return: 0, or the first error.
 */
int test_ring_round(struct test_ring *r)
{
	struct vhn_chain chain;
	int err;

	err = vhn_vring_start(&r->vr) ?:
	      vhn_vring_pop(&r->vr, r->mem, r->iov, VHN_MAX_IOV, &chain) ?:
	      vhn_vring_fill(&r->vr, 0, &chain, 0) ?:
	      vhn_vring_commit(&r->vr, 1) ?:
	      vhn_vring_publish(&r->vr);
	if (err)
		return err;
	err = vhn_vring_wants_call(&r->vr);
	if (err < 0)
		return err;
	err = vhn_vring_kick_disable(&r->vr) ?: vhn_vring_kick_enable(&r->vr);
	return min(err, 0);
}
