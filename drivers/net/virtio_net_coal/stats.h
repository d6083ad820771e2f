/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters: the driver's own and those of the device.
 */
#ifndef _VNC_STATS_H
#define _VNC_STATS_H

#include <linux/types.h>

struct net_device;
struct rtnl_link_stats64;
struct vnc;

/**
 * struct vnc_hw_stats - the device's counters, as last read
 * @bitmap: types that are asked for, by enum vnc_stats_kind; set once
 * @first: where the counters of a queue start, by kind; set once
 * @per_queue: number of counters of a queue, by kind; set once
 * @n: number of all
 * @values: all, under rtnl: receive queues, transmit queues, control queue
 */
struct vnc_hw_stats {
	u64 bitmap[3];
	u32 first[3];
	u32 per_queue[3];
	u32 n;
	u64 *values;
};

int vnc_stats_init(struct vnc *vnc);
void vnc_stats_free(struct vnc *vnc);
int vnc_stats_refresh(struct vnc *vnc);
u32 vnc_stats_count(const struct vnc *vnc);
void vnc_stats_strings(const struct vnc *vnc, u8 *data);
void vnc_stats_values(struct vnc *vnc, u64 *data);
void vnc_stats_get64(struct net_device *dev, struct rtnl_link_stats64 *stats);
void vnc_stats_set_queue_ops(struct net_device *dev);

#endif /* _VNC_STATS_H */
