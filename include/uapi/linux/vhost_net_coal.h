/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What /dev/vhost-net-coal adds to the vhost ABI of <linux/vhost.h>: the
 * notification coalescing parameters of a vring, its counters, and what of the
 * packets' contents decides how they are received.
 *
 * The additions are there once user space has acknowledged backend feature bit
 * VHN_BACKEND_F_COAL with VHOST_SET_BACKEND_FEATURES; until then each answers
 * -EOPNOTSUPP. Structures may grow at their end: a caller passes the size it
 * knows in the ioctl number. Reserved fields must be zero.
 *
 * These ioctls never wait for the worker or for guest memory; SET and RESET
 * answer although a queue is blocked, and take effect without its help.
 */
#ifndef _UAPI_LINUX_VHOST_NET_COAL_H
#define _UAPI_LINUX_VHOST_NET_COAL_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Bit number in VHOST_GET/SET_BACKEND_FEATURES. */
#define VHN_BACKEND_F_COAL	62

#define VHN_IOC_TYPE		0xD6

/* The two vrings of a file. */
#define VHN_VRING_RX		0	/* guest receives */
#define VHN_VRING_TX		1	/* guest transmits */
#define VHN_NR_VRINGS		2

/**
 * struct vhn_coal_params - when to notify
 * @max_packets: after this many packets; 0 in either field: every batch
 * @max_usecs: this many microseconds after the first of them
 */
struct vhn_coal_params {
	__u32 max_packets;
	__u32 max_usecs;
};

/*
 * What VHN_SET_COAL writes. QUEUE is the guest's VQ_SET, DIRECTION its TX_SET or
 * RX_SET; both are in force while the guest has acknowledged VIRTIO_NET_F_NOTF_COAL
 * or VIRTIO_NET_F_VQ_NOTF_COAL. HOST is in force while it has acknowledged neither.
 * LIMIT bounds whatever is in force; a field of 0 there means the built-in limit.
 */
enum vhn_coal_target {
	VHN_COAL_QUEUE		= 0,
	VHN_COAL_DIRECTION	= 1,
	VHN_COAL_HOST		= 2,
	VHN_COAL_LIMIT		= 3,
};

/* Flag of LIMIT: the guest may not change its parameters. */
#define VHN_COAL_F_LOCKED	(1U << 0)
/* Flag of VHN_GET_COAL: the guest's values are in force, not the host's. */
#define VHN_COAL_F_GUEST	(1U << 1)

/**
 * struct vhn_coal_set - argument of VHN_SET_COAL
 * @index: vring, VHN_VRING_*
 * @target: enum vhn_coal_target
 * @params: the values
 * @flags: VHN_COAL_F_LOCKED with LIMIT, else 0
 * @reserved: 0
 *
 * -EPERM: QUEUE or DIRECTION while locked; -ERANGE: above the limit. Nothing
 * changes then, and the refusal is counted.
 */
