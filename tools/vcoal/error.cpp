// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/error.hpp"

#include <cstring>
#include <utility>

namespace vcoal {
namespace {

std::string sentence(const std::string& object, const std::string& operation, int code,
                     const std::string& hint) {
    std::string text = object + ": " + operation;
    if (code != 0) {
        text += std::string(": ") + strerrordesc_np(code) + " (" + errno_name(code) + ")";
    }
    if (!hint.empty()) {
        text += "; " + hint;
    }
    return text;
}

} // namespace

std::string errno_name(int code) {
    if (code == 0) {
        return "0";
    }
    const char* name = strerrorname_np(code);
    return name != nullptr ? name : "errno " + std::to_string(code);
}

Error::Error(std::string object, std::string operation, int code, std::string hint)
    : std::runtime_error(sentence(object, operation, code, hint)), object_(std::move(object)),
      operation_(std::move(operation)), code_(code), hint_(std::move(hint)) {
}

} // namespace vcoal
