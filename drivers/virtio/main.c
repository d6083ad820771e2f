// SPDX-License-Identifier: GPL-2.0-only
/*
 * The character device /dev/virtio-loopback: one open file is one session.
 *
 * Locks, outer before inner:
 *
 *   device lock of the virtio device   driver core; held around probe, remove and
 *                                      suspend, that is, while waiting for the process
 *   vlb_session.lock                   ioctls; never while waiting for the driver
 *   mmap lock of the process           ioctls read their arguments; mmap() thus takes
 *                                      none of the above
 *   vlb_events.one                     one question at a time; held while waiting
 *   vlb_queue.lock                     around the driver's callback
 *   eventfd's wait queue lock          call.c runs under it, kick.c takes it
 *   vlb_events.lock, vlb_session.config_lock, vlb_arena.lock    innermost
 *
 * rtnl is the driver's, outside all of these but the device lock, with which drivers
 * nest it both ways. Nothing here takes it, and nothing waits without a limit for a
 * process that may need it: answers time out, and flush() works without any lock
 * that a waiting driver holds.
 */
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/virtio_loopback.h>

#include "device.h"
#include "queue.h"
#include "session.h"
#include "transport.h"
#include "version.h"

union argument {
	struct vlb_create create;
	struct vlb_vqfd vqfd;
	struct vlb_vq vq;
	struct vlb_ack ack;
	struct vlb_config config;
	struct vlb_info info;
	struct vlb_vq_stats vq_stats;
	struct vlb_arena_stats arena_stats;
};

static struct vlb_queue *queue_at(struct vlb_session *s, u32 index)
{
	return index < s->nvqs ? &s->queues[index] : NULL;
}

static int do_create(struct vlb_session *s, union argument *arg)
{
	return vlb_device_create(s, &arg->create);
}

static int do_set_vqfd(struct vlb_session *s, union argument *arg)
{
	struct vlb_queue *q = queue_at(s, arg->vqfd.index);

	if (!q || (arg->vqfd.flags & ~VLB_VQ_CONTROL))
		return -EINVAL;
	return vlb_queue_attach(q, arg->vqfd.flags, arg->vqfd.kick_fd, arg->vqfd.call_fd);
}

static int do_start(struct vlb_session *s, union argument *arg)
{
	return vlb_device_start(s);
}

static int do_get_vq(struct vlb_session *s, union argument *arg)
{
	struct vlb_queue *q = queue_at(s, arg->vq.index);

	if (!q || arg->vq.reserved)
		return -EINVAL;
	vlb_queue_report(q, &arg->vq);
	return 0;
}

static int do_ack(struct vlb_session *s, union argument *arg)
{
	return vlb_event_ack(&s->events, arg->ack.seq, arg->ack.result);
}

static int do_set_config(struct vlb_session *s, union argument *arg)
{
	const struct vlb_config *c = &arg->config;
	void *data;
	bool done;

	if (s->state == VLB_NEW || !c->len || c->len > VLB_MAX_CONFIG)
		return -EINVAL;
	data = memdup_user(u64_to_user_ptr(c->data), c->len);
	if (IS_ERR(data))
		return PTR_ERR(data);
	done = vlb_transport_set_config(s, c->offset, data, c->len);
	kfree(data);
	if (!done)
		return -EINVAL;
	if (s->registered)
		virtio_config_changed(&s->vdev);
	else
		s->config_missed = true;
	return 0;
}

static int do_get_info(struct vlb_session *s, union argument *arg)
{
	arg->info = (struct vlb_info) {
		.offered	= { s->offered[0], s->offered[1] },
		.accepted	= { s->accepted[0], s->accepted[1] },
		.index		= s->vdev.index,
		.registered	= s->registered,
		.status		= READ_ONCE(s->status),
		.generation	= READ_ONCE(s->generation),
		.config_len	= s->config_len,
		.config_writes	= READ_ONCE(s->config_writes),
		.config_strays	= READ_ONCE(s->config_strays),
		.death		= atomic_read(&s->death),
	};
	return 0;
}

static int do_get_vq_stats(struct vlb_session *s, union argument *arg)
{
	struct vlb_queue *q = queue_at(s, arg->vq_stats.index);

	if (!q || arg->vq_stats.reserved)
		return -EINVAL;
	vlb_queue_stats(q, &arg->vq_stats);
	return 0;
}

static int do_get_arena_stats(struct vlb_session *s, union argument *arg)
{
	if (s->state == VLB_NEW)
		return -EINVAL;
	vlb_arena_stats(&s->arena, &arg->arena_stats);
	return 0;
}

static int do_freeze(struct vlb_session *s, union argument *arg)
{
	return vlb_device_freeze(s);
}

static int do_restore(struct vlb_session *s, union argument *arg)
{
	return vlb_device_restore(s);
}

