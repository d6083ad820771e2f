// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread that works for an open file: it has the owner's memory and is in the owner's
 * control groups, so that what a guest makes it do is paid for by that guest.
 */
#include <linux/cgroup.h>
#include <linux/completion.h>
#include <linux/file.h>
#include <linux/kcov.h>
#include <linux/kthread.h>
#include <linux/mmu_context.h>
#include <linux/sched/mm.h>

#include "worker.h"

/* A work item somebody waits for; on that somebody's stack. */
struct awaited {
	struct vhn_work work;
	struct completion done;
	struct task_struct *owner;
	int result;
};

/**
 * vhn_work_init() - prepare a work item
 * @work: the item
 * @fn: called by the worker, which may sleep and touch the owner's memory
 */
void vhn_work_init(struct vhn_work *work, void (*fn)(struct vhn_work *work))
{
	work->fn = fn;
	work->queued = 0;
}

static void run_all(struct vhn_worker *w, struct llist_node *list)
{
	struct vhn_work *work, *next;

	list = llist_reverse_order(list);
	llist_for_each_entry_safe(work, next, list, node) {
		/* From here on it can be queued again: what it has to do may grow
		 * while it runs. Cleared before it looks at anything.
		 */
		clear_bit(0, &work->queued);
		/* Pairs with test_and_set_bit() in vhn_worker_queue(). */
		smp_mb__after_atomic();

		kcov_remote_start_common(w->kcov);
		work->fn(work);
		kcov_remote_stop();
		cond_resched();
	}
}

static int worker(void *data)
{
	struct vhn_worker *w = data;

	kthread_use_mm(w->mm);
	for (;;) {
		struct llist_node *list;

		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		list = llist_del_all(&w->work);
		if (!list) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		run_all(w, list);
	}
	__set_current_state(TASK_RUNNING);
	kthread_unuse_mm(w->mm);
	return 0;
}

static void wait_for(struct vhn_worker *w, struct awaited *a, void (*fn)(struct vhn_work *work))
{
	vhn_work_init(&a->work, fn);
	init_completion(&a->done);
	vhn_worker_queue(w, &a->work);
	wait_for_completion(&a->done);
}

static void reached(struct vhn_work *work)
{
	complete(&container_of(work, struct awaited, work)->done);
}

static void attach(struct vhn_work *work)
{
	struct awaited *a = container_of(work, struct awaited, work);

	a->result = cgroup_attach_task_all(a->owner, current);
	complete(&a->done);
}

/**
 * vhn_worker_start() - have a thread that works for the calling process
 * @w: no thread, and no work
 *
 * The thread is in the owner's control groups before this returns. Context: process,
 * may sleep; the device's mutex held.
 *
 * Return: 0 or the error that thread or control groups gave.
 */
int vhn_worker_start(struct vhn_worker *w)
{
	struct awaited a = { .owner = current };
	struct task_struct *task;

	w->mm = get_task_mm(current);
	if (!w->mm)
		return -EINVAL;
	w->kcov = kcov_common_handle();

	task = kthread_create(worker, w, "vhost-%d", current->pid);
	if (IS_ERR(task)) {
		mmput(w->mm);
		w->mm = NULL;
		return PTR_ERR(task);
	}
	w->task = task;
	wake_up_process(task);

	wait_for(w, &a, attach);
	if (a.result)
		vhn_worker_stop(w);
	return a.result;
}

/**
 * vhn_worker_stop() - have the thread no more
 * @w: the worker, which may have none; nothing queues work any more
 *
 * What is queued is still done. Context: process, may sleep; the device's mutex held,
 * no queue's.
 */
void vhn_worker_stop(struct vhn_worker *w)
{
	if (!w->task)
		return;
	vhn_worker_flush(w);
	kthread_stop(w->task);
	w->task = NULL;
	mmput(w->mm);
	w->mm = NULL;
}

/**
 * vhn_worker_queue() - have something done
 * @w: the worker; has a thread
 * @work: what; nothing happens when it waits already
 *
 * Context: any, hard interrupts and raw spinlocks included.
 */
void vhn_worker_queue(struct vhn_worker *w, struct vhn_work *work)
{
	if (test_and_set_bit(0, &work->queued))
		return;
	/* Empty before means that the thread sleeps or is about to look. */
	if (llist_add(&work->node, &w->work))
		wake_up_process(w->task);
}

/**
 * vhn_worker_is_idle() - has it nothing to do but what it does?
 * @w: the worker
 *
 * Context: worker.
 *
 * Return: false when something is queued, or when it is to end.
 */
bool vhn_worker_is_idle(const struct vhn_worker *w)
{
	return llist_empty(&w->work) && !kthread_should_stop();
}

/**
 * vhn_worker_flush() - wait until all that was queued has been done
 * @w: the worker; may have no thread
 *
 * Context: process, may sleep; no queue's mutex held.
 */
void vhn_worker_flush(struct vhn_worker *w)
{
	struct awaited a;

	if (w->task)
		wait_for(w, &a, reached);
}

static int woken(wait_queue_entry_t *entry, unsigned int mode, int sync, void *key)
{
	struct vhn_poll *poll = container_of(entry, struct vhn_poll, entry);

	if (!(key_to_poll(key) & poll->events))
		return 0;
	if (READ_ONCE(poll->armed))
		poll->woken(poll);
	return 0;
}

static void watch(struct file *file, wait_queue_head_t *head, poll_table *table)
{
	struct vhn_poll *poll = container_of(table, struct vhn_poll, table);

	poll->head = head;
	add_wait_queue(head, &poll->entry);
}

/**
 * vhn_poll_init() - prepare to watch a file
 * @poll: the poll
 * @events: EPOLLIN or EPOLLOUT
 * @callback: called for each wake-up while armed
 */
void vhn_poll_init(struct vhn_poll *poll, __poll_t events,
		   void (*callback)(struct vhn_poll *poll))
{
	init_waitqueue_func_entry(&poll->entry, woken);
	init_poll_funcptr(&poll->table, watch);
	poll->head = NULL;
	poll->events = events;
	poll->armed = false;
	poll->woken = callback;
}

/**
 * vhn_poll_start() - watch a file
 * @poll: watches nothing yet
 * @file: kept by the caller until vhn_poll_stop()
 *
 * When the file is ready already the callback is called from here. Context: process,
 * may sleep.
 *
 * Return: 0, or -EINVAL for a file in an error state.
 */
int vhn_poll_start(struct vhn_poll *poll, struct file *file)
{
	unsigned long flags;
	__poll_t mask;

	if (poll->head)
		return 0;
	poll->table._key = poll->events;
	mask = vfs_poll(file, &poll->table);
	if (mask & EPOLLERR) {
		vhn_poll_stop(poll);
		return -EINVAL;
	}
	if (!(mask & poll->events) || !poll->head)
		return 0;

	/* As a wake-up would: the lock makes callbacks one at a time. */
	spin_lock_irqsave(&poll->head->lock, flags);
	if (poll->armed)
		poll->woken(poll);
	spin_unlock_irqrestore(&poll->head->lock, flags);
	return 0;
}

/**
 * vhn_poll_stop() - watch no longer
 * @poll: may watch nothing
 *
 * After this returns the callback is not called. Context: process.
 */
void vhn_poll_stop(struct vhn_poll *poll)
{
	if (!poll->head)
		return;
	remove_wait_queue(poll->head, &poll->entry);
	poll->head = NULL;
}
