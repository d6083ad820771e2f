// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/device_ring.hpp"

#include "vcoal/device_ring_packed.hpp"
#include "vcoal/device_ring_split.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"

#include <algorithm>
#include <cerrno>
#include <linux/virtio_config.h>
#include <numeric>

namespace vcoal {
namespace {

/// Buffers of a chain: as many as vhost takes. A chain through an indirect table may be
/// longer than the ring.
constexpr std::size_t longest_chain = 1024;

std::size_t total(const std::vector<std::span<std::byte>>& buffers) {
    return std::accumulate(
        buffers.begin(), buffers.end(), std::size_t{0},
        [](std::size_t sum, std::span<const std::byte> buffer) { return sum + buffer.size(); });
}

} // namespace

std::size_t DeviceChain::readable_bytes() const noexcept {
    return total(readable);
}

std::size_t DeviceChain::writable_bytes() const noexcept {
    return total(writable);
}

std::vector<std::byte> DeviceChain::read() const {
    std::vector<std::byte> data;
    data.reserve(readable_bytes());
    for (const auto buffer : readable) {
        data.insert(data.end(), buffer.begin(), buffer.end());
    }
    return data;
}

std::size_t DeviceChain::write(std::span<const std::byte> data) const {
    std::size_t done = 0;
    for (const auto buffer : writable) {
        const std::size_t n = std::min(buffer.size(), data.size() - done);
        std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(done), n, buffer.begin());
        done += n;
    }
    return done;
}

void DeviceChain::append(const Loopback& loopback, std::uint64_t address, std::uint32_t length,
                         bool write) {
    if (!write && !writable.empty()) {
        malformed_chain("find a readable buffer behind a writable one");
    }
    if (readable.size() + writable.size() == longest_chain) {
        malformed_chain("have room for its buffers");
    }
    (write ? writable : readable).push_back(loopback.at(address, length));
}

void malformed_chain(const char* how) {
    throw Error("descriptor chain", how, EBADMSG, "the driver is at fault");
}

std::unique_ptr<DeviceRing> make_device_ring(const Loopback& loopback, const vlb_vq& queue,
                                             std::uint64_t features) {
    if ((features & feature(VIRTIO_F_RING_PACKED)) != 0) {
        return std::make_unique<PackedDeviceRing>(loopback, queue, features);
    }
    return std::make_unique<SplitDeviceRing>(loopback, queue, features);
}

} // namespace vcoal
