// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

namespace vcoal {

/// Writes a file so that whoever opens it finds the old text or the new one, and nothing
/// between: into another one beside it (".NAME.XXXXXX"), which takes its name at the end.
/// After an error, which throws, the old one is untouched and no other left behind.
void replace_file(const std::string& path, const std::string& text);

} // namespace vcoal
