// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace vcoal::vm {

/// Creates a file or empties it, for writing; throws Error.
Fd create_file(const std::filesystem::path& path);

/// Writes everything, however many calls that takes; throws Error naming @p object.
void write_all(int fd, std::string_view data, const std::string& object);

/// The whole of a file; throws Error.
std::string read_file(const std::filesystem::path& path);

/// Creates or replaces a file; throws Error.
void write_file(const std::filesystem::path& path, std::string_view data);

} // namespace vcoal::vm
