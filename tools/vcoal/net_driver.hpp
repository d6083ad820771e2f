// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/features.hpp"
#include "vcoal/guest_memory.hpp"
#include "vcoal/queue.hpp"
#include "vcoal/tap.hpp"
#include "vcoal/vhost.hpp"
#include "vcoal/virtio_net.hpp"

#include <cstdint>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vcoal {

/// What every vhost-net of the last years offers.
constexpr std::uint64_t basic_features =
    feature(VIRTIO_F_VERSION_1) | feature(VIRTIO_RING_F_EVENT_IDX) |
    feature(VIRTIO_RING_F_INDIRECT_DESC) | feature(VIRTIO_NET_F_MRG_RXBUF);

struct NetDriverOptions {
    std::string node = vhost_node;
    /// Acknowledged features, VHOST_NET_F_VIRTIO_NET_HDR included.
    std::uint64_t features = basic_features;
    std::uint16_t ring_size = 256;
    /// First index of both rings, see RingOptions.
    std::uint16_t first_index = 0;
    std::uint32_t receive_buffer = 2048;
    std::uint32_t transmit_buffer = 2048;
    /// Transmit: the header stands in a segment of its own.
    bool separate_header = true;
    std::string tap = "vcoal%d";
    /// Further drivers may be put on the same tap.
    bool multi_queue = false;
    /// Guest memory left to the caller, and guard bytes around all of it.
    std::size_t spare_memory = std::size_t{64} * 1024;
    std::size_t guard = 0;
};

/// A frame the driver received.
struct ReceivedFrame {
    virtio_net_hdr_v1 header;
    /// The header's end with VIRTIO_NET_F_HASH_REPORT, otherwise 0.
    std::uint32_t hash_value;
    std::uint16_t hash_report;
    std::uint16_t padding;
    std::vector<std::byte> data;
    /// Receive buffers it took.
    unsigned buffers;
};

/// A virtio-net driver in this process, in front of any vhost node and a tap of its
/// own: it sees every signal, and nothing happens that the caller did not ask for.
/// Buffers are posted, received and reclaimed by explicit calls.
class NetDriver {
public:
    /// Opens node and tap, becomes owner, gives vhost the memory. The interface is
    /// still down, the queues are stopped.
    explicit NetDriver(const NetDriverOptions& options = {});

    const NetDriverOptions& options() const noexcept { return options_; }
    VhostNet& vhost() noexcept { return vhost_; }
    Tap& tap() noexcept { return tap_; }
    GuestMemory& memory() noexcept { return memory_; }
    Queue& queue(unsigned index) {
        return index == VHN_VRING_RX ? receive_queue_ : transmit_queue_;
    }
    Queue& rx() noexcept { return receive_queue_; }
    Queue& tx() noexcept { return transmit_queue_; }
    std::size_t header_size() const noexcept { return header_size_; }
    /// Guest addresses of all receive buffers and of all transmit buffers, one behind
    /// the other.
    std::uint64_t receive_buffers() const noexcept { return receive_buffers_; }
    std::uint64_t transmit_buffers() const noexcept { return transmit_buffers_; }

    /// Acknowledges the features and starts both queues, where stop() left off.
    void start();
    void start_queue(unsigned index);
    void stop();
    void stop_queue(unsigned index);
    /// Forgets all buffers of a queue, which must be stopped; it begins anew.
    void reset_queue(unsigned index);

    /// Receive buffers neither posted nor holding a frame.
    unsigned free_receive_buffers() const noexcept;
    /// Posts @p count receive buffers, or as many as are free. Returns how many.
    unsigned post(unsigned count = ~0U);
    /// Takes a received frame; its buffers become free, not posted.
    std::optional<ReceivedFrame> receive();

    /// Adds a frame to the transmit ring, invisible until tx().publish(). False when
    /// the ring is full.
    bool send(std::span<const std::byte> frame, const virtio_net_hdr_v1& header = {});
    /// Frees the buffers of frames the device has sent. Returns how many frames.
    unsigned reclaim();

private:
    std::uint64_t receive_address(unsigned slot) const noexcept;
    std::uint64_t transmit_address(unsigned slot) const noexcept;
    std::span<const std::byte> take_receive_buffer();

    NetDriverOptions options_;
    std::size_t header_size_;
    VhostNet vhost_;
    Tap tap_;
    GuestMemory memory_;
    Queue receive_queue_;
    Queue transmit_queue_;
    std::uint64_t receive_buffers_;
    std::uint64_t transmit_buffers_;
    /// As vhost has them while a queue is stopped.
    unsigned base_[VHN_NR_VRINGS];
    /// Free slots, and the slot behind each head under way.
    std::vector<std::uint16_t> free_receive_;
    std::vector<std::uint16_t> free_transmit_;
    std::vector<std::uint16_t> receive_slot_;
    std::vector<std::uint16_t> transmit_slot_;
};

} // namespace vcoal
