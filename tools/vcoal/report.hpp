// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/control.hpp"
#include "vcoal/driver_link.hpp"
#include "vcoal/json.hpp"
#include "vcoal/net_device.hpp"

#include <optional>
#include <string>

namespace vcoal {

/// A control command and its answer.
Json to_json(const ControlAnswer& answer);

/// Who is paired with whom: of a running device.
/// @param netns where the interface was moved to; nothing: the first namespace
Json describe_pairing(const NetDevice& device, const DriverLink& link,
                      const std::optional<std::string>& netns);
/// The same as a sentence.
std::string describe_pairing_in_words(const NetDevice& device, const DriverLink& link,
                                      const std::optional<std::string>& netns);

/// A queue after its reset, or back again.
Json describe_queue(const NetDevice& device, unsigned vq, bool enabled);

/// All counters of a device, and the time at which they were read.
Json statistics(const NetDevice& device);

} // namespace vcoal
