/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HUNT_NET_SOCK_H
#define _HUNT_NET_SOCK_H

#include <linux/types.h>

enum sock_flags { SOCK_XDP };

struct sock {
	int sk_sndbuf;
};

#define sock_flag(sk, flag)	((void)(sk), (void)(flag), 0)

#endif
