// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "check/part.hpp"

#include <functional>
#include <vector>

namespace vcoal::check {

/// Runs every part once, in their order, up to @p lanes at a time. One that is to be alone
/// begins when nothing else runs, and nothing begins before it has ended.
/// @param done told of each as it ends, of one at a time
/// What @p run or @p done throws ends it, once those that run have ended.
void run_parts(const std::vector<Part>& parts, unsigned lanes,
               const std::function<Outcome(const Part&)>& run,
               const std::function<void(const Part&, Outcome)>& done);

} // namespace vcoal::check
