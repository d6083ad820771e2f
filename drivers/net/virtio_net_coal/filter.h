/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the device lets through: rx mode, MAC and VLAN tables.
 */
#ifndef _VNC_FILTER_H
#define _VNC_FILTER_H

#include <linux/if_vlan.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct net_device;
struct vnc;

/**
 * struct vnc_filter - receive filters
 * @mode_work: tells the device the rx mode and the MAC table
 * @vlans: VLAN table; under rtnl
 */
struct vnc_filter {
	struct work_struct mode_work;
	DECLARE_BITMAP(vlans, VLAN_N_VID);
};

void vnc_filter_init(struct vnc *vnc);
void vnc_filter_stop(struct vnc *vnc);
void vnc_filter_restore(struct vnc *vnc);
void vnc_filter_set_rx_mode(struct net_device *dev);
int vnc_filter_add_vlan(struct net_device *dev, __be16 proto, u16 vid);
int vnc_filter_kill_vlan(struct net_device *dev, __be16 proto, u16 vid);
int vnc_filter_set_mac(struct net_device *dev, void *address);

#endif /* _VNC_FILTER_H */
