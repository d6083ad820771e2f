// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/filter_link.hpp"

#include <functional>
#include <optional>
#include <set>
#include <string>

namespace vcoal {

/// What came of a change.
struct FilterOutcome {
    enum class Kind { applied, refused, restored };
    Kind kind;
    Change change;
    /// Why it was refused.
    std::string reason;
};

/// An interface that follows a guest's filter, and is as it was before when this ends.
/// What a guest can ask for and the kernel does not do is reported and left out; all else
/// that fails throws Error.
class FilterTarget {
public:
    /// Throws nothing.
    using Report = std::function<void(const FilterOutcome&)>;

    FilterTarget(std::string interface, Report report);
    FilterTarget(const FilterTarget&) = delete;
    FilterTarget& operator=(const FilterTarget&) = delete;
    ~FilterTarget();

    /// @param mac the guest's main address, as far as it is accepted
    void apply(const RxFilterState& filter, const std::optional<MacAddress>& mac);
    /// It stays as it is when this ends.
    void keep() noexcept { kept_ = true; }

private:
    FilterLink current() const;
    void follow(const FilterLink& link, const LinkSettings& plan,
                const std::optional<MacAddress>& mac, FilterOutcome::Kind done);

    std::string interface_;
    Report report_;
    FilterLink before_;
    /// Forwarding entries made here: no others are ever removed.
    std::set<MacAddress> made_;
    bool kept_ = false;
};

} // namespace vcoal
