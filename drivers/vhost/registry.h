/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All open files, and who each of them is. A file is found by its number and held by a
 * reference: it may be closed meanwhile, and what it is asked then it still answers.
 */
#ifndef _VHN_REGISTRY_H
#define _VHN_REGISTRY_H

#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>

#include "interface.h"
#include "queue.h"

struct pid;
struct pid_namespace;

/**
 * struct vhn_file - an open file: a device, and what is known of it besides
 * @rcu: for its end; first, for it is freed by that
 * @refs: who looks at it; 0: it goes away
 * @uid: user that opened it
 * @learn: finds out the interface (learn.c)
 * @lock: who it is; inside of it is nothing
 * @owner: process that made itself the owner; NULL: nobody has. Under @lock
 * @comm: its name; under @lock
 * @interface: of the back end that was set last; under @lock
 * @backend: that back end's file; compared only, as it may be gone. Under @lock
 * @unknown: the same while its interface is to be found out; a reference. Under @lock
 * @dev: the device
 */
struct vhn_file {
	struct rcu_head rcu;
	refcount_t refs;
	kuid_t uid;
	struct work_struct learn;

	spinlock_t lock;	/* who it is */
	struct pid *owner;
	char comm[TASK_COMM_LEN];
	struct vhn_interface interface;
	struct file *backend;
	struct file *unknown;

	struct vhn_dev dev;
};

/**
 * struct vhn_identity - who a file is, as somebody may see it
 * @pid: the owner; 0: there is none, or it cannot be seen
 * @comm: its name
 * @interface: of the back end
 */
struct vhn_identity {
	pid_t pid;
	char comm[TASK_COMM_LEN];
	struct vhn_interface interface;
};

/**
 * vhn_file_of() - the file of a device
 * @dev: the device
 *
 * Return: the file.
 */
static inline struct vhn_file *vhn_file_of(struct vhn_dev *dev)
{
	return container_of(dev, struct vhn_file, dev);
}

int vhn_registry_add(struct vhn_file *file);
void vhn_registry_remove(struct vhn_file *file);
bool vhn_registry_is_empty(void);
struct vhn_file *vhn_registry_get(u32 id);
struct vhn_file *vhn_registry_next(u32 id);
void vhn_registry_put(struct vhn_file *file);

void vhn_file_own(struct vhn_file *file);
bool vhn_file_is_owned(struct vhn_file *file);
void vhn_file_disown(struct vhn_file *file);
void vhn_file_set_backend(struct vhn_file *file, struct file *backend);
struct file *vhn_file_take_unknown(struct vhn_file *file);
bool vhn_file_set_interface(struct vhn_file *file, const struct file *backend,
			    const struct vhn_interface *interface);
void vhn_file_identify(struct vhn_file *file, struct pid_namespace *reader,
		       struct vhn_identity *who);

#endif /* _VHN_REGISTRY_H */
