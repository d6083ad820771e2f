// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adaptive moderation.
 *
 * The worker takes vnc_coal.lock and with it the control queue, and never rtnl: who
 * holds rtnl may wait for the worker. On whatever way it ends, the measurement starts
 * anew: one that is left as "new profile to be applied" would never measure again.
 */
#include <linux/netdevice.h>
#include <kcompat.h>

#include "device.h"

static bool is_tx(const struct vnc_adaptive *a)
{
	return a->vq % 2;
}

static void apply(struct work_struct *work)
{
	struct dim *dim = container_of(work, struct dim, work);
	struct vnc_adaptive *a = container_of(dim, struct vnc_adaptive, dim);

	vnc_coal_adapt(a);
	dim->state = DIM_START_MEASURE;
}

/**
 * vnc_adaptive_init() - moderation of a queue, off
 * @a: zeroed memory
 * @vnc: the device
 * @vq: index of the queue's virtqueue
 *
 * Context: process.
 */
void vnc_adaptive_init(struct vnc_adaptive *a, struct vnc *vnc, u32 vq)
{
	a->vnc = vnc;
	a->vq = vq;
	a->dim.mode = DIM_CQ_PERIOD_MODE_START_FROM_EQE;
	INIT_WORK(&a->dim.work, apply);
}

/**
 * vnc_adaptive_set() - switch it on or off
 * @a: the queue's moderation
 * @on: whether
 *
 * The work may still run once after it was switched off; it then finds that out.
 *
 * Context: process, vnc_coal.lock held.
 */
void vnc_adaptive_set(struct vnc_adaptive *a, bool on)
{
	lockdep_assert_held(&a->vnc->coal.lock);
	WRITE_ONCE(a->on, on);
}

/**
 * vnc_adaptive_cancel() - NAPI is off: no more changes
 * @a: the queue's moderation
 *
 * Context: process, vnc_coal.lock not held; sleeps.
 */
void vnc_adaptive_cancel(struct vnc_adaptive *a)
{
	cancel_work_sync(&a->dim.work);
	a->dim.state = DIM_START_MEASURE;
}

/**
 * vnc_adaptive_current() - what was decided last
 * @a: the queue's moderation
 * @value: receives the parameters
 *
 * Context: any.
 */
void vnc_adaptive_current(const struct vnc_adaptive *a, struct vnc_coal_value *value)
{
	struct dim_cq_moder moder;

	if (is_tx(a))
		moder = net_dim_get_tx_moderation(a->dim.mode, a->dim.profile_ix);
	else
		moder = net_dim_get_rx_moderation(a->dim.mode, a->dim.profile_ix);
	value->usecs = moder.usec;
	value->frames = moder.pkts;
}

/**
 * vnc_adaptive_measure() - let net_dim look at the load
 * @a: the queue's moderation
 * @packets: the queue's packets since ever
 * @bytes: their bytes
 *
 * Context: the queue's NAPI.
 */
void vnc_adaptive_measure(struct vnc_adaptive *a, u64 packets, u64 bytes)
{
	struct dim_sample sample = {};

	dim_update_sample(++a->events, packets, bytes, &sample);
	kc_net_dim(&a->dim, &sample);
}
