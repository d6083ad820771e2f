/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module says of its files, as attributes of linux/vhost_net_coal_nl.h.
 */
#ifndef _VHN_MESSAGE_H
#define _VHN_MESSAGE_H

#include <linux/bits.h>
#include <linux/types.h>
#include <linux/vhost_net_coal.h>
#include <linux/vhost_net_coal_nl.h>

struct pid_namespace;
struct sk_buff;
struct user_namespace;
struct vhn_dev;

/**
 * struct vhn_reader - in whose terms it is said
 * @users: user numbers
 * @pids: process numbers
 */
struct vhn_reader {
	struct user_namespace *users;
	struct pid_namespace *pids;
};

/* Bits of the vrings to be told of. */
#define VHN_ALL_QUEUES	GENMASK(VHN_NR_VRINGS - 1, 0)

int vhn_message_put_file(struct sk_buff *skb, struct vhn_dev *dev,
			 const struct vhn_reader *reader, u32 queues);
int vhn_message_put_defaults(struct sk_buff *skb);
int vhn_message_put_by(struct sk_buff *skb, enum vhn_nl_source source);

#endif /* _VHN_MESSAGE_H */
