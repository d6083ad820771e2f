// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading the counters, from any context and without waiting for the worker.
 */
#include <linux/string.h>

#include "stats.h"

/* The report starts with two words that are no counters. */
#define FIRST offsetof(struct vhn_vring_stats, packets)
#define COUNTERS ((sizeof(struct vhn_vring_stats) - FIRST) / sizeof(u64))

/**
 * vhn_stats_init() - counters of a new queue, all 0
 * @s: the counters, zeroed memory
 */
void vhn_stats_init(struct vhn_stats *s)
{
	u64_stats_init(&s->sync);
	u64_stats_init(&s->kick_sync);
}

static void read_worker(const struct vhn_stats *s, struct vhn_vring_stats *out)
{
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&s->sync);
		out->packets = u64_stats_read(&s->packets);
		out->bytes = u64_stats_read(&s->bytes);
		out->spurious_kicks = u64_stats_read(&s->spurious_kicks);
		out->notify_count = u64_stats_read(&s->notify[VHN_COAL_COUNT]);
		out->notify_timer = u64_stats_read(&s->notify[VHN_COAL_TIMER]);
		out->notify_immediate = u64_stats_read(&s->notify[VHN_COAL_IMMEDIATE]);
		out->notify_flush = u64_stats_read(&s->notify[VHN_COAL_FLUSH]);
		out->suppressed = u64_stats_read(&s->suppressed);
		out->drop_malformed = u64_stats_read(&s->drop_malformed);
		out->drop_truncated = u64_stats_read(&s->drop_truncated);
		out->drop_backend = u64_stats_read(&s->drop_backend);
		out->drop_unicast = u64_stats_read(&s->filtered[VHN_FILTER_DROP_UNICAST]);
		out->drop_multicast = u64_stats_read(&s->filtered[VHN_FILTER_DROP_MULTICAST]);
		out->drop_broadcast = u64_stats_read(&s->filtered[VHN_FILTER_DROP_BROADCAST]);
		out->drop_vlan = u64_stats_read(&s->filtered[VHN_FILTER_DROP_VLAN]);
		out->drop_oversize = u64_stats_read(&s->filtered[VHN_FILTER_DROP_OVERSIZE]);
	} while (u64_stats_fetch_retry(&s->sync, start));
}

static void read_raw(const struct vhn_stats *s, struct vhn_vring_stats *out)
{
	unsigned int start;

	*out = (struct vhn_vring_stats){ .refused = s->refused, .stalls = s->stalls };
	read_worker(s, out);
	do {
		start = u64_stats_fetch_begin(&s->kick_sync);
		out->kicks = u64_stats_read(&s->kicks);
	} while (u64_stats_fetch_retry(&s->kick_sync, start));
}

/**
 * vhn_stats_read() - all counters since the last device reset
 * @s: the counters
 * @out: filled but for its index
 *
 * Context: any, with the lock of struct vhn_notify held.
 */
void vhn_stats_read(struct vhn_stats *s, struct vhn_vring_stats *out)
{
	u64 *value = &out->packets;
	const u64 *base = &s->base.packets;
	size_t i;

	read_raw(s, out);
	for (i = 0; i < COUNTERS; i++)
		value[i] -= base[i];
}

/**
 * vhn_stats_rebase() - let the counters start at 0 again (AMB-16)
 * @s: the counters
 *
 * The writers go on undisturbed. Context: any, with the lock of struct vhn_notify
 * held.
 */
void vhn_stats_rebase(struct vhn_stats *s)
{
	read_raw(s, &s->base);
}
