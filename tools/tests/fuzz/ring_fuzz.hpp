// SPDX-License-Identifier: GPL-2.0-only
//
// The device's side of a ring, vring_split.c or vring_packed.c, over memory in which a
// guest writes what it likes, also while it is read. The input is
//
//   size, features (1 event index, 2 indirect), base (16 bits), number of steps,
//   steps: what, how much, when the guest writes, where (16 bits), a byte
//   guest memory
//
// The descriptors, and what else only the driver writes, are at the beginning of guest
// memory; it is in two pieces that follow one another in the guest and nowhere else.
#pragma once

#include <cstddef>
#include <cstdint>

/// One input of libFuzzer's.
int fuzz_ring(const std::uint8_t* data, std::size_t size, bool packed);
