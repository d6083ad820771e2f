// SPDX-License-Identifier: GPL-2.0-only
#include "support/hostile_device.hpp"

#include "support/bench.hpp"
#include "support/device_counters.hpp"
#include "support/ethtool_call.hpp"
#include "support/frames.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/netdev.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <linux/ethtool.h>

namespace vcoal::test {
namespace {

constexpr const char* driver = "virtio_net_coal";
constexpr std::size_t most_counters = 4096;
/// Of a receive buffer's page, what the largest packet in it has.
constexpr std::size_t longest_packet = 4084;

/// Sets of features that stand together: drivers are not asked to accept others.
constexpr std::array kinds = {
    std::uint64_t{0},
    feature(VIRTIO_NET_F_GUEST_CSUM) | feature(VIRTIO_NET_F_GUEST_TSO4) |
        feature(VIRTIO_NET_F_GUEST_TSO6) | feature(VIRTIO_NET_F_GUEST_ECN) |
        feature(VIRTIO_NET_F_GUEST_UFO) | feature(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS),
    feature(VIRTIO_NET_F_CSUM) | feature(VIRTIO_NET_F_HOST_TSO4) | feature(VIRTIO_NET_F_HOST_TSO6),
    feature(VIRTIO_NET_F_NOTF_COAL) | feature(VIRTIO_NET_F_VQ_NOTF_COAL),
    feature(VIRTIO_NET_F_DEVICE_STATS),
    feature(VIRTIO_NET_F_CTRL_RX) | feature(VIRTIO_NET_F_CTRL_VLAN),
    feature(VIRTIO_NET_F_GUEST_ANNOUNCE) | feature(VIRTIO_NET_F_SPEED_DUPLEX),
    feature(VIRTIO_NET_F_MTU),
};

void check(const char* operation, int error) {
    if (error != 0) {
        throw Error("hostile device", operation, error);
    }
}

void expect(bool happened, const char* operation) {
    check(operation, happened ? 0 : ETIMEDOUT);
}

void expect(const std::optional<vlb_event>& event, const char* operation) {
    expect(event.has_value(), operation);
    check(operation, -event->result);
}

template <typename T>
std::span<const std::byte> bytes_of(const T& object) {
    return std::as_bytes(std::span(&object, 1));
}

/// What a device that is none of the bad ones would say.
std::vector<std::byte> proper_answer(std::span<const std::byte> request, Dice& dice) {
    if (is_stats(request)) {
        return all_counters(request);
    }
    std::vector<std::byte> answer = dice.bytes(9);
    answer.front() = std::byte{VIRTIO_NET_OK};
    return answer;
}

} // namespace

std::uint32_t Dice::number(std::uint32_t edge) {
    const auto near = static_cast<std::uint32_t>(below(5)) - 2;
    switch (below(4)) {
    case 0:
        return near + 2;
    case 1:
        return edge + near;
    case 2:
        return near - 3;
    default:
        return static_cast<std::uint32_t>(engine_());
    }
}

std::vector<std::byte> Dice::bytes(std::size_t n) {
    std::vector<std::byte> bytes(n);
    std::ranges::generate(bytes, [this] { return static_cast<std::byte>(engine_()); });
    return bytes;
}

LoopbackOptions HostileDevice::options(Dice& dice) {
    std::uint64_t features = 0;
    for (const std::uint64_t kind : kinds) {
        features |= dice.chance(60) ? kind : 0;
    }
    LoopbackOptions options = net_options(features);
    if (dice.chance(30)) {
        options.features &= ~feature(VIRTIO_NET_F_MRG_RXBUF);
    }
    virtio_net_config config{};
    std::memcpy(&config, options.config.data(), std::min(sizeof(config), options.config.size()));
    config.mtu = static_cast<std::uint16_t>(dice.chance(80) ? 1500 : dice.number(68));
    std::memcpy(options.config.data(), &config, options.config.size());
    if (dice.chance(20)) {
        options.config = dice.bytes(options.config.size());
    }
    return options;
}

HostileDevice::HostileDevice(std::uint64_t seed)
    : dice_(seed), answering_(~seed), options_(options(dice_)),
      stub_(options_, {Role::receive, Role::transmit, Role::patient}) {
    const unsigned patience = dice_.chance(3) ? static_cast<unsigned>(dice_.below(60)) : ~0U;
    stub_.reply = [this, patience](std::span<const std::byte> request) -> std::optional<Bytes> {
        if (answers_++ >= patience) {
            return std::nullopt;
        }
        return answer(request);
    };
    const auto meanwhile = [this] {
        if (answering_.chance(20)) {
            configuration(answering_);
        }
    };
    stub_.on_features = meanwhile;
    stub_.on_driver_ok = [meanwhile](std::uint64_t) { meanwhile(); };
    stub_.on_reset = meanwhile;
    stub_.on_command = meanwhile;
    stub_.start();
    expect(stub_.await(VLB_EVENT_REGISTERED), "register");
    if ((stub_.loopback().info().status & VIRTIO_CONFIG_S_DRIVER_OK) != 0) {
        bring_up();
    }
}

void HostileDevice::bring_up() {
    const InNetNs inside(first_);
    interface_ = stub_.interface();
    NetDev device(interface_);
    device.disable_ipv6();
    device.set_up(true);
    guest_.emplace(interface_);
}

bool HostileDevice::inject(const Bytes& bytes, std::uint32_t claimed) {
    return eventually([&] { return stub_.inject_raw(bytes, claimed); });
}

bool HostileDevice::packet() {
    virtio_net_hdr_v1 header{};
    header.num_buffers = 1;
    if (dice_.chance(80)) {
        constexpr std::array<std::uint8_t, 8> types = {0, 1, 3, 4, 5, 0x80, 0x81, 0xff};
        header.flags = static_cast<std::uint8_t>(dice_.number(4));
        header.gso_type = types[dice_.below(types.size())];
        header.hdr_len = static_cast<std::uint16_t>(dice_.number(54));
        header.gso_size = static_cast<std::uint16_t>(dice_.number(1448));
        header.csum_start = static_cast<std::uint16_t>(dice_.number(34));
        header.csum_offset = static_cast<std::uint16_t>(dice_.number(16));
    }
    if (dice_.chance(10)) {
        header.num_buffers = static_cast<std::uint16_t>(dice_.number(17));
    }
    Bytes bytes =
        dice_.bytes(sizeof(header) + dice_.below(dice_.chance(70) ? 128 : longest_packet));
    std::ranges::copy(bytes_of(header), bytes.begin());
    // To everybody, and IPv4 or IPv6, so that more than the first check sees it.
    constexpr std::array<std::uint16_t, 2> ethertypes = {0x0008, 0xdd86};
    if (bytes.size() >= sizeof(header) + ETH_HLEN) {
        std::fill_n(bytes.begin() + sizeof(header), ETH_ALEN, std::byte{0xff});
        std::ranges::copy(bytes_of(ethertypes[dice_.below(2)]),
                          bytes.begin() + sizeof(header) + std::ptrdiff_t{2} * ETH_ALEN);
    }
    const auto exact = static_cast<std::uint32_t>(bytes.size());
    return inject(bytes, dice_.chance(75) ? exact : dice_.number(exact));
}

void HostileDevice::configuration(Dice& dice) {
    const std::size_t offset = dice.below(options_.config.size());
    const std::size_t length =
        1 + dice.below(std::min<std::size_t>(8, options_.config.size() - offset));
    stub_.loopback().set_config(static_cast<std::uint32_t>(offset), dice.bytes(length));
}

void HostileDevice::provoke_a_command() {
    const InNetNs inside(first_);
    switch (dice_.below(6)) {
    case 0: {
        std::vector<std::uint64_t> counters(1 + most_counters);
        const std::uint32_t request[] = {ETHTOOL_GSTATS, most_counters};
        std::memcpy(counters.data(), request, sizeof(request));
        ethtool_call(interface_, counters.data());
        return;
    }
    case 1:
    case 2: {
        ethtool_coalesce coalesce{};
        coalesce.cmd = dice_.chance(70) ? ETHTOOL_SCOALESCE : ETHTOOL_GCOALESCE;
        coalesce.rx_coalesce_usecs = dice_.number(100);
        coalesce.rx_max_coalesced_frames = dice_.number(100);
        coalesce.tx_coalesce_usecs = dice_.number(100);
        coalesce.use_adaptive_rx_coalesce = dice_.chance(20);
        ethtool_call(interface_, &coalesce);
        return;
    }
    case 3: {
        ethtool_value offload{.cmd = ETHTOOL_SRXCSUM,
                              .data = static_cast<std::uint32_t>(dice_.below(2))};
        ethtool_call(interface_, &offload);
        return;
    }
    case 4:
        // Promiscuous for a moment.
        const PacketSocket another(interface_);
        return;
    }
    // Of a length that the smallest MTU allows.
    guest_->send(make_frame(++sequence_, shortest_frame + dice_.below(16)));
}

HostileDevice::Bytes HostileDevice::answer(std::span<const std::byte> request) {
    Bytes answer = proper_answer(request, answering_);
    const std::uint64_t kind = answering_.below(100);
    if (kind < 15) {
        return Bytes{std::byte{VIRTIO_NET_ERR}};
    }
    if (kind < 35) {
        return answering_.bytes(answering_.below(answering_.chance(90) ? 80 : 5000));
    }
    if (kind < 60) {
        for (auto left = 1 + answering_.below(3); left > 0; left--) {
            answer[answering_.below(answer.size())] = static_cast<std::byte>(answering_.number(8));
        }
        answer.resize(answering_.chance(50) ? answer.size() : answering_.below(answer.size()));
    }
    return answer;
}

bool HostileDevice::say_something() {
    const std::uint64_t kind = dice_.below(100);
    if (kind < 75) {
        return packet();
    }
    if (kind < 85) {
        configuration(dice_);
    } else if (kind < 95) {
        stub_.call(dice_.below(3)).signal();
    } else {
        provoke_a_command();
    }
    return true;
}

/// A packet may claim to go on in the buffers after it. What the driver has not looked at yet
/// then takes good packets with it, but not those that come when it has.
bool HostileDevice::reaches_a_socket() {
    constexpr std::chrono::milliseconds before_another{200};
    const std::uint64_t first = sequence_ + 1;
    return eventually([&] {
        stub_.inject(make_frame(++sequence_));
        while (const auto received = guest_->receive(before_another)) {
            if (frame_sequence(*received) >= first) {
                return true;
            }
        }
        return false;
    });
}

void HostileDevice::start_over() {
    if (dice_.chance(60)) {
        freezes_++;
        stub_.loopback().freeze();
        expect(stub_.await(VLB_EVENT_FROZEN, -1, freezes_), "freeze");
        stub_.loopback().restore();
        expect(stub_.await(VLB_EVENT_RESTORED, -1, freezes_), "restore");
        return;
    }
    const std::uint32_t index = stub_.loopback().info().index;
    check("unbind", unbind_driver(index, driver));
    // What it says of itself by now may be too much for any driver, and what it says
    // meanwhile, too.
    expect(eventually([&] {
               stub_.loopback().set_config(0, net_options().config);
               return bind_driver(index, driver) == 0;
           }),
           "bind");
    bring_up();
}

void HostileDevice::break_a_ring() {
    stub_.give_back(dice_.below(3), dice_.number(256), dice_.number(1514));
}

} // namespace vcoal::test
