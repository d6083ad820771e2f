// SPDX-License-Identifier: GPL-2.0-only
/*
 * Both modules without memory: each allocation of an operation fails once, and the operation
 * says so, unless it can do without that one; leaves nothing behind; and can be had
 * afterwards. What is left behind is found by the kernel's leak detector when all suites have
 * run.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/vhost.h>

#include "../drivers/vhost/mem.h"
#include "../drivers/vhost/worker.h"
#include "failing.h"
#include "mock_device.h"
#include "user_memory.h"

#define FEATURES	(BIT_ULL(VIRTIO_NET_F_NOTF_COAL) | BIT_ULL(VIRTIO_NET_F_VQ_NOTF_COAL) | \
			 BIT_ULL(VIRTIO_NET_F_DEVICE_STATS) | BIT_ULL(VIRTIO_NET_F_MQ))

static struct mock_device *mock;

static int setup(struct kunit *test)
{
	mock = NULL;
	if (!IS_ENABLED(CONFIG_FAULT_INJECTION))
		kunit_skip(test, "needs FAULT_INJECTION");
	user_memory = (struct user_memory){};
	user_cgroup_error = 0;
	return 0;
}

static void teardown(struct kunit *test)
{
	if (mock)
		mock_device_unplug(mock);
}

static struct net_device *plug(struct kunit *test)
{
	struct mock_device *created = mock_device_create(test, FEATURES);
	struct net_device *dev = mock_device_plug(test, created);

	mock = created;
	return dev;
}

static void a_memory_table(struct kunit *test)
{
	static const struct vhost_memory none;
	u32 n = 0, refused = 0;
	struct vhn_mem *mem;
	bool failed;

	do {
		failing_start(++n);
		mem = vhn_mem_from_user((__force const struct vhost_memory __user *)&none, 1);
		failed = failing_stop();
		if (IS_ERR(mem)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(mem), -ENOMEM);
			refused++;
		} else {
			vhn_mem_free(mem);
		}
	} while (failed && n < FAILING_MOST);
	KUNIT_EXPECT_GT(test, refused, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR(mem));
}

static void a_worker(struct kunit *test)
{
	struct vhn_worker worker = {};
	bool failed;
	u32 n = 0;
	int err;

	do {
		failing_start(++n);
		err = vhn_worker_start(&worker);
		failed = failing_stop();
		if (err)
			KUNIT_EXPECT_EQ(test, err, -ENOMEM);
		vhn_worker_stop(&worker);
		KUNIT_ASSERT_NULL(test, worker.mm);
	} while (failed && n < FAILING_MOST);
	KUNIT_EXPECT_GT(test, n, 1);
	KUNIT_EXPECT_EQ(test, err, 0);
}

/* A driver without memory leaves the device as it was: the next time it takes it. */
static void a_device_that_appears(struct kunit *test)
{
	u32 n = 0, refused = 0;
	bool failed, taken;

	plug(test);
	do {
		device_release_driver(&mock->vdev.dev);
		KUNIT_ASSERT_EQ(test, mock->status & VIRTIO_CONFIG_S_DRIVER_OK, 0);
		failing_start(++n);
		taken = device_attach(&mock->vdev.dev) == 1;
		failed = failing_stop();
		refused += !taken;
	} while (failed && n < FAILING_MOST);
	kunit_info(test, "%u allocations, of which the driver needs %u\n", n - 1, refused);
	KUNIT_EXPECT_GT(test, refused, 20);
	KUNIT_EXPECT_TRUE(test, taken);
}

static int set_coalesce(struct net_device *dev, u32 usecs)
{
	struct ethtool_coalesce ec = {
		.rx_coalesce_usecs = usecs,
		.tx_coalesce_usecs = usecs,
	};
	struct netlink_ext_ack extack = {};
	int err;

	rtnl_lock();
	err = dev->ethtool_ops->set_coalesce(dev, &ec, NULL, &extack);
	rtnl_unlock();
	return err;
}

static void expect_usecs(struct kunit *test, u32 usecs)
{
	KUNIT_EXPECT_EQ(test, le32_to_cpu(mock->coal[0].max_usecs), usecs);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(mock->coal[1].max_usecs), usecs);
}

/* Either both directions have the new values or none has. */
static void parameters_of_coalescing(struct kunit *test)
{
	struct net_device *dev = plug(test);
	u32 n = 0, refused = 0, had = 0;
	bool failed;
	int err;

	do {
		failing_start(++n);
		err = set_coalesce(dev, n);
		failed = failing_stop();
		if (err) {
			KUNIT_EXPECT_EQ(test, err, -ENOMEM);
			refused++;
		} else {
			had = n;
		}
		expect_usecs(test, had);
	} while (failed && n < FAILING_MOST);
	KUNIT_EXPECT_GT(test, refused, 5);
	KUNIT_EXPECT_EQ(test, had, n);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_memory_table),
	KUNIT_CASE(a_worker),
	KUNIT_CASE(a_device_that_appears),
	KUNIT_CASE(parameters_of_coalescing),
	{}
};

static struct kunit_suite memory_suite = {
	.name = "without_memory",
	.init = setup,
	.exit = teardown,
	.test_cases = cases,
};

kunit_test_suite(memory_suite);
