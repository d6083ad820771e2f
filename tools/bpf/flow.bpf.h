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
#include <linux/types.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <stdbool.h>

/* Bytes from the beginning of a packet that are looked at, at most. */
#define FLOW_LOOK	256

#define TYPE_OFFSET	12
#define TAG_LEN		4
#define TAGS_MAX	2

#define ETHERTYPE_IPV4	0x0800
#define ETHERTYPE_IPV6	0x86dd
#define ETHERTYPE_VLAN	0x8100
#define ETHERTYPE_QINQ	0x88a8

#define IPV4_LEN	20
#define IPV4_ADDRESSES	8
#define IPV6_LEN	40
#define IPV6_ADDR_LEN	16
#define EXTENSIONS_MAX	8
#define OPTIONS_MAX	16

/* Numbers of protocols and extension headers. */
enum {
	HOP_BY_HOP	= 0,
	TCP		= 6,
	UDP		= 17,
	ROUTING		= 43,
	FRAGMENT	= 44,
	DESTINATION	= 60,
};

#define ROUTING_TYPE_2	2
#define OPTION_PAD1	0
#define OPTION_HOME	201

/* Bits of hash types; those with TCP and with UDP ports follow the one without ports. */
enum {
	TYPE_IPV4	= 0,
	TYPE_IPV6	= 3,
	TYPE_IP_EX	= 6,
};

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
	__u8 input[2 * IPV6_ADDR_LEN + 4];
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
	return skb->len < FLOW_LOOK ? skb->len : FLOW_LOOK;
}

static __always_inline bool load(struct __sk_buff *skb, __u32 at, void *to, __u32 len)
{
	return at + len <= end_of(skb) && !bpf_skb_load_bytes(skb, at, to, len);
}

/* Returns the type that fits, or -1. */
static __always_inline int type_of(const struct packet *p, __u32 types, int base)
{
	if (p->ports && p->protocol == TCP && (types >> (base + 1) & 1))
		return base + 1;
	if (p->ports && p->protocol == UDP && (types >> (base + 2) & 1))
		return base + 2;
	return types >> base & 1 ? base : -1;
}

static __always_inline void set_ports(struct packet *p, __u32 at)
{
	if ((p->protocol == TCP || p->protocol == UDP) && at + 4 <= end_of(p->skb))
		p->ports = at;
}

static __always_inline void parse_ipv4(struct packet *p, __u32 ip, __u32 types,
				       struct flow *flow)
{
	__u8 header[IPV4_LEN];
	__u32 header_len;
	int type;

	if (!load(p->skb, ip, header, sizeof(header)) || header[0] >> 4 != 4)
		return;
	header_len = (header[0] & 0xf) * 4;
	if (header_len < IPV4_LEN)
		return;
	p->protocol = header[9];
	/* More fragments, or not the first: no ports. */
	if (!(header[6] & 0x3f) && !header[7])
		set_ports(p, ip + header_len);
	type = type_of(p, types, TYPE_IPV4);
	if (type < 0)
		return;
	__builtin_memcpy(flow->input, header + 12, IPV4_ADDRESSES);
	flow->len = IPV4_ADDRESSES;
	if (type != TYPE_IPV4 && load(p->skb, p->ports, flow->input + IPV4_ADDRESSES, 4))
		flow->len = IPV4_ADDRESSES + 4;
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
	if (option[0] == OPTION_PAD1) {
		o->at = at + 1;
		return 0;
	}
	if (at + 2 + option[1] > o->end)
		return 1;
	if (option[0] == OPTION_HOME && option[1] == IPV6_ADDR_LEN) {
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
static __always_inline void take_addresses(struct walk *w, const __u8 *header, __u32 size)
{
	struct options o = { .skb = w->skb, .at = w->at + 2, .end = w->at + size };

	if (w->next == ROUTING && header[2] == ROUTING_TYPE_2 && size >= 8 + IPV6_ADDR_LEN)
		w->destination = w->at + 8;
	if (w->next != DESTINATION)
		return;
	bpf_loop(OPTIONS_MAX, see_option, &o, 0);
	if (o.home)
		w->source = o.home;
}

static int see_extension(__u32 index, void *context)
{
	struct walk *w = context;
	__u32 next = w->next;
	__u8 header[8];
	__u32 size;

	if (next != HOP_BY_HOP && next != ROUTING && next != FRAGMENT && next != DESTINATION)
		return 1;
	w->extended = true;
	w->cut_off = true;
	if (!load(w->skb, w->at, header, sizeof(header)))
		return 1;
	size = next == FRAGMENT ? 8 : 8 + header[1] * 8;
	if (w->at + size > end_of(w->skb))
		return 1;
	w->cut_off = false;
	if (next == FRAGMENT)
		w->fragment = header[2] || (header[3] & 0xf9);
	else
		take_addresses(w, header, size);
	w->next = header[0];
	w->at += size;
	return 0;
}

static __always_inline void parse_ipv6(struct packet *p, __u32 ip, __u32 types,
				       struct flow *flow)
{
	struct walk w = { .skb = p->skb, .at = ip + IPV6_LEN };
	int base = TYPE_IP_EX;
	__u8 header[8];
	int type = -1;

	if (w.at > end_of(p->skb) || !load(p->skb, ip, header, sizeof(header)) ||
	    header[0] >> 4 != 6)
		return;
	w.next = header[6];
	w.source = ip + 8;
	w.destination = ip + 24;
	bpf_loop(EXTENSIONS_MAX, see_extension, &w, 0);
	p->protocol = w.next;
	if (!w.cut_off && !w.fragment)
		set_ports(p, w.at);
	if (w.extended)
		type = type_of(p, types, TYPE_IP_EX);
	if (type < 0) {
		base = TYPE_IPV6;
		type = type_of(p, types, TYPE_IPV6);
		w.source = ip + 8;
		w.destination = ip + 24;
	}
	if (type < 0)
		return;
	if (!load(p->skb, w.source, flow->input, IPV6_ADDR_LEN) ||
	    !load(p->skb, w.destination, flow->input + IPV6_ADDR_LEN, IPV6_ADDR_LEN))
		return;
	flow->len = 2 * IPV6_ADDR_LEN;
	if (type != base && load(p->skb, p->ports, flow->input + 2 * IPV6_ADDR_LEN, 4))
		flow->len = 2 * IPV6_ADDR_LEN + 4;
	flow->protocol = p->protocol;
	flow->report = type + 1;
}

/* What of a packet is hashed, of the types in @types; @flow is zero. Returns 0. */
__noinline int parse_flow(struct __sk_buff *skb, __u32 types, struct flow *flow)
{
	struct packet p = { .skb = skb };
	__u32 at = TYPE_OFFSET;
	__be16 type;
	int tags;

	if (!flow || !load(skb, at, &type, sizeof(type)))
		return 0;
	for (tags = 0; tags < TAGS_MAX; tags++) {
		if (type != bpf_htons(ETHERTYPE_VLAN) && type != bpf_htons(ETHERTYPE_QINQ))
			break;
		at += TAG_LEN;
		if (!load(skb, at, &type, sizeof(type)))
			return 0;
	}
	at += sizeof(type);
	if (type == bpf_htons(ETHERTYPE_IPV4))
		parse_ipv4(&p, at, types, flow);
	else if (type == bpf_htons(ETHERTYPE_IPV6))
		parse_ipv6(&p, at, types, flow);
	return 0;
}

#endif /* _FLOW_BPF_H */
