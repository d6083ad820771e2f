// SPDX-License-Identifier: GPL-2.0-only
#include "support/device_counters.hpp"

#include "vcoal/features.hpp"
#include "vcoal/virtio_net.hpp"

#include <cstdint>
#include <cstring>
#include <utility>

namespace vcoal::test {

bool is_stats(std::span<const std::byte> request) {
    return std::to_integer<unsigned>(request[0]) == VIRTIO_NET_CTRL_STATS;
}

std::vector<std::byte> all_counters(std::span<const std::byte> request) {
    constexpr std::pair<unsigned, unsigned> counters[] = {
        {0, 6}, {1, 4}, {2, 4}, {3, 2}, {16, 6}, {17, 2}, {18, 6}, {19, 2}, {32, 2}};
    std::vector<std::byte> answer{std::byte{VIRTIO_NET_OK}};
    const auto put = [&answer](std::uint64_t value, unsigned bytes) {
        for (unsigned i = 0; i < bytes; i++) {
            answer.push_back(static_cast<std::byte>(value >> (8 * i)));
        }
    };
    const auto command = std::to_integer<unsigned>(request[1]);
    if (command == VIRTIO_NET_CTRL_STATS_QUERY) {
        put(~std::uint64_t{0}, 8);
        return answer;
    }
    for (auto entry = request.subspan(2); entry.size() >= 16; entry = entry.subspan(16)) {
        std::uint16_t vq = 0;
        std::uint64_t bitmap = 0;
        std::memcpy(&vq, entry.data(), sizeof(vq));
        std::memcpy(&bitmap, entry.data() + 8, sizeof(bitmap));
        for (const auto& [type, n] : counters) {
            if ((bitmap & feature(type)) == 0) {
                continue;
            }
            put(type, 2);
            put(vq, 2);
            put(0, 2);
            put(8 + 8 * n, 2);
            for (unsigned i = 0; i < n; i++) {
                put(std::uint64_t{1000} * vq + std::uint64_t{100} * (type % 16) + i, 8);
            }
        }
    }
    return answer;
}

} // namespace vcoal::test
