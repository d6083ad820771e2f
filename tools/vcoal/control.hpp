// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/control_command.hpp"
#include "vcoal/mac.hpp"
#include "vcoal/rss.hpp"
#include "vcoal/rx_filter.hpp"

#include <cstddef>
#include <cstdint>
#include <linux/vhost_net_coal.h>
#include <span>
#include <string>
#include <vector>

namespace vcoal {

/// The device a control queue commands. Queues are named by their virtqueue index:
/// receive queues are even, transmit queues odd. What fails throws Error and leaves the
/// device as it was; the driver is told that the command failed. What returns is in
/// force: the driver is told so next.
class ControlTarget {
public:
    virtual ~ControlTarget() = default;

    /// The driver has set the queue up and it is not in reset (AMB-5).
    virtual bool enabled(unsigned vq) const = 0;
    virtual vhn_coal_state coalescing(unsigned vq) const = 0;
    /// @param target VHN_COAL_QUEUE or VHN_COAL_DIRECTION
    virtual void set_coalescing(unsigned vq, vhn_coal_target target, vhn_coal_params params) = 0;
    /// The driver uses the first @p pairs pairs from now on, and the device chooses among
    /// them (CTRL-D10).
    virtual void set_active_pairs(unsigned pairs) = 0;
    /// The driver chooses the pair that receives a packet (RSS-D1).
    virtual void set_rss(const RssConfig& config) = 0;
    /// What is hashed for the reports in the packets' headers (RSS-D3).
    virtual void set_hash(const HashConfig& config) = 0;
    /// What the driver receives, and the device's address.
    virtual void set_filter(const RxFilter& filter) = 0;
    /// The driver has announced itself (CTRL-D8).
    virtual void announced() = 0;
    /// @param offloads bits of spec 2.3 that the driver wants from now on
    virtual void set_offloads(std::uint64_t offloads) = 0;
};

/// What a device has; the driver's features say how much of it is used.
struct ControlDevice {
    /// Pairs of queues.
    unsigned max_pairs = 1;
    MacAddress mac{};
    std::uint16_t mtu = 0;
    /// Hash types it knows: supported_hash_types of the configuration space.
    std::uint32_t hash_types = 0;
};

/// How a command was answered.
struct ControlAnswer {
    /// Class, command and the beginning of what belongs to them.
    std::vector<std::byte> request;
    /// Bytes written: 0 when there was no room for an ack.
    std::uint32_t written = 0;
    /// The ack was VIRTIO_NET_OK.
    bool ok = false;
    /// Why not, for people.
    std::string reason;
};

/// Serves the control queue (spec 2): one method for each class. What is unknown, was not
/// negotiated, is not well formed or asks for something there is not is answered
/// VIRTIO_NET_ERR and changes nothing. Knows no ring and no device but its target.
class ControlServer {
public:
    /// Bytes of a command that are looked at; longer ones are legal, their tail is ignored.
    static constexpr std::size_t request_limit = 1 << 20;
    /// Bytes of a command that its answer still shows.
    static constexpr std::size_t record_limit = 1024;
    /// No answer is longer: ack and result of VQ_GET.
    static constexpr std::size_t answer_limit = 1 + 8;

    explicit ControlServer(ControlTarget& target) : target_(target) {}

    /// Begins anew with the features the driver chose.
    void negotiate(std::uint64_t features, const ControlDevice& device);

    /// Pairs of queues whose indexes exist: more than 1 only with MQ or RSS (spec 1.4).
    unsigned pairs() const noexcept { return pairs_; }
    /// What the driver wants to receive.
    const RxFilter& filter() const noexcept { return filter_; }

    /// Carries a command out. @p answer is the memory for ack and result; what was
    /// written is its first ControlAnswer::written bytes.
    ControlAnswer serve(std::span<const std::byte> request, std::span<std::byte> answer);

    /// Commands received, answered OK, and without room for an ack.
    std::uint64_t commands() const noexcept { return commands_; }
    std::uint64_t succeeded() const noexcept { return succeeded_; }
    std::uint64_t unanswerable() const noexcept { return unanswerable_; }

private:
    using Result = std::vector<std::byte>;

    Result carry_out(std::span<const std::byte> request, std::size_t room);
    void need(unsigned bit) const;

    // control_filter.cpp
    void rx_mode(unsigned command, ControlData data);
    void mac(unsigned command, ControlData data);
    void vlan(unsigned command, ControlData data);
    void use(RxFilter filter);

    // control_steering.cpp
    void steering(unsigned command, ControlData data);
    void set_pairs(ControlData data);
    void set_rss(ControlData data);
    void set_hash(ControlData data);
    HashConfig hash_of(std::uint32_t types, ControlData& data) const;
    unsigned pair_index(unsigned id) const;

    // control_coal.cpp
    Result coalescing(unsigned command, ControlData data, std::size_t room);
    void set_direction(unsigned direction, ControlData data);
    void set_queue(ControlData data);
    Result get_queue(ControlData data, std::size_t room);
    unsigned queue_index(unsigned vq) const;
    void apply(const std::vector<unsigned>& queues, vhn_coal_target target, vhn_coal_params params);

    void set_offloads(ControlData data);

    ControlTarget& target_;
    std::uint64_t features_ = 0;
    ControlDevice device_;
    unsigned pairs_ = 0;
    RxFilter filter_;
    std::uint64_t commands_ = 0;
    std::uint64_t succeeded_ = 0;
    std::uint64_t unanswerable_ = 0;
};

} // namespace vcoal
