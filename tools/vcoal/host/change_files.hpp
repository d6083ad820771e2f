// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/host/settings.hpp"

#include <functional>
#include <vector>

namespace vcoal {

/// Asks for the same change of several files, one after the other. After an error those
/// changed already are as they were before.
/// @param set HostControl::set(), which throws Error
void change_files(const std::vector<HostFile>& files, const HostSettings& settings,
                  const std::function<void(const HostChange&)>& set);

} // namespace vcoal
