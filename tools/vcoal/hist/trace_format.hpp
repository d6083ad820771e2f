// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vcoal {

/// A field of a tracepoint's record.
struct TraceField {
    std::string name;
    /// Bytes.
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    bool is_signed = false;

    bool operator==(const TraceField&) const = default;
};

/// The fields in a tracepoint's `format`, in the kernel's words.
std::vector<TraceField> parse_trace_format(const std::string& text);

/// The fields of a tracepoint of ours as the running kernel has them. Throws Error with what
/// to do about it when they cannot be read.
std::vector<TraceField> trace_fields(const std::string& event);

} // namespace vcoal
