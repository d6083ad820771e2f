/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HUNT_LINUX_IF_TUN_H
#define _HUNT_LINUX_IF_TUN_H

#include_next <linux/if_tun.h>
#include <linux/virtio_net.h>

#define TUN_MSG_PTR	2

struct tun_msg_ctl {
	unsigned short type;
	unsigned short num;
	void *ptr;
};

struct tun_xdp_hdr {
	int buflen;
	struct virtio_net_hdr gso;
};

#endif
