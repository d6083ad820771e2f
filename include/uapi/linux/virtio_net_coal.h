/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Notification coalescing of the virtio network device: the parts that older
 * kernel headers lack. Include after <linux/virtio_net.h>; whatever that header
 * already brings is left alone.
 *
 * Everything here travels between driver and device and is little-endian.
 */
#ifndef _UAPI_LINUX_VIRTIO_NET_COAL_H
#define _UAPI_LINUX_VIRTIO_NET_COAL_H

#include <linux/types.h>
#include <linux/virtio_net.h>

/* Feature bits (spec FB 1.1). Both need VIRTIO_NET_F_CTRL_VQ. */
#ifndef VIRTIO_NET_F_VQ_NOTF_COAL
#define VIRTIO_NET_F_VQ_NOTF_COAL	52	/* per-virtqueue parameters */
#endif
#ifndef VIRTIO_NET_F_NOTF_COAL
#define VIRTIO_NET_F_NOTF_COAL		53	/* direction-wide parameters */
#endif

/* What else older headers lack of them. */
#ifndef VIRTIO_NET_F_DEVICE_STATS
#define VIRTIO_NET_F_DEVICE_STATS	50	/* counters of the device */
#endif
#ifndef VIRTIO_NET_F_GUEST_USO4
#define VIRTIO_NET_F_GUEST_USO4		54	/* UDP segmentation, receive */
#define VIRTIO_NET_F_GUEST_USO6		55
#endif
#ifndef VIRTIO_NET_F_HOST_USO
#define VIRTIO_NET_F_HOST_USO		56	/* UDP segmentation, transmit */
#endif
#ifndef VIRTIO_NET_F_GUEST_HDRLEN
#define VIRTIO_NET_F_GUEST_HDRLEN	59	/* hdr_len is exact */
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4	5	/* gso_type of UDP segmentation */
#endif

/* Counters (spec 2.2, 4). */
#ifndef VIRTIO_NET_CTRL_STATS
#define VIRTIO_NET_CTRL_STATS		8
#define VIRTIO_NET_CTRL_STATS_QUERY	0
#define VIRTIO_NET_CTRL_STATS_GET	1
#endif

/* Control class and commands (spec 2.2). TX_SET is 0 and RX_SET is 1. */
#ifndef VIRTIO_NET_CTRL_NOTF_COAL
#define VIRTIO_NET_CTRL_NOTF_COAL		6
#endif
#ifndef VIRTIO_NET_CTRL_NOTF_COAL_TX_SET
#define VIRTIO_NET_CTRL_NOTF_COAL_TX_SET	0
#endif
#ifndef VIRTIO_NET_CTRL_NOTF_COAL_RX_SET
#define VIRTIO_NET_CTRL_NOTF_COAL_RX_SET	1
#endif
#ifndef VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET
#define VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET	2
#endif
#ifndef VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET
#define VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET	3
#endif

/**
 * struct virtio_net_coal - parameters of one virtqueue or one direction
 * @max_packets: packets after which a notification is due; 0 with either
 *		 field means after every packet (COAL-O5)
 * @max_usecs: microseconds after the first packet at which one is due
 *
 * Packets come before microseconds, unlike in ethtool.
 */
struct virtio_net_coal {
	__le32 max_packets;
	__le32 max_usecs;
};

/**
 * struct virtio_net_coal_vq - data of VQ_SET; its first four bytes, of VQ_GET
 * @vq_index: virtqueue the command is about
 * @reserved: ignored by the device (COAL-D1)
 * @coal: the parameters
 */
struct virtio_net_coal_vq {
	__le16 vq_index;
	__le16 reserved;
	struct virtio_net_coal coal;
};

#endif /* _UAPI_LINUX_VIRTIO_NET_COAL_H */
