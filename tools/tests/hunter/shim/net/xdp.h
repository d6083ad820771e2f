/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HUNT_NET_XDP_H
#define _HUNT_NET_XDP_H

#include <linux/types.h>

struct xdp_buff {
	void *data;
	void *data_end;
	void *data_hard_start;
};

#define xdp_init_buff(xdp, size, rxq)	((void)(xdp), (void)(size))

static inline void xdp_prepare_buff(struct xdp_buff *xdp, unsigned char *hard_start, int headroom,
				    int len, bool meta)
{
	(void)meta;
	xdp->data_hard_start = hard_start;
	xdp->data = hard_start + headroom;
	xdp->data_end = hard_start + headroom + len;
}

#endif
