// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "support/chance.hpp"
#include "vcoal/fd.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace vcoal::test {

/// The third argument of ioctl(2): mostly a pointer to what it should point to, and
/// otherwise one of those that a caller might try instead. One thread uses it.
class HostileArgument {
public:
    HostileArgument();

    /// Where @p bytes are, to be read and written; often enough at an odd address, cut off,
    /// not writable, or nowhere at all.
    std::uintptr_t place(std::span<const std::byte> bytes, Chance& chance);

private:
    std::uintptr_t put(std::size_t at, std::span<const std::byte> bytes);

    /// Two pages to be written, one that nobody may touch, one to be read only.
    Mapping pages_;
};

} // namespace vcoal::test
