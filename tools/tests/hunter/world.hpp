// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "hunter/device.hpp"
#include "hunter/driver.hpp"
#include "hunter/judge.hpp"
#include "hunter/step.hpp"

#include <cstdint>

namespace hunter {

/// A virtqueue with all that belongs to it: steps go in, a Finding comes out when a rule
/// is broken.
class World final : public Observer {
public:
    explicit World(const Setup& setup);

    void apply(const Step& step);

    const Driver& driver() const noexcept { return driver_; }
    const Judge& judge() const noexcept { return judge_; }
    bool running() const { return device_.running(); }

    void delivered(std::uint32_t bytes) override { driver_.expect(bytes); }
    void published(std::uint32_t packets) override;
    void evaluated(vhn_coal_reason reason, bool told) override;
    void signalled() override;
    void yield() override;

private:
    void act(const Action& action);
    /// What may also happen in the middle of something.
    bool act_anywhere(const Action& action);
    void offer(std::uint64_t n);
    void arrive(std::uint64_t n, std::uint64_t length);
    void stream(std::uint64_t n);
    void wait(std::uint64_t time);
    void set(const Action& action);
    void guest(bool decides);
    void stop();
    void start(std::uint64_t how);
    void swap();
    void pause(bool driver_comes);

    bool driver_moves();
    void settle();
    void move_clock(std::uint64_t to);
    void check();
    void check_counters();

    std::uint64_t buffers_for_next() const;
    bool starved() const;
    Situation situation() const;

    Setup setup_;
    // The device already yields while it is being made.
    const std::vector<Injection>* injections_ = nullptr;
    std::size_t next_injection_ = 0;
    unsigned yields_ = 0;
    bool nested_ = false;
    vcoal::GuestMemory memory_{1U << 19U};
    Driver driver_;
    Device device_;
    Judge judge_;

    bool closing_ = false;
    bool changing_ = false;  ///< parameters; nobody else does at the same time
    std::uint64_t held_ = 0; ///< transmit: descriptors used since the last evaluation
    struct {
        std::uint64_t told = 0;
        std::uint64_t suppressed = 0;
        std::uint64_t packets = 0;
    } base_; ///< at the last device reset
};

/// How a trace went.
struct Outcome {
    std::optional<std::string> finding;
    std::uint64_t packets = 0;
};

Outcome run(const Trace& trace);

} // namespace hunter
