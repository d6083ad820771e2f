// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/result.hpp"

#include <string>
#include <vector>

namespace vcoal::bench {

/// The most notifications a run may have: one for each `frames` packets, one for each
/// `usecs` that passed, the flushes, and the batch it ended in. Only for runs with
/// coalescing.
double most_notifications(const Run& run);

/// Something the demo shows, or fails to.
struct Claim {
    std::string what;
    bool holds = false;
    /// The figure, and where it fails, which run and by how much.
    std::string figure;
};

/// What is claimed for the runs of the table.
std::vector<Claim> judge(const TablePart& table);
/// What is claimed for the exact figures.
std::vector<Claim> judge(const IcountPart& icount);

} // namespace vcoal::bench
