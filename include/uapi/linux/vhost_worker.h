/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Workers that are attached to vrings: the part of <linux/vhost.h> that headers before 6.5
 * lack. Whatever that header already brings is left alone.
 */
#ifndef _UAPI_LINUX_VHOST_WORKER_H
#define _UAPI_LINUX_VHOST_WORKER_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/vhost.h>

#ifndef VHOST_NEW_WORKER
/**
 * struct vhost_worker_state - argument of VHOST_NEW_WORKER, VHOST_FREE_WORKER
 * @worker_id: of the worker; NEW writes it
 */
struct vhost_worker_state {
	__u32 worker_id;
};

/**
 * struct vhost_vring_worker - argument of VHOST_ATTACH_VRING_WORKER, VHOST_GET_VRING_WORKER
 * @index: vring
 * @worker_id: of the worker that works for it; GET writes it
 */
struct vhost_vring_worker {
	__u32 index;
	__u32 worker_id;
};

#define VHOST_NEW_WORKER		_IOR(VHOST_VIRTIO, 0x8, struct vhost_worker_state)
#define VHOST_FREE_WORKER		_IOW(VHOST_VIRTIO, 0x9, struct vhost_worker_state)
#define VHOST_ATTACH_VRING_WORKER	_IOW(VHOST_VIRTIO, 0x15, struct vhost_vring_worker)
#define VHOST_GET_VRING_WORKER		_IOWR(VHOST_VIRTIO, 0x16, struct vhost_vring_worker)
#endif

#endif /* _UAPI_LINUX_VHOST_WORKER_H */
