// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vm/kernel.hpp"
#include "vm/options.hpp"

#include <string>

namespace vcoal::vm {

/// What executes the guest's instructions, and why.
struct Accelerator {
    bool kvm = false;
    std::string reason;
};

/// Chooses KVM where it is known to boot this kernel, else TCG. That the device
/// node exists proves nothing, so a trial boot decides; its answer is cached until
/// this machine restarts.
Accelerator choose_accelerator(Options::Accel wish, bool icount, const Kernel& kernel);

} // namespace vcoal::vm
