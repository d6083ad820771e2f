// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive filters (spec 5.2). The network stack changes the rx mode where it cannot
 * sleep, and under rtnl: a work item tells the device, without rtnl, so that a device
 * that is slow to answer holds nobody else up.
 */
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/slab.h>

#include "device.h"

/* --- rx mode and MAC table ------------------------------------------------------- */

static void send_mode(struct vnc *vnc, u8 cmd, bool on)
{
	u8 data = on;

	if (vnc_ctrl_send(&vnc->ctrl, VIRTIO_NET_CTRL_RX, cmd, &data, sizeof(data)))
		net_warn_ratelimited("%s: the device did not switch %s %s\n", vnc->dev->name,
				     cmd == VIRTIO_NET_CTRL_RX_PROMISC ? "promiscuous mode" :
									 "all-multicast",
				     on ? "on" : "off");
}

static u8 *put_list(u8 *at, const struct netdev_hw_addr_list *list)
{
	struct virtio_net_ctrl_mac *table = (struct virtio_net_ctrl_mac *)at;
	struct netdev_hw_addr *ha;
	u32 n = 0;

	list_for_each_entry(ha, &list->list, list)
		memcpy(table->macs[n++], ha->addr, ETH_ALEN);
	table->entries = __cpu_to_virtio32(true, n);
	return at + sizeof(*table) + n * ETH_ALEN;
}

static size_t table_len(const struct net_device *dev)
{
	return 2 * sizeof(struct virtio_net_ctrl_mac) +
	       (dev->uc.count + dev->mc.count) * ETH_ALEN;
}

/* CTRL-G2: counted unicast addresses, then counted multicast addresses. */
static u8 *build_table(struct net_device *dev, size_t *len)
{
	size_t room = 0;
	u8 *table = NULL;

	/* The lists may grow until they are locked. */
	for (;;) {
		netif_addr_lock_bh(dev);
		*len = table_len(dev);
		if (*len <= room)
			break;
		netif_addr_unlock_bh(dev);

		kfree(table);
		room = *len;
		table = kzalloc(room, GFP_KERNEL);
		if (!table)
			return NULL;
	}
	put_list(put_list(table, &dev->uc), &dev->mc);
	netif_addr_unlock_bh(dev);
	return table;
}

static void send_table(struct vnc *vnc)
{
	size_t len;
	u8 *table = build_table(vnc->dev, &len);

	if (!table) {
		net_warn_ratelimited("%s: no memory for the MAC table\n", vnc->dev->name);
		return;
	}
	if (vnc_ctrl_send(&vnc->ctrl, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET,
			  table, len))
		net_warn_ratelimited("%s: the device did not take the MAC table\n",
				     vnc->dev->name);
	kfree(table);
}

static void mode_work(struct work_struct *work)
{
	struct vnc *vnc = container_of(work, struct vnc, filter.mode_work);
	unsigned int flags = READ_ONCE(vnc->dev->flags);

	send_mode(vnc, VIRTIO_NET_CTRL_RX_PROMISC, flags & IFF_PROMISC);
	send_mode(vnc, VIRTIO_NET_CTRL_RX_ALLMULTI, flags & IFF_ALLMULTI);
	send_table(vnc);
}

/**
 * vnc_filter_set_rx_mode() - ndo_set_rx_mode
 * @dev: the interface
 *
 * Context: atomic, addresses locked.
 */
void vnc_filter_set_rx_mode(struct net_device *dev)
{
	struct vnc *vnc = netdev_priv(dev);

	if (vnc_has(vnc, VIRTIO_NET_F_CTRL_RX))
		schedule_work(&vnc->filter.mode_work);
}

/* --- VLANs ----------------------------------------------------------------------- */

static int send_vlan(struct vnc *vnc, u8 cmd, u16 vid)
{
	__le16 data = cpu_to_le16(vid);

	return vnc_ctrl_send(&vnc->ctrl, VIRTIO_NET_CTRL_VLAN, cmd, &data, sizeof(data));
}

/**
 * vnc_filter_add_vlan() - ndo_vlan_rx_add_vid
 * @dev: the interface
 * @proto: 802.1Q
 * @vid: VLAN to let through
 *
 * Context: process, under rtnl.
 *
 * Return: 0, or what the control queue says.
 */
