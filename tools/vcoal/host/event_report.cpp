// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/host/event_report.hpp"

#include "vcoal/host/quantity.hpp"
#include "vcoal/host_json.hpp"
#include "vcoal/printable.hpp"

#include <cstdlib>
#include <ctime>
#include <fmt/format.h>

namespace vcoal {
namespace {

std::tm broken_down(SystemTime time) {
    const std::time_t seconds =
        std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
    std::tm local{};
    ::localtime_r(&seconds, &local);
    return local;
}

/// @param between what stands between day and time
std::string format_time(SystemTime time, char between) {
    const std::tm local = broken_down(time);
    const auto part = time - std::chrono::floor<std::chrono::seconds>(time);
    return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}.{:03}", local.tm_year + 1900,
                       local.tm_mon + 1, local.tm_mday, between, local.tm_hour, local.tm_min,
                       local.tm_sec, std::chrono::floor<std::chrono::milliseconds>(part).count());
}

const char* party(vhn_nl_source source) {
    switch (source) {
    case VHN_NL_SOURCE_GUEST:
        return "the guest, through";
    case VHN_NL_SOURCE_VMM:
        return "its VMM,";
    default:
        return "the host's operator,";
    }
}

std::string describe_actor(const HostActor& actor) {
    std::string text = fmt::format("by {} {}", party(actor.source),
                                   actor.comm.empty() ? "?" : printable(actor.comm));
    if (actor.pid) {
        text += fmt::format(" (pid {}", *actor.pid);
        text += actor.uid ? fmt::format(", uid {})", *actor.uid) : ")";
    }
    return text;
}

/// What is in force, and what else is of interest after a guest's or a host's change.
std::string describe_params(const HostEventQueue& queue, bool by_guest) {
    const std::uint32_t flags = queue.flags.value_or(0);
    std::string text = queue.effective ? " " + describe_params(*queue.effective) : "";
    if (by_guest && queue.requested && queue.requested != queue.effective) {
        text += fmt::format(" (asked for {})", describe_params(*queue.requested));
    }
    if (!by_guest && queue.host) {
        text += fmt::format(", host default {}", describe_params(*queue.host));
    }
    if (!by_guest && queue.limit) {
        text += fmt::format(", limit {}", describe_limit(*queue.limit));
    }
    return text + ((flags & VHN_NL_QUEUE_F_LOCKED) != 0 ? ", locked" : "");
}

std::string describe_change(const HostEvent& event) {
    // A guest's is refused because of what the host has set.
    const bool by_guest =
        event.kind == HostEventKind::changed && event.by && event.by->source == VHN_NL_SOURCE_GUEST;
    std::string text;
    for (const HostEventQueue& queue : event.queues) {
        text +=
            fmt::format("; {}{}", direction_name(queue.index), describe_params(queue, by_guest));
    }
    return event.by ? fmt::format("{}; {}", text, describe_actor(*event.by)) : text;
}

/// Whose it is, and of a stall where.
std::string describe_file_event(const HostEvent& event) {
    std::string text = event.file ? ", " + describe_owner(*event.file) : "";
    for (const HostEventQueue& queue : event.queues) {
        if (event.kind == HostEventKind::stalled) {
            text += fmt::format("; {}", direction_name(queue.index));
        }
    }
    return text;
}

} // namespace

std::string local_time(SystemTime time) {
    return format_time(time, ' ');
}

std::string iso_time(SystemTime time) {
    const long minutes = broken_down(time).tm_gmtoff / 60;
    return fmt::format("{}{}{:02}:{:02}", format_time(time, 'T'), minutes < 0 ? '-' : '+',
                       std::labs(minutes) / 60, std::labs(minutes) % 60);
}

std::string describe_event(const HostEvent& event) {
    if (event.kind == HostEventKind::lost) {
        return "lost: more happened than could be told; see vcoal show";
    }
    const bool change =
        event.kind == HostEventKind::changed || event.kind == HostEventKind::refused;
    return fmt::format("{} {}{}", event_name(event.kind),
                       event.file ? file_label(*event.file)
                                  : "what devices opened later begin with",
                       change ? describe_change(event) : describe_file_event(event));
}

} // namespace vcoal
