// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "coal_model.hpp"

#include <linux/types.h>
#include <optional>

extern "C" {
#include "coal.h"
}

namespace model {

/// Why the coalescer notifies, in the model's words; nothing: it has no reason to.
inline std::optional<Reason> reason_of(vhn_coal_reason reason) {
    switch (reason) {
    case VHN_COAL_COUNT:
        return Reason::count;
    case VHN_COAL_TIMER:
        return Reason::timer;
    case VHN_COAL_IMMEDIATE:
        return Reason::immediate;
    case VHN_COAL_FLUSH:
        return Reason::flush;
    case VHN_COAL_NONE:
        break;
    }
    return std::nullopt;
}

} // namespace model
