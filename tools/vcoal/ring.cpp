// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/ring.hpp"

#include "vcoal/error.hpp"

#include <cerrno>

namespace vcoal {

std::optional<DriverRing::Place> DriverRing::place(std::size_t segments) const {
    if (segments == 0) {
        throw Error("virtqueue", "add a buffer without memory", EINVAL);
    }
    const bool indirect = segments > 1 && segments <= options_.indirect_entries;
    const std::size_t descriptors = indirect ? 1 : segments;
    if (descriptors > free()) {
        return std::nullopt;
    }
    return Place{indirect, static_cast<std::uint16_t>(descriptors)};
}

} // namespace vcoal
