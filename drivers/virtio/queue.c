// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring of one queue: made in the arena when the driver wants it, shown to the
 * process, and taken away again.
 */
#include <linux/eventfd.h>
#include <linux/virtio_config.h>
#include <linux/virtio_loopback.h>
#include <linux/virtio_ring.h>
#include <kcompat.h>

#include "queue.h"
#include "session.h"

/* Between the avail and the used part of a split ring. */
#define VLB_RING_ALIGN	SMP_CACHE_BYTES

/**
 * vlb_queue_init() - a queue without a ring
 * @q: the queue; zeroed
 * @s: whose
 * @index: of the queue
 * @num: ring size
 */
void vlb_queue_init(struct vlb_queue *q, struct vlb_session *s, u32 index, u32 num)
{
	q->session = s;
	q->index = index;
	q->num = num;
	spin_lock_init(&q->lock);
	vlb_call_init(q);
	vlb_kick_init(q);
}

/**
 * vlb_queue_fini() - let go of the eventfds
 * @q: the queue, without a ring
 *
 * Context: process, may sleep; session's lock.
 */
void vlb_queue_fini(struct vlb_queue *q)
{
	vlb_call_detach(q);
	vlb_kick_attach(q, NULL);
	vlb_kick_quiesce(q);
}

/**
 * vlb_queue_ring_bytes() - what a ring takes from the arena at most
 * @num: ring size
 * @features: offered; with RING_PACKED the driver may choose the layout
 *
 * Return: bytes of slots.
 */
size_t vlb_queue_ring_bytes(u32 num, u64 features)
{
	size_t split = max_t(size_t, vring_size(num, VLB_RING_ALIGN), PAGE_SIZE);
	size_t packed = max_t(size_t, num * sizeof(struct vring_packed_desc), PAGE_SIZE);

	split = vlb_arena_slot_bytes(split);
	if (!(features & BIT_ULL(VIRTIO_F_RING_PACKED)))
		return split;
	/* And a page for each of the two event structures. */
	packed = vlb_arena_slot_bytes(packed) + 2 * PAGE_SIZE;
	return max(split, packed);
}

/**
 * vlb_queue_make() - the driver sets its queue up
 * @q: the queue
 * @info: the driver's name and callback for it
 *
 * On a dead session, which only a restore gets this far, the ring is born broken.
 * Context: process, may sleep; takes the queue's lock.
 *
 * Return: the ring, or an ERR_PTR of -EBUSY: it exists; -ENOMEM.
 */
struct virtqueue *vlb_queue_make(struct vlb_queue *q, const struct virtqueue_info *info)
{
	struct virtqueue *vq;

	if (q->vq)
		return ERR_PTR(-EBUSY);
	vq = vring_create_virtqueue(q->index, q->num, VLB_RING_ALIGN, &q->session->vdev, true,
				    false, info->ctx, vlb_kick, info->callback, info->name);
	if (!vq)
		return ERR_PTR(-ENOMEM);
	vq->priv = q;
	vq->num_max = q->num;

	spin_lock_irq(&q->lock);
	q->vq = vq;
	q->live = true;
	vlb_kick_watch(q);
	spin_unlock_irq(&q->lock);
	/* Pairs with vlb_session_kill(): either it saw the ring or we see its mark. */
	if (vlb_session_dead(q->session))
		vlb_queue_break(q);
	return vq;
}

/**
 * vlb_queue_quiesce() - no callback runs after this until the ring is made anew
 * @q: the queue
 *
 * Context: process; takes the queue's lock.
 */
void vlb_queue_quiesce(struct vlb_queue *q)
{
	spin_lock_irq(&q->lock);
	q->live = false;
	spin_unlock_irq(&q->lock);
	vlb_kick_quiesce(q);
}

/**
 * vlb_queue_reset() - the driver resets this queue alone
 * @q: the queue, with a ring
 *
 * Nothing has changed after a failure. After a success no callback runs (VQR-D1), and
 * the ring is the driver's to change until vlb_queue_enable(). A control queue is not
 * reset: its watchdog looks at the ring, and nobody resizes one. Context: process,
 * sleeps; takes the queue's lock; nobody else uses the ring.
 *
 * Return: 0, or -ENOENT: the feature was not negotiated; -EOPNOTSUPP: a control queue;
 * -ENODEV: the session is dead.
 */
int vlb_queue_reset(struct vlb_queue *q)
{
	struct vlb_session *s = q->session;

	if (!virtio_has_feature(&s->vdev, VIRTIO_F_RING_RESET))
		return -ENOENT;
	if (READ_ONCE(q->flags) & VLB_VQ_CONTROL)
		return -EOPNOTSUPP;
	vlb_session_ask(s, VLB_EVENT_VQ_RESET, s->status, q->index);
	/* Who did not answer may still use the ring. */
	if (vlb_session_dead(s))
		return -ENODEV;
	vlb_queue_quiesce(q);
	q->vq->reset = true;
	return 0;
}

