// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/result_json.hpp"

#include <string>
#include <vector>

namespace vcoal::bench {

/// Instructions of the vhost worker for each packet, with few features and with many that
/// nobody makes use of.
struct FeatureFigure {
    double few = 0;
    double many = 0;

    double ratio() const noexcept { return few > 0 ? many / few : 0; }
};

struct FeaturesPart {
    std::string kernel;
    FeatureFigure rx;
    FeatureFigure tx;
    /// What the driver took where it was offered many.
    std::vector<std::string> accepted;
};

/// What features may cost that are negotiated and not used.
constexpr double features_bar = 1.02;

/// Measures in a machine whose clock counts instructions; tells its progress on standard
/// output.
FeaturesPart run_features();

Json to_json(const FeaturesPart& part);
/// A line for each direction.
std::string format(const FeaturesPart& part);
bool holds(const FeaturesPart& part);

} // namespace vcoal::bench
