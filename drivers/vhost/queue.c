// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starting and stopping a virtqueue, and what receive and transmit have in common.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/virtio_net.h>

#include "kcompat.h"
#include "mem.h"
#include "queue.h"
#include "trace.h"

static void kicked(struct vhn_poll *poll)
{
	struct vhn_queue *q = container_of(poll, struct vhn_queue, kick_poll);
	struct vhn_stats *s = &q->stats;

	/* The eventfd's lock makes this one writer at a time, interrupts off. */
	u64_stats_update_begin(&s->kick_sync);
	u64_stats_inc(&s->kicks);
	u64_stats_update_end(&s->kick_sync);

	WRITE_ONCE(q->kicked, true);
	vhn_attachment_queue(&q->attachment, &q->work);
}

static void sock_ready(struct vhn_poll *poll)
{
	struct vhn_queue *q = container_of(poll, struct vhn_queue, sock_poll);

	vhn_attachment_queue(&q->attachment, &q->work);
}

/**
 * vhn_queue_init() - a virtqueue of a new device
 * @q: zeroed memory
 * @dev: the device, its id set
 * @index: VHN_VRING_*
 */
void vhn_queue_init(struct vhn_queue *q, struct vhn_dev *dev, u32 index)
{
	bool rx = index == VHN_VRING_RX;

	q->dev = dev;
	q->index = index;
	mutex_init(&q->mutex);
	vhn_attachment_init(&q->attachment);
	vhn_work_init(&q->work, rx ? vhn_rx_work : vhn_tx_work);
	vhn_poll_init(&q->kick_poll, EPOLLIN, kicked);
	q->kick_poll.armed = true;
	vhn_poll_init(&q->sock_poll, rx ? EPOLLIN : EPOLLOUT, sock_ready);
	vhn_stats_init(&q->stats);

	q->notify.ring = &q->ring;
	q->notify.stats = &q->stats;
	q->notify.attachment = &q->attachment;
	q->notify.mutex = &q->mutex;
	q->notify.id = dev->id;
	q->notify.index = index;
	vhn_notify_init(&q->notify);
	vhn_queue_reset(q);
}

/**
 * vhn_queue_alloc() - memory to work with
 * @q: the queue; has none
 *
 * Context: process, may sleep; the device's mutex held.
 *
 * Return: 0 or -ENOMEM.
 */
int vhn_queue_alloc(struct vhn_queue *q)
{
	bool tx = q->index == VHN_VRING_TX;

	q->iov = kvmalloc_array(VHN_MAX_IOV, sizeof(*q->iov), GFP_KERNEL_ACCOUNT);
	q->used = kvmalloc_array(VHN_MAX_IOV, sizeof(*q->used), GFP_KERNEL_ACCOUNT);
	q->tx = tx ? vhn_tx_batch_alloc() : NULL;
	if (q->iov && q->used && (q->tx || !tx))
		return 0;
	vhn_queue_free(q);
	return -ENOMEM;
}

/**
 * vhn_queue_free() - give that memory back
 * @q: the queue; may have none. Nobody works for it
 *
 * Context: process, may sleep; the device's mutex held, or nobody else has the device.
 */
void vhn_queue_free(struct vhn_queue *q)
{
	vhn_tx_batch_free(q->tx);
	q->tx = NULL;
	kvfree(q->used);
	q->used = NULL;
	kvfree(q->iov);
	q->iov = NULL;
}

/**
 * vhn_queue_set_filter() - which packets the guest receives from now on
 * @q: the queue
 * @filter: checked, taken over; NULL: all
 *
 * Context: any that may call kfree_rcu().
 */
void vhn_queue_set_filter(struct vhn_queue *q, struct vhn_queue_filter *filter)
{
	struct vhn_queue_filter *old;

	old = unrcu_pointer(xchg(&q->filter, RCU_INITIALIZER(filter)));
	if (old)
		kfree_rcu(old, rcu);
}

/**
 * vhn_queue_get_filter() - which packets the guest receives
 * @q: the queue
 * @filter: filled in, so that it does the same when it is set
 *
 * Context: any; waits for nobody.
 */
void vhn_queue_get_filter(const struct vhn_queue *q, struct vhn_filter *filter)
{
	const struct vhn_queue_filter *f;

	rcu_read_lock();
	f = rcu_dereference(q->filter);
	if (f) {
		memcpy(filter, &f->filter, sizeof(*filter));
	} else {
		memset(filter, 0, sizeof(*filter));
		filter->index = q->index;
		filter->modes = VHN_FILTER_PROMISC;
	}
	rcu_read_unlock();
}

