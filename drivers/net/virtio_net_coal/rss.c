// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive side scaling and hash reports (spec 2.4, 5.3), and the number of pairs in
 * use, which is part of the same command where there is RSS.
 */
#include <linux/ethtool.h>
#include <linux/log2.h>
#include <linux/slab.h>

#include "device.h"

/* RSS-G1: never more than is known here. EX types would hash what few packets have. */
#define KNOWN_HASH_TYPES	(VIRTIO_NET_RSS_HASH_TYPE_IPv4 | \
				 VIRTIO_NET_RSS_HASH_TYPE_TCPv4 | \
				 VIRTIO_NET_RSS_HASH_TYPE_UDPv4 | \
				 VIRTIO_NET_RSS_HASH_TYPE_IPv6 | \
				 VIRTIO_NET_RSS_HASH_TYPE_TCPv6 | \
				 VIRTIO_NET_RSS_HASH_TYPE_UDPv6)

/* The least a device may offer (spec 1.4). */
#define LEAST_KEY	40
#define LEAST_TABLE	128

/* Fixed parts of the command around the table and the key. */
struct rss_head {
	__le32 hash_types;
	__le16 table_mask;
	__le16 unclassified;
	__le16 table[];
};

struct rss_tail {
	__le16 max_tx_vq;
	u8 key_len;
	u8 key[];
} __packed;

struct hash_config {
	__le32 hash_types;
	__le16 reserved[4];
	u8 key_len;
	u8 key[];
} __packed;

static_assert(sizeof(struct rss_head) == 8);
static_assert(sizeof(struct rss_tail) == 3);
static_assert(sizeof(struct hash_config) == 13);

/* A zero-based pair is what rss_rq_id has (spec 2.4). */
static int send_rss(struct vnc *vnc, u32 pairs)
{
	const struct vnc_rss *rss = &vnc->rss;
	size_t table_len = sizeof(struct rss_head) + rss->table_size * sizeof(__le16);
	size_t len = table_len + sizeof(struct rss_tail) + rss->key_size;
	struct rss_head *head = kzalloc(len, GFP_KERNEL);
	struct rss_tail *tail;
	u32 i;
	int ret;

	if (!head)
		return -ENOMEM;
	head->hash_types = cpu_to_le32(rss->hash_types);
	head->table_mask = cpu_to_le16(rss->table_size - 1);
	for (i = 0; i < rss->table_size; i++)
		head->table[i] = cpu_to_le16(rss->table[i]);
	tail = (void *)head + table_len;
	tail->max_tx_vq = cpu_to_le16(pairs);
	tail->key_len = rss->key_size;
	memcpy(tail->key, rss->key, rss->key_size);

	ret = vnc_ctrl_send(&vnc->ctrl, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_RSS_CONFIG,
			    head, len);
	kfree(head);
	return ret;
}

static int send_hash(struct vnc *vnc)
{
	size_t len = sizeof(struct hash_config) + vnc->rss.key_size;
	struct hash_config *config = kzalloc(len, GFP_KERNEL);
	int ret;

	if (!config)
		return -ENOMEM;
	config->hash_types = cpu_to_le32(vnc->rss.hashing ? vnc->rss.hash_types : 0);
	config->key_len = vnc->rss.key_size;
	memcpy(config->key, vnc->rss.key, vnc->rss.key_size);

	ret = vnc_ctrl_send(&vnc->ctrl, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_HASH_CONFIG,
			    config, len);
	kfree(config);
	return ret;
}

static int send_pairs(struct vnc *vnc, u32 pairs)
{
	struct virtio_net_ctrl_mq data = { .virtqueue_pairs = __cpu_to_virtio16(true, pairs) };

	if (!vnc_has(vnc, VIRTIO_NET_F_MQ))
		return pairs == 1 ? 0 : -EOPNOTSUPP;
	return vnc_ctrl_send(&vnc->ctrl, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET,
			     &data, sizeof(data));
}

static void spread(struct vnc *vnc, u32 pairs)
{
	u32 i;

	for (i = 0; i < vnc->rss.table_size; i++)
		vnc->rss.table[i] = ethtool_rxfh_indir_default(i, pairs);
}

/* A device that steers a packet to a queue without buffers may stop there, and with it
 * all packets behind that one: QEMU does. All queues in use have buffers once the
 * interface is up; until then the device knows nothing of steering.
 */
static bool may_steer(const struct vnc *vnc)
{
	return netif_running(vnc->dev) && vnc->ready;
}

/**
 * vnc_rss_can_steer() - does the device have an indirection table?
 * @vnc: the device
 */
bool vnc_rss_can_steer(const struct vnc *vnc)
{
	return vnc_has(vnc, VIRTIO_NET_F_RSS);
}

/**
 * vnc_rss_set_pairs() - have the device use a number of pairs (CTRL-G5, RSS-G1)
 * @vnc: the device
 * @pairs: how many; the user's table, if there is one, names no others
 *
 * With MQ and RSS the last command of the class decides, so it is RSS's. That is sent
 * when the interface is up (vnc_rss_open()).
 *
 * Context: process, under rtnl or before the interface is registered.
 *
 * Return: 0, -ENOMEM or what the control queue says.
 */
