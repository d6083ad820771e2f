/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which packets the guest receives: rx modes, MAC tables, VLAN table. Pure, like coal.h.
 */
#ifndef _VHN_FILTER_H
#define _VHN_FILTER_H

#include <linux/types.h>
#include <linux/vhost_net_coal.h>

/* Of a packet without VLAN tag. */
#define VHN_NO_VLAN	0

/* What becomes of a packet, and why. */
enum vhn_filter_verdict {
	VHN_FILTER_PASS,
	VHN_FILTER_DROP_UNICAST,
	VHN_FILTER_DROP_MULTICAST,
	VHN_FILTER_DROP_BROADCAST,
	VHN_FILTER_DROP_VLAN,
	VHN_FILTER_DROP_OVERSIZE,
	VHN_FILTER_VERDICTS,
};

/**
 * vhn_filter_fits() - is a packet short enough? (CFG-D1)
 * @f: the filter
 * @payload: bytes behind Ethernet header and VLAN tag; 0 for a packet to be segmented
 */
static inline bool vhn_filter_fits(const struct vhn_filter *f, u32 payload)
{
	return !f->mtu || payload <= f->mtu;
}

int vhn_filter_check(const struct vhn_filter *f);
enum vhn_filter_verdict vhn_filter_judge(const struct vhn_filter *f, const u8 *destination,
					 u16 vlan);

#endif /* _VHN_FILTER_H */