/**
 * vhn_queue_set_hash() - which packets are hashed from now on
 * @q: the queue
 * @hash: checked, taken over; NULL: none
 *
 * Context: any that may call kfree_rcu().
 */
void vhn_queue_set_hash(struct vhn_queue *q, struct vhn_queue_hash *hash)
{
	struct vhn_queue_hash *old;

	old = unrcu_pointer(xchg(&q->hash, RCU_INITIALIZER(hash)));
	if (old)
		kfree_rcu(old, rcu);
}

/**
 * vhn_queue_get_hash() - which packets are hashed
 * @q: the queue
 * @hash: filled in, so that it does the same when it is set
 *
 * Context: any; waits for nobody.
 */
void vhn_queue_get_hash(const struct vhn_queue *q, struct vhn_hash *hash)
{
	const struct vhn_queue_hash *h;

	rcu_read_lock();
	h = rcu_dereference(q->hash);
	*hash = h ? h->config : (struct vhn_hash){ .index = q->index };
	rcu_read_unlock();
}

static void put_eventfd(struct eventfd_ctx **ctx)
{
	if (*ctx)
		eventfd_ctx_put(*ctx);
	*ctx = NULL;
}

/**
 * vhn_queue_reset() - as if the file had just been opened
 * @q: stopped; nothing works on it
 *
 * The host's parameters and the counters' history stay. Context: process, may sleep;
 * the device's mutex held.
 */
void vhn_queue_reset(struct vhn_queue *q)
{
	vhn_poll_stop(&q->kick_poll);
	if (q->kick)
		fput(q->kick);
	q->kick = NULL;
	put_eventfd(&q->error);
	put_eventfd(&q->notify.call);

	q->ring = (struct vhn_vring){ .num = 1 };
	WRITE_ONCE(q->size, q->ring.num);
	q->place = (struct vhn_ring_place){};
	q->log = (struct vhn_log){};
	WRITE_ONCE(q->features, 0);
	q->vhost_hlen = 0;
	q->sock_hlen = sizeof(struct virtio_net_hdr);
	q->spin_usecs = 0;
	WRITE_ONCE(q->broken, false);
	WRITE_ONCE(q->kicked, false);
	WRITE_ONCE(q->waits, false);
	vhn_queue_set_filter(q, NULL);
	vhn_queue_set_hash(q, NULL);
	vhn_notify_set_guest(&q->notify, false);
	vhn_notify_reset(&q->notify, VHN_RESET_DEVICE);
}

/*
 * What was published is notified before this returns, and the ring is not touched
 * afterwards. Packets already taken from the back end go back to it, who is returned.
 */
static struct socket *detach(struct vhn_queue *q)
{
	struct socket *sock;

	mutex_lock(&q->mutex);
	sock = q->sock;
	q->sock = NULL;
	WRITE_ONCE(q->sock_poll.armed, false);
	vhn_poll_stop(&q->sock_poll);
	vhn_prefetch_detach(&q->prefetch);
	mutex_unlock(&q->mutex);

	if (sock)
		vhn_notify_close(&q->notify);
	return sock;
}

/**
 * vhn_queue_stop() - take the queue off its back end
 * @q: may be stopped already
 *
 * What was published is notified before this returns and the ring is not touched
 * afterwards. Context: process, may sleep; the device's mutex held, no queue's.
 */
void vhn_queue_stop(struct vhn_queue *q)
{
	vhn_backend_put(detach(q));
}

static int start(struct vhn_queue *q, struct socket *sock)
{
	int err;

	mutex_lock(&q->mutex);
	q->ring.pending = q->used;
	/* What was found before was as long as the ring was then. */
	if (q->ring.iotlb)
		vhn_queue_place(q, true);
	err = vhn_queue_find_used(q) ? -EFAULT : vhn_vring_start(&q->ring);
	if (!err && q->log.ring)
		err = vhn_log_ring(&q->log, q->mem, &q->ring);
	if (err)
		goto out;

	WRITE_ONCE(q->broken, false);
	q->notify.held = 0;
	if (q->index == VHN_VRING_RX) {
		vhn_prefetch_attach(&q->prefetch, sock);
		err = vhn_poll_start(&q->sock_poll, sock->file);
		if (err)
			goto out_detach;
	}
	q->sock = sock;
	vhn_notify_open(&q->notify);
	/* Buffers and packets may have waited for this moment. */
	vhn_attachment_queue(&q->attachment, &q->work);
	mutex_unlock(&q->mutex);
	return 0;

out_detach:
	vhn_prefetch_detach(&q->prefetch);
out:
	mutex_unlock(&q->mutex);
	return err;
}

