/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ethtool asks.
 */
#ifndef _VNC_ETHTOOL_H
#define _VNC_ETHTOOL_H

#include <linux/ethtool.h>

struct net_device;
struct vnc;

extern const struct ethtool_ops vnc_ethtool_ops;

/* selftest.c */
u32 vnc_selftest_count(void);
void vnc_selftest_strings(u8 *data);
void vnc_selftest_run(struct net_device *dev, struct ethtool_test *test, u64 *results);

#endif /* _VNC_ETHTOOL_H */
