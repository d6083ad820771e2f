// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters for `ethtool -S`, `ip -s link` and the per-queue statistics of netdev.
 *
 * The names of ours are those that tools know (rx_queue_0_packets), those of the
 * device follow mainline (rx0_hw_packets). Their number is fixed when the device is
 * probed, as the ethtool interface needs it.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <kcompat.h>

#include "device.h"
#include "stats_reply.h"

/* Queues that one command asks for; bounds the memory of a reply. */
#define QUEUES_PER_COMMAND	16

struct stats_query {
	__le64 supported;
};

struct stats_request {
	__le16 vq_index;
	__le16 reserved[3];
	__le64 bitmap;
};

static_assert(sizeof(struct stats_query) == 8);
static_assert(sizeof(struct stats_request) == 16);

/* --- the driver's own ------------------------------------------------------------ */

struct own {
	const char *name;
	size_t offset;
};

#define RX(name)	{ #name, offsetof(struct vnc_rx_stats, name) }
#define TX(name)	{ #name, offsetof(struct vnc_tx_stats, name) }

static const struct own own_rx[] = {
	RX(packets), RX(bytes), RX(kicks), RX(alloc_failed), RX(bad_header), RX(bad_length),
	RX(xdp_packets), RX(xdp_drops), RX(xdp_tx), RX(xdp_redirects),
};

static const struct own own_tx[] = {
	TX(packets), TX(bytes), TX(kicks), TX(dropped), TX(xdp_packets), TX(xdp_drops),
	TX(stops), TX(wakes), TX(timeouts),
};

static void read_own(const void *stats, const struct u64_stats_sync *sync, const struct own *own,
		     u32 n, u64 *data)
{
	unsigned int start;
	u32 i;

	do {
		start = u64_stats_fetch_begin(sync);
		for (i = 0; i < n; i++)
			data[i] = u64_stats_read((const u64_stats_t *)(stats + own[i].offset));
	} while (u64_stats_fetch_retry(sync, start));
}

static u64 *put_own(struct vnc *vnc, u64 *data)
{
	u32 i;

	for (i = 0; i < vnc->max_pairs; i++) {
		read_own(&vnc->rxqs[i].stats, &vnc->rxqs[i].stats.sync, own_rx,
			 ARRAY_SIZE(own_rx), data);
		data += ARRAY_SIZE(own_rx);
	}
	for (i = 0; i < vnc->max_pairs; i++) {
		read_own(&vnc->txqs[i].stats, &vnc->txqs[i].stats.sync, own_tx,
			 ARRAY_SIZE(own_tx), data);
		data += ARRAY_SIZE(own_tx);
	}
	return data;
}

static void add_rx(const struct vnc_rx_stats *s, struct rtnl_link_stats64 *stats)
{
	unsigned int start;
	u64 packets, bytes, bad_header, bad_length, alloc_failed, xdp_drops;

	do {
		start = u64_stats_fetch_begin(&s->sync);
		packets = u64_stats_read(&s->packets);
		bytes = u64_stats_read(&s->bytes);
		bad_header = u64_stats_read(&s->bad_header);
		bad_length = u64_stats_read(&s->bad_length);
		alloc_failed = u64_stats_read(&s->alloc_failed);
		xdp_drops = u64_stats_read(&s->xdp_drops);
	} while (u64_stats_fetch_retry(&s->sync, start));

	stats->rx_packets += packets;
	stats->rx_bytes += bytes;
	stats->rx_frame_errors += bad_header;
	stats->rx_length_errors += bad_length;
	stats->rx_errors += bad_header + bad_length;
	stats->rx_dropped += alloc_failed + xdp_drops;
}

