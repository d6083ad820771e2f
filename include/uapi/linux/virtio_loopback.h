/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * /dev/virtio-loopback: a virtio bus whose other end is a process. One open file
 * is one device. The process plays the device, or hands the rings to vhost.
 *
 * Order of events, seen from the process:
 *
 *   open(O_RDWR | O_CLOEXEC)      needs CAP_SYS_ADMIN
 *   VLB_CREATE                    device type, features, queues, config, arena
 *   mmap(MAP_SHARED, offset 0)    the arena: all the driver's memory the process sees
 *   VLB_SET_VQFD per queue        kick and call eventfd; VLB_VQ_CONTROL where it applies
 *   VLB_START                     returns at once; the driver probes from a workqueue
 *   poll, read: events
 *     STATUS 0x01, STATUS 0x03    ACKNOWLEDGE, DRIVER: nothing to do
 *     FEATURES, status 0x0b       the driver chose features[]; it waits for VLB_ACK.
 *                                 Configure vhost and tap here. result 0 accepts,
 *                                 any other value refuses the features.
 *     STATUS 0x0f                 DRIVER_OK: start the queues which VLB_GET_VQ shows
 *                                 enabled. Kicks sent meanwhile wait in the eventfds.
 *     REGISTERED, result          VLB_START is done; index is N in
 *                                 /sys/bus/virtio/devices/virtioN
 *     RESET                       stop touching the rings, then VLB_ACK (result is
 *                                 ignored): the driver waits, its rings go away after.
 *                                 A new STATUS 0x01 starts over.
 *     VQ_RESET, result            stop touching the ring of queue number result, then
 *                                 VLB_ACK (its result is ignored); all else goes on
 *     VQ_ENABLE, result           that queue is back with a new ring, maybe of another
 *                                 size: VLB_GET_VQ shows it. Start it, then VLB_ACK;
 *                                 any result but 0 leaves it off.
 *     DEAD, result                the device is broken for good; close the file
 *
 * Addresses. Everything the driver gives the device, rings and buffers, is an
 * address in [dma_base, dma_base + arena_bytes), where byte 0 of the mapping has
 * the address dma_base. So vhost gets one memory region: guest_phys_addr =
 * dma_base, memory_size = arena_bytes, userspace_addr = the mapping.
 *
 * Features. VIRTIO_F_VERSION_1 must be offered. VIRTIO_F_ACCESS_PLATFORM is always
 * offered and accepted, because that is what sends the driver through the arena;
 * it is set in the features an event shows. vhost must not be given that bit: it
 * would switch its IOTLB on. Of the bits 28 to 41 the transport knows INDIRECT_DESC,
 * EVENT_IDX, VERSION_1, ACCESS_PLATFORM, RING_PACKED, IN_ORDER and RING_RESET; it drops
 * the others, and VLB_CREATE returns what is really offered. RING_RESET concerns the
 * transport alone (VQ_RESET, VQ_ENABLE): it is none of vhost's business either.
 *
 * Acknowledgements. FEATURES, RESET, VQ_RESET and VQ_ENABLE keep the driver's thread
 * waiting, often with rtnl held. Until they are acknowledged the process makes no call
 * that takes rtnl, except that TUNSETOFFLOAD is safe in FEATURES, when no netdev exists
 * yet. Without an answer within ack_timeout_ms, or with the event queue full, the
 * session is dead.
 *
 * Control queue. The driver waits for each answer, with rtnl held, and some drivers
 * spin. On a queue marked VLB_VQ_CONTROL the kick therefore sleeps until the used
 * index has moved; after control_timeout_ms without an answer the session is dead,
 * which ends the driver's wait. Where the kick may not sleep, or the ring asks for
 * none, a watchdog does the same, within twice VLB_MAX_SPIN_MS. The process signals
 * the call eventfd after every answer, whatever the ring's suppression says: without
 * the signal the transport sees the answer a tick later. With EVENT_IDX it moves
 * avail_event and looks again before it sleeps. The thread that serves a control queue
 * makes no call that takes rtnl, ever: while it waits for rtnl the next command may
 * come from its holder. A driver that sends VIRTIO_NET_F_CTRL_RX commands in atomic
 * context and spins (Linux 6.1) needs the process on another CPU: do not offer that
 * feature on a machine with one. Which queue is the control queue may follow from the
 * features; VLB_SET_VQFD may be called in FEATURES. A control queue cannot be reset.
 *
 * Death. The session dies when a timeout above passes, and when a file descriptor
 * of it is closed by the process that called VLB_CREATE (its file table, to be
 * exact): by exit, by kill, and also by closing a duplicate. Other processes may
 * hold and close duplicates as they like. The device stays until the last
 * reference, the mapping's included, is gone. Control queues are broken then; the
 * others stand still, since some drivers loop on a broken one.
 *
 * All reserved fields and unknown flags must be zero. A structure may grow at its
 * end: the ioctl number carries the size the caller knows.
 */
