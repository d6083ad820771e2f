// SPDX-License-Identifier: GPL-2.0-only
/*
 * ethtool: thin; translates to the files that know.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/virtio.h>
#include <kcompat.h>

#include "device.h"
#include "ethtool.h"
#include "queue.h"
#include "rx_buffer.h"

/* --- identity and link ------------------------------------------------------------ */

static void get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	struct vnc *vnc = netdev_priv(dev);

	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
	strscpy(info->bus_info, virtio_bus_name(vnc->vdev), sizeof(info->bus_info));
}

static int get_link_ksettings(struct net_device *dev, struct ethtool_link_ksettings *settings)
{
	struct vnc *vnc = netdev_priv(dev);

	settings->base.speed = READ_ONCE(vnc->link.speed);
	settings->base.duplex = READ_ONCE(vnc->link.duplex);
	settings->base.port = PORT_OTHER;
	return 0;
}

static int set_link_ksettings(struct net_device *dev,
			      const struct ethtool_link_ksettings *settings)
{
	struct vnc *vnc = netdev_priv(dev);

	return ethtool_virtdev_set_link_ksettings(dev, settings, &vnc->link.speed,
						  &vnc->link.duplex);
}

/* --- rings and channels ----------------------------------------------------------- */

static void get_ringparam(struct net_device *dev, struct ethtool_ringparam *ring,
			  struct kernel_ethtool_ringparam *kernel_ring,
			  struct netlink_ext_ack *extack)
{
	struct vnc *vnc = netdev_priv(dev);

	if (!vnc->ready)
		return;
	ring->rx_max_pending = vnc->rxqs[0].vq->num_max;
	ring->tx_max_pending = vnc->txqs[0].vq->num_max;
	ring->rx_pending = virtqueue_get_vring_size(vnc->rxqs[0].vq);
	ring->tx_pending = virtqueue_get_vring_size(vnc->txqs[0].vq);
}

static int check_ring(const struct vnc *vnc, const struct ethtool_ringparam *ring,
		      struct netlink_ext_ack *extack)
{
	if (ring->rx_mini_pending || ring->rx_jumbo_pending)
		return -EINVAL;
	if (!ring->rx_pending || !ring->tx_pending) {
		NL_SET_ERR_MSG_MOD(extack, "a ring has at least one descriptor");
		return -EINVAL;
	}
	if (!vnc_has(vnc, VIRTIO_F_RING_PACKED) &&
	    (!is_power_of_2(ring->rx_pending) || !is_power_of_2(ring->tx_pending))) {
		NL_SET_ERR_MSG_MOD(extack, "the size of a split ring is a power of two");
		return -EINVAL;
	}
	if (!vnc_has(vnc, VIRTIO_RING_F_INDIRECT_DESC) &&
	    (ring->tx_pending < VNC_TX_RESERVE || ring->rx_pending < vnc->rx_layout.pages)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "without INDIRECT_DESC a ring has to take a whole packet");
		return -EINVAL;
	}
	if (ring->rx_pending <= vnc_rx_least(vnc) && vnc_rx_least(vnc) > 1) {
		NL_SET_ERR_MSG_MOD(extack,
				   "a receive ring has to take the buffers of a whole packet");
		return -EINVAL;
	}
	return 0;
}

/* The queues have one size each; one that fails leaves those before it resized. */
static int resize_pairs(struct vnc *vnc, const struct ethtool_ringparam *ring)
{
	u32 i;
	int ret;

	for (i = 0; i < vnc->max_pairs; i++) {
		if (virtqueue_get_vring_size(vnc->txqs[i].vq) != ring->tx_pending) {
			ret = vnc_queue_resize_tx(&vnc->txqs[i], ring->tx_pending);
			if (ret)
				return ret;
		}
		if (virtqueue_get_vring_size(vnc->rxqs[i].vq) != ring->rx_pending) {
			ret = vnc_queue_resize_rx(&vnc->rxqs[i], ring->rx_pending);
			if (ret)
				return ret;
		}
	}
	return 0;
}

static int set_ringparam(struct net_device *dev, struct ethtool_ringparam *ring,
			 struct kernel_ethtool_ringparam *kernel_ring,
			 struct netlink_ext_ack *extack)
{
	struct vnc *vnc = netdev_priv(dev);
	int ret;

