/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One virtqueue as the transport sees it. call.c brings the device's notifications
 * to the driver, kick.c the driver's to the device, queue.c makes and frees the ring.
 */
#ifndef _VLB_QUEUE_H
#define _VLB_QUEUE_H

#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/virtio.h>
#include <linux/wait.h>

struct eventfd_ctx;
struct file;
struct virtqueue_info;
struct vlb_session;
struct vlb_vq;
struct vlb_vq_stats;

/**
 * struct vlb_queue - one virtqueue
 * @session: whose
 * @index: of the queue
 * @num: ring size, the largest the driver may choose
 * @flags: VLB_VQ_CONTROL or 0
 * @lock: protects @vq and @live; held around the driver's callback
 * @vq: the ring, while the driver has one
 * @live: callbacks may run: from the making of the ring, or its start after a reset of
 *	the queue, to the next reset
 * @kick: signalled for the device; changed under the session's lock
 * @call_file: eventfd by which the device calls; this and the next four belong to
 *	call.c, changed under the session's lock
 * @call_ctx: its inside
 * @call_head: its wait queue
 * @call_entry: our entry there
 * @call_table: how the entry gets there
 * @irq: runs the callback, from a context in which drivers expect it
 * @tasklet: the same, where irq_work would wait for the tick
 * @answered: control queue: the driver sleeps here
 * @sleepers: control queue: drivers that sleep in their kick, within a limit of their own
 * @watchdog: control queue: ends the wait of a driver that does not
 * @watched: what had happened on the queue when @watchdog looked last
 * @watched_busy: a command was under way then
 * @kicks: counters, see struct vlb_vq_stats
 * @kicks_suppressed: see there
 * @signals: see there
 * @wakeups: see there
 * @callbacks: see there
 * @idle: see there
 */
struct vlb_queue {
	struct vlb_session *session;
	u32 index;
	u32 num;
	u32 flags;
	spinlock_t lock;	/* see above */
	struct virtqueue *vq;
	bool live;
	struct eventfd_ctx __rcu *kick;
	struct file *call_file;
	struct eventfd_ctx *call_ctx;
	wait_queue_head_t *call_head;
	wait_queue_entry_t call_entry;
	poll_table call_table;
	struct irq_work irq;
	struct tasklet_struct tasklet;
	wait_queue_head_t answered;
	atomic_t sleepers;
	struct hrtimer watchdog;
	u64 watched;
	bool watched_busy;
	atomic64_t kicks;
	atomic64_t kicks_suppressed;
	atomic64_t signals;
	atomic64_t wakeups;
	atomic64_t callbacks;
	atomic64_t idle;
};

void vlb_call_init(struct vlb_queue *q);
void vlb_call_attach(struct vlb_queue *q, struct file *file);
void vlb_call_detach(struct vlb_queue *q);

void vlb_kick_init(struct vlb_queue *q);
void vlb_kick_attach(struct vlb_queue *q, struct eventfd_ctx *kick);
void vlb_kick_watch(struct vlb_queue *q);
void vlb_kick_quiesce(struct vlb_queue *q);
bool vlb_kick(struct virtqueue *vq);

void vlb_queue_init(struct vlb_queue *q, struct vlb_session *s, u32 index, u32 num);
void vlb_queue_fini(struct vlb_queue *q);
struct virtqueue *vlb_queue_make(struct vlb_queue *q, const struct virtqueue_info *info);
void vlb_queue_free(struct vlb_queue *q);
void vlb_queue_quiesce(struct vlb_queue *q);
int vlb_queue_reset(struct vlb_queue *q);
int vlb_queue_enable(struct vlb_queue *q);
void vlb_queue_break(struct vlb_queue *q);
int vlb_queue_attach(struct vlb_queue *q, u32 flags, int kick_fd, int call_fd);
void vlb_queue_report(struct vlb_queue *q, struct vlb_vq *out);
void vlb_queue_stats(struct vlb_queue *q, struct vlb_vq_stats *out);
size_t vlb_queue_ring_bytes(u32 num, u64 features);

#endif /* _VLB_QUEUE_H */