struct vhn_coal_set {
	__u32 index;
	__u32 target;
	struct vhn_coal_params params;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct vhn_coal_state - argument of VHN_GET_COAL
 * @index: vring (in)
 * @flags: VHN_COAL_F_* (out, like all that follows)
 * @effective: in force now: requested or host values, bounded by @limit
 * @requested: what the guest asked for this queue last
 * @direction: what queue reset returns to (COAL-D5, COAL-D6)
 * @host: default of the host
 * @limit: bounds in force
 * @pending: packets published and not yet notified
 * @reserved: 0
 */
struct vhn_coal_state {
	__u32 index;
	__u32 flags;
	struct vhn_coal_params effective;
	struct vhn_coal_params requested;
	struct vhn_coal_params direction;
	struct vhn_coal_params host;
	struct vhn_coal_params limit;
	__u32 pending;
	__u32 reserved;
};

/*
 * Scope of VHN_RESET_COAL. QUEUE: the virtqueue was reset, requested values
 * become those of its direction. DEVICE: the device was reset, requested and
 * direction values become 0 and the counters start anew.
 */
enum vhn_coal_scope {
	VHN_RESET_QUEUE		= 0,
	VHN_RESET_DEVICE	= 1,
};

/**
 * struct vhn_coal_reset - argument of VHN_RESET_COAL
 * @index: vring
 * @scope: enum vhn_coal_scope
 */
struct vhn_coal_reset {
	__u32 index;
	__u32 scope;
};

/**
 * struct vhn_vring_stats - argument of VHN_GET_STATS
 * @index: vring (in)
 * @reserved: 0
 * @packets: rx: delivered to the guest; tx: handed to the back end
 * @bytes: their bytes, without the virtio header
 * @kicks: available buffer notifications received
 * @spurious_kicks: of these, how many found nothing new available
 * @notify_count: notifications because max_packets was reached
 * @notify_timer: because max_usecs had passed
 * @notify_immediate: because the queue does not coalesce
 * @notify_flush: so that neither side waits for the other (stop, full ring)
 * @suppressed: due, and not wanted by the driver
 * @drop_malformed: descriptors or header that cannot be a packet
 * @drop_truncated: rx: longer than the buffers the driver offered
 * @drop_backend: refused by the back end
 * @refused: parameters refused because of limit or lock
 * @drop_unicast: rx: filtered, to another address
 * @drop_multicast: rx: filtered, to a group the guest is not in
 * @drop_broadcast: rx: filtered, to everybody
 * @drop_vlan: rx: filtered, of a VLAN the guest is not in
 * @drop_oversize: rx: longer than the MTU of the filter
 * @stalls: times that something was left lying and had to be set going again
 *
 * The notifications sent are the sum of the four reasons. Counters start at 0
 * when the file is opened and at VHN_RESET_DEVICE.
 */
struct vhn_vring_stats {
	__u32 index;
	__u32 reserved;
	__aligned_u64 packets;
	__aligned_u64 bytes;
	__aligned_u64 kicks;
	__aligned_u64 spurious_kicks;
	__aligned_u64 notify_count;
	__aligned_u64 notify_timer;
	__aligned_u64 notify_immediate;
	__aligned_u64 notify_flush;
	__aligned_u64 suppressed;
	__aligned_u64 drop_malformed;
	__aligned_u64 drop_truncated;
	__aligned_u64 drop_backend;
	__aligned_u64 refused;
	__aligned_u64 drop_unicast;
	__aligned_u64 drop_multicast;
	__aligned_u64 drop_broadcast;
	__aligned_u64 drop_vlan;
	__aligned_u64 drop_oversize;
	__aligned_u64 stalls;
};

/* Modes of struct vhn_filter: the commands of class VIRTIO_NET_CTRL_RX, by number. */
#define VHN_FILTER_PROMISC	(1U << 0)
#define VHN_FILTER_ALLMULTI	(1U << 1)
#define VHN_FILTER_ALLUNI	(1U << 2)
#define VHN_FILTER_NOMULTI	(1U << 3)
#define VHN_FILTER_NOUNI	(1U << 4)
#define VHN_FILTER_NOBCAST	(1U << 5)
/* Only VLANs of the table pass; without it all do (CTRL-D7). */
#define VHN_FILTER_VLAN		(1U << 6)
#define VHN_FILTER_MODES	((1U << 7) - 1)

/* Addresses that a filter holds, of either kind together. */
#define VHN_FILTER_MACS		128

/**
 * struct vhn_filter - argument of VHN_SET_FILTER, VHN_GET_FILTER: which packets the guest
 *		       receives
 * @index: VHN_VRING_RX
 * @modes: VHN_FILTER_*
 * @nr_unicast: addresses at the beginning of @macs
 * @nr_multicast: addresses after them
 * @mac: the device's own address
 * @mtu: bytes that a packet may have behind its Ethernet header and VLAN tag, unless it
 *	 is one to be segmented; 0: any number (CFG-D1)
 * @macs: tables; whoever has more to put there asks for ALLUNI or ALLMULTI instead
 * @vlans: bit N of word M stands for VLAN 64 M + N
 *
 * SET replaces the filter as a whole: every packet is judged by one or the other. Without
 * filter all packets are received, as after VHN_RESET_DEVICE; GET, of which @index alone is
 * read, answers with PROMISC and nothing else then.
 */
struct vhn_filter {
	__u32 index;
	__u32 modes;
	__u32 nr_unicast;
	__u32 nr_multicast;
	__u8 mac[6];
	__u16 mtu;
	__u8 macs[VHN_FILTER_MACS][6];
	__aligned_u64 vlans[64];
};

/* Kinds of hashes: VIRTIO_NET_RSS_HASH_TYPE_* of the inner or only headers. */
#define VHN_HASH_TYPES		0x1ffU
/* What of a key the longest input of the hash reaches. */
#define VHN_HASH_KEY_LEN	40

/**
 * struct vhn_hash - argument of VHN_SET_HASH, VHN_GET_HASH: which packets are hashed, and how
 * @index: VHN_VRING_RX
 * @types: VIRTIO_NET_RSS_HASH_TYPE_*; 0: none
 * @key: a shorter key is followed by zeros
 *
 * With VIRTIO_NET_F_HASH_REPORT the header of a packet tells its hash. Nothing is hashed
 * before SET, nor after VHN_RESET_DEVICE (RSS-D3). GET reads @index alone; while nothing is
 * hashed it answers with @types and @key of 0, whatever the key was.
 */
struct vhn_hash {
	__u32 index;
	__u32 types;
	__u8 key[VHN_HASH_KEY_LEN];
};

#define VHN_SET_COAL	_IOW(VHN_IOC_TYPE, 0x00, struct vhn_coal_set)
#define VHN_GET_COAL	_IOWR(VHN_IOC_TYPE, 0x01, struct vhn_coal_state)
#define VHN_RESET_COAL	_IOW(VHN_IOC_TYPE, 0x02, struct vhn_coal_reset)
#define VHN_GET_STATS	_IOWR(VHN_IOC_TYPE, 0x03, struct vhn_vring_stats)
#define VHN_SET_FILTER	_IOW(VHN_IOC_TYPE, 0x04, struct vhn_filter)
#define VHN_SET_HASH	_IOW(VHN_IOC_TYPE, 0x05, struct vhn_hash)
#define VHN_GET_FILTER	_IOWR(VHN_IOC_TYPE, 0x06, struct vhn_filter)
#define VHN_GET_HASH	_IOWR(VHN_IOC_TYPE, 0x07, struct vhn_hash)

#endif /* _UAPI_LINUX_VHOST_NET_COAL_H */