#ifndef _UAPI_LINUX_VIRTIO_LOOPBACK_H
#define _UAPI_LINUX_VIRTIO_LOOPBACK_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define VLB_IOC_TYPE		0xD7

#define VLB_DMA_BASE		0x100000000ULL
#define VLB_MAX_VQS		513
#define VLB_MAX_RING		32768
#define VLB_MAX_CONFIG		4096
#define VLB_MAX_ARENA		(512ULL << 20)
#define VLB_MAX_TIMEOUT_MS	60000
#define VLB_DEFAULT_CONTROL_MS	1000
#define VLB_MAX_SPIN_MS		5000
#define VLB_DEFAULT_ACK_MS	5000

/**
 * struct vlb_create - argument of VLB_CREATE
 * @device_id: virtio device type, 1 for a network device; not 0
 * @nvqs: queues, 1 to VLB_MAX_VQS
 * @vq_nums: address of __u32[nvqs]: ring sizes, powers of 2 up to VLB_MAX_RING
 * @config: address of the initial configuration space
 * @config_len: its length, up to VLB_MAX_CONFIG
 * @flags: 0
 * @features: offered; out: what is really offered
 * @arena_bytes: a multiple of the page size up to VLB_MAX_ARENA; 8-16 MiB per pair
 *	of network queues is plenty
 * @in_bytes: quota of the buffers which the device writes; 0: see below
 * @out_bytes: quota of the buffers which the device reads; 0: see below
 * @control_timeout_ms: how long a control command may take; 0: the default
 * @ack_timeout_ms: how long the answer to an event may take; 0: the default
 * @dma_base: out: address of the arena's first byte
 * @reserved: 0
 *
 * The quotas keep receive buffers from filling the arena and starving transmit.
 * A mapping tells its direction, not its queue, so that all receive queues share
 * @in_bytes and all transmit queues @out_bytes. What is left 0 gets half of what the
 * rings leave, or the rest. Rings have no quota; with RING_RESET offered, the largest
 * counts twice, so that it can be replaced.
 *
 * -EINVAL: a field out of its bounds; -ENOSPC: the rings do not fit, or the
 * quotas exceed what they leave; -EBUSY: created before.
 */
struct vlb_create {
	__u32 device_id;
	__u32 nvqs;
	__aligned_u64 vq_nums;
	__aligned_u64 config;
	__u32 config_len;
	__u32 flags;
	__aligned_u64 features[2];
	__aligned_u64 arena_bytes;
	__aligned_u64 in_bytes;
	__aligned_u64 out_bytes;
	__u32 control_timeout_ms;
	__u32 ack_timeout_ms;
	__aligned_u64 dma_base;
	__aligned_u64 reserved[2];
};

/* Flag of VLB_SET_VQFD, shown by VLB_GET_VQ: the driver waits for the answers. */
#define VLB_VQ_CONTROL		(1U << 0)
/* Flags of VLB_GET_VQ. */
#define VLB_VQ_ENABLED		(1U << 1)	/* the driver has set the ring up; not in reset */
#define VLB_VQ_BROKEN		(1U << 2)	/* a control queue, after death */

/**
 * struct vlb_vqfd - argument of VLB_SET_VQFD
 * @index: queue
 * @flags: VLB_VQ_CONTROL or 0
 * @kick_fd: eventfd signalled when the driver notifies the device, or -1
 * @call_fd: eventfd by which the device notifies the driver, or -1
 *
 * Replaces both; may be called at any time after VLB_CREATE. Signals that wait in
 * the new call eventfd are delivered. The file descriptors may be closed after it.
 */
