/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XDP: programs that see a packet before the network stack does.
 */
#ifndef _VNC_XDP_H
#define _VNC_XDP_H

#include <linux/netdevice.h>

struct bpf_prog;
struct netdev_bpf;
struct vnc_rx_packet;
struct vnc_rx_tally;
struct vnc_rxq;
struct xdp_frame;

/* Frames that are gathered before a transmit queue is locked for them. */
#define VNC_XDP_BATCH	16

/**
 * struct vnc_xdp_pass - XDP's part of one run of receive NAPI
 * @prog: the program; NULL if there is none, then the rest is not valid
 * @redirected: something was redirected
 * @n: frames that are to be sent back
 * @frames: those
 */
struct vnc_xdp_pass {
	struct bpf_prog *prog;
	bool redirected;
	u32 n;
	struct xdp_frame *frames[VNC_XDP_BATCH];
};

void vnc_xdp_begin(struct vnc_xdp_pass *pass, struct vnc_rxq *q);
struct sk_buff *vnc_xdp_receive(struct vnc_rxq *q, struct vnc_rx_packet *packet,
				struct vnc_xdp_pass *pass, struct vnc_rx_tally *tally);
void vnc_xdp_end(struct vnc_xdp_pass *pass, struct vnc_rxq *q, struct vnc_rx_tally *tally);
int vnc_xdp_transmit(struct net_device *dev, int n, struct xdp_frame **frames, u32 flags);
int vnc_xdp_setup(struct net_device *dev, struct netdev_bpf *bpf);

#endif /* _VNC_XDP_H */
