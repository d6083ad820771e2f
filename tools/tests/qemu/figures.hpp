// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>

namespace vcoal::test {

/// Notifications per 1000 packets that a guest receives.
struct ModerationFigures {
    double before;
    double set;
    double restored;
};

/// What qemu_vhost_test has found, in $VCOAL_OUT/qemu.json; the worst of all kernels that it
/// ran on with the same directory. Without VCOAL_OUT nothing is written.
void report_moderation(const ModerationFigures& per_1000_packets);
void report_migration(bool tcp_kept, std::uint64_t downtime_ms);
/// @param kernel that the guest runs
void report_guest(const std::string& kernel, const std::string& driver, bool iommu);

} // namespace vcoal::test
