// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets from the device to the network stack. What the virtio core returns as a token
 * can be trusted (rx_buffer.c), the lengths and the header that come with it can not.
 *
 * NAPI ends in one of three states, each with something that wakes it again:
 *   queue empty	callbacks on
 *   budget used	scheduled anew by the core
 *   no memory		@refill schedules it, callbacks as above
 */
#include <linux/etherdevice.h>
#include <linux/virtio.h>
#include <kcompat.h>

#include "device.h"
#include "rx_buffer.h"
#include "xdp.h"

/* Packets up to this are copied, and their page used again at once. */
#define COPY_LEN	128

/* --- packets --------------------------------------------------------------------- */

/**
 * vnc_rx_put() - drop a packet
 * @q: the queue
 * @packet: the packet
 *
 * Context: @q's NAPI.
 */
void vnc_rx_put(struct vnc_rxq *q, struct vnc_rx_packet *packet)
{
	u32 i;

	for (i = 0; i < packet->parts; i++)
		page_pool_put_full_page(q->pool, packet->part[i].page, true);
	packet->parts = 0;
}

static void add_part(struct vnc_rx_packet *packet, struct page *page, u32 offset, u32 len)
{
	packet->part[packet->parts].page = page;
	packet->part[packet->parts].offset = offset;
	packet->part[packet->parts].len = len;
	packet->parts++;
	packet->len += len;
}

/* Takes over the header, which the device could change behind our back. */
static void split_header(const struct vnc_rxq *q, struct vnc_rx_packet *packet)
{
	const void *from = page_address(packet->part[0].page) + packet->part[0].offset;
	u32 hdr_len = q->vnc->hdr_len;

	if (hdr_len == VNC_HEADER_LEN_HASH)
		memcpy(&packet->hdr, from, VNC_HEADER_LEN_HASH);
	else
		memcpy(&packet->hdr, from, VNC_HEADER_LEN);
	packet->part[0].offset += hdr_len;
	packet->part[0].len -= hdr_len;
	packet->len -= hdr_len;
}

static u32 num_buffers(const struct vnc_rx_packet *packet)
{
	return __virtio16_to_cpu(true, packet->hdr.base.num_buffers);
}

static bool add_page_token(struct vnc_rx_packet *packet, void *token, u32 len)
{
	u32 offset, most;

	packet->room = vnc_rx_token_room(token);
	vnc_rx_page_extent(packet->room, &offset, &most);
	add_part(packet, vnc_rx_token_page(token), offset, min(len, most));
	return len && len <= most;
}

/* The rest of a packet that takes several buffers. All of it, or what there was. */
static bool gather_mergeable(struct vnc_rxq *q, struct vnc_rx_packet *packet)
{
	u32 buffers = num_buffers(packet);
	bool valid = buffers && buffers <= VNC_RX_PAGES;
	u32 len;

	/* One that lies about the number keeps its further buffers: they come as packets
	 * of their own, and are dropped or not by what they hold.
	 */
	if (!valid)
		return false;
	while (--buffers) {
		void *token = virtqueue_get_buf(q->vq, &len);

		if (!token)
			return false;
		if (!add_page_token(packet, token, len))
			valid = false;
	}
	return valid;
}

static bool gather_pages(struct vnc_rxq *q, void *token, u32 len, struct vnc_rx_packet *packet)
{
	if (!add_page_token(packet, token, len) || len < q->vnc->hdr_len + ETH_HLEN)
		return false;
	split_header(q, packet);
	return !q->vnc->rx_layout.mergeable || gather_mergeable(q, packet);
}

static bool gather_chain(struct vnc_rxq *q, struct vnc_rx_chain *chain, u32 len,
			 struct vnc_rx_packet *packet)
{
	bool valid = len <= q->vnc->rx_layout.pages * PAGE_SIZE &&
		     len >= q->vnc->hdr_len + ETH_HLEN;
	u32 i = 0;

	packet->room = false;
	if (valid) {
		for (; len; i++) {
			u32 part = min_t(u32, len, PAGE_SIZE);

			add_part(packet, chain->page[i], 0, part);
			chain->page[i] = NULL;
			len -= part;
		}
		split_header(q, packet);
		valid = !q->vnc->rx_layout.mergeable || num_buffers(packet) == 1;
	}
	vnc_rx_put_chain(q, chain, i);
	return valid;
}