static void add_tx(const struct vnc_tx_stats *s, struct rtnl_link_stats64 *stats)
{
	u64 packets, bytes, dropped, timeouts;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&s->sync);
		packets = u64_stats_read(&s->packets);
		bytes = u64_stats_read(&s->bytes);
		dropped = u64_stats_read(&s->dropped);
		timeouts = u64_stats_read(&s->timeouts);
	} while (u64_stats_fetch_retry(&s->sync, start));

	stats->tx_packets += packets;
	stats->tx_bytes += bytes;
	stats->tx_dropped += dropped;
	stats->tx_errors += timeouts;
}

/**
 * vnc_stats_get64() - ndo_get_stats64
 * @dev: the interface
 * @stats: added to
 *
 * Context: any, may not sleep.
 */
void vnc_stats_get64(struct net_device *dev, struct rtnl_link_stats64 *stats)
{
	struct vnc *vnc = netdev_priv(dev);
	u32 i;

	for (i = 0; i < vnc->max_pairs; i++) {
		add_rx(&vnc->rxqs[i].stats, stats);
		add_tx(&vnc->txqs[i].stats, stats);
	}
}

/* --- the device's ---------------------------------------------------------------- */

static enum vnc_stats_kind kind_of(const struct vnc *vnc, u32 vq)
{
	if (vq == 2 * vnc->max_pairs)
		return VNC_STATS_CVQ;
	return vq % 2 ? VNC_STATS_TX : VNC_STATS_RX;
}

/* Where the counters of a type are among those of its queue. */
static u32 type_offset(u64 bitmap, u32 type)
{
	u32 i, offset = 0;

	for (i = 0; i < type; i++)
		if (bitmap & BIT_ULL(vnc_stats_types[i].bit))
			offset += vnc_stats_types[i].n;
	return offset;
}

static u64 *queue_values(const struct vnc_hw_stats *hw, enum vnc_stats_kind kind, u32 pair)
{
	return hw->values + hw->first[kind] + pair * hw->per_queue[kind];
}

struct asked {
	struct vnc *vnc;
	u32 from;
	u32 n;
};

/* What was not asked for is not listened to. */
static void take(void *context, u16 vq, u32 type, const u8 *counters)
{
	const struct asked *asked = context;
	struct vnc_hw_stats *hw = &asked->vnc->hw;
	enum vnc_stats_kind kind;
	u64 *values;
	u32 i;

	if (vq < asked->from || vq - asked->from >= asked->n)
		return;
	kind = kind_of(asked->vnc, vq);
	if (!(hw->bitmap[kind] & BIT_ULL(vnc_stats_types[type].bit)))
		return;
	values = queue_values(hw, kind, kind == VNC_STATS_CVQ ? 0 : vq / 2);
	values += type_offset(hw->bitmap[kind], type);
	for (i = 0; i < vnc_stats_types[type].n; i++)
		values[i] = get_unaligned_le64(counters + i * sizeof(__le64));
}

/* Queues that support nothing are left out; returns how many are in. */
static u32 build_request(const struct vnc *vnc, const struct asked *asked,
			 struct stats_request *request, u32 *room)
{
	u32 vq, n = 0;

	*room = 0;
	for (vq = asked->from; vq < asked->from + asked->n; vq++) {
		u64 bitmap = vnc->hw.bitmap[kind_of(vnc, vq)];

		if (!bitmap)
			continue;
		request[n].vq_index = cpu_to_le16(vq);
		request[n].bitmap = cpu_to_le64(bitmap);
		*room += vnc_stats_reply_len(bitmap);
		n++;
	}
	return n;
}

