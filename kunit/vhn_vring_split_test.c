// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/vring_split.c over rings in memory: what a driver writes is found, what no
 * driver may write is refused, and any access may fault.
 */
#include <linux/sizes.h>

#include "../drivers/vhost/iotlb.h"
#include "test_ring.h"
#include "user_memory.h"

#define RING	8

/* Flags with more to follow, for tables below. */
#define NEXT	VRING_DESC_F_NEXT
#define WRITABLE	VRING_DESC_F_WRITE
#define TABLE	VRING_DESC_F_INDIRECT

static struct test_ring *r;
static struct vhn_chain chain;

static void put(struct vring_desc *table, u16 i, u32 offset, u32 len, u16 flags, u16 next)
{
	table[i] = (struct vring_desc){
		.addr = (__force __virtio64)cpu_to_le64(TEST_RING_GUEST + offset),
		.len = (__force __virtio32)cpu_to_le32(len),
		.flags = (__force __virtio16)cpu_to_le16(flags),
		.next = (__force __virtio16)cpu_to_le16(next),
	};
}

static u16 avail_idx(void)
{
	return le16_to_cpu((__force __le16)r->avail->idx);
}

static void make_available(u16 head)
{
	u16 idx = avail_idx();

	r->avail->ring[idx % RING] = (__force __virtio16)cpu_to_le16(head);
	r->avail->idx = (__force __virtio16)cpu_to_le16(idx + 1);
}

static int pop(void)
{
	return vhn_split_pop(&r->vr, r->mem, r->iov, VHN_MAX_IOV, &chain);
}

static u16 used_idx(void)
{
	return le16_to_cpu((__force __le16)r->used->idx);
}

static u16 avail_event(void)
{
	return le16_to_cpu(*(__le16 *)&r->used->ring[RING]);
}

static int setup(struct kunit *test)
{
	user_memory = (struct user_memory){};
	r = test_ring_split(test, RING);
	r->vr.indirect = true;
	return vhn_split_start(&r->vr);
}

static void a_chain_is_found_readable_part_first(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, pop(), -EAGAIN);
	put(r->desc, 2, 0, 12, NEXT, 5);
	put(r->desc, 5, 64, 100, NEXT, 1);
	put(r->desc, 1, 4096, 1500, WRITABLE, 0);
	make_available(2);
	KUNIT_ASSERT_EQ(test, pop(), 0);
	KUNIT_EXPECT_EQ(test, chain.head, 2);
	KUNIT_EXPECT_EQ(test, chain.descs, 3);
	KUNIT_EXPECT_EQ(test, chain.out, 2);
	KUNIT_EXPECT_EQ(test, chain.in, 1);
	KUNIT_EXPECT_EQ(test, chain.out_len, 112);
	KUNIT_EXPECT_EQ(test, chain.in_len, 1500);
	KUNIT_EXPECT_PTR_EQ(test, (__force void *)r->iov[1].iov_base, r->buffers + 64);
	KUNIT_EXPECT_PTR_EQ(test, (__force void *)r->iov[2].iov_base, r->buffers + 4096);
	KUNIT_EXPECT_EQ(test, pop(), -EAGAIN);
}

static void an_indirect_table_is_one_descriptor(struct kunit *test)
{
	struct vring_desc *table = r->buffers + 1024;

	put(table, 0, 0, 12, NEXT, 2);
	put(table, 2, 64, 100, WRITABLE, 0);
	put(r->desc, 3, 1024, 3 * sizeof(*table), TABLE, 0);
	make_available(3);
	KUNIT_ASSERT_EQ(test, pop(), 0);
	KUNIT_EXPECT_EQ(test, chain.descs, 1);
	KUNIT_EXPECT_EQ(test, chain.out, 1);
	KUNIT_EXPECT_EQ(test, chain.in, 1);
}

/* One more descriptor in front may announce the table. */
static void an_indirect_table_may_end_a_chain(struct kunit *test)
{
	struct vring_desc *table = r->buffers + 1024;

	put(table, 0, 64, 100, WRITABLE, 0);
	put(r->desc, 0, 0, 12, NEXT, 1);
	put(r->desc, 1, 1024, sizeof(*table), TABLE, 0);
	make_available(0);
	KUNIT_ASSERT_EQ(test, pop(), 0);
	KUNIT_EXPECT_EQ(test, chain.out_len, 12);
	KUNIT_EXPECT_EQ(test, chain.in_len, 100);
}

