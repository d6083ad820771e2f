// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <initializer_list>

namespace hunter {

/// The same numbers everywhere for the same seed (splitmix64).
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111eb;
        return z ^ (z >> 31U);
    }
    /// 0 to @p n - 1.
    std::uint64_t below(std::uint64_t n) { return next() % n; }
    /// @p low to @p high.
    std::uint64_t between(std::uint64_t low, std::uint64_t high) {
        return low + below(high - low + 1);
    }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    /// Small numbers are likely, large ones possible.
    std::uint64_t skewed(unsigned bits) { return below(std::uint64_t{1} << below(bits + 1)); }

    template <typename T>
    T of(std::initializer_list<T> values) {
        return values.begin()[below(values.size())];
    }

private:
    std::uint64_t state_;
};

} // namespace hunter
