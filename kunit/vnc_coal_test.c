// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/net/virtio_net_coal/coal.c, from the words of ethtool to the commands that a
 * device gets, and back.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_ring.h>

#include "../drivers/net/virtio_net_coal/device.h"
#include "coal_fixture.h"

#define MANY		BIT_ULL(VIRTIO_NET_F_MQ)
#define ONLY_TIME	U32_MAX
#define ANY		0xff
#define TEST_OF_COALESCING	2	/* of those that `ethtool -t` makes */

static int set_pair(u32 pair, struct ethtool_coalesce *ec)
{
	int ret;

	rtnl_lock();
	ret = dev->ethtool_ops->set_per_queue_coalesce(dev, pair, ec);
	rtnl_unlock();
	return ret;
}

static int change_pair(u32 pair, u32 rx_usecs, u32 rx_frames)
{
	struct ethtool_coalesce ec;
	int ret;

	memset(&ec, 0, sizeof(ec));
	rtnl_lock();
	ret = dev->ethtool_ops->get_per_queue_coalesce(dev, pair, &ec);
	rtnl_unlock();
	if (ret)
		return ret;
	ec.rx_coalesce_usecs = rx_usecs;
	ec.rx_max_coalesced_frames = rx_frames;
	return set_pair(pair, &ec);
}

/* Commands that name a virtqueue. */
static u32 named(u16 vq)
{
	u32 i, n = 0;

	for (i = 0; i < mock->nr_commands; i++) {
		const struct mock_command *command = &mock->commands[i];
		const struct virtio_net_coal_vq *request = (const void *)command->data;

		n += command->class == COAL && command->cmd >= VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET &&
		     le16_to_cpu(request->vq_index) == vq;
	}
	return n;
}

/* `ethtool -t`. Return: what it says of coalescing. */
static u64 self_test(struct kunit *test)
{
	struct ethtool_test result = { .flags = ETH_TEST_FL_OFFLINE };
	u64 data[8] = {};
	int n;

	rtnl_lock();
	n = dev->ethtool_ops->get_sset_count(dev, ETH_SS_TEST);
	if (n <= ARRAY_SIZE(data))
		dev->ethtool_ops->self_test(dev, &result, data);
	rtnl_unlock();
	KUNIT_ASSERT_LE(test, n, ARRAY_SIZE(data));
	return data[TEST_OF_COALESCING];
}

/* --- words ----------------------------------------------------------------------------- */

/* Values of ethtool, and those of the wire; packets ANY: refused. */
struct word {
	const char *name;
	u32 usecs, frames;
	u32 max_usecs, max_packets;
	int result;
};

static const struct word words[] = {
	{ "off", 0, 0, 0, 0, 0 },
	{ "one frame is off", 0, 1, 0, 1, 0 },
	{ "frames without time", 0, 2, 0, ANY, -EINVAL },
	{ "time alone", 50, 0, 50, ONLY_TIME, 0 },
	{ "time and frames", 50, 32, 50, 32, 0 },
	{ "the largest", U32_MAX, U32_MAX, U32_MAX, U32_MAX, 0 },
};