	if (!vnc->ready)
		return -ENODEV;
	if (!vnc_has(vnc, VIRTIO_F_RING_RESET)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "the device cannot reset a queue: no RING_RESET (feature 40)");
		return -EOPNOTSUPP;
	}
	ret = check_ring(vnc, ring, extack);
	return ret ?: resize_pairs(vnc, ring);
}

static void get_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	struct vnc *vnc = netdev_priv(dev);

	channels->max_combined = vnc->max_pairs;
	channels->combined_count = vnc->pairs;
}

static int set_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	struct vnc *vnc = netdev_priv(dev);

	if (channels->rx_count || channels->tx_count || channels->other_count)
		return -EINVAL;
	if (!vnc->ready)
		return -ENODEV;
	return vnc_device_set_pairs(vnc, channels->combined_count);
}

/* --- coalescing ------------------------------------------------------------------- */

static void settings_of(const struct ethtool_coalesce *ec, struct vnc_coal_setting settings[2])
{
	settings[VNC_RX].value.usecs = ec->rx_coalesce_usecs;
	settings[VNC_RX].value.frames = ec->rx_max_coalesced_frames;
	settings[VNC_RX].adaptive = ec->use_adaptive_rx_coalesce;
	settings[VNC_TX].value.usecs = ec->tx_coalesce_usecs;
	settings[VNC_TX].value.frames = ec->tx_max_coalesced_frames;
	settings[VNC_TX].adaptive = ec->use_adaptive_tx_coalesce;
}

static int get_pair(struct vnc *vnc, u32 pair, struct ethtool_coalesce *ec)
{
	struct vnc_coal_setting rx, tx;
	int ret;

	ret = vnc_coal_get(vnc, 2 * pair + VNC_RX, &rx);
	if (ret)
		return ret;
	ret = vnc_coal_get(vnc, 2 * pair + VNC_TX, &tx);
	if (ret)
		return ret;
	ec->rx_coalesce_usecs = rx.value.usecs;
	ec->rx_max_coalesced_frames = rx.value.frames;
	ec->use_adaptive_rx_coalesce = rx.adaptive;
	ec->tx_coalesce_usecs = tx.value.usecs;
	ec->tx_max_coalesced_frames = tx.value.frames;
	ec->use_adaptive_tx_coalesce = tx.adaptive;
	return 0;
}

static int check_coalescing(const struct vnc *vnc, struct netlink_ext_ack *extack)
{
	if (vnc_coal_can(vnc))
		return 0;
	NL_SET_ERR_MSG_MOD(extack,
			   "the device does not offer notification coalescing: neither NOTF_COAL (feature 53) nor VQ_NOTF_COAL (52)");
	return -EOPNOTSUPP;
}

static int get_coalesce(struct net_device *dev, struct ethtool_coalesce *ec,
			struct kernel_ethtool_coalesce *kernel_ec, struct netlink_ext_ack *extack)
{
	struct vnc *vnc = netdev_priv(dev);
	int ret;

	ret = check_coalescing(vnc, extack);
	if (ret)
		return ret;
	ret = get_pair(vnc, 0, ec);
	if (ret)
		NL_SET_ERR_MSG_MOD(extack, "the device does not say what it does");
	return ret;
}

/* Who asks by ioctl has no extack: the reason goes to the log. */
static int set_coalesce(struct net_device *dev, struct ethtool_coalesce *ec,
			struct kernel_ethtool_coalesce *kernel_ec, struct netlink_ext_ack *extack)
{
	struct vnc *vnc = netdev_priv(dev);
	struct vnc_coal_setting settings[2];
	const char *why;
	int ret;

	ret = check_coalescing(vnc, extack);
	if (ret)
		return ret;
	settings_of(ec, settings);
	ret = vnc_coal_set(vnc, settings, &why);
	if (why && extack)
		extack->_msg = why;
	else if (why)
		net_info_ratelimited("%s: %s\n", dev->name, why);
	return ret;
}

static int check_pair(const struct vnc *vnc, u32 pair)
{
	if (!vnc_coal_can_queue(vnc))
		return -EOPNOTSUPP;
	return pair < vnc->max_pairs ? 0 : -EINVAL;
}

static int get_per_queue_coalesce(struct net_device *dev, u32 pair, struct ethtool_coalesce *ec)
{
	struct vnc *vnc = netdev_priv(dev);

	return check_pair(vnc, pair) ?: get_pair(vnc, pair, ec);
}

