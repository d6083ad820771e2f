/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of a packet is looked at to hash it (spec 5.3): what flow.c and its likeness for
 * BPF, tools/bpf/flow.bpf.h, must agree on.
 */
#ifndef _VHN_FLOW_FORMAT_H
#define _VHN_FLOW_FORMAT_H

/* Bytes from the beginning of a packet that are looked at, at most. */
#define VHN_FLOW_LOOK		256
#define VHN_FLOW_TAGS_MAX	2
/* More extension headers than anybody sends. */
#define VHN_FLOW_EXTENSIONS_MAX	8
/* More options in one of them. */
#define VHN_FLOW_OPTIONS_MAX	16

/* Where the first EtherType is, and how far behind it a tag puts the next. */
#define VHN_ETHERTYPE_OFFSET	12
#define VHN_TAG_LEN		4

#define VHN_IPV4_LEN		20
#define VHN_IPV4_ADDR_LEN	4
#define VHN_IPV6_LEN		40
#define VHN_IPV6_ADDR_LEN	16
/* Both of TCP or UDP. */
#define VHN_PORTS_LEN		4

/* IPv6 addresses and ports: the longest input of the hash. */
#define VHN_FLOW_INPUT_MAX	(2 * VHN_IPV6_ADDR_LEN + VHN_PORTS_LEN)

/*
 * Bits of hash types without ports; those with TCP and with UDP ports follow each. A
 * report is the bit's number and one.
 */
#define VHN_FLOW_IPV4		0
#define VHN_FLOW_IPV6		3
#define VHN_FLOW_IP_EX		6

#endif /* _VHN_FLOW_FORMAT_H */
