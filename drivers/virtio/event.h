/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happens to the device, told to the process in order, and the answers to
 * those events for which the driver waits.
 */
#ifndef _VLB_EVENT_H
#define _VLB_EVENT_H

#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/virtio_loopback.h>
#include <linux/wait.h>

#define VLB_MAX_EVENTS	64
/* Kept free of STATUS, so that the others always find room. */
#define VLB_KEPT_EVENTS	8

struct file;
struct poll_table_struct;

/**
 * struct vlb_events - queue of events and the one answer waited for
 * @one: one thread at a time waits for an answer
 * @lock: protects all below
 * @readers: woken by an event
 * @acks: woken by an answer, and by death
 * @ring: the events not yet read
 * @first: index of the oldest
 * @count: how many
 * @seq: of the last event made
 * @lost: STATUS events dropped since
 * @awaited: seq of the event to be answered, 0: none
 * @answer: result of the answer, once @awaited is 0 again
 * @closed: DEAD has been queued, nothing follows
 */
struct vlb_events {
	struct mutex one;	/* see above */
	spinlock_t lock;	/* see above */
	wait_queue_head_t readers;
	wait_queue_head_t acks;
	struct vlb_event ring[VLB_MAX_EVENTS];
	unsigned int first;
	unsigned int count;
	u32 seq;
	u32 lost;
	u32 awaited;
	s32 answer;
	bool closed;
};

void vlb_events_init(struct vlb_events *e);
void vlb_event_post(struct vlb_events *e, const struct vlb_event *event);
int vlb_event_ask(struct vlb_events *e, const struct vlb_event *event, unsigned int timeout_ms);
int vlb_event_ack(struct vlb_events *e, u32 seq, s32 result);
void vlb_events_close(struct vlb_events *e, const struct vlb_event *last);
ssize_t vlb_events_read(struct vlb_events *e, char __user *buf, size_t len, bool nonblock);
__poll_t vlb_events_poll(struct vlb_events *e, struct file *file,
			 struct poll_table_struct *wait);

#endif /* _VLB_EVENT_H */