/**
 * vlb_queue_enable() - start a queue again after vlb_queue_reset()
 * @q: the queue, with a ring nobody has used
 *
 * Callbacks run from here on, even before the return. Context: process, sleeps; takes
 * the queue's lock.
 *
 * Return: 0, or -EINVAL: it was not reset; -EIO: the process refused it or is dead, and
 * the queue is as after its reset.
 */
int vlb_queue_enable(struct vlb_queue *q)
{
	struct vlb_session *s = q->session;

	if (!q->vq->reset)
		return -EINVAL;
	q->vq->reset = false;
	spin_lock_irq(&q->lock);
	q->live = true;
	spin_unlock_irq(&q->lock);
	if (vlb_session_ask(s, VLB_EVENT_VQ_ENABLE, s->status, q->index))
		return 0;
	vlb_queue_quiesce(q);
	q->vq->reset = true;
	return -EIO;
}

/**
 * vlb_queue_free() - take the ring away
 * @q: the queue; without a ring is fine
 *
 * Context: process, may sleep; takes the queue's lock; the driver no longer uses
 * the ring.
 */
void vlb_queue_free(struct vlb_queue *q)
{
	struct virtqueue *vq;

	vlb_queue_quiesce(q);
	spin_lock_irq(&q->lock);
	vq = q->vq;
	q->vq = NULL;
	spin_unlock_irq(&q->lock);
	if (vq)
		vring_del_virtqueue(vq);
}

/**
 * vlb_queue_break() - end the wait for an answer on the queue
 * @q: the queue
 *
 * Only a control queue is broken. Any other just stands still: virtio_net's transmit
 * loops for ever on a broken ring with used buffers in it, because to get them fails
 * and to enable callbacks fails as well.
 *
 * Context: any but hard interrupt; takes the queue's lock.
 */
void vlb_queue_break(struct vlb_queue *q)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	if (q->vq && (READ_ONCE(q->flags) & VLB_VQ_CONTROL))
		__virtqueue_break(q->vq);
	spin_unlock_irqrestore(&q->lock, flags);
	wake_up(&q->answered);
}

/**
 * vlb_queue_attach() - replace the eventfds
 * @q: the queue
 * @flags: VLB_VQ_CONTROL or 0
 * @kick_fd: eventfd, -1: none
 * @call_fd: eventfd, -1: none
 *
 * Context: process, may sleep; session's lock.
 *
 * Return: 0, or -EBADF, -EINVAL: not an eventfd, and nothing has changed.
 */
int vlb_queue_attach(struct vlb_queue *q, u32 flags, int kick_fd, int call_fd)
{
	struct eventfd_ctx *kick = NULL;
	struct file *call = NULL;

	if (kick_fd != -1)
		kick = eventfd_ctx_fdget(kick_fd);
	if (IS_ERR(kick))
		return PTR_ERR(kick);
	if (call_fd != -1)
		call = eventfd_fget(call_fd);
	if (IS_ERR(call)) {
		if (kick)
			eventfd_ctx_put(kick);
		return PTR_ERR(call);
	}
	spin_lock_irq(&q->lock);
	WRITE_ONCE(q->flags, flags);
	if (q->live)
		vlb_kick_watch(q);
	spin_unlock_irq(&q->lock);
	vlb_kick_attach(q, kick);
	vlb_call_detach(q);
	if (call)
		vlb_call_attach(q, call);
	return 0;
}

/**
 * vlb_queue_report() - fill the answer to VLB_GET_VQ
 * @q: the queue
 * @out: filled
 *
 * Context: process; takes the queue's lock.
 */
void vlb_queue_report(struct vlb_queue *q, struct vlb_vq *out)
{
	*out = (struct vlb_vq) { .index = q->index, .flags = q->flags, .num = q->num };

	spin_lock_irq(&q->lock);
	if (q->vq && q->live) {
		out->flags |= VLB_VQ_ENABLED;
		if (virtqueue_is_broken(q->vq))
			out->flags |= VLB_VQ_BROKEN;
		out->num = virtqueue_get_vring_size(q->vq);
		out->desc = virtqueue_get_desc_addr(q->vq);
		out->driver = virtqueue_get_avail_addr(q->vq);
		out->device = virtqueue_get_used_addr(q->vq);
	}
	spin_unlock_irq(&q->lock);
}

/**
 * vlb_queue_stats() - fill the answer to VLB_GET_VQ_STATS
 * @q: the queue
 * @out: filled
 */
void vlb_queue_stats(struct vlb_queue *q, struct vlb_vq_stats *out)
{
	*out = (struct vlb_vq_stats) {
		.index			= q->index,
		.kicks			= atomic64_read(&q->kicks),
		.kicks_suppressed	= atomic64_read(&q->kicks_suppressed),
		.signals		= atomic64_read(&q->signals),
		.wakeups		= atomic64_read(&q->wakeups),
		.callbacks		= atomic64_read(&q->callbacks),
		.idle			= atomic64_read(&q->idle),
	};
}
