// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets from the device to the network stack.
 *
 * A buffer on the queue is known by a token: the address of its page, with the lowest
 * bit set if the page has room for XDP; or that of a struct vnc_rx_chain. The virtio
 * core returns no token that was not given to it, so the token can be trusted; the
 * lengths and the header that come with it can not.
 *
 * NAPI ends in one of three states, each with something that wakes it again:
 *   queue empty	callbacks on
 *   budget used	scheduled anew by the core
 *   no memory		@refill schedules it, callbacks as above
 */
#include <linux/bpf_trace.h>
#include <linux/etherdevice.h>
#include <linux/scatterlist.h>
#include <linux/virtio.h>
#include <kcompat.h>

#include "device.h"
#include "xdp.h"

/* Packets up to this are copied, and their page used again at once. */
#define COPY_LEN	128
/* Filled when half as many are missing, or half of the queue. */
#define FILL_BATCH	64U
#define REFILL_DELAY	(HZ / 10 ?: 1)

#define TOKEN_ROOM	1UL
#define XDP_TAILROOM	SKB_DATA_ALIGN(sizeof(struct skb_shared_info))

/* What one page offers the device when XDP needs room in it. */
static u32 room_len(void)
{
	return PAGE_SIZE - XDP_PACKET_HEADROOM - XDP_TAILROOM;
}

/**
 * vnc_rx_xdp_room() - the longest packet that fits into one buffer with room for XDP
 * @vnc: the device
 *
 * Return: bytes, without header.
 */
u32 vnc_rx_xdp_room(const struct vnc *vnc)
{
	return room_len() - vnc->hdr_len;
}

/* Can a packet be longer than a page? */
static bool takes_pages(const struct vnc *vnc)
{
	return vnc->offload.large ||
	       vnc->hdr_len + ETH_HLEN + VLAN_HLEN + vnc->dev->max_mtu > PAGE_SIZE;
}

/**
 * vnc_rx_least() - the fewest receive buffers that take any packet
 * @vnc: the device, layout chosen
 *
 * A device that has fewer at hand waits for more, and the driver for a packet.
 *
 * Return: number of buffers.
 */
u32 vnc_rx_least(const struct vnc *vnc)
{
	return vnc->rx_layout.pages == 1 && takes_pages(vnc) ? VNC_RX_PAGES : 1;
}

/**
 * vnc_rx_choose_layout() - decide what receive buffers look like
 * @vnc: the device, largest MTU known, queues found
 *
 * HDR-G8, CFG-G4: without MRG_RXBUF every buffer takes the largest packet that can come;
 * likewise if the queues are so short that all their pages would not.
 */
void vnc_rx_choose_layout(struct vnc *vnc)
{
	u32 size = virtqueue_get_vring_size(vnc->rxqs[0].vq);

	vnc->rx_layout.mergeable = vnc_has(vnc, VIRTIO_NET_F_MRG_RXBUF);
	vnc->rx_layout.pages = 1;
	if (!takes_pages(vnc))
		return;
	if (vnc->rx_layout.mergeable && size > VNC_RX_PAGES)
		return;
	vnc->rx_layout.pages = VNC_RX_PAGES;
	if (!vnc_has(vnc, VIRTIO_RING_F_INDIRECT_DESC))
		vnc->rx_layout.pages = min_t(u32, size, VNC_RX_PAGES);
}

static bool is_big(const struct vnc_rxq *q)
{
	return q->vnc->rx_layout.pages > 1;
}

/* --- buffers --------------------------------------------------------------------- */

static void chain_free(struct vnc_rxq *q, struct vnc_rx_chain *chain)
{
	chain->next = q->free_chains;
	q->free_chains = chain;
}

static void chain_put_pages(struct vnc_rxq *q, struct vnc_rx_chain *chain, u32 from)
{
	for (; from < q->vnc->rx_layout.pages; from++) {
		if (!chain->page[from])
			break;
		page_pool_put_full_page(q->pool, chain->page[from], false);
		chain->page[from] = NULL;
	}
}

