// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/net_driver.hpp"

#include "vcoal/error.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <numeric>

namespace vcoal {
namespace {

constexpr std::uint16_t indirect_entries = 4;

bool has(std::uint64_t features, unsigned bit) {
    return (features & feature(bit)) != 0;
}

std::size_t header_size_for(std::uint64_t features) {
    if (has(features, VIRTIO_NET_F_HASH_REPORT)) {
        return sizeof(virtio_net_hdr_v1_hash);
    }
    const bool with_count =
        has(features, VIRTIO_F_VERSION_1) || has(features, VIRTIO_NET_F_MRG_RXBUF);
    return with_count ? sizeof(virtio_net_hdr_v1) : sizeof(virtio_net_hdr);
}

RingOptions ring_options(const NetDriverOptions& options) {
    RingOptions ring;
    ring.size = options.ring_size;
    ring.event_idx = has(options.features, VIRTIO_RING_F_EVENT_IDX);
    ring.indirect_entries =
        has(options.features, VIRTIO_RING_F_INDIRECT_DESC) ? indirect_entries : std::uint16_t{0};
    ring.first_index = options.first_index;
    ring.packed = has(options.features, VIRTIO_F_RING_PACKED);
    ring.in_order = has(options.features, VIRTIO_F_IN_ORDER);
    return ring;
}

std::size_t memory_size(const NetDriverOptions& options) {
    constexpr std::size_t ring_entry =
        sizeof(vring_desc) * (1 + indirect_entries) + sizeof(vring_used_elem) + 2;
    constexpr std::size_t alignment = std::size_t{64} * 1024;
    return options.ring_size *
               (2 * ring_entry + std::size_t{options.receive_buffer} + options.transmit_buffer) +
           options.spare_memory + alignment;
}

TapOptions tap_options(const NetDriverOptions& options) {
    TapOptions tap;
    tap.name = options.tap;
    tap.multi_queue = options.multi_queue;
    tap.header = !has(options.features, VHOST_NET_F_VIRTIO_NET_HDR);
    return tap;
}

std::vector<std::uint16_t> all_slots(std::uint16_t count) {
    std::vector<std::uint16_t> slots(count);
    std::iota(slots.rbegin(), slots.rend(), std::uint16_t{0});
    return slots;
}

} // namespace

NetDriver::NetDriver(const NetDriverOptions& options)
    : options_(options), header_size_(header_size_for(options.features)), vhost_(options.node),
      tap_(tap_options(options)), memory_(memory_size(options), options.guard),
      receive_queue_(memory_, ring_options(options)),
      transmit_queue_(memory_, ring_options(options)),
      receive_buffers_(
          memory_.allocate(std::size_t{options.ring_size} * options.receive_buffer, 4096)),
      transmit_buffers_(
          memory_.allocate(std::size_t{options.ring_size} * options.transmit_buffer, 4096)),
      base_{receive_queue_.ring().base(), transmit_queue_.ring().base()},
      free_receive_(all_slots(options.ring_size)), free_transmit_(all_slots(options.ring_size)),
      receive_slot_(options.ring_size), transmit_slot_(options.ring_size) {
    const std::uint64_t missing = options.features & ~vhost_.features();
    if (missing != 0) {
        throw Error(vhost_.path(), "acknowledge features", EOPNOTSUPP,
                    "bit " + std::to_string(std::countr_zero(missing)) + " is not offered");
    }
    if (!has(options.features, VHOST_NET_F_VIRTIO_NET_HDR)) {
        tap_.set_header_size(static_cast<int>(header_size_));
    }
    vhost_.set_owner();
    const vhost_memory_region region = memory_.region();
    vhost_.set_memory({&region, 1});
}

void NetDriver::start() {
    vhost_.set_features(options_.features);
    start_queue(VHN_VRING_RX);
    start_queue(VHN_VRING_TX);
}

void NetDriver::start_queue(unsigned index) {
    queue(index).configure(vhost_, index, base_[index]);
    vhost_.set_backend(index, tap_.get());
}

void NetDriver::stop() {
    stop_queue(VHN_VRING_TX);
    stop_queue(VHN_VRING_RX);
}

void NetDriver::stop_queue(unsigned index) {
    vhost_.set_backend(index, -1);
    base_[index] = vhost_.vring_base(index);
}

void NetDriver::reset_queue(unsigned index) {
    queue(index).ring().reset();
    base_[index] = queue(index).ring().base();
    (index == VHN_VRING_RX ? free_receive_ : free_transmit_) = all_slots(options_.ring_size);
}

std::uint64_t NetDriver::receive_address(unsigned slot) const noexcept {
    return receive_buffers_ + std::uint64_t{slot} * options_.receive_buffer;
}

std::uint64_t NetDriver::transmit_address(unsigned slot) const noexcept {
    return transmit_buffers_ + std::uint64_t{slot} * options_.transmit_buffer;
}

unsigned NetDriver::free_receive_buffers() const noexcept {
    return static_cast<unsigned>(free_receive_.size());
}

unsigned NetDriver::post(unsigned count) {
    unsigned posted = 0;
    while (posted < count && !free_receive_.empty()) {
        const std::uint16_t slot = free_receive_.back();
        const Segment buffer{receive_address(slot), options_.receive_buffer};
        const auto head = receive_queue_.ring().add({}, {&buffer, 1});
        if (!head) {
            break;
        }
        free_receive_.pop_back();
        receive_slot_[*head] = slot;
        posted++;
    }
    receive_queue_.publish();
    return posted;
}

std::span<const std::byte> NetDriver::take_receive_buffer() {
    const auto used = receive_queue_.ring().take();
    if (!used) {
        return {};
    }
    if (used->length > options_.receive_buffer || used->length == 0) {
        throw Error("receive queue", "take " + std::to_string(used->length) + " bytes", EPROTO,
                    "the buffer has " + std::to_string(options_.receive_buffer));
    }
    const std::uint16_t slot = receive_slot_[used->head];
    free_receive_.push_back(slot);
    return memory_.at(receive_address(slot), used->length);
}

std::optional<ReceivedFrame> NetDriver::receive() {
    std::span<const std::byte> part = take_receive_buffer();
    if (part.empty()) {
        return std::nullopt;
    }
    if (part.size() < header_size_) {
        throw Error("receive queue", "take a frame", EPROTO, "it is shorter than its header");
    }
    virtio_net_hdr_v1_hash header{};
    header.hdr.num_buffers = 1;
    std::memcpy(&header, part.data(), header_size_);
    ReceivedFrame frame{};
    frame.header = header.hdr;
    frame.hash_value = header.hash_value;
    frame.hash_report = header.hash_report;
    frame.padding = header.padding;
    part = part.subspan(header_size_);
    frame.data.assign(part.begin(), part.end());
    frame.buffers = 1;
    while (frame.buffers < frame.header.num_buffers) {
        part = take_receive_buffer();
        if (part.empty()) {
            throw Error("receive queue", "take a merged frame", EPROTO,
                        "its buffers were not made used together");
        }
        frame.data.insert(frame.data.end(), part.begin(), part.end());
        frame.buffers++;
    }
    return frame;
}

bool NetDriver::send(std::span<const std::byte> frame, const virtio_net_hdr_v1& header) {
    const auto total = static_cast<std::uint32_t>(header_size_ + frame.size());
    if (total > options_.transmit_buffer) {
        throw Error("transmit queue", "send " + std::to_string(frame.size()) + " bytes", EMSGSIZE,
                    "a buffer has " + std::to_string(options_.transmit_buffer));
    }
    if (free_transmit_.empty()) {
        return false;
    }
    const std::uint16_t slot = free_transmit_.back();
    const std::uint64_t address = transmit_address(slot);
    const auto header_bytes = static_cast<std::uint32_t>(header_size_);
    const Segment separate[] = {{address, header_bytes},
                                {address + header_bytes, total - header_bytes}};
    const Segment together[] = {{address, total}};
    const std::span<const Segment> segments =
        options_.separate_header ? std::span<const Segment>(separate) : together;

    const auto head = transmit_queue_.ring().add(segments, {});
    if (!head) {
        return false;
    }
    const auto buffer = memory_.at(address, total);
    virtio_net_hdr_v1_hash with_hash{};
    with_hash.hdr = header;
    std::memcpy(buffer.data(), &with_hash, header_size_);
    std::copy(frame.begin(), frame.end(), buffer.begin() + header_bytes);
    free_transmit_.pop_back();
    transmit_slot_[*head] = slot;
    return true;
}

unsigned NetDriver::reclaim() {
    unsigned frames = 0;
    while (const auto used = transmit_queue_.ring().take()) {
        free_transmit_.push_back(transmit_slot_[used->head]);
        frames++;
    }
    return frames;
}

} // namespace vcoal
