/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The generic netlink family of vhost_net_coal: what the devices of this host do, and
 * what its operator wants of them. Documentation/netlink/specs/vhost_net_coal.yaml says
 * the same for programs.
 *
 * A file is one open /dev/vhost-net-coal with its two vrings; a guest with several queue
 * pairs is several files of one owner. The family is there in the initial network
 * namespace only. Whoever has no CAP_NET_ADMIN sees the files that its own user opened;
 * SET and the events need that capability.
 *
 * No request waits for a guest, nor for a worker that waits for a guest.
 */
#ifndef _UAPI_LINUX_VHOST_NET_COAL_NL_H
#define _UAPI_LINUX_VHOST_NET_COAL_NL_H

#define VHN_NL_NAME		"vhost_net_coal"
#define VHN_NL_VERSION		1
#define VHN_NL_GROUP_EVENTS	"events"

/*
 * GET: without VHN_NL_FILE_ID a dump of all files, oldest first; with it one of them, or
 * -ENODEV. SET: host defaults and limits of one file, or without VHN_NL_FILE_ID of all
 * files and of those opened later; all of it or, after an error, nothing. GET_DEFAULTS:
 * what files opened later begin with.
 *
 * The rest are events. ADDED: a file got an owner or another back end. REMOVED: it has no
 * owner any more. CHANGED, REFUSED: parameters, by VHN_NL_FILE_BY; CHANGED without
 * VHN_NL_FILE_ID is about what files opened later begin with. STALLED: something was left
 * lying beyond all limits, and has been set going again. REFUSED and STALLED have the queue
 * that they are about, the others both.
 */
enum vhn_nl_command {
	VHN_NL_CMD_UNSPEC,
	VHN_NL_CMD_GET,
	VHN_NL_CMD_SET,
	VHN_NL_CMD_GET_DEFAULTS,
	VHN_NL_CMD_ADDED,
	VHN_NL_CMD_REMOVED,
	VHN_NL_CMD_CHANGED,
	VHN_NL_CMD_REFUSED,
	VHN_NL_CMD_STALLED,
};

/**
 * enum vhn_nl_file - a file; top level of every message
 * @VHN_NL_FILE_UNSPEC: none
 * @VHN_NL_FILE_ID: u32, never reused while the module is loaded
 * @VHN_NL_FILE_PID: u32, the owner, in the reader's namespace, in events in the initial one;
 *		     not there when it cannot be seen from there
 * @VHN_NL_FILE_UID: u32, user that opened it, likewise
 * @VHN_NL_FILE_COMM: string, name of the owner's program
 * @VHN_NL_FILE_IFINDEX: u32, interface of the back end that was set last, as it was then;
 *			 not there without one, nor for a moment after it was set
 * @VHN_NL_FILE_IFNAME: string, its name
 * @VHN_NL_FILE_NETNS: u64, inode of the interface's network namespace
 * @VHN_NL_FILE_FEATURES: u64, acknowledged
 * @VHN_NL_FILE_BACKEND_FEATURES: u64, acknowledged
 * @VHN_NL_FILE_QUEUE: nest of enum vhn_nl_queue, one for each vring; in SET for each that
 *		       is to change
 * @VHN_NL_FILE_BY: nest of enum vhn_nl_by, in CHANGED and REFUSED
 * @VHN_NL_FILE_PAD: for alignment
 * @__VHN_NL_FILE_END: behind the last
 */
enum vhn_nl_file {
	VHN_NL_FILE_UNSPEC,
	VHN_NL_FILE_ID,
	VHN_NL_FILE_PID,
	VHN_NL_FILE_UID,
	VHN_NL_FILE_COMM,
	VHN_NL_FILE_IFINDEX,
	VHN_NL_FILE_IFNAME,
	VHN_NL_FILE_NETNS,
	VHN_NL_FILE_FEATURES,
	VHN_NL_FILE_BACKEND_FEATURES,
	VHN_NL_FILE_QUEUE,
	VHN_NL_FILE_BY,
	VHN_NL_FILE_PAD,
	__VHN_NL_FILE_END,
};

#define VHN_NL_FILE_MAX		(__VHN_NL_FILE_END - 1)

/**
 * enum vhn_nl_queue - a vring
 * @VHN_NL_QUEUE_UNSPEC: none
 * @VHN_NL_QUEUE_INDEX: u32, VHN_VRING_*
 * @VHN_NL_QUEUE_FLAGS: u32, VHN_NL_QUEUE_F_*; in SET: VHN_NL_QUEUE_F_LOCKED or 0, left as
 *			it is when not there
 * @VHN_NL_QUEUE_SIZE: u32, entries of the ring
 * @VHN_NL_QUEUE_EFFECTIVE: nest of enum vhn_nl_params, like all that follow: in force
 * @VHN_NL_QUEUE_REQUESTED: what the guest asked for
 * @VHN_NL_QUEUE_DIRECTION: what queue reset returns to
 * @VHN_NL_QUEUE_HOST: default of the host; may stand in SET
 * @VHN_NL_QUEUE_LIMIT: bounds; may stand in SET, where 0 means the built-in limit
 * @VHN_NL_QUEUE_PENDING: u32, packets published and not yet notified
 * @VHN_NL_QUEUE_COUNTERS: nest of enum vhn_nl_counter
 * @__VHN_NL_QUEUE_END: behind the last
 *
 * In HOST and LIMIT of SET, a parameter that is not there is left as it is.
 */