static int post_chain(struct vnc_rxq *q)
{
	struct vnc_rx_chain *chain = q->free_chains;
	u32 i, pages = q->vnc->rx_layout.pages;
	struct scatterlist sg[VNC_RX_PAGES];
	int ret = -ENOMEM;

	if (!chain)
		return -ENOSPC;
	sg_init_table(sg, pages);
	for (i = 0; i < pages; i++) {
		chain->page[i] = page_pool_alloc_pages(q->pool, GFP_ATOMIC | __GFP_NOWARN);
		if (!chain->page[i])
			goto out_put;
		sg_set_page(&sg[i], chain->page[i], PAGE_SIZE, 0);
	}
	ret = virtqueue_add_inbuf(q->vq, sg, pages, chain, GFP_ATOMIC | __GFP_NOWARN);
	if (ret)
		goto out_put;
	q->free_chains = chain->next;
	return 0;

out_put:
	chain_put_pages(q, chain, 0);
	return ret;
}

static int post_page(struct vnc_rxq *q)
{
	bool room = rcu_access_pointer(q->vnc->xdp);
	u32 offset = room ? XDP_PACKET_HEADROOM : 0;
	u32 len = room ? room_len() : PAGE_SIZE;
	struct scatterlist sg;
	struct page *page;
	int ret;

	page = page_pool_alloc_pages(q->pool, GFP_ATOMIC | __GFP_NOWARN);
	if (!page)
		return -ENOMEM;
	sg_init_table(&sg, 1);
	sg_set_page(&sg, page, len, offset);
	ret = virtqueue_add_inbuf(q->vq, &sg, 1, (void *)((unsigned long)page | room),
				  GFP_ATOMIC | __GFP_NOWARN);
	if (ret)
		page_pool_put_full_page(q->pool, page, false);
	return ret;
}

/* A chain takes one of the queue's descriptors where tables of them can be used. */
static bool queue_takes_more(const struct vnc_rxq *q)
{
	if (vnc_has(q->vnc, VIRTIO_RING_F_INDIRECT_DESC))
		return q->vq->num_free;
	return q->vq->num_free >= q->vnc->rx_layout.pages;
}

static void count_fill(struct vnc_rxq *q, bool kicked, bool failed)
{
	u64_stats_update_begin(&q->stats.sync);
	u64_stats_add(&q->stats.kicks, kicked);
	u64_stats_add(&q->stats.alloc_failed, failed);
	u64_stats_update_end(&q->stats.sync);
}

/**
 * vnc_rx_fill() - give the device all the buffers that the queue takes
 * @q: the queue
 *
 * If memory runs out, vnc_rxq.refill tries again later.
 *
 * Context: BH off, in @q's NAPI or while that is off.
 */
void vnc_rx_fill(struct vnc_rxq *q)
{
	bool kicked, failed;
	int ret = 0;

	while (!ret && queue_takes_more(q))
		ret = is_big(q) ? post_chain(q) : post_page(q);

	failed = ret == -ENOMEM;
	kicked = virtqueue_kick_prepare(q->vq) && virtqueue_notify(q->vq);
	if (kicked || failed)
		count_fill(q, kicked, failed);
	if (failed)
		schedule_delayed_work(&q->refill, REFILL_DELAY);
}

static void put_token(struct vnc_rxq *q, void *token)
{
	if (is_big(q)) {
		chain_put_pages(q, token, 0);
		chain_free(q, token);
		return;
	}
	page_pool_put_full_page(q->pool,
				(struct page *)((unsigned long)token & ~TOKEN_ROOM), false);
}

/**
 * vnc_rx_recycle() - a buffer comes back unused
 * @vq: virtqueue of a queue that is reset
 * @token: the buffer
 *
 * Context: process; NAPI off.
 */
