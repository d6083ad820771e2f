/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counters of one virtqueue. Each has one writer; a reader never waits for it.
 */
#ifndef _VHN_STATS_H
#define _VHN_STATS_H

#include <linux/cache.h>
#include <linux/u64_stats_sync.h>
#include <linux/vhost_net_coal.h>

#include "coal.h"
#include "filter.h"

/**
 * struct vhn_stats - counters, grouped by who writes them
 *
 * Worker, under the queue's mutex:
 * @sync: for the readers of the group
 * @packets: delivered (rx) or handed over (tx)
 * @bytes: their bytes, without header
 * @spurious_kicks: kicks that found nothing new
 * @notify: notifications sent, by enum vhn_coal_reason
 * @suppressed: due and not wanted
 * @drop_malformed: descriptors or header that cannot be a packet
 * @drop_truncated: rx, longer than the buffers
 * @drop_backend: refused by the back end
 * @filtered: rx, not for this guest, by enum vhn_filter_verdict
 *
 * Whoever kicks, under the kick eventfd's lock:
 * @kick_sync: for the readers of the group
 * @kicks: notifications received
 *
 * Under the lock of struct vhn_notify:
 * @refused: parameters refused
 * @stalls: times that the queue had to be set going again
 * @base: values at the last device reset, subtracted from what is reported
 */
struct vhn_stats {
	struct u64_stats_sync sync;
	u64_stats_t packets;
	u64_stats_t bytes;
	u64_stats_t spurious_kicks;
	u64_stats_t notify[VHN_COAL_FLUSH + 1];
	u64_stats_t suppressed;
	u64_stats_t drop_malformed;
	u64_stats_t drop_truncated;
	u64_stats_t drop_backend;
	u64_stats_t filtered[VHN_FILTER_VERDICTS];

	struct u64_stats_sync kick_sync ____cacheline_aligned_in_smp;
	u64_stats_t kicks;

	u64 refused;
	u64 stalls;
	struct vhn_vring_stats base;
};

/**
 * vhn_stats_add() - add to a counter of the worker's
 * @s: the counters
 * @counter: one of the first group
 * @n: how much
 */
static inline void vhn_stats_add(struct vhn_stats *s, u64_stats_t *counter, u64 n)
{
	u64_stats_update_begin(&s->sync);
	u64_stats_add(counter, n);
	u64_stats_update_end(&s->sync);
}

/**
 * vhn_stats_packets() - count packets and their bytes as one
 * @s: the counters
 * @packets: packets
 * @bytes: bytes, without header
 */
static inline void vhn_stats_packets(struct vhn_stats *s, u32 packets, u64 bytes)
{
	u64_stats_update_begin(&s->sync);
	u64_stats_add(&s->packets, packets);
	u64_stats_add(&s->bytes, bytes);
	u64_stats_update_end(&s->sync);
}

void vhn_stats_init(struct vhn_stats *s);
void vhn_stats_read(struct vhn_stats *s, struct vhn_vring_stats *out);
void vhn_stats_rebase(struct vhn_stats *s);

#endif /* _VHN_STATS_H */
