// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network interface: what the network stack asks, and who answers.
 */
#include <linux/etherdevice.h>
#include <linux/netdevice.h>

#include "device.h"
#include "netdev.h"
#include "queue.h"
#include "rx_buffer.h"
#include "xdp.h"

static int open(struct net_device *dev)
{
	struct vnc *vnc = netdev_priv(dev);
	int ret;

	if (!vnc->ready)
		return 0;
	vnc_queues_up(vnc);
	ret = vnc_rss_open(vnc);
	if (ret)
		vnc_queues_down(vnc);
	return ret;
}

static int stop(struct net_device *dev)
{
	struct vnc *vnc = netdev_priv(dev);

	if (vnc->ready)
		vnc_queues_down(vnc);
	return 0;
}

static int change_mtu(struct net_device *dev, int mtu)
{
	struct vnc *vnc = netdev_priv(dev);

	if (rtnl_dereference(vnc->xdp) && mtu + ETH_HLEN + VLAN_HLEN > vnc_rx_xdp_room(vnc)) {
		netdev_info(dev, "an MTU of %d leaves XDP no room; the most is %u\n", mtu,
			    vnc_rx_xdp_room(vnc) - ETH_HLEN - VLAN_HLEN);
		return -EINVAL;
	}
	dev->mtu = mtu;
	return 0;
}

const struct net_device_ops vnc_netdev_ops = {
	.ndo_open		= open,
	.ndo_stop		= stop,
	.ndo_start_xmit		= vnc_tx_start,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_set_mac_address	= vnc_filter_set_mac,
	.ndo_set_rx_mode	= vnc_filter_set_rx_mode,
	.ndo_change_mtu		= change_mtu,
	.ndo_tx_timeout		= vnc_recover_timeout,
	.ndo_get_stats64	= vnc_stats_get64,
	.ndo_vlan_rx_add_vid	= vnc_filter_add_vlan,
	.ndo_vlan_rx_kill_vid	= vnc_filter_kill_vlan,
	.ndo_fix_features	= vnc_offload_fix,
	.ndo_set_features	= vnc_offload_set_features,
	.ndo_bpf		= vnc_xdp_setup,
	.ndo_xdp_xmit		= vnc_xdp_transmit,
};
