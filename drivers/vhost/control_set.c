// SPDX-License-Identifier: GPL-2.0-only
/*
 * All that can be wrong with a SET is found here, before anything is changed: what is left
 * fails for no file.
 */
#include "control_set.h"
#include "defaults.h"

static struct netlink_range_validation usecs_range = { .max = VHN_HOLD_LIMIT_USECS };

static const struct nla_policy params_policy[VHN_NL_PARAMS_MAX + 1] = {
	[VHN_NL_PARAMS_PACKETS] = { .type = NLA_U32 },
	[VHN_NL_PARAMS_USECS] = NLA_POLICY_FULL_RANGE(NLA_U32, &usecs_range),
};

static const struct nla_policy queue_policy[VHN_NL_QUEUE_LIMIT + 1] = {
	[VHN_NL_QUEUE_INDEX] = NLA_POLICY_MAX(NLA_U32, VHN_NR_VRINGS - 1),
	[VHN_NL_QUEUE_FLAGS] = NLA_POLICY_MASK(NLA_U32, VHN_NL_QUEUE_F_LOCKED),
	[VHN_NL_QUEUE_HOST] = NLA_POLICY_NESTED(params_policy),
	[VHN_NL_QUEUE_LIMIT] = NLA_POLICY_NESTED(params_policy),
};

const struct nla_policy vhn_set_policy[VHN_SET_MAX + 1] = {
	[VHN_NL_FILE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[VHN_NL_FILE_QUEUE] = NLA_POLICY_NESTED(queue_policy),
};

/* Which parts of an edit a nest of parameters has. */
struct parts {
	u32 packets;
	u32 usecs;
};

static const struct parts host = { VHN_EDIT_HOST_PACKETS, VHN_EDIT_HOST_USECS };
static const struct parts limit = { VHN_EDIT_LIMIT_PACKETS, VHN_EDIT_LIMIT_USECS };

/* Adds what is there to @params and to @known; nothing in a nest that is not there. */
static int parse_params(const struct nlattr *nest, const struct parts *parts,
			struct vhn_coal_params *params, u32 *known,
			struct netlink_ext_ack *extack)
{
	const struct nlattr *packets, *usecs;
	struct nlattr *tb[VHN_NL_PARAMS_MAX + 1];
	int err;

	if (!nest)
		return 0;
	err = nla_parse_nested(tb, VHN_NL_PARAMS_MAX, nest, params_policy, extack);
	if (err)
		return err;

	packets = tb[VHN_NL_PARAMS_PACKETS];
	if (packets) {
		params->max_packets = nla_get_u32(packets);
		*known |= parts->packets;
	}
	usecs = tb[VHN_NL_PARAMS_USECS];
	if (usecs) {
		params->max_usecs = nla_get_u32(usecs);
		*known |= parts->usecs;
	}
	if (usecs && params->max_usecs > vhn_max_usecs()) {
		NL_SET_ERR_MSG_ATTR(extack, usecs,
				    "longer than the module's parameter max_usecs allows");
		return -ERANGE;
	}
	return 0;
}

static int parse_queue(const struct nlattr *nest, struct vhn_policy_edit edits[VHN_NR_VRINGS],
		       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[VHN_NL_QUEUE_LIMIT + 1];
	struct vhn_policy_edit *edit;
	int err;

	err = nla_parse_nested(tb, VHN_NL_QUEUE_LIMIT, nest, queue_policy, extack);
	if (err)
		return err;
	if (!tb[VHN_NL_QUEUE_INDEX]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "a queue without index");
		return -EINVAL;
	}
	edit = &edits[nla_get_u32(tb[VHN_NL_QUEUE_INDEX])];
	if (edit->parts) {
		NL_SET_ERR_MSG_ATTR(extack, tb[VHN_NL_QUEUE_INDEX], "the same queue twice");
		return -EINVAL;
	}

	err = parse_params(tb[VHN_NL_QUEUE_HOST], &host, &edit->host, &edit->parts, extack);
	if (!err)
		err = parse_params(tb[VHN_NL_QUEUE_LIMIT], &limit, &edit->limit, &edit->parts,
				   extack);
	if (err)
		return err;
	if (tb[VHN_NL_QUEUE_FLAGS]) {
		edit->locked = nla_get_u32(tb[VHN_NL_QUEUE_FLAGS]) & VHN_NL_QUEUE_F_LOCKED;
		edit->parts |= VHN_EDIT_LOCKED;
	}
	if (!edit->parts) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "nothing to set for this queue");
		return -EINVAL;
	}
	return 0;
}

/**
 * vhn_set_parse() - what is to be changed
 * @head: first attribute of the message
 * @len: bytes of all
 * @edits: filled in for each vring; zeroed before
 * @extack: what is wrong, and where
 *
 * Context: any.
 *
 * Return: 0, -EINVAL for a message that makes no sense, -ERANGE for a number that is not
 * allowed.
 */
int vhn_set_parse(const struct nlattr *head, int len, struct vhn_policy_edit edits[VHN_NR_VRINGS],
		  struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	bool any = false;
	int rem;

	nla_for_each_attr(attr, head, len, rem) {
		int err;

		if (nla_type(attr) != VHN_NL_FILE_QUEUE)
			continue;
		err = parse_queue(attr, edits, extack);
		if (err)
			return err;
		any = true;
	}
	if (any)
		return 0;
	NL_SET_ERR_MSG(extack, "no queue to set anything for");
	return -EINVAL;
}
