// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <chrono>
#include <cstddef>
#include <span>

namespace vcoal::test {

/// Memory whose pages are gone, and whoever touches it waits until resolve(): a guest
/// that lets the kernel wait for its memory as long as it pleases.
class BlockedMemory {
public:
    /// @param memory whole pages of a shared mapping; their content is lost
    explicit BlockedMemory(std::span<std::byte> memory);
    /// Lets everybody go on.
    ~BlockedMemory() { resolve(); }
    BlockedMemory(const BlockedMemory&) = delete;
    BlockedMemory& operator=(const BlockedMemory&) = delete;
    BlockedMemory(BlockedMemory&&) = delete;
    BlockedMemory& operator=(BlockedMemory&&) = delete;

    /// Waits until somebody waits for this memory.
    bool wait_blocked(std::chrono::milliseconds timeout) const;
    /// Fills the memory with zeroes, and nobody has to wait any more.
    void resolve() noexcept;

private:
    std::span<std::byte> memory_;
    Fd fd_;
};

} // namespace vcoal::test
