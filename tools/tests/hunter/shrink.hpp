// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "hunter/step.hpp"

namespace hunter {

/// A short trace that still finds something, out of one that does.
Trace shrink(Trace trace);

} // namespace hunter
