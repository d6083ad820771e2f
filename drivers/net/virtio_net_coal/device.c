// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a device: from its features to running queues, and back.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <kcompat.h>

#include "device.h"
#include "ethtool.h"
#include "netdev.h"
#include "queue.h"
#include "rx_buffer.h"

static void release_queues(struct vnc *vnc)
{
	u32 i;

	for (i = 0; i < vnc->max_pairs; i++) {
		vnc_rx_release(&vnc->rxqs[i]);
		vnc_tx_release(&vnc->txqs[i]);
	}
}

static int prepare_queues(struct vnc *vnc)
{
	u32 i;
	int ret = 0;

	vnc_rx_choose_layout(vnc);
	for (i = 0; i < vnc->max_pairs && !ret; i++)
		ret = vnc_rx_prepare(&vnc->rxqs[i]);
	return ret;
}

/**
 * vnc_device_start() - get the queues, tell the device that we are there
 * @vnc: the device, features accepted
 *
 * Context: process, without rtnl.
 *
 * Return: 0, -ENOMEM or what the transport says; then the device has been reset.
 */
int vnc_device_start(struct vnc *vnc)
{
	int ret;

	ret = vnc_queues_find(vnc);
	if (ret)
		goto out_reset;
	ret = prepare_queues(vnc);
	if (ret)
		goto out_stop;
	virtio_device_ready(vnc->vdev);
	return 0;

out_stop:
	vnc_device_stop(vnc);
	return ret;
out_reset:
	virtio_reset_device(vnc->vdev);
	return ret;
}

/**
 * vnc_device_stop() - reset the device, give the queues back
 * @vnc: the device, its queues down, nobody left who uses it
 *
 * Context: process, without the control queue's lock.
 */
void vnc_device_stop(struct vnc *vnc)
{
	/* What is on the queues is ours again from here on. */
	virtio_reset_device(vnc->vdev);
	release_queues(vnc);
	vnc_queues_delete(vnc);
}

/**
 * vnc_device_set_pairs() - use a number of pairs
 * @vnc: the device
 * @pairs: how many, up to vnc.max_pairs
 *
 * CTRL-G5: a pair that goes is not used once the command is on its way, one that comes
 * not before it is answered.
 *
 * Context: process, under rtnl or before the interface is registered; takes the control
 * queue.
 *
 * Return: 0; what the control queue says, with nothing changed.
 */
int vnc_device_set_pairs(struct vnc *vnc, u32 pairs)
{
	u32 before = vnc->pairs;
	u32 i;
	int ret;

	if (pairs < before)
		netif_set_real_num_tx_queues(vnc->dev, pairs);
	vnc->pairs = pairs;
	for (i = before; i < pairs && netif_running(vnc->dev) && vnc->ready; i++) {
		/* With its first buffers, as when the interface comes up. */
		vnc_rx_down(&vnc->rxqs[i]);
		vnc_rx_up(&vnc->rxqs[i]);
	}
	ret = vnc_rss_set_pairs(vnc, pairs);
	if (ret) {
		vnc->pairs = before;
		pairs = before;
	}
	netif_set_real_num_tx_queues(vnc->dev, pairs);
	netif_set_real_num_rx_queues(vnc->dev, pairs);
	vnc_affinity_spread(vnc);
	return ret;
}

/**
 * vnc_device_configure() - tell a device that was reset what it was told before
 * @vnc: the device, started
 *
 * Coalescing is not among it: that does not need rtnl (vnc_coal_restore()).
 *
 * Context: process, under rtnl; takes the control queue.
 */
void vnc_device_configure(struct vnc *vnc)
{
	if (vnc_rss_set_pairs(vnc, vnc->pairs))
		netdev_warn(vnc->dev, "the device did not take %u pairs of queues\n", vnc->pairs);
	vnc_affinity_spread(vnc);
	vnc_offload_restore(vnc);
	vnc_filter_restore(vnc);
}

/* CFG-G2, CFG-G4: address and largest MTU. */
static int read_config(struct vnc *vnc)
{
	struct net_device *dev = vnc->dev;
	u8 mac[ETH_ALEN];
	u16 mtu;

	if (vnc_has(vnc, VIRTIO_NET_F_MAC)) {
		virtio_cread_bytes(vnc->vdev, offsetof(struct virtio_net_config, mac), mac,
				   sizeof(mac));
		if (!is_valid_ether_addr(mac)) {
			dev_err(&vnc->vdev->dev, "%pM is no address for an interface\n", mac);
			return -EINVAL;
		}
		eth_hw_addr_set(dev, mac);
	} else {
		eth_hw_addr_random(dev);
	}

	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = ETH_MAX_MTU;
	if (vnc_has(vnc, VIRTIO_NET_F_MTU)) {
		virtio_cread(vnc->vdev, struct virtio_net_config, mtu, &mtu);
		if (mtu < ETH_MIN_MTU) {
			dev_err(&vnc->vdev->dev, "an MTU of %u is less than %u\n", mtu,
				ETH_MIN_MTU);
			return -EINVAL;
		}
		dev->max_mtu = mtu;
		dev->mtu = mtu;
	} else if (!vnc_has(vnc, VIRTIO_NET_F_MRG_RXBUF) && !vnc->offload.large) {
		/* Small buffers: what fits into a page can be received. */
		dev->max_mtu = PAGE_SIZE - VNC_HEADER_LEN_HASH - ETH_HLEN - VLAN_HLEN;
	}
	return 0;
}

