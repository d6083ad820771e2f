// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/control.hpp"

#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>

namespace vcoal {
namespace {

constexpr std::size_t header_bytes = sizeof(virtio_net_ctrl_hdr);
constexpr std::size_t ack_bytes = sizeof(virtio_net_ctrl_ack);

// AMB-3: where a result stands, measured from the first byte the device writes. The
// ack comes first, as with the statistics commands.
constexpr std::size_t result_offset = ack_bytes;

[[noreturn]] void refuse(const std::string& why) {
    throw Error("control command", why, EINVAL);
}

/// The leading structure of a command's data; a longer one is fine, a shorter is not.
template <typename T>
T leading(std::span<const std::byte> data) {
    if (data.size() < sizeof(T)) {
        refuse(fmt::format("{} bytes of data where {} are needed", data.size(), sizeof(T)));
    }
    T value;
    std::memcpy(&value, data.data(), sizeof(value));
    return value;
}

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

struct CommandName {
    unsigned command_class;
    unsigned command;
    const char* name;
};

constexpr std::array command_names{
    CommandName{VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, "MQ_VQ_PAIRS_SET"},
    CommandName{VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_TX_SET, "NOTF_COAL_TX_SET"},
    CommandName{VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_RX_SET, "NOTF_COAL_RX_SET"},
    CommandName{VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET, "NOTF_COAL_VQ_SET"},
    CommandName{VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET, "NOTF_COAL_VQ_GET"},
};

} // namespace

void ControlServer::negotiate(std::uint64_t features, unsigned max_pairs) {
    features_ = features;
    max_pairs_ = max_pairs;
    pairs_ = (features & feature(VIRTIO_NET_F_MQ)) != 0 ? max_pairs : 1;
}

ControlAnswer ControlServer::serve(std::span<const std::byte> request,
                                   std::span<std::byte> answer) {
    commands_++;
    ControlAnswer outcome;
    const auto seen = request.first(std::min(request.size(), request_limit));
    outcome.request.assign(seen.begin(), seen.end());
    if (answer.size() < ack_bytes) {
        unanswerable_++;
        outcome.reason = "no room for the ack";
        return outcome;
    }

    std::vector<std::byte> result;
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
        refuse(feature_names(feature(bit)).front() + " was not negotiated"); // AMB-12
    }
}

std::vector<std::byte> ControlServer::carry_out(Bytes request, std::size_t room) {
    const auto header = leading<virtio_net_ctrl_hdr>(request);
    const Bytes data = request.subspan(header_bytes);
    switch (header.class_) {
    case VIRTIO_NET_CTRL_NOTF_COAL:
        return coalescing_command(header.cmd, data, room);
    case VIRTIO_NET_CTRL_MQ:
        if (header.cmd == VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET) {
            set_pairs(data);
            return {};
        }
        break;
    default:
        break;
    }
    refuse("not carried out by this device");
}

std::vector<std::byte> ControlServer::coalescing_command(unsigned command, Bytes data,
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
    case VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET:
        return get_queue(data, room);
    default:
        refuse("no such command of this class");
    }
}

void ControlServer::set_pairs(Bytes data) {
    need(VIRTIO_NET_F_MQ);
    const unsigned wanted = leading<virtio_net_ctrl_mq>(data).virtqueue_pairs;
    if (wanted < VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MIN || wanted > max_pairs_) {
        refuse(fmt::format("{} pairs of queues where 1 to {} exist", wanted, max_pairs_));
    }
    target_.set_active_pairs(wanted);
}

// COAL-O6, AMB-7: every queue of the direction, set up or not.
void ControlServer::set_direction(unsigned direction, Bytes data) {
    need(VIRTIO_NET_F_NOTF_COAL);
    const vhn_coal_params params = params_of(leading<virtio_net_coal>(data));
    std::vector<unsigned> queues;
    for (unsigned pair = 0; pair < pairs_; pair++) {
        queues.push_back(2 * pair + direction);
    }
    apply(queues, VHN_COAL_DIRECTION, params);
}

void ControlServer::set_queue(Bytes data) {
    need(VIRTIO_NET_F_VQ_NOTF_COAL);
    const auto command = leading<virtio_net_coal_vq>(data);
    apply({queue_index(data)}, VHN_COAL_QUEUE, params_of(command.coal));
}

std::vector<std::byte> ControlServer::get_queue(Bytes data, std::size_t room) {
    need(VIRTIO_NET_F_VQ_NOTF_COAL);
    const unsigned vq = queue_index(data);
    virtio_net_coal coal{};
    if (room < sizeof(coal)) {
        refuse(fmt::format("{} bytes of room for a result of {}", room, sizeof(coal)));
    }
    const vhn_coal_params params = target_.coalescing(vq).effective; // COAL-O7
    coal.max_packets = params.max_packets;
    coal.max_usecs = params.max_usecs;
    std::vector<std::byte> result(sizeof(coal));
    std::memcpy(result.data(), &coal, sizeof(coal));
    return result;
}

// COAL-D1: what follows the index is ignored, and VQ_GET may do without it (AMB-3).
// COAL-D4: the control queue and whatever lies behind it are no RX or TX queues.
unsigned ControlServer::queue_index(Bytes data) const {
    const unsigned vq = leading<__le16>(data);
    if (vq >= 2 * pairs_ || !target_.enabled(vq)) {
        refuse(fmt::format("virtqueue {} is not an enabled receive or transmit queue", vq));
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

std::string control_command_name(std::span<const std::byte> request) {
    if (request.size() < header_bytes) {
        return "truncated";
    }
    const auto command_class = std::to_integer<unsigned>(request[0]);
    const auto command = std::to_integer<unsigned>(request[1]);
    for (const CommandName& known : command_names) {
        if (known.command_class == command_class && known.command == command) {
            return known.name;
        }
    }
    return fmt::format("class {} command {}", command_class, command);
}

} // namespace vcoal
