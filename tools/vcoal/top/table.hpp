// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/host_device.hpp"
#include "vcoal/json.hpp"
#include "vcoal/top/activity.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace vcoal {

/// A vring, what it did, and how it is now.
struct TopRow {
    HostIdentity file;
    /// Pair of queues as ethtool counts them.
    std::size_t pair = 0;
    HostQueue queue;
    /// Nothing: not known yet.
    std::optional<HostActivity> activity;
};

/// In the order of the devices.
std::vector<TopRow> top_rows(const std::vector<HostDevice>& devices,
                             const HostActivities& activities);

enum class TopOrder { device, packets, notifications, ratio, suppressed, pending, stalls };

struct TopOrderName {
    TopOrder order;
    /// On the screen.
    char key;
    /// On the command line.
    const char* name;
};

inline constexpr std::array top_orders{
    TopOrderName{TopOrder::device, 'd', "device"},
    TopOrderName{TopOrder::packets, 'p', "packets"},
    TopOrderName{TopOrder::notifications, 'n', "notified"},
    TopOrderName{TopOrder::ratio, 'r', "ratio"},
    TopOrderName{TopOrder::suppressed, 's', "suppressed"},
    TopOrderName{TopOrder::pending, 'w', "waiting"},
    TopOrderName{TopOrder::stalls, 't', "stalls"},
};

const char* name_of(TopOrder order);

/// Most first, and last those of which it is not known. By device: as they stand.
void sort_rows(std::vector<TopRow>& rows, TopOrder order);

/// What all of them do, in one line.
std::string top_summary(const std::vector<TopRow>& rows);

/// Lays out rows as lines. Where there is little room, the columns that matter least are
/// left out; what is left over is for the device's name.
class TopTable {
public:
    /// @param width characters, the end of a line not among them
    explicit TopTable(std::size_t width);

    std::string header() const;
    std::string line(const TopRow& row) const;

private:
    std::size_t width_;
    unsigned rank_;
};

/// A number in five characters at most, up to 999 billions: 0.5, 9999, 12.3k, 4.56M.
std::string format_rate(double rate);

Json to_json(const TopRow& row);

} // namespace vcoal
