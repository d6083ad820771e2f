// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

namespace vcoal {

/// A text as a terminal may be given it: any byte but those of printable ASCII becomes
/// \xNN. Names of programs and interfaces are for whoever made them to choose.
std::string printable(const std::string& text);

} // namespace vcoal