int vnc_rss_set_pairs(struct vnc *vnc, u32 pairs)
{
	int ret;

	if (vnc_rss_can_steer(vnc)) {
		if (!netif_is_rxfh_configured(vnc->dev))
			spread(vnc, pairs);
		return may_steer(vnc) ? send_rss(vnc, pairs) : 0;
	}
	ret = send_pairs(vnc, pairs);
	if (!ret && vnc_has(vnc, VIRTIO_NET_F_HASH_REPORT))
		ret = send_hash(vnc);
	return ret;
}

/**
 * vnc_rss_open() - the interface is up, all queues in use have buffers
 * @vnc: the device
 *
 * Context: process, under rtnl.
 *
 * Return: 0, -ENOMEM or what the control queue says.
 */
int vnc_rss_open(struct vnc *vnc)
{
	return vnc_rss_can_steer(vnc) ? send_rss(vnc, vnc->pairs) : 0;
}

/**
 * vnc_rss_set() - `ethtool -X`
 * @vnc: the device
 * @table: new indirection table of vnc_rss.table_size entries, or NULL
 * @key: new key of vnc_rss.key_size bytes, or NULL
 *
 * Context: process, under rtnl.
 *
 * Return: 0; -ENOMEM or what the control queue says, with nothing changed.
 */
int vnc_rss_set(struct vnc *vnc, const u32 *table, const u8 *key)
{
	struct vnc_rss *rss = &vnc->rss;
	size_t table_bytes = rss->table_size * sizeof(*rss->table);
	u32 *old_table = kmemdup(rss->table, table_bytes, GFP_KERNEL);
	u8 old_key[NETDEV_RSS_KEY_LEN];
	int ret;

	if (!old_table && table_bytes)
		return -ENOMEM;
	memcpy(old_key, rss->key, sizeof(old_key));
	if (table)
		memcpy(rss->table, table, table_bytes);
	if (key)
		memcpy(rss->key, key, rss->key_size);

	if (!vnc_rss_can_steer(vnc))
		ret = send_hash(vnc);
	else
		ret = may_steer(vnc) ? send_rss(vnc, vnc->pairs) : 0;
	if (ret) {
		memcpy(rss->table, old_table, table_bytes);
		memcpy(rss->key, old_key, sizeof(old_key));
	}
	kfree(old_table);
	return ret;
}

/**
 * vnc_rss_set_hashing() - have the device hash packets for their reports, or no longer
 * @vnc: the device
 * @on: wanted
 *
 * With RSS it hashes them in any case. Context: process, under rtnl.
 *
 * Return: 0; -ENOMEM or what the control queue says, with nothing changed.
 */
int vnc_rss_set_hashing(struct vnc *vnc, bool on)
{
	int ret;

	if (!vnc_has(vnc, VIRTIO_NET_F_HASH_REPORT) || vnc_rss_can_steer(vnc) ||
	    on == vnc->rss.hashing)
		return 0;
	vnc->rss.hashing = on;
	ret = send_hash(vnc);
	if (ret)
		vnc->rss.hashing = !on;
	return ret;
}

static int read_limits(struct vnc *vnc)
{
	struct vnc_rss *rss = &vnc->rss;
	u16 table = 0;
	u32 types;
	u8 key;

	virtio_cread_le(vnc->vdev, struct virtio_net_config, rss_max_key_size, &key);
	virtio_cread_le(vnc->vdev, struct virtio_net_config, supported_hash_types, &types);
	if (vnc_rss_can_steer(vnc))
		virtio_cread_le(vnc->vdev, struct virtio_net_config,
				rss_max_indirection_table_length, &table);
	if (key < LEAST_KEY || (vnc_rss_can_steer(vnc) && table < LEAST_TABLE)) {
		dev_err(&vnc->vdev->dev,
			"key of %u bytes and table of %u entries: a device must take %u and %u\n",
			key, table, LEAST_KEY, LEAST_TABLE);
		return -EINVAL;
	}
	rss->key_size = min_t(u32, key, NETDEV_RSS_KEY_LEN);
	rss->table_size = table ? rounddown_pow_of_two(table) : 0;
	rss->hash_types = types & KNOWN_HASH_TYPES;
	rss->hashing = true;
	return 0;
}

/**
 * vnc_rss_init() - read what the device can do
 * @vnc: the device
 *
 * Context: process.
 *
 * Return: 0; -EINVAL for limits that are below the specification's; -ENOMEM.
 */
int vnc_rss_init(struct vnc *vnc)
{
	int ret;

	if (!vnc_rss_can_steer(vnc) && !vnc_has(vnc, VIRTIO_NET_F_HASH_REPORT))
		return 0;
	ret = read_limits(vnc);
	if (ret)
		return ret;
	vnc->rss.table = kcalloc(vnc->rss.table_size, sizeof(*vnc->rss.table), GFP_KERNEL);
	if (!vnc->rss.table)
		return -ENOMEM;
	netdev_rss_key_fill(vnc->rss.key, vnc->rss.key_size);
	return 0;
}

/**
 * vnc_rss_free() - undo vnc_rss_init()
 * @vnc: the device
 *
 * Context: process.
 */
void vnc_rss_free(struct vnc *vnc)
{
	kfree(vnc->rss.table);
	vnc->rss.table = NULL;
}
