// SPDX-License-Identifier: GPL-2.0-only
//
// What happens in a world, as data: it can be made up at random, written to a file, read
// again, and made shorter.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace hunter {

/// What a world is made of.
struct Setup {
    bool packed = false;
    std::uint16_t size = 8;
    bool event_idx = true;
    std::uint16_t indirect = 0; ///< longest indirect table; 0: not negotiated
    std::uint16_t first = 0;    ///< index of the first entry
    bool transmit = false;
    bool mergeable = true;
    bool batches = true; ///< transmit: the back end takes many packets at once
    bool exact = false;  ///< nobody acts at the same time as another: all is predictable
    bool weak = false;   ///< stores to guest memory are seen late and out of order

    bool operator==(const Setup&) const = default;
};

enum class Kind : std::uint8_t {
    offer,    ///< the driver makes up to N buffers available
    arrive,   ///< N packets of M bytes arrive at the back end
    stream,   ///< N packets pass, the driver taking them without asking for anything
    work,     ///< the worker runs until it has nothing to do
    poll,     ///< the driver takes up to N buffers; fewer: asks for a notification again
    take,     ///< the driver takes up to N buffers
    disable,  ///< the driver wants no notification
    enable,   ///< the driver wants one after N more buffers
    wait,     ///< N nanoseconds pass
    set,      ///< parameters: target, packets, microseconds
    guest,    ///< features are acknowledged: does the guest decide?
    stop,     ///< the back end is taken away
    start,    ///< and given back; 1: after a queue reset, 2: after a device reset
    swap,     ///< another call eventfd
    clog,     ///< the back end takes nothing more
    unclog,   ///< and does again
    expire,   ///< the timer's time has come, its function has not run yet
    callback, ///< now it runs
    drain,    ///< a store is seen, the Nth of those that may be
    pause,    ///< everything comes to rest; 1: and the driver takes all there is
};

struct Action {
    Kind kind = Kind::pause;
    std::array<std::uint64_t, 3> arg{};

    bool operator==(const Action&) const = default;
};

/// What somebody else does in the middle of a step: at the Nth place where that may be.
struct Injection {
    unsigned at = 0;
    Action action;

    bool operator==(const Injection&) const = default;
};

struct Step {
    Action action;
    std::vector<Injection> injections; ///< in order

    bool operator==(const Step&) const = default;
};

struct Trace {
    Setup setup;
    std::vector<Step> steps;

    bool operator==(const Trace&) const = default;
};

/// How many arguments there are.
unsigned arguments(Kind kind);

std::string to_text(const Step& step);
/// One line for the world, one for each step.
std::string to_text(const Trace& trace);
/// Throws vcoal::Error for anything else.
Trace from_text(const std::string& text);

} // namespace hunter
