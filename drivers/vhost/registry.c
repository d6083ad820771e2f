// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files are found under RCU, and nobody who looks at one takes its mutexes. Numbers only
 * grow, so whoever goes through all files by the number of the last one misses none that
 * stays, whatever comes and goes meanwhile.
 */
#include <linux/build_bug.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "registry.h"

static DEFINE_XARRAY_FLAGS(files, XA_FLAGS_ACCOUNT);

/**
 * vhn_registry_add() - a file that can be found from now on
 * @file: with one reference, that of whoever opened it; its number is no other's
 *
 * Context: process, may sleep.
 *
 * Return: 0, -EBUSY when the number is in use, or -ENOMEM.
 */
int vhn_registry_add(struct vhn_file *file)
{
	return xa_insert(&files, file->dev.id, file, GFP_KERNEL);
}

/**
 * vhn_registry_remove() - a file that is found no longer
 * @file: may still be in somebody's hands
 *
 * Context: process.
 */
void vhn_registry_remove(struct vhn_file *file)
{
	xa_erase(&files, file->dev.id);
}

/**
 * vhn_registry_is_empty() - is no file open?
 *
 * Context: any.
 *
 * Return: true when none is.
 */
bool vhn_registry_is_empty(void)
{
	return xa_empty(&files);
}

/**
 * vhn_registry_get() - a file by its number
 * @id: the number
 *
 * Context: any.
 *
 * Return: the file, for vhn_registry_put(), or NULL.
 */
struct vhn_file *vhn_registry_get(u32 id)
{
	struct vhn_file *file;

	rcu_read_lock();
	file = xa_load(&files, id);
	if (file && !refcount_inc_not_zero(&file->refs))
		file = NULL;
	rcu_read_unlock();
	return file;
}

/**
 * vhn_registry_next() - the file behind another
 * @id: the other's number; 0: the first of all is wanted
 *
 * Context: any.
 *
 * Return: the file with the next greater number, for vhn_registry_put(), or NULL.
 */
struct vhn_file *vhn_registry_next(u32 id)
{
	unsigned long index = id;
	struct vhn_file *file;

	rcu_read_lock();
	do {
		file = xa_find_after(&files, &index, U32_MAX, XA_PRESENT);
	} while (file && !refcount_inc_not_zero(&file->refs));
	rcu_read_unlock();
	return file;
}

/**
 * vhn_registry_put() - let go of a file
 * @file: the file
 *
 * What it consists of goes with the last one who does so. Context: any.
 */
void vhn_registry_put(struct vhn_file *file)
{
	static_assert(!offsetof(struct vhn_file, rcu));

	if (refcount_dec_and_test(&file->refs))
		kvfree_rcu(file, rcu);
}

/**
 * vhn_file_own() - the calling process has made itself the owner
 * @file: has none
 *
 * Context: process; the device's mutex held.
 */
void vhn_file_own(struct vhn_file *file)
{
	struct pid *owner = get_pid(task_tgid(current));
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, current->group_leader);
	spin_lock(&file->lock);
	file->owner = owner;
	memcpy(file->comm, comm, sizeof(comm));
	spin_unlock(&file->lock);
}

/**
 * vhn_file_is_owned() - does it have an owner?
 * @file: the file
 *
 * Context: process.
 *
 * Return: true when it does.
 */
bool vhn_file_is_owned(struct vhn_file *file)
{
	bool owned;

	spin_lock(&file->lock);
	owned = file->owner;
	spin_unlock(&file->lock);
	return owned;
}

/**
 * vhn_file_disown() - forget the owner, and the back end it has set
 * @file: may have none
 *
 * Context: process; the device's mutex held, or nobody else has the device.
 */
void vhn_file_disown(struct vhn_file *file)
{
	struct file *unknown;
	struct pid *owner;

	spin_lock(&file->lock);
	owner = file->owner;
	unknown = file->unknown;
	file->owner = NULL;
	file->unknown = NULL;
	file->backend = NULL;
	memset(file->comm, 0, sizeof(file->comm));
	memset(&file->interface, 0, sizeof(file->interface));
	spin_unlock(&file->lock);

	put_pid(owner);
	if (unknown)
		fput(unknown);
}

/**
 * vhn_file_set_backend() - a back end whose interface is not known yet
 * @file: the file
 * @backend: that of the back end
 *
 * Context: process; the device's mutex held.
 */
void vhn_file_set_backend(struct vhn_file *file, struct file *backend)
{
	struct file *before;

	get_file(backend);
	spin_lock(&file->lock);
	before = file->unknown;
	file->unknown = backend;
	file->backend = backend;
	spin_unlock(&file->lock);
	if (before)
		fput(before);
}

/**
 * vhn_file_take_unknown() - the back end whose interface is to be found out
 * @file: the file
 *
 * Context: process.
 *
 * Return: its file, a reference; NULL: there is none any more.
 */
struct file *vhn_file_take_unknown(struct vhn_file *file)
{
	struct file *backend;

	spin_lock(&file->lock);
	backend = file->unknown;
	file->unknown = NULL;
	spin_unlock(&file->lock);
	return backend;
}

/**
 * vhn_file_set_interface() - it was found out
 * @file: the file
 * @backend: of which back end; the caller has a reference
 * @interface: what was found
 *
 * Context: process.
 *
 * Return: false if that was known before, or is of interest no longer.
 */
bool vhn_file_set_interface(struct vhn_file *file, const struct file *backend,
			    const struct vhn_interface *interface)
{
	bool news;

	spin_lock(&file->lock);
	news = file->backend == backend && !vhn_interface_is_same(&file->interface, interface);
	if (news)
		file->interface = *interface;
	spin_unlock(&file->lock);
	return news;
}

/**
 * vhn_file_identify() - who is it?
 * @file: the file
 * @reader: whose process numbers
 * @who: filled in
 *
 * Context: process.
 */
void vhn_file_identify(struct vhn_file *file, struct pid_namespace *reader,
		       struct vhn_identity *who)
{
	spin_lock(&file->lock);
	who->pid = pid_nr_ns(file->owner, reader);
	memcpy(who->comm, file->comm, sizeof(who->comm));
	who->interface = file->interface;
	spin_unlock(&file->lock);
}
