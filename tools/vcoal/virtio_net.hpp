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
