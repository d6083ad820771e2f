// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

namespace vcoal {

/// Writes to standard output at once; throws Error where that fails.
void write_out(const std::string& text);

} // namespace vcoal