/* A guest with an IOMMU tells of its memory page by page. */
static void an_indirect_table_may_touch_two_pages(struct kunit *test)
{
	const u32 at = SZ_4K - sizeof(struct vring_desc);
	struct vring_desc *table = r->buffers + at;
	unsigned long answered = 0;
	u32 page;

	r->vr.iotlb = vhn_iotlb_alloc();
	KUNIT_ASSERT_NOT_NULL(test, r->vr.iotlb);
	KUNIT_ASSERT_EQ(test, vhn_iotlb_renew(r->vr.iotlb), 0);
	for (page = 0; page < 2 * SZ_4K; page += SZ_4K) {
		struct vhost_iotlb_msg msg = {
			.iova = TEST_RING_GUEST + page,
			.size = SZ_4K,
			.uaddr = (unsigned long)r->buffers + page,
			.perm = VHOST_ACCESS_RO,
		};

		KUNIT_ASSERT_EQ(test, vhn_iotlb_update(r->vr.iotlb, &msg, &answered), 0);
	}
	put(table, 0, 0, 12, NEXT, 1);
	put(table, 1, 64, 100, 0, 0);
	put(r->desc, 3, at, 2 * sizeof(*table), TABLE, 0);
	make_available(3);
	KUNIT_EXPECT_EQ(test, pop(), 0);
	KUNIT_EXPECT_EQ(test, chain.out_len, 112);

	vhn_iotlb_stop(r->vr.iotlb);
	vhn_iotlb_free(r->vr.iotlb);
}

struct entry {
	u32 offset;
	u32 len;
	u16 flags;
	u16 next;
};

#define TABLE_AT	1024
#define ENTRIES(n)	((n) * sizeof(struct vring_desc))
#define OUTSIDE		TEST_RING_BYTES

/**
 * struct wrong - a ring that no driver may write
 * @name: what is wrong with it
 * @direct: descriptors, the first of which is made available
 * @table: descriptors of an indirect table
 * @result: what becomes of it
 */
struct wrong {
	const char *name;
	struct entry direct[2];
	struct entry table[2];
	int result;
};

static const struct wrong wrong[] = {
	{ "no length", { { 0, 0, 0, 0 } }, {}, -EINVAL },
	{ "memory that is not there", { { OUTSIDE, 4, 0, 0 } }, {}, -EFAULT },
	{ "readable after writable", { { 0, 4, WRITABLE | NEXT, 1 }, { 0, 4, 0, 0 } },
	  {}, -EINVAL },
	{ "next outside of the ring", { { 0, 4, NEXT, RING } }, {}, -EINVAL },
	{ "a chain without end", { { 0, 4, NEXT, 1 }, { 0, 4, NEXT, 0 } }, {}, -ELOOP },
	{ "a table with a next", { { TABLE_AT, ENTRIES(1), TABLE | NEXT, 1 } }, {}, -EINVAL },
	{ "a table of nothing", { { TABLE_AT, 0, TABLE, 0 } }, {}, -EINVAL },
	{ "a table of half an entry", { { TABLE_AT, ENTRIES(1) + 8, TABLE, 0 } }, {}, -EINVAL },
	{ "a table that is too long", { { 0, ENTRIES(65537), TABLE, 0 } }, {}, -E2BIG },
	{ "a table that is not there", { { OUTSIDE, ENTRIES(1), TABLE, 0 } }, {}, -EFAULT },
	{ "a table in a table", { { TABLE_AT, ENTRIES(1), TABLE, 0 } },
	  { { TABLE_AT, ENTRIES(1), TABLE, 0 } }, -EINVAL },
	{ "next outside of the table", { { TABLE_AT, ENTRIES(2), TABLE, 0 } },
	  { { 0, 4, NEXT, 2 } }, -EINVAL },
	{ "a table without end", { { TABLE_AT, ENTRIES(2), TABLE, 0 } },
	  { { 0, 4, NEXT, 1 }, { 0, 4, NEXT, 0 } }, -ELOOP },
	{ "no length in a table", { { TABLE_AT, ENTRIES(1), TABLE, 0 } },
	  { { 0, 0, 0, 0 } }, -EINVAL },
};

