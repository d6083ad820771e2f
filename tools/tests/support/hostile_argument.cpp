// SPDX-License-Identifier: GPL-2.0-only
#include "support/hostile_argument.hpp"

#include "vcoal/error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/mman.h>

namespace vcoal::test {
namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t writable_end = 2 * page;
constexpr std::size_t read_only = 3 * page;
constexpr std::size_t size = 4 * page;

/// Addresses that no process has.
constexpr std::initializer_list<std::uintptr_t> nowhere = {0,
                                                           1,
                                                           0x7fff'ffff'effc,
                                                           0x7fff'ffff'f000,
                                                           0x8000'0000'0000,
                                                           0xffff'8880'0000'0000,
                                                           ~std::uintptr_t{0}};

} // namespace

HostileArgument::HostileArgument() : pages_(make_memfd("arguments", size).get(), size, 0, "memfd") {
    if (::mprotect(pages_.data() + writable_end, page, PROT_NONE) != 0 ||
        ::mprotect(pages_.data() + read_only, page, PROT_READ) != 0) {
        throw Error("arguments", "protect pages", errno);
    }
}

std::uintptr_t HostileArgument::put(std::size_t at, std::span<const std::byte> bytes) {
    std::memcpy(pages_.data() + at, bytes.data(), std::min(bytes.size(), writable_end - at));
    return reinterpret_cast<std::uintptr_t>(pages_.data()) + at;
}

std::uintptr_t HostileArgument::place(std::span<const std::byte> bytes, Chance& chance) {
    const auto length = static_cast<unsigned>(bytes.size());
    switch (chance.between(0, 31)) {
    case 0:
        return chance.of(nowhere);
    case 1: // ends too early
        return put(writable_end - chance.between(0, std::max(length, 1U) - 1), bytes);
    case 2: // nothing behind it may be touched
        return put(writable_end - length, bytes);
    case 3: // zeroes, and no answer can be written
        return reinterpret_cast<std::uintptr_t>(pages_.data()) + read_only;
    case 4:
        return put(chance.between(1, 7), bytes);
    default:
        return put(0, bytes);
    }
}

} // namespace vcoal::test
