// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's driver may live in this kernel and hold rtnl until its device answers, and the
 * process that sets a back end may be the one that is to answer: it must not wait for rtnl
 * here. What does wait holds the back end's file, and nothing else of anybody's.
 */
#include <linux/file.h>
#include <linux/workqueue.h>

#include "event.h"
#include "interface.h"
#include "learn.h"
#include "registry.h"

static struct workqueue_struct *learners;

static void learn(struct work_struct *work)
{
	struct vhn_file *file = container_of(work, struct vhn_file, learn);
	struct file *backend = vhn_file_take_unknown(file);
	struct vhn_interface found;

	if (backend) {
		vhn_interface_find(backend, &found);
		if (vhn_file_set_interface(file, backend, &found))
			vhn_event_added(&file->dev);
		fput(backend);
	}
	vhn_registry_put(file);
}

/**
 * vhn_learn_start() - the module is loaded
 *
 * Context: process, may sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int vhn_learn_start(void)
{
	learners = alloc_workqueue("vhost_net_coal", WQ_UNBOUND, 0);
	return learners ? 0 : -ENOMEM;
}

/**
 * vhn_learn_stop() - the module is unloaded
 *
 * Waits for what is being found out. Context: process, may sleep; no file is open.
 */
void vhn_learn_stop(void)
{
	destroy_workqueue(learners);
}

/**
 * vhn_learn_init() - a new file
 * @file: has no back end yet
 */
void vhn_learn_init(struct vhn_file *file)
{
	INIT_WORK(&file->learn, learn);
}

/**
 * vhn_learn_interface() - a back end was set
 * @dev: the device
 * @backend: its file
 *
 * Context: process; the device's mutex held. Waits for nobody.
 */
void vhn_learn_interface(struct vhn_dev *dev, struct file *backend)
{
	struct vhn_file *file = vhn_file_of(dev);

	vhn_file_set_backend(file, backend);
	refcount_inc(&file->refs);
	/* One that waits already finds this back end. */
	if (!queue_work(learners, &file->learn))
		vhn_registry_put(file);
}
