// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

/// Takes values off the front of the input, zeros at its end.
template <typename T>
T take(std::span<const std::byte>& input) {
    T value{};
    const std::size_t length = std::min(sizeof(value), input.size());
    std::memcpy(&value, input.data(), length);
    input = input.subspan(length);
    return value;
}
