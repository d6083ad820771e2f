/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which packets the guest receives: rx modes, MAC tables, VLAN table. Pure, like coal.h.
 */
#ifndef _VHN_FILTER_H
#define _VHN_FILTER_H

#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif
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

/**
 * vhn_filter_same() - are two addresses the same?
 * @a: six bytes
 * @b: six bytes
 *
 * Without a call of memcmp(), for each packet.
 */
static inline bool vhn_filter_same(const u8 *a, const u8 *b)
{
	u32 a_first, b_first;
	u16 a_last, b_last;

	memcpy(&a_first, a, sizeof(a_first));
	memcpy(&b_first, b, sizeof(b_first));
	memcpy(&a_last, a + sizeof(a_first), sizeof(a_last));
	memcpy(&b_last, b + sizeof(b_first), sizeof(b_last));
	return a_first == b_first && a_last == b_last;
}

int vhn_filter_check_vring(u32 index);
int vhn_filter_check(const struct vhn_filter *f);
enum vhn_filter_verdict vhn_filter_judge_any(const struct vhn_filter *f, const u8 *destination,
					     u16 vlan);

/**
 * vhn_filter_judge() - does the guest receive a packet?
 * @f: the filter, checked
 * @destination: address that the packet goes to
 * @vlan: number of its VLAN, up to 4095; VHN_NO_VLAN without a tag
 *
 * What nearly every packet is, one without a tag to the guest's own address, is decided
 * here; vhn_filter_judge_any() has all of the rules.
 *
 * Return: VHN_FILTER_PASS, or why not.
 */
static inline enum vhn_filter_verdict vhn_filter_judge(const struct vhn_filter *f,
						       const u8 *destination, u16 vlan)
{
	if (vlan == VHN_NO_VLAN && !(destination[0] & 1) && !(f->modes & VHN_FILTER_NOUNI) &&
	    vhn_filter_same(f->mac, destination))
		return VHN_FILTER_PASS;
	return vhn_filter_judge_any(f, destination, vlan);
}

#endif /* _VHN_FILTER_H */
