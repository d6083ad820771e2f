// SPDX-License-Identifier: GPL-2.0-only
//
// Class NOTF_COAL (spec 3).
#include "vcoal/control.hpp"
#include "vcoal/error.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <utility>

namespace vcoal {
namespace {

vhn_coal_params params_of(const virtio_net_coal& coal) {
    return {coal.max_packets, coal.max_usecs};
}

vhn_coal_params bounded(const vhn_coal_params& params, const vhn_coal_params& limit) {
    return {std::min(params.max_packets, limit.max_packets),
            std::min(params.max_usecs, limit.max_usecs)};
}

/// Puts queues back to what they were. A limit lowered meanwhile bounds what can be
/// put back; what was in force is below it, so that comes back whole.
void put_back(ControlTarget& target, std::span<const std::pair<unsigned, vhn_coal_state>> before) {
    for (const auto& [vq, state] : before) {
        try {
            target.set_coalescing(vq, VHN_COAL_DIRECTION, bounded(state.direction, state.limit));
            target.set_coalescing(vq, VHN_COAL_QUEUE, bounded(state.requested, state.limit));
        } catch (const Error&) {
            // Locked or limited in this very moment: the host decides, not the guest.
        }
    }
}

} // namespace

ControlServer::Result ControlServer::coalescing(unsigned command, ControlData data,
                                                std::size_t room) {
    switch (command) {
    case VIRTIO_NET_CTRL_NOTF_COAL_TX_SET:
        set_direction(VHN_VRING_TX, data);
        return {};
    case VIRTIO_NET_CTRL_NOTF_COAL_RX_SET:
        set_direction(VHN_VRING_RX, data);
        return {};
    case VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET:
        set_queue(data);
        return {};
    default:
        return get_queue(data, room);
    }
}

// COAL-O6, AMB-7: every queue of the direction, set up or not.
void ControlServer::set_direction(unsigned direction, ControlData data) {
    const vhn_coal_params params = params_of(data.take<virtio_net_coal>());
    std::vector<unsigned> queues;
    for (unsigned pair = 0; pair < pairs_; pair++) {
        queues.push_back(2 * pair + direction);
    }
    apply(queues, VHN_COAL_DIRECTION, params);
}

// COAL-D1: what is reserved is ignored.
void ControlServer::set_queue(ControlData data) {
    const auto command = data.take<virtio_net_coal_vq>();
    apply({queue_index(command.vq_index)}, VHN_COAL_QUEUE, params_of(command.coal));
}

ControlServer::Result ControlServer::get_queue(ControlData data, std::size_t room) {
    const unsigned vq = queue_index(data.take<__le16>());
    virtio_net_coal coal{};
    if (room < sizeof(coal)) {
        refuse_command(fmt::format("{} bytes of room for a result of {}", room, sizeof(coal)));
    }
    const vhn_coal_params params = target_.coalescing(vq).effective; // COAL-O7
    coal.max_packets = params.max_packets;
    coal.max_usecs = params.max_usecs;
    Result result(sizeof(coal));
    std::memcpy(result.data(), &coal, sizeof(coal));
    return result;
}

// COAL-D4: the control queue and whatever lies behind it are no RX or TX queues.
unsigned ControlServer::queue_index(unsigned vq) const {
    if (vq >= 2 * pairs_ || !target_.enabled(vq)) {
        refuse_command(fmt::format("virtqueue {} is not an enabled receive or transmit queue", vq));
    }
    return vq;
}

// AMB-8: all queues or none.
void ControlServer::apply(const std::vector<unsigned>& queues, vhn_coal_target target,
                          vhn_coal_params params) {
    std::vector<std::pair<unsigned, vhn_coal_state>> before;
    try {
        for (const unsigned vq : queues) {
            const vhn_coal_state state = target_.coalescing(vq);
            target_.set_coalescing(vq, target, params);
            before.emplace_back(vq, state);
        }
    } catch (const Error&) {
        put_back(target_, before);
        throw;
    }
}

} // namespace vcoal
