// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing here waits for a guest or for its worker: parameters and counters are read under
 * a queue's raw spinlock, the rest without a lock.
 */
#include <linux/cred.h>
#include <linux/sched.h>
#include <net/netlink.h>

#include "defaults.h"
#include "message.h"
#include "notify.h"
#include "registry.h"

static int put_params(struct sk_buff *skb, int type, const struct vhn_coal_params *params)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest || nla_put_u32(skb, VHN_NL_PARAMS_PACKETS, params->max_packets) ||
	    nla_put_u32(skb, VHN_NL_PARAMS_USECS, params->max_usecs))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_state(struct sk_buff *skb, const struct vhn_coal_state *state)
{
	if (put_params(skb, VHN_NL_QUEUE_EFFECTIVE, &state->effective) ||
	    put_params(skb, VHN_NL_QUEUE_REQUESTED, &state->requested) ||
	    put_params(skb, VHN_NL_QUEUE_DIRECTION, &state->direction) ||
	    put_params(skb, VHN_NL_QUEUE_HOST, &state->host) ||
	    put_params(skb, VHN_NL_QUEUE_LIMIT, &state->limit) ||
	    nla_put_u32(skb, VHN_NL_QUEUE_PENDING, state->pending))
		return -EMSGSIZE;
	return 0;
}