struct vlb_vqfd {
	__u32 index;
	__u32 flags;
	__s32 kick_fd;
	__s32 call_fd;
};

/**
 * struct vlb_vq - argument of VLB_GET_VQ
 * @index: queue (in)
 * @flags: VLB_VQ_*
 * @num: ring size; with RING_RESET the driver may have chosen a smaller one than
 *	VLB_CREATE gave, until the next device reset
 * @reserved: 0
 * @desc: address of the descriptors; this and the next two are 0 unless enabled
 * @driver: address of the available ring or driver event area
 * @device: address of the used ring or device event area
 */
struct vlb_vq {
	__u32 index;
	__u32 flags;
	__u32 num;
	__u32 reserved;
	__aligned_u64 desc;
	__aligned_u64 driver;
	__aligned_u64 device;
};

enum vlb_event_type {
	VLB_EVENT_REGISTERED	= 1,	/* @result of VLB_START: 0 or -errno */
	VLB_EVENT_STATUS	= 2,	/* the driver wrote @status */
	VLB_EVENT_FEATURES	= 3,	/* it wants @features; acknowledge */
	VLB_EVENT_RESET		= 4,	/* it reset the device; acknowledge */
	VLB_EVENT_FROZEN	= 5,	/* @result of VLB_FREEZE */
	VLB_EVENT_RESTORED	= 6,	/* @result of VLB_RESTORE */
	VLB_EVENT_DEAD		= 7,	/* the last one; @result: enum vlb_death */
	VLB_EVENT_VQ_RESET	= 8,	/* it reset the queue @result; acknowledge */
	VLB_EVENT_VQ_ENABLE	= 9,	/* and enabled it again; acknowledge */
};

enum vlb_death {
	VLB_DEATH_NONE		= 0,
	VLB_DEATH_CLOSED	= 1,	/* the creator closed its file */
	VLB_DEATH_CONTROL	= 2,	/* a control command had no answer in time */
	VLB_DEATH_RESET		= 3,	/* a RESET was not acknowledged in time */
	VLB_DEATH_FEATURES	= 4,	/* a FEATURES was not acknowledged in time */
	VLB_DEATH_VQ		= 5,	/* a VQ_RESET or VQ_ENABLE was not */
};

/**
 * struct vlb_event - what read() returns, one or more whole ones
 * @type: enum vlb_event_type
 * @seq: for VLB_ACK; rises by one with every event
 * @status: device status as the driver wrote it
 * @result: depends on @type, else 0
 * @features: the driver's choice, from FEATURES on
 * @index: number of the virtio device, from the first STATUS on
 * @lost: STATUS events dropped before this one because nobody read
 *
 * read() blocks unless O_NONBLOCK is set, and returns 0 after DEAD. poll() shows
 * POLLIN while there are events and POLLHUP when the session is dead.
 */
struct vlb_event {
	__u32 type;
	__u32 seq;
	__u32 status;
	__s32 result;
	__aligned_u64 features[2];
	__u32 index;
	__u32 lost;
};

/**
 * struct vlb_ack - argument of VLB_ACK
 * @seq: of the event answered
 * @result: 0, or anything else to refuse the features, or to leave a queue off
 *
 * -ESTALE: nobody waits for that answer (any more).
 */
struct vlb_ack {
	__u32 seq;
	__s32 result;
};

/**
 * struct vlb_config - argument of VLB_SET_CONFIG
 * @data: address of the bytes
 * @offset: where they go
 * @len: how many, at least 1
 *
 * Changes the configuration space, its generation, and tells the driver.
 */
struct vlb_config {
	__aligned_u64 data;
	__u32 offset;
	__u32 len;
};

/**
 * struct vlb_info - argument of VLB_GET_INFO
 * @offered: features offered
 * @accepted: features the driver chose last
 * @index: number of the virtio device, meaningful while @registered
 * @registered: VLB_START has succeeded
 * @status: device status
 * @generation: of the configuration space
 * @config_len: length of the configuration space
 * @config_writes: writes by the driver, which are all ignored (CFG-G1)
 * @config_strays: reads by the driver beyond the end, which yield zeroes
 * @death: enum vlb_death, 0 while alive
 */
