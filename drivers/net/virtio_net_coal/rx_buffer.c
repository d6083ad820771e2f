// SPDX-License-Identifier: GPL-2.0-only
/*
 * The buffers of a receive queue: what they look like, where their memory comes from
 * and how they come to the device.
 *
 * A buffer on the queue is known by a token: the address of its page, with the lowest
 * bit set if the page has room for XDP; or that of a struct vnc_rx_chain. The virtio
 * core returns no token that was not given to it.
 */
#include <linux/etherdevice.h>
#include <linux/scatterlist.h>
#include <linux/virtio.h>
#include <kcompat.h>

#include "device.h"
#include "rx_buffer.h"

/* Filled when half as many are missing, or half of the queue. */
#define FILL_BATCH	64U
#define REFILL_DELAY	(HZ / 10 ?: 1)

/* --- layout ---------------------------------------------------------------------- */

/**
 * vnc_rx_xdp_room() - the longest packet that fits into one buffer with room for XDP
 * @vnc: the device
 *
 * Return: bytes, without header.
 */
u32 vnc_rx_xdp_room(const struct vnc *vnc)
{
	u32 offset, len;

	vnc_rx_page_extent(true, &offset, &len);
	return len - vnc->hdr_len;
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

/* --- buffers --------------------------------------------------------------------- */

static void chain_free(struct vnc_rxq *q, struct vnc_rx_chain *chain)
{
	chain->next = q->free_chains;
	q->free_chains = chain;
}

static void put_pages(struct vnc_rxq *q, struct vnc_rx_chain *chain, u32 from)
{
	for (; from < q->vnc->rx_layout.pages; from++) {
		if (!chain->page[from])
			break;
		page_pool_put_full_page(q->pool, chain->page[from], false);
		chain->page[from] = NULL;
	}
}

/**
 * vnc_rx_put_chain() - a big buffer is not needed any more
 * @q: the queue
 * @chain: the buffer
 * @from: first of its pages that is still its own
 *
 * Context: @q's NAPI, or while that is off.
 */
void vnc_rx_put_chain(struct vnc_rxq *q, struct vnc_rx_chain *chain, u32 from)
{
	put_pages(q, chain, from);
	chain_free(q, chain);
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
	put_pages(q, chain, 0);
	return ret;
}

static int post_page(struct vnc_rxq *q)
{
	bool room = rcu_access_pointer(q->vnc->xdp);
	struct scatterlist sg;
	struct page *page;
	u32 offset, len;
	int ret;

	page = page_pool_alloc_pages(q->pool, GFP_ATOMIC | __GFP_NOWARN);
	if (!page)
		return -ENOMEM;
	vnc_rx_page_extent(room, &offset, &len);
	sg_init_table(&sg, 1);
	sg_set_page(&sg, page, len, offset);
	ret = virtqueue_add_inbuf(q->vq, &sg, 1, vnc_rx_token(page, room),
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
		ret = vnc_rx_is_big(q) ? post_chain(q) : post_page(q);

	failed = ret == -ENOMEM;
	kicked = virtqueue_kick_prepare(q->vq) && virtqueue_notify(q->vq);
	if (kicked || failed)
		count_fill(q, kicked, failed);
	if (failed)
		schedule_delayed_work(&q->refill, REFILL_DELAY);
}

static void put_token(struct vnc_rxq *q, void *token)
{
	if (vnc_rx_is_big(q))
		vnc_rx_put_chain(q, token, 0);
	else
		page_pool_put_full_page(q->pool, vnc_rx_token_page(token), false);
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

/* --- memory ---------------------------------------------------------------------- */

static int make_chains(struct vnc_rxq *q)
{
	u32 i, n = q->vq->num_max;

	if (!vnc_rx_is_big(q))
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
