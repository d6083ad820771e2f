// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vcoal {

/// Bits that the transport can offer: one word, in the kernels that we know.
constexpr unsigned feature_bits = 64;

/// The mask of a feature bit; of one beyond feature_bits, nothing.
constexpr std::uint64_t feature(unsigned bit) {
    return bit < feature_bits ? std::uint64_t{1} << bit : 0;
}

/// Its name, or "bit N".
std::string feature_bit_name(unsigned bit);

/// Names of the bits set, lower case and without prefix ("notf_coal"), lowest bit
/// first; "bit N" where this program knows no name.
std::vector<std::string> feature_names(std::uint64_t features);

/// A feature without one it needs (spec 1.1, column "needs").
struct UnmetFeature {
    unsigned bit;
    /// One of these is missing.
    std::uint64_t needs;
};

/// The lowest feature of the set whose prerequisite is not in it (FEAT-D2).
std::optional<UnmetFeature> find_unmet(std::uint64_t features);

/// The set without what cannot stand in it because of a missing prerequisite (FEAT-D1).
std::uint64_t drop_unmet(std::uint64_t features);

/// What a user wants of the features a device offers.
struct FeatureChoice {
    std::uint64_t required = 0;
    std::uint64_t excluded = 0;
};

/// Reads "+name,-name": + is required, - is not offered. Throws Error.
FeatureChoice parse_feature_choice(const std::string& text);

} // namespace vcoal
