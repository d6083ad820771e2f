// SPDX-License-Identifier: GPL-2.0-only
#include "support/hash_reference.hpp"

#include <algorithm>
#include <ostream>

extern "C" {
#include "flow.h"
}

namespace vcoal::test {

HashConfig published_hash(std::uint32_t types) {
    return {types, {published_key.begin(), published_key.end()}};
}

std::ostream& operator<<(std::ostream& out, const Hashed& hashed) {
    return out << "report " << hashed.report << ", " << std::hex << hashed.value << std::dec;
}

Hashed hashed(const Bytes& frame, const HashConfig& config) {
    std::array<std::uint8_t, VHN_HASH_KEY_LEN> key{};
    std::ranges::copy(config.key, key.begin());
    const auto length =
        static_cast<std::uint32_t>(std::min<std::size_t>(frame.size(), VHN_FLOW_LOOK));
    vhn_flow flow{};
    vhn_flow_parse(frame.data(), length, config.types, &flow);
    vhn_toeplitz toeplitz;
    vhn_toeplitz_prepare(&toeplitz, key.data());
    return {flow.report, vhn_toeplitz_hash(&toeplitz, flow.input, flow.len)};
}

unsigned rss_pair(const Bytes& frame, const RssConfig& config) {
    const Hashed hash = hashed(frame, config.hash);
    return hash.report == 0 ? config.unclassified
                            : config.table[hash.value & (config.table.size() - 1)];
}

} // namespace vcoal::test