/* Their numbers are the fields of the structure, from 1. */
static int put_counters(struct sk_buff *skb, const struct vhn_vring_stats *stats)
{
	struct nlattr *nest = nla_nest_start(skb, VHN_NL_QUEUE_COUNTERS);
	const u64 *value = &stats->packets;
	int i;

	static_assert((sizeof(*stats) - offsetof(struct vhn_vring_stats, packets)) / sizeof(u64) ==
		      VHN_NL_COUNTER_STALLS);

	if (!nest)
		return -EMSGSIZE;
	for (i = VHN_NL_COUNTER_PACKETS; i <= VHN_NL_COUNTER_STALLS; i++) {
		if (nla_put_u64_64bit(skb, i, *value++, VHN_NL_COUNTER_PAD))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static u32 queue_flags(const struct vhn_queue *q, const struct vhn_coal_state *state)
{
	bool broken = READ_ONCE(q->broken);
	u32 flags = 0;

	if (state->flags & VHN_COAL_F_LOCKED)
		flags |= VHN_NL_QUEUE_F_LOCKED;
	if (state->flags & VHN_COAL_F_GUEST)
		flags |= VHN_NL_QUEUE_F_GUEST;
	if (READ_ONCE(q->notify.open) && !broken)
		flags |= VHN_NL_QUEUE_F_RUNNING;
	if (broken)
		flags |= VHN_NL_QUEUE_F_BROKEN;
	return flags;
}

static int put_queue(struct sk_buff *skb, struct vhn_queue *q)
{
	struct nlattr *nest = nla_nest_start(skb, VHN_NL_FILE_QUEUE);
	struct vhn_vring_stats stats;
	struct vhn_coal_state state;

	vhn_notify_get(&q->notify, &state);
	vhn_notify_report(&q->notify, &stats);
	if (!nest || nla_put_u32(skb, VHN_NL_QUEUE_INDEX, q->index) ||
	    nla_put_u32(skb, VHN_NL_QUEUE_FLAGS, queue_flags(q, &state)) ||
	    nla_put_u32(skb, VHN_NL_QUEUE_SIZE, READ_ONCE(q->size)) ||
	    put_state(skb, &state) || put_counters(skb, &stats))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_interface(struct sk_buff *skb, const struct vhn_interface *interface)
{
	if (!interface->index)
		return 0;
	if (nla_put_u32(skb, VHN_NL_FILE_IFINDEX, interface->index) ||
	    nla_put_string(skb, VHN_NL_FILE_IFNAME, interface->name) ||
	    nla_put_u64_64bit(skb, VHN_NL_FILE_NETNS, interface->netns, VHN_NL_FILE_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_identity(struct sk_buff *skb, struct vhn_file *file,
			const struct vhn_reader *reader)
{
	uid_t uid = from_kuid(reader->users, file->uid);
	struct vhn_identity who;

	vhn_file_identify(file, reader->pids, &who);
	if ((who.pid && nla_put_u32(skb, VHN_NL_FILE_PID, who.pid)) ||
	    (uid != (uid_t)-1 && nla_put_u32(skb, VHN_NL_FILE_UID, uid)) ||
	    (who.comm[0] && nla_put_string(skb, VHN_NL_FILE_COMM, who.comm)))
		return -EMSGSIZE;
	return put_interface(skb, &who.interface);
}

/**
 * vhn_message_put_file() - a file and some of its virtqueues
 * @skb: the message
 * @dev: the device; the file may be closed meanwhile
 * @reader: for whom
 * @queues: bits of the vrings
 *
 * Context: process; waits for nobody.
 *
 * Return: 0, or -EMSGSIZE: a part may be in the message.
 */
int vhn_message_put_file(struct sk_buff *skb, struct vhn_dev *dev,
			 const struct vhn_reader *reader, u32 queues)
{
	u64 features = READ_ONCE(dev->queues[VHN_VRING_RX].features);
	u64 backend = READ_ONCE(dev->backend_features);
	u32 i;

	if (nla_put_u32(skb, VHN_NL_FILE_ID, dev->id) ||
	    put_identity(skb, vhn_file_of(dev), reader) ||
	    nla_put_u64_64bit(skb, VHN_NL_FILE_FEATURES, features, VHN_NL_FILE_PAD) ||
	    nla_put_u64_64bit(skb, VHN_NL_FILE_BACKEND_FEATURES, backend, VHN_NL_FILE_PAD))
		return -EMSGSIZE;
	for (i = 0; i < VHN_NR_VRINGS; i++) {
		if ((queues & BIT(i)) && put_queue(skb, &dev->queues[i]))
			return -EMSGSIZE;
	}
	return 0;
}

/**
 * vhn_message_put_defaults() - what a file opened later begins with
 * @skb: the message
 *
 * Context: process; vhn_defaults_lock() held.
 *
 * Return: 0 or -EMSGSIZE.
 */
int vhn_message_put_defaults(struct sk_buff *skb)
{
	u32 i;

	for (i = 0; i < VHN_NR_VRINGS; i++) {
		struct nlattr *nest = nla_nest_start(skb, VHN_NL_FILE_QUEUE);
		struct vhn_policy p;

		vhn_defaults_get(i, &p);
		if (!nest || nla_put_u32(skb, VHN_NL_QUEUE_INDEX, i) ||
		    nla_put_u32(skb, VHN_NL_QUEUE_FLAGS, p.locked ? VHN_NL_QUEUE_F_LOCKED : 0) ||
		    put_params(skb, VHN_NL_QUEUE_HOST, &p.host) ||
		    put_params(skb, VHN_NL_QUEUE_LIMIT, &p.limit))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

/**
 * vhn_message_put_by() - the calling process did it
 * @skb: the message
 * @source: for whom it acts
 *
 * Context: process.
 *
 * Return: 0 or -EMSGSIZE.
 */
int vhn_message_put_by(struct sk_buff *skb, enum vhn_nl_source source)
{
	struct nlattr *nest = nla_nest_start(skb, VHN_NL_FILE_BY);
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, current->group_leader);
	if (!nest || nla_put_u32(skb, VHN_NL_BY_SOURCE, source) ||
	    nla_put_u32(skb, VHN_NL_BY_PID, task_tgid_nr(current)) ||
	    nla_put_u32(skb, VHN_NL_BY_UID, from_kuid(&init_user_ns, current_euid())) ||
	    nla_put_string(skb, VHN_NL_BY_COMM, comm))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
