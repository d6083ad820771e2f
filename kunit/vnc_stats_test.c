// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/net/virtio_net_coal/stats.c: the device's counters, from its answers to what
 * `ethtool -S` shows.
 */
#include <asm/unaligned.h>
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>

#include "mock_device.h"

#define STATS		VIRTIO_NET_CTRL_STATS
#define MOST		512
#define REQUEST		16	/* bytes for each queue asked for */

static struct mock_device *mock;
static struct net_device *dev;
static u64 *values;
static u8 *names;
static int count;

static void plug(struct kunit *test, u64 supported, u64 features)
{
	mock = mock_device_create(test, features | BIT_ULL(VIRTIO_NET_F_DEVICE_STATS));
	mock->supported = supported;
	dev = mock_device_plug(test, mock);
}

static int setup(struct kunit *test)
{
	mock = NULL;
	dev = NULL;
	values = kunit_kcalloc(test, MOST, sizeof(*values), GFP_KERNEL);
	names = kunit_kcalloc(test, MOST, ETH_GSTRING_LEN, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, values);
	KUNIT_ASSERT_NOT_NULL(test, names);
	return 0;
}

static void teardown(struct kunit *test)
{
	if (dev)
		mock_device_unplug(mock);
}

/* `ethtool -S` */
static void read_counters(struct kunit *test)
{
	struct ethtool_stats stats = {};

	rtnl_lock();
	count = dev->ethtool_ops->get_sset_count(dev, ETH_SS_STATS);
	KUNIT_EXPECT_LE(test, count, MOST);
	if (count <= MOST) {
		dev->ethtool_ops->get_strings(dev, ETH_SS_STATS, names);
		dev->ethtool_ops->get_ethtool_stats(dev, &stats, values);
	}
	rtnl_unlock();
}

static u64 counter(struct kunit *test, const char *name)
{
	int i;

	for (i = 0; i < count; i++)
		if (!strncmp(names + i * ETH_GSTRING_LEN, name, ETH_GSTRING_LEN))
			return values[i];
	KUNIT_FAIL(test, "%s is not there", name);
	return 0;
}

static u32 of_the_device(void)
{
	u32 n = 0;
	int i;

	for (i = 0; i < count; i++)
		n += !!strstr(names + i * ETH_GSTRING_LEN, "_hw_");
	return n;
}

static void add(struct mock_device *m, u8 type, u16 vq, u16 size, u64 first)
{
	u8 *at = m->reply + m->reply_len;
	u16 i;

	memset(at, 0, size);
	at[0] = type;
	put_unaligned_le16(vq, at + 2);
	put_unaligned_le16(size, at + 6);
	for (i = 8; i + 8 <= size; i += 8)
		put_unaligned_le64(first + i / 8 - 1, at + i);
	m->reply_len += size;
}

static u8 say_supported(struct mock_device *m)
{
	put_unaligned_le64(m->supported, m->reply);
	m->reply_len = sizeof(u64);
	return VIRTIO_NET_OK;
}

static bool is_get(const struct mock_command *command)
{
	return command->class == STATS && command->cmd == VIRTIO_NET_CTRL_STATS_GET;
}

/* --- what is asked ------------------------------------------------------------------------ */

/* STAT-G1, G2: queues that exist, and types that the device has said it supports. */
static void stat_g1_g2_queues_and_types_that_there_are(struct kunit *test)
{
	const struct mock_command *last;
	u32 i;

	plug(test, BIT_ULL(0) | BIT_ULL(1) | BIT_ULL(16) | BIT_ULL(32), 0);
	read_counters(test);
	last = mock_device_last(mock, STATS);
	KUNIT_ASSERT_NOT_NULL(test, last);
	KUNIT_EXPECT_EQ(test, last->len, 3 * REQUEST);
	for (i = 0; i < 3; i++) {
		/* GUEST_CSUM was not negotiated: type 1 is not asked for. */
		static const u64 bitmaps[] = { BIT_ULL(0), BIT_ULL(16), BIT_ULL(32) };
		const u8 *request = last->data + i * REQUEST;

		KUNIT_EXPECT_EQ(test, get_unaligned_le16(request), i);
		KUNIT_EXPECT_EQ(test, get_unaligned_le64(request + 8), bitmaps[i]);
	}
}

