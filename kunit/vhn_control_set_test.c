// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/control_set.c: a message says what is to be changed, or what is wrong with
 * it and where.
 */
#include <kunit/test.h>
#include <linux/skbuff.h>

#include "../drivers/vhost/control_set.h"
#include "../drivers/vhost/defaults.h"
#include "parameter.h"

static struct sk_buff *skb;
static struct netlink_ext_ack extack;
static struct vhn_policy_edit edits[VHN_NR_VRINGS];

static int setup(struct kunit *test)
{
	memset(&extack, 0, sizeof(extack));
	memset(edits, 0, sizeof(edits));
	skb = alloc_skb(1024, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	return 0;
}

static void teardown(struct kunit *test)
{
	kfree_skb(skb);
	skb = NULL;
}

static void put(struct kunit *test, int type, u32 value)
{
	KUNIT_ASSERT_EQ(test, nla_put_u32(skb, type, value), 0);
}

static struct nlattr *begin(struct kunit *test, int type)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	KUNIT_ASSERT_NOT_NULL(test, nest);
	return nest;
}

static struct nlattr *begin_queue(struct kunit *test, u32 index)
{
	struct nlattr *nest = begin(test, VHN_NL_FILE_QUEUE);

	put(test, VHN_NL_QUEUE_INDEX, index);
	return nest;
}

static void put_params(struct kunit *test, int type, u32 packets, u32 usecs)
{
	struct nlattr *nest = begin(test, type);

	put(test, VHN_NL_PARAMS_PACKETS, packets);
	put(test, VHN_NL_PARAMS_USECS, usecs);
	nla_nest_end(skb, nest);
}

static int parse(void)
{
	return vhn_set_parse((struct nlattr *)skb->data, skb->len, edits, &extack);
}

/* An error says something, and where if that can be said. */
static void expect_error(struct kunit *test, int err, bool somewhere)
{
	KUNIT_EXPECT_EQ(test, parse(), err);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_EQ(test, (bool)extack.bad_attr, somewhere);
}

static void what_is_there_is_changed(struct kunit *test)
{
	struct nlattr *queue = begin_queue(test, VHN_VRING_TX);

	put_params(test, VHN_NL_QUEUE_HOST, 32, 50);
	put_params(test, VHN_NL_QUEUE_LIMIT, 0, 100);
	put(test, VHN_NL_QUEUE_FLAGS, VHN_NL_QUEUE_F_LOCKED);
	nla_nest_end(skb, queue);
	KUNIT_ASSERT_EQ(test, parse(), 0);
	KUNIT_EXPECT_EQ(test, edits[VHN_VRING_RX].parts, 0);
	KUNIT_EXPECT_EQ(test, edits[VHN_VRING_TX].parts,
			VHN_EDIT_HOST_PACKETS | VHN_EDIT_HOST_USECS | VHN_EDIT_LIMIT_PACKETS |
			VHN_EDIT_LIMIT_USECS | VHN_EDIT_LOCKED);
	KUNIT_EXPECT_EQ(test, edits[VHN_VRING_TX].host.max_packets, 32);
	KUNIT_EXPECT_EQ(test, edits[VHN_VRING_TX].host.max_usecs, 50);
	KUNIT_EXPECT_EQ(test, edits[VHN_VRING_TX].limit.max_packets, 0);
	KUNIT_EXPECT_EQ(test, edits[VHN_VRING_TX].limit.max_usecs, 100);
	KUNIT_EXPECT_TRUE(test, edits[VHN_VRING_TX].locked);
}

static void what_is_not_there_stays(struct kunit *test)
{
	struct nlattr *queue = begin_queue(test, VHN_VRING_RX);
	struct nlattr *nest;

	nest = begin(test, VHN_NL_QUEUE_HOST);
	put(test, VHN_NL_PARAMS_USECS, 50);
	nla_nest_end(skb, nest);
	nest = begin(test, VHN_NL_QUEUE_LIMIT);
	put(test, VHN_NL_PARAMS_PACKETS, 8);
	nla_nest_end(skb, nest);
	nla_nest_end(skb, queue);
	KUNIT_ASSERT_EQ(test, parse(), 0);
	KUNIT_EXPECT_EQ(test, edits[VHN_VRING_RX].parts,
			VHN_EDIT_HOST_USECS | VHN_EDIT_LIMIT_PACKETS);
}

static void the_lock_alone_can_be_changed(struct kunit *test)
{
	struct nlattr *queue = begin_queue(test, VHN_VRING_RX);

	put(test, VHN_NL_QUEUE_FLAGS, 0);
	nla_nest_end(skb, queue);
	KUNIT_ASSERT_EQ(test, parse(), 0);
	KUNIT_EXPECT_EQ(test, edits[VHN_VRING_RX].parts, VHN_EDIT_LOCKED);
	KUNIT_EXPECT_FALSE(test, edits[VHN_VRING_RX].locked);
}

