// SPDX-License-Identifier: GPL-2.0-only
#include "support/dirty_log.hpp"

#include <atomic>
#include <bit>
#include <linux/virtio_ring.h>

namespace vcoal::test {
namespace {

constexpr std::uint64_t bits = 64;

std::uint64_t words_up_to(const GuestMemory& memory) {
    return (memory.base() + memory.size()) / DirtyLog::page_bytes / bits + 1;
}

Mapping zeroes(std::size_t size) {
    const Fd fd = make_memfd("dirty log", size);
    return {fd.get(), size, 0, "dirty log"};
}

std::uint64_t guest_address(const GuestMemory& memory, std::uint64_t process_address) {
    return process_address - memory.process_address(memory.base()) + memory.base();
}

void set_addresses(NetDriver& driver, bool logged) {
    for (unsigned index = 0; index < VHN_NR_VRINGS; index++) {
        const RingAddresses& at = driver.queue(index).ring().addresses();
        const std::uint64_t used = guest_address(driver.memory(), at.used);
        driver.vhost().set_vring_addresses(index, at, logged ? std::optional(used) : std::nullopt);
    }
}

void add(DirtyLog::Pages& pages, const DirtyLog::Pages& more) {
    pages.insert(more.begin(), more.end());
}

} // namespace

DirtyLog::DirtyLog(const GuestMemory& memory)
    : bitmap_(zeroes(words_up_to(memory) * sizeof(std::uint64_t))) {
}

std::uint64_t DirtyLog::address() const noexcept {
    return reinterpret_cast<std::uint64_t>(bitmap_.data());
}

void DirtyLog::note(std::uint64_t page) {
    auto* words = reinterpret_cast<std::uint64_t*>(bitmap_.data());
    std::atomic_ref(words[page / bits]).fetch_or(1ULL << page % bits);
}

DirtyLog::Pages DirtyLog::take() {
    Pages pages;
    const std::span words(reinterpret_cast<std::uint64_t*>(bitmap_.data()),
                          bitmap_.size() / sizeof(std::uint64_t));
    for (std::size_t i = 0; i < words.size(); i++) {
        std::uint64_t word = std::atomic_ref(words[i]).exchange(0);
        for (; word != 0; word &= word - 1) {
            pages.insert(i * bits + static_cast<unsigned>(std::countr_zero(word)));
        }
    }
    return pages;
}

void start_log(NetDriver& driver, const DirtyLog& log) {
    driver.vhost().set_log_base(log.address());
    driver.vhost().set_features(driver.options().features | feature(VHOST_F_LOG_ALL));
    set_addresses(driver, true);
}

void stop_log(NetDriver& driver) {
    driver.vhost().set_features(driver.options().features);
    set_addresses(driver, false);
}

DirtyLog::Pages pages_of(std::uint64_t address, std::size_t bytes) {
    DirtyLog::Pages pages;
    const std::uint64_t last = (address + bytes - 1) / DirtyLog::page_bytes;
    for (std::uint64_t page = address / DirtyLog::page_bytes; page <= last; page++) {
        pages.insert(page);
    }
    return pages;
}

DirtyLog::Pages ring_pages(NetDriver& driver, unsigned index) {
    const NetDriverOptions& options = driver.options();
    const RingAddresses& at = driver.queue(index).ring().addresses();
    const auto guest = [&](std::uint64_t address) {
        return guest_address(driver.memory(), address);
    };
    if ((options.features & feature(VIRTIO_F_RING_PACKED)) != 0) {
        DirtyLog::Pages pages =
            pages_of(guest(at.desc), options.ring_size * sizeof(vring_packed_desc));
        add(pages, pages_of(guest(at.used), sizeof(vring_packed_desc_event)));
        return pages;
    }
    return pages_of(guest(at.used), sizeof(vring_used) +
                                        options.ring_size * sizeof(vring_used_elem) +
                                        sizeof(std::uint16_t));
}

} // namespace vcoal::test