/* Whatever the answer, the packet owns the pages it names. */
static bool gather(struct vnc_rxq *q, void *token, u32 len, struct vnc_rx_packet *packet)
{
	packet->len = 0;
	packet->parts = 0;
	if (vnc_rx_is_big(q))
		return gather_chain(q, token, len, packet);
	return gather_pages(q, token, len, packet);
}

static struct sk_buff *copy_packet(struct vnc_rxq *q, struct sk_buff *skb,
				   struct vnc_rx_packet *packet)
{
	skb_put_data(skb, page_address(packet->part[0].page) + packet->part[0].offset,
		     packet->len);
	page_pool_recycle_direct(q->pool, packet->part[0].page);
	return skb;
}

/* The link layer header is copied, the stack reads the rest where it is. */
static struct sk_buff *attach_packet(struct sk_buff *skb, struct vnc_rx_packet *packet)
{
	u32 i;

	skb_put_data(skb, page_address(packet->part[0].page) + packet->part[0].offset, ETH_HLEN);
	packet->part[0].offset += ETH_HLEN;
	packet->part[0].len -= ETH_HLEN;
	for (i = 0; i < packet->parts; i++)
		skb_add_rx_frag(skb, i, packet->part[i].page, packet->part[i].offset,
				packet->part[i].len, PAGE_SIZE);
	skb_mark_for_recycle(skb);
	return skb;
}

static struct sk_buff *build(struct vnc_rxq *q, struct vnc_rx_packet *packet)
{
	struct sk_buff *skb = napi_alloc_skb(&q->napi, COPY_LEN);

	if (unlikely(!skb))
		return NULL;
	if (packet->len <= COPY_LEN && packet->parts == 1)
		return copy_packet(q, skb, packet);
	return attach_packet(skb, packet);
}

static void deliver(struct vnc_rxq *q, struct sk_buff *skb, const struct vnc_header *hdr,
		    struct vnc_rx_tally *tally)
{
	struct vnc *vnc = q->vnc;

	if (unlikely(vnc_header_receive(skb, hdr, vnc->vdev->features))) {
		tally->bad_header++;
		kfree_skb(skb);
		return;
	}
	if (vnc->hdr_len == VNC_HEADER_LEN_HASH && (vnc->dev->features & NETIF_F_RXHASH))
		vnc_header_hash(skb, hdr);
	skb_record_rx_queue(skb, q->index);
	skb->protocol = eth_type_trans(skb, vnc->dev);
	napi_gro_receive(&q->napi, skb);
}

static void receive(struct vnc_rxq *q, void *token, u32 len, struct vnc_xdp_pass *xdp,
		    struct vnc_rx_tally *tally)
{
	struct vnc_rx_packet packet;
	struct sk_buff *skb;

	if (unlikely(!gather(q, token, len, &packet))) {
		tally->bad_length++;
		vnc_rx_put(q, &packet);
		return;
	}
	tally->packets++;
	tally->bytes += packet.len;
	if (xdp->prog) {
		skb = vnc_xdp_receive(q, &packet, xdp, tally);
		if (!skb)
			return;
	} else {
		skb = build(q, &packet);
		if (unlikely(!skb)) {
			tally->alloc_failed++;
			vnc_rx_put(q, &packet);
			return;
		}
	}
	deliver(q, skb, &packet.hdr, tally);
}

static void count(struct vnc_rxq *q, const struct vnc_rx_tally *tally)
{
	struct vnc_rx_stats *s = &q->stats;

	u64_stats_update_begin(&s->sync);
	u64_stats_add(&s->packets, tally->packets);
	u64_stats_add(&s->bytes, tally->bytes);
	u64_stats_add(&s->alloc_failed, tally->alloc_failed);
	u64_stats_add(&s->bad_header, tally->bad_header);
	u64_stats_add(&s->bad_length, tally->bad_length);
	u64_stats_add(&s->xdp_packets, tally->xdp_packets);
	u64_stats_add(&s->xdp_drops, tally->xdp_drops);
	u64_stats_add(&s->xdp_tx, tally->xdp_tx);
	u64_stats_add(&s->xdp_redirects, tally->xdp_redirects);
	u64_stats_update_end(&s->sync);
}

