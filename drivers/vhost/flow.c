// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of a packet is hashed (spec 5.3). Of the types enabled the first that fits is
 * taken: with TCP ports, with UDP ports, without ports; for IPv6 with extension headers
 * first the three EX types, whose addresses may come from those headers. A fragment has
 * no ports: only one of them would.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#else
#include <linux/kernel_shim.h>
#include <string.h>
#endif
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ipv6.h>

#include "flow.h"

/* What a packet turned out to be. */
struct packet {
	const u8 *source;
	const u8 *destination;
	u32 address_len;
	const u8 *ports;	/* NULL: none */
	u8 protocol;
};

static u16 be16_at(const u8 *p)
{
	return p[0] << 8 | p[1];
}

static void fill(struct vhn_flow *flow, int type, const struct packet *p, bool ports)
{
	memcpy(flow->input, p->source, p->address_len);
	memcpy(flow->input + p->address_len, p->destination, p->address_len);
	flow->len = 2 * p->address_len;
	if (ports) {
		memcpy(flow->input + flow->len, p->ports, VHN_PORTS_LEN);
		flow->len += VHN_PORTS_LEN;
	}
	flow->report = type + 1;
}

/* @base: the type without ports; those with TCP and with UDP ports follow it. */
static bool hash_as(struct vhn_flow *flow, u32 types, int base, const struct packet *p)
{
	int type = base;

	if (p->ports && p->protocol == IPPROTO_TCP && (types >> (base + 1) & 1))
		type = base + 1;
	else if (p->ports && p->protocol == IPPROTO_UDP && (types >> (base + 2) & 1))
		type = base + 2;
	else if (!(types >> base & 1))
		return false;
	fill(flow, type, p, type != base);
	return true;
}

static void set_ports(struct packet *p, const u8 *at, u32 len)
{
	if ((p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP) && len >= VHN_PORTS_LEN)
		p->ports = at;
}

static void parse_ipv4(const u8 *ip, u32 len, u32 types, struct vhn_flow *flow)
{
	struct packet p = { .address_len = VHN_IPV4_ADDR_LEN };
	u32 header;

	if (len < VHN_IPV4_LEN || ip[0] >> 4 != 4)
		return;
	header = (ip[0] & 0xf) * 4;
	if (header < VHN_IPV4_LEN)
		return;
	p.source = ip + 12;
	p.destination = ip + 16;
	p.protocol = ip[9];
	/* More fragments, or not the first. */
	if (!(be16_at(ip + 6) & 0x3fff) && header <= len)
		set_ports(&p, ip + header, len - header);
	hash_as(flow, types, VHN_FLOW_IPV4, &p);
}

/* Mobile IPv6 (RFC 6275): where the sender is at home. */
static const u8 *home_address(const u8 *options, u32 len)
{
	u32 at = 0;
	u32 i;

	for (i = 0; i < VHN_FLOW_OPTIONS_MAX && at + 2 <= len; i++) {
		if (options[at] == IPV6_TLV_PAD1) {
			at++;
			continue;
		}
		if (at + 2 + options[at + 1] > len)
			return NULL;
		if (options[at] == IPV6_TLV_HAO && options[at + 1] == VHN_IPV6_ADDR_LEN)
			return options + at + 2;
		at += 2 + options[at + 1];
	}
	return NULL;
}

/* The addresses that an extension header brings, if it does. */
static void take_addresses(struct packet *ex, u8 type, const u8 *header, u32 len)
{
	const u8 *home;

	if (type == IPPROTO_ROUTING && header[2] == IPV6_SRCRT_TYPE_2 &&
	    len >= 8 + VHN_IPV6_ADDR_LEN)
		ex->destination = header + 8;
	if (type != IPPROTO_DSTOPTS)
		return;
	home = home_address(header + 2, len - 2);
	if (home)
		ex->source = home;
}

/* More fragments, or not the first. */
static bool is_fragment(const u8 *header)
{
	return be16_at(header + 2) & 0xfff9;
}

/*
 * Returns whether there were extension headers. A fragment ends them: what is behind is
 * not in each fragment of the packet, and in all but the first it is data.
 */
static bool walk_extensions(struct packet *p, struct packet *ex, const u8 *at, u32 len)
{
	u8 next = p->protocol;
	u32 i, size;

	for (i = 0; i < VHN_FLOW_EXTENSIONS_MAX; i++) {
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING &&
		    next != IPPROTO_FRAGMENT && next != IPPROTO_DSTOPTS)
			break;
		if (len < 8)
			return true;
		size = next == IPPROTO_FRAGMENT ? 8 : 8 + at[1] * 8;
		if (size > len)
			return true;
		if (next != IPPROTO_FRAGMENT) {
			take_addresses(ex, next, at, size);
		} else if (is_fragment(at)) {
			p->protocol = at[0];
			return true;
		}
		next = at[0];
		at += size;
		len -= size;
	}
	p->protocol = next;
	set_ports(p, at, len);
	return i != 0;
}

static void parse_ipv6(const u8 *ip, u32 len, u32 types, struct vhn_flow *flow)
{
	struct packet p = { .address_len = VHN_IPV6_ADDR_LEN };
	struct packet ex;
	bool extended;

	if (len < VHN_IPV6_LEN || ip[0] >> 4 != 6)
		return;
	p.source = ip + 8;
	p.destination = ip + 24;
	p.protocol = ip[6];
	ex = p;
	extended = walk_extensions(&p, &ex, ip + VHN_IPV6_LEN, len - VHN_IPV6_LEN);
	ex.protocol = p.protocol;
	ex.ports = p.ports;
	if (!extended || !hash_as(flow, types, VHN_FLOW_IP_EX, &ex))
		hash_as(flow, types, VHN_FLOW_IPV6, &p);
}

/**
 * vhn_flow_parse() - what of a packet is hashed
 * @frame: the packet's beginning, an Ethernet header first
 * @len: bytes of it that are there, up to VHN_FLOW_LOOK
 * @types: VIRTIO_NET_HASH_TYPE_* that are enabled
 * @flow: filled in
 */
void vhn_flow_parse(const u8 *frame, u32 len, u32 types, struct vhn_flow *flow)
{
	u32 at = VHN_ETHERTYPE_OFFSET;
	u16 type;
	int tags;

	*flow = (struct vhn_flow){};
	if (len < ETH_HLEN)
		return;
	type = be16_at(frame + at);
	for (tags = 0; tags < VHN_FLOW_TAGS_MAX; tags++) {
		if (type != ETH_P_8021Q && type != ETH_P_8021AD)
			break;
		at += VHN_TAG_LEN;
		if (len < at + 2)
			return;
		type = be16_at(frame + at);
	}
	at += 2;
	if (type == ETH_P_IP)
		parse_ipv4(frame + at, len - at, types, flow);
	else if (type == ETH_P_IPV6)
		parse_ipv6(frame + at, len - at, types, flow);
}
