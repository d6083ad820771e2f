// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets from the network stack to the device.
 *
 * A packet on the queue is known by a token: its address, with the lowest bit set for
 * an XDP frame. Both transmit and NAPI work on the virtqueue, under the tx lock.
 *
 * A queue is stopped as soon as the next packet might not fit, with callbacks on or
 * NAPI scheduled: either will look at it again.
 */
#include <linux/scatterlist.h>
#include <linux/virtio.h>
#include <net/xdp.h>
#include <kcompat.h>

#include "device.h"

#define TOKEN_XDP	1UL

/* Where the header is when the packet has no room for it. */
struct tx_cb {
	struct vnc_header hdr;
};

static_assert(sizeof(struct tx_cb) <= sizeof_field(struct sk_buff, cb));

/* --- to the device --------------------------------------------------------------- */

/* The header goes right before the packet if it can: that saves a descriptor. */
static bool can_push(const struct sk_buff *skb, u32 hdr_len)
{
	return skb_headroom(skb) >= hdr_len && !skb_header_cloned(skb) &&
	       IS_ALIGNED((unsigned long)skb->data, __alignof__(struct virtio_net_hdr_v1));
}

static int add_skb(struct vnc_txq *q, struct sk_buff *skb)
{
	u32 hdr_len = q->vnc->hdr_len;
	bool push = can_push(skb, hdr_len);
	struct scatterlist sg[VNC_TX_RESERVE];
	void *hdr = push ? skb->data - hdr_len : (void *)skb->cb;
	int n;

	if (unlikely(vnc_header_transmit(skb, hdr)))
		return -EINVAL;
	/* The hash is for the other direction. */
	if (hdr_len == VNC_HEADER_LEN_HASH)
		memset(hdr + VNC_HEADER_LEN, 0, VNC_HEADER_LEN_HASH - VNC_HEADER_LEN);

	sg_init_table(sg, skb_shinfo(skb)->nr_frags + (push ? 1 : 2));
	if (push) {
		__skb_push(skb, hdr_len);
		n = skb_to_sgvec(skb, sg, 0, skb->len);
		__skb_pull(skb, hdr_len);
	} else {
		sg_set_buf(sg, hdr, hdr_len);
		n = skb_to_sgvec(skb, sg + 1, 0, skb->len);
		n += n >= 0;
	}
	if (unlikely(n < 0))
		return n;
	return virtqueue_add_outbuf(q->vq, sg, n, skb, GFP_ATOMIC);
}

static void count(struct vnc_txq *q, u64_stats_t *counter)
{
	u64_stats_update_begin(&q->stats.sync);
	u64_stats_inc(counter);
	u64_stats_update_end(&q->stats.sync);
}

static void schedule_poll(struct vnc_txq *q)
{
	if (!napi_schedule_prep(&q->napi))
		return;
	virtqueue_disable_cb(q->vq);
	__napi_schedule(&q->napi);
}

/* With the queue full a notification for each used buffer is of no use: it is asked for
 * when most of them are. If so many were used meanwhile, NAPI runs right away.
 */
static void stop(struct vnc_txq *q)
{
	netif_tx_stop_queue(q->nq);
	count(q, &q->stats.stops);
	if (!virtqueue_enable_cb_delayed(q->vq))
		schedule_poll(q);
}

/**
 * vnc_tx_kick() - tell the device of what was put on the queue
 * @q: the queue
 *
 * Context: under the queue's tx lock.
 */
void vnc_tx_kick(struct vnc_txq *q)
{
	if (!virtqueue_kick_prepare(q->vq) || !virtqueue_notify(q->vq))
		return;
	q->last_kick = jiffies;
	count(q, &q->stats.kicks);
}

/**
 * vnc_tx_start() - ndo_start_xmit
 * @skb: the packet
 * @dev: the interface
 *
 * Context: under the queue's tx lock, BH off.
 *
 * Return: NETDEV_TX_OK; the packet is sent or dropped.
 */
netdev_tx_t vnc_tx_start(struct sk_buff *skb, struct net_device *dev)
{
	struct vnc *vnc = netdev_priv(dev);
	struct vnc_txq *q = &vnc->txqs[skb_get_queue_mapping(skb)];
	bool more = netdev_xmit_more();
	u32 len = skb->len;
	int ret;

	skb_tx_timestamp(skb);
	ret = add_skb(q, skb);
	if (unlikely(ret)) {
		count(q, &q->stats.dropped);
		dev_kfree_skb_any(skb);
		/* Those before it were told that more would come. */
		if (!more)
			vnc_tx_kick(q);
		return NETDEV_TX_OK;
	}
	if (q->vq->num_free < q->reserve)
		stop(q);
	if (__netdev_tx_sent_queue(q->nq, len, more))
		vnc_tx_kick(q);
	return NETDEV_TX_OK;
}