/* --- NAPI ------------------------------------------------------------------------ */

static void schedule_poll(struct vnc_rxq *q)
{
	if (!napi_schedule_prep(&q->napi))
		return;
	virtqueue_disable_cb(q->vq);
	__napi_schedule(&q->napi);
}

/**
 * vnc_rx_callback() - the device has used a receive buffer
 * @vq: the virtqueue
 *
 * Context: hard interrupt.
 */
void vnc_rx_callback(struct virtqueue *vq)
{
	struct vnc *vnc = vq->vdev->priv;

	schedule_poll(&vnc->rxqs[vq->index / 2]);
}

/* NTF-G3: whatever came between the last look and the callbacks' return is seen. */
static void complete_poll(struct vnc_rxq *q, int done)
{
	unsigned int opaque = virtqueue_enable_cb_prepare(q->vq);

	if (!napi_complete_done(&q->napi, done)) {
		virtqueue_disable_cb(q->vq);
		return;
	}
	vnc_adaptive_sample(&q->adaptive, u64_stats_read(&q->stats.packets),
			    u64_stats_read(&q->stats.bytes));
	if (unlikely(virtqueue_poll(q->vq, opaque)))
		schedule_poll(q);
}

static int poll(struct napi_struct *napi, int budget)
{
	struct vnc_rxq *q = container_of(napi, struct vnc_rxq, napi);
	struct vnc_rx_tally tally = {};
	struct vnc_xdp_pass xdp;
	int done = 0;
	void *token;
	u32 len;

	/* netpoll: only what was sent is of interest. */
	if (unlikely(!budget))
		return 0;

	vnc_xdp_begin(&xdp, q);
	while (done < budget && (token = virtqueue_get_buf(q->vq, &len))) {
		receive(q, token, len, &xdp, &tally);
		done++;
	}
	vnc_xdp_end(&xdp, q, &tally);
	if (done)
		count(q, &tally);

	if (q->vq->num_free > q->fill_above)
		vnc_rx_fill(q);
	if (done < budget)
		complete_poll(q, done);
	return done;
}

static void poke(struct vnc_rxq *q)
{
	local_bh_disable();
	schedule_poll(q);
	local_bh_enable();
}

static void refill(struct work_struct *work)
{
	poke(container_of(work, struct vnc_rxq, refill.work));
}

/**
 * vnc_rx_up() - start receiving
 * @q: the queue
 *
 * A queue that is not in use gets its buffers when it is.
 *
 * Context: process, under rtnl.
 */
void vnc_rx_up(struct vnc_rxq *q)
{
	bool used = q->index < q->vnc->pairs;

	if (used) {
		local_bh_disable();
		vnc_rx_fill(q);
		local_bh_enable();
	}
	napi_enable(&q->napi);
	/* Interrupts that came before found no NAPI to schedule. */
	if (used)
		poke(q);
}

/**
 * vnc_rx_down() - stop receiving
 * @q: the queue, up
 *
 * Context: process, under rtnl; sleeps.
 */
void vnc_rx_down(struct vnc_rxq *q)
{
	napi_disable(&q->napi);
	/* Only NAPI and whoever holds rtnl start it. */
	cancel_delayed_work_sync(&q->refill);
	vnc_adaptive_cancel(&q->adaptive);
}

/**
 * vnc_rx_init() - a queue without virtqueue
 * @q: zeroed memory
 * @vnc: the device
 * @index: number of its pair
 *
 * Context: process.
 */
void vnc_rx_init(struct vnc_rxq *q, struct vnc *vnc, u32 index)
{
	q->vnc = vnc;
	q->index = index;
	u64_stats_init(&q->stats.sync);
	INIT_DELAYED_WORK(&q->refill, refill);
	vnc_adaptive_init(&q->adaptive, vnc, 2 * index);
	netif_napi_add(vnc->dev, &q->napi, poll);
}

/**
 * vnc_rx_destroy() - undo vnc_rx_init()
 * @q: the queue, released
 *
 * Context: process.
 */
void vnc_rx_destroy(struct vnc_rxq *q)
{
	netif_napi_del(&q->napi);
}
