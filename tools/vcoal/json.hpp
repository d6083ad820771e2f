// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/error.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace vcoal {

/// Keys stand in the order in which they were written.
using Json = nlohmann::ordered_json;

Json to_json(const Error& error);

/// One line, its end included. Text that is no UTF-8 is made so.
std::string json_line(const Json& json);

} // namespace vcoal
