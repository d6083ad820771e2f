/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Offloads: what `ethtool -k` shows and `-K` changes, and how that maps to features.
 */
#ifndef _VNC_OFFLOAD_H
#define _VNC_OFFLOAD_H

#include <linux/netdev_features.h>
#include <linux/types.h>

struct net_device;
struct vnc;

/**
 * struct vnc_offload - what the device may do to packets on their way to us
 * @negotiated: bits of GUEST_OFFLOADS_SET (spec 2.3) that can be on
 * @active: those that are on; under rtnl
 * @large: packets longer than the MTU can come
 */
struct vnc_offload {
	u64 negotiated;
	u64 active;
	bool large;
};

void vnc_offload_init(struct vnc *vnc);
u64 vnc_offload_wanted(const struct vnc *vnc, netdev_features_t features);
int vnc_offload_set(struct vnc *vnc, u64 offloads);
void vnc_offload_restore(struct vnc *vnc);
netdev_features_t vnc_offload_fix(struct net_device *dev, netdev_features_t features);
int vnc_offload_set_features(struct net_device *dev, netdev_features_t features);

#endif /* _VNC_OFFLOAD_H */
