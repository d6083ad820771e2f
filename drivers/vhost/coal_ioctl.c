// SPDX-License-Identifier: GPL-2.0-only
/*
 * What this device adds to the vhost ABI. Nothing here takes a mutex: a worker that
 * waits for guest memory holds the queue's, for as long as the guest pleases, and
 * that must keep nobody from reading counters or from changing parameters.
 */
#include <linux/nospec.h>
#include <linux/uaccess.h>
#include <linux/vhost_net_coal.h>

#include "event.h"
#include "queue.h"

/* Any argument but a filter, which is too large for the stack. */
union argument {
	u32 index;
	struct vhn_coal_set set;
	struct vhn_coal_state state;
	struct vhn_coal_reset reset;
	struct vhn_vring_stats stats;
	struct vhn_hash hash;
};

static int set_coal(struct vhn_queue *q, const struct vhn_coal_set *set)
{
	bool guest = set->target == VHN_COAL_QUEUE || set->target == VHN_COAL_DIRECTION;
	enum vhn_nl_source source = guest ? VHN_NL_SOURCE_GUEST : VHN_NL_SOURCE_VMM;
	int r = vhn_notify_set(&q->notify, set);

	if (r > 0)
		vhn_event_changed(q->dev, source);
	else if (r == -EPERM || r == -ERANGE)
		vhn_event_refused(q->dev, q->index, source);
	return min(r, 0);
}

static int reset(struct vhn_queue *q, const struct vhn_coal_reset *r)
{
	switch (r->scope) {
	case VHN_RESET_DEVICE:
		vhn_queue_set_filter(q, NULL);
		vhn_queue_set_hash(q, NULL);
		fallthrough;
	case VHN_RESET_QUEUE:
		if (vhn_notify_reset(&q->notify, r->scope))
			vhn_event_changed(q->dev, VHN_NL_SOURCE_GUEST);
		return 0;
	default:
		return -EINVAL;
	}
}

static int get_coal(struct vhn_notify *n, struct vhn_coal_state *state)
{
	vhn_notify_get(n, state);
	state->index = n->index;
	return 0;
}

static int get_stats(struct vhn_notify *n, struct vhn_vring_stats *stats)
{
	vhn_notify_report(n, stats);
	stats->index = n->index;
	return 0;
}

static int set_hash(struct vhn_queue *q, const struct vhn_hash *hash)
{
	struct vhn_queue_hash *h;

	if (q->index != VHN_VRING_RX || (hash->types & ~VHN_HASH_TYPES))
		return -EINVAL;
	if (!hash->types) {
		vhn_queue_set_hash(q, NULL);
		return 0;
	}
	h = kzalloc(sizeof(*h), GFP_KERNEL_ACCOUNT);
	if (!h)
		return -ENOMEM;
	h->config = *hash;
	vhn_toeplitz_prepare(&h->toeplitz, hash->key);
	vhn_queue_set_hash(q, h);
	return 0;
}

static int get_hash(const struct vhn_queue *q, struct vhn_hash *hash)
{
	if (q->index != VHN_VRING_RX)
		return -EINVAL;
	vhn_queue_get_hash(q, hash);
	return 0;
}

static int dispatch(struct vhn_queue *q, unsigned int nr, union argument *a)
{
	struct vhn_notify *n = &q->notify;

	switch (nr) {
	case _IOC_NR(VHN_SET_COAL):
		return set_coal(q, &a->set);
	case _IOC_NR(VHN_GET_COAL):
		return get_coal(n, &a->state);
	case _IOC_NR(VHN_RESET_COAL):
		return reset(q, &a->reset);
	case _IOC_NR(VHN_SET_HASH):
		return set_hash(q, &a->hash);
	case _IOC_NR(VHN_GET_HASH):
		return get_hash(q, &a->hash);
	default:
		return get_stats(n, &a->stats);
	}
}

static int set_filter(struct vhn_queue *q, void __user *arg, size_t given)
{
	struct vhn_queue_filter *f;
	int err;

	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		return -ENOMEM;
	err = copy_struct_from_user(&f->filter, sizeof(f->filter), arg, given);
	if (!err)
		err = vhn_filter_check(&f->filter);
	if (err) {
		kfree(f);
		return err;
	}
	vhn_queue_set_filter(q, f);
	return 0;
}

