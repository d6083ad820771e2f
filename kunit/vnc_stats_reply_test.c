// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/net/virtio_net_coal/stats_reply.c: what a device says of its counters, which may
 * be anything.
 */
#include <asm/unaligned.h>
#include <kunit/test.h>
#include <linux/random.h>

#include "../drivers/net/virtio_net_coal/stats_reply.h"

#define ROOM	1024
#define MOST	16

/**
 * struct reply - an answer, and what was read of it
 * @bytes: the answer, in memory that ends with it
 * @len: of it
 * @found: entries
 * @vq: of each
 * @type: of each
 * @first: first counter of each
 */
struct reply {
	u8 *bytes;
	u32 len;
	u32 found;
	u16 vq[MOST];
	u32 type[MOST];
	u64 first[MOST];
};

static struct reply *r;

static void collect(void *context, u16 vq, u32 type, const u8 *counters)
{
	if (r->found < MOST) {
		r->vq[r->found] = vq;
		r->type[r->found] = type;
		r->first[r->found] = get_unaligned_le64(counters);
	}
	r->found++;
}

static int setup(struct kunit *test)
{
	r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r);
	r->bytes = kunit_kzalloc(test, ROOM, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r->bytes);
	return 0;
}

/* Adds an entry that claims a size, and has as many bytes if there is room. */
static void add(u8 type, u16 vq, u16 size, u64 first)
{
	u8 *at = r->bytes + r->len;

	at[0] = type;
	put_unaligned_le16(vq, at + 2);
	put_unaligned_le16(size, at + 6);
	put_unaligned_le64(first, at + 8);
	r->len += size;
}

static u32 parse(void)
{
	r->found = 0;
	return vnc_stats_parse(r->bytes, r->len, collect, NULL);
}

static u32 index_of(u8 bit)
{
	u32 i;

	for (i = 0; i < VNC_STATS_TYPES && vnc_stats_types[i].bit != bit; i++)
		;
	return i;
}

static void entries_come_in_any_order(struct kunit *test)
{
	add(32, 8, 24, 7);
	add(16, 1, 56, 8);
	add(0, 0, 56, 9);
	KUNIT_EXPECT_EQ(test, parse(), 3);
	KUNIT_EXPECT_EQ(test, r->vq[0], 8);
	KUNIT_EXPECT_EQ(test, r->type[0], index_of(32));
	KUNIT_EXPECT_EQ(test, r->first[0], 7);
	KUNIT_EXPECT_EQ(test, r->vq[1], 1);
	KUNIT_EXPECT_EQ(test, r->first[2], 9);
}

static void sizes_are_those_of_the_types(struct kunit *test)
{
	static const struct {
		u8 bit;
		u32 len;
	} lengths[] = {
		{ 0, 56 }, { 1, 40 }, { 2, 40 }, { 3, 24 },
		{ 16, 56 }, { 17, 24 }, { 18, 56 }, { 19, 24 }, { 32, 24 },
	};
	u64 all = 0;
	u32 i, len = 0;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		u32 type = index_of(lengths[i].bit);

		KUNIT_ASSERT_LT(test, type, VNC_STATS_TYPES);
		KUNIT_EXPECT_EQ(test, vnc_stats_type_len(&vnc_stats_types[type]), lengths[i].len);
		all |= BIT_ULL(lengths[i].bit);
		len += lengths[i].len;
	}
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(lengths), VNC_STATS_TYPES);
	KUNIT_EXPECT_EQ(test, vnc_stats_reply_len(all), len);
	KUNIT_EXPECT_EQ(test, vnc_stats_reply_len(BIT_ULL(63)), 0);
}

static void what_is_not_known_is_stepped_over(struct kunit *test)
{
	add(77, 0, 16, 1);	/* a type of a later standard */
	add(3, 0, 48, 2);	/* longer than it is known to be */
	add(3, 2, 24, 3);
	KUNIT_EXPECT_EQ(test, parse(), 2);
	KUNIT_EXPECT_EQ(test, r->first[0], 2);
	KUNIT_EXPECT_EQ(test, r->first[1], 3);
}

