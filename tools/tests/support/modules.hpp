// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

namespace vcoal::test {

/// modprobe(8); throws Error.
void load_system_module(const std::string& name);

/// Loads one of our modules, DIRECTORY/NAME.ko below $VCOAL_MODULES, unless it is
/// loaded; throws Error.
void load_our_module(const std::string& path, const std::string& parameters = {});

/// Unloads a module; throws Error.
void unload_module(const std::string& name);

} // namespace vcoal::test
