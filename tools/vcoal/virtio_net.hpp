// SPDX-License-Identifier: GPL-2.0-only
#pragma once

// The kernel's header of the network device names a field after a C++ keyword. What
// it includes comes first, so that only itself sees the substitute.
#include <linux/if_ether.h>
#include <linux/types.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_types.h>

#define class class_
#include <linux/virtio_net.h>
#undef class

#include <linux/virtio_net_coal.h>

// Feature bits that older headers of the kernel lack and that no module here knows either:
// this program has names for them.
#ifndef VIRTIO_F_NOTIFICATION_DATA
#define VIRTIO_F_NOTIFICATION_DATA 38
#endif
#ifndef VIRTIO_F_NOTIF_CONFIG_DATA
#define VIRTIO_F_NOTIF_CONFIG_DATA 39
#endif
#ifndef VIRTIO_F_ADMIN_VQ
#define VIRTIO_F_ADMIN_VQ 41
#endif
#ifndef VIRTIO_F_SUSPEND
#define VIRTIO_F_SUSPEND 43
#endif
#ifndef VIRTIO_NET_F_HASH_TUNNEL
#define VIRTIO_NET_F_HASH_TUNNEL 51
#endif
#ifndef VIRTIO_NET_F_RSS_CONTEXT
#define VIRTIO_NET_F_RSS_CONTEXT 64
#endif
#ifndef VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO
#define VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO 65
#define VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM 66
#define VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO 67
#define VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO_CSUM 68
#endif
#ifndef VIRTIO_NET_F_OUT_NET_HEADER
#define VIRTIO_NET_F_OUT_NET_HEADER 69
#endif
#ifndef VIRTIO_NET_F_IPSEC
#define VIRTIO_NET_F_IPSEC 70
#endif
