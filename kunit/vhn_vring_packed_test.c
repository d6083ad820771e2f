// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/vring_packed.c over rings in memory: what a driver writes is found, what
 * no driver may write is refused, and any access may fault.
 */
#include "test_ring.h"
#include "user_memory.h"

#define RING		6		/* no power of two */
#define FIRST_TURN	BIT(15)		/* where a ring begins: slot 0, and its wrap counter */

#define NEXT	VRING_DESC_F_NEXT
#define WRITABLE	VRING_DESC_F_WRITE
#define TABLE	VRING_DESC_F_INDIRECT
#define AVAIL	BIT(VRING_PACKED_DESC_F_AVAIL)
#define USED	BIT(VRING_PACKED_DESC_F_USED)

#define TABLE_AT	1024
#define ENTRIES(n)	((n) * sizeof(struct vring_packed_desc))
#define OUTSIDE		TEST_RING_BYTES

static struct test_ring *r;
static struct vhn_chain chain;

static void put(struct vring_packed_desc *table, u32 i, u32 offset, u32 len, u16 id, u16 flags)
{
	table[i] = (struct vring_packed_desc){
		.addr = cpu_to_le64(TEST_RING_GUEST + offset),
		.len = cpu_to_le32(len),
		.id = cpu_to_le16(id),
		.flags = cpu_to_le16(flags),
	};
}

/* The flag that makes a slot available in a turn. */
static u16 available(u32 turn)
{
	return turn % 2 ? USED : AVAIL;
}

static int pop(void)
{
	return vhn_packed_pop(&r->vr, r->mem, r->iov, VHN_MAX_IOV, &chain);
}

static u16 flags_at(u32 slot)
{
	return le16_to_cpu(r->slots[slot].flags);
}

static int setup(struct kunit *test)
{
	user_memory = (struct user_memory){};
	r = test_ring_packed(test, RING);
	r->vr.indirect = true;
	return vhn_packed_start(&r->vr);
}

static void a_chain_is_found_with_the_id_of_its_end(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, pop(), -EAGAIN);
	put(r->slots, 0, 0, 12, 7, NEXT | AVAIL);
	put(r->slots, 1, 64, 100, 8, NEXT | AVAIL);
	put(r->slots, 2, 4096, 1500, 9, WRITABLE | AVAIL);
	KUNIT_ASSERT_EQ(test, pop(), 0);
	KUNIT_EXPECT_EQ(test, chain.head, 9);
	KUNIT_EXPECT_EQ(test, chain.descs, 3);
	KUNIT_EXPECT_EQ(test, chain.out_len, 112);
	KUNIT_EXPECT_EQ(test, chain.in_len, 1500);
	KUNIT_EXPECT_PTR_EQ(test, (__force void *)r->iov[2].iov_base, r->buffers + 4096);
	KUNIT_EXPECT_EQ(test, pop(), -EAGAIN);
}

static void an_indirect_table_is_one_slot(struct kunit *test)
{
	struct vring_packed_desc *table = r->buffers + TABLE_AT;

	/* Of their flags, WRITABLE alone means something. */
	put(table, 0, 0, 12, 0, NEXT);
	put(table, 1, 64, 100, 0, WRITABLE);
	put(r->slots, 0, TABLE_AT, ENTRIES(2), 3, TABLE | AVAIL);
	KUNIT_ASSERT_EQ(test, pop(), 0);
	KUNIT_EXPECT_EQ(test, chain.head, 3);
	KUNIT_EXPECT_EQ(test, chain.descs, 1);
	KUNIT_EXPECT_EQ(test, chain.out, 1);
	KUNIT_EXPECT_EQ(test, chain.in, 1);
}

struct entry {
	u32 offset;
	u32 len;
	u16 flags;
};

/**
 * struct wrong - a ring that no driver may write
 * @name: what is wrong with it
 * @direct: slots, the first of which is the chain's
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
	{ "no length", { { 0, 0, AVAIL } }, {}, -EINVAL },
	{ "memory that is not there", { { OUTSIDE, 4, AVAIL } }, {}, -EFAULT },
	{ "readable after writable", { { 0, 4, AVAIL | WRITABLE | NEXT }, { 0, 4, AVAIL } },
	  {}, -EINVAL },
	{ "a chain that is not all there", { { 0, 4, AVAIL | NEXT }, { 0, 4, 0 } }, {}, -EINVAL },
	{ "a table with a next", { { TABLE_AT, ENTRIES(1), AVAIL | TABLE | NEXT } }, {}, -EINVAL },
	{ "a table of nothing", { { TABLE_AT, 0, AVAIL | TABLE } }, {}, -EINVAL },
	{ "a table of half an entry", { { TABLE_AT, ENTRIES(1) + 8, AVAIL | TABLE } },
	  {}, -EINVAL },
	{ "a table that is too long", { { 0, ENTRIES(65537), AVAIL | TABLE } }, {}, -E2BIG },
	{ "a table that is not there", { { OUTSIDE, ENTRIES(1), AVAIL | TABLE } }, {}, -EFAULT },
	{ "a table in a table", { { TABLE_AT, ENTRIES(1), AVAIL | TABLE } },
	  { { TABLE_AT, ENTRIES(1), TABLE } }, -EINVAL },
	{ "no length in a table", { { TABLE_AT, ENTRIES(1), AVAIL | TABLE } },
	  { { 0, 0, 0 } }, -EINVAL },
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
		put(r->slots, i, w->direct[i].offset, w->direct[i].len, 0, w->direct[i].flags);
		put(r->buffers + TABLE_AT, i, w->table[i].offset, w->table[i].len, 0,
		    w->table[i].flags);
	}
	KUNIT_EXPECT_EQ(test, pop(), w->result);
	/* Nothing was taken. */
	KUNIT_EXPECT_EQ(test, r->vr.last_avail, FIRST_TURN);
}