int vnc_filter_add_vlan(struct net_device *dev, __be16 proto, u16 vid)
{
	struct vnc *vnc = netdev_priv(dev);
	int ret = send_vlan(vnc, VIRTIO_NET_CTRL_VLAN_ADD, vid);

	if (!ret)
		set_bit(vid, vnc->filter.vlans);
	return ret;
}

/**
 * vnc_filter_kill_vlan() - ndo_vlan_rx_kill_vid
 * @dev: the interface
 * @proto: 802.1Q
 * @vid: VLAN to let through no longer
 *
 * Context: process, under rtnl.
 *
 * Return: 0, or what the control queue says.
 */
int vnc_filter_kill_vlan(struct net_device *dev, __be16 proto, u16 vid)
{
	struct vnc *vnc = netdev_priv(dev);

	clear_bit(vid, vnc->filter.vlans);
	return send_vlan(vnc, VIRTIO_NET_CTRL_VLAN_DEL, vid);
}

/* --- the address ----------------------------------------------------------------- */

static int send_mac(struct vnc *vnc, const u8 *mac)
{
	return vnc_ctrl_send(&vnc->ctrl, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET,
			     mac, ETH_ALEN);
}

/**
 * vnc_filter_set_mac() - ndo_set_mac_address
 * @dev: the interface
 * @address: struct sockaddr with the new address
 *
 * CFG-G1: the configuration space is not written. A device without CTRL_MAC_ADDR has no
 * word for the change; packets for the new address come if it does not filter.
 *
 * Context: process, under rtnl.
 *
 * Return: 0; what eth_prepare_mac_addr_change() or the control queue says.
 */
int vnc_filter_set_mac(struct net_device *dev, void *address)
{
	struct vnc *vnc = netdev_priv(dev);
	struct sockaddr *addr = address;
	int ret;

	ret = eth_prepare_mac_addr_change(dev, address);
	if (ret)
		return ret;
	if (vnc_has(vnc, VIRTIO_NET_F_CTRL_MAC_ADDR)) {
		ret = send_mac(vnc, addr->sa_data);
		if (ret)
			return ret;
	}
	eth_commit_mac_addr_change(dev, address);
	return 0;
}

/* CTRL-G3: the device knows the address that it has in its configuration space. */
static void restore_mac(struct vnc *vnc)
{
	u8 mac[ETH_ALEN] = {};

	if (!vnc_has(vnc, VIRTIO_NET_F_CTRL_MAC_ADDR))
		return;
	if (vnc_has(vnc, VIRTIO_NET_F_MAC))
		virtio_cread_bytes(vnc->vdev, offsetof(struct virtio_net_config, mac), mac,
				   sizeof(mac));
	if (!ether_addr_equal_unaligned(mac, vnc->dev->dev_addr) &&
	    send_mac(vnc, vnc->dev->dev_addr))
		netdev_warn(vnc->dev, "the device did not take the MAC address\n");
}

/**
 * vnc_filter_restore() - the device was reset: tell it all again
 * @vnc: the device
 *
 * Context: process, under rtnl or before the interface is registered.
 */
void vnc_filter_restore(struct vnc *vnc)
{
	u32 vid;

	restore_mac(vnc);
	for_each_set_bit(vid, vnc->filter.vlans, VLAN_N_VID)
		if (send_vlan(vnc, VIRTIO_NET_CTRL_VLAN_ADD, vid))
			netdev_warn(vnc->dev, "the device did not take VLAN %u\n", vid);
	/* Before, its addresses have no lock; what it wants is said when it goes up. */
	if (vnc_has(vnc, VIRTIO_NET_F_CTRL_RX) && vnc->dev->reg_state == NETREG_REGISTERED)
		schedule_work(&vnc->filter.mode_work);
}

/**
 * vnc_filter_init() - no filters
 * @vnc: the device
 *
 * Context: process.
 */
void vnc_filter_init(struct vnc *vnc)
{
	INIT_WORK(&vnc->filter.mode_work, mode_work);
}

/**
 * vnc_filter_stop() - no more commands
 * @vnc: the device, whose interface is detached or gone
 *
 * Context: process, without the control queue's lock; sleeps.
 */
void vnc_filter_stop(struct vnc *vnc)
{
	cancel_work_sync(&vnc->filter.mode_work);
}