static int refresh_some(struct vnc *vnc, u32 from, u32 nvqs)
{
	struct asked asked = { .vnc = vnc, .from = from, .n = nvqs };
	struct stats_request request[QUEUES_PER_COMMAND] = {};
	struct vnc_command command = {
		.class = VIRTIO_NET_CTRL_STATS,
		.cmd = VIRTIO_NET_CTRL_STATS_GET,
		.data = request,
	};
	u32 n, room;
	u8 *reply;
	int ret;

	n = build_request(vnc, &asked, request, &room);
	if (!n)
		return 0;
	/* A device whose replies are longer than they are known to be has twice the room. */
	room *= 2;
	reply = kzalloc(room, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	command.len = n * sizeof(*request);
	command.result = reply;
	command.room = room;
	ret = vnc_ctrl_command(&vnc->ctrl, &command);
	if (!ret)
		vnc_stats_parse(reply, command.written, take, &asked);
	kfree(reply);
	return ret;
}

/**
 * vnc_stats_refresh() - read the device's counters
 * @vnc: the device
 *
 * Context: process, under rtnl; takes the control queue.
 *
 * Return: 0, -ENOMEM or what the control queue says; the values stay what they were.
 */
int vnc_stats_refresh(struct vnc *vnc)
{
	u32 nvqs = 2 * vnc->max_pairs + 1;
	u32 from, n;
	int ret;

	if (!vnc->hw.n)
		return 0;
	for (from = 0; from < nvqs; from += n) {
		n = min_t(u32, nvqs - from, QUEUES_PER_COMMAND);
		ret = refresh_some(vnc, from, n);
		if (ret)
			return ret;
	}
	return 0;
}

static int query(struct vnc *vnc, u64 *supported)
{
	struct stats_query answer = {};
	struct vnc_command command = {
		.class = VIRTIO_NET_CTRL_STATS,
		.cmd = VIRTIO_NET_CTRL_STATS_QUERY,
		.result = &answer,
		.room = sizeof(answer),
	};
	int ret = vnc_ctrl_ask(&vnc->ctrl, &command);

	if (!ret)
		*supported = le64_to_cpu(answer.supported);
	return ret;
}

static u32 count_counters(u64 bitmap)
{
	return type_offset(bitmap, VNC_STATS_TYPES);
}

/**
 * vnc_stats_init() - ask the device which counters it has
 * @vnc: the device, running
 *
 * A device that does not say has none.
 *
 * Context: process; takes the control queue.
 *
 * Return: 0 or -ENOMEM.
 */
int vnc_stats_init(struct vnc *vnc)
{
	struct vnc_hw_stats *hw = &vnc->hw;
	u64 supported;
	int ret;
	u32 i;

	if (!vnc_has(vnc, VIRTIO_NET_F_DEVICE_STATS))
		return 0;
	ret = query(vnc, &supported);
	if (ret) {
		dev_warn(&vnc->vdev->dev, "the device does not say which counters it has: %d\n",
			 ret);
		return 0;
	}
	for (i = VNC_STATS_RX; i <= VNC_STATS_CVQ; i++) {
		hw->bitmap[i] = vnc_stats_bitmap(i, supported, vnc->vdev->features);
		hw->per_queue[i] = count_counters(hw->bitmap[i]);
		hw->first[i] = hw->n;
		hw->n += hw->per_queue[i] * (i == VNC_STATS_CVQ ? 1 : vnc->max_pairs);
	}
	hw->values = kvcalloc(hw->n, sizeof(*hw->values), GFP_KERNEL);
	return hw->values || !hw->n ? 0 : -ENOMEM;
}

/**
 * vnc_stats_free() - undo vnc_stats_init()
 * @vnc: the device
 *
 * Context: process.
 */
void vnc_stats_free(struct vnc *vnc)
{
	kvfree(vnc->hw.values);
	vnc->hw.values = NULL;
}

/* --- ethtool --------------------------------------------------------------------- */

/**
 * vnc_stats_count() - number of counters in `ethtool -S`
 * @vnc: the device
 */
u32 vnc_stats_count(const struct vnc *vnc)
{
	return vnc->max_pairs * (ARRAY_SIZE(own_rx) + ARRAY_SIZE(own_tx)) + vnc->hw.n;
}

static void own_strings(u8 **data, const char *direction, u32 pairs, const struct own *own, u32 n)
{
	u32 i, k;

	for (i = 0; i < pairs; i++)
		for (k = 0; k < n; k++)
			ethtool_sprintf(data, "%s_queue_%u_%s", direction, i, own[k].name);
}

static void hw_strings(u8 **data, const char *prefix, u64 bitmap)
{
	u32 i, k;

	for (i = 0; i < VNC_STATS_TYPES; i++) {
		const struct vnc_stats_type *type = &vnc_stats_types[i];

		if (!(bitmap & BIT_ULL(type->bit)))
			continue;
		for (k = 0; k < type->n; k++)
			ethtool_sprintf(data, "%s_hw_%s", prefix, type->names[k]);
	}
}

/**
 * vnc_stats_strings() - the names in `ethtool -S`
 * @vnc: the device
 * @data: room for vnc_stats_count() strings of ETH_GSTRING_LEN
 *
 * Context: process.
 */
void vnc_stats_strings(const struct vnc *vnc, u8 *data)
{
	char prefix[16];
	u32 i;

	own_strings(&data, "rx", vnc->max_pairs, own_rx, ARRAY_SIZE(own_rx));
	own_strings(&data, "tx", vnc->max_pairs, own_tx, ARRAY_SIZE(own_tx));
	for (i = 0; i < vnc->max_pairs; i++) {
		snprintf(prefix, sizeof(prefix), "rx%u", i);
		hw_strings(&data, prefix, vnc->hw.bitmap[VNC_STATS_RX]);
	}
	for (i = 0; i < vnc->max_pairs; i++) {
		snprintf(prefix, sizeof(prefix), "tx%u", i);
		hw_strings(&data, prefix, vnc->hw.bitmap[VNC_STATS_TX]);
	}
	hw_strings(&data, "cvq", vnc->hw.bitmap[VNC_STATS_CVQ]);
}

/**
 * vnc_stats_values() - the values in `ethtool -S`
 * @vnc: the device
 * @data: room for vnc_stats_count() of them
 *
 * The device's are those that it gave last, if it does not answer now.
 *
 * Context: process, under rtnl; takes the control queue.
 */
void vnc_stats_values(struct vnc *vnc, u64 *data)
{
	if (vnc_stats_refresh(vnc))
		net_warn_ratelimited("%s: the device did not give its counters\n",
				     vnc->dev->name);
	data = put_own(vnc, data);
	if (vnc->hw.n)
		memcpy(data, vnc->hw.values, vnc->hw.n * sizeof(*data));
}

/* --- netdev's statistics per queue ------------------------------------------------ */

#ifdef KC_NETDEV_STAT_OPS

/* A counter of netdev's, and where it comes from. */
struct mapped {
	size_t offset;
	u8 bit;
	u8 counter;
};

#define MAP_RX(name, bit, counter) \
	{ offsetof(struct netdev_queue_stats_rx, name), bit, counter }
#define MAP_TX(name, bit, counter) \
	{ offsetof(struct netdev_queue_stats_tx, name), bit, counter }

static const struct mapped mapped_rx[] = {
	MAP_RX(hw_drops, 0, 4), MAP_RX(hw_drop_overruns, 0, 5),
	MAP_RX(csum_unnecessary, 1, 0), MAP_RX(csum_none, 1, 2), MAP_RX(csum_bad, 1, 3),
	MAP_RX(hw_gro_packets, 2, 2), MAP_RX(hw_gro_bytes, 2, 3),
	MAP_RX(hw_gro_wire_packets, 2, 0), MAP_RX(hw_gro_wire_bytes, 2, 1),
	MAP_RX(hw_drop_ratelimits, 3, 0),
};

static const struct mapped mapped_tx[] = {
	MAP_TX(hw_drops, 16, 4), MAP_TX(hw_drop_errors, 16, 5),
	MAP_TX(csum_none, 17, 0), MAP_TX(needs_csum, 17, 1),
	MAP_TX(hw_gso_packets, 18, 0), MAP_TX(hw_gso_bytes, 18, 1),
	MAP_TX(hw_gso_wire_packets, 18, 2), MAP_TX(hw_gso_wire_bytes, 18, 3),
	MAP_TX(hw_drop_ratelimits, 19, 0),
};

static u32 type_of_bit(u8 bit)
{
	u32 i = 0;

	while (vnc_stats_types[i].bit != bit)
		i++;
	return i;
}

static void put_mapped(const struct vnc *vnc, enum vnc_stats_kind kind, const struct mapped *map,
		       u32 n, u32 pair, void *stats)
{
	const u64 *values = queue_values(&vnc->hw, kind, pair);
	u64 bitmap = vnc->hw.bitmap[kind];
	u32 i, at;

	for (i = 0; i < n; i++) {
		if (!(bitmap & BIT_ULL(map[i].bit)))
			continue;
		at = type_offset(bitmap, type_of_bit(map[i].bit)) + map[i].counter;
		*(u64 *)(stats + map[i].offset) = values[at];
	}
}

static void queue_stats_rx(struct net_device *dev, int index, struct netdev_queue_stats_rx *stats)
{
	struct vnc *vnc = netdev_priv(dev);
	const struct vnc_rx_stats *s = &vnc->rxqs[index].stats;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&s->sync);
		stats->packets = u64_stats_read(&s->packets);
		stats->bytes = u64_stats_read(&s->bytes);
		stats->alloc_fail = u64_stats_read(&s->alloc_failed);
	} while (u64_stats_fetch_retry(&s->sync, start));

	if (vnc->hw.n && !refresh_some(vnc, 2 * index, 1))
		put_mapped(vnc, VNC_STATS_RX, mapped_rx, ARRAY_SIZE(mapped_rx), index, stats);
}

