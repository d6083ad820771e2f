/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transmit queues. Completed packets are released by NAPI only, which is always on:
 * the device decides, by its moderation, how often that runs.
 */
#ifndef _VNC_TX_H
#define _VNC_TX_H

#include <linux/netdevice.h>
#include <linux/u64_stats_sync.h>

#include "adaptive.h"
#include "queue.h"

struct virtqueue;
struct vnc;
struct xdp_frame;

/* Descriptors that any packet can do with: header, linear part, fragments. */
#define VNC_TX_RESERVE	(2 + MAX_SKB_FRAGS)

/**
 * struct vnc_tx_stats - counters of a transmit queue, written under its tx lock
 * @sync: for readers
 * @packets: sent by the device
 * @bytes: of them, without header
 * @kicks: notifications sent to the device
 * @dropped: packets that could not be given to the device
 * @xdp_packets: frames given to the device for XDP
 * @xdp_drops: frames that could not be
 * @stops: times the queue was full
 * @wakes: times it had room again
 * @timeouts: times the network stack lost patience
 */
struct vnc_tx_stats {
	struct u64_stats_sync sync;
	u64_stats_t packets;
	u64_stats_t bytes;
	u64_stats_t kicks;
	u64_stats_t dropped;
	u64_stats_t xdp_packets;
	u64_stats_t xdp_drops;
	u64_stats_t stops;
	u64_stats_t wakes;
	u64_stats_t timeouts;
};

/**
 * struct vnc_txq - a transmit queue
 * @vnc: the device
 * @index: number of its pair
 * @vq: its virtqueue; used under the tx lock of its netdev queue
 * @nq: that netdev queue
 * @napi: releases what the device has sent
 * @reserve: descriptors that any packet can do with; the queue stops below that
 * @open: packets may be put on the queue; under the tx lock
 * @last_kick: jiffies of the last notification; under the tx lock
 * @adaptive: adaptive moderation
 * @stats: counters
 * @name: of the virtqueue
 */
struct vnc_txq {
	struct vnc *vnc;
	u32 index;
	struct virtqueue *vq;
	struct netdev_queue *nq;
	struct napi_struct napi;
	u32 reserve;
	bool open;
	unsigned long last_kick;
	struct vnc_adaptive adaptive;
	struct vnc_tx_stats stats;
	char name[VNC_QUEUE_NAME_LEN];
};

void vnc_tx_init(struct vnc_txq *q, struct vnc *vnc, u32 index);
void vnc_tx_destroy(struct vnc_txq *q);
void vnc_tx_prepare(struct vnc_txq *q);
void vnc_tx_release(struct vnc_txq *q);
void vnc_tx_up(struct vnc_txq *q);
void vnc_tx_down(struct vnc_txq *q);
netdev_tx_t vnc_tx_start(struct sk_buff *skb, struct net_device *dev);
int vnc_tx_xdp(struct vnc_txq *q, struct xdp_frame *frame);
void vnc_tx_kick(struct vnc_txq *q);
void vnc_tx_recycle(struct virtqueue *vq, void *token);
void vnc_tx_callback(struct virtqueue *vq);

#endif /* _VNC_TX_H */
