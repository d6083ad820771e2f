// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transmit offloads are the device's promise and cost nothing to leave unused. Receive
 * offloads are ours: switched at run time only with CTRL_GUEST_OFFLOADS.
 */
#include <linux/netdevice.h>
#include <linux/virtio_net_coal.h>

#include "device.h"

#define F(name)	BIT_ULL(VIRTIO_NET_F_##name)

/* The bit numbers of GUEST_OFFLOADS_SET are those of the features. */
#define LARGE_OFFLOADS	(F(GUEST_TSO4) | F(GUEST_TSO6) | F(GUEST_ECN) | F(GUEST_UFO) | \
			 F(GUEST_USO4) | F(GUEST_USO6))
#define GUEST_OFFLOADS	(F(GUEST_CSUM) | LARGE_OFFLOADS)

struct mapping {
	u64 feature;
	netdev_features_t netdev;
};

static const struct mapping transmit[] = {
	{ F(CSUM),		NETIF_F_HW_CSUM | NETIF_F_SG },
	{ F(HOST_TSO4),		NETIF_F_TSO },
	{ F(HOST_TSO6),		NETIF_F_TSO6 },
	{ F(HOST_ECN),		NETIF_F_TSO_ECN },
	{ F(HOST_USO),		NETIF_F_GSO_UDP_L4 },
};

/**
 * vnc_offload_init() - the interface's features, from those negotiated
 * @vnc: the device, before its interface is registered
 *
 * Context: process.
 */
void vnc_offload_init(struct vnc *vnc)
{
	struct net_device *dev = vnc->dev;
	u64 features = vnc->vdev->features;
	netdev_features_t receive = 0;
	u32 i;

	vnc->offload.negotiated = features & GUEST_OFFLOADS;
	vnc->offload.active = vnc->offload.negotiated;
	vnc->offload.large = features & LARGE_OFFLOADS;

	for (i = 0; i < ARRAY_SIZE(transmit); i++)
		if (features & transmit[i].feature)
			dev->hw_features |= transmit[i].netdev;
	if (features & F(GUEST_CSUM))
		receive |= NETIF_F_RXCSUM;
	if (features & LARGE_OFFLOADS)
		receive |= NETIF_F_GRO_HW;
	if (features & F(CTRL_GUEST_OFFLOADS))
		dev->hw_features |= receive;
	if (features & F(HASH_REPORT))
		dev->hw_features |= NETIF_F_RXHASH;

	dev->features |= dev->hw_features | receive | NETIF_F_HIGHDMA;
	/* The device checks what it is given. */
	if (features & F(CSUM))
		dev->features |= NETIF_F_GSO_ROBUST;
	dev->vlan_features = dev->features;
	if (features & F(CTRL_VLAN))
		dev->features |= NETIF_F_HW_VLAN_CTAG_FILTER;
}

/**
 * vnc_offload_wanted() - which offloads belong to features of the interface
 * @vnc: the device
 * @features: of the interface
 *
 * Return: bits of GUEST_OFFLOADS_SET.
 */
u64 vnc_offload_wanted(const struct vnc *vnc, netdev_features_t features)
{
	u64 offloads = vnc->offload.negotiated;

	if (!(features & NETIF_F_RXCSUM))
		return 0;
	if (!(features & NETIF_F_GRO_HW))
		offloads &= ~LARGE_OFFLOADS;
	return offloads;
}

/**
 * vnc_offload_set() - tell the device what it may do
 * @vnc: the device
 * @offloads: bits of GUEST_OFFLOADS_SET, only negotiated ones (CTRL-G6)
 *
 * Context: process, under rtnl.
 *
 * Return: 0, or what the control queue says; then nothing has changed.
 */
int vnc_offload_set(struct vnc *vnc, u64 offloads)
{
	__le64 data = cpu_to_le64(offloads);
	int ret;

	if (offloads == vnc->offload.active)
		return 0;
	ret = vnc_ctrl_send(&vnc->ctrl, VIRTIO_NET_CTRL_GUEST_OFFLOADS,
			    VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET, &data, sizeof(data));
	if (!ret)
		vnc->offload.active = offloads;
	return ret;
}

/**
 * vnc_offload_restore() - after a reset all are on (spec 2.3): switch off what was off
 * @vnc: the device
 *
 * Context: process, under rtnl.
 */
void vnc_offload_restore(struct vnc *vnc)
{
	u64 wanted = vnc->offload.active;

	vnc->offload.active = vnc->offload.negotiated;
	if (vnc_offload_set(vnc, wanted))
		netdev_warn(vnc->dev, "the device did not take receive offloads %#llx\n", wanted);
}

/**
 * vnc_offload_fix() - ndo_fix_features
 * @dev: the interface
 * @features: what is wanted
 *
 * Context: process, under rtnl.
 *
 * Return: what is possible.
 */
netdev_features_t vnc_offload_fix(struct net_device *dev, netdev_features_t features)
{
	struct vnc *vnc = netdev_priv(dev);

	/* See xdp.c. */
	if (rtnl_dereference(vnc->xdp))
		features &= ~(netdev_features_t)NETIF_F_GRO_HW;
	return features;
}

/**
 * vnc_offload_set_features() - ndo_set_features
 * @dev: the interface
 * @features: what vnc_offload_fix() left
 *
 * Context: process, under rtnl.
 *
 * Return: 0, or what the control queue says.
 */
int vnc_offload_set_features(struct net_device *dev, netdev_features_t features)
{
	struct vnc *vnc = netdev_priv(dev);
	int ret;

	ret = vnc_rss_set_hashing(vnc, features & NETIF_F_RXHASH);
	if (ret)
		return ret;
	/* While a program is loaded all are off, whatever is wanted afterwards. */
	if (!vnc_has(vnc, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) || rtnl_dereference(vnc->xdp))
		return 0;
	ret = vnc_offload_set(vnc, vnc_offload_wanted(vnc, features));
	if (ret)
		vnc_rss_set_hashing(vnc, dev->features & NETIF_F_RXHASH);
	return ret;
}
