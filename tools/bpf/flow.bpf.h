/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of a packet is hashed (spec 5.3): the rules of the host module's flow.c, for the
 * verifier. Everything is read by its offset, so that nothing has to be proved of
 * pointers. What bpf_loop() calls and functions that are not static are proved once, and
 * not again on every way that leads to them.
 */
#ifndef _FLOW_BPF_H
#define _FLOW_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ipv6.h>
#include <linux/types.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <stdbool.h>

#include "flow_format.h"

/**
 * struct flow - input of the hash
 * @report: VIRTIO_NET_HASH_REPORT_*
 * @protocol: above IP
 * @len: bytes in @input; 0: nothing is hashed
 * @input: source, destination and ports in network order, zeros
 */
struct flow {
	__u32 report;
	__u32 protocol;
	__u32 len;
	__u8 input[VHN_FLOW_INPUT_MAX];
};

/* A packet, and what it turned out to be. */
struct packet {
	struct __sk_buff *skb;
	__u32 ports;		/* their offset; 0: none */
	__u32 protocol;
};

/* Where the packet, or what is looked at of it, ends. */
static __always_inline __u32 end_of(const struct __sk_buff *skb)
{
	return skb->len < VHN_FLOW_LOOK ? skb->len : VHN_FLOW_LOOK;
}

static __always_inline bool load(struct __sk_buff *skb, __u32 at, void *to, __u32 len)
{
	return at + len <= end_of(skb) && !bpf_skb_load_bytes(skb, at, to, len);
}

/* Returns the type that fits, or -1. */
static __always_inline int type_of(const struct packet *p, __u32 types, int base)
{
	if (p->ports && p->protocol == IPPROTO_TCP && (types >> (base + 1) & 1))
		return base + 1;
	if (p->ports && p->protocol == IPPROTO_UDP && (types >> (base + 2) & 1))
		return base + 2;
	return types >> base & 1 ? base : -1;
}

static __always_inline void set_ports(struct packet *p, __u32 at)
{
	if ((p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP) &&
	    at + VHN_PORTS_LEN <= end_of(p->skb))
		p->ports = at;
}

static __always_inline void parse_ipv4(struct packet *p, __u32 ip, __u32 types,
				       struct flow *flow)
{
	__u8 header[VHN_IPV4_LEN];
	__u32 header_len;
	int type;

	if (!load(p->skb, ip, header, sizeof(header)) || header[0] >> 4 != 4)
		return;
	header_len = (header[0] & 0xf) * 4;
	if (header_len < VHN_IPV4_LEN)
		return;
	p->protocol = header[9];
	/* More fragments, or not the first: no ports. */
	if (!(header[6] & 0x3f) && !header[7])
		set_ports(p, ip + header_len);
	type = type_of(p, types, VHN_FLOW_IPV4);
	if (type < 0)
		return;
	__builtin_memcpy(flow->input, header + 12, 2 * VHN_IPV4_ADDR_LEN);
	flow->len = 2 * VHN_IPV4_ADDR_LEN;
	if (type != VHN_FLOW_IPV4 &&
	    load(p->skb, p->ports, flow->input + 2 * VHN_IPV4_ADDR_LEN, VHN_PORTS_LEN))
		flow->len = 2 * VHN_IPV4_ADDR_LEN + VHN_PORTS_LEN;
	flow->protocol = p->protocol;
	flow->report = type + 1;
}

/* Options of an extension header: from @at to @end, then @home. */
struct options {
	struct __sk_buff *skb;
	__u32 at;
	__u32 end;
	__u32 home;
};

static int see_option(__u32 index, void *context)
{
	struct options *o = context;
	__u32 at = o->at;
	__u8 option[2];

	if (at + 2 > o->end || !load(o->skb, at, option, sizeof(option)))
		return 1;
	if (option[0] == IPV6_TLV_PAD1) {
		o->at = at + 1;
		return 0;
	}
	if (at + 2 + option[1] > o->end)
		return 1;
	if (option[0] == IPV6_TLV_HAO && option[1] == VHN_IPV6_ADDR_LEN) {
		o->home = at + 2;
		return 1;
	}
	o->at = at + 2 + option[1];
	return 0;
}

/* Extension headers of a packet: the next of them is @next, at @at. */
struct walk {
	struct __sk_buff *skb;
	__u32 at;
	__u32 next;
	__u32 source;
	__u32 destination;
	bool extended;
	bool fragment;
	bool cut_off;
};

