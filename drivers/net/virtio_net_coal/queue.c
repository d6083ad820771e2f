// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtqueues (spec 1.4): receiveq of pair i is 2i, transmitq 2i + 1, the control queue
 * comes after those of all pairs that the device has with the features negotiated.
 *
 * A queue is reset with its NAPI off and the coalescing lock held: nothing may be said
 * about a queue that is not enabled (COAL-G1).
 */
#include <linux/bitops.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <kcompat.h>

#include "device.h"
#include "queue.h"
#include "rx_buffer.h"

struct wanted {
	u32 n;
	struct virtqueue **vqs;
	struct virtqueue_info *info;
};

static void wanted_free(struct wanted *w)
{
	kvfree(w->info);
	kvfree(w->vqs);
}

static int wanted_alloc(struct wanted *w, u32 n)
{
	w->n = n;
	w->vqs = kvcalloc(n, sizeof(*w->vqs), GFP_KERNEL);
	w->info = kvcalloc(n, sizeof(*w->info), GFP_KERNEL);
	if (w->vqs && w->info)
		return 0;
	wanted_free(w);
	return -ENOMEM;
}

/* The core keeps the pointer to the name as long as the virtqueue is there. */
static void want(struct wanted *w, u32 vq, const char *name, vq_callback_t *callback)
{
	w->info[vq].name = name;
	w->info[vq].callback = callback;
}

/**
 * vnc_queues_find() - get the device's virtqueues
 * @vnc: the device, features negotiated
 *
 * Context: process.
 *
 * Return: 0, -ENOMEM or what the transport says.
 */
int vnc_queues_find(struct vnc *vnc)
{
	bool ctrl = vnc_has(vnc, VIRTIO_NET_F_CTRL_VQ);
	struct wanted w;
	u32 i;
	int ret;

	ret = wanted_alloc(&w, 2 * vnc->max_pairs + ctrl);
	if (ret)
		return ret;
	for (i = 0; i < vnc->max_pairs; i++) {
		snprintf(vnc->rxqs[i].name, sizeof(vnc->rxqs[i].name), "receive.%u", i);
		snprintf(vnc->txqs[i].name, sizeof(vnc->txqs[i].name), "transmit.%u", i);
		want(&w, 2 * i, vnc->rxqs[i].name, vnc_rx_callback);
		want(&w, 2 * i + 1, vnc->txqs[i].name, vnc_tx_callback);
	}
	if (ctrl)
		want(&w, 2 * vnc->max_pairs, "control", vnc_ctrl_callback);

	ret = kc_virtio_find_vqs(vnc->vdev, w.n, w.vqs, w.info);
	if (ret)
		goto out_free;
	for (i = 0; i < vnc->max_pairs; i++) {
		vnc->rxqs[i].vq = w.vqs[2 * i];
		vnc->txqs[i].vq = w.vqs[2 * i + 1];
		vnc_tx_prepare(&vnc->txqs[i]);
	}
	vnc_ctrl_attach(&vnc->ctrl, ctrl ? w.vqs[2 * vnc->max_pairs] : NULL);

out_free:
	wanted_free(&w);
	return ret;
}

/**
 * vnc_queues_delete() - give the virtqueues back
 * @vnc: the device, reset, its queues released
 *
 * Context: process.
 */
void vnc_queues_delete(struct vnc *vnc)
{
	u32 i;

	vnc_ctrl_detach(&vnc->ctrl);
	for (i = 0; i < vnc->max_pairs; i++) {
		vnc->rxqs[i].vq = NULL;
		vnc->txqs[i].vq = NULL;
	}
	vnc->vdev->config->del_vqs(vnc->vdev);
}

/**
 * vnc_queues_up() - start all queues
 * @vnc: the device
 *
 * Context: process, under rtnl.
 */
void vnc_queues_up(struct vnc *vnc)
{
	u32 i;

	for (i = 0; i < vnc->max_pairs; i++) {
		vnc_rx_up(&vnc->rxqs[i]);
		vnc_tx_up(&vnc->txqs[i]);
	}
}

/**
 * vnc_queues_down() - stop all queues
 * @vnc: the device
 *
 * Context: process, under rtnl; sleeps.
 */