static void describe(const struct word *w, char *text)
{
	strscpy(text, w->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(word, words, describe);

static void packets_come_before_microseconds(struct kunit *test)
{
	const struct word *w = test->param_value;
	struct ethtool_coalesce ec;

	plug(test, BIT_ULL(VIRTIO_NET_F_NOTF_COAL));
	KUNIT_EXPECT_EQ(test, change(w->usecs, w->frames, 7, 9), w->result);
	if (w->result) {
		KUNIT_EXPECT_NOT_NULL(test, extack._msg);
		KUNIT_EXPECT_EQ(test, told(), 0);
		return;
	}
	expect_has(test, 0, w->max_packets, w->max_usecs);
	expect_has(test, 1, 9, 7);
	KUNIT_EXPECT_EQ(test, get(&ec), 0);
	KUNIT_EXPECT_EQ(test, ec.rx_coalesce_usecs, w->usecs);
	KUNIT_EXPECT_EQ(test, ec.rx_max_coalesced_frames, w->frames);
}

static void the_layout_of_a_directions_command(struct kunit *test)
{
	static const u8 rx_set[] = { 0x20, 0, 0, 0, 0x32, 0, 0, 0 };
	const struct mock_command *last;

	plug(test, BIT_ULL(VIRTIO_NET_F_NOTF_COAL));
	KUNIT_ASSERT_EQ(test, change(50, 32, 50, 32), 0);
	last = mock_device_last(mock, COAL);
	KUNIT_ASSERT_NOT_NULL(test, last);
	KUNIT_EXPECT_EQ(test, last->cmd, 1);
	KUNIT_EXPECT_EQ(test, last->len, sizeof(rx_set));
	KUNIT_EXPECT_EQ(test, memcmp(last->data, rx_set, sizeof(rx_set)), 0);
	KUNIT_EXPECT_EQ(test, last->room, 0);
}

static void the_layout_of_a_queues_command(struct kunit *test)
{
	static const u8 vq_set[] = { 4, 0, 0, 0, 0x20, 0, 0, 0, 0x32, 0, 0, 0 };
	const struct mock_command *last;

	plug(test, BOTH | MANY);
	KUNIT_ASSERT_EQ(test, change_pair(2, 50, 32), 0);
	last = mock_device_last(mock, COAL);
	KUNIT_ASSERT_NOT_NULL(test, last);
	KUNIT_EXPECT_EQ(test, last->cmd, 2);
	KUNIT_EXPECT_EQ(test, last->len, sizeof(vq_set));
	KUNIT_EXPECT_EQ(test, memcmp(last->data, vq_set, sizeof(vq_set)), 0);
}

/* --- features ---------------------------------------------------------------------------- */

static void without_the_feature_there_is_a_reason(struct kunit *test)
{
	struct ethtool_coalesce ec;

	plug(test, 0);
	KUNIT_EXPECT_EQ(test, get(&ec), -EOPNOTSUPP);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_EQ(test, set(&ec), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, set_pair(0, &ec), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, mock_device_asked(mock, COAL), 0);
}

/* With VQ_NOTF_COAL alone a direction is each of its queues. */
static void coal_g2_without_notf_coal_a_direction_is_a_loop(struct kunit *test)
{
	u32 i;

	plug(test, BIT_ULL(VIRTIO_NET_F_VQ_NOTF_COAL) | MANY);
	KUNIT_ASSERT_EQ(test, change(50, 32, 60, 16), 0);
	KUNIT_EXPECT_EQ(test, told(), 2 * MOCK_PAIRS);
	for (i = 0; i < 2 * MOCK_PAIRS; i += 2) {
		expect_has(test, i, 32, 50);
		expect_has(test, i + 1, 16, 60);
	}
}

static void coal_g3_without_vq_notf_coal_no_queue_is_named(struct kunit *test)
{
	plug(test, BIT_ULL(VIRTIO_NET_F_NOTF_COAL) | MANY);
	KUNIT_ASSERT_EQ(test, change(50, 32, 60, 16), 0);
	KUNIT_EXPECT_EQ(test, change_pair(1, 10, 4), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, mock_device_asked(mock, COAL), 2);
}

static void a_direction_is_one_command_where_there_is_one(struct kunit *test)
{
	plug(test, BOTH | MANY);
	KUNIT_ASSERT_EQ(test, change(50, 32, 60, 16), 0);
	KUNIT_EXPECT_EQ(test, told(), 2);
	expect_has(test, 6, 32, 50);
	expect_has(test, 7, 16, 60);
}

static void a_pair_that_does_not_exist(struct kunit *test)
{
	struct ethtool_coalesce ec = {};

	plug(test, BOTH | MANY);
	KUNIT_EXPECT_EQ(test, set_pair(MOCK_PAIRS, &ec), -EINVAL);
	KUNIT_EXPECT_EQ(test, told(), 0);
}

/* --- devices that refuse ------------------------------------------------------------------ */

static u8 refuse_rx(struct mock_device *m, const struct mock_command *command)
{
	const struct virtio_net_coal *coal = (const void *)command->data;
	u32 i;

	if (command->class != COAL)
		return VIRTIO_NET_OK;
	if (command->cmd == VIRTIO_NET_CTRL_NOTF_COAL_RX_SET)
		return VIRTIO_NET_ERR;
	for (i = 1; i < MOCK_QUEUES - 1; i += 2)
		m->coal[i] = *coal;
	return VIRTIO_NET_OK;
}

/* `-C` is a whole: where receive is refused, transmit is as it was. */
static void a_refusal_rolls_the_other_direction_back(struct kunit *test)
{
	plug(test, BIT_ULL(VIRTIO_NET_F_NOTF_COAL));
	KUNIT_ASSERT_EQ(test, change(10, 4, 20, 8), 0);
	mock->respond = refuse_rx;
	KUNIT_EXPECT_EQ(test, change(50, 32, 60, 16), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	expect_has(test, 0, 4, 10);
	expect_has(test, 1, 8, 20);
	/* And the driver does not believe otherwise. */
	mock->respond = NULL;
	KUNIT_EXPECT_EQ(test, change(10, 4, 60, 16), 0);
	expect_has(test, 0, 4, 10);
	expect_has(test, 1, 16, 60);
}

/* Where a direction is a loop over queues, those before the one that refuses are undone. */
static void a_refusal_within_a_direction_leaves_no_queue_changed(struct kunit *test)
{
	struct ethtool_coalesce ec = {
		.rx_coalesce_usecs = 50,
		.rx_max_coalesced_frames = 32,
		.tx_coalesce_usecs = 60,
		.tx_max_coalesced_frames = 16,
	};
	u32 i;

	plug(test, BIT_ULL(VIRTIO_NET_F_VQ_NOTF_COAL) | MANY);
	mock->respond = refuse_queue;
	for (refused_vq = 4; refused_vq <= 5; refused_vq++) {
		KUNIT_EXPECT_EQ(test, set(&ec), -EINVAL);
		for (i = 0; i < 2 * MOCK_PAIRS; i++)
			expect_has(test, i, 0, 0);
	}
}

static void a_refusal_of_one_queue_of_a_pair_changes_neither(struct kunit *test)
{
	struct ethtool_coalesce ec = {
		.rx_coalesce_usecs = 10,
		.rx_max_coalesced_frames = 4,
		.tx_coalesce_usecs = 20,
		.tx_max_coalesced_frames = 8,
	};

	plug(test, BOTH | MANY);
	mock->respond = refuse_queue;
	refused_vq = 2;
	KUNIT_EXPECT_EQ(test, set_pair(1, &ec), -EINVAL);
	expect_has(test, 2, 0, 0);
	expect_has(test, 3, 0, 0);
	KUNIT_EXPECT_EQ(test, set_pair(2, &ec), 0);
	expect_has(test, 4, 4, 10);
	expect_has(test, 5, 8, 20);
}

static u8 refuse_all(struct mock_device *m, const struct mock_command *command)
{
	return VIRTIO_NET_ERR;
}

/* Does so many commands well, and refuses the rest. */
static u32 patience;

static u8 refuse_after(struct mock_device *m, const struct mock_command *command)
{
	if (command->class != COAL)
		return VIRTIO_NET_OK;
	if (!patience)
		return VIRTIO_NET_ERR;
	patience--;
	return mock_device_respond(m, command);
}

/* COAL-G4: the values of an answer that is no answer are not looked at. */
static void coal_g4_values_of_a_refusal_are_not_shown(struct kunit *test)
{
	struct ethtool_coalesce ec;

	plug(test, BOTH);
	mock->respond = refuse_all;
	mock->reply_len = sizeof(struct virtio_net_coal);
	memset(mock->reply, 0x55, MOCK_REPLY);
	KUNIT_EXPECT_EQ(test, get(&ec), -EINVAL);
	KUNIT_EXPECT_EQ(test, ec.rx_coalesce_usecs, 0);
}

static u8 answer_short(struct mock_device *m, const struct mock_command *command)
{
	memset(m->reply, 0x55, MOCK_REPLY);
	m->reply_len = 7;
	return VIRTIO_NET_OK;
}

static void an_answer_that_is_too_short_is_none(struct kunit *test)
{
	struct ethtool_coalesce ec;

	plug(test, BOTH);
	mock->respond = answer_short;
	KUNIT_EXPECT_EQ(test, get(&ec), -EPROTO);
}

static u8 answer_long(struct mock_device *m, const struct mock_command *command)
{
	static const u8 values[] = { 32, 0, 0, 0, 50, 0, 0, 0 };

	memset(m->reply, 0x55, MOCK_REPLY);
	memcpy(m->reply, values, sizeof(values));
	m->reply_len = MOCK_REPLY - 1;	/* claimed; no more is written than fits */
	return VIRTIO_NET_OK;
}

static void an_answer_that_claims_too_much_is_read_as_far_as_there_is_room(struct kunit *test)
{
	struct ethtool_coalesce ec;

	plug(test, BOTH);
	mock->respond = answer_long;
	KUNIT_EXPECT_EQ(test, get(&ec), 0);
	KUNIT_EXPECT_EQ(test, ec.rx_coalesce_usecs, 50);
	KUNIT_EXPECT_EQ(test, ec.rx_max_coalesced_frames, 32);
}

/* --- what is shown and what is wished ------------------------------------------------------ */

/* What the device does is shown, whatever it was told. */
static void what_is_shown_is_what_the_device_does(struct kunit *test)
{
	struct ethtool_coalesce ec;

	plug(test, BOTH);
	KUNIT_ASSERT_EQ(test, change(50, 32, 60, 16), 0);
	mock->coal[0].max_usecs = cpu_to_le32(40);	/* its host has a limit */
	KUNIT_EXPECT_EQ(test, get(&ec), 0);
	KUNIT_EXPECT_EQ(test, ec.rx_coalesce_usecs, 40);
	/* Where nothing is changed the wish stands. */
	ec.tx_coalesce_usecs = 70;
	KUNIT_EXPECT_EQ(test, set(&ec), 0);
	expect_has(test, 0, 32, 50);
	expect_has(test, 1, 16, 70);
}

static void a_queue_of_its_own_stays_so_until_the_direction_is_set(struct kunit *test)
{
	plug(test, BOTH | MANY);
	KUNIT_ASSERT_EQ(test, change(50, 32, 60, 16), 0);
	KUNIT_ASSERT_EQ(test, change_pair(1, 10, 4), 0);
	expect_has(test, 0, 32, 50);
	expect_has(test, 2, 4, 10);
	expect_has(test, 3, 16, 60);
	KUNIT_ASSERT_EQ(test, change(51, 32, 60, 16), 0);
	expect_has(test, 2, 32, 51);
}

/* --- devices that forget ------------------------------------------------------------------- */

/* COAL-D9: what a reset takes away is told again, each queue what it had. */
static void coal_d9_a_device_that_was_reset_is_told_again(struct kunit *test)
{
	plug(test, BOTH | MANY);
	KUNIT_ASSERT_EQ(test, change(50, 32, 60, 16), 0);
	KUNIT_ASSERT_EQ(test, change_pair(1, 10, 4), 0);
	KUNIT_ASSERT_EQ(test, virtio_device_freeze(&mock->vdev), 0);
	virtio_reset_device(&mock->vdev);
	expect_has(test, 0, 0, 0);
	KUNIT_ASSERT_EQ(test, virtio_device_restore(&mock->vdev), 0);
	expect_has(test, 0, 32, 50);
	expect_has(test, 1, 16, 60);
	expect_has(test, 2, 4, 10);
	expect_has(test, 3, 16, 60);
	expect_has(test, 6, 32, 50);
}

static int resize(u32 entries)
{
	struct ethtool_ringparam ring = { .rx_pending = entries, .tx_pending = entries };
	int ret;

	rtnl_lock();
	ret = dev->ethtool_ops->set_ringparam(dev, &ring, NULL, &extack);
	rtnl_unlock();
	return ret;
}

/* COAL-D5, D6: a queue that was reset has its direction's parameters until it is told. */
static void coal_d5_d6_a_queue_that_was_reset_is_told_again(struct kunit *test)
{
	plug(test, BOTH | MANY | BIT_ULL(VIRTIO_F_RING_RESET) |
		   BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC));
	KUNIT_ASSERT_EQ(test, change(50, 32, 60, 16), 0);
	KUNIT_ASSERT_EQ(test, change_pair(1, 10, 4), 0);
	mock->nr_commands = 0;
	KUNIT_ASSERT_EQ(test, resize(32), 0);
	expect_has(test, 0, 32, 50);
	expect_has(test, 2, 4, 10);
	expect_has(test, 3, 16, 60);
	/* The others have what they are to have without a word. */
	KUNIT_EXPECT_EQ(test, told(), 1);
}

static void a_device_that_was_told_nothing_is_told_nothing_again(struct kunit *test)
{
	plug(test, BOTH | MANY);
	KUNIT_ASSERT_EQ(test, virtio_device_freeze(&mock->vdev), 0);
	KUNIT_ASSERT_EQ(test, virtio_device_restore(&mock->vdev), 0);
	KUNIT_EXPECT_EQ(test, told(), 0);
}

/* What the device refuses when it is told again: the interface works all the same, and
 * shows what the device does.
 */
static void coal_d9_a_device_that_refuses_what_it_had(struct kunit *test)
{
	struct ethtool_coalesce ec;
	u32 n;

	plug(test, BOTH | MANY);
	KUNIT_ASSERT_EQ(test, change(50, 32, 60, 16), 0);
	KUNIT_ASSERT_EQ(test, change_pair(1, 10, 4), 0);
	for (n = 0; n <= 3; n++) {
		KUNIT_ASSERT_EQ(test, virtio_device_freeze(&mock->vdev), 0);
		virtio_reset_device(&mock->vdev);
		mock->respond = refuse_after;
		patience = n;
		KUNIT_ASSERT_EQ(test, virtio_device_restore(&mock->vdev), 0);
		mock->respond = NULL;
		expect_has(test, 1, n > 0 ? 16 : 0, n > 0 ? 60 : 0);
		expect_has(test, 0, n > 1 ? 32 : 0, n > 1 ? 50 : 0);
		expect_has(test, 2, n > 2 ? 4 : n > 1 ? 32 : 0, n > 2 ? 10 : n > 1 ? 50 : 0);
		KUNIT_ASSERT_EQ(test, get(&ec), 0);
		KUNIT_EXPECT_EQ(test, ec.rx_coalesce_usecs, n > 1 ? 50 : 0);
	}
}

/* Nothing is said of a queue that is not there, whoever asks, and the others have theirs. */
static void coal_g1_a_queue_that_did_not_come_back_is_not_named(struct kunit *test)
{
	struct ethtool_coalesce ec;

	plug(test, BOTH | MANY | BIT_ULL(VIRTIO_F_RING_RESET) |
		   BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC));
	mock->gone = BIT(0);
	KUNIT_ASSERT_NE(test, resize(32), 0);
	mock->nr_commands = 0;
	KUNIT_EXPECT_EQ(test, change_pair(0, 10, 4), 0);
	KUNIT_EXPECT_EQ(test, get(&ec), 0);
	KUNIT_EXPECT_EQ(test, ec.rx_coalesce_usecs, 10);
	KUNIT_EXPECT_EQ(test, self_test(test), ENODEV);
	KUNIT_EXPECT_EQ(test, named(0), 0);
	KUNIT_EXPECT_GT(test, named(1), 0);
}

/* `ethtool -t`, from which the first receive queue comes back with what it had. */
static void the_self_test_puts_back_what_it_changes(struct kunit *test)
{
	plug(test, BOTH);
	KUNIT_ASSERT_EQ(test, change(1, 4, 60, 16), 0);
	KUNIT_EXPECT_EQ(test, self_test(test), 0);
	expect_has(test, 0, 4, 1);
	KUNIT_EXPECT_GT(test, mock_device_asked(mock, COAL), 4);
}

/* Whichever of its commands is refused: the first is of the test of the control queue. */
static void a_self_test_that_is_refused_has_failed(struct kunit *test)
{
	u32 n;

	plug(test, BOTH);
	mock->respond = refuse_after;
	for (n = 1; n <= 5; n++) {
		patience = n;
		KUNIT_EXPECT_EQ(test, self_test(test), n < 5 ? EINVAL : 0);
	}
}

static u8 forget(struct mock_device *m, const struct mock_command *command)
{
	if (command->cmd == VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET)
		return VIRTIO_NET_OK;
	return mock_device_respond(m, command);
}

static void a_device_that_gives_back_other_values_fails_its_self_test(struct kunit *test)
{
	plug(test, BOTH);
	mock->respond = forget;
	KUNIT_EXPECT_EQ(test, self_test(test), EBADE);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(packets_come_before_microseconds, word_gen_params),
	KUNIT_CASE(the_layout_of_a_directions_command),
	KUNIT_CASE(the_layout_of_a_queues_command),
	KUNIT_CASE(without_the_feature_there_is_a_reason),
	KUNIT_CASE(coal_g2_without_notf_coal_a_direction_is_a_loop),
	KUNIT_CASE(coal_g3_without_vq_notf_coal_no_queue_is_named),
	KUNIT_CASE(a_direction_is_one_command_where_there_is_one),
	KUNIT_CASE(a_pair_that_does_not_exist),
	KUNIT_CASE(a_refusal_rolls_the_other_direction_back),
	KUNIT_CASE(a_refusal_within_a_direction_leaves_no_queue_changed),
	KUNIT_CASE(a_refusal_of_one_queue_of_a_pair_changes_neither),
	KUNIT_CASE(coal_g4_values_of_a_refusal_are_not_shown),
	KUNIT_CASE(an_answer_that_is_too_short_is_none),
	KUNIT_CASE(an_answer_that_claims_too_much_is_read_as_far_as_there_is_room),
	KUNIT_CASE(what_is_shown_is_what_the_device_does),
	KUNIT_CASE(a_queue_of_its_own_stays_so_until_the_direction_is_set),
	KUNIT_CASE(coal_d9_a_device_that_was_reset_is_told_again),
	KUNIT_CASE(coal_d5_d6_a_queue_that_was_reset_is_told_again),
	KUNIT_CASE(a_device_that_was_told_nothing_is_told_nothing_again),
	KUNIT_CASE(coal_d9_a_device_that_refuses_what_it_had),
	KUNIT_CASE(coal_g1_a_queue_that_did_not_come_back_is_not_named),
	KUNIT_CASE(the_self_test_puts_back_what_it_changes),
	KUNIT_CASE(a_self_test_that_is_refused_has_failed),
	KUNIT_CASE(a_device_that_gives_back_other_values_fails_its_self_test),
	{}
};

static struct kunit_suite vnc_coal_suite = {
	.name = "vnc_coal",
	.init = setup,
	.exit = teardown,
	.test_cases = cases,
};

kunit_test_suite(vnc_coal_suite);