/* STAT-G3: there is room for all that is asked for. */
static void stat_g3_there_is_room_for_the_answer(struct kunit *test)
{
	const struct mock_command *last;

	plug(test, BIT_ULL(0) | BIT_ULL(16) | BIT_ULL(32), BIT_ULL(VIRTIO_NET_F_MQ));
	read_counters(test);
	last = mock_device_last(mock, STATS);
	KUNIT_ASSERT_NOT_NULL(test, last);
	KUNIT_EXPECT_EQ(test, last->len, (2 * MOCK_PAIRS + 1) * REQUEST);
	KUNIT_EXPECT_GE(test, last->room, 2 * MOCK_PAIRS * 56 + 24);
}

static void without_the_feature_nothing_is_asked(struct kunit *test)
{
	mock = mock_device_create(test, 0);
	dev = mock_device_plug(test, mock);
	read_counters(test);
	KUNIT_EXPECT_EQ(test, mock_device_asked(mock, STATS), 0);
	KUNIT_EXPECT_EQ(test, of_the_device(), 0);
	KUNIT_EXPECT_GT(test, count, 0);
}

static void a_device_without_counters_is_not_asked_for_them(struct kunit *test)
{
	plug(test, 0, 0);
	read_counters(test);
	KUNIT_EXPECT_EQ(test, mock_device_asked(mock, STATS), 1);
	KUNIT_EXPECT_EQ(test, of_the_device(), 0);
}

/* Only of transmit queues, say: the others are not asked about. */
static void queues_without_counters_are_not_asked_for_them(struct kunit *test)
{
	const struct mock_command *last;
	u32 i;

	plug(test, BIT_ULL(16), BIT_ULL(VIRTIO_NET_F_MQ));
	read_counters(test);
	KUNIT_EXPECT_EQ(test, of_the_device(), MOCK_PAIRS * 6);
	last = mock_device_last(mock, STATS);
	KUNIT_ASSERT_NOT_NULL(test, last);
	KUNIT_EXPECT_EQ(test, last->len, MOCK_PAIRS * REQUEST);
	for (i = 0; i < MOCK_PAIRS; i++)
		KUNIT_EXPECT_EQ(test, get_unaligned_le16(last->data + i * REQUEST), 2 * i + 1);
}

/* --- what is shown ------------------------------------------------------------------------ */

static u8 answer(struct mock_device *m, const struct mock_command *command)
{
	if (command->class != STATS)
		return VIRTIO_NET_OK;
	if (!is_get(command))
		return say_supported(m);
	/* In no order, with one that was not asked for and one that nobody knows. */
	add(m, 32, 2, 24, 300);
	add(m, 16, 1, 56, 200);
	add(m, 99, 0, 16, 1);
	add(m, 19, 1, 24, 1);
	add(m, 0, 0, 56, 100);
	return VIRTIO_NET_OK;
}

static void counters_are_where_their_names_are(struct kunit *test)
{
	plug(test, BIT_ULL(0) | BIT_ULL(16) | BIT_ULL(32), 0);
	mock->respond = answer;
	read_counters(test);
	KUNIT_EXPECT_EQ(test, of_the_device(), 6 + 6 + 2);
	KUNIT_EXPECT_EQ(test, counter(test, "rx0_hw_notifications"), 100);
	KUNIT_EXPECT_EQ(test, counter(test, "rx0_hw_packets"), 101);
	KUNIT_EXPECT_EQ(test, counter(test, "rx0_hw_drop_overruns"), 105);
	KUNIT_EXPECT_EQ(test, counter(test, "tx0_hw_notifications"), 200);
	KUNIT_EXPECT_EQ(test, counter(test, "tx0_hw_drop_malformed"), 205);
	KUNIT_EXPECT_EQ(test, counter(test, "cvq_hw_command_num"), 300);
	KUNIT_EXPECT_EQ(test, counter(test, "cvq_hw_ok_num"), 301);
}

