/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steering of received packets to queues, and their hashes.
 */
#ifndef _VNC_RSS_H
#define _VNC_RSS_H

#include <linux/netdevice.h>
#include <linux/types.h>

struct netlink_ext_ack;
struct vnc;

/**
 * struct vnc_rss - steering; set once but for what is under rtnl
 * @table_size: entries of the indirection table, a power of two; 0 without RSS
 * @key_size: bytes of the hash key; 0 with neither RSS nor HASH_REPORT
 * @hash_types: what is hashed, of what the device supports
 * @hashing: reports are wanted; under rtnl
 * @table: pairs of queues by hash; under rtnl
 * @key: hash key; under rtnl
 */
struct vnc_rss {
	u32 table_size;
	u32 key_size;
	u32 hash_types;
	bool hashing;
	u32 *table;
	u8 key[NETDEV_RSS_KEY_LEN];
};

int vnc_rss_init(struct vnc *vnc);
void vnc_rss_free(struct vnc *vnc);
bool vnc_rss_can_steer(const struct vnc *vnc);
int vnc_rss_set_pairs(struct vnc *vnc, u32 pairs);
int vnc_rss_open(struct vnc *vnc);
int vnc_rss_set(struct vnc *vnc, const u32 *table, const u8 *key);
int vnc_rss_set_hashing(struct vnc *vnc, bool on);

#endif /* _VNC_RSS_H */
