// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive filtering (spec 5.2). The first line that applies decides:
 *
 *	everything		PROMISC				pass	CTRL-D2
 *	tagged			VLAN, not in the table		drop	CTRL-D7
 *	broadcast		NOBCAST				drop	CTRL-D4
 *	broadcast						pass
 *	multicast		NOMULTI				drop	CTRL-D4
 *	multicast		ALLMULTI, or in the table	pass	CTRL-D6
 *	unicast			NOUNI				drop	CTRL-D4
 *	unicast			ALLUNI, own, or in the table	pass	CTRL-D6
 *	the rest						drop	CTRL-D6
 *
 * A tag of VLAN 0 gives a packet a priority, and makes it a member of no VLAN.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#else
#include <linux/kernel_shim.h>
#endif

#include "filter.h"

#define MAC_LEN		6
#define VLAN_MAX	4095

/**
 * vhn_filter_check_vring() - has this vring a filter?
 * @index: of the vring, from user space
 *
 * Return: 0, -ENOBUFS for an unknown vring, -EINVAL for the one that does not receive.
 */
int vhn_filter_check_vring(u32 index)
{
	if (index >= VHN_NR_VRINGS)
		return -ENOBUFS;
	return index == VHN_VRING_RX ? 0 : -EINVAL;
}

/**
 * vhn_filter_check() - can this be a filter?
 * @f: the filter, from user space
 *
 * Return: 0, -ENOBUFS for an unknown vring, or -EINVAL: the other vring than the one that
 * receives, an unknown mode, more addresses than there is room for.
 */
int vhn_filter_check(const struct vhn_filter *f)
{
	int err = vhn_filter_check_vring(f->index);

	if (err)
		return err;
	if (f->modes & ~VHN_FILTER_MODES)
		return -EINVAL;
	if (f->nr_unicast > VHN_FILTER_MACS || f->nr_multicast > VHN_FILTER_MACS - f->nr_unicast)
		return -EINVAL;
	return 0;
}

static bool listed(const u8 (*macs)[MAC_LEN], u32 n, const u8 *mac)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (vhn_filter_same(macs[i], mac))
			return true;
	return false;
}

static bool is_broadcast(const u8 *mac)
{
	return (mac[0] & mac[1] & mac[2] & mac[3] & mac[4] & mac[5]) == 0xff;
}

static bool takes_multicast(const struct vhn_filter *f, const u8 *mac)
{
	if (f->modes & VHN_FILTER_NOMULTI)
		return false;
	return (f->modes & VHN_FILTER_ALLMULTI) ||
	       listed(f->macs + f->nr_unicast, f->nr_multicast, mac);
}

static bool takes_unicast(const struct vhn_filter *f, const u8 *mac)
{
	if (f->modes & VHN_FILTER_NOUNI)
		return false;
	return (f->modes & VHN_FILTER_ALLUNI) || vhn_filter_same(f->mac, mac) ||
	       listed(f->macs, f->nr_unicast, mac);
}

/**
 * vhn_filter_judge_any() - does the guest receive a packet?
 * @f: the filter, checked
 * @destination: address that the packet goes to
 * @vlan: number of its VLAN, up to 4095; VHN_NO_VLAN without a tag
 *
 * Return: VHN_FILTER_PASS, or why not.
 */
enum vhn_filter_verdict vhn_filter_judge_any(const struct vhn_filter *f, const u8 *destination,
					     u16 vlan)
{
	vlan &= VLAN_MAX;
	if (f->modes & VHN_FILTER_PROMISC)
		return VHN_FILTER_PASS;
	if (vlan != VHN_NO_VLAN && (f->modes & VHN_FILTER_VLAN) &&
	    !(f->vlans[vlan / 64] >> (vlan % 64) & 1))
		return VHN_FILTER_DROP_VLAN;
	if (!(destination[0] & 1))
		return takes_unicast(f, destination) ? VHN_FILTER_PASS : VHN_FILTER_DROP_UNICAST;
	if (is_broadcast(destination))
		return f->modes & VHN_FILTER_NOBCAST ? VHN_FILTER_DROP_BROADCAST :
						       VHN_FILTER_PASS;
	return takes_multicast(f, destination) ? VHN_FILTER_PASS : VHN_FILTER_DROP_MULTICAST;
}
