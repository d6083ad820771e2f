// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <memory>

struct steering;

namespace vcoal {

/// The program that chooses the receive queue of each frame (tools/bpf/steering.bpf.c).
/// Changing what it does is a store to memory: no lock, no system call.
class Steering {
public:
    /// Loads it, with one active pair.
    Steering();
    ~Steering();
    Steering(const Steering&) = delete;
    Steering& operator=(const Steering&) = delete;
    Steering(Steering&&) = delete;
    Steering& operator=(Steering&&) = delete;

    /// File descriptor of the program, for Tap::set_steering_program().
    int program() const;
    void set_active_pairs(unsigned pairs);

private:
    struct Destroy {
        void operator()(steering* object) const noexcept;
    };
    std::unique_ptr<steering, Destroy> object_;
};

} // namespace vcoal
