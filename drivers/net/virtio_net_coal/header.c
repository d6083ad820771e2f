// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device says about a received packet is checked against what was negotiated
 * before the network stack hears of it; a packet whose header lies is dropped.
 */
#include <linux/bits.h>
#include <linux/skbuff.h>
#include <linux/virtio_net_coal.h>

#include "header.h"

#define F(name)	BIT_ULL(VIRTIO_NET_F_##name)

/* The features of which one must have been accepted for a packet of this kind. */
static u64 gso_needs(u8 gso_type)
{
	switch (gso_type) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return F(GUEST_TSO4);
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return F(GUEST_TSO6);
	case VIRTIO_NET_HDR_GSO_UDP:
		return F(GUEST_UFO);
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return F(GUEST_USO4) | F(GUEST_USO6);
	default:
		return 0;
	}
}

/* HDR-D4: a kind that was negotiated, to be finished by us, in pieces of some size. */
static bool gso_valid(const struct virtio_net_hdr_v1 *hdr, u64 features)
{
	u8 type = hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;

	if (hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE)
		return true;
	if (!(features & gso_needs(type)))
		return false;
	if ((hdr->gso_type & VIRTIO_NET_HDR_GSO_ECN) && !(features & F(GUEST_ECN)))
		return false;
	return (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) && hdr->gso_size;
}

/**
 * vnc_header_receive() - tell the network stack what the device says of a packet
 * @skb: the packet, from its link layer header on
 * @hdr: its header; may change while it is looked at, so a copy
 * @features: negotiated; without GUEST_CSUM the device can say nothing (HDR-D4)
 *
 * HDR-G9: flags that are not known are ignored, checksum fields count only with
 * NEEDS_CSUM, hdr_len never.
 *
 * Context: any.
 *
 * Return: 0, or -EINVAL if the packet has to be dropped.
 */
int vnc_header_receive(struct sk_buff *skb, const struct vnc_header *hdr, u64 features)
{
	struct virtio_net_hdr_v1 base = hdr->base;

	base.flags &= VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID;
	if (likely(!base.flags && base.gso_type == VIRTIO_NET_HDR_GSO_NONE))
		return 0;
	if (!(features & F(GUEST_CSUM)))
		base.flags = 0;
	if (!gso_valid(&base, features))
		return -EINVAL;

	if (base.flags & VIRTIO_NET_HDR_F_DATA_VALID)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	/* The first ten bytes of either structure are the same. */
	return virtio_net_hdr_to_skb(skb, (struct virtio_net_hdr *)&base, true);
}

static const enum pkt_hash_types hash_levels[] = {
	[VIRTIO_NET_HASH_REPORT_NONE]	= PKT_HASH_TYPE_NONE,
	[VIRTIO_NET_HASH_REPORT_IPv4]	= PKT_HASH_TYPE_L3,
	[VIRTIO_NET_HASH_REPORT_TCPv4]	= PKT_HASH_TYPE_L4,
	[VIRTIO_NET_HASH_REPORT_UDPv4]	= PKT_HASH_TYPE_L4,
	[VIRTIO_NET_HASH_REPORT_IPv6]	= PKT_HASH_TYPE_L3,
	[VIRTIO_NET_HASH_REPORT_TCPv6]	= PKT_HASH_TYPE_L4,
	[VIRTIO_NET_HASH_REPORT_UDPv6]	= PKT_HASH_TYPE_L4,
	[VIRTIO_NET_HASH_REPORT_IPv6_EX] = PKT_HASH_TYPE_L3,
	[VIRTIO_NET_HASH_REPORT_TCPv6_EX] = PKT_HASH_TYPE_L4,
	[VIRTIO_NET_HASH_REPORT_UDPv6_EX] = PKT_HASH_TYPE_L4,
};

/**
 * vnc_header_hash() - take over the hash that the device calculated (spec 5.3)
 * @skb: the packet
 * @hdr: its header, of VNC_HEADER_LEN_HASH bytes
 *
 * Context: any.
 */
void vnc_header_hash(struct sk_buff *skb, const struct vnc_header *hdr)
{
	u16 report = le16_to_cpu(hdr->hash_report);

	if (report == VIRTIO_NET_HASH_REPORT_NONE || report >= ARRAY_SIZE(hash_levels))
		return;
	skb_set_hash(skb, le32_to_cpu(hdr->hash_value), hash_levels[report]);
}

/* HDR-G5: exact, which satisfies devices with and without GUEST_HDRLEN. */
static u16 gso_header_len(const struct sk_buff *skb)
{
	if (skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4)
		return skb_transport_offset(skb) + sizeof(struct udphdr);
	return skb_transport_offset(skb) + tcp_hdrlen(skb);
}

/**
 * vnc_header_transmit() - say what the network stack left for the device to do
 * @skb: the packet; its interface's features are those negotiated (HDR-G2, HDR-G3)
 * @hdr: receives the header; num_buffers is 0 (HDR-G1)
 *
 * Context: any.
 *
 * Return: 0, or -EINVAL for a kind of packet that virtio has no word for.
 */
int vnc_header_transmit(const struct sk_buff *skb, struct virtio_net_hdr_v1 *hdr)
{
	int ret;

	hdr->num_buffers = 0;
	if (likely(skb->ip_summed != CHECKSUM_PARTIAL && !skb_is_gso(skb))) {
		memset(hdr, 0, sizeof(*hdr));
		return 0;
	}
	/* Never DATA_VALID (HDR-G6). */
	ret = virtio_net_hdr_from_skb(skb, (struct virtio_net_hdr *)hdr, true, false, 0);
	if (!ret && skb_is_gso(skb))
		hdr->hdr_len = __cpu_to_virtio16(true, gso_header_len(skb));
	return ret;
}
