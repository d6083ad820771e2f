/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Adaptive moderation of one queue: the kernel's net_dim looks at the load and picks
 * parameters, a worker tells the device.
 */
#ifndef _VNC_ADAPTIVE_H
#define _VNC_ADAPTIVE_H

#include <linux/dim.h>

struct vnc;
struct vnc_coal_value;

/**
 * struct vnc_adaptive - adaptive moderation of one queue
 * @vnc: the device
 * @vq: index of the virtqueue
 * @on: in use; written under vnc_coal.lock, read by NAPI
 * @events: NAPI runs that finished; the queue's NAPI
 * @dim: what measures and decides; its work tells the device
 */
struct vnc_adaptive {
	struct vnc *vnc;
	u32 vq;
	bool on;
	u16 events;
	struct dim dim;
};

void vnc_adaptive_init(struct vnc_adaptive *a, struct vnc *vnc, u32 vq);
void vnc_adaptive_set(struct vnc_adaptive *a, bool on);
void vnc_adaptive_cancel(struct vnc_adaptive *a);
void vnc_adaptive_current(const struct vnc_adaptive *a, struct vnc_coal_value *value);
void vnc_adaptive_measure(struct vnc_adaptive *a, u64 packets, u64 bytes);

/**
 * vnc_adaptive_sample() - NAPI of the queue has finished a run
 * @a: the queue's moderation
 * @packets: the queue's packets since ever
 * @bytes: their bytes
 *
 * Context: the queue's NAPI.
 */
static inline void vnc_adaptive_sample(struct vnc_adaptive *a, u64 packets, u64 bytes)
{
	if (unlikely(READ_ONCE(a->on)))
		vnc_adaptive_measure(a, packets, bytes);
}

#endif /* _VNC_ADAPTIVE_H */