struct vlb_info {
	__aligned_u64 offered[2];
	__aligned_u64 accepted[2];
	__u32 index;
	__u32 registered;
	__u32 status;
	__u32 generation;
	__u32 config_len;
	__u32 config_writes;
	__u32 config_strays;
	__u32 death;
};

/**
 * struct vlb_vq_stats - argument of VLB_GET_VQ_STATS
 * @index: queue (in)
 * @reserved: 0
 * @kicks: notifications by the driver, signalled on the kick eventfd
 * @kicks_suppressed: notifications by the driver that went nowhere, because the
 *	queue had no kick eventfd or the session was dead. A notification which the
 *	driver itself leaves out, at the ring's request, never reaches a transport.
 * @signals: sum of the values read from the call eventfd: notifications the device
 *	sent, even if several arrived at once
 * @wakeups: how many times the eventfd was read
 * @callbacks: times the driver's callback was run
 * @idle: times it was not, because the used ring held nothing new or no driver was
 *	there; @callbacks and @idle may be fewer than @wakeups
 *
 * Counters start at VLB_CREATE and survive resets.
 */
struct vlb_vq_stats {
	__u32 index;
	__u32 reserved;
	__aligned_u64 kicks;
	__aligned_u64 kicks_suppressed;
	__aligned_u64 signals;
	__aligned_u64 wakeups;
	__aligned_u64 callbacks;
	__aligned_u64 idle;
};

/**
 * struct vlb_arena_stats - argument of VLB_GET_ARENA_STATS
 * @bytes: size of the arena
 * @ring_bytes: in use by rings; this and the next two count whole slots
 * @in_bytes: in use by buffers the device writes
 * @out_bytes: in use by buffers the device reads
 * @in_quota: bound of @in_bytes
 * @out_quota: bound of @out_bytes
 * @peak_bytes: the most that was in use at once
 * @slots: slots in use
 * @maps: mappings made
 * @fail_quota: mappings refused because of a quota
 * @fail_space: mappings refused because no slot was free, or too large
 * @bad_unmap: unmaps of what was not mapped so: address, length or direction
 * @bad_sync: syncs outside a mapping
 */
struct vlb_arena_stats {
	__aligned_u64 bytes;
	__aligned_u64 ring_bytes;
	__aligned_u64 in_bytes;
	__aligned_u64 out_bytes;
	__aligned_u64 in_quota;
	__aligned_u64 out_quota;
	__aligned_u64 peak_bytes;
	__aligned_u64 slots;
	__aligned_u64 maps;
	__aligned_u64 fail_quota;
	__aligned_u64 fail_space;
	__aligned_u64 bad_unmap;
	__aligned_u64 bad_sync;
};

#define VLB_CREATE		_IOWR(VLB_IOC_TYPE, 0x00, struct vlb_create)
#define VLB_SET_VQFD		_IOW(VLB_IOC_TYPE, 0x01, struct vlb_vqfd)
#define VLB_START		_IO(VLB_IOC_TYPE, 0x02)
#define VLB_GET_VQ		_IOWR(VLB_IOC_TYPE, 0x03, struct vlb_vq)
#define VLB_ACK			_IOW(VLB_IOC_TYPE, 0x04, struct vlb_ack)
#define VLB_SET_CONFIG		_IOW(VLB_IOC_TYPE, 0x05, struct vlb_config)
#define VLB_GET_INFO		_IOR(VLB_IOC_TYPE, 0x06, struct vlb_info)
#define VLB_GET_VQ_STATS	_IOWR(VLB_IOC_TYPE, 0x07, struct vlb_vq_stats)
#define VLB_GET_ARENA_STATS	_IOR(VLB_IOC_TYPE, 0x08, struct vlb_arena_stats)
/* Asynchronous: FROZEN and RESTORED tell when. The driver resets in between. */
#define VLB_FREEZE		_IO(VLB_IOC_TYPE, 0x09)
#define VLB_RESTORE		_IO(VLB_IOC_TYPE, 0x0a)

#endif /* _UAPI_LINUX_VIRTIO_LOOPBACK_H */
