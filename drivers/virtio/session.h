/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One open file: the device a process plays. The lock order stands in main.c.
 */
#ifndef _VLB_SESSION_H
#define _VLB_SESSION_H

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/virtio.h>
#include <linux/workqueue.h>

#include "arena.h"
#include "event.h"

struct vlb_queue;

enum vlb_state {
	VLB_NEW,
	VLB_CREATED,
	VLB_STARTED,		/* registration is on its way, or done */
};

/**
 * struct vlb_session - one open file
 * @lock: serialises the ioctls; never held while waiting for the driver
 * @state: enum vlb_state; written under @lock, never back to NEW
 * @owner: file table of the process that created the device
 * @death: enum vlb_death; set once
 * @doomed: the reason, when it was found where the session cannot be killed
 * @events: to the process
 * @arena: the driver's memory as the process sees it
 * @nvqs: queues
 * @queues: the queues; fixed from VLB_CREATE on
 * @parent: the virtio device's parent, which carries the DMA operations
 * @id: number in the parent's name
 * @dma_mask: of @parent
 * @vdev: the virtio device
 * @parent_gone: @parent has no references left
 * @vdev_gone: @vdev has no references left
 * @registered: @vdev can be told of changes; under @lock
 * @config_missed: a change came before that; under @lock
 * @suspending: from VLB_FREEZE to the end of the restore; under @lock
 * @thaw: VLB_RESTORE was called
 * @restoring: the driver gets its queues back, whatever the process says
 * @thawed: the suspend work waits here
 * @start_work: registers @vdev
 * @suspend_work: freezes and restores the driver
 * @kill_work: kills the session for the reason in @doomed
 * @offered: features; word 1 stays 0 on kernels with 64 feature bits
 * @accepted: the driver's
 * @status: device status; written by the driver core only
 * @config_lock: protects the configuration space and its counters
 * @config: the configuration space
 * @config_len: its length
 * @generation: rises with every change
 * @config_writes: writes by the driver, ignored (CFG-G1)
 * @config_strays: reads beyond the end
 * @control_ms: how long a control command may take
 * @ack_ms: how long an answer of the process may take
 */
struct vlb_session {
	struct mutex lock;	/* see above */
	enum vlb_state state;
	fl_owner_t owner;
	atomic_t death;
	enum vlb_death doomed;
	struct vlb_events events;
	struct vlb_arena arena;
	u32 nvqs;
	struct vlb_queue *queues;
	struct device parent;
	int id;
	u64 dma_mask;
	struct virtio_device vdev;
	struct completion parent_gone;
	struct completion vdev_gone;
	bool registered;
	bool config_missed;
	bool suspending;
	bool thaw;
	bool restoring;
	wait_queue_head_t thawed;
	struct work_struct start_work;
	struct work_struct suspend_work;
	struct work_struct kill_work;
	u64 offered[2];
	u64 accepted[2];
	u8 status;
	spinlock_t config_lock;	/* see above */
	u8 *config;
	u32 config_len;
	u32 generation;
	u32 config_writes;
	u32 config_strays;
	u32 control_ms;
	u32 ack_ms;
};

struct vlb_session *vlb_session_open(void);
void vlb_session_release(struct vlb_session *s);
void vlb_session_kill(struct vlb_session *s, enum vlb_death why);
void vlb_session_doom(struct vlb_session *s, enum vlb_death why);
void vlb_session_tell(struct vlb_session *s, enum vlb_event_type type, u32 status, s32 result);
bool vlb_session_ask(struct vlb_session *s, enum vlb_event_type type, u32 status, s32 result);

/**
 * vlb_session_dead() - is the session dead
 * @s: the session
 *
 * Return: true once it has been killed.
 */
static inline bool vlb_session_dead(struct vlb_session *s)
{
	return atomic_read(&s->death);
}

#endif /* _VLB_SESSION_H */