/* Mobile IPv6 (RFC 6275): the addresses that an extension header brings, if it does. */
static __always_inline void take_addresses(struct walk *w, __u32 type, const __u8 *header,
					   __u32 size)
{
	struct options o = { .skb = w->skb, .at = w->at + 2, .end = w->at + size };

	if (type == IPPROTO_ROUTING && header[2] == IPV6_SRCRT_TYPE_2 &&
	    size >= 8 + VHN_IPV6_ADDR_LEN)
		w->destination = w->at + 8;
	if (type != IPPROTO_DSTOPTS)
		return;
	bpf_loop(VHN_FLOW_OPTIONS_MAX, see_option, &o, 0);
	if (o.home)
		w->source = o.home;
}

static int see_extension(__u32 index, void *context)
{
	struct walk *w = context;
	__u32 next = w->next;
	__u8 header[8];
	__u32 size;

	if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_FRAGMENT &&
	    next != IPPROTO_DSTOPTS)
		return 1;
	w->extended = true;
	w->cut_off = true;
	if (!load(w->skb, w->at, header, sizeof(header)))
		return 1;
	size = next == IPPROTO_FRAGMENT ? 8 : 8 + header[1] * 8;
	if (w->at + size > end_of(w->skb))
		return 1;
	w->cut_off = false;
	w->next = header[0];
	if (next != IPPROTO_FRAGMENT) {
		take_addresses(w, next, header, size);
	} else if (header[2] || (header[3] & 0xf9)) {
		/* What is behind is not in each fragment of the packet. */
		w->fragment = true;
		return 1;
	}
	w->at += size;
	return 0;
}

static __always_inline void parse_ipv6(struct packet *p, __u32 ip, __u32 types,
				       struct flow *flow)
{
	struct walk w = { .skb = p->skb, .at = ip + VHN_IPV6_LEN };
	int base = VHN_FLOW_IP_EX;
	__u8 header[8];
	int type = -1;

	if (w.at > end_of(p->skb) || !load(p->skb, ip, header, sizeof(header)) ||
	    header[0] >> 4 != 6)
		return;
	w.next = header[6];
	w.source = ip + 8;
	w.destination = ip + 24;
	bpf_loop(VHN_FLOW_EXTENSIONS_MAX, see_extension, &w, 0);
	p->protocol = w.next;
	if (!w.cut_off && !w.fragment)
		set_ports(p, w.at);
	if (w.extended)
		type = type_of(p, types, VHN_FLOW_IP_EX);
	if (type < 0) {
		base = VHN_FLOW_IPV6;
		type = type_of(p, types, VHN_FLOW_IPV6);
		w.source = ip + 8;
		w.destination = ip + 24;
	}
	if (type < 0)
		return;
	if (!load(p->skb, w.source, flow->input, VHN_IPV6_ADDR_LEN) ||
	    !load(p->skb, w.destination, flow->input + VHN_IPV6_ADDR_LEN, VHN_IPV6_ADDR_LEN))
		return;
	flow->len = 2 * VHN_IPV6_ADDR_LEN;
	if (type != base && load(p->skb, p->ports, flow->input + 2 * VHN_IPV6_ADDR_LEN,
				 VHN_PORTS_LEN))
		flow->len = VHN_FLOW_INPUT_MAX;
	flow->protocol = p->protocol;
	flow->report = type + 1;
}

/* What of a packet is hashed, of the types in @types; @flow is zero. Returns 0. */
__noinline int parse_flow(struct __sk_buff *skb, __u32 types, struct flow *flow)
{
	struct packet p = { .skb = skb };
	__u32 at = VHN_ETHERTYPE_OFFSET;
	__be16 type;
	int tags;

	if (!flow || !load(skb, at, &type, sizeof(type)))
		return 0;
	for (tags = 0; tags < VHN_FLOW_TAGS_MAX; tags++) {
		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		at += VHN_TAG_LEN;
		if (!load(skb, at, &type, sizeof(type)))
			return 0;
	}
	at += sizeof(type);
	if (type == bpf_htons(ETH_P_IP))
		parse_ipv4(&p, at, types, flow);
	else if (type == bpf_htons(ETH_P_IPV6))
		parse_ipv6(&p, at, types, flow);
	return 0;
}

#endif /* _FLOW_BPF_H */
