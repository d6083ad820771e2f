// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/control.hpp"

#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>

namespace vcoal {
namespace {

constexpr std::size_t ack_bytes = sizeof(virtio_net_ctrl_ack);

// AMB-3: where a result stands, measured from the first byte the device writes. The
// ack comes first, as with the statistics commands.
constexpr std::size_t result_offset = ack_bytes;

/// Bits of GUEST_OFFLOADS_SET (spec 2.3) whose feature has the same number.
constexpr std::uint64_t offload_bits =
    feature(VIRTIO_NET_F_GUEST_CSUM) | feature(VIRTIO_NET_F_GUEST_TSO4) |
    feature(VIRTIO_NET_F_GUEST_TSO6) | feature(VIRTIO_NET_F_GUEST_ECN) |
    feature(VIRTIO_NET_F_GUEST_UFO) | feature(VIRTIO_NET_F_GUEST_USO4) |
    feature(VIRTIO_NET_F_GUEST_USO6);

} // namespace

void ControlServer::negotiate(std::uint64_t features, const ControlDevice& device) {
    constexpr std::uint64_t many = feature(VIRTIO_NET_F_MQ) | feature(VIRTIO_NET_F_RSS);
    features_ = features;
    device_ = device;
    pairs_ = (features & many) != 0 ? device.max_pairs : 1;
    filter_.begin(features, device.mac, device.mtu);
}

ControlAnswer ControlServer::serve(std::span<const std::byte> request,
                                   std::span<std::byte> answer) {
    commands_++;
    ControlAnswer outcome;
    const auto seen = request.first(std::min(request.size(), record_limit));
    outcome.request.assign(seen.begin(), seen.end());
    if (answer.size() < ack_bytes) {
        unanswerable_++;
        outcome.reason = "no room for the ack";
        return outcome;
    }

    Result result;
    try {
        result = carry_out(request, answer.size() - ack_bytes);
        outcome.ok = true;
        succeeded_++;
    } catch (const Error& error) {
        outcome.reason = error.what();
    }
    answer[0] = outcome.ok ? std::byte{VIRTIO_NET_OK} : std::byte{VIRTIO_NET_ERR};
    std::copy(result.begin(), result.end(), answer.subspan(result_offset).begin());
    outcome.written = static_cast<std::uint32_t>(ack_bytes + result.size());
    return outcome;
}

void ControlServer::need(unsigned bit) const {
    if ((features_ & feature(bit)) == 0) {
        refuse_command(feature_bit_name(bit) + " was not negotiated"); // AMB-12
    }
}

ControlServer::Result ControlServer::carry_out(std::span<const std::byte> request,
                                               std::size_t room) {
    const ControlCommand& known = find_control_command(request);
    need(known.feature);
    const ControlData data(request.subspan(sizeof(virtio_net_ctrl_hdr)));
    switch (known.command_class) {
    case VIRTIO_NET_CTRL_RX:
        rx_mode(known.command, data);
        return {};
    case VIRTIO_NET_CTRL_MAC:
        mac(known.command, data);
        return {};
    case VIRTIO_NET_CTRL_VLAN:
        vlan(known.command, data);
        return {};
    case VIRTIO_NET_CTRL_ANNOUNCE:
        target_.announced();
        return {};
    case VIRTIO_NET_CTRL_MQ:
        steering(known.command, data);
        return {};
    case VIRTIO_NET_CTRL_GUEST_OFFLOADS:
        set_offloads(data);
        return {};
    default:
        return coalescing(known.command, data, room);
    }
}

// CTRL-G6: only what was negotiated.
void ControlServer::set_offloads(ControlData data) {
    const auto offloads = data.take<std::uint64_t>();
    if ((offloads & ~(features_ & offload_bits)) != 0) {
        refuse_command("an offload that was not negotiated");
    }
    target_.set_offloads(offloads);
}

} // namespace vcoal
