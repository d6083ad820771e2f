// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

namespace vcoal::bench {

/// `uname -r`.
std::string kernel_release();
/// "tcg" or "kvm": what carries out this virtual machine's instructions.
std::string accelerator();

} // namespace vcoal::bench