static void a_chain_without_end(struct kunit *test)
{
	u32 i;

	for (i = 0; i < RING; i++)
		put(r->slots, i, 0, 4, 0, AVAIL | NEXT);
	KUNIT_EXPECT_EQ(test, pop(), -ELOOP);
}

static void a_table_needs_the_feature(struct kunit *test)
{
	r->vr.indirect = false;
	put(r->slots, 0, TABLE_AT, ENTRIES(1), 0, AVAIL | TABLE);
	KUNIT_EXPECT_EQ(test, pop(), -EINVAL);
}

static void a_base_lies_in_the_ring(struct kunit *test)
{
	r->vr.last_avail = RING;
	KUNIT_EXPECT_EQ(test, vhn_packed_start(&r->vr), -EINVAL);
	r->vr.last_avail = 0;
	r->vr.last_used = RING;
	KUNIT_EXPECT_EQ(test, vhn_packed_start(&r->vr), -EINVAL);
	r->vr.last_used = 0;
	r->vr.num = 0;
	KUNIT_EXPECT_EQ(test, vhn_packed_start(&r->vr), -EINVAL);
	r->vr.num = VHN_MAX_RING + 1;
	KUNIT_EXPECT_EQ(test, vhn_packed_start(&r->vr), -EINVAL);
}

static void all_three_parts_have_to_be_the_users(struct kunit *test)
{
	const void *ends[] = { &r->slots[RING], r->driver_event + 1, r->device_event + 1 };
	u32 i;

	user_memory.beyond = max(max(ends[0], ends[1]), ends[2]);
	KUNIT_EXPECT_TRUE(test, vhn_packed_accessible(&r->vr));
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		user_memory.beyond = ends[i] - 1;
		KUNIT_EXPECT_FALSE(test, vhn_packed_accessible(&r->vr));
	}
}

/* A batch is seen with the flags of its first descriptor, and not before. */
static void a_batch_is_seen_at_once(struct kunit *test)
{
	const struct vhn_chain two = { .head = 5, .descs = 2 }, one = { .head = 6, .descs = 1 };

	put(r->slots, 0, 0, 4, 5, AVAIL | NEXT);
	put(r->slots, 1, 0, 4, 5, AVAIL | WRITABLE);
	put(r->slots, 2, 0, 4, 6, AVAIL | WRITABLE);
	vhn_packed_fill(&r->vr, 0, &two, 100);
	KUNIT_EXPECT_EQ(test, vhn_packed_commit(&r->vr, 1), 0);
	vhn_packed_fill(&r->vr, 0, &one, 0);
	KUNIT_EXPECT_EQ(test, vhn_packed_commit(&r->vr, 1), 0);
	KUNIT_EXPECT_EQ(test, flags_at(0) & (AVAIL | USED), AVAIL);
	KUNIT_EXPECT_EQ(test, vhn_packed_publish(&r->vr), 0);
	KUNIT_EXPECT_EQ(test, flags_at(0), AVAIL | USED | WRITABLE);
	KUNIT_EXPECT_EQ(test, flags_at(2), AVAIL | USED);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(r->slots[0].id), 5);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(r->slots[0].len), 100);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(r->slots[2].id), 6);
}

/* The buffers of one packet: its first descriptor is written last. */
static void a_packet_of_several_buffers_is_seen_at_once(struct kunit *test)
{
	const struct vhn_chain one = { .head = 1, .descs = 1 };

	test_ring_use(r, 1);
	vhn_packed_fill(&r->vr, 0, &one, 10);
	vhn_packed_fill(&r->vr, 1, &one, 20);
	user_memory = (struct user_memory){ .fault_at = 1 };
	KUNIT_EXPECT_EQ(test, vhn_packed_commit(&r->vr, 2), -EFAULT);
	KUNIT_EXPECT_EQ(test, flags_at(1), 0);
	KUNIT_EXPECT_EQ(test, vhn_packed_commit(&r->vr, 2), 0);
	KUNIT_EXPECT_EQ(test, vhn_packed_publish(&r->vr), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(r->slots[1].len), 10);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(r->slots[2].len), 20);
}