enum vhn_nl_queue {
	VHN_NL_QUEUE_UNSPEC,
	VHN_NL_QUEUE_INDEX,
	VHN_NL_QUEUE_FLAGS,
	VHN_NL_QUEUE_SIZE,
	VHN_NL_QUEUE_EFFECTIVE,
	VHN_NL_QUEUE_REQUESTED,
	VHN_NL_QUEUE_DIRECTION,
	VHN_NL_QUEUE_HOST,
	VHN_NL_QUEUE_LIMIT,
	VHN_NL_QUEUE_PENDING,
	VHN_NL_QUEUE_COUNTERS,
	__VHN_NL_QUEUE_END,
};

#define VHN_NL_QUEUE_MAX	(__VHN_NL_QUEUE_END - 1)

/* The guest may not change its parameters. */
#define VHN_NL_QUEUE_F_LOCKED	(1U << 0)
/* The guest's values are in force, not the host's. */
#define VHN_NL_QUEUE_F_GUEST	(1U << 1)
/* There is a back end, and the ring is served. */
#define VHN_NL_QUEUE_F_RUNNING	(1U << 2)
/* The ring made no sense and is left alone until it is set up again. */
#define VHN_NL_QUEUE_F_BROKEN	(1U << 3)

/**
 * enum vhn_nl_params - when to notify
 * @VHN_NL_PARAMS_UNSPEC: none
 * @VHN_NL_PARAMS_PACKETS: u32, after this many packets
 * @VHN_NL_PARAMS_USECS: u32, microseconds after the first of them
 * @__VHN_NL_PARAMS_END: behind the last
 */
enum vhn_nl_params {
	VHN_NL_PARAMS_UNSPEC,
	VHN_NL_PARAMS_PACKETS,
	VHN_NL_PARAMS_USECS,
	__VHN_NL_PARAMS_END,
};

#define VHN_NL_PARAMS_MAX	(__VHN_NL_PARAMS_END - 1)

/*
 * Counters, u64 each: the fields of struct vhn_vring_stats, in their order and by their
 * names.
 */
enum vhn_nl_counter {
	VHN_NL_COUNTER_UNSPEC,
	VHN_NL_COUNTER_PACKETS,
	VHN_NL_COUNTER_BYTES,
	VHN_NL_COUNTER_KICKS,
	VHN_NL_COUNTER_SPURIOUS_KICKS,
	VHN_NL_COUNTER_NOTIFY_COUNT,
	VHN_NL_COUNTER_NOTIFY_TIMER,
	VHN_NL_COUNTER_NOTIFY_IMMEDIATE,
	VHN_NL_COUNTER_NOTIFY_FLUSH,
	VHN_NL_COUNTER_SUPPRESSED,
	VHN_NL_COUNTER_DROP_MALFORMED,
	VHN_NL_COUNTER_DROP_TRUNCATED,
	VHN_NL_COUNTER_DROP_BACKEND,
	VHN_NL_COUNTER_REFUSED,
	VHN_NL_COUNTER_DROP_UNICAST,
	VHN_NL_COUNTER_DROP_MULTICAST,
	VHN_NL_COUNTER_DROP_BROADCAST,
	VHN_NL_COUNTER_DROP_VLAN,
	VHN_NL_COUNTER_DROP_OVERSIZE,
	VHN_NL_COUNTER_STALLS,
	VHN_NL_COUNTER_PAD,
	__VHN_NL_COUNTER_END,
};

#define VHN_NL_COUNTER_MAX	(__VHN_NL_COUNTER_END - 1)

/* Who changed parameters, or was refused: VHN_NL_BY_SOURCE. */
enum vhn_nl_source {
	VHN_NL_SOURCE_GUEST	= 0,	/* through its VMM's control queue */
	VHN_NL_SOURCE_VMM	= 1,	/* host default or limit, by ioctl */
	VHN_NL_SOURCE_HOST	= 2,	/* the operator, by SET */
};

/**
 * enum vhn_nl_by - who changed something
 * @VHN_NL_BY_UNSPEC: none
 * @VHN_NL_BY_SOURCE: u32, enum vhn_nl_source
 * @VHN_NL_BY_PID: u32, process in the initial namespace
 * @VHN_NL_BY_UID: u32, its user, likewise
 * @VHN_NL_BY_COMM: string, its name
 * @__VHN_NL_BY_END: behind the last
 */
enum vhn_nl_by {
	VHN_NL_BY_UNSPEC,
	VHN_NL_BY_SOURCE,
	VHN_NL_BY_PID,
	VHN_NL_BY_UID,
	VHN_NL_BY_COMM,
	__VHN_NL_BY_END,
};

#define VHN_NL_BY_MAX		(__VHN_NL_BY_END - 1)

#endif /* _UAPI_LINUX_VHOST_NET_COAL_NL_H */
