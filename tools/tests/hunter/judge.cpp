// SPDX-License-Identifier: GPL-2.0-only
#include "hunter/judge.hpp"

#include "hunter/finding.hpp"

#include <fmt/format.h>

namespace hunter {
namespace {

const char* name(model::Reason reason) {
    switch (reason) {
    case model::Reason::count:
        return "count";
    case model::Reason::timer:
        return "timer";
    case model::Reason::immediate:
        return "immediate";
    case model::Reason::flush:
        break;
    }
    return "flush";
}

} // namespace

void Judge::reset(bool device) {
    unevaluated_ = 0;
    if (device) {
        model_.reset_device();
    } else {
        model_.reset_queue();
    }
}

void Judge::published(std::uint32_t packets, const Situation& at) {
    if (!at.running && !at.closing) {
        throw Finding("VQR-D1: a queue that was stopped uses buffers");
    }
    if (unevaluated_ == 0) {
        first_ = at.now;
    }
    unevaluated_ += packets;
    packets_ += packets;
    if (exact_) {
        model_.published(packets, at.now);
    }
}

void Judge::expect(model::Reason reason, const Situation& at) {
    if (reason == model::Reason::flush) {
        if (!at.closing && !at.starved) {
            throw Finding("AMB-11: a flush, and nobody waits for it");
        }
        model_.flush(at.now);
    }
    const auto& expected = model_.notifications();
    if (expected.size() == seen_) {
        throw Finding(fmt::format("COAL-O3: the condition \"{}\" is said to be met and is not",
                                  name(reason)));
    }
    const model::Notification& next = expected[seen_++];
    if (next.time != at.now || next.reason != reason) {
        throw Finding(fmt::format("COAL-O1: {} at {} ns, and it should be {} at {} ns",
                                  name(reason), at.now, name(next.reason), next.time));
    }
}

void Judge::evaluated(model::Reason reason, bool told, bool wanted, const Situation& at) {
    if (!at.running && !at.closing) {
        throw Finding("RST-D1: a queue that was stopped notifies");
    }
    if (unevaluated_ == 0) {
        throw Finding("COAL-O4: a notification is due with nothing pending");
    }
    unevaluated_ = 0;
    (told ? told_ : suppressed_)++;
    if (!exact_) {
        return;
    }
    expect(reason, at);
    if (told != wanted) {
        throw Finding(told ? "COAL-D8: the driver is told what it does not want to know"
                           : "NTF-D1, NTF-D2: the driver wants to know and is not told");
    }
}

/// No time is taken while the queue does not coalesce. When it begins to within a batch,
/// the clock of what is published then may start at the end of it.
void Judge::step_done(std::uint64_t now) {
    if (was_off_ && !off()) {
        first_ = now;
    }
    was_off_ = off();
}

void Judge::at_rest(const Situation& at) const {
    if (told_ != signals_) {
        throw Finding(
            fmt::format("{} notifications are counted and {} were sent", told_, signals_));
    }
    if (exact_ && model_.notifications().size() != seen_) {
        throw Finding(fmt::format("COAL-O1: the condition \"{}\" is met and nothing happens",
                                  name(model_.notifications()[seen_].reason)));
    }
    if (unevaluated_ == 0) {
        return;
    }
    const auto [packets, usecs] = effective();
    if (!at.running) {
        throw Finding("SUS-D1: a queue was stopped with packets not notified");
    }
    if (off()) {
        throw Finding("COAL-O5: packets wait although the queue does not coalesce");
    }
    if (unevaluated_ >= packets) {
        throw Finding(fmt::format("COAL-O3: {} packets wait, and {} may", unevaluated_, packets));
    }
    if (at.now >= first_ + usecs * model::nanoseconds_per_microsecond) {
        throw Finding(fmt::format("COAL-O3: packets wait for {} ns, and {} us are allowed",
                                  at.now - first_, usecs));
    }
    if (at.starved) {
        throw Finding("AMB-11: the driver waits for a notification, and the device for the driver");
    }
}

} // namespace hunter
