// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "unit/coal_model.hpp"

#include <cstdint>

namespace hunter {

/// What stands around a queue when it is judged.
struct Situation {
    std::uint64_t now = 0;
    /// Whoever could go on waits for a notification that is held (design 3.5).
    bool starved = false;
    /// The queue stops, or its eventfd is exchanged.
    bool closing = false;
    bool running = true;
};

/// The rules of coalescing, over what a queue was seen to do. Where nobody acts at the
/// same time as another they say exactly what happens (the model of coal_test), else what
/// must not.
class Judge {
public:
    explicit Judge(bool exact) : exact_(exact) {}

    int set(model::Target target, model::Parameters wanted, bool lock, std::uint64_t now) {
        const int result = model_.set(target, wanted, lock, now);
        note_off();
        return result;
    }
    void acknowledge(bool coalescing, std::uint64_t now) {
        model_.acknowledge(coalescing, now);
        note_off();
    }
    void reset(bool device);
    void time_passed(std::uint64_t now) { model_.time_passed(now); }
    /// When something is due by the model.
    std::optional<std::uint64_t> deadline() const { return model_.deadline(); }
    model::Parameters effective() const { return model_.effective(); }

    void published(std::uint32_t packets, const Situation& at);
    /// A condition was met. @p wanted: by the rules of the ring
    void evaluated(model::Reason reason, bool told, bool wanted, const Situation& at);
    void signalled() { signals_++; }
    /// A step has ended.
    void step_done(std::uint64_t now);
    void at_rest(const Situation& at) const;

    std::uint64_t packets() const noexcept { return packets_; }
    std::uint64_t unevaluated() const noexcept { return unevaluated_; }
    std::uint64_t signals() const noexcept { return signals_; }
    std::uint64_t told() const noexcept { return told_; }
    std::uint64_t suppressed() const noexcept { return suppressed_; }

private:
    void expect(model::Reason reason, const Situation& at);
    bool off() const { return effective().packets == 0 || effective().usecs == 0; }
    void note_off() { was_off_ = was_off_ || off(); }

    bool exact_;
    model::Queue model_;
    std::size_t seen_ = 0; ///< of the model's notifications
    std::uint64_t first_ = 0;
    bool was_off_ = true; ///< at some time in this step
    std::uint64_t unevaluated_ = 0;
    std::uint64_t packets_ = 0;
    std::uint64_t told_ = 0;
    std::uint64_t suppressed_ = 0;
    std::uint64_t signals_ = 0;
};

} // namespace hunter
