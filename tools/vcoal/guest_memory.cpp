// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/guest_memory.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <cstdio>
#include <string>
#include <unistd.h>

namespace vcoal {
namespace {

constexpr const char* what = "guest memory";

std::size_t whole_pages(std::size_t bytes) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return (bytes + page - 1) / page * page;
}

std::string hexadecimal(std::uint64_t value) {
    char text[24];
    std::snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(value));
    return text;
}

Mapping make_mapping(std::size_t bytes) {
    const Fd memory = make_memfd(what, bytes);
    return {memory.get(), bytes, 0, what};
}

} // namespace

GuestMemory::GuestMemory(std::size_t size, std::size_t guard, std::uint64_t base)
    : size_(whole_pages(size)), guard_(whole_pages(guard)), base_(base),
      mapping_(make_mapping(size_ + 2 * guard_)) {
}

std::uint64_t GuestMemory::allocate(std::size_t bytes, std::size_t alignment) {
    const std::size_t start = (allocated_ + alignment - 1) / alignment * alignment;
    if (start > size_ || bytes > size_ - start) {
        throw Error(what, "allocate " + std::to_string(bytes) + " bytes", ENOMEM,
                    std::to_string(size_ - allocated_) + " are left");
    }
    allocated_ = start + bytes;
    return base_ + start;
}

std::span<std::byte> GuestMemory::at(std::uint64_t address, std::size_t bytes) const {
    const std::uint64_t offset = address - base_;
    if (address < base_ || offset > size_ || bytes > size_ - offset) {
        throw Error(what, "access " + std::to_string(bytes) + " bytes at " + hexadecimal(address),
                    EFAULT);
    }
    return mapping_.bytes().subspan(guard_ + offset, bytes);
}

std::uint64_t GuestMemory::process_address(std::uint64_t address) const {
    return reinterpret_cast<std::uint64_t>(at(address, 0).data());
}

std::span<std::byte> GuestMemory::bytes() const noexcept {
    return mapping_.bytes().subspan(guard_, size_);
}

std::span<std::byte> GuestMemory::guard_before() const noexcept {
    return mapping_.bytes().first(guard_);
}

std::span<std::byte> GuestMemory::guard_behind() const noexcept {
    return mapping_.bytes().last(guard_);
}

vhost_memory_region GuestMemory::region() const noexcept {
    vhost_memory_region region{};
    region.guest_phys_addr = base_;
    region.memory_size = size_;
    region.userspace_addr = reinterpret_cast<std::uint64_t>(bytes().data());
    return region;
}

} // namespace vcoal