static void sizes_that_cannot_be_end_the_walk(struct kunit *test)
{
	static const u16 sizes[] = { 0, 1, 7, 8, 23, 25, 0xffff };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		r->len = 0;
		add(3, 0, 24, 1);
		add(3, 2, 24, 2);
		put_unaligned_le16(sizes[i], r->bytes + 24 + 6);
		KUNIT_EXPECT_EQ_MSG(test, parse(), 1, "size %u", sizes[i]);
	}
}

static void a_short_answer_is_read_as_far_as_it_goes(struct kunit *test)
{
	u32 whole;

	add(3, 0, 24, 1);
	add(3, 2, 24, 2);
	whole = r->len;
	for (r->len = 0; r->len <= whole; r->len++)
		KUNIT_EXPECT_EQ_MSG(test, parse(), r->len / 24, "%u bytes", r->len);
}

/* Under KASAN a step too far is seen. */
static void whatever_it_is_the_walk_ends_within_it(struct kunit *test)
{
	struct rnd_state dice;
	u32 round, i;

	prandom_seed_state(&dice, 5);
	for (round = 0; round < 20000; round++) {
		u8 *exact;

		r->len = prandom_u32_state(&dice) % 200;
		prandom_bytes_state(&dice, r->bytes, r->len);
		/* Sizes that are likely. */
		for (i = 6; i + 1 < r->len; i += 8 * (1 + prandom_u32_state(&dice) % 7))
			put_unaligned_le16(8 * (prandom_u32_state(&dice) % 9), r->bytes + i);
		exact = kmemdup(r->bytes, r->len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, exact);
		r->found = 0;
		i = vnc_stats_parse(exact, r->len, collect, NULL);
		kfree(exact);
		KUNIT_ASSERT_EQ(test, i, r->found);
		KUNIT_ASSERT_LE(test, i, 200 / 8);
	}
}

/* STAT-G1, G2: types of the queue's kind, whose feature was negotiated, and offered. */
static void stat_g1_g2_what_a_queue_is_asked_for(struct kunit *test)
{
	const u64 all = BIT_ULL(0) | BIT_ULL(1) | BIT_ULL(2) | BIT_ULL(3) | BIT_ULL(16) |
			BIT_ULL(17) | BIT_ULL(18) | BIT_ULL(19) | BIT_ULL(32);

	KUNIT_EXPECT_EQ(test, vnc_stats_bitmap(VNC_STATS_RX, all, 0), BIT_ULL(0) | BIT_ULL(3));
	KUNIT_EXPECT_EQ(test, vnc_stats_bitmap(VNC_STATS_TX, all, 0), BIT_ULL(16) | BIT_ULL(19));
	KUNIT_EXPECT_EQ(test, vnc_stats_bitmap(VNC_STATS_CVQ, all, 0), BIT_ULL(32));
	KUNIT_EXPECT_EQ(test, vnc_stats_bitmap(VNC_STATS_RX, all, U64_MAX), 0xf);
	KUNIT_EXPECT_EQ(test, vnc_stats_bitmap(VNC_STATS_TX, all, U64_MAX), 0xf0000);
	KUNIT_EXPECT_EQ(test, vnc_stats_bitmap(VNC_STATS_RX, BIT_ULL(3), U64_MAX), BIT_ULL(3));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(entries_come_in_any_order),
	KUNIT_CASE(sizes_are_those_of_the_types),
	KUNIT_CASE(what_is_not_known_is_stepped_over),
	KUNIT_CASE(sizes_that_cannot_be_end_the_walk),
	KUNIT_CASE(a_short_answer_is_read_as_far_as_it_goes),
	KUNIT_CASE(whatever_it_is_the_walk_ends_within_it),
	KUNIT_CASE(stat_g1_g2_what_a_queue_is_asked_for),
	{}
};

static struct kunit_suite vnc_stats_reply_suite = {
	.name = "vnc_stats_reply",
	.init = setup,
	.test_cases = cases,
};

kunit_test_suite(vnc_stats_reply_suite);
