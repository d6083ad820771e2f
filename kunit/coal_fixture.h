/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An interface whose device coalesces, for a suite to change as ethtool does. Each suite
 * has one of its own.
 */
#ifndef _KUNIT_COAL_FIXTURE_H
#define _KUNIT_COAL_FIXTURE_H

#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>

#include "mock_device.h"

#define COAL		VIRTIO_NET_CTRL_NOTF_COAL
#define BOTH		(BIT_ULL(VIRTIO_NET_F_NOTF_COAL) | BIT_ULL(VIRTIO_NET_F_VQ_NOTF_COAL))

static struct mock_device *mock;
static struct net_device *dev;
static struct netlink_ext_ack extack;

static inline void plug(struct kunit *test, u64 features)
{
	mock = mock_device_create(test, features);
	dev = mock_device_plug(test, mock);
}

static inline int setup(struct kunit *test)
{
	mock = NULL;
	dev = NULL;
	memset(&extack, 0, sizeof(extack));
	return 0;
}

static inline void teardown(struct kunit *test)
{
	if (dev)
		mock_device_unplug(mock);
}

static inline int get(struct ethtool_coalesce *ec)
{
	int ret;

	memset(ec, 0, sizeof(*ec));
	rtnl_lock();
	ret = dev->ethtool_ops->get_coalesce(dev, ec, NULL, &extack);
	rtnl_unlock();
	return ret;
}

static inline int set(struct ethtool_coalesce *ec)
{
	int ret;

	rtnl_lock();
	ret = dev->ethtool_ops->set_coalesce(dev, ec, NULL, &extack);
	rtnl_unlock();
	return ret;
}

/* `ethtool -C`: what is shown, changed in these. */
static inline int change(u32 rx_usecs, u32 rx_frames, u32 tx_usecs, u32 tx_frames)
{
	struct ethtool_coalesce ec;
	int ret = get(&ec);

	if (ret)
		return ret;
	ec.rx_coalesce_usecs = rx_usecs;
	ec.rx_max_coalesced_frames = rx_frames;
	ec.tx_coalesce_usecs = tx_usecs;
	ec.tx_max_coalesced_frames = tx_frames;
	return set(&ec);
}

static inline void expect_has(struct kunit *test, u32 vq, u32 packets, u32 usecs)
{
	KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(mock->coal[vq].max_packets), packets, "vq %u", vq);
	KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(mock->coal[vq].max_usecs), usecs, "vq %u", vq);
}

/* Commands of the class but VQ_GET, which changes nothing. */
static inline u32 told(void)
{
	u32 i, n = 0;

	for (i = 0; i < mock->nr_commands; i++)
		n += mock->commands[i].class == COAL &&
		     mock->commands[i].cmd != VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET;
	return n;
}

/* Refuses the parameters of one virtqueue, and takes all others. */
static u16 refused_vq;

static inline u8 refuse_queue(struct mock_device *m, const struct mock_command *command)
{
	const struct virtio_net_coal_vq *vq = (const void *)command->data;
	u16 index = le16_to_cpu(vq->vq_index);

	if (command->class != COAL || command->cmd != VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET)
		return VIRTIO_NET_OK;
	if (index == refused_vq && vq->coal.max_usecs)
		return VIRTIO_NET_ERR;
	m->coal[index] = vq->coal;
	return VIRTIO_NET_OK;
}

#endif /* _KUNIT_COAL_FIXTURE_H */
