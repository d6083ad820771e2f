// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bpf/steering.h"

#include <cstddef>
#include <cstdint>
#include <linux/vhost_net_coal.h>
#include <vector>

namespace vcoal {

/// Bounds of what a driver may ask for: rss_max_key_size and
/// rss_max_indirection_table_length of the configuration space (spec 1.4).
constexpr std::size_t rss_max_key = VHN_HASH_KEY_LEN;
constexpr std::size_t rss_max_table = STEERING_TABLE;

/// Which packets are hashed, and how (spec 5.3).
struct HashConfig {
    /// VIRTIO_NET_HASH_TYPE_*; 0: none.
    std::uint32_t types = 0;
    /// Up to rss_max_key bytes.
    std::vector<std::uint8_t> key;
};

/// MQ_RSS_CONFIG: which pair of queues receives a packet (spec 2.4).
struct RssConfig {
    HashConfig hash;
    /// Pair that receives what has no hash.
    unsigned unclassified = 0;
    /// Pairs by the hash's lowest bits: a power of two of them.
    std::vector<std::uint16_t> table;
    /// Pairs the driver may transmit on.
    unsigned transmit_pairs = 1;
};

} // namespace vcoal
