/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The buffers of a receive queue.
 */
#ifndef _VNC_RX_BUFFER_H
#define _VNC_RX_BUFFER_H

#include "device.h"

#define VNC_RX_TOKEN_ROOM	1UL

static inline void *vnc_rx_token(struct page *page, bool room)
{
	return (void *)((unsigned long)page | (room ? VNC_RX_TOKEN_ROOM : 0));
}

static inline struct page *vnc_rx_token_page(void *token)
{
	return (struct page *)((unsigned long)token & ~VNC_RX_TOKEN_ROOM);
}

static inline bool vnc_rx_token_room(void *token)
{
	return (unsigned long)token & VNC_RX_TOKEN_ROOM;
}

/**
 * vnc_rx_page_extent() - what of a page is the device's
 * @room: the page has room for XDP
 * @offset: receives where it begins
 * @len: receives how many bytes it is
 */
static inline void vnc_rx_page_extent(bool room, u32 *offset, u32 *len)
{
	*offset = 0;
	*len = PAGE_SIZE;
	if (!room)
		return;
	*offset = XDP_PACKET_HEADROOM;
	*len -= XDP_PACKET_HEADROOM + SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
}

/**
 * vnc_rx_is_big() - are the queue's buffers chains of pages?
 * @q: the queue
 */
static inline bool vnc_rx_is_big(const struct vnc_rxq *q)
{
	return q->vnc->rx_layout.pages > 1;
}

void vnc_rx_choose_layout(struct vnc *vnc);
u32 vnc_rx_xdp_room(const struct vnc *vnc);
u32 vnc_rx_least(const struct vnc *vnc);
void vnc_rx_size(struct vnc_rxq *q);
int vnc_rx_prepare(struct vnc_rxq *q);
void vnc_rx_release(struct vnc_rxq *q);
void vnc_rx_fill(struct vnc_rxq *q);
void vnc_rx_put_chain(struct vnc_rxq *q, struct vnc_rx_chain *chain, u32 from);
void vnc_rx_recycle(struct virtqueue *vq, void *token);

#endif /* _VNC_RX_BUFFER_H */
