// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/net/virtio_net_coal/adaptive.c: moderation by what arrives, in place of the user's
 * values.
 */
#include <linux/dim.h>
#include <linux/workqueue.h>

#include "../drivers/net/virtio_net_coal/device.h"
#include "coal_fixture.h"

static void it_needs_parameters_per_queue(struct kunit *test)
{
	struct ethtool_coalesce ec;

	plug(test, BIT_ULL(VIRTIO_NET_F_NOTF_COAL));
	KUNIT_ASSERT_EQ(test, get(&ec), 0);
	ec.use_adaptive_rx_coalesce = 1;
	KUNIT_EXPECT_EQ(test, set(&ec), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
}

static void it_gives_the_users_values_back(struct kunit *test)
{
	struct ethtool_coalesce ec;

	plug(test, BOTH);
	KUNIT_ASSERT_EQ(test, change(50, 32, 60, 16), 0);
	KUNIT_ASSERT_EQ(test, get(&ec), 0);
	ec.use_adaptive_rx_coalesce = 1;
	KUNIT_ASSERT_EQ(test, set(&ec), 0);
	expect_has(test, 1, 16, 60);
	KUNIT_ASSERT_EQ(test, get(&ec), 0);
	KUNIT_EXPECT_EQ(test, ec.use_adaptive_rx_coalesce, 1);
	ec.rx_coalesce_usecs += 5;
	KUNIT_EXPECT_EQ(test, set(&ec), -EINVAL);
	ec.rx_coalesce_usecs -= 5;
	ec.use_adaptive_rx_coalesce = 0;
	KUNIT_ASSERT_EQ(test, set(&ec), 0);
	expect_has(test, 0, 32, 50);
}

/* A queue that does not take what adaptive moderation begins with: it is not on. */
static void refused_it_is_not_on(struct kunit *test)
{
	struct ethtool_coalesce ec;

	plug(test, BOTH);
	KUNIT_ASSERT_EQ(test, change(0, 0, 60, 16), 0);
	KUNIT_ASSERT_EQ(test, get(&ec), 0);
	mock->respond = refuse_queue;
	refused_vq = 0;
	ec.use_adaptive_rx_coalesce = 1;
	KUNIT_EXPECT_EQ(test, set(&ec), -EINVAL);
	mock->respond = NULL;
	KUNIT_ASSERT_EQ(test, get(&ec), 0);
	KUNIT_EXPECT_EQ(test, ec.use_adaptive_rx_coalesce, 0);
}

/* `ethtool -C eth0 tx-usecs 70` while receive is adaptive: what that has chosen stays. */
static void while_it_is_on_it_is_told_nothing_anew(struct kunit *test)
{
	struct ethtool_coalesce ec;

	plug(test, BOTH);
	KUNIT_ASSERT_EQ(test, get(&ec), 0);
	ec.use_adaptive_rx_coalesce = 1;
	KUNIT_ASSERT_EQ(test, set(&ec), 0);
	KUNIT_ASSERT_EQ(test, get(&ec), 0);
	ec.tx_coalesce_usecs = 70;
	mock->nr_commands = 0;
	KUNIT_EXPECT_EQ(test, set(&ec), 0);
	KUNIT_EXPECT_EQ(test, told(), 1);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(mock->coal[1].max_usecs), 70);
}

/* Its work runs as if it had just made up its mind. */
static void decide(struct vnc_adaptive *a, u8 profile)
{
	a->dim.profile_ix = profile;
	schedule_work(&a->dim.work);
	flush_work(&a->dim.work);
}

static void what_it_chooses_is_told_while_it_is_on(struct kunit *test)
{
	struct vnc_coal_value chosen;
	struct vnc_adaptive *a;
	struct ethtool_coalesce ec;

	plug(test, BOTH);
	a = &((struct vnc *)mock->vdev.priv)->rxqs[0].adaptive;
	KUNIT_ASSERT_EQ(test, change(50, 32, 60, 16), 0);
	mock->nr_commands = 0;
	decide(a, 3);
	KUNIT_EXPECT_EQ(test, told(), 0);
	expect_has(test, 0, 32, 50);

	KUNIT_ASSERT_EQ(test, get(&ec), 0);
	ec.use_adaptive_rx_coalesce = 1;
	KUNIT_ASSERT_EQ(test, set(&ec), 0);
	decide(a, 3);
	chosen.usecs = net_dim_get_rx_moderation(a->dim.mode, 3).usec;
	chosen.frames = net_dim_get_rx_moderation(a->dim.mode, 3).pkts;
	expect_has(test, 0, chosen.frames, chosen.usecs);
	decide(a, 0);
	KUNIT_EXPECT_NE(test, le32_to_cpu(mock->coal[0].max_usecs), chosen.usecs);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(it_needs_parameters_per_queue),
	KUNIT_CASE(it_gives_the_users_values_back),
	KUNIT_CASE(refused_it_is_not_on),
	KUNIT_CASE(while_it_is_on_it_is_told_nothing_anew),
	KUNIT_CASE(what_it_chooses_is_told_while_it_is_on),
	{}
};

static struct kunit_suite vnc_adaptive_suite = {
	.name = "vnc_adaptive",
	.init = setup,
	.exit = teardown,
	.test_cases = cases,
};

kunit_test_suite(vnc_adaptive_suite);