static int init_parts(struct vnc *vnc)
{
	int ret;

	vnc_ctrl_init(&vnc->ctrl);
	vnc_offload_init(vnc);
	ret = read_config(vnc);
	if (ret)
		return ret;
	vnc_filter_init(vnc);
	vnc_recover_init(vnc);
	vnc_affinity_init(vnc);
	ret = vnc_rss_init(vnc);
	if (ret)
		return ret;
	ret = vnc_coal_init(vnc);
	if (ret)
		goto out_rss;
	return 0;

out_rss:
	vnc_rss_free(vnc);
	return ret;
}

static int alloc_queues(struct vnc *vnc)
{
	u32 i;

	vnc->rxqs = kvcalloc(vnc->max_pairs, sizeof(*vnc->rxqs), GFP_KERNEL);
	vnc->txqs = kvcalloc(vnc->max_pairs, sizeof(*vnc->txqs), GFP_KERNEL);
	if (!vnc->rxqs || !vnc->txqs) {
		kvfree(vnc->txqs);
		kvfree(vnc->rxqs);
		return -ENOMEM;
	}
	for (i = 0; i < vnc->max_pairs; i++) {
		vnc_rx_init(&vnc->rxqs[i], vnc, i);
		vnc_tx_init(&vnc->txqs[i], vnc, i);
	}
	return 0;
}

/**
 * vnc_device_create() - memory of a device and its interface, not yet registered
 * @vdev: the device, features accepted
 * @max_pairs: pairs of queues that it has
 *
 * Context: process.
 *
 * Return: the device; -ENOMEM; -EINVAL for a configuration that makes no sense.
 */
struct vnc *vnc_device_create(struct virtio_device *vdev, u32 max_pairs)
{
	struct net_device *dev;
	struct vnc *vnc;
	int ret = -ENOMEM;

	dev = alloc_etherdev_mq(sizeof(*vnc), max_pairs);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	SET_NETDEV_DEV(dev, &vdev->dev);
	dev->netdev_ops = &vnc_netdev_ops;
	dev->ethtool_ops = &vnc_ethtool_ops;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_TX_SKB_NO_LINEAR;
	if (virtio_has_feature(vdev, VIRTIO_NET_F_CTRL_RX))
		dev->priv_flags |= IFF_UNICAST_FLT;
	vnc_stats_set_queue_ops(dev);
	kc_xdp_set_features(dev);

	vnc = netdev_priv(dev);
	vnc->vdev = vdev;
	vnc->dev = dev;
	vnc->max_pairs = max_pairs;
	vnc->pairs = 1;
	vnc->hdr_len = vnc_has(vnc, VIRTIO_NET_F_HASH_REPORT) ? VNC_HEADER_LEN_HASH :
								VNC_HEADER_LEN;
	/* A header right before its packet saves a descriptor, and a mapping. */
	dev->needed_headroom = vnc->hdr_len;
	vdev->priv = vnc;
	vnc_link_init(vnc);
	ret = init_parts(vnc);
	if (ret)
		goto out_netdev;
	ret = alloc_queues(vnc);
	if (ret)
		goto out_parts;
	return vnc;

out_parts:
	vnc_coal_free(vnc);
	vnc_rss_free(vnc);
out_netdev:
	free_netdev(dev);
	return ERR_PTR(ret);
}

/**
 * vnc_device_free() - undo vnc_device_create()
 * @vnc: the device, stopped, its interface unregistered
 *
 * Context: process.
 */
void vnc_device_free(struct vnc *vnc)
{
	u32 i;

	for (i = 0; i < vnc->max_pairs; i++) {
		vnc_rx_destroy(&vnc->rxqs[i]);
		vnc_tx_destroy(&vnc->txqs[i]);
	}
	kvfree(vnc->txqs);
	kvfree(vnc->rxqs);
	vnc_stats_free(vnc);
	vnc_coal_free(vnc);
	vnc_rss_free(vnc);
	free_netdev(vnc->dev);
}
