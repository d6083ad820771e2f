// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device answers when it is asked for its counters. An answer is walked by the
 * table below, within the bytes that were written, and every step is larger than 0.
 */
#ifdef __KERNEL__
#include <linux/bits.h>
#else
#include <linux/kernel_shim.h>
#endif
#include <linux/virtio_net_coal.h>

#include "stats_reply.h"

#define F(name)	BIT_ULL(VIRTIO_NET_F_##name)

const struct vnc_stats_type vnc_stats_types[VNC_STATS_TYPES] = {
	{ 0, VNC_STATS_RX, 0, 6,
	  { "notifications", "packets", "bytes", "interrupts", "drops", "drop_overruns" } },
	{ 1, VNC_STATS_RX, F(GUEST_CSUM), 4,
	  { "csum_valid", "needs_csum", "csum_none", "csum_bad" } },
	{ 2, VNC_STATS_RX, F(GUEST_TSO4) | F(GUEST_TSO6), 4,
	  { "gso_packets", "gso_bytes", "gso_packets_coalesced", "gso_bytes_coalesced" } },
	{ 3, VNC_STATS_RX, 0, 2,
	  { "ratelimit_packets", "ratelimit_bytes" } },
	{ 16, VNC_STATS_TX, 0, 6,
	  { "notifications", "packets", "bytes", "interrupts", "drops", "drop_malformed" } },
	{ 17, VNC_STATS_TX, F(CSUM), 2,
	  { "csum_none", "needs_csum" } },
	{ 18, VNC_STATS_TX, F(HOST_TSO4) | F(HOST_TSO6) | F(HOST_USO), 6,
	  { "gso_packets", "gso_bytes", "gso_segments", "gso_segments_bytes",
	    "gso_packets_noseg", "gso_bytes_noseg" } },
	{ 19, VNC_STATS_TX, 0, 2,
	  { "ratelimit_packets", "ratelimit_bytes" } },
	{ 32, VNC_STATS_CVQ, 0, 2,
	  { "command_num", "ok_num" } },
};

/**
 * vnc_stats_type_len() - how long a reply of a type is
 * @type: the type
 *
 * Return: bytes, header included.
 */
u32 vnc_stats_type_len(const struct vnc_stats_type *type)
{
	return VNC_STATS_HEADER + type->n * sizeof(__le64);
}

/**
 * vnc_stats_bitmap() - the types to ask a queue for (STAT-G1, STAT-G2)
 * @kind: of the queue
 * @supported: what the device said it supports
 * @features: negotiated
 *
 * Return: bits of the types.
 */
u64 vnc_stats_bitmap(enum vnc_stats_kind kind, u64 supported, u64 features)
{
	u64 bitmap = 0;
	u32 i;

	for (i = 0; i < VNC_STATS_TYPES; i++) {
		const struct vnc_stats_type *type = &vnc_stats_types[i];

		if (type->kind == kind && (!type->needs || (features & type->needs)))
			bitmap |= BIT_ULL(type->bit);
	}
	return bitmap & supported;
}

/**
 * vnc_stats_reply_len() - room that the replies for a bitmap need (STAT-G3)
 * @bitmap: types that are asked for
 *
 * Return: bytes.
 */
u32 vnc_stats_reply_len(u64 bitmap)
{
	u32 i, len = 0;

	for (i = 0; i < VNC_STATS_TYPES; i++)
		if (bitmap & BIT_ULL(vnc_stats_types[i].bit))
			len += vnc_stats_type_len(&vnc_stats_types[i]);
	return len;
}

static u16 read_le16(const u8 *at)
{
	return at[0] | at[1] << 8;
}

static u32 find_type(u8 bit)
{
	u32 i = 0;

	while (i < VNC_STATS_TYPES && vnc_stats_types[i].bit != bit)
		i++;
	return i;
}

/**
 * vnc_stats_parse() - read an answer
 * @reply: the entries, in any order
 * @len: bytes that the device wrote
 * @sink: called for each entry that can be made out
 * @context: for @sink
 *
 * An entry of a type that is not known, or longer than it is known to be, is stepped
 * over by its own size: a later standard may add either. One that is shorter than its
 * counters, or than its own header, or reaches beyond @len, ends the walk.
 *
 * Context: any.
 *
 * Return: number of entries that @sink was called for.
 */
u32 vnc_stats_parse(const u8 *reply, u32 len, vnc_stats_sink_t *sink, void *context)
{
	u32 at = 0, found = 0, size, type;

	for (; len - at >= VNC_STATS_HEADER; at += size) {
		size = read_le16(reply + at + 6);
		if (size < VNC_STATS_HEADER || size > len - at)
			break;
		type = find_type(reply[at]);
		if (type == VNC_STATS_TYPES)
			continue;
		if (size < vnc_stats_type_len(&vnc_stats_types[type]))
			break;
		sink(context, read_le16(reply + at + 2), type,
		     reply + at + VNC_STATS_HEADER);
		found++;
	}
	return found;
}