/**
 * vhn_queue_set_backend() - VHOST_NET_SET_BACKEND
 * @q: the queue
 * @fd: of a tun or tap device; -1 to stop
 *
 * Context: process, may sleep; the device's mutex held, no queue's; there is an
 * owner.
 *
 * Return: 0, -EFAULT for a ring or a dirty log outside of user space or without a memory table,
 * -EINVAL for a size or a base that its layout cannot have or for a socket in an error
 * state, -ENOTSOCK for another file. The back end stays the one it was then.
 */
int vhn_queue_set_backend(struct vhn_queue *q, int fd)
{
	struct socket *sock, *old;
	int err;

	if (!q->mem || !(q->ring.iotlb || vhn_vring_accessible(&q->ring)) ||
	    !vhn_log_accessible(&q->log, q->mem, &q->ring))
		return -EFAULT;
	sock = vhn_backend_get(fd);
	if (IS_ERR(sock))
		return PTR_ERR(sock);

	if (sock == q->sock) {
		vhn_backend_put(sock);
		return 0;
	}
	old = detach(q);
	err = sock ? start(q, sock) : 0;
	if (err) {
		vhn_backend_put(sock);
		/* As it was, unless the ring is to blame. */
		if (old && !start(q, old))
			return err;
	}
	vhn_backend_put(old);
	return err;
}

/**
 * vhn_queue_begin() - the worker turns to the queue
 * @q: the queue
 *
 * Context: worker, queue mutex held.
 *
 * Return: false when there is nothing it may do.
 */
bool vhn_queue_begin(struct vhn_queue *q)
{
	int r;

	if (!q->sock || q->broken)
		return false;

	WRITE_ONCE(q->turn, q->turn + 1);
	r = vhn_queue_find_ring(q);
	WRITE_ONCE(q->waits, r == -ENODATA);
	if (unlikely(r == -ENODATA))
		return false;
	if (unlikely(r))
		goto broken;
	if (READ_ONCE(q->kicked)) {
		WRITE_ONCE(q->kicked, false);
		r = vhn_vring_refresh(&q->ring);
		if (r < 0)
			goto broken;
		if (!r)
			vhn_stats_add(&q->stats, &q->stats.spurious_kicks, 1);
	}
	r = vhn_vring_kick_disable(&q->ring);
	if (!r)
		return true;
broken:
	vhn_queue_break(q, r);
	return false;
}

/**
 * vhn_queue_end() - the worker turns away from the queue
 * @q: the queue
 *
 * Context: worker, queue mutex held.
 */
void vhn_queue_end(struct vhn_queue *q)
{
	int err;

	if (likely(!q->log.ring) || !q->sock || !q->ring.used)
		return;
	err = vhn_log_ring(&q->log, q->mem, &q->ring);
	if (unlikely(err))
		vhn_queue_break(q, err);
}

/**
 * vhn_queue_break() - the ring or the memory behind it made no sense
 * @q: the queue
 * @err: what was wrong, for the trace
 *
 * Tells the error eventfd and leaves the ring alone until it or the memory table is
 * set up anew: a broken ring must not cost the host more than one look. Context:
 * worker, queue mutex held.
 */
void vhn_queue_break(struct vhn_queue *q, int err)
{
	WRITE_ONCE(q->broken, true);
	trace_vhn_broken(q->dev->id, q->index, err);
	if (q->error)
		kc_eventfd_signal(q->error);
}

/**
 * vhn_queue_publish() - end a batch
 * @q: the queue; its used entries are filled
 * @packets: in the batch; 0: nothing happens
 * @start: when the first of them was taken, from vhn_notify_clock()
 *
 * Context: worker, queue mutex held.
 *
 * Return: 0, or -EFAULT after breaking the queue.
 */
int vhn_queue_publish(struct vhn_queue *q, u32 packets, u64 start)
{
	int err;

	if (!packets)
		return 0;
	err = vhn_vring_publish(&q->ring);
	if (unlikely(err)) {
		vhn_queue_break(q, err);
		return err;
	}
	trace_vhn_batch(q->dev->id, q->index, packets, READ_ONCE(q->notify.coal.pending));
	vhn_notify_packets(&q->notify, packets, start);
	return 0;
}
