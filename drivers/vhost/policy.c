// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who decides. A guest that acknowledged neither coalescing feature gets the host's
 * default; one that acknowledged either gets what it asked for, 0/0 at first
 * (COAL-D9). Limits hold for both: they bound what is in force, not what is
 * remembered, so that raising a limit again restores the request.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#else
#include <linux/kernel_shim.h>
#endif

#include "policy.h"

/**
 * vhn_policy_init() - state of a queue nobody has asked anything for
 * @p: the policy
 * @host: default of the host
 * @max_usecs: built-in limit, microseconds, not 0
 */
void vhn_policy_init(struct vhn_policy *p, struct vhn_coal_params host, u32 max_usecs)
{
	*p = (struct vhn_policy){
		.host = host,
		.limit = { .max_packets = U32_MAX, .max_usecs = max_usecs },
	};
}

static bool within(const struct vhn_policy *p, const struct vhn_coal_params *params)
{
	return params->max_packets <= p->limit.max_packets &&
	       params->max_usecs <= p->limit.max_usecs;
}

static int set_guest(struct vhn_policy *p, const struct vhn_coal_set *set)
{
	if (p->locked)
		return -EPERM;
	if (!within(p, &set->params))
		return -ERANGE;

	p->requested = set->params;
	if (set->target == VHN_COAL_DIRECTION)
		p->direction = set->params;
	return 0;
}

static int set_limit(struct vhn_policy *p, const struct vhn_coal_set *set, u32 max_usecs)
{
	if (set->params.max_usecs > max_usecs)
		return -ERANGE;

	p->limit.max_packets = set->params.max_packets ?: U32_MAX;
	p->limit.max_usecs = set->params.max_usecs ?: max_usecs;
	p->locked = set->flags & VHN_COAL_F_LOCKED;
	return 0;
}

/**
 * vhn_policy_set() - VHN_SET_COAL
 * @p: the policy
 * @set: what to change; nothing in it is trusted
 * @max_usecs: built-in limit, microseconds
 *
 * Context: any; the caller serialises. After an error nothing has changed (AMB-8).
 *
 * Return: 0, -EPERM when the guest is locked out, -ERANGE above a limit, -EINVAL for
 * an unknown target, flag or a set reserved field.
 */
int vhn_policy_set(struct vhn_policy *p, const struct vhn_coal_set *set, u32 max_usecs)
{
	u32 flags = set->target == VHN_COAL_LIMIT ? VHN_COAL_F_LOCKED : 0;

	if (set->reserved || set->flags & ~flags)
		return -EINVAL;

	switch (set->target) {
	case VHN_COAL_QUEUE:
	case VHN_COAL_DIRECTION:
		return set_guest(p, set);
	case VHN_COAL_HOST:
		if (set->params.max_usecs > max_usecs)
			return -ERANGE;
		p->host = set->params;
		return 0;
	case VHN_COAL_LIMIT:
		return set_limit(p, set, max_usecs);
	default:
		return -EINVAL;
	}
}

/**
 * vhn_policy_apply() - the host's operator changes something
 * @p: the policy
 * @edit: what; no time in it is above @max_usecs
 * @max_usecs: built-in limit, microseconds
 *
 * Context: any; the caller serialises.
 */
void vhn_policy_apply(struct vhn_policy *p, const struct vhn_policy_edit *edit, u32 max_usecs)
{
	if (edit->parts & VHN_EDIT_HOST_PACKETS)
		p->host.max_packets = edit->host.max_packets;
	if (edit->parts & VHN_EDIT_HOST_USECS)
		p->host.max_usecs = edit->host.max_usecs;
	if (edit->parts & VHN_EDIT_LIMIT_PACKETS)
		p->limit.max_packets = edit->limit.max_packets ?: U32_MAX;
	if (edit->parts & VHN_EDIT_LIMIT_USECS)
		p->limit.max_usecs = edit->limit.max_usecs ?: max_usecs;
	if (edit->parts & VHN_EDIT_LOCKED)
		p->locked = edit->locked;
}

/**
 * vhn_policy_reset() - the queue or the device was reset
 * @p: the policy
 * @scope: which of them
 *
 * A queue returns to the values of its direction (COAL-D5, COAL-D6), a device to
 * 0/0 (COAL-D9). What belongs to the host stays. Context: any; the caller serialises.
 */
void vhn_policy_reset(struct vhn_policy *p, enum vhn_coal_scope scope)
{
	if (scope == VHN_RESET_DEVICE)
		p->direction = (struct vhn_coal_params){};
	p->requested = p->direction;
}

/**
 * vhn_policy_effective() - the parameters in force
 * @p: the policy
 *
 * Return: those of the guest or the host, bounded by the limits.
 */
struct vhn_coal_params vhn_policy_effective(const struct vhn_policy *p)
{
	const struct vhn_coal_params *asked = p->guest ? &p->requested : &p->host;

	return (struct vhn_coal_params){
		.max_packets = min(asked->max_packets, p->limit.max_packets),
		.max_usecs = min(asked->max_usecs, p->limit.max_usecs),
	};
}

static bool same(const struct vhn_coal_params *a, const struct vhn_coal_params *b)
{
	return a->max_packets == b->max_packets && a->max_usecs == b->max_usecs;
}

/**
 * vhn_policy_is_same() - do two policies say the same?
 * @a: one
 * @b: the other
 *
 * Return: true when nothing in them differs, in force or not.
 */
bool vhn_policy_is_same(const struct vhn_policy *a, const struct vhn_policy *b)
{
	return same(&a->host, &b->host) && same(&a->requested, &b->requested) &&
	       same(&a->direction, &b->direction) && same(&a->limit, &b->limit) &&
	       a->guest == b->guest && a->locked == b->locked;
}