static void describe(const struct wrong *w, char *text)
{
	strscpy(text, w->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(wrong, wrong, describe);

static void what_no_driver_may_write_is_refused(struct kunit *test)
{
	const struct wrong *w = test->param_value;
	u32 i;

	for (i = 0; i < 2; i++) {
		put(r->desc, i, w->direct[i].offset, w->direct[i].len, w->direct[i].flags,
		    w->direct[i].next);
		put(r->buffers + TABLE_AT, i, w->table[i].offset, w->table[i].len,
		    w->table[i].flags, w->table[i].next);
	}
	make_available(0);
	KUNIT_EXPECT_EQ(test, pop(), w->result);
	/* Nothing was taken. */
	KUNIT_EXPECT_EQ(test, r->vr.last_avail, 0);
}

static void heads_and_indices_that_cannot_be(struct kunit *test)
{
	make_available(RING);
	KUNIT_EXPECT_EQ(test, pop(), -EINVAL);
	r->avail->idx = (__force __virtio16)cpu_to_le16(RING + 1);
	KUNIT_EXPECT_EQ(test, vhn_split_refresh(&r->vr), -EINVAL);
	r->vr.avail_idx = 0;
	KUNIT_EXPECT_EQ(test, pop(), -EINVAL);
}

/* Of what was seen one buffer was taken, so that there is room for an index below it. */
static void what_was_announced_cannot_be_taken_back(struct kunit *test)
{
	put(r->desc, 0, 0, 4, 0, 0);
	make_available(0);
	make_available(0);
	make_available(0);
	KUNIT_EXPECT_EQ(test, pop(), 0);
	r->avail->idx = (__force __virtio16)cpu_to_le16(2);
	KUNIT_EXPECT_EQ(test, vhn_split_refresh(&r->vr), -EINVAL);
	KUNIT_EXPECT_EQ(test, vhn_split_kick_enable(&r->vr), -EINVAL);
	r->avail->idx = (__force __virtio16)cpu_to_le16(3);
	KUNIT_EXPECT_EQ(test, vhn_split_refresh(&r->vr), 0);
	r->avail->idx = (__force __virtio16)cpu_to_le16(RING + 1);
	KUNIT_EXPECT_EQ(test, vhn_split_refresh(&r->vr), RING - 2);
}

static void a_table_needs_the_feature(struct kunit *test)
{
	r->vr.indirect = false;
	put(r->desc, 0, TABLE_AT, ENTRIES(1), TABLE, 0);
	make_available(0);
	KUNIT_EXPECT_EQ(test, pop(), -EINVAL);
}

static void more_elements_than_there_is_room_for(struct kunit *test)
{
	put(r->desc, 0, 0, 4, NEXT, 1);
	put(r->desc, 1, 8, 4, 0, 0);
	make_available(0);
	KUNIT_EXPECT_EQ(test, vhn_split_pop(&r->vr, r->mem, r->iov, 1, &chain), -ENOBUFS);
}

static void a_size_is_a_power_of_two(struct kunit *test)
{
	r->vr.num = 0;
	KUNIT_EXPECT_EQ(test, vhn_split_start(&r->vr), -EINVAL);
	r->vr.num = 6;
	KUNIT_EXPECT_EQ(test, vhn_split_start(&r->vr), -EINVAL);
}

static void all_three_parts_have_to_be_the_users(struct kunit *test)
{
	const void *ends[] = {
		&r->desc[RING],
		&r->avail->ring[RING + 1],
		(void *)&r->used->ring[RING] + sizeof(__le16),
	};
	const void *last = max(max(ends[0], ends[1]), ends[2]);
	u32 i;

	r->vr.event_idx = true;
	user_memory.beyond = last;
	KUNIT_EXPECT_TRUE(test, vhn_split_accessible(&r->vr));
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		user_memory.beyond = ends[i] - 1;
		KUNIT_EXPECT_FALSE(test, vhn_split_accessible(&r->vr));
	}
	/* Without EVENT_IDX there is no last word. */
	r->vr.event_idx = false;
	user_memory.beyond = last;
	KUNIT_EXPECT_TRUE(test, vhn_split_accessible(&r->vr));
}

static void used_entries_are_seen_with_the_index(struct kunit *test)
{
	const struct vhn_chain back = { .head = 5 };
	u32 i;

	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, vhn_split_fill(&r->vr, 0, &back, 100 + i), 0);
		vhn_vring_commit(&r->vr, 1);
		KUNIT_EXPECT_EQ(test, used_idx(), 0);
	}
	KUNIT_EXPECT_EQ(test, vhn_split_publish(&r->vr), 0);
	KUNIT_EXPECT_EQ(test, used_idx(), 3);
	KUNIT_EXPECT_EQ(test, le32_to_cpu((__force __le32)r->used->ring[2].id), 5);
	KUNIT_EXPECT_EQ(test, le32_to_cpu((__force __le32)r->used->ring[2].len), 102);
}

/* Several turns of the index, the ring full all the time. */
static void a_full_ring_over_several_turns(struct kunit *test)
{
	u32 i;

	for (i = 0; i < RING; i++) {
		put(r->desc, i, 64 * i, 64, WRITABLE, 0);
		make_available(i);
	}
	for (i = 0; i < 200000; i++) {
		if (pop() || chain.head != i % RING)
			break;
		vhn_split_fill(&r->vr, 0, &chain, i);
		vhn_vring_commit(&r->vr, 1);
		vhn_split_publish(&r->vr);
		if (used_idx() != (u16)(i + 1))
			break;
		make_available(i % RING);
	}
	KUNIT_EXPECT_EQ(test, i, 200000);
}

