/* SPDX-License-Identifier: GPL-2.0-only */
/* The version of the modules and of the tool: the one place where it stands. */
#ifndef _VIRTIO_COAL_VERSION_H
#define _VIRTIO_COAL_VERSION_H

#define VIRTIO_COAL_VERSION	"0.1.0"

#endif /* _VIRTIO_COAL_VERSION_H */
