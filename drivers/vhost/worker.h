/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread that works for an open file, the work it is given, and the polling of
 * eventfds and sockets that gives it work. Knows nothing of virtio.
 */
#ifndef _VHN_WORKER_H
#define _VHN_WORKER_H

#include <linux/llist.h>
#include <linux/poll.h>
#include <linux/types.h>

struct mm_struct;
struct task_struct;

/**
 * struct vhn_work - something to do; queued at most once at a time
 * @node: in the worker's list
 * @fn: does it
 * @queued: bit 0 while in the list
 */
struct vhn_work {
	struct llist_node node;
	void (*fn)(struct vhn_work *work);
	unsigned long queued;
};

/**
 * struct vhn_worker - the thread
 * @task: NULL while it does not exist
 * @work: what to do, youngest first
 * @mm: the owner's memory
 * @kcov: handle of the owner's coverage collection
 */
struct vhn_worker {
	struct task_struct *task;
	struct llist_head work;
	struct mm_struct *mm;
	u64 kcov;
};

/**
 * struct vhn_poll - a file watched
 * @table: for vfs_poll()
 * @entry: in @head
 * @head: wait queue of the file; NULL while not watched
 * @events: what to watch for
 * @armed: a wake-up counts; while false it passes by
 * @woken: called for each that counts; any context, under the wait queue's lock
 */
struct vhn_poll {
	poll_table table;
	wait_queue_entry_t entry;
	wait_queue_head_t *head;
	__poll_t events;
	bool armed;
	void (*woken)(struct vhn_poll *poll);
};

void vhn_work_init(struct vhn_work *work, void (*fn)(struct vhn_work *work));
int vhn_worker_start(struct vhn_worker *w);
void vhn_worker_stop(struct vhn_worker *w);
void vhn_worker_queue(struct vhn_worker *w, struct vhn_work *work);
bool vhn_worker_is_idle(const struct vhn_worker *w);
void vhn_worker_flush(struct vhn_worker *w);

void vhn_poll_init(struct vhn_poll *poll, __poll_t events, void (*woken)(struct vhn_poll *poll));
int vhn_poll_start(struct vhn_poll *poll, struct file *file);
void vhn_poll_stop(struct vhn_poll *poll);

#endif /* _VHN_WORKER_H */