static void buffers_given_back_are_found_again(struct kunit *test)
{
	put(r->desc, 0, 0, 4, 0, 0);
	make_available(0);
	KUNIT_EXPECT_EQ(test, pop(), 0);
	vhn_vring_rewind(&r->vr, 0);
	KUNIT_EXPECT_EQ(test, pop(), 0);
	KUNIT_EXPECT_EQ(test, pop(), -EAGAIN);
}

static void kicks_without_event_idx(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, vhn_split_kick_disable(&r->vr), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu((__force __le16)r->used->flags),
			VRING_USED_F_NO_NOTIFY);
	make_available(0);
	/* Made available while kicks were off: no kick comes for it. */
	KUNIT_EXPECT_EQ(test, vhn_split_kick_enable(&r->vr), 1);
	KUNIT_EXPECT_EQ(test, (__force u16)r->used->flags, 0);
	KUNIT_EXPECT_EQ(test, vhn_split_kick_enable(&r->vr), 0);
}

static void kicks_with_event_idx(struct kunit *test)
{
	r->vr.event_idx = true;
	KUNIT_EXPECT_EQ(test, vhn_split_kick_disable(&r->vr), 0);
	make_available(0);
	make_available(1);
	KUNIT_EXPECT_EQ(test, vhn_split_kick_enable(&r->vr), 2);
	KUNIT_EXPECT_EQ(test, vhn_split_kick_enable(&r->vr), 0);
	KUNIT_EXPECT_EQ(test, avail_event(), 2);
	KUNIT_EXPECT_EQ(test, (__force u16)r->used->flags, 0);
}

static void the_first_look_at_suppression_finds_nothing_suppressed(struct kunit *test)
{
	r->vr.event_idx = true;
	test_ring_set_used_event(r, 100);
	test_ring_use(r, 1);
	KUNIT_EXPECT_EQ(test, vhn_split_wants_call(&r->vr), 1);
	test_ring_use(r, 1);
	KUNIT_EXPECT_EQ(test, vhn_split_wants_call(&r->vr), 0);
}

/* A batch of a whole turn since the last look: what was seen then says nothing. */
static void a_whole_turn_since_the_last_look_is_told(struct kunit *test)
{
	u32 i;

	r->vr.event_idx = true;
	test_ring_use(r, 1);
	vhn_split_wants_call(&r->vr);
	test_ring_set_used_event(r, 0);
	for (i = 0; i < 65536; i++)
		test_ring_use(r, 1);
	KUNIT_EXPECT_EQ(test, vhn_split_wants_call(&r->vr), 1);
}

static void every_access_may_fault(struct kunit *test)
{
	u32 n = 0;
	int err;

	put(r->buffers + TABLE_AT, 0, 0, 4, NEXT, 1);
	put(r->buffers + TABLE_AT, 1, 0, 4, 0, 0);
	put(r->desc, 0, 0, 4, NEXT, 1);
	put(r->desc, 1, TABLE_AT, ENTRIES(2), TABLE, 0);
	make_available(0);
	do {
		r->vr.last_avail = 0;
		user_memory = (struct user_memory){ .fault_at = ++n };
		err = test_ring_round(r);
		KUNIT_ASSERT_TRUE(test, !err || err == -EFAULT);
	} while (err);
	KUNIT_EXPECT_GE(test, n, 13);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_chain_is_found_readable_part_first),
	KUNIT_CASE(an_indirect_table_is_one_descriptor),
	KUNIT_CASE(an_indirect_table_may_end_a_chain),
	KUNIT_CASE(an_indirect_table_may_touch_two_pages),
	KUNIT_CASE_PARAM(what_no_driver_may_write_is_refused, wrong_gen_params),
	KUNIT_CASE(heads_and_indices_that_cannot_be),
	KUNIT_CASE(what_was_announced_cannot_be_taken_back),
	KUNIT_CASE(a_table_needs_the_feature),
	KUNIT_CASE(more_elements_than_there_is_room_for),
	KUNIT_CASE(a_size_is_a_power_of_two),
	KUNIT_CASE(all_three_parts_have_to_be_the_users),
	KUNIT_CASE(used_entries_are_seen_with_the_index),
	KUNIT_CASE(a_full_ring_over_several_turns),
	KUNIT_CASE(buffers_given_back_are_found_again),
	KUNIT_CASE(kicks_without_event_idx),
	KUNIT_CASE(kicks_with_event_idx),
	KUNIT_CASE(the_first_look_at_suppression_finds_nothing_suppressed),
	KUNIT_CASE(a_whole_turn_since_the_last_look_is_told),
	KUNIT_CASE(every_access_may_fault),
	{}
};

static struct kunit_suite vhn_vring_split_suite = {
	.name = "vhn_vring_split",
	.init = setup,
	.test_cases = cases,
};

kunit_test_suite(vhn_vring_split_suite);
