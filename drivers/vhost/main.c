// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtio network device in the kernel, for the same user space as vhost-net, whose
 * notifications can be moderated.
 *
 * Lock order, outermost first:
 *   vhn_defaults_lock()	what files begin with; opening one and changing all
 *   vhn_dev.mutex		the vhost ABI of one file
 *     vhn_queue.mutex		one ring; the worker holds it across guest memory
 *       wait queue locks	of eventfds and sockets
 *         vhn_notify.lock	raw; coalescer and parameters; also in hard interrupts
 *           vhn_attachment.lock	raw; which worker gets the work
 *         vhn_iotlb.lock	where a guest's addresses lead
 *   vhn_file.lock		who a file is; innermost
 *
 * Never two queue mutexes at once, and no mutex in anything that reports (coal_ioctl.c,
 * message.c, watch.c). Nothing here waits for rtnl with any of them (learn.c).
 */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vhost_net_coal.h>

#include "control.h"
#include "defaults.h"
#include "learn.h"
#include "mem.h"
#include "queue.h"
#include "registry.h"
#include "version.h"
#include "watch.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* Of the file opened last; under vhn_defaults_lock(). */
static u32 last_id;

/* A number, parameters, and that it can be found: what the host's operator sees of it. */
static int introduce(struct vhn_file *file)
{
	u32 i;

	if (last_id == U32_MAX)
		return -ENFILE;
	file->dev.id = last_id + 1;
	for (i = 0; i < VHN_NR_VRINGS; i++)
		vhn_queue_init(&file->dev.queues[i], &file->dev, i);
	if (vhn_registry_add(file))
		return -ENOMEM;
	last_id++;
	return 0;
}

static int vhn_open(struct inode *inode, struct file *opened)
{
	struct vhn_file *file;
	int err;

	file = kvzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);
	if (!file)
		return -ENOMEM;
	err = -ENOMEM;
	file->dev.iotlb = vhn_iotlb_alloc();
	if (!file->dev.iotlb)
		goto free;

	refcount_set(&file->refs, 1);
	spin_lock_init(&file->lock);
	file->uid = opened->f_cred->euid;
	vhn_learn_init(file);
	mutex_init(&file->dev.mutex);

	vhn_defaults_lock();
	err = introduce(file);
	vhn_defaults_unlock();
	if (err)
		goto free_iotlb;
	vhn_watch_begin();
	opened->private_data = &file->dev;
	return 0;

free_iotlb:
	vhn_iotlb_free(file->dev.iotlb);
free:
	kvfree(file);
	return err;
}

static int vhn_release(struct inode *inode, struct file *opened)
{
	struct vhn_dev *dev = opened->private_data;
	struct vhn_file *file = vhn_file_of(dev);

	vhn_registry_remove(file);
	vhn_dev_disown(dev);
	vhn_mem_free(dev->mem);
	vhn_iotlb_free(dev->iotlb);
	vhn_registry_put(file);
	return 0;
}

static long vhn_unlocked_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vhn_dev *dev = file->private_data;
	long r;

	if (_IOC_TYPE(cmd) == VHN_IOC_TYPE)
		return vhn_coal_ioctl(dev, cmd, (void __user *)arg);

	vhn_dev_lock(dev);
	r = vhn_ioctl(dev, cmd, (void __user *)arg);
	vhn_dev_unlock(dev);
	return r;
}

static const struct file_operations vhn_fops = {
	.owner = THIS_MODULE,
	.open = vhn_open,
	.release = vhn_release,
	.unlocked_ioctl = vhn_unlocked_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.read_iter = vhn_iotlb_read,
	.write_iter = vhn_iotlb_write,
	.poll = vhn_iotlb_poll,
	.llseek = noop_llseek,
};

static struct miscdevice vhn_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vhost-net-coal",
	.fops = &vhn_fops,
	.mode = 0600,
};

static int __init vhn_init(void)
{
	int err;

	err = vhn_learn_start();
	if (err)
		return err;
	err = vhn_control_start();
	if (err)
		goto stop_learning;
	err = misc_register(&vhn_misc);
	if (err)
		goto stop_control;
	return 0;

stop_control:
	vhn_control_stop();
stop_learning:
	vhn_learn_stop();
	return err;
}

static void __exit vhn_exit(void)
{
	misc_deregister(&vhn_misc);
	vhn_watch_stop();
	vhn_learn_stop();
	vhn_control_stop();
}

module_init(vhn_init);
module_exit(vhn_exit);

MODULE_DESCRIPTION("Host side of virtio networking, with notification coalescing");
MODULE_AUTHOR("The virtio coalescing project");
MODULE_VERSION(VIRTIO_COAL_VERSION);
MODULE_LICENSE("GPL");
