// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/ring.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace vcoal {

/// The buffers a driver has added and not taken back, in the order in which it added
/// them: the order of use with IN_ORDER, where one used entry may stand for several.
class UnderWay {
public:
    void add(std::uint16_t head, std::uint32_t writable) { buffers_.push_back({head, writable}); }
    void clear() {
        buffers_.clear();
        batch_ = 0;
    }

    std::size_t size() const noexcept { return buffers_.size(); }
    std::uint16_t head(std::size_t i) const { return buffers_[i].head; }
    /// Where a buffer stands; size() when it is not under way.
    std::size_t find(std::uint16_t head) const {
        return static_cast<std::size_t>(std::ranges::find(buffers_, head, &Buffer::head) -
                                        buffers_.begin());
    }
    /// Forgets a buffer that was returned by itself.
    void remove(std::uint16_t head) {
        buffers_.erase(buffers_.begin() + static_cast<std::ptrdiff_t>(find(head)));
    }

    /// Buffers returned by the used entry begun, and not taken.
    std::size_t batch() const noexcept { return batch_; }
    /// A used entry has come for a buffer and all those before it.
    void begin_batch(std::uint16_t head, std::uint32_t length) {
        batch_ = find(head) + 1;
        skipped_ += batch_ - 1;
        last_length_ = length;
    }
    /// The next buffer of it. Those before the last had no entry: the device has used
    /// them completely.
    UsedBuffer take() {
        const Buffer buffer = buffers_.front();
        buffers_.pop_front();
        batch_--;
        return {buffer.head, batch_ == 0 ? last_length_ : buffer.writable};
    }
    /// Buffers so far that had no used entry of their own.
    std::uint64_t skipped() const noexcept { return skipped_; }

private:
    struct Buffer {
        std::uint16_t head;
        std::uint32_t writable;
    };

    std::deque<Buffer> buffers_;
    std::size_t batch_ = 0;
    std::uint32_t last_length_ = 0;
    std::uint64_t skipped_ = 0;
};

} // namespace vcoal
