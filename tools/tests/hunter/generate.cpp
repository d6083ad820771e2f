// SPDX-License-Identifier: GPL-2.0-only
#include "hunter/generate.hpp"

#include <algorithm>

namespace hunter {
namespace {

constexpr std::uint64_t us = 1000;

std::uint16_t any_size(Random& random, bool packed) {
    if (packed) {
        return static_cast<std::uint16_t>(
            random.of<std::uint64_t>({random.between(1, 40), 64, 256}));
    }
    return random.of<std::uint16_t>({1, 2, 4, 8, 16, 32, 64, 256});
}

Setup any_setup(Random& random) {
    Setup setup;
    setup.packed = random.one_in(2);
    setup.size = any_size(random, setup.packed);
    setup.event_idx = !random.one_in(3);
    setup.indirect = random.of<std::uint16_t>({0, 4});
    setup.first =
        static_cast<std::uint16_t>(random.one_in(2) ? random.next() : 0xffff - random.below(64));
    setup.transmit = random.one_in(2);
    setup.mergeable = !random.one_in(3);
    setup.batches = random.one_in(2);
    setup.exact = random.one_in(2);
    setup.weak = !setup.exact && !random.one_in(4);
    return setup;
}

} // namespace

Generator::Generator(std::uint64_t seed, std::uint64_t episode)
    : random_(Random(seed).next() ^ Random(episode).next()), setup_(any_setup(random_)) {
    planned_.push_back(change());
    if (random_.one_in(200)) {
        plan_a_turn();
    }
}

/// A few more packets than there are indexes, and nothing notified meanwhile; the driver
/// waits for one that a device which counts modulo 2^16 takes to be still ahead.
void Generator::plan_a_turn() {
    planned_.push_back({Kind::guest, {1}});
    planned_.push_back({Kind::stream, {1 + random_.below(10)}});
    planned_.push_back({Kind::offer, {64}});
    planned_.push_back({Kind::enable, {random_.below(64)}});
    planned_.push_back({Kind::set, {0, 0xffffffff, 1'000'000}});
    planned_.push_back({Kind::stream, {0x10000 + random_.below(8)}});
    planned_.push_back({Kind::set, {0, 0, 0}});
    planned_.push_back({Kind::work, {}});
}

std::uint64_t Generator::time() {
    switch (random_.below(8)) {
    case 0:
        return random_.below(2);
    case 1:
        // Whole microseconds meet deadlines exactly.
        return random_.below(200) * us;
    case 2:
        return random_.below(2'000'000) * us;
    default:
        return random_.below(100 * us);
    }
}

Action Generator::change() {
    const std::uint64_t target = random_.one_in(3) ? random_.below(5) : 0;
    const std::uint64_t packets = random_.one_in(12)  ? 0xffffffff
                                  : random_.one_in(8) ? 0
                                                      : random_.skewed(9);
    const std::uint64_t usecs = random_.one_in(12) ? random_.of<std::uint64_t>({999'999, 1'000'000})
                                : random_.one_in(8)  ? 0
                                : random_.one_in(40) ? 0xffffffff
                                                     : random_.between(1, 200);
    return {Kind::set, {target, packets, usecs}};
}

Action Generator::traffic() {
    const std::uint64_t n = 1 + random_.skewed(random_.one_in(8) ? 10 : 6);
    if (setup_.transmit || random_.one_in(3)) {
        return {Kind::offer, {n}};
    }
    return {Kind::arrive, {n, random_.one_in(4) ? random_.between(1, 600) : 60}};
}

Action Generator::anything() {
    switch (random_.below(24)) {
    case 0:
    case 1:
        return {Kind::wait, {time()}};
    case 2:
    case 3:
        return change();
    case 4:
        return {Kind::disable, {}};
    case 5:
        return {Kind::enable, {random_.one_in(2) ? 0 : random_.skewed(6)}};
    case 6:
        return {Kind::take, {1 + random_.skewed(8)}};
    case 7:
    case 8:
    case 9:
    case 10:
        return {Kind::poll, {random_.one_in(3) ? 1 + random_.skewed(6) : 64}};
    case 11:
        return random_.one_in(3) ? Action{Kind::guest, {random_.below(2)}} : change();
    case 12:
        return {random_.one_in(2) ? Kind::clog : Kind::unclog, {}};
    case 13:
        return random_.one_in(4) ? Action{Kind::swap, {}} : Action{Kind::wait, {time()}};
    case 14:
        if (!random_.one_in(6)) {
            return traffic();
        }
        start_due_ = true;
        return {Kind::stop, {}};
    case 15:
        return random_.one_in(2) ? Action{Kind::pause, {random_.below(2)}} : traffic();
    case 16:
        return {Kind::stream, {random_.skewed(8)}};
    default:
        return traffic();
    }
}

Action Generator::injected() {
    switch (random_.below(10)) {
    case 0:
    case 1:
        return {Kind::drain, {random_.skewed(6)}};
    case 2:
        return {Kind::expire, {}};
    case 3:
        return {Kind::callback, {}};
    case 4:
        return {Kind::wait, {random_.below(200) * us}};
    case 5:
        return change();
    case 6:
        return traffic();
    case 7:
        return {Kind::enable, {random_.one_in(2) ? 0 : random_.skewed(3)}};
    case 8:
        return {Kind::disable, {}};
    default:
        return {Kind::poll, {64}};
    }
}

void Generator::inject(Step& step) {
    for (std::uint64_t n = random_.below(6); n > 0; n--) {
        const auto at = static_cast<unsigned>(1 + random_.skewed(9));
        step.injections.push_back({at, injected()});
        // What is seen too early is looked at.
        if (step.injections.back().action.kind == Kind::drain && random_.one_in(2)) {
            step.injections.push_back({at, {Kind::poll, {64}}});
        }
    }
    std::ranges::stable_sort(step.injections, {}, &Injection::at);
}

Step Generator::step() {
    Step step;
    steps_++;
    if (!planned_.empty()) {
        step.action = planned_.front();
        planned_.pop_front();
    } else if (start_due_ && random_.one_in(4)) {
        start_due_ = false;
        step.action = {Kind::start, {random_.below(3)}};
    } else if (!setup_.exact && steps_ % 2 == 0) {
        step.action = {Kind::work, {}};
    } else {
        step.action = anything();
    }
    if (!setup_.exact) {
        inject(step);
    }
    return step;
}

} // namespace hunter