static void queue_stats_tx(struct net_device *dev, int index, struct netdev_queue_stats_tx *stats)
{
	struct vnc *vnc = netdev_priv(dev);
	const struct vnc_tx_stats *s = &vnc->txqs[index].stats;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&s->sync);
		stats->packets = u64_stats_read(&s->packets);
		stats->bytes = u64_stats_read(&s->bytes);
		stats->stop = u64_stats_read(&s->stops);
		stats->wake = u64_stats_read(&s->wakes);
	} while (u64_stats_fetch_retry(&s->sync, start));

	if (vnc->hw.n && !refresh_some(vnc, 2 * index + 1, 1))
		put_mapped(vnc, VNC_STATS_TX, mapped_tx, ARRAY_SIZE(mapped_tx), index, stats);
}

/* Nothing is counted outside of queues; queues that are not in use keep their counts. */
static void base_stats(struct net_device *dev, struct netdev_queue_stats_rx *rx,
		       struct netdev_queue_stats_tx *tx)
{
	struct vnc *vnc = netdev_priv(dev);

	rx->packets = 0;
	rx->bytes = 0;
	rx->alloc_fail = 0;
	tx->packets = 0;
	tx->bytes = 0;
	tx->stop = 0;
	tx->wake = 0;
	netdev_stat_queue_sum(dev, vnc->pairs, vnc->max_pairs, rx, vnc->pairs, vnc->max_pairs, tx);
}

static const struct netdev_stat_ops queue_ops = {
	.get_queue_stats_rx	= queue_stats_rx,
	.get_queue_stats_tx	= queue_stats_tx,
	.get_base_stats		= base_stats,
};

/**
 * vnc_stats_set_queue_ops() - offer statistics per queue, where the kernel has them
 * @dev: the interface, not yet registered
 */
void vnc_stats_set_queue_ops(struct net_device *dev)
{
	dev->stat_ops = &queue_ops;
}

#else

void vnc_stats_set_queue_ops(struct net_device *dev)
{
}

#endif /* KC_NETDEV_STAT_OPS */
