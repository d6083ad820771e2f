// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/mac_policy.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <sstream>

namespace vcoal {

MacPolicy MacPolicy::parse(const std::string& text) {
    MacPolicy policy;
    policy.any_ = text == "allow";
    if (policy.any_ || text == "deny") {
        return policy;
    }
    std::istringstream list(text);
    for (std::string mac; std::getline(list, mac, ',');) {
        policy.list_.insert(parse_mac(mac));
    }
    if (policy.list_.empty() || text.back() == ',') {
        throw Error("--mac-change \"" + text + "\"", "read", EINVAL,
                    "give deny, allow, or MAC addresses with commas between them");
    }
    return policy;
}

bool MacPolicy::accept(const MacAddress& mac) {
    if (!is_unicast(mac) || !allows(mac)) {
        return false;
    }
    accepted_ = mac;
    return true;
}

bool MacPolicy::allows(const MacAddress& mac) const {
    if (!list_.empty()) {
        return list_.count(mac) != 0;
    }
    return any_ || !accepted_ || *accepted_ == mac;
}

} // namespace vcoal
