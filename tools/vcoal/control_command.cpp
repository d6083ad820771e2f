// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/control_command.hpp"

#include "vcoal/error.hpp"
#include "vcoal/virtio_net.hpp"

#include <array>
#include <cerrno>
#include <fmt/format.h>

namespace vcoal {
namespace {

constexpr std::size_t header_bytes = sizeof(virtio_net_ctrl_hdr);
constexpr std::size_t mac_bytes = 6;
constexpr std::size_t vlan_bytes = 2;
/// RSS_CONFIG and HASH_CONFIG with one entry in the table and no key (spec 2.4).
constexpr std::size_t hash_bytes = 13;

constexpr std::array commands{
    ControlCommand{VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, "RX_PROMISC",
                   VIRTIO_NET_F_CTRL_RX, 1},
    ControlCommand{VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLMULTI, "RX_ALLMULTI",
                   VIRTIO_NET_F_CTRL_RX, 1},
    ControlCommand{VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLUNI, "RX_ALLUNI",
                   VIRTIO_NET_F_CTRL_RX_EXTRA, 1},
    ControlCommand{VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_NOMULTI, "RX_NOMULTI",
                   VIRTIO_NET_F_CTRL_RX_EXTRA, 1},
    ControlCommand{VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_NOUNI, "RX_NOUNI",
                   VIRTIO_NET_F_CTRL_RX_EXTRA, 1},
    ControlCommand{VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_NOBCAST, "RX_NOBCAST",
                   VIRTIO_NET_F_CTRL_RX_EXTRA, 1},
    ControlCommand{VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET, "MAC_TABLE_SET",
                   VIRTIO_NET_F_CTRL_RX, 2 * sizeof(std::uint32_t)},
    ControlCommand{VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET, "MAC_ADDR_SET",
                   VIRTIO_NET_F_CTRL_MAC_ADDR, mac_bytes},
    ControlCommand{VIRTIO_NET_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN_ADD, "VLAN_ADD",
                   VIRTIO_NET_F_CTRL_VLAN, vlan_bytes},
    ControlCommand{VIRTIO_NET_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN_DEL, "VLAN_DEL",
                   VIRTIO_NET_F_CTRL_VLAN, vlan_bytes},
    ControlCommand{VIRTIO_NET_CTRL_ANNOUNCE, VIRTIO_NET_CTRL_ANNOUNCE_ACK, "ANNOUNCE_ACK",
                   VIRTIO_NET_F_GUEST_ANNOUNCE, 0},
    ControlCommand{VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, "MQ_VQ_PAIRS_SET",
                   VIRTIO_NET_F_MQ, sizeof(virtio_net_ctrl_mq)},
    ControlCommand{VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_RSS_CONFIG, "MQ_RSS_CONFIG",
                   VIRTIO_NET_F_RSS, hash_bytes},
    ControlCommand{VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_HASH_CONFIG, "MQ_HASH_CONFIG",
                   VIRTIO_NET_F_HASH_REPORT, hash_bytes},
    ControlCommand{VIRTIO_NET_CTRL_GUEST_OFFLOADS, VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET,
                   "GUEST_OFFLOADS_SET", VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, sizeof(std::uint64_t)},
    ControlCommand{VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_TX_SET, "NOTF_COAL_TX_SET",
                   VIRTIO_NET_F_NOTF_COAL, sizeof(virtio_net_coal)},
    ControlCommand{VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_RX_SET, "NOTF_COAL_RX_SET",
                   VIRTIO_NET_F_NOTF_COAL, sizeof(virtio_net_coal)},
    ControlCommand{VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET, "NOTF_COAL_VQ_SET",
                   VIRTIO_NET_F_VQ_NOTF_COAL, sizeof(virtio_net_coal_vq)},
    // AMB-3: the reserved word behind the index may be missing.
    ControlCommand{VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET, "NOTF_COAL_VQ_GET",
                   VIRTIO_NET_F_VQ_NOTF_COAL, sizeof(std::uint16_t)},
};

const ControlCommand* find(std::span<const std::byte> request) {
    if (request.size() < header_bytes) {
        return nullptr;
    }
    for (const ControlCommand& known : commands) {
        if (known.command_class == std::to_integer<unsigned>(request[0]) &&
            known.command == std::to_integer<unsigned>(request[1])) {
            return &known;
        }
    }
    return nullptr;
}

} // namespace

const ControlCommand& find_control_command(std::span<const std::byte> request) {
    const ControlCommand* command = find(request);
    if (command == nullptr) {
        refuse_command("not known to this device");
    }
    if (request.size() - header_bytes < command->data) {
        refuse_command(fmt::format("{} bytes of data where {} are needed",
                                   request.size() - header_bytes, command->data));
    }
    return *command;
}

std::string control_command_name(std::span<const std::byte> request) {
    if (request.size() < header_bytes) {
        return "truncated";
    }
    const ControlCommand* command = find(request);
    return command != nullptr
               ? command->name
               : fmt::format("class {} command {}", std::to_integer<unsigned>(request[0]),
                             std::to_integer<unsigned>(request[1]));
}

void refuse_command(const std::string& why) {
    throw Error("control command", why, EINVAL);
}

void ControlData::need(std::size_t count, std::size_t size) const {
    if (count > bytes_.size() / size) {
        refuse_command(fmt::format("{} bytes of data are left where {} times {} are needed",
                                   bytes_.size(), count, size));
    }
}

std::span<const std::byte> ControlData::take_bytes(std::size_t count) {
    need(count, 1);
    const auto taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
}

} // namespace vcoal
