/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The header before every packet (spec 5.1), both ways. It says what the driver left
 * for the device to do, or the device for the driver.
 */
#ifndef _VNC_HEADER_H
#define _VNC_HEADER_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/virtio_net.h>

struct sk_buff;

/* As long as the longest that is negotiated; the hash is there with HASH_REPORT. */
struct vnc_header {
	struct virtio_net_hdr_v1 base;
	__le32 hash_value;
	__le16 hash_report;
	__le16 padding;
};

static_assert(sizeof(struct virtio_net_hdr_v1) == 12);
static_assert(sizeof(struct vnc_header) == 20);
static_assert(offsetof(struct vnc_header, hash_value) == 12);
static_assert(offsetof(struct vnc_header, hash_report) == 16);

#define VNC_HEADER_LEN		12
#define VNC_HEADER_LEN_HASH	20

int vnc_header_receive(struct sk_buff *skb, const struct vnc_header *hdr, u64 features);
void vnc_header_hash(struct sk_buff *skb, const struct vnc_header *hdr);
int vnc_header_transmit(const struct sk_buff *skb, struct virtio_net_hdr_v1 *hdr);

#endif /* _VNC_HEADER_H */
