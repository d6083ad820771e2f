/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HUNT_LINUX_NET_H
#define _HUNT_LINUX_NET_H

#include <linux/file.h>
#include <linux/socket.h>

struct sock;
struct socket;

struct proto_ops {
	int (*sendmsg)(struct socket *sock, struct msghdr *msg, size_t len);
	int (*recvmsg)(struct socket *sock, struct msghdr *msg, size_t len, int flags);
};

struct socket {
	const struct proto_ops *ops;
	struct file *file;
	struct sock *sk;
};

#endif
