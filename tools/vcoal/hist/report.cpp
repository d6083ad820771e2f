// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/hist/report.hpp"

#include "vcoal/host_json.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace vcoal {
namespace {

/// Where a file belongs.
struct Place {
    const HostFile* file;
    std::size_t pair;
};

std::optional<Place> find_place(const std::vector<HostDevice>& devices, std::uint32_t id) {
    for (const HostDevice& device : devices) {
        const auto file = std::ranges::find(device.files, id, &HostFile::id);
        if (file != device.files.end()) {
            return Place{&*file, static_cast<std::size_t>(file - device.files.begin())};
        }
    }
    return std::nullopt;
}

Json queue_json(const HistReport& report, const QueueHistograms& queue) {
    const auto place = find_place(report.devices, queue.file);
    Json json{{"id", queue.file}, {"owner", nullptr}, {"interface", nullptr}, {"queue", nullptr}};
    if (place) {
        json.update(identity_json(*place->file));
        json["queue"] = place->pair;
    }
    json["direction"] = direction_name(queue.vring);
    json["suppressed"] = queue.suppressed;
    json["hold_ns"] = to_json(queue.hold);
    json["packets"] = to_json(queue.packets);
    return json;
}

std::string title(const HistReport& report, const QueueHistograms& queue) {
    const auto place = find_place(report.devices, queue.file);
    return place ? fmt::format("{}, queue {}, {}", file_label(*place->file), place->pair,
                               direction_name(queue.vring))
                 : fmt::format("id {}, {}", queue.file, direction_name(queue.vring));
}

double microseconds(double nanoseconds) {
    return nanoseconds / HIST_HOLD_UNIT;
}

std::string draw_queue(const HistReport& report, const QueueHistograms& queue) {
    const Histogram& packets = queue.packets;
    const Histogram& hold = queue.hold;
    std::string text =
        fmt::format("{}: {} notifications of {} packets, {} suppressed by the guest\n",
                    title(report, queue), packets.count(), packets.sum(), queue.suppressed);
    if (packets.count() == 0) {
        return text;
    }
    text += fmt::format("\n  packets per notification: {} to {}, {:.1f} on average\n",
                        packets.least(), packets.most(), packets.mean());
    text += draw(packets, "packets");
    text +=
        fmt::format("\n  hold of the first of them: {:.1f} to {:.1f} us, {:.1f} us on average\n",
                    microseconds(static_cast<double>(hold.least())),
                    microseconds(static_cast<double>(hold.most())), microseconds(hold.mean()));
    return text + draw(hold, "microseconds");
}

} // namespace

Json to_json(const HistReport& report) {
    Json queues = Json::array();
    for (const QueueHistograms& queue : report.queues) {
        queues.push_back(queue_json(report, queue));
    }
    return {{"event", "histograms"},
            {"seconds", report.seconds},
            {"missed_batches", report.missed},
            {"queues", queues}};
}

std::string draw(const HistReport& report) {
    std::string text;
    for (const QueueHistograms& queue : report.queues) {
        text += draw_queue(report, queue) + "\n";
    }
    if (report.queues.empty()) {
        text += "no packets passed\n\n";
    }
    if (report.missed > 0) {
        text += fmt::format("not counted: {} batches of queues beyond the first {}\n\n",
                            report.missed, HIST_QUEUES);
    }
    return text + fmt::format("{:.2f} s\n", report.seconds);
}

} // namespace vcoal