static int answer(void __user *arg, size_t given, const void *known, size_t size)
{
	if (copy_to_user(arg, known, min(size, given)))
		return -EFAULT;
	/* What a newer caller knows and this kernel does not is 0. */
	if (given > size && clear_user(arg + size, given - size))
		return -EFAULT;
	return 0;
}

static int get_filter(const struct vhn_queue *q, void __user *arg, size_t given)
{
	struct vhn_filter *f;
	int err;

	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		return -ENOMEM;
	err = copy_struct_from_user(f, sizeof(*f), arg, given);
	if (!err)
		err = vhn_filter_check_vring(f->index);
	if (!err) {
		vhn_queue_get_filter(q, f);
		err = answer(arg, given, f, sizeof(*f));
	}
	kfree(f);
	return err;
}

/* Size this kernel knows of an argument; 0: no such ioctl. */
static size_t known_size(unsigned int nr)
{
	static const u16 size[] = {
		[_IOC_NR(VHN_SET_COAL)] = sizeof(struct vhn_coal_set),
		[_IOC_NR(VHN_GET_COAL)] = sizeof(struct vhn_coal_state),
		[_IOC_NR(VHN_RESET_COAL)] = sizeof(struct vhn_coal_reset),
		[_IOC_NR(VHN_GET_STATS)] = sizeof(struct vhn_vring_stats),
		[_IOC_NR(VHN_SET_FILTER)] = sizeof(struct vhn_filter),
		[_IOC_NR(VHN_SET_HASH)] = sizeof(struct vhn_hash),
		[_IOC_NR(VHN_GET_FILTER)] = sizeof(struct vhn_filter),
		[_IOC_NR(VHN_GET_HASH)] = sizeof(struct vhn_hash),
	};

	return nr < ARRAY_SIZE(size) ? size[nr] : 0;
}

/* Those whose argument is not a filter. */
static int small_ioctl(struct vhn_dev *dev, unsigned int cmd, void __user *arg)
{
	size_t known = known_size(_IOC_NR(cmd)), given = _IOC_SIZE(cmd);
	union argument a = {};
	struct vhn_queue *q;
	int err;

	err = copy_struct_from_user(&a, known, arg, given);
	if (err)
		return err;
	if (a.index >= VHN_NR_VRINGS)
		return -ENOBUFS;

	q = &dev->queues[array_index_nospec(a.index, VHN_NR_VRINGS)];
	err = dispatch(q, _IOC_NR(cmd), &a);
	if (err || !(_IOC_DIR(cmd) & _IOC_READ))
		return err;
	return answer(arg, given, &a, known);
}

/**
 * vhn_coal_ioctl() - an ioctl of ours
 * @dev: the device
 * @cmd: of type VHN_IOC_TYPE; its size may be another than this kernel knows
 * @arg: argument in user space
 *
 * Context: process; takes no mutex.
 *
 * Return: 0, -ENOIOCTLCMD for an unknown number, -EOPNOTSUPP before VHN_BACKEND_F_COAL
 * is acknowledged, -ENOBUFS for an unknown vring, -E2BIG for a larger argument with
 * something set that is not known here, -EFAULT, or what the call itself answers.
 */
long vhn_coal_ioctl(struct vhn_dev *dev, unsigned int cmd, void __user *arg)
{
	struct vhn_queue *rx = &dev->queues[VHN_VRING_RX];
	size_t given = _IOC_SIZE(cmd);

	if (!known_size(_IOC_NR(cmd)))
		return -ENOIOCTLCMD;
	if (!(READ_ONCE(dev->backend_features) & BIT_ULL(VHN_BACKEND_F_COAL)))
		return -EOPNOTSUPP;
	if (given < sizeof_field(union argument, index))
		return -EINVAL;

	switch (_IOC_NR(cmd)) {
	case _IOC_NR(VHN_SET_FILTER):
		return set_filter(rx, arg, given);
	case _IOC_NR(VHN_GET_FILTER):
		return get_filter(rx, arg, given);
	default:
		return small_ioctl(dev, cmd, arg);
	}
}
