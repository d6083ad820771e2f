// SPDX-License-Identifier: GPL-2.0-only
#include "support/chance.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace vcoal::test {

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
    const char* value = std::getenv(name);
    if (value == nullptr) {
        return otherwise;
    }
    const std::string_view text(value);
    std::uint64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc() || end != text.data() + text.size()) {
        throw Error(name, "read a number", EINVAL, std::string("it is '") + value + "'");
    }
    return number;
}

} // namespace vcoal::test
