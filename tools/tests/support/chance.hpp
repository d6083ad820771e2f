// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>

namespace vcoal::test {

/// $NAME as a number; @p otherwise when it is not set. Throws Error when it is none.
std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise);

/// Random choices that the same seed makes again.
class Chance {
public:
    explicit Chance(std::uint64_t seed) : engine_(seed) {}

    /// @p least to @p most, each as likely as the other.
    unsigned between(unsigned least, unsigned most) {
        return std::uniform_int_distribution<unsigned>(least, most)(engine_);
    }
    /// True once in @p n times.
    bool one_in(unsigned n) { return between(1, n) == 1; }

    template <typename T>
    T of(std::initializer_list<T> values) {
        return values.begin()[between(0, static_cast<unsigned>(values.size()) - 1)];
    }

private:
    std::mt19937_64 engine_;
};

} // namespace vcoal::test
