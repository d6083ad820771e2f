/* SPDX-License-Identifier: GPL-2.0-only */
/* What the steering programs and the process that sets them share. */
#ifndef VCOAL_STEERING_H
#define VCOAL_STEERING_H

#include <linux/types.h>
#include <linux/vhost_net_coal.h>

/* Pairs of queues; a power of two, and what a tap has at most. */
#define STEERING_PAIRS	256
/* Entries of a table; a power of two. */
#define STEERING_TABLE	128

/**
 * struct steering_rule - how a pair is chosen
 * @pairs: automatic steering over the first of them; 0: RSS
 * @types: VIRTIO_NET_RSS_HASH_TYPE_* that are hashed
 * @mask: RSS: entries of @table, less 1
 * @unclassified: RSS: pair for what has no hash
 * @key: of the hash
 * @table: RSS: pairs by hash
 */
struct steering_rule {
	__u32 pairs;
	__u32 types;
	__u32 mask;
	__u32 unclassified;
	__u8 key[VHN_HASH_KEY_LEN];
	__u16 table[STEERING_TABLE];
};

#endif /* VCOAL_STEERING_H */