/* The size in @cmd is the smallest a caller may know. */
static const struct command {
	unsigned int cmd;
	int (*run)(struct vlb_session *s, union argument *arg);
} commands[] = {
	{ VLB_CREATE, do_create },
	{ VLB_SET_VQFD, do_set_vqfd },
	{ VLB_START, do_start },
	{ VLB_GET_VQ, do_get_vq },
	{ VLB_ACK, do_ack },
	{ VLB_SET_CONFIG, do_set_config },
	{ VLB_GET_INFO, do_get_info },
	{ VLB_GET_VQ_STATS, do_get_vq_stats },
	{ VLB_GET_ARENA_STATS, do_get_arena_stats },
	{ VLB_FREEZE, do_freeze },
	{ VLB_RESTORE, do_restore },
};

static const struct command *command_of(unsigned int cmd)
{
	const struct command *c;

	for (c = commands; c < commands + ARRAY_SIZE(commands); c++) {
		if (_IOC_TYPE(cmd) == VLB_IOC_TYPE && _IOC_NR(cmd) == _IOC_NR(c->cmd) &&
		    _IOC_DIR(cmd) == _IOC_DIR(c->cmd) && _IOC_SIZE(cmd) >= _IOC_SIZE(c->cmd))
			return c;
	}
	return NULL;
}

static int run_command(struct vlb_session *s, const struct command *c, union argument *arg)
{
	int ret;

	/* An answer may be what somebody waits for who has the lock. */
	if (c->cmd == VLB_ACK)
		return c->run(s, arg);
	mutex_lock(&s->lock);
	ret = c->run(s, arg);
	mutex_unlock(&s->lock);
	return ret;
}

static long loopback_ioctl(struct file *file, unsigned int cmd, unsigned long ptr)
{
	const struct command *c = command_of(cmd);
	void __user *user = (void __user *)ptr;
	union argument arg = {};
	int ret;

	if (!c)
		return -ENOIOCTLCMD;
	if (_IOC_DIR(cmd) & _IOC_WRITE) {
		ret = copy_struct_from_user(&arg, _IOC_SIZE(c->cmd), user, _IOC_SIZE(cmd));
		if (ret)
			return ret;
	}
	ret = run_command(file->private_data, c, &arg);
	if (ret || !(_IOC_DIR(cmd) & _IOC_READ))
		return ret;
	/* What a later caller knows beyond our structure stays as it set it: zero. */
	return copy_to_user(user, &arg, _IOC_SIZE(c->cmd)) ? -EFAULT : 0;
}

static ssize_t loopback_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct vlb_session *s = file->private_data;

	return vlb_events_read(&s->events, buf, len, file->f_flags & O_NONBLOCK);
}

static __poll_t loopback_poll(struct file *file, struct poll_table_struct *wait)
{
	struct vlb_session *s = file->private_data;

	return vlb_events_poll(&s->events, file, wait);
}

static int loopback_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vlb_session *s = file->private_data;

	/* Pairs with vlb_device_create(): a created session has its arena until release(). */
	if (smp_load_acquire(&s->state) == VLB_NEW)
		return -EINVAL;
	return vlb_arena_mmap(&s->arena, vma);
}

static int loopback_open(struct inode *inode, struct file *file)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	file->private_data = vlb_session_open();
	if (!file->private_data)
		return -ENOMEM;
	return stream_open(inode, file);
}

/*
 * Every close of a descriptor comes here, an exit's too, and before any release():
 * a driver that spins with rtnl held could keep those of other files, and so ours,
 * from ever running.
 */
static int loopback_flush(struct file *file, fl_owner_t id)
{
	struct vlb_session *s = file->private_data;

	if (id == READ_ONCE(s->owner))
		vlb_session_kill(s, VLB_DEATH_CLOSED);
	return 0;
}

static int loopback_release(struct inode *inode, struct file *file)
{
	struct vlb_session *s = file->private_data;

	vlb_session_kill(s, VLB_DEATH_CLOSED);
	vlb_device_remove(s);
	vlb_session_release(s);
	return 0;
}

static const struct file_operations loopback_fops = {
	.owner		= THIS_MODULE,
	.open		= loopback_open,
	.flush		= loopback_flush,
	.release	= loopback_release,
	.read		= loopback_read,
	.poll		= loopback_poll,
	.mmap		= loopback_mmap,
	.unlocked_ioctl	= loopback_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct miscdevice loopback = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "virtio-loopback",
	.fops	= &loopback_fops,
	.mode	= 0600,
};

static int __init loopback_init(void)
{
	int ret = vlb_device_init();

	if (ret)
		return ret;
	ret = misc_register(&loopback);
	if (ret)
		vlb_device_exit();
	return ret;
}
module_init(loopback_init);

static void __exit loopback_exit(void)
{
	misc_deregister(&loopback);
	vlb_device_exit();
}
module_exit(loopback_exit);

MODULE_DESCRIPTION("virtio transport whose other end is a process");
MODULE_VERSION(VIRTIO_COAL_VERSION);
MODULE_LICENSE("GPL");