static void both_queues_in_one_message(struct kunit *test)
{
	u32 i;

	for (i = 0; i < VHN_NR_VRINGS; i++) {
		struct nlattr *queue = begin_queue(test, i);

		put_params(test, VHN_NL_QUEUE_HOST, 10 + i, 100 + i);
		nla_nest_end(skb, queue);
	}
	put(test, VHN_NL_FILE_ID, 7);
	KUNIT_ASSERT_EQ(test, parse(), 0);
	for (i = 0; i < VHN_NR_VRINGS; i++)
		KUNIT_EXPECT_EQ(test, edits[i].host.max_packets, 10 + i);
}

static void a_message_without_queue(struct kunit *test)
{
	expect_error(test, -EINVAL, false);
}

static void a_queue_without_index(struct kunit *test)
{
	struct nlattr *queue = begin(test, VHN_NL_FILE_QUEUE);

	put_params(test, VHN_NL_QUEUE_HOST, 1, 1);
	nla_nest_end(skb, queue);
	expect_error(test, -EINVAL, true);
}

static void a_queue_with_nothing_to_set(struct kunit *test)
{
	struct nlattr *queue = begin_queue(test, VHN_VRING_RX);

	nla_nest_end(skb, begin(test, VHN_NL_QUEUE_LIMIT));
	nla_nest_end(skb, queue);
	expect_error(test, -EINVAL, true);
}

static void a_queue_that_does_not_exist(struct kunit *test)
{
	struct nlattr *queue = begin_queue(test, VHN_NR_VRINGS);

	put_params(test, VHN_NL_QUEUE_HOST, 1, 1);
	nla_nest_end(skb, queue);
	expect_error(test, -ERANGE, true);
}

static void the_same_queue_twice(struct kunit *test)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		struct nlattr *queue = begin_queue(test, VHN_VRING_RX);

		put_params(test, VHN_NL_QUEUE_HOST, 1, 1);
		nla_nest_end(skb, queue);
	}
	expect_error(test, -EINVAL, true);
}

static void what_nobody_can_set(struct kunit *test)
{
	struct nlattr *queue = begin_queue(test, VHN_VRING_RX);

	put_params(test, VHN_NL_QUEUE_EFFECTIVE, 1, 1);
	nla_nest_end(skb, queue);
	expect_error(test, -EINVAL, true);
}

static void a_flag_that_is_no_lock(struct kunit *test)
{
	struct nlattr *queue = begin_queue(test, VHN_VRING_RX);

	put(test, VHN_NL_QUEUE_FLAGS, VHN_NL_QUEUE_F_RUNNING);
	nla_nest_end(skb, queue);
	expect_error(test, -EINVAL, true);
}

static void a_time_longer_than_any(struct kunit *test)
{
	struct nlattr *queue = begin_queue(test, VHN_VRING_RX);

	put_params(test, VHN_NL_QUEUE_LIMIT, 1, VHN_HOLD_LIMIT_USECS + 1);
	nla_nest_end(skb, queue);
	expect_error(test, -ERANGE, true);
}

static void the_longest_time_is_allowed(struct kunit *test)
{
	struct nlattr *queue = begin_queue(test, VHN_VRING_RX);

	put_params(test, VHN_NL_QUEUE_HOST, U32_MAX, vhn_max_usecs());
	nla_nest_end(skb, queue);
	KUNIT_EXPECT_EQ(test, parse(), 0);
}

static void a_time_longer_than_the_module_allows(struct kunit *test)
{
	const struct kernel_param *longest = parameter_find("max_usecs");
	struct nlattr *queue;

	if (!longest)
		kunit_skip(test, "needs a module");
	queue = begin_queue(test, VHN_VRING_RX);
	put_params(test, VHN_NL_QUEUE_LIMIT, 1, 501);
	nla_nest_end(skb, queue);
	KUNIT_EXPECT_EQ(test, longest->ops->set("500", longest), 0);
	expect_error(test, -ERANGE, true);
	KUNIT_EXPECT_EQ(test, longest->ops->set("1000000", longest), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(what_is_there_is_changed),
	KUNIT_CASE(what_is_not_there_stays),
	KUNIT_CASE(the_lock_alone_can_be_changed),
	KUNIT_CASE(both_queues_in_one_message),
	KUNIT_CASE(a_message_without_queue),
	KUNIT_CASE(a_queue_without_index),
	KUNIT_CASE(a_queue_with_nothing_to_set),
	KUNIT_CASE(a_queue_that_does_not_exist),
	KUNIT_CASE(the_same_queue_twice),
	KUNIT_CASE(what_nobody_can_set),
	KUNIT_CASE(a_flag_that_is_no_lock),
	KUNIT_CASE(a_time_longer_than_any),
	KUNIT_CASE(a_time_longer_than_the_module_allows),
	KUNIT_CASE(the_longest_time_is_allowed),
	{}
};

static struct kunit_suite vhn_control_set_suite = {
	.name = "vhn_control_set",
	.init = setup,
	.exit = teardown,
	.test_cases = cases,
};

kunit_test_suite(vhn_control_set_suite);
