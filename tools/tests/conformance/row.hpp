// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vcoal::conformance {

/// Who has to obey a sentence of the specification.
enum class Side { device, driver };

/// A sentence of the specification, as short as it can be told.
struct Row {
    std::string_view id;
    Side side;
    std::string_view text;
    /// Why no software can observe it here; empty: some test does.
    std::string_view unobservable = {};
    /// Why the kernel's own module on that side is not observed; empty: some test does.
    std::string_view in_tree = {};
    /// Comes with the device's counters: no test is missed.
    bool later = false;
};

/// All rows, in the order in which they are shown.
const std::vector<Row>& rows();

/// The row with an ID, or nullptr.
const Row* find_row(std::string_view id);

/// Every ID that the specification has, whether or not there is a row for it.
std::vector<std::string> all_ids();

/// "COAL" of "COAL-D1".
std::string_view family(std::string_view id);

} // namespace vcoal::conformance
