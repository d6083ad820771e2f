// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtio network device in the kernel, for the same user space as vhost-net, whose
 * notifications can be moderated.
 *
 * Lock order, outermost first:
 *   vhn_dev.mutex		the vhost ABI of one file
 *     vhn_queue.mutex		one ring; the worker holds it across guest memory
 *       wait queue locks	of eventfds and sockets
 *         vhn_notify.lock	raw; coalescer and parameters; also in hard interrupts
 *           vhn_attachment.lock	raw; which worker gets the work
 *         vhn_iotlb.lock	where a guest's addresses lead
 *
 * Never two queue mutexes at once, and no mutex in anything that reports (coal_ioctl.c).
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vhost_net_coal.h>

#include "mem.h"
#include "queue.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static atomic_t last_id = ATOMIC_INIT(0);

static int vhn_open(struct inode *inode, struct file *file)
{
	struct vhn_dev *dev;
	u32 i;

	dev = kvzalloc(sizeof(*dev), GFP_KERNEL_ACCOUNT);
	if (!dev)
		return -ENOMEM;

	dev->iotlb = vhn_iotlb_alloc();
	if (!dev->iotlb) {
		kvfree(dev);
		return -ENOMEM;
	}

	mutex_init(&dev->mutex);
	dev->id = atomic_inc_return(&last_id);
	for (i = 0; i < VHN_NR_VRINGS; i++)
		vhn_queue_init(&dev->queues[i], dev, i);
	file->private_data = dev;
	return 0;
}

static int vhn_release(struct inode *inode, struct file *file)
{
	struct vhn_dev *dev = file->private_data;

	vhn_dev_disown(dev);
	vhn_mem_free(dev->mem);
	vhn_iotlb_free(dev->iotlb);
	kvfree(dev);
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

module_misc_device(vhn_misc);

MODULE_DESCRIPTION("Host side of virtio networking, with notification coalescing");
MODULE_AUTHOR("The virtio coalescing project");
MODULE_LICENSE("GPL");
