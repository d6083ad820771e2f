// SPDX-License-Identifier: GPL-2.0-only
#include "hunter/world.hpp"

#include "hunter/finding.hpp"
#include "unit/coal_reason.hpp"
#include "vcoal/error.hpp"

#include <fmt/format.h>

namespace hunter {
namespace {

/// A driver whose packets may take that many descriptors stops when fewer are free.
constexpr std::uint64_t reserve = 18;
constexpr std::uint64_t most_arrivals = 4096;
constexpr std::uint64_t everything = ~std::uint64_t{0};

/// Targets as a step numbers them; the last is a limit with a lock.
constexpr std::uint64_t locked_limit = 4;

} // namespace

World::World(const Setup& setup)
    : setup_(setup), driver_(setup_, memory_), device_(setup_, memory_, *this),
      judge_(setup.exact) {
    guest(true);
    start(1);
    settle();
}

void World::apply(const Step& step) {
    injections_ = &step.injections;
    next_injection_ = 0;
    yields_ = 0;
    try {
        act(step.action);
    } catch (const vcoal::Error& error) {
        throw Finding(error.what());
    }
    injections_ = nullptr;
    judge_.step_done(device_.now());
    if (setup_.exact) {
        settle();
    }
    if (device_.idle()) {
        check();
    }
}

void World::yield() {
    if (nested_ || injections_ == nullptr || setup_.exact) {
        return;
    }
    yields_++;
    while (next_injection_ < injections_->size() && (*injections_)[next_injection_].at <= yields_) {
        nested_ = true;
        act_anywhere((*injections_)[next_injection_++].action);
        nested_ = false;
    }
}

void World::published(std::uint32_t packets) {
    judge_.published(packets, situation());
    if (setup_.transmit) {
        held_ += driver_.pass(packets);
    }
    if (setup_.exact) {
        driver_.note_progress();
    }
}

void World::evaluated(vhn_coal_reason reason, bool told) {
    const auto why = model::reason_of(reason);
    if (!why) {
        throw Finding("a notification for no reason");
    }
    const Situation at = situation();
    held_ = 0;
    judge_.evaluated(*why, told, setup_.exact && driver_.evaluate(), at);
}

void World::signalled() {
    judge_.signalled();
    driver_.signalled();
}

bool World::act_anywhere(const Action& action) {
    const auto& arg = action.arg;
    switch (action.kind) {
    case Kind::offer:
        offer(arg[0]);
        return true;
    case Kind::arrive:
        arrive(arg[0], arg[1]);
        return true;
    case Kind::poll:
        driver_.poll(arg[0]);
        return true;
    case Kind::take:
        driver_.take(arg[0]);
        return true;
    case Kind::disable:
        driver_.disable();
        return true;
    case Kind::enable:
        driver_.enable(arg[0]);
        return true;
    case Kind::set:
        set(action);
        return true;
    case Kind::guest:
        guest(arg[0] != 0);
        return true;
    case Kind::clog:
    case Kind::unclog:
        device_.backend().set_clogged(action.kind == Kind::clog);
        return true;
    case Kind::expire:
        device_.expire();
        return true;
    case Kind::callback:
        device_.callback();
        return true;
    case Kind::drain:
        device_.drain(arg[0]);
        return true;
    case Kind::wait:
        // In the middle of something only the clock goes on.
        if (nested_) {
            device_.set_clock(device_.now() + arg[0]);
            device_.expire();
        } else {
            wait(arg[0]);
        }
        return true;
    default:
        return false;
    }
}

void World::act(const Action& action) {
    if (act_anywhere(action)) {
        return;
    }
    switch (action.kind) {
    case Kind::stream:
        return stream(action.arg[0]);
    case Kind::stop:
        return stop();
    case Kind::start:
        return start(action.arg[0]);
    case Kind::swap:
        return swap();
    case Kind::pause:
        return pause(action.arg[0] != 0);
    default:
        device_.work();
    }
}

void World::offer(std::uint64_t n) {
    if (driver_.offer(n)) {
        device_.kick();
    }
}

void World::arrive(std::uint64_t n, std::uint64_t length) {
    if (setup_.transmit) {
        return;
    }
    const std::uint64_t most =
        std::uint64_t{std::min<std::uint16_t>(setup_.size, 4)} * Driver::buffer_bytes -
        Device::header;
    length = std::clamp<std::uint64_t>(length, 1, setup_.mergeable ? most : 600);
    for (n = std::min(n, most_arrivals); n > 0; n--) {
        device_.backend().arrive(static_cast<std::uint32_t>(length));
    }
}

void World::stream(std::uint64_t n) {
    const std::uint64_t end = judge_.packets() + std::min<std::uint64_t>(n, 200'000);
    while (running() && judge_.packets() < end) {
        const std::uint64_t before = judge_.packets();
        offer(everything);
        arrive(std::min(driver_.available(), end - before), 60);
        device_.work();
        driver_.take(everything);
        if (judge_.packets() == before) {
            return;
        }
    }
}

void World::move_clock(std::uint64_t to) {
    device_.set_clock(to);
    if (setup_.exact) {
        judge_.time_passed(to);
    }
    device_.expire();
    device_.callback();
    if (setup_.exact) {
        settle();
        check();
    }
}

void World::wait(std::uint64_t time) {
    const std::uint64_t end = device_.now() + time;
    device_.callback();
    for (;;) {
        std::uint64_t next = device_.expiry().value_or(end);
        if (setup_.exact) {
            next = std::min(next, judge_.deadline().value_or(end));
        }
        if (next >= end) {
            break;
        }
        move_clock(std::max(next, device_.now()));
    }
    move_clock(end);
}

void World::set(const Action& action) {
    if (changing_) {
        return;
    }
    changing_ = true;
    const bool lock = action.arg[0] == locked_limit;
    const auto target = lock ? VHN_COAL_LIMIT : static_cast<vhn_coal_target>(action.arg[0] % 4);
    const model::Parameters wanted{static_cast<std::uint32_t>(action.arg[1]),
                                   static_cast<std::uint32_t>(action.arg[2])};
    const int expected =
        judge_.set(static_cast<model::Target>(target), wanted, lock, device_.now());
    const int got = device_.set(target, {wanted.packets, wanted.usecs}, lock);
    if (got != -expected) {
        throw Finding(
            fmt::format("AMB-8: parameters are answered with {}, not {}", -got, expected));
    }
    const vhn_coal_params effective = device_.state().effective;
    if (judge_.effective() != model::Parameters{effective.max_packets, effective.max_usecs}) {
        throw Finding("COAL-O7: the parameters in force are others");
    }
    changing_ = false;
}

void World::guest(bool decides) {
    if (changing_) {
        return;
    }
    changing_ = true;
    judge_.acknowledge(decides, device_.now());
    device_.set_guest(decides);
    changing_ = false;
}

void World::stop() {
    closing_ = true;
    device_.stop();
    closing_ = false;
    if (judge_.unevaluated() > 0) {
        throw Finding("SUS-D1: a queue was stopped with packets not notified");
    }
}

void World::start(std::uint64_t how) {
    if (running()) {
        return;
    }
    std::optional<unsigned> base;
    if (how > 0) {
        const bool all = how == 2;
        changing_ = true;
        device_.reset(all ? VHN_RESET_DEVICE : VHN_RESET_QUEUE);
        judge_.reset(all);
        changing_ = false;
        driver_.reset();
        held_ = 0;
        base = driver_.ring().base();
        if (all) {
            base_ = {judge_.told(), judge_.suppressed(), judge_.packets()};
        }
    }
    driver_.forget_evaluation();
    device_.start(driver_.ring(), base);
}

void World::swap() {
    closing_ = true;
    device_.swap_call();
    closing_ = false;
    driver_.forget_evaluation();
}

/// The driver does what it was told, and asks for more.
bool World::driver_moves() {
    if (!driver_.has_work()) {
        return false;
    }
    driver_.poll(everything);
    if (!setup_.transmit) {
        offer(everything);
    }
    return true;
}

void World::settle() {
    do {
        device_.expire();
        device_.callback();
    } while (device_.work() || !device_.idle());
}

void World::pause(bool driver_comes) {
    constexpr unsigned most_rounds = 10'000;
    device_.backend().set_clogged(false);
    for (unsigned round = 0; round < most_rounds; round++) {
        settle();
        check();
        if (driver_moves()) {
            continue;
        }
        if (const auto expires = device_.expiry()) {
            wait(*expires - device_.now());
            continue;
        }
        if (!driver_comes) {
            check_counters();
            return;
        }
        driver_comes = false;
        driver_.poll(everything);
        offer(setup_.transmit ? 0 : everything);
    }
    throw Finding("it never comes to rest");
}

std::uint64_t World::buffers_for_next() const {
    const std::uint64_t bytes = device_.backend().next();
    if (!setup_.mergeable) {
        return 1;
    }
    return (bytes + Device::header + Driver::buffer_bytes - 1) / Driver::buffer_bytes;
}

bool World::starved() const {
    if (setup_.transmit) {
        return held_ + reserve >= setup_.size;
    }
    return device_.backend().next() > 0 && driver_.available() < buffers_for_next();
}

Situation World::situation() const {
    return {device_.now(), starved(), closing_, device_.running()};
}

void World::check() {
    judge_.at_rest(situation());
    if (judge_.unevaluated() == 0 && driver_.waits() && !driver_.told()) {
        throw Finding("NTF-G3: a notification is lost: the driver has asked for one, buffers were "
                      "used, and nothing is pending");
    }
    if (!running()) {
        return;
    }
    const Backend& backend = device_.backend();
    const bool could_work = setup_.transmit
                                ? driver_.available() > 0 && !backend.clogged()
                                : backend.next() > 0 && driver_.available() >= buffers_for_next();
    if (could_work) {
        throw Finding("a kick or a packet is lost: the device sleeps, and could work");
    }
}

void World::check_counters() {
    const vhn_vring_stats stats = device_.stats();
    const std::uint64_t sent =
        stats.notify_count + stats.notify_timer + stats.notify_immediate + stats.notify_flush;
    if (sent != judge_.told() - base_.told ||
        stats.suppressed != judge_.suppressed() - base_.suppressed) {
        throw Finding("the counters of notifications are wrong");
    }
    // Packets that the back end refused or that were too long are dropped, not published.
    if (stats.packets > judge_.packets() - base_.packets) {
        throw Finding("more packets are counted than were published");
    }
}

Outcome run(const Trace& trace) {
    World world(trace.setup);
    try {
        for (const Step& step : trace.steps) {
            world.apply(step);
        }
    } catch (const Finding& finding) {
        return {finding.what(), world.judge().packets()};
    }
    return {std::nullopt, world.judge().packets()};
}

} // namespace hunter
