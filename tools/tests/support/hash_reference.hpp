// SPDX-License-Identifier: GPL-2.0-only
//
// What a packet's hash is and where it goes, by the specification (5.3) and the RFCs alone:
// nothing of the device's own code is in it.
#pragma once

#include "support/packets.hpp"
#include "vcoal/rss.hpp"

#include <cstdint>
#include <iosfwd>

namespace vcoal::test {

/// HashConfig of the published vectors.
HashConfig published_hash(std::uint32_t types);

struct Hashed {
    /// VIRTIO_NET_HASH_REPORT_*
    unsigned report = 0;
    std::uint32_t value = 0;
    bool operator==(const Hashed&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Hashed& hashed);

/// As the specification says it, bit by bit. The key goes on with zeroes.
std::uint32_t toeplitz_by_definition(const Bytes& key, const Bytes& input);

/// Looks at no more of the frame than the device does.
Hashed hashed(const Bytes& frame, const HashConfig& config);

/// Pair that receives the frame (RSS-D1).
unsigned rss_pair(const Bytes& frame, const RssConfig& config);

} // namespace vcoal::test
