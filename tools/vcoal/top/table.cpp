// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/top/table.hpp"

#include "vcoal/host_json.hpp"
#include "vcoal/printable.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <limits>
#include <string_view>

namespace vcoal {
namespace {

constexpr const char* unknown = "-";

std::string percent(std::optional<double> share) {
    return share ? fmt::format("{:.0f}", 100 * *share) : unknown;
}

std::string format_count(std::uint64_t count) {
    return count < 10'000 ? fmt::format("{}", count) : format_rate(static_cast<double>(count));
}

std::string device_text(const TopRow& row) {
    return row.file.ifindex ? printable(row.file.ifname) : unknown;
}

std::string id_text(const TopRow& row) {
    return fmt::format("{}", row.file.id);
}

std::string queue_text(const TopRow& row) {
    return fmt::format("{} {}", direction_name(row.queue.index), row.pair);
}

std::string packets_text(const TopRow& row) {
    const auto& activity = row.activity;
    return activity ? format_rate(activity->per_second(activity->counted.packets)) : unknown;
}

std::string notifications_text(const TopRow& row) {
    const auto& activity = row.activity;
    return activity ? format_rate(activity->per_second(activity->counted.notifications()))
                    : unknown;
}

std::string ratio_text(const TopRow& row) {
    const auto ratio =
        row.activity ? row.activity->packets_per_notification() : std::optional<double>();
    return ratio ? fmt::format("{:.1f}", *ratio) : unknown;
}

std::string reasons_text(const TopRow& row) {
    if (!row.activity || row.activity->counted.notifications() == 0) {
        return unknown;
    }
    const HostActivity& activity = *row.activity;
    const HostCounters& counted = activity.counted;
    return fmt::format("{}/{}/{}/{}", percent(activity.share(counted.notify_count)),
                       percent(activity.share(counted.notify_timer)),
                       percent(activity.share(counted.notify_immediate)),
                       percent(activity.share(counted.notify_flush)));
}

std::string suppressed_text(const TopRow& row) {
    return row.activity ? percent(row.activity->suppressed_share()) : unknown;
}

std::string hold_text(const TopRow& row) {
    // What a guest sets that wants to wait for the time alone.
    constexpr auto any = std::numeric_limits<std::uint32_t>::max();
    const HostParams& now = row.queue.effective;
    if (now.usecs == 0 || now.packets == 0) {
        return "off";
    }
    return fmt::format("{}/{}", now.usecs, now.packets == any ? "any" : format_count(now.packets));
}

std::string pending_text(const TopRow& row) {
    return fmt::format("{}", row.queue.pending);
}

std::string stalls_text(const TopRow& row) {
    return format_count(row.queue.counters.stalls);
}

std::string state_text(const TopRow& row) {
    if (row.queue.broken()) {
        return "broken";
    }
    return row.queue.running() ? "runs" : "stopped";
}

struct Column {
    const char* title;
    std::size_t width;
    /// Those of the highest are left out first.
    unsigned rank;
    std::string (*text)(const TopRow&);
};

/// The first one is to the left, and its width is the least.
constexpr std::array columns{
    Column{"DEVICE", 8, 0, device_text},         Column{"ID", 4, 0, id_text},
    Column{"QUEUE", 5, 0, queue_text},           Column{"PKTS/S", 6, 0, packets_text},
    Column{"NOTIF/S", 7, 0, notifications_text}, Column{"P/NOTIF", 7, 1, ratio_text},
    Column{"C/T/I/F %", 11, 3, reasons_text},    Column{"SUPPR%", 6, 2, suppressed_text},
    Column{"USECS/FRAMES", 12, 1, hold_text},    Column{"PEND", 5, 4, pending_text},
    Column{"STALLS", 6, 5, stalls_text},         Column{"STATE", 7, 6, state_text},
};

constexpr std::size_t widest_device = 24;

/// Of all columns up to a rank, with the spaces between them.
std::size_t width_of(unsigned rank) {
    std::size_t width = 0;
    for (const Column& column : columns) {
        width += column.rank <= rank ? column.width + 1 : 0;
    }
    return width - 1;
}

/// The most columns for which there is room.
unsigned rank_for(std::size_t width) {
    unsigned rank = std::ranges::max(columns, {}, &Column::rank).rank;
    while (rank > 0 && width_of(rank) > width) {
        rank--;
    }
    return rank;
}

std::string cut(const std::string& text, std::size_t width) {
    return text.size() > width ? text.substr(0, width - 1) + "~" : text;
}

std::string lay_out(std::size_t width, unsigned rank,
                    const std::function<std::string(const Column&)>& text) {
    const std::size_t needed = width_of(rank);
    const std::size_t first =
        std::min(columns.front().width + (width > needed ? width - needed : 0), widest_device);
    std::string line = fmt::format("{:<{}}", cut(text(columns.front()), first), first);
    for (const Column& column : columns) {
        if (&column != &columns.front() && column.rank <= rank) {
            line += fmt::format(" {:>{}}", text(column), column.width);
        }
    }
    return line;
}

/// What rows are ordered by; nothing: not known.
std::optional<double> value_of(const TopRow& row, TopOrder order) {
    if (order == TopOrder::pending) {
        return row.queue.pending;
    }
    if (order == TopOrder::stalls) {
        return static_cast<double>(row.queue.counters.stalls);
    }
    if (!row.activity) {
        return std::nullopt;
    }
    switch (order) {
    case TopOrder::packets:
        return static_cast<double>(row.activity->counted.packets);
    case TopOrder::notifications:
        return static_cast<double>(row.activity->counted.notifications());
    case TopOrder::ratio:
        return row.activity->packets_per_notification();
    default:
        return row.activity->suppressed_share();
    }
}

template <typename T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json counted_json(const HostCounters& counted) {
    return {{"packets", counted.packets},
            {"bytes", counted.bytes},
            {"kicks", counted.kicks},
            {"notifications",
             {{"total", counted.notifications()},
              {"count", counted.notify_count},
              {"timer", counted.notify_timer},
              {"immediate", counted.notify_immediate},
              {"flush", counted.notify_flush}}},
            {"suppressed", counted.suppressed},
            {"stalls", counted.stalls}};
}

} // namespace

std::vector<TopRow> top_rows(const std::vector<HostDevice>& devices,
                             const HostActivities& activities) {
    std::vector<TopRow> rows;
    for (const HostDevice& device : devices) {
        for (std::size_t pair = 0; pair < device.files.size(); pair++) {
            const HostFile& file = device.files[pair];
            for (const HostQueue& queue : file.queues) {
                const auto found = activities.find({file.id, queue.index});
                rows.push_back(
                    {file, pair, queue,
                     found == activities.end() ? std::nullopt : std::optional(found->second)});
            }
        }
    }
    return rows;
}

const char* name_of(TopOrder order) {
    return std::ranges::find(top_orders, order, &TopOrderName::order)->name;
}

void sort_rows(std::vector<TopRow>& rows, TopOrder order) {
    if (order == TopOrder::device) {
        return;
    }
    // Nothing is less than anything.
    std::ranges::stable_sort(rows, std::greater{},
                             [order](const TopRow& row) { return value_of(row, order); });
}

std::string top_summary(const std::vector<TopRow>& rows) {
    HostActivity sum;
    std::uint64_t stalls = 0;
    for (const TopRow& row : rows) {
        stalls += row.queue.counters.stalls;
        if (row.activity) {
            sum += *row.activity;
        }
    }
    std::string text = fmt::format("{} queue{}, {} stall{}", rows.size(),
                                   rows.size() == 1 ? "" : "s", stalls, stalls == 1 ? "" : "s");
    if (sum.seconds > 0) {
        const auto ratio = sum.packets_per_notification();
        text += fmt::format(": {} packets/s, {} notifications/s{}, {}% suppressed",
                            format_rate(sum.per_second(sum.counted.packets)),
                            format_rate(sum.per_second(sum.counted.notifications())),
                            ratio ? fmt::format(" ({:.1f} packets each)", *ratio) : "",
                            percent(sum.suppressed_share().value_or(0)));
    }
    return text;
}

TopTable::TopTable(std::size_t width) : width_(width), rank_(rank_for(width)) {
}

std::string TopTable::header() const {
    return lay_out(width_, rank_, [](const Column& column) { return std::string(column.title); });
}

std::string TopTable::line(const TopRow& row) const {
    return lay_out(width_, rank_, [&row](const Column& column) { return column.text(row); });
}

std::string format_rate(double rate) {
    constexpr std::string_view prefixes = "kMG";
    if (rate < 9999.5) {
        return fmt::format("{:.{}f}", rate, rate > 0 && rate < 9.95 ? 1 : 0);
    }
    rate /= 1000;
    std::size_t prefix = 0;
    while (rate >= 999.5 && prefix + 1 < prefixes.size()) {
        rate /= 1000;
        prefix++;
    }
    const int decimals = rate < 9.995 ? 2 : rate < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f}{}", rate, decimals, prefixes[prefix]);
}

Json to_json(const TopRow& row) {
    Json json = identity_json(row.file);
    json["queue"] = row.pair;
    json["direction"] = direction_name(row.queue.index);
    for (const char* unknown_yet :
         {"counted", "per_second", "packets_per_notification", "suppressed_share"}) {
        json[unknown_yet] = nullptr;
    }
    if (row.activity) {
        const HostActivity& activity = *row.activity;
        const HostCounters& counted = activity.counted;
        json["counted"] = counted_json(counted);
        json["per_second"] = {{"packets", activity.per_second(counted.packets)},
                              {"bytes", activity.per_second(counted.bytes)},
                              {"notifications", activity.per_second(counted.notifications())}};
        json["packets_per_notification"] = or_null(activity.packets_per_notification());
        json["suppressed_share"] = or_null(activity.suppressed_share());
    }
    json["effective"] = to_json(row.queue.effective);
    json["pending"] = row.queue.pending;
    json["stalls"] = row.queue.counters.stalls;
    json["running"] = row.queue.running();
    json["broken"] = row.queue.broken();
    return json;
}

} // namespace vcoal