/**
 * vnc_tx_xdp() - put an XDP frame on the queue
 * @q: the queue
 * @frame: the frame; taken over if this succeeds
 *
 * Context: under the queue's tx lock.
 *
 * Return: 0; -ENETDOWN while the queue is closed; -ENOSPC if it is full; -EOVERFLOW
 * without room for the header; what the virtio core says.
 */
int vnc_tx_xdp(struct vnc_txq *q, struct xdp_frame *frame)
{
	u32 hdr_len = q->vnc->hdr_len;
	struct scatterlist sg;
	int ret = -EOVERFLOW;

	if (!q->open)
		return -ENETDOWN;
	if (frame->headroom < hdr_len || xdp_frame_has_frags(frame))
		goto out_count;
	/* A packet from the stack would find the queue awake: leave what it may need. */
	ret = -ENOSPC;
	if (q->vq->num_free <= q->reserve)
		goto out_count;

	memset(frame->data - hdr_len, 0, hdr_len);
	sg_init_one(&sg, frame->data - hdr_len, frame->len + hdr_len);
	ret = virtqueue_add_outbuf(q->vq, &sg, 1, (void *)((unsigned long)frame | TOKEN_XDP),
				   GFP_ATOMIC);

out_count:
	count(q, ret ? &q->stats.xdp_drops : &q->stats.xdp_packets);
	return ret;
}

/* --- back from the device -------------------------------------------------------- */

struct reclaimed {
	u32 packets;
	u32 bytes;
	u32 skbs;		/* of them, counted by byte queue limits */
	u32 skb_bytes;
};

static void reclaim_one(void *token, int budget, struct reclaimed *sum)
{
	struct sk_buff *skb = token;
	struct xdp_frame *frame;

	sum->packets++;
	if (unlikely((unsigned long)token & TOKEN_XDP)) {
		frame = (struct xdp_frame *)((unsigned long)token & ~TOKEN_XDP);
		sum->bytes += frame->len;
		xdp_return_frame(frame);
		return;
	}
	sum->bytes += skb->len;
	sum->skbs++;
	sum->skb_bytes += skb->len;
	napi_consume_skb(skb, budget);
}

/* Bounded by the queue: nothing is put on it meanwhile. */
static void reclaim(struct vnc_txq *q, int budget)
{
	struct reclaimed sum = {};
	void *token;
	u32 len;

	while ((token = virtqueue_get_buf(q->vq, &len)))
		reclaim_one(token, budget, &sum);
	if (!sum.packets)
		return;
	u64_stats_update_begin(&q->stats.sync);
	u64_stats_add(&q->stats.packets, sum.packets);
	u64_stats_add(&q->stats.bytes, sum.bytes);
	u64_stats_update_end(&q->stats.sync);
	netdev_tx_completed_queue(q->nq, sum.skbs, sum.skb_bytes);
}

static void wake(struct vnc_txq *q)
{
	if (!netif_tx_queue_stopped(q->nq) || q->vq->num_free < q->reserve)
		return;
	count(q, &q->stats.wakes);
	netif_tx_wake_queue(q->nq);
}

/* NAPI is not scheduled, so callbacks stay as they are. Whoever logs may hold the lock. */
static void poll_for_netpoll(struct vnc_txq *q)
{
	if (!__netif_tx_trylock(q->nq))
		return;
	reclaim(q, 0);
	wake(q);
	__netif_tx_unlock(q->nq);
}

static int poll(struct napi_struct *napi, int budget)
{
	struct vnc_txq *q = container_of(napi, struct vnc_txq, napi);
	unsigned int opaque;
	bool complete;

	if (unlikely(!budget)) {
		poll_for_netpoll(q);
		return 0;
	}
	__netif_tx_lock(q->nq, smp_processor_id());
	virtqueue_disable_cb(q->vq);
	reclaim(q, budget);
	wake(q);
	opaque = virtqueue_enable_cb_prepare(q->vq);
	complete = napi_complete_done(napi, 0);
	if (!complete)
		virtqueue_disable_cb(q->vq);
	__netif_tx_unlock(q->nq);

	if (!complete)
		return 0;
	vnc_adaptive_sample(&q->adaptive, u64_stats_read(&q->stats.packets),
			    u64_stats_read(&q->stats.bytes));
	/* NTF-G3: used between the last look and the callbacks' return. */
	if (unlikely(virtqueue_poll(q->vq, opaque)))
		schedule_poll(q);
	return 0;
}

