// SPDX-License-Identifier: GPL-2.0-only
/*
 * No queue should ever need this: a stall is a defect, of this module or of the kernel
 * below it, so it is told. The timer is no deferrable one, for that would sleep where a
 * guest that was left lying leaves the machine: idle.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/printk.h>
#include <linux/workqueue.h>

#include "event.h"
#include "registry.h"
#include "stall.h"
#include "watch.h"

#define PERIOD	HZ

static void tell(struct vhn_queue *q, enum vhn_stall_kind kind)
{
	const char *ring = q->index == VHN_VRING_RX ? "receive" : "transmit";
	struct vhn_file *file = vhn_file_of(q->dev);
	struct vhn_identity who;

	vhn_file_identify(file, &init_pid_ns, &who);
	pr_warn_ratelimited("file %u of %s[%d], %s queue: %s; called the worker again\n",
			    q->dev->id, who.comm, who.pid, ring,
			    kind == VHN_STALL_PENDING ? "packets were not notified in time" :
							"a kick was not followed");
	vhn_event_stalled(q->dev, q->index);
}

static void look_at(struct vhn_queue *q)
{
	struct vhn_stall_verdict verdict;
	struct vhn_stall_view view;

	vhn_notify_view(&q->notify, &view);
	view.running &= !READ_ONCE(q->broken);
	view.turn = READ_ONCE(q->turn);
	view.kicked = READ_ONCE(q->kicked) && !READ_ONCE(q->waits);

	verdict = vhn_stall_judge(&q->stall, &view, ktime_get_ns());
	if (!verdict.kind)
		return;
	vhn_notify_revive(&q->notify, &q->work, verdict.fresh);
	if (verdict.fresh)
		tell(q, verdict.kind);
}

static void look(struct work_struct *work)
{
	struct vhn_file *file;
	u32 last = 0;
	u32 i;

	while ((file = vhn_registry_next(last))) {
		for (i = 0; i < VHN_NR_VRINGS; i++)
			look_at(&file->dev.queues[i]);
		last = file->dev.id;
		vhn_registry_put(file);
	}
	if (!vhn_registry_is_empty())
		vhn_watch_begin();
}

static DECLARE_DELAYED_WORK(looking, look);

/**
 * vhn_watch_begin() - a file is open
 *
 * Context: any.
 */
void vhn_watch_begin(void)
{
	queue_delayed_work(system_power_efficient_wq, &looking, PERIOD);
}

/**
 * vhn_watch_stop() - the module is unloaded
 *
 * Context: process, may sleep; no file is open.
 */
void vhn_watch_stop(void)
{
	cancel_delayed_work_sync(&looking);
}