/* There is no extack at all here. */
static int set_per_queue_coalesce(struct net_device *dev, u32 pair, struct ethtool_coalesce *ec)
{
	struct vnc *vnc = netdev_priv(dev);
	struct vnc_coal_setting settings[2];
	const char *why;
	int ret;

	ret = check_pair(vnc, pair);
	if (ret)
		return ret;
	settings_of(ec, settings);
	ret = vnc_coal_set_queue(vnc, pair, settings, &why);
	if (why)
		net_info_ratelimited("%s: pair %u: %s\n", dev->name, pair, why);
	return ret;
}

/* --- steering --------------------------------------------------------------------- */

static int get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info, u32 *locations)
{
	struct vnc *vnc = netdev_priv(dev);

	if (info->cmd != ETHTOOL_GRXRINGS)
		return -EOPNOTSUPP;
	info->data = vnc->pairs;
	return 0;
}

static u32 get_rxfh_key_size(struct net_device *dev)
{
	struct vnc *vnc = netdev_priv(dev);

	return vnc->rss.key_size;
}

static u32 get_rxfh_indir_size(struct net_device *dev)
{
	struct vnc *vnc = netdev_priv(dev);

	return vnc->rss.table_size;
}

static int get_rxfh(struct net_device *dev, u32 *table, u8 *key, u8 *function)
{
	struct vnc *vnc = netdev_priv(dev);

	if (table)
		memcpy(table, vnc->rss.table, vnc->rss.table_size * sizeof(*table));
	if (key)
		memcpy(key, vnc->rss.key, vnc->rss.key_size);
	if (function)
		*function = ETH_RSS_HASH_TOP;
	return 0;
}

static int set_rxfh(struct net_device *dev, const u32 *table, const u8 *key, const u8 function)
{
	struct vnc *vnc = netdev_priv(dev);

	if (function != ETH_RSS_HASH_NO_CHANGE && function != ETH_RSS_HASH_TOP)
		return -EOPNOTSUPP;
	if (!table && !key)
		return 0;
	if (!vnc->rss.key_size || (table && !vnc->rss.table_size))
		return -EOPNOTSUPP;
	return vnc_rss_set(vnc, table, key);
}

KC_RXFH(get_rxfh, set_rxfh)

/* --- counters and tests ------------------------------------------------------------ */

static int get_sset_count(struct net_device *dev, int set)
{
	switch (set) {
	case ETH_SS_STATS:
		return vnc_stats_count(netdev_priv(dev));
	case ETH_SS_TEST:
		return vnc_selftest_count();
	default:
		return -EOPNOTSUPP;
	}
}

static void get_strings(struct net_device *dev, u32 set, u8 *data)
{
	if (set == ETH_SS_STATS)
		vnc_stats_strings(netdev_priv(dev), data);
	else if (set == ETH_SS_TEST)
		vnc_selftest_strings(data);
}

static void get_ethtool_stats(struct net_device *dev, struct ethtool_stats *stats, u64 *data)
{
	vnc_stats_values(netdev_priv(dev), data);
}

const struct ethtool_ops vnc_ethtool_ops = {
	.supported_coalesce_params = ETHTOOL_COALESCE_USECS | ETHTOOL_COALESCE_MAX_FRAMES |
				     ETHTOOL_COALESCE_USE_ADAPTIVE,
	.get_drvinfo		= get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= get_link_ksettings,
	.set_link_ksettings	= set_link_ksettings,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_ringparam		= get_ringparam,
	.set_ringparam		= set_ringparam,
	.get_channels		= get_channels,
	.set_channels		= set_channels,
	.get_coalesce		= get_coalesce,
	.set_coalesce		= set_coalesce,
	.get_per_queue_coalesce	= get_per_queue_coalesce,
	.set_per_queue_coalesce	= set_per_queue_coalesce,
	.get_rxnfc		= get_rxnfc,
	.get_rxfh_key_size	= get_rxfh_key_size,
	.get_rxfh_indir_size	= get_rxfh_indir_size,
	.get_rxfh		= KC_RXFH_OP(get_rxfh),
	.set_rxfh		= KC_RXFH_OP(set_rxfh),
	.get_sset_count		= get_sset_count,
	.get_strings		= get_strings,
	.get_ethtool_stats	= get_ethtool_stats,
	.self_test		= vnc_selftest_run,
};