static u8 answer_for_others(struct mock_device *m, const struct mock_command *command)
{
	if (command->class != STATS)
		return VIRTIO_NET_OK;
	if (!is_get(command))
		return say_supported(m);
	add(m, 0, 2, 56, 100);		/* the control queue's number */
	add(m, 0, 1, 56, 100);		/* a type of the other direction */
	add(m, 0, 0xffff, 56, 100);
	add(m, 0, 0x8000, 56, 100);
	return VIRTIO_NET_OK;
}

static void what_was_not_asked_for_is_not_listened_to(struct kunit *test)
{
	int i;

	plug(test, BIT_ULL(0) | BIT_ULL(16) | BIT_ULL(32), 0);
	mock->respond = answer_for_others;
	read_counters(test);
	for (i = count - 14; i < count; i++)
		KUNIT_EXPECT_EQ(test, values[i], 0);
}

static u8 refuse(struct mock_device *m, const struct mock_command *command)
{
	return is_get(command) ? VIRTIO_NET_ERR : VIRTIO_NET_OK;
}

/* A device that does not answer now: what it said last, and not nothing. */
static void values_of_a_refusal_are_the_last_ones(struct kunit *test)
{
	plug(test, BIT_ULL(0) | BIT_ULL(16) | BIT_ULL(32), 0);
	mock->respond = answer;
	read_counters(test);
	mock->respond = refuse;
	read_counters(test);
	KUNIT_EXPECT_EQ(test, counter(test, "rx0_hw_packets"), 101);
}

static u8 say_nothing(struct mock_device *m, const struct mock_command *command)
{
	return is_get(command) ? VIRTIO_NET_OK : VIRTIO_NET_ERR;
}

/* The interface is there all the same. */
static void a_device_that_does_not_say_what_it_has_has_none(struct kunit *test)
{
	mock = mock_device_create(test, BIT_ULL(VIRTIO_NET_F_DEVICE_STATS));
	mock->respond = say_nothing;
	dev = mock_device_plug(test, mock);
	read_counters(test);
	KUNIT_EXPECT_EQ(test, of_the_device(), 0);
}

static void pairs_have_counters_of_their_own(struct kunit *test)
{
	plug(test, BIT_ULL(0) | BIT_ULL(16) | BIT_ULL(32), BIT_ULL(VIRTIO_NET_F_MQ));
	read_counters(test);
	KUNIT_EXPECT_EQ(test, of_the_device(), MOCK_PAIRS * (6 + 6) + 2);
	counter(test, "rx3_hw_packets");
	counter(test, "tx3_hw_packets");
}

static struct kunit_case cases[] = {
	KUNIT_CASE(stat_g1_g2_queues_and_types_that_there_are),
	KUNIT_CASE(stat_g3_there_is_room_for_the_answer),
	KUNIT_CASE(without_the_feature_nothing_is_asked),
	KUNIT_CASE(a_device_without_counters_is_not_asked_for_them),
	KUNIT_CASE(queues_without_counters_are_not_asked_for_them),
	KUNIT_CASE(counters_are_where_their_names_are),
	KUNIT_CASE(what_was_not_asked_for_is_not_listened_to),
	KUNIT_CASE(values_of_a_refusal_are_the_last_ones),
	KUNIT_CASE(a_device_that_does_not_say_what_it_has_has_none),
	KUNIT_CASE(pairs_have_counters_of_their_own),
	{}
};

static struct kunit_suite vnc_stats_suite = {
	.name = "vnc_stats",
	.init = setup,
	.exit = teardown,
	.test_cases = cases,
};

kunit_test_suite(vnc_stats_suite);