void vnc_queues_down(struct vnc *vnc)
{
	u32 i;

	for (i = 0; i < vnc->max_pairs; i++) {
		vnc_tx_down(&vnc->txqs[i]);
		vnc_rx_down(&vnc->rxqs[i]);
	}
}

/* --- resets ---------------------------------------------------------------------- */

/* Has the device tell of the queue what it was told before, or remembers it as gone. */
static int reenable(struct vnc *vnc, struct virtqueue *vq, int ret)
{
	if (vq->reset) {
		set_bit(vq->index, vnc->coal.absent);
		netdev_err(vnc->dev, "queue %u did not come back from its reset: %d\n",
			   vq->index, ret);
		return ret;
	}
	if (ret)
		return ret;
	clear_bit(vq->index, vnc->coal.absent);
	if (vnc_coal_queue_restore(vnc, vq->index))
		netdev_warn(vnc->dev, "queue %u lost its coalescing parameters\n", vq->index);
	return 0;
}

static int resize(struct vnc *vnc, struct virtqueue *vq, u32 size,
		  void (*recycle)(struct virtqueue *vq, void *token))
{
	int ret;

	mutex_lock(&vnc->coal.lock);
	ret = kc_virtqueue_resize(vq, size, recycle);
	ret = reenable(vnc, vq, ret);
	mutex_unlock(&vnc->coal.lock);
	return ret;
}

/**
 * vnc_queue_resize_rx() - `ethtool -G`, receive
 * @q: the queue
 * @size: descriptors
 *
 * Context: process, under rtnl; takes the coalescing lock and the control queue.
 *
 * Return: 0, or what the virtio core says.
 */
int vnc_queue_resize_rx(struct vnc_rxq *q, u32 size)
{
	bool running = netif_running(q->vnc->dev);
	int ret;

	if (running)
		vnc_rx_down(q);
	ret = resize(q->vnc, q->vq, size, vnc_rx_recycle);
	vnc_rx_size(q);
	if (running)
		vnc_rx_up(q);
	return ret;
}

static int with_tx_down(struct vnc_txq *q, int (*reset)(struct vnc_txq *q, u32 size), u32 size)
{
	bool running = netif_running(q->vnc->dev);
	u32 before = q->vq->num_free;
	int ret;

	if (running)
		vnc_tx_down(q);
	ret = reset(q, size);
	/* What was on the queue has been dropped, unless nothing was done. */
	if (!ret || q->vq->num_free != before)
		vnc_tx_prepare(q);
	if (running)
		vnc_tx_up(q);
	return ret;
}

static int resize_tx(struct vnc_txq *q, u32 size)
{
	return resize(q->vnc, q->vq, size, vnc_tx_recycle);
}

/**
 * vnc_queue_resize_tx() - `ethtool -G`, transmit
 * @q: the queue
 * @size: descriptors
 *
 * Context: process, under rtnl; takes the coalescing lock and the control queue.
 *
 * Return: 0, or what the virtio core says.
 */
int vnc_queue_resize_tx(struct vnc_txq *q, u32 size)
{
	return with_tx_down(q, resize_tx, size);
}

#ifdef KC_VIRTQUEUE_RESET
static int reset_tx(struct vnc_txq *q, u32 size)
{
	int ret;

	mutex_lock(&q->vnc->coal.lock);
	ret = kc_virtqueue_reset(q->vq, vnc_tx_recycle);
	ret = reenable(q->vnc, q->vq, ret);
	mutex_unlock(&q->vnc->coal.lock);
	return ret;
}
#else
/* A resize to the same size does nothing: to half, and back. */
static int reset_tx(struct vnc_txq *q, u32 size)
{
	int ret = resize_tx(q, size / 2);

	return ret ?: resize_tx(q, size);
}
#endif

/**
 * vnc_queue_reset_tx() - drop what is on a transmit queue and start it anew
 * @q: the queue
 *
 * Context: process, under rtnl; takes the coalescing lock and the control queue.
 *
 * Return: 0, or what the virtio core says: -ENOENT if the device cannot reset queues.
 */
int vnc_queue_reset_tx(struct vnc_txq *q)
{
	return with_tx_down(q, reset_tx, virtqueue_get_vring_size(q->vq));
}
