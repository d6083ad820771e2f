// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registration and suspend run from a workqueue: the driver's probe and restore wait
 * for answers which the process must be free to give.
 */
#include <linux/device.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "device.h"
#include "dma.h"
#include "session.h"

static DEFINE_IDA(ids);
static struct workqueue_struct *works;
static struct device *root;

/**
 * vlb_device_init() - before the first session
 *
 * Return: 0 or -errno.
 */
int vlb_device_init(void)
{
	works = alloc_workqueue("virtio_loopback", WQ_UNBOUND, 0);
	if (!works)
		return -ENOMEM;
	root = root_device_register("virtio-loopback");
	if (IS_ERR(root)) {
		destroy_workqueue(works);
		return PTR_ERR(root);
	}
	return 0;
}

/**
 * vlb_device_exit() - after the last session
 */
void vlb_device_exit(void)
{
	root_device_unregister(root);
	destroy_workqueue(works);
	ida_destroy(&ids);
}

static void vdev_released(struct device *dev)
{
	struct vlb_session *s = container_of(dev, struct vlb_session, vdev.dev);

	complete(&s->vdev_gone);
}

static void parent_released(struct device *dev)
{
	struct vlb_session *s = container_of(dev, struct vlb_session, parent);

	complete(&s->parent_gone);
}

static int add_parent(struct vlb_session *s)
{
	int ret;

	device_initialize(&s->parent);
	s->parent.parent = root;
	s->parent.release = parent_released;
	ret = dev_set_name(&s->parent, "virtio-loopback.%d", s->id);
	if (!ret)
		ret = vlb_dma_setup(&s->parent, &s->arena, &s->dma_mask);
	if (!ret)
		ret = device_add(&s->parent);
	return ret;
}

/* The session itself is freed after it has waited for both releases. */
static void put_parent(struct vlb_session *s)
{
	put_device(&s->parent);
	wait_for_completion(&s->parent_gone);
	ida_free(&ids, s->id);
}

static int register_both(struct vlb_session *s)
{
	int ret;

	ret = ida_alloc(&ids, GFP_KERNEL);
	if (ret < 0)
		return ret;
	s->id = ret;
	ret = add_parent(s);
	if (ret) {
		put_parent(s);
		return ret;
	}
	s->vdev.dev.parent = &s->parent;
	s->vdev.dev.release = vdev_released;
	ret = register_virtio_device(&s->vdev);
	if (ret) {
		put_device(&s->vdev.dev);
		wait_for_completion(&s->vdev_gone);
		device_del(&s->parent);
		put_parent(s);
	}
	return ret;
}

static void start(struct work_struct *work)
{
	struct vlb_session *s = container_of(work, struct vlb_session, start_work);
	int ret = register_both(s);

	mutex_lock(&s->lock);
	s->registered = !ret;
	/* The driver may have read the configuration before it changed. */
	if (s->registered && s->config_missed)
		virtio_config_changed(&s->vdev);
	mutex_unlock(&s->lock);
	vlb_session_tell(s, VLB_EVENT_REGISTERED, s->status, ret);
}

#ifdef CONFIG_PM_SLEEP
/*
 * One work from the freeze to the restore: the device lock keeps the driver from
 * being unbound in between, which drivers do not expect, and a session that dies
 * frozen is restored before it is removed.
 */
static void suspend(struct work_struct *work)
{
	struct vlb_session *s = container_of(work, struct vlb_session, suspend_work);
	int ret;

	device_lock(&s->vdev.dev);
	ret = virtio_device_freeze(&s->vdev);
	vlb_session_tell(s, VLB_EVENT_FROZEN, s->status, ret);
	if (!ret) {
		wait_event_idle(s->thawed, READ_ONCE(s->thaw) || vlb_session_dead(s));
		s->restoring = true;
		ret = virtio_device_restore(&s->vdev);
		s->restoring = false;
	}
	device_unlock(&s->vdev.dev);

	mutex_lock(&s->lock);
	s->suspending = false;
	if (s->thaw)
		vlb_session_tell(s, VLB_EVENT_RESTORED, s->status, ret);
	s->thaw = false;
	mutex_unlock(&s->lock);
}
#else
static void suspend(struct work_struct *work)
{
}
#endif

/**
 * vlb_device_start() - VLB_START
 * @s: the session
 *
 * Context: process; session's lock.
 *
 * Return: 0: REGISTERED will tell the result; -EINVAL: not created; -EBUSY: started
 * before; -ESHUTDOWN: dead.
 */
int vlb_device_start(struct vlb_session *s)
{
	if (s->state == VLB_NEW)
		return -EINVAL;
	if (s->state == VLB_STARTED)
		return -EBUSY;
	if (vlb_session_dead(s))
		return -ESHUTDOWN;
	init_completion(&s->parent_gone);
	init_completion(&s->vdev_gone);
	INIT_WORK(&s->start_work, start);
	INIT_WORK(&s->suspend_work, suspend);
	WRITE_ONCE(s->state, VLB_STARTED);
	queue_work(works, &s->start_work);
	return 0;
}

/**
 * vlb_device_freeze() - VLB_FREEZE
 * @s: the session
 *
 * Context: process; session's lock.
 *
 * Return: 0: FROZEN will tell the result; -EOPNOTSUPP: a kernel without suspend;
 * -EINVAL: not registered; -EBUSY: frozen; -ESHUTDOWN: dead.
 */
int vlb_device_freeze(struct vlb_session *s)
{
	if (!IS_ENABLED(CONFIG_PM_SLEEP))
		return -EOPNOTSUPP;
	if (!s->registered)
		return -EINVAL;
	if (s->suspending)
		return -EBUSY;
	if (vlb_session_dead(s))
		return -ESHUTDOWN;
	s->suspending = true;
	queue_work(works, &s->suspend_work);
	return 0;
}

/**
 * vlb_device_restore() - VLB_RESTORE
 * @s: the session
 *
 * May come before the FROZEN event. Context: process; session's lock.
 *
 * Return: 0: RESTORED will tell the result; -EINVAL: not frozen, or called before.
 */
int vlb_device_restore(struct vlb_session *s)
{
	if (!s->suspending || s->thaw)
		return -EINVAL;
	WRITE_ONCE(s->thaw, true);
	wake_up_all(&s->thawed);
	return 0;
}

/**
 * vlb_device_remove() - take the device away
 * @s: the session, dead
 *
 * When this returns, no driver and no reference is left. Context: process, sleeps;
 * nobody can call ioctls any more.
 */
void vlb_device_remove(struct vlb_session *s)
{
	if (s->state != VLB_STARTED)
		return;
	flush_work(&s->start_work);
	flush_work(&s->suspend_work);
	if (!s->registered)
		return;
	unregister_virtio_device(&s->vdev);
	wait_for_completion(&s->vdev_gone);
	device_del(&s->parent);
	put_parent(s);
}
