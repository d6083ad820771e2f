// SPDX-License-Identifier: GPL-2.0-only
/*
 * `ethtool -t`: does the device answer, and does it do what it was told? None of these
 * tests disturbs traffic. A test of what the device does not offer passes.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>

#include "device.h"
#include "ethtool.h"

static int test_link(struct vnc *vnc)
{
	return netif_carrier_ok(vnc->dev) ? 0 : -ENOLINK;
}

/* A command that says what is already so. */
static int test_control(struct vnc *vnc)
{
	if (!vnc_has(vnc, VIRTIO_NET_F_CTRL_VQ))
		return 0;
	if (vnc_coal_can_queue(vnc)) {
		struct vnc_coal_setting setting;

		return vnc_coal_get(vnc, VNC_RX, &setting);
	}
	return vnc_rss_set_pairs(vnc, vnc->pairs);
}

/* Writes values that differ from what is there, reads them, puts back what was wanted. */
static int test_coalescing(struct vnc *vnc)
{
	return vnc_coal_can_queue(vnc) ? vnc_coal_test(vnc) : 0;
}

static bool is_monotonic(const u64 *before, const u64 *after, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (after[i] < before[i])
			return false;
	return true;
}

static int test_counters(struct vnc *vnc)
{
	u32 n = vnc->hw.n;
	u64 *before;
	int ret;

	if (!n)
		return 0;
	ret = vnc_stats_refresh(vnc);
	if (ret)
		return ret;
	before = kvmalloc_array(n, sizeof(*before), GFP_KERNEL);
	if (!before)
		return -ENOMEM;
	memcpy(before, vnc->hw.values, n * sizeof(*before));
	ret = vnc_stats_refresh(vnc);
	if (!ret && !is_monotonic(before, vnc->hw.values, n))
		ret = -ERANGE;
	kvfree(before);
	return ret;
}

static const struct {
	char name[ETH_GSTRING_LEN];
	int (*run)(struct vnc *vnc);
} tests[] = {
	{ "link            (on/offline)", test_link },
	{ "control queue   (on/offline)", test_control },
	{ "coalescing      (on/offline)", test_coalescing },
	{ "device counters (on/offline)", test_counters },
};

/**
 * vnc_selftest_count() - number of tests
 */
u32 vnc_selftest_count(void)
{
	return ARRAY_SIZE(tests);
}

/**
 * vnc_selftest_strings() - their names
 * @data: room for vnc_selftest_count() strings of ETH_GSTRING_LEN
 *
 * Context: any.
 */
void vnc_selftest_strings(u8 *data)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tests); i++)
		memcpy(data + i * ETH_GSTRING_LEN, tests[i].name, ETH_GSTRING_LEN);
}

/**
 * vnc_selftest_run() - self_test of ethtool
 * @dev: the interface
 * @test: receives the verdict
 * @results: receives a result for each test: 0, or an errno
 *
 * Context: process, under rtnl; takes the control queue.
 */
void vnc_selftest_run(struct net_device *dev, struct ethtool_test *test, u64 *results)
{
	struct vnc *vnc = netdev_priv(dev);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		int ret = vnc->ready ? tests[i].run(vnc) : -ENODEV;

		results[i] = -ret;
		if (ret)
			test->flags |= ETH_TEST_FL_FAILED;
	}
}
