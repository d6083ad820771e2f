/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a message of VHN_NL_CMD_SET asks for.
 */
#ifndef _VHN_CONTROL_SET_H
#define _VHN_CONTROL_SET_H

#include <linux/vhost_net_coal.h>
#include <linux/vhost_net_coal_nl.h>
#include <net/netlink.h>

#include "policy.h"

/* Attributes at its top level. */
#define VHN_SET_MAX	VHN_NL_FILE_QUEUE

extern const struct nla_policy vhn_set_policy[VHN_SET_MAX + 1];

int vhn_set_parse(const struct nlattr *head, int len, struct vhn_policy_edit edits[VHN_NR_VRINGS],
		  struct netlink_ext_ack *extack);

#endif /* _VHN_CONTROL_SET_H */
