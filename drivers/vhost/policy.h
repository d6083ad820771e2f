/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who decides on the parameters of a virtqueue: the guest or, when it does not
 * know coalescing, the host; and the host's limits bound both. Pure, like coal.h.
 */
#ifndef _VHN_POLICY_H
#define _VHN_POLICY_H

#include <linux/types.h>
#include <linux/vhost_net_coal.h>

/* No packet is held longer, whatever anybody asks for. */
#define VHN_HOLD_LIMIT_USECS	1000000U

/**
 * struct vhn_policy - the parameters of one virtqueue, by whom they come from
 * @host: default of the host
 * @requested: what the guest asked for this queue
 * @direction: what it asked for all queues of the direction; back in force after a
 *	       queue reset (COAL-D5, COAL-D6)
 * @limit: bounds; never 0
 * @guest: the guest has acknowledged a coalescing feature and decides
 * @locked: it may not change anything
 */
struct vhn_policy {
	struct vhn_coal_params host;
	struct vhn_coal_params requested;
	struct vhn_coal_params direction;
	struct vhn_coal_params limit;
	bool guest;
	bool locked;
};

/* What of a struct vhn_policy_edit counts. */
#define VHN_EDIT_HOST_PACKETS	0x01
#define VHN_EDIT_HOST_USECS	0x02
#define VHN_EDIT_LIMIT_PACKETS	0x04
#define VHN_EDIT_LIMIT_USECS	0x08
#define VHN_EDIT_LOCKED		0x10

/**
 * struct vhn_policy_edit - what the host's operator changes
 * @parts: VHN_EDIT_*; the rest stays as it is
 * @host: default of the host
 * @limit: bounds; 0: the built-in one
 * @locked: the guest may not change anything
 */
struct vhn_policy_edit {
	u32 parts;
	struct vhn_coal_params host;
	struct vhn_coal_params limit;
	bool locked;
};

void vhn_policy_init(struct vhn_policy *p, struct vhn_coal_params host, u32 max_usecs);
int vhn_policy_set(struct vhn_policy *p, const struct vhn_coal_set *set, u32 max_usecs);
void vhn_policy_apply(struct vhn_policy *p, const struct vhn_policy_edit *edit, u32 max_usecs);
void vhn_policy_reset(struct vhn_policy *p, enum vhn_coal_scope scope);
struct vhn_coal_params vhn_policy_effective(const struct vhn_policy *p);
bool vhn_policy_is_same(const struct vhn_policy *a, const struct vhn_policy *b);

#endif /* _VHN_POLICY_H */
