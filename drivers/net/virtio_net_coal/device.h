/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device: its network interface, its queues and what was negotiated.
 */
#ifndef _VNC_DEVICE_H
#define _VNC_DEVICE_H

#include <linux/virtio_config.h>
#include <linux/virtio_net_coal.h>
#include <linux/virtio_ring.h>
#include <linux/workqueue.h>

#include "affinity.h"
#include "coal.h"
#include "ctrl.h"
#include "filter.h"
#include "link.h"
#include "offload.h"
#include "recover.h"
#include "rss.h"
#include "rx.h"
#include "stats.h"
#include "tx.h"

struct bpf_prog;
struct net_device;

/**
 * struct vnc - one device
 *
 * Set once, by probe:
 * @vdev: the virtio device
 * @dev: the interface; this structure is its private part
 * @rxqs: receive queues, @max_pairs of them
 * @txqs: transmit queues, as many
 * @max_pairs: pairs of queues that exist
 * @hdr_len: bytes of packet header, the same in either direction (HDR-G1)
 * @rx_layout: what a receive buffer looks like
 *
 * Under rtnl:
 * @pairs: pairs in use
 * @xdp: program, also read under RCU by receive NAPI
 * @ready: the device may be used; false from freeze to restore
 *
 * With rules of their own:
 * @affinity: processors that serve the pairs
 * @ctrl: control queue
 * @coal: notification coalescing
 * @filter: rx mode, MAC and VLAN tables
 * @link: configuration changes
 * @offload: what the device may do to received packets
 * @recover: transmit time-outs
 * @rss: steering and hashes
 * @hw: counters of the device
 */
struct vnc {
	struct virtio_device *vdev;
	struct net_device *dev;
	struct vnc_rxq *rxqs;
	struct vnc_txq *txqs;
	u32 max_pairs;
	u32 hdr_len;
	struct vnc_rx_layout rx_layout;

	u32 pairs;
	struct bpf_prog __rcu *xdp;
	bool ready;

	struct vnc_affinity affinity;
	struct vnc_ctrl ctrl;
	struct vnc_coal coal;
	struct vnc_filter filter;
	struct vnc_link link;
	struct vnc_offload offload;
	struct vnc_recover recover;
	struct vnc_rss rss;
	struct vnc_hw_stats hw;
};

/**
 * vnc_has() - was a feature negotiated?
 * @vnc: the device
 * @bit: feature bit
 */
static inline bool vnc_has(const struct vnc *vnc, unsigned int bit)
{
	return vnc->vdev->features & BIT_ULL(bit);
}

struct vnc *vnc_device_create(struct virtio_device *vdev, u32 max_pairs);
void vnc_device_free(struct vnc *vnc);
int vnc_device_start(struct vnc *vnc);
void vnc_device_stop(struct vnc *vnc);
void vnc_device_configure(struct vnc *vnc);
int vnc_device_set_pairs(struct vnc *vnc, u32 pairs);

#endif /* _VNC_DEVICE_H */
