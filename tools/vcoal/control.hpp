// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdint>
#include <linux/vhost_net_coal.h>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vcoal {

/// The device a control queue commands. Queues are named by their virtqueue index:
/// receive queues are even, transmit queues odd. What fails throws Error.
class ControlTarget {
public:
    virtual ~ControlTarget() = default;

    /// The driver has set the queue up and it is not in reset (AMB-5).
    virtual bool enabled(unsigned vq) const = 0;
    virtual vhn_coal_state coalescing(unsigned vq) const = 0;
    /// @param target VHN_COAL_QUEUE or VHN_COAL_DIRECTION
    virtual void set_coalescing(unsigned vq, vhn_coal_target target, vhn_coal_params params) = 0;
    /// The driver uses the first @p pairs pairs from now on.
    virtual void set_active_pairs(unsigned pairs) = 0;
};

/// How a command was answered.
struct ControlAnswer {
    /// Class, command and what belongs to them, as far as it is looked at.
    std::vector<std::byte> request;
    /// Bytes written: 0 when there was no room for an ack.
    std::uint32_t written = 0;
    /// The ack was VIRTIO_NET_OK.
    bool ok = false;
    /// Why not, for people.
    std::string reason;
};

/// Serves the control queue (spec 2, 3): the four commands of NOTF_COAL and
/// VQ_PAIRS_SET. Everything else, what was not negotiated and what is not well formed
/// is answered VIRTIO_NET_ERR and changes nothing. Knows no ring.
class ControlServer {
public:
    /// Bytes of a command that are looked at; longer ones are legal, their tail is
    /// ignored.
    static constexpr std::size_t request_limit = 64;
    /// No answer is longer: ack and result of VQ_GET.
    static constexpr std::size_t answer_limit = 1 + 8;

    explicit ControlServer(ControlTarget& target) : target_(target) {}

    /// The features the driver chose and how many pairs of queues the device has.
    void negotiate(std::uint64_t features, unsigned max_pairs);

    /// Pairs of queues whose indexes exist: more than 1 only with MQ (spec 1.4).
    unsigned pairs() const noexcept { return pairs_; }

    /// Carries a command out. @p answer is the memory for ack and result; what was
    /// written is its first ControlAnswer::written bytes.
    ControlAnswer serve(std::span<const std::byte> request, std::span<std::byte> answer);

    /// Commands received, answered OK, and without room for an ack.
    std::uint64_t commands() const noexcept { return commands_; }
    std::uint64_t succeeded() const noexcept { return succeeded_; }
    std::uint64_t unanswerable() const noexcept { return unanswerable_; }

private:
    using Bytes = std::span<const std::byte>;

    std::vector<std::byte> carry_out(Bytes request, std::size_t room);
    std::vector<std::byte> coalescing_command(unsigned command, Bytes data, std::size_t room);
    void set_pairs(Bytes data);
    void set_direction(unsigned direction, Bytes data);
    void set_queue(Bytes data);
    std::vector<std::byte> get_queue(Bytes data, std::size_t room);
    unsigned queue_index(Bytes data) const;
    void apply(const std::vector<unsigned>& queues, vhn_coal_target target, vhn_coal_params params);
    void need(unsigned bit) const;

    ControlTarget& target_;
    std::uint64_t features_ = 0;
    unsigned max_pairs_ = 0;
    unsigned pairs_ = 0;
    std::uint64_t commands_ = 0;
    std::uint64_t succeeded_ = 0;
    std::uint64_t unanswerable_ = 0;
};

/// Name of a command ("NOTF_COAL_RX_SET"), or "class C command N".
std::string control_command_name(std::span<const std::byte> request);

} // namespace vcoal