/* Many turns, the ring full all the time, each with the other wrap counter. */
static void a_full_ring_over_many_turns(struct kunit *test)
{
	u32 i;

	for (i = 0; i < RING; i++)
		put(r->slots, i, 0, 64, i, WRITABLE | available(0));
	for (i = 0; i < 30000; i++) {
		u32 turn = i / RING, slot = i % RING;

		if (pop() || chain.head != slot)
			break;
		vhn_packed_fill(&r->vr, 0, &chain, 1);
		vhn_packed_commit(&r->vr, 1);
		vhn_packed_publish(&r->vr);
		if (flags_at(slot) != (WRITABLE | (turn % 2 ? 0 : AVAIL | USED)))
			break;
		put(r->slots, slot, 0, 64, slot, WRITABLE | available(turn + 1));
	}
	KUNIT_EXPECT_EQ(test, i, 30000);
}

static void buffers_given_back_are_found_again(struct kunit *test)
{
	u16 before = r->vr.last_avail;

	put(r->slots, 0, 0, 4, 0, AVAIL);
	KUNIT_EXPECT_EQ(test, pop(), 0);
	vhn_vring_rewind(&r->vr, before);
	KUNIT_EXPECT_EQ(test, pop(), 0);
	KUNIT_EXPECT_EQ(test, pop(), -EAGAIN);
}

static void ntf_p_kicks_without_event_idx(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, vhn_packed_kick_disable(&r->vr), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(r->device_event->flags),
			VRING_PACKED_EVENT_FLAG_DISABLE);
	put(r->slots, 0, 0, 4, 0, AVAIL);
	KUNIT_EXPECT_EQ(test, vhn_packed_kick_enable(&r->vr), 1);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(r->device_event->flags),
			VRING_PACKED_EVENT_FLAG_ENABLE);
}

static void ntf_p_kicks_with_event_idx(struct kunit *test)
{
	r->vr.event_idx = true;
	KUNIT_EXPECT_EQ(test, vhn_packed_kick_disable(&r->vr), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(r->device_event->flags), 0);
	KUNIT_EXPECT_EQ(test, vhn_packed_kick_enable(&r->vr), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(r->device_event->flags), VRING_PACKED_EVENT_FLAG_DESC);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(r->device_event->off_wrap), FIRST_TURN);
}

/* Flags that mean nothing, DESC without EVENT_IDX among them, suppress nothing. */
static void ntf_p_flags_that_mean_nothing(struct kunit *test)
{
	u32 flags;

	for (flags = 0; flags <= U16_MAX; flags++) {
		r->driver_event->flags = cpu_to_le16(flags);
		KUNIT_ASSERT_EQ_MSG(test, vhn_packed_wants_call(&r->vr), (flags & 3) != 1,
				    "%#x", flags);
	}
}

static void two_turns_since_the_last_look_are_told(struct kunit *test)
{
	u32 i;

	r->vr.event_idx = true;
	r->driver_event->flags = cpu_to_le16(VRING_PACKED_EVENT_FLAG_DESC);
	r->driver_event->off_wrap = cpu_to_le16(0);
	vhn_packed_wants_call(&r->vr);
	for (i = 0; i < 2 * RING; i++)
		test_ring_use(r, 1);
	KUNIT_EXPECT_EQ(test, vhn_packed_wants_call(&r->vr), 1);
}

static void every_access_may_fault(struct kunit *test)
{
	u32 n = 0;
	int err;

	do {
		put(r->buffers + TABLE_AT, 0, 0, 4, 0, 0);
		put(r->slots, 0, 0, 4, 0, AVAIL | NEXT);
		put(r->slots, 1, TABLE_AT, ENTRIES(1), 0, AVAIL | TABLE);
		r->vr.last_avail = FIRST_TURN;
		r->vr.last_used = FIRST_TURN;
		user_memory = (struct user_memory){ .fault_at = ++n };
		err = test_ring_round(r);
		KUNIT_ASSERT_TRUE(test, !err || err == -EFAULT);
	} while (err);
	KUNIT_EXPECT_GE(test, n, 13);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_chain_is_found_with_the_id_of_its_end),
	KUNIT_CASE(an_indirect_table_is_one_slot),
	KUNIT_CASE_PARAM(what_no_driver_may_write_is_refused, wrong_gen_params),
	KUNIT_CASE(a_chain_without_end),
	KUNIT_CASE(a_table_needs_the_feature),
	KUNIT_CASE(a_base_lies_in_the_ring),
	KUNIT_CASE(all_three_parts_have_to_be_the_users),
	KUNIT_CASE(a_batch_is_seen_at_once),
	KUNIT_CASE(a_packet_of_several_buffers_is_seen_at_once),
	KUNIT_CASE(a_full_ring_over_many_turns),
	KUNIT_CASE(buffers_given_back_are_found_again),
	KUNIT_CASE(ntf_p_kicks_without_event_idx),
	KUNIT_CASE(ntf_p_kicks_with_event_idx),
	KUNIT_CASE(ntf_p_flags_that_mean_nothing),
	KUNIT_CASE(two_turns_since_the_last_look_are_told),
	KUNIT_CASE(every_access_may_fault),
	{}
};

static struct kunit_suite vhn_vring_packed_suite = {
	.name = "vhn_vring_packed",
	.init = setup,
	.test_cases = cases,
};

kunit_test_suite(vhn_vring_packed_suite);
