// SPDX-License-Identifier: GPL-2.0-only
//
// The packed ring of the host module, hostile.
#include "fuzz/ring_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz_ring(data, size, true);
}
