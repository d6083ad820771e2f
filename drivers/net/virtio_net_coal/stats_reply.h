/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counters of a device (spec 4): which there are, and the reading of an answer,
 * which may hold anything.
 */
#ifndef _VNC_STATS_REPLY_H
#define _VNC_STATS_REPLY_H

#include <linux/types.h>

/* Counters of the longest type. */
#define VNC_STATS_MOST		6
/* Bytes of a reply's header. */
#define VNC_STATS_HEADER	8

enum vnc_stats_kind { VNC_STATS_RX, VNC_STATS_TX, VNC_STATS_CVQ };

/**
 * struct vnc_stats_type - a type of counters
 * @bit: number of the type, and of its bit in a bitmap
 * @kind: queues that have it
 * @needs: features of which one must have been negotiated; 0 for none (spec 4.1)
 * @n: number of counters
 * @names: what follows "rx0_hw_", "tx0_hw_" or "cvq_hw_"
 */
struct vnc_stats_type {
	u8 bit;
	u8 kind;
	u64 needs;
	u8 n;
	const char *names[VNC_STATS_MOST];
};

#define VNC_STATS_TYPES	9
extern const struct vnc_stats_type vnc_stats_types[VNC_STATS_TYPES];

/**
 * vnc_stats_sink_t - what to do with an entry of a reply
 * @context: what vnc_stats_parse() was given
 * @vq: index of the virtqueue, as the device has it: anything
 * @type: index into vnc_stats_types
 * @counters: counters of that type, unaligned and little-endian
 */
typedef void vnc_stats_sink_t(void *context, u16 vq, u32 type, const u8 *counters);

u32 vnc_stats_type_len(const struct vnc_stats_type *type);
u64 vnc_stats_bitmap(enum vnc_stats_kind kind, u64 supported, u64 features);
u32 vnc_stats_reply_len(u64 bitmap);
u32 vnc_stats_parse(const u8 *reply, u32 len, vnc_stats_sink_t *sink, void *context);

#endif /* _VNC_STATS_REPLY_H */
