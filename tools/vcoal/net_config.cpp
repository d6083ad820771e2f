// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/net_config.hpp"

#include "vcoal/rss.hpp"

#include <algorithm>
#include <cstring>
#include <span>

namespace vcoal {
namespace {

constexpr std::uint32_t speed_unknown = 0xffffffff;
constexpr std::uint8_t duplex_full = 0x01;
constexpr std::uint8_t duplex_unknown = 0xff;

} // namespace

NetConfig::NetConfig(const NetDeviceOptions& options, std::uint64_t offered) {
    constexpr std::uint64_t hashes = feature(VIRTIO_NET_F_RSS) | feature(VIRTIO_NET_F_HASH_REPORT);
    std::copy(options.mac.begin(), options.mac.end(), std::begin(config_.mac));
    config_.status = VIRTIO_NET_S_LINK_UP;
    config_.max_virtqueue_pairs = static_cast<__virtio16>(options.queues);
    config_.mtu = static_cast<__virtio16>(options.mtu.value_or(0));
    config_.speed = options.speed.value_or(speed_unknown);
    config_.duplex = options.speed ? duplex_full : duplex_unknown;
    if ((offered & hashes) != 0) {
        config_.rss_max_key_size = rss_max_key;
        config_.rss_max_indirection_table_length = rss_max_table;
        config_.supported_hash_types = supported_hash_types;
    }
}

std::vector<std::byte> NetConfig::bytes() const {
    const auto all = std::as_bytes(std::span(&config_, 1));
    return {all.begin(), all.end()};
}

MacAddress NetConfig::mac() const {
    MacAddress mac;
    std::copy(std::begin(config_.mac), std::end(config_.mac), mac.begin());
    return mac;
}

void NetConfig::set_mac(Loopback& loopback, const MacAddress& mac) {
    if (mac == this->mac()) {
        return;
    }
    std::copy(mac.begin(), mac.end(), std::begin(config_.mac));
    write(loopback, offsetof(virtio_net_config, mac), sizeof(config_.mac));
}

void NetConfig::set_status(Loopback& loopback, std::uint16_t bit, bool on) {
    if (status(bit) == on) {
        return;
    }
    config_.status = static_cast<__virtio16>(config_.status ^ bit);
    write(loopback, offsetof(virtio_net_config, status), sizeof(config_.status));
}

void NetConfig::write(Loopback& loopback, std::size_t offset, std::size_t length) const {
    loopback.set_config(static_cast<std::uint32_t>(offset),
                        std::as_bytes(std::span(&config_, 1)).subspan(offset, length));
}

} // namespace vcoal
