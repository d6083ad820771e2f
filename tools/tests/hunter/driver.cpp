// SPDX-License-Identifier: GPL-2.0-only
#include "hunter/driver.hpp"

#include "hunter/finding.hpp"
#include "vcoal/packed_ring.hpp"
#include "vcoal/split_ring.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace hunter {
namespace {

using namespace vcoal;

constexpr std::uint64_t turn_of_an_index = 0x10000;

RingOptions options_of(const Setup& setup) {
    RingOptions options;
    options.size = setup.size;
    options.event_idx = setup.event_idx;
    options.indirect_entries = setup.indirect;
    options.first_index = setup.first;
    options.packed = setup.packed;
    return options;
}

std::unique_ptr<DriverRing> make_ring(const Setup& setup, GuestMemory& memory) {
    if (setup.packed) {
        return std::make_unique<PackedRing>(memory, options_of(setup));
    }
    return std::make_unique<SplitRing>(memory, options_of(setup));
}

} // namespace

Driver::Driver(const Setup& setup, GuestMemory& memory)
    : setup_(setup), ring_(make_ring(setup, memory)), memory_(memory.allocate(4096)) {
    reset();
}

void Driver::reset() {
    ring_->reset();
    offered_ = taken_ = threshold_ = used_then_ = slots_since_ = 0;
    descriptors_.clear();
    heads_.clear();
    lengths_.clear();
    armed_ = true;
    told_ = busy_ = evaluated_ = false;
    ring_->enable_callbacks();
    if (setup_.packed) {
        place_now_ = place_then_ = static_cast<PackedRing&>(*ring_).used();
    }
}

bool Driver::add_one() {
    std::array<Segment, 3> segments{};
    // Transmit: chains of different lengths; a receive buffer is one piece.
    const std::size_t most = std::min<std::size_t>(setup_.size, segments.size());
    const std::size_t n = setup_.transmit ? 1 + offered_ % most : 1;
    for (std::size_t i = 0; i < n; i++) {
        segments.at(i) = {memory_ + i * buffer_bytes, buffer_bytes};
    }
    const auto all = std::span<const Segment>(segments).first(n);
    const unsigned before = ring_->free();
    const auto head = setup_.transmit ? ring_->add(all, {}) : ring_->add({}, all);
    if (!head) {
        return false;
    }
    offered_++;
    heads_.push_back(*head);
    if (setup_.transmit) {
        descriptors_.push_back(before - ring_->free());
    }
    return true;
}

bool Driver::offer(std::uint64_t n) {
    while (n > 0 && add_one()) {
        n--;
    }
    return ring_->publish();
}

std::uint64_t Driver::take(std::uint64_t n) {
    std::uint64_t count = 0;
    for (; count < n; count++) {
        const auto used = ring_->take();
        if (!used) {
            break;
        }
        check(*used);
    }
    taken_ += count;
    return count;
}

void Driver::check(const UsedBuffer& used) {
    const std::uint32_t length = lengths_.empty() ? 0 : lengths_.front();
    if (used.head != heads_.front() || used.length != length) {
        throw Finding("a used entry is seen before it is written");
    }
    heads_.pop_front();
    if (!lengths_.empty()) {
        lengths_.pop_front();
    }
}

void Driver::expect(std::uint32_t bytes) {
    for (; bytes > 0; bytes -= lengths_.back()) {
        lengths_.push_back(std::min(bytes, buffer_bytes));
    }
}

void Driver::disable() {
    ring_->disable_callbacks();
    armed_ = told_ = busy_ = false;
}

bool Driver::enable(std::uint64_t after) {
    after = std::min(after, offered_ - taken_);
    told_ = false;
    armed_ = ring_->enable_callbacks(static_cast<std::uint16_t>(after));
    busy_ = !armed_;
    threshold_ = setup_.event_idx ? taken_ + after : used();
    return armed_;
}

void Driver::poll(std::uint64_t n) {
    disable();
    busy_ = take(n) == n || !enable(0);
}

std::uint64_t Driver::pass(std::uint64_t buffers) {
    std::uint64_t sum = 0;
    for (; buffers > 0 && !descriptors_.empty(); buffers--) {
        sum += descriptors_.front();
        descriptors_.pop_front();
    }
    return sum;
}

void Driver::note_progress() {
    if (setup_.packed) {
        const PackedPlace now = static_cast<PackedRing&>(*ring_).used();
        slots_since_ += place_now_.distance(now, setup_.size);
        place_now_ = now;
    }
}

bool Driver::wanted_split(std::uint64_t since) const {
    const RawRing& raw = static_cast<SplitRing&>(*ring_).raw();
    if (!setup_.event_idx) {
        return raw.avail_flags().load() == 0;
    }
    if (!evaluated_ || since >= turn_of_an_index) {
        return true;
    }
    const auto now = static_cast<std::uint16_t>(setup_.first + used());
    return event_reached(raw.used_event().load(), now, static_cast<std::uint16_t>(now - since));
}

bool Driver::wanted_packed(std::uint64_t since) const {
    const PackedEvent event(static_cast<PackedRing&>(*ring_).raw().driver_event().load());
    const bool at_place = (event.word() >> 16U) == VRING_PACKED_EVENT_FLAG_DESC;
    if (at_place && (!evaluated_ || since >= 2UL * setup_.size)) {
        return true;
    }
    return event.wanted(place_then_, place_now_, setup_.size);
}

bool Driver::evaluate() {
    const std::uint64_t buffers = used() - used_then_;
    const bool wanted = setup_.packed ? wanted_packed(slots_since_) : wanted_split(buffers);
    evaluated_ = true;
    used_then_ = used();
    place_then_ = place_now_;
    slots_since_ = 0;
    return wanted;
}

} // namespace hunter