void vnc_rx_recycle(struct virtqueue *vq, void *token)
{
	struct vnc *vnc = vq->vdev->priv;

	put_token(&vnc->rxqs[vq->index / 2], token);
}

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
	bool room = (unsigned long)token & TOKEN_ROOM;
	struct page *page = (struct page *)((unsigned long)token & ~TOKEN_ROOM);
	u32 most = room ? room_len() : PAGE_SIZE;

	packet->room = room;
	add_part(packet, page, room ? XDP_PACKET_HEADROOM : 0, min(len, most));
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
	chain_put_pages(q, chain, i);
	chain_free(q, chain);
	return valid;
}

/* Whatever the answer, the packet owns the pages it names. */
static bool gather(struct vnc_rxq *q, void *token, u32 len, struct vnc_rx_packet *packet)
{
	packet->len = 0;
	packet->parts = 0;
	if (is_big(q))
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
 * vnc_rx_size() - a queue is of a new size
 * @q: the queue, layout chosen
 *
 * Context: process; NAPI off.
 */
void vnc_rx_size(struct vnc_rxq *q)
{
	u32 size = virtqueue_get_vring_size(q->vq);

	/* What is left on the queue has to take a packet: else NAPI would not run again. */
	q->fill_above = min(min(FILL_BATCH, size) / 2, size - vnc_rx_least(q->vnc));
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

/* --- life ------------------------------------------------------------------------ */

static int make_chains(struct vnc_rxq *q)
{
	u32 i, n = q->vq->num_max;

	if (!is_big(q))
		return 0;
	q->chains = kvcalloc(n, sizeof(*q->chains), GFP_KERNEL);
	if (!q->chains)
		return -ENOMEM;
	q->free_chains = NULL;
	for (i = 0; i < n; i++)
		chain_free(q, &q->chains[i]);
	return 0;
}

static int make_pool(struct vnc_rxq *q)
{
	struct page_pool_params params = {
		.pool_size = min_t(u32, q->vq->num_max * q->vnc->rx_layout.pages, 32768),
		.nid = NUMA_NO_NODE,
		.dev = q->vnc->vdev->dev.parent,
		/* The virtio core maps; a pool that did would keep pages mapped. */
		.flags = 0,
	};
	struct page_pool *pool = page_pool_create(&params);

	if (IS_ERR(pool))
		return PTR_ERR(pool);
	q->pool = pool;
	return 0;
}

static int register_xdp(struct vnc_rxq *q)
{
	int ret = xdp_rxq_info_reg(&q->xdp_info, q->vnc->dev, q->index, q->napi.napi_id);

	if (ret)
		return ret;
	ret = xdp_rxq_info_reg_mem_model(&q->xdp_info, MEM_TYPE_PAGE_POOL, q->pool);
	if (ret)
		xdp_rxq_info_unreg(&q->xdp_info);
	return ret;
}

/**
 * vnc_rx_prepare() - the memory of a queue that has a virtqueue
 * @q: the queue
 *
 * Context: process.
 *
 * Return: 0, -ENOMEM or what the page pool says.
 */
int vnc_rx_prepare(struct vnc_rxq *q)
{
	int ret;

	vnc_rx_size(q);
	ret = make_chains(q);
	if (ret)
		return ret;
	ret = make_pool(q);
	if (ret)
		goto out_chains;
	ret = register_xdp(q);
	if (ret)
		goto out_pool;
	return 0;

out_pool:
	page_pool_destroy(q->pool);
	q->pool = NULL;
out_chains:
	kvfree(q->chains);
	q->chains = NULL;
	return ret;
}

/**
 * vnc_rx_release() - give everything back
 * @q: a queue of a device that was reset, NAPI off; prepared or not
 *
 * Context: process.
 */
void vnc_rx_release(struct vnc_rxq *q)
{
	void *token;

	if (!q->pool)
		return;
	cancel_delayed_work_sync(&q->refill);
	while ((token = virtqueue_detach_unused_buf(q->vq)))
		put_token(q, token);
	xdp_rxq_info_unreg(&q->xdp_info);
	/* Pages that are still in the network stack return to it, then it goes. */
	page_pool_destroy(q->pool);
	q->pool = NULL;
	kvfree(q->chains);
	q->chains = NULL;
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
