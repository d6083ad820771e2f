// SPDX-License-Identifier: GPL-2.0-only
/*
 * Status, announcements, speed and duplex (spec CFG-G3, CFG-G5, CTRL-G4).
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>

#include "device.h"

static void read_speed(struct vnc *vnc)
{
	u32 speed;
	u8 duplex;

	if (!vnc_has(vnc, VIRTIO_NET_F_SPEED_DUPLEX))
		return;
	virtio_cread_le(vnc->vdev, struct virtio_net_config, speed, &speed);
	virtio_cread_le(vnc->vdev, struct virtio_net_config, duplex, &duplex);
	/* What is not known to us is unknown. */
	WRITE_ONCE(vnc->link.speed, ethtool_validate_speed(speed) ? speed : SPEED_UNKNOWN);
	WRITE_ONCE(vnc->link.duplex, ethtool_validate_duplex(duplex) ? duplex : DUPLEX_UNKNOWN);
}

static u16 read_status(struct vnc *vnc)
{
	u16 status = VIRTIO_NET_S_LINK_UP;

	if (vnc_has(vnc, VIRTIO_NET_F_STATUS))
		virtio_cread(vnc->vdev, struct virtio_net_config, status, &status);
	return status;
}

static void set_carrier(struct vnc *vnc, bool up)
{
	if (up == netif_carrier_ok(vnc->dev))
		return;
	if (up)
		netif_carrier_on(vnc->dev);
	else
		netif_carrier_off(vnc->dev);
}

/* Takes rtnl for the packets, and has left it when the device is asked. */
static void announce(struct vnc *vnc)
{
	netdev_notify_peers(vnc->dev);
	if (vnc_ctrl_send(&vnc->ctrl, VIRTIO_NET_CTRL_ANNOUNCE, VIRTIO_NET_CTRL_ANNOUNCE_ACK,
			  NULL, 0))
		netdev_warn(vnc->dev, "the device did not take ANNOUNCE_ACK\n");
}

static void work(struct work_struct *work)
{
	struct vnc *vnc = container_of(work, struct vnc, link.work);
	u16 status = read_status(vnc);

	read_speed(vnc);
	set_carrier(vnc, status & VIRTIO_NET_S_LINK_UP);
	if ((status & VIRTIO_NET_S_ANNOUNCE) && vnc_has(vnc, VIRTIO_NET_F_GUEST_ANNOUNCE))
		announce(vnc);
}

/**
 * vnc_link_read() - the link of a device that has just been started
 * @vnc: the device
 *
 * Context: process.
 */
void vnc_link_read(struct vnc *vnc)
{
	read_speed(vnc);
	set_carrier(vnc, read_status(vnc) & VIRTIO_NET_S_LINK_UP);
	/* It may want an announcement right away: after a migration. */
	schedule_work(&vnc->link.work);
}

/**
 * vnc_link_changed() - config_changed of the virtio driver
 * @vdev: the device
 *
 * Context: any.
 */
void vnc_link_changed(struct virtio_device *vdev)
{
	struct vnc *vnc = vdev->priv;

	schedule_work(&vnc->link.work);
}

/**
 * vnc_link_init() - nothing known
 * @vnc: the device
 *
 * Context: process.
 */
void vnc_link_init(struct vnc *vnc)
{
	INIT_WORK(&vnc->link.work, work);
	vnc->link.speed = SPEED_UNKNOWN;
	vnc->link.duplex = DUPLEX_UNKNOWN;
	netif_carrier_off(vnc->dev);
}

/**
 * vnc_link_stop() - look no more
 * @vnc: the device; no more changes are reported
 *
 * Context: process, without rtnl and the control queue's lock; sleeps.
 */
void vnc_link_stop(struct vnc *vnc)
{
	cancel_work_sync(&vnc->link.work);
}
