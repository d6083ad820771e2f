// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long packets are held, and how many of them a notification is about. A queue's
 * events come one at a time, for it has one worker, so that nothing here is atomic but
 * what all queues share.
 *
 * Where an event's fields stand is up to the module that is loaded: the process tells it
 * (vcoal/hist/trace_format.hpp), and each access is relocated (CO-RE).
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "hist.h"

#define relocated __attribute__((preserve_access_index))

struct trace_event_raw_vhn_batch {
	__u32 dev;
	__u32 vq;
	__u32 packets;
	__u32 pending;
} relocated;

/* vhn_notify and vhn_suppress */
struct trace_event_raw_vhn_decision {
	__u32 dev;
	__u32 vq;
} relocated;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HIST_QUEUES);
	__type(key, struct hist_key);
	__type(value, struct hist_queue);
} queues SEC(".maps");

/* Batches of queues for which there was no room. */
__u64 missed;

static const struct hist_queue nothing = {
	.hold = { .least = ~0ULL },
	.packets = { .least = ~0ULL },
};

/* Bits of @value without leading zeroes. */
static __always_inline __u32 bit_length(__u64 value)
{
	__u32 bits = 0;
	__u32 half;

#pragma unroll
	for (half = 32; half; half /= 2) {
		if (value >> half) {
			value >>= half;
			bits += half;
		}
	}
	return bits + (value != 0);
}

static __always_inline void add(struct hist_values *values, __u64 value, __u64 unit)
{
	__u32 bucket = bit_length(value / unit);

	if (bucket >= HIST_BUCKETS)
		bucket = HIST_BUCKETS - 1;
	values->buckets[bucket]++;
	values->sum += value;
	if (value < values->least)
		values->least = value;
	if (value > values->most)
		values->most = value;
}

static __always_inline struct hist_queue *find_or_make(const struct hist_key *key)
{
	struct hist_queue *queue = bpf_map_lookup_elem(&queues, key);

	if (queue)
		return queue;
	bpf_map_update_elem(&queues, key, &nothing, BPF_NOEXIST);
	return bpf_map_lookup_elem(&queues, key);
}

SEC("tp/vhost_net_coal/vhn_batch")
int batch(struct trace_event_raw_vhn_batch *event)
{
	const struct hist_key key = { .file = event->dev, .vring = event->vq };
	struct hist_queue *queue = find_or_make(&key);

	if (!queue) {
		__sync_fetch_and_add(&missed, 1);
		return 0;
	}
	if (!event->pending) {
		queue->first = bpf_ktime_get_ns();
		queue->pending = event->packets;
	} else if (event->pending == queue->pending) {
		queue->pending += event->packets;
	} else {
		/* Some came before this program did. */
		queue->pending = 0;
	}
	return 0;
}

SEC("tp/vhost_net_coal/vhn_notify")
int notified(struct trace_event_raw_vhn_decision *event)
{
	const struct hist_key key = { .file = event->dev, .vring = event->vq };
	struct hist_queue *queue = bpf_map_lookup_elem(&queues, &key);

	if (!queue || !queue->pending)
		return 0;
	add(&queue->hold, bpf_ktime_get_ns() - queue->first, HIST_HOLD_UNIT);
	add(&queue->packets, queue->pending, 1);
	queue->pending = 0;
	return 0;
}

SEC("tp/vhost_net_coal/vhn_suppress")
int suppressed(struct trace_event_raw_vhn_decision *event)
{
	const struct hist_key key = { .file = event->dev, .vring = event->vq };
	struct hist_queue *queue = bpf_map_lookup_elem(&queues, &key);

	if (!queue)
		return 0;
	queue->suppressed++;
	queue->pending = 0;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
