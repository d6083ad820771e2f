// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/json.hpp"

namespace vcoal {

Json to_json(const Error& error) {
    return {{"error",
             {{"object", error.object()},
              {"operation", error.operation()},
              {"errno", errno_name(error.code())},
              {"message", error.what()},
              {"hint", error.hint()}}}};
}

std::string json_line(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace vcoal
