// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/host/change_report.hpp"

#include "vcoal/host/quantity.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>

namespace vcoal {
namespace {

std::string from_to(const std::string& before, const std::string& after) {
    return before == after ? "stays " + after : before + " -> " + after;
}

const char* describe_lock(bool locked) {
    return locked ? "locked" : "not locked";
}

HostParams bounded(const HostParams& params, const HostParams& limit) {
    return {std::min(params.packets, limit.packets), std::min(params.usecs, limit.usecs)};
}

const HostQueue* find_queue(const std::vector<HostDevice>& devices, std::uint32_t id,
                            unsigned index) {
    for (const HostDevice& device : devices) {
        const auto file = std::ranges::find(device.files, id, &HostFile::id);
        if (file == device.files.end()) {
            continue;
        }
        const auto queue = std::ranges::find(file->queues, index, &HostQueue::index);
        return queue != file->queues.end() ? &*queue : nullptr;
    }
    return nullptr;
}

/// One parameter that alone does nothing.
std::string describe_half(const HostParams& params, const char* direction) {
    if (params.usecs == 0) {
        return fmt::format("{0}-usecs is 0: that is off, whatever {0}-frames says; set both",
                           direction);
    }
    return fmt::format("{0}-frames is 0: that is off, and not \"by time alone\", which is "
                       "{0}-frames {1}; set both",
                       direction, std::numeric_limits<std::uint32_t>::max());
}

/// Whoever decides: why these may not be what comes into force.
void warn_of_params(const HostParams& host, const HostParams& limit, unsigned index,
                    std::vector<std::string>& warnings) {
    if ((host.usecs == 0) != (host.packets == 0)) {
        warnings.push_back(describe_half(host, direction_name(index)));
    }
    if (bounded(host, limit) != host) {
        warnings.push_back(fmt::format("the limit bounds it: {}", describe_limit(limit)));
    }
}

void warn_of_host(const HostQueue& queue, std::vector<std::string>& warnings) {
    warn_of_params(queue.host, queue.limit, queue.index, warnings);
    if (queue.by_guest()) {
        warnings.push_back(fmt::format("not in force: the guest decides itself, and asked for: {}",
                                       describe_params(queue.requested)));
    }
}

void warn_of_limit(const HostQueue& queue, std::vector<std::string>& warnings) {
    const HostParams& asked = queue.by_guest() ? queue.requested : queue.host;
    if (bounded(asked, queue.limit) != asked) {
        warnings.push_back(fmt::format("bounds what the {} asked for ({}): in force: {}",
                                       queue.by_guest() ? "guest" : "host", describe_params(asked),
                                       describe_params(queue.effective)));
    }
}

} // namespace

std::vector<QueueOutcome> outcomes_of(const HostSettings& settings,
                                      const std::vector<HostDevice>& before,
                                      const std::vector<HostDevice>& after) {
    std::vector<QueueOutcome> outcomes;
    for (const HostDevice& device : before) {
        for (std::size_t number = 0; number < device.files.size(); number++) {
            const HostFile& file = device.files.at(number);
            for (const HostQueue& queue : file.queues) {
                const HostQueue* now = find_queue(after, file.id, queue.index);
                const bool meant =
                    settings.concerns(queue.index) && settings.queue.value_or(number) == number;
                if (meant && now != nullptr) {
                    outcomes.push_back({file, number, queue, *now});
                }
            }
        }
    }
    return outcomes;
}

std::string describe_outcome(const QueueOutcome& outcome, HostTarget target) {
    const HostQueue& before = outcome.before;
    const HostQueue& after = outcome.after;
    std::string text = fmt::format("{}, queue {} {}: ", file_label(outcome.identity),
                                   outcome.number, direction_name(after.index));
    if (target == HostTarget::host) {
        text +=
            "host default " + from_to(describe_params(before.host), describe_params(after.host));
    } else {
        text += "limit " + from_to(describe_limit(before.limit), describe_limit(after.limit));
        if (before.locked() != after.locked()) {
            text += ", " + from_to(describe_lock(before.locked()), describe_lock(after.locked()));
        }
    }
    if (before.effective != after.effective) {
        text += fmt::format("; in force {}", from_to(describe_params(before.effective),
                                                     describe_params(after.effective)));
    }
    return text;
}

std::vector<std::string> warnings_of(const QueueOutcome& outcome, HostTarget target) {
    std::vector<std::string> warnings;
    if (target == HostTarget::host) {
        warn_of_host(outcome.after, warnings);
    } else {
        warn_of_limit(outcome.after, warnings);
    }
    return warnings;
}

Json to_json(const QueueOutcome& outcome, HostTarget target) {
    const auto state = [](const HostQueue& queue) {
        return Json{{"host", to_json(queue.host)},
                    {"limit", to_json(queue.limit)},
                    {"locked", queue.locked()},
                    {"by_guest", queue.by_guest()},
                    {"effective", to_json(queue.effective)}};
    };
    Json json = identity_json(outcome.identity);
    json["queue"] = outcome.number;
    json["direction"] = direction_name(outcome.after.index);
    json["before"] = state(outcome.before);
    json["after"] = state(outcome.after);
    json["warnings"] = warnings_of(outcome, target);
    return json;
}

std::string describe_defaults(const HostDefaults& defaults, const HostSettings& settings) {
    std::vector<std::string> parts;
    for (unsigned index = 0; index < VHN_NR_VRINGS; index++) {
        if (!settings.concerns(index)) {
            continue;
        }
        const HostQueueDefaults& queue = defaults.queues.at(index);
        parts.push_back(fmt::format(
            "{} {}", direction_name(index),
            settings.target == HostTarget::host
                ? describe_params(queue.host)
                : fmt::format("{}, {}", describe_limit(queue.limit), describe_lock(queue.locked))));
    }
    return fmt::format("devices opened later begin with {}: {}",
                       settings.target == HostTarget::host ? "the host default" : "the limit",
                       fmt::join(parts, "; "));
}

std::vector<std::string> warnings_of(const HostDefaults& defaults, const HostSettings& settings) {
    std::vector<std::string> warnings;
    for (unsigned index = 0; index < VHN_NR_VRINGS; index++) {
        if (settings.target == HostTarget::host && settings.concerns(index)) {
            const HostQueueDefaults& queue = defaults.queues.at(index);
            warn_of_params(queue.host, queue.limit, index, warnings);
        }
    }
    return warnings;
}

} // namespace vcoal
