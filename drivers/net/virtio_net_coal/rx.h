/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Receive queues. All memory comes from a page pool per queue; what a buffer looks
 * like depends on what was negotiated:
 *
 *   mergeable	MRG_RXBUF: a page; a packet takes as many as it needs
 *   small	neither MRG_RXBUF nor large packets: a page holds any packet
 *   big	large packets without MRG_RXBUF, or in queues too short for their pages:
 *		pages enough for the largest, chained
 *
 * With an XDP program a page has room before and behind the packet.
 */
#ifndef _VNC_RX_H
#define _VNC_RX_H

#include <linux/netdevice.h>
#include <linux/u64_stats_sync.h>
#include <net/xdp.h>

#include "adaptive.h"
#include "header.h"
#include "queue.h"

struct page_pool;
struct virtqueue;
struct vnc;

/* Pages that one packet can take: 64 KiB and its header. */
#define VNC_RX_PAGES	17

static_assert(VNC_RX_PAGES * PAGE_SIZE >= 65550 + VNC_HEADER_LEN_HASH);
static_assert(VNC_RX_PAGES <= MAX_SKB_FRAGS);

/**
 * struct vnc_rx_layout - what a receive buffer looks like
 * @mergeable: a packet may take several buffers
 * @pages: pages of a buffer; more than 1 is "big"
 */
struct vnc_rx_layout {
	bool mergeable;
	u32 pages;
};

/**
 * struct vnc_rx_stats - counters of a receive queue, all written by its NAPI
 * @sync: for readers
 * @packets: handed to the network stack or to an XDP program
 * @bytes: of them, without header
 * @kicks: notifications sent to the device
 * @alloc_failed: no memory for a buffer or a packet
 * @bad_header: dropped, the header contradicts what was negotiated
 * @bad_length: dropped, lengths or buffer counts that cannot be
 * @xdp_packets: seen by an XDP program
 * @xdp_drops: dropped by it, or on its behalf
 * @xdp_tx: sent back by it
 * @xdp_redirects: redirected by it
 */
struct vnc_rx_stats {
	struct u64_stats_sync sync;
	u64_stats_t packets;
	u64_stats_t bytes;
	u64_stats_t kicks;
	u64_stats_t alloc_failed;
	u64_stats_t bad_header;
	u64_stats_t bad_length;
	u64_stats_t xdp_packets;
	u64_stats_t xdp_drops;
	u64_stats_t xdp_tx;
	u64_stats_t xdp_redirects;
};

/**
 * struct vnc_rx_chain - a big receive buffer
 * @next: in the list of free ones
 * @page: its pages
 */
struct vnc_rx_chain {
	struct vnc_rx_chain *next;
	struct page *page[VNC_RX_PAGES];
};

/**
 * struct vnc_rxq - a receive queue
 * @vnc: the device
 * @index: number of its pair
 * @vq: its virtqueue
 * @fill_above: so many descriptors may be free until the queue is filled
 * @napi: its NAPI; owns all below but for @refill
 * @pool: where its memory comes from
 * @chains: memory of the big buffers, NULL otherwise
 * @free_chains: those that are not on the queue
 * @xdp_info: what XDP knows of the queue
 * @adaptive: adaptive moderation
 * @stats: counters
 * @refill: tries again after memory ran out
 * @name: of the virtqueue
 */
struct vnc_rxq {
	struct vnc *vnc;
	u32 index;
	struct virtqueue *vq;
	u32 fill_above;
	struct napi_struct napi;
	struct page_pool *pool;
	struct vnc_rx_chain *chains;
	struct vnc_rx_chain *free_chains;
	struct xdp_rxq_info xdp_info;
	struct vnc_adaptive adaptive;
	struct vnc_rx_stats stats;
	struct delayed_work refill;
	char name[VNC_QUEUE_NAME_LEN];
};

/**
 * struct vnc_rx_packet - a packet as the device delivered it
 * @hdr: its header; only as much as was negotiated is valid
 * @len: bytes without header
 * @parts: number of pages
 * @room: the page has room for XDP
 * @part: pages, in order, with the bytes that belong to the packet
 */
struct vnc_rx_packet {
	struct vnc_header hdr;
	u32 len;
	u32 parts;
	bool room;
	struct {
		struct page *page;
		u32 offset;
		u32 len;
	} part[VNC_RX_PAGES];
};

/**
 * struct vnc_rx_tally - what one run of NAPI has done; counted once at its end
 * @packets: see struct vnc_rx_stats, here and below
 * @bytes: see there
 * @alloc_failed: see there
 * @bad_header: see there
 * @bad_length: see there
 * @xdp_packets: see there
 * @xdp_drops: see there
 * @xdp_tx: see there
 * @xdp_redirects: see there
 */
struct vnc_rx_tally {
	u32 packets;
	u32 bytes;
	u32 alloc_failed;
	u32 bad_header;
	u32 bad_length;
	u32 xdp_packets;
	u32 xdp_drops;
	u32 xdp_tx;
	u32 xdp_redirects;
};

void vnc_rx_init(struct vnc_rxq *q, struct vnc *vnc, u32 index);
void vnc_rx_destroy(struct vnc_rxq *q);
void vnc_rx_up(struct vnc_rxq *q);
void vnc_rx_down(struct vnc_rxq *q);

void vnc_rx_callback(struct virtqueue *vq);
void vnc_rx_put(struct vnc_rxq *q, struct vnc_rx_packet *packet);

#endif /* _VNC_RX_H */
