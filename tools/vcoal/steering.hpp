// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bpf/steering.h"
#include "vcoal/flow_learning.hpp"
#include "vcoal/rss.hpp"
#include "vcoal/tap.hpp"

#include <memory>
#include <optional>

struct steering;

namespace vcoal {

/// Pairs of queues that can be told apart: what a tap has at most.
constexpr unsigned steering_pairs = STEERING_PAIRS;

/// The programs that choose the receive queue of each frame (tools/bpf/steering.bpf.c).
/// Changing what they do is a store to memory: no lock, no system call, and each frame is
/// judged by what was set before or by what was set after. The methods that change it are
/// for one thread at a time.
class Steering {
public:
    /// Loads them, as after reset().
    Steering();
    ~Steering();
    Steering(const Steering&) = delete;
    Steering& operator=(const Steering&) = delete;
    Steering(Steering&&) = delete;
    Steering& operator=(Steering&&) = delete;

    /// Has them work on a tap. Takes rtnl; they go with the tap.
    void attach(Tap& tap);

    /// CTRL-D9: only pair 0 receives, once it is enabled; no pair is.
    void reset();
    /// Automatic steering over the first @p pairs (CTRL-D10): what belongs to a flow that the
    /// guest sent on one of them comes back on that one, once learns() is true.
    /// @param pairs 1 to steering_pairs; anything else throws Error
    void set_active_pairs(unsigned pairs);
    /// RSS (RSS-D1). What is beyond rss_max_key, rss_max_table or steering_pairs, or a table
    /// whose size is no power of two, throws Error and changes nothing.
    void set_rss(const RssConfig& config);
    /// The receive queue of a pair is set up and not in reset. What goes to another is
    /// dropped; automatic steering avoids it (CTRL-D11).
    void set_enabled(unsigned pair, bool enabled);

    /// What the guest sends is learnt from: soon after there is more than one pair to choose
    /// from, if this is attached.
    bool learns() const { return learning_ && learning_->active(); }

    /// File descriptors of the programs that choose the queue, and that drop what has none.
    int program() const;
    int filter_program() const;

private:
    void put(const steering_rule& rule);
    void learn(bool wanted);

    struct Destroy {
        void operator()(steering* object) const noexcept;
    };
    std::unique_ptr<steering, Destroy> object_;
    std::optional<FlowLearning> learning_;
};

} // namespace vcoal
