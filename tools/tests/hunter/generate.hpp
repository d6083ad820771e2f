// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "hunter/random.hpp"
#include "hunter/step.hpp"

#include <cstdint>
#include <deque>

namespace hunter {

/// Makes up what happens in one world.
class Generator {
public:
    /// The @p episode th world of a seed.
    Generator(std::uint64_t seed, std::uint64_t episode);

    const Setup& setup() const noexcept { return setup_; }
    /// The next step.
    Step step();

private:
    Action anything();
    Action change();
    Action traffic();
    Action injected();
    void inject(Step& step);
    void plan_a_turn();
    std::uint64_t time();

    Random random_;
    Setup setup_;
    std::deque<Action> planned_;
    bool start_due_ = false;
    unsigned steps_ = 0;
};

} // namespace hunter