/**
 * vnc_tx_callback() - the device has sent something
 * @vq: the virtqueue
 *
 * Context: hard interrupt.
 */
void vnc_tx_callback(struct virtqueue *vq)
{
	struct vnc *vnc = vq->vdev->priv;

	schedule_poll(&vnc->txqs[vq->index / 2]);
}

/* --- life ------------------------------------------------------------------------ */

static void drop_token(void *token)
{
	if ((unsigned long)token & TOKEN_XDP)
		xdp_return_frame((struct xdp_frame *)((unsigned long)token & ~TOKEN_XDP));
	else
		dev_kfree_skb_any(token);
}

/**
 * vnc_tx_recycle() - a packet comes back unsent
 * @vq: virtqueue of a queue that is reset
 * @token: the packet
 *
 * Context: process; NAPI off, queue stopped.
 */
void vnc_tx_recycle(struct virtqueue *vq, void *token)
{
	drop_token(token);
}

static void set_open(struct vnc_txq *q, bool open)
{
	__netif_tx_lock_bh(q->nq);
	q->open = open;
	if (!open)
		netif_tx_stop_queue(q->nq);
	else if (q->vq->num_free >= q->reserve)
		netif_tx_wake_queue(q->nq);
	__netif_tx_unlock_bh(q->nq);
}

/**
 * vnc_tx_up() - start sending
 * @q: the queue
 *
 * Context: process, under rtnl.
 */
void vnc_tx_up(struct vnc_txq *q)
{
	set_open(q, true);
	napi_enable(&q->napi);
	/* Interrupts that came before found no NAPI to schedule. */
	local_bh_disable();
	schedule_poll(q);
	local_bh_enable();
}

/**
 * vnc_tx_down() - stop sending
 * @q: the queue, up
 *
 * NAPI first: it would wake the queue.
 *
 * Context: process, under rtnl; sleeps.
 */
void vnc_tx_down(struct vnc_txq *q)
{
	napi_disable(&q->napi);
	set_open(q, false);
	vnc_adaptive_cancel(&q->adaptive);
}

/**
 * vnc_tx_prepare() - a queue that has a virtqueue, new or of a new size
 * @q: the queue, down
 *
 * With tables of descriptors a packet takes one of the queue's; only a queue that is
 * large can put some aside for the case that there is no memory for a table.
 *
 * Context: process.
 */
void vnc_tx_prepare(struct vnc_txq *q)
{
	if (virtqueue_get_vring_size(q->vq) >= 2 * VNC_TX_RESERVE)
		q->reserve = VNC_TX_RESERVE;
	else
		q->reserve = vnc_has(q->vnc, VIRTIO_RING_F_INDIRECT_DESC) ? 1 : 2;
	netdev_tx_reset_queue(q->nq);
}

/**
 * vnc_tx_release() - drop what was not sent
 * @q: a queue of a device that was reset, NAPI off
 *
 * Context: process.
 */
void vnc_tx_release(struct vnc_txq *q)
{
	void *token;

	while ((token = virtqueue_detach_unused_buf(q->vq)))
		drop_token(token);
}

/**
 * vnc_tx_init() - a queue without virtqueue
 * @q: zeroed memory
 * @vnc: the device
 * @index: number of its pair
 *
 * Context: process.
 */
void vnc_tx_init(struct vnc_txq *q, struct vnc *vnc, u32 index)
{
	q->vnc = vnc;
	q->index = index;
	q->nq = netdev_get_tx_queue(vnc->dev, index);
	u64_stats_init(&q->stats.sync);
	vnc_adaptive_init(&q->adaptive, vnc, 2 * index + 1);
	netif_napi_add_tx(vnc->dev, &q->napi, poll);
}

/**
 * vnc_tx_destroy() - undo vnc_tx_init()
 * @q: the queue, released
 *
 * Context: process.
 */
void vnc_tx_destroy(struct vnc_txq *q)
{
	netif_napi_del(&q->napi);
}
