// SPDX-License-Identifier: GPL-2.0-only
/*
 * A session's death, and what it tells the process. Death is for good: whoever waits
 * is woken, the control queue is broken, the other rings stand still, and what remains
 * is to unbind the driver and to close the file.
 */
#include <linux/slab.h>

#include "queue.h"
#include "session.h"

static void kill_doomed(struct work_struct *work)
{
	struct vlb_session *s = container_of(work, struct vlb_session, kill_work);

	vlb_session_kill(s, READ_ONCE(s->doomed));
}

/**
 * vlb_session_open() - a session that is nothing yet
 *
 * Return: the session, or NULL without memory.
 */
struct vlb_session *vlb_session_open(void)
{
	struct vlb_session *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	mutex_init(&s->lock);
	spin_lock_init(&s->config_lock);
	vlb_events_init(&s->events);
	init_waitqueue_head(&s->thawed);
	INIT_WORK(&s->kill_work, kill_doomed);
	return s;
}

/**
 * vlb_session_release() - free a session
 * @s: the session: dead, its device gone, or never created
 *
 * Context: process, may sleep.
 */
void vlb_session_release(struct vlb_session *s)
{
	u32 i;

	mutex_lock(&s->lock);
	for (i = 0; i < s->nvqs; i++)
		vlb_queue_fini(&s->queues[i]);
	mutex_unlock(&s->lock);
	/* The timers are gone now, and nobody else starts it. */
	cancel_work_sync(&s->kill_work);
	vlb_arena_destroy(&s->arena);
	kvfree(s->queues);
	kfree(s->config);
	kfree(s);
}

static void make_event(struct vlb_session *s, struct vlb_event *event,
		       enum vlb_event_type type, u32 status, s32 result)
{
	*event = (struct vlb_event) {
		.type		= type,
		.status		= status,
		.result		= result,
		.features	= { s->accepted[0], s->accepted[1] },
		.index		= s->vdev.index,
	};
}

/**
 * vlb_session_tell() - an event for the process
 * @s: the session
 * @type: which
 * @status: device status
 * @result: of what the event is about
 *
 * Context: any but hard interrupt; takes the queue's lock.
 */
void vlb_session_tell(struct vlb_session *s, enum vlb_event_type type, u32 status, s32 result)
{
	struct vlb_event event;

	make_event(s, &event, type, status, result);
	vlb_event_post(&s->events, &event);
}

/* What a session dies of when this event is not answered. */
static enum vlb_death death_by(enum vlb_event_type type)
{
	switch (type) {
	case VLB_EVENT_FEATURES:
		return VLB_DEATH_FEATURES;
	case VLB_EVENT_VQ_RESET:
	case VLB_EVENT_VQ_ENABLE:
		return VLB_DEATH_VQ;
	default:
		return VLB_DEATH_RESET;
	}
}

/**
 * vlb_session_ask() - an event the process must acknowledge
 * @s: the session, which dies when it does not
 * @type: FEATURES, RESET, VQ_RESET or VQ_ENABLE
 * @status: device status the driver wrote
 * @result: what the last two are about: the queue
 *
 * Context: process, sleeps.
 *
 * Return: true if the process accepted.
 */
bool vlb_session_ask(struct vlb_session *s, enum vlb_event_type type, u32 status, s32 result)
{
	struct vlb_event event;
	int ret;

	make_event(s, &event, type, status, result);
	ret = vlb_event_ask(&s->events, &event, s->ack_ms);
	if (ret == -ETIMEDOUT)
		vlb_session_kill(s, death_by(type));
	return !ret;
}

/**
 * vlb_session_kill() - end a session
 * @s: the session; dead already is fine
 * @why: the reason, told to the process
 *
 * Context: any but hard interrupt; takes the queues' locks, one after the other.
 */
void vlb_session_kill(struct vlb_session *s, enum vlb_death why)
{
	struct vlb_event event;
	u32 i;

	/* Fully ordered: vlb_queue_make() sees the mark, or we see its ring. */
	if (atomic_cmpxchg(&s->death, VLB_DEATH_NONE, why) != VLB_DEATH_NONE)
		return;
	for (i = 0; i < s->nvqs; i++)
		vlb_queue_break(&s->queues[i]);
	make_event(s, &event, VLB_EVENT_DEAD, READ_ONCE(s->status), why);
	vlb_events_close(&s->events, &event);
	wake_up_all(&s->thawed);
}

/**
 * vlb_session_doom() - end a session soon
 * @s: the session
 * @why: the reason, told to the process
 *
 * Context: any, hard interrupt on RT included.
 */
void vlb_session_doom(struct vlb_session *s, enum vlb_death why)
{
	WRITE_ONCE(s->doomed, why);
	schedule_work(&s->kill_work);
}
