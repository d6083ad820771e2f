/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The network interface.
 */
#ifndef _VNC_NETDEV_H
#define _VNC_NETDEV_H

#include <linux/netdevice.h>

extern const struct net_device_ops vnc_netdev_ops;

#endif /* _VNC_NETDEV_H */
