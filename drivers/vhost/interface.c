// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel has no call for "which interface is behind this file". A macvtap or ipvtap
 * file is asked by its structure, which is public, a packet socket by its address. A tun
 * file tells its interface's name in its fdinfo only, as to any process that reads that:
 * the name is looked up where the file was opened, so an interface that was moved to
 * another network namespace since is not found.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/if_packet.h>
#include <linux/if_tap.h>
#include <linux/if_tun.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>
#include <net/sock.h>

#include "interface.h"

static void describe(const struct net_device *dev, struct vhn_interface *found)
{
	found->index = dev->ifindex;
	strscpy(found->name, dev->name, sizeof(found->name));
	found->netns = dev_net(dev)->ns.inum;
}

static void find_tap(struct socket *sock, struct vhn_interface *found)
{
	struct tap_queue *q = container_of(sock, struct tap_queue, sock);
	const struct tap_dev *tap;

	rcu_read_lock();
	tap = rcu_dereference(q->tap);
	if (tap)
		describe(tap->dev, found);
	rcu_read_unlock();
}

static void find_packet(struct socket *sock, struct vhn_interface *found)
{
	struct sockaddr_storage address = {};
	const struct sockaddr_ll *ll = (const struct sockaddr_ll *)&address;
	const struct net_device *dev;

	if (kernel_getsockname(sock, (struct sockaddr *)&address) < 0)
		return;
	rcu_read_lock();
	dev = dev_get_by_index_rcu(sock_net(sock->sk), ll->sll_ifindex);
	if (dev)
		describe(dev, found);
	rcu_read_unlock();
}

static bool is_tun(const struct net_device *dev)
{
	return dev->rtnl_link_ops && !strcmp(dev->rtnl_link_ops->kind, "tun");
}

/* The longest: "iff:", a tab, a name, a newline. */
#define FDINFO_SIZE	32

static void find_tun(struct file *file, struct socket *sock, struct vhn_interface *found)
{
	char text[FDINFO_SIZE] = {}, name[IFNAMSIZ];
	struct seq_file m = { .buf = text, .size = sizeof(text) };
	const struct net_device *dev;

	if (!file->f_op->show_fdinfo)
		return;
	file->f_op->show_fdinfo(&m, file);
	if (seq_has_overflowed(&m) || sscanf(text, "iff: %15s", name) != 1)
		return;
	rcu_read_lock();
	dev = dev_get_by_name_rcu(sock_net(sock->sk), name);
	if (dev && is_tun(dev))
		describe(dev, found);
	rcu_read_unlock();
}

/**
 * vhn_interface_find() - the interface behind a file
 * @file: of a back end, as vhn_backend_get() takes it
 * @found: filled in; zeroed if none is found
 *
 * Context: process, may sleep; takes rtnl.
 */
void vhn_interface_find(struct file *file, struct vhn_interface *found)
{
	struct socket *sock = sock_from_file(file);

	*found = (struct vhn_interface){};
	if (sock) {
		find_packet(sock, found);
		return;
	}
	sock = tap_get_socket(file);
	if (!IS_ERR(sock)) {
		find_tap(sock, found);
		return;
	}
	sock = tun_get_socket(file);
	if (!IS_ERR(sock))
		find_tun(file, sock, found);
}

/**
 * vhn_interface_is_same() - are two the same, by the same name?
 * @a: one
 * @b: the other
 *
 * Return: true when they are.
 */
bool vhn_interface_is_same(const struct vhn_interface *a, const struct vhn_interface *b)
{
	return a->index == b->index && a->netns == b->netns && !strcmp(a->name, b->name);
}
