// SPDX-License-Identifier: GPL-2.0-only
//
// Random histories of a virtqueue: the kernel's policy and coalescer against the
// reference model.
#include "coal_subject.hpp"

#include <gtest/gtest.h>
#include <ostream>
#include <rapidcheck/gtest.h>

namespace {

constexpr std::uint64_t us = 1000;

enum class Kind {
    packets,
    wait,
    wait_for_deadline,
    stray_timer,
    flush,
    set,
    acknowledge,
    reset_queue,
    reset_device,
};

/// What happens to a queue, after @p delay.
struct Event {
    Kind kind;
    std::uint64_t delay;
    std::uint32_t packets;
    std::uint32_t usecs;
    model::Target target;
    bool flag;
};

std::ostream& operator<<(std::ostream& out, const Event& event) {
    static const char* const names[] = {"packets", "wait",        "wait_for_deadline",
                                        "stray",   "flush",       "set",
                                        "ack",     "reset_queue", "reset_device"};
    return out << names[static_cast<int>(event.kind)] << " after " << event.delay
               << " ns: " << event.packets << "/" << event.usecs << " target "
               << static_cast<int>(event.target) << " flag " << event.flag;
}

rc::Gen<std::uint32_t> packet_threshold() {
    return rc::gen::weightedOneOf<std::uint32_t>(
        {{8, rc::gen::inRange<std::uint32_t>(0, 8)},
         {4, rc::gen::inRange<std::uint32_t>(0, 300)},
         {1, rc::gen::element<std::uint32_t>(0x7fffffff, 0x80000000, 0xffffffff)}});
}

rc::Gen<std::uint32_t> hold_usecs() {
    return rc::gen::weightedOneOf<std::uint32_t>(
        {{2, rc::gen::just<std::uint32_t>(0)},
         {8, rc::gen::inRange<std::uint32_t>(1, 200)},
         {1, rc::gen::element<std::uint32_t>(999'999, 1'000'000, 1'000'001, 0xffffffff)}});
}

rc::Gen<std::uint64_t> delay() {
    return rc::gen::weightedOneOf<std::uint64_t>(
        {{4, rc::gen::just<std::uint64_t>(0)},
         {8, rc::gen::inRange<std::uint64_t>(0, 100 * us)},
         {2, rc::gen::map(rc::gen::inRange<std::uint64_t>(0, 200),
                          [](std::uint64_t t) { return t * us; })},
         {1, rc::gen::inRange<std::uint64_t>(0, 3'000'000 * us)}});
}

rc::Gen<Kind> kind() {
    return rc::gen::weightedElement<Kind>({{10, Kind::packets},
                                           {3, Kind::wait},
                                           {2, Kind::wait_for_deadline},
                                           {2, Kind::stray_timer},
                                           {1, Kind::flush},
                                           {5, Kind::set},
                                           {1, Kind::acknowledge},
                                           {1, Kind::reset_queue},
                                           {1, Kind::reset_device}});
}

rc::Gen<Event> event() {
    return rc::gen::build<Event>(
        rc::gen::set(&Event::kind, kind()), rc::gen::set(&Event::delay, delay()),
        rc::gen::set(&Event::packets, packet_threshold()),
        rc::gen::set(&Event::usecs, hold_usecs()),
        rc::gen::set(&Event::target,
                     rc::gen::element(model::Target::queue, model::Target::direction,
                                      model::Target::host, model::Target::limit)),
        rc::gen::set(&Event::flag, rc::gen::weightedElement<bool>({{5, false}, {1, true}})));
}

unsigned flags_for(const Event& event) {
    return event.flag ? VHN_COAL_F_LOCKED : 0;
}

/// Both sides of the comparison, driven by the same events.
class Pair {
public:
    explicit Pair(std::uint64_t start) : subject(start), now_(start) {}

    void apply(const Event& event) {
        advance_to(now_ + event.delay);
        switch (event.kind) {
        case Kind::packets: {
            const std::uint32_t n = subject.room(event.packets % 65 + 1);
            subject.packets(n);
            reference.published(n, now_);
            break;
        }
        case Kind::wait:
            break;
        case Kind::wait_for_deadline:
            if (const auto deadline = reference.deadline()) {
                advance_to(*deadline);
            }
            break;
        case Kind::stray_timer:
            subject.stray_timer();
            break;
        case Kind::flush:
            subject.flush();
            reference.flush(now_);
            break;
        case Kind::set:
            RC_ASSERT(subject.set(static_cast<unsigned>(event.target), event.packets, event.usecs,
                                  flags_for(event)) ==
                      reference.set(event.target, {event.packets, event.usecs}, event.flag, now_));
            break;
        case Kind::acknowledge:
            subject.acknowledge(event.flag);
            reference.acknowledge(event.flag, now_);
            break;
        case Kind::reset_queue:
            subject.reset(VHN_RESET_QUEUE);
            reference.reset_queue();
            break;
        case Kind::reset_device:
            subject.reset(VHN_RESET_DEVICE);
            reference.reset_device();
            break;
        }
        compare();
    }

    void advance_to(std::uint64_t time) {
        for (auto deadline = reference.deadline(); deadline && *deadline <= time;
             deadline = reference.deadline()) {
            reference.time_passed(std::max(*deadline, now_));
        }
        subject.advance_to(time);
        now_ = std::max(now_, time);
    }

    void compare() const {
        RC_ASSERT(subject.notifications() == reference.notifications());
        RC_ASSERT(subject.coal().pending == reference.pending());
        const auto effective = vhn_policy_effective(&subject.policy());
        RC_ASSERT(effective.max_packets == reference.effective().packets);
        RC_ASSERT(effective.max_usecs == reference.effective().usecs);
        // COAL-O3: with something pending a timer runs, and not past its deadline.
        if (const auto deadline = reference.deadline()) {
            RC_ASSERT(subject.armed() <= *deadline);
        }
    }

    Subject subject;
    model::Queue reference;

private:
    std::uint64_t now_;
};

} // namespace

namespace rc {
template <>
struct Arbitrary<Event> {
    static Gen<Event> arbitrary() { return event(); }
};
} // namespace rc

RC_GTEST_PROP(CoalProperty, NotifiesAsTheReferenceDoes, (const std::vector<Event>& history)) {
    Pair pair(*rc::gen::element<std::uint64_t>(0, 12'345'678'901, 0x7f00'0000'0000'0000));
    pair.reference.acknowledge(true, 0);
    pair.subject.acknowledge(true);
    for (const Event& event : history) {
        pair.apply(event);
    }
}

// A worker that is busy elsewhere makes notifications late; it neither loses nor
// doubles one, and none comes before its condition.
RC_GTEST_PROP(CoalProperty, ALateWorkerLosesNothing, (const std::vector<Event>& history)) {
    Subject subject;
    subject.acknowledge(true);
    std::uint64_t published = 0;
    std::uint64_t dropped = 0;
    for (const Event& event : history) {
        subject.set_worker_free(event.flag);
        subject.advance_to(subject.now() + event.delay);
        const std::uint64_t before = subject.coal().pending;
        switch (event.kind) {
        case Kind::packets:
            // Only the worker publishes, so it is free for that moment.
            published += event.packets % 65;
            subject.packets(event.packets % 65);
            break;
        case Kind::set:
            subject.set(static_cast<unsigned>(event.target), event.packets, event.usecs);
            break;
        case Kind::stray_timer:
            subject.stray_timer();
            break;
        case Kind::reset_queue:
            dropped += before;
            subject.reset(VHN_RESET_QUEUE);
            break;
        default:
            break;
        }
    }
    subject.set_worker_free(true);
    subject.flush();

    std::uint64_t notified = 0;
    for (const auto& sent : subject.notifications()) {
        RC_ASSERT(sent.packets > 0U);
        notified += sent.packets;
    }
    RC_ASSERT(notified + dropped == published);
}

RC_GTEST_PROP(CoalProperty, CountNotificationsAreFloorOfPacketsByFrames, ()) {
    const auto frames = *rc::gen::inRange<std::uint32_t>(1, 500);
    const auto batches =
        *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(1, 65));
    Subject subject;
    subject.change(frames, 1'000'000);
    std::uint64_t total = 0;
    for (std::uint32_t batch : batches) {
        while (batch > 0) {
            const std::uint32_t now = subject.room(batch);
            RC_ASSERT(now >= 1U);
            subject.packets(now);
            total += now;
            batch -= now;
        }
    }
    RC_ASSERT(subject.notifications().size() == total / frames);
    RC_ASSERT(subject.coal().pending == total % frames);
}

RC_GTEST_PROP(CoalProperty, NeverEarlierThanTheHold, ()) {
    const auto usecs = *rc::gen::inRange<std::uint32_t>(1, 1'000'000);
    const auto gaps =
        *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 999));
    Subject subject;
    subject.change(0xffffffff, usecs);
    std::uint64_t first = 0;
    std::size_t seen = 0;
    bool pending = false;
    for (const std::uint64_t gap : gaps) {
        subject.advance_to(subject.now() + gap * us);
        if (subject.notifications().size() > seen) {
            RC_ASSERT(subject.notifications()[seen].time == first + usecs * us);
            seen++;
            pending = false;
        }
        if (!pending) {
            first = subject.now();
            pending = true;
        }
        subject.packets(1);
        RC_ASSERT(subject.notifications().size() == seen);
    }
}
