// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/result_json.hpp"

#include <array>
#include <string>

namespace vcoal::bench {

/// Loads that the guest's drivers are compared with.
enum class DriverLoad { rx64, tx64, bulk, rr };
constexpr std::array driver_loads{DriverLoad::rx64, DriverLoad::tx64, DriverLoad::bulk,
                                  DriverLoad::rr};
const char* name(DriverLoad load) noexcept;

/// Instructions in the guest's part - NAPI, and whoever sends - for each packet, or for
/// each kilobyte of bulk.
struct DriverFigure {
    double ours = 0;
    double intree = 0;

    double ratio() const noexcept { return intree > 0 ? ours / intree : 0; }
};

struct DriverPart {
    std::string kernel;
    std::array<DriverFigure, driver_loads.size()> figures;
    /// The largest difference between runs of the same load, of its median.
    double spread = 0;
};

/// What the driver may cost, of the in-tree one.
constexpr double driver_bar = 1.10;

/// Measures both drivers in one machine whose clock counts instructions; tells its
/// progress on standard output.
DriverPart run_drivers();

Json to_json(const DriverPart& part);
/// A line for each load.
std::string format(const DriverPart& part);
bool holds(const DriverPart& part);

} // namespace vcoal::bench
