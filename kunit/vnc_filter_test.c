// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/net/virtio_net_coal/filter.c: when the device is told what the interface wants to
 * receive.
 */
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/workqueue.h>

#include "../drivers/net/virtio_net_coal/device.h"
#include "mock_device.h"

static struct mock_device *mock;
static struct net_device *dev;

static int setup(struct kunit *test)
{
	mock = mock_device_create(test, BIT_ULL(VIRTIO_NET_F_CTRL_RX));
	dev = mock_device_plug(test, mock);
	return 0;
}

static void teardown(struct kunit *test)
{
	mock_device_unplug(mock);
}

static bool was_told(void)
{
	struct vnc *vnc = netdev_priv(dev);

	flush_work(&vnc->filter.mode_work);
	return mock_device_last(mock, VIRTIO_NET_CTRL_RX) &&
	       mock_device_last(mock, VIRTIO_NET_CTRL_MAC);
}

/* Its lists of addresses get their lock when it is registered. */
static void ctrl_g2_nothing_is_said_before_there_is_an_interface(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, was_told());
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_open(dev, NULL), 0);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, was_told());
}

static struct kunit_case cases[] = {
	KUNIT_CASE(ctrl_g2_nothing_is_said_before_there_is_an_interface),
	{}
};

static struct kunit_suite vnc_filter_suite = {
	.name = "vnc_filter",
	.init = setup,
	.exit = teardown,
	.test_cases = cases,
};

kunit_test_suite(vnc_filter_suite);
