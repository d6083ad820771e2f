// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/host/quantity.hpp"

#include "vcoal/error.hpp"
#include "vcoal/printable.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <string_view>

namespace vcoal {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();

struct Unit {
    std::string_view name;
    std::uint64_t usecs;
};

// The last one fits every number without unit.
constexpr std::array units{Unit{"us", 1}, Unit{"ms", 1000}, Unit{"s", 1000000}, Unit{"", 1}};

[[noreturn]] void refuse(const std::string& text, const char* what, int code,
                         const std::string& hint) {
    throw UsageError(fmt::format("\"{}\"", printable(text)), what, code, hint);
}

constexpr const char* read_time = "read as a time";
constexpr const char* read_frames = "read as a number of frames";

/// Digits and nothing else. Too large for 64 bits: the largest of them.
std::optional<std::uint64_t> number(std::string_view digits) {
    std::uint64_t value = 0;
    const char* end = digits.data() + digits.size();
    if (digits.empty() ||
        !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) {
        return std::nullopt;
    }
    if (std::from_chars(digits.data(), end, value).ec == std::errc::result_out_of_range) {
        return std::numeric_limits<std::uint64_t>::max();
    }
    return value;
}

/// The digits behind the point, in microseconds of a unit.
std::optional<std::uint64_t> fraction(std::string_view digits, std::uint64_t unit,
                                      const std::string& text) {
    if (!number(digits)) {
        return std::nullopt;
    }
    std::uint64_t usecs = 0;
    for (const char digit : digits) {
        const auto value = static_cast<std::uint64_t>(digit - '0');
        if (unit < 10 && value != 0) {
            refuse(text, read_time, EINVAL, "it is no whole number of microseconds");
        }
        unit /= 10;
        usecs += value * unit;
    }
    return usecs;
}

} // namespace

std::uint32_t parse_usecs(const std::string& text) {
    std::string_view digits = text;
    const auto* unit = std::ranges::find_if(
        units, [digits](const Unit& candidate) { return digits.ends_with(candidate.name); });
    digits.remove_suffix(unit->name.size());
    const std::size_t point = digits.find('.');
    const auto whole = number(digits.substr(0, point));
    const auto rest = point == std::string_view::npos
                          ? std::optional<std::uint64_t>(0)
                          : fraction(digits.substr(point + 1), unit->usecs, text);
    if (!whole || !rest) {
        refuse(text, read_time, EINVAL, "write 50us, 0.05ms, 1s, or microseconds without unit");
    }
    if (*whole > most / unit->usecs || *whole * unit->usecs + *rest > most) {
        refuse(text, read_time, ERANGE, fmt::format("the longest is {}us", most));
    }
    return static_cast<std::uint32_t>(*whole * unit->usecs + *rest);
}

std::uint32_t parse_frames(const std::string& text) {
    const auto value = number(text);
    if (!value) {
        refuse(text, read_frames, EINVAL, "write it in digits");
    }
    if (*value > most) {
        refuse(text, read_frames, ERANGE, fmt::format("the largest is {}", most));
    }
    return static_cast<std::uint32_t>(*value);
}

std::string describe_params(const HostParams& params) {
    const bool off = params.usecs == 0 || params.packets == 0;
    if (params == HostParams{}) {
        return "off";
    }
    return fmt::format("{} us, {} frames{}", params.usecs, params.packets, off ? " (off)" : "");
}

std::string describe_limit(const HostParams& limit) {
    return limit.packets == most ? fmt::format("{} us, any number of frames", limit.usecs)
                                 : fmt::format("{} us, {} frames", limit.usecs, limit.packets);
}

} // namespace vcoal
