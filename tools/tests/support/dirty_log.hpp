// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"
#include "vcoal/guest_memory.hpp"
#include "vcoal/net_driver.hpp"

#include <cstdint>
#include <set>

namespace vcoal::test {

/// The pages of guest memory that a device says it has written, as whoever moves a guest
/// keeps and takes them.
class DirtyLog {
public:
    using Pages = std::set<std::uint64_t>;

    static constexpr std::uint64_t page_bytes = 4096;

    /// Room for all pages up to the end of @p memory.
    explicit DirtyLog(const GuestMemory& memory);

    /// For VHOST_SET_LOG_BASE.
    std::uint64_t address() const noexcept;
    /// Notes a page, as another device would.
    void note(std::uint64_t page);
    /// Takes what was noted since; the device may note more meanwhile.
    Pages take();
    /// Gives up the memory: the address leads nowhere from here on.
    void vanish() noexcept { bitmap_.reset(); }

private:
    Mapping bitmap_;
};

/// Has the device log everything from here on.
void start_log(NetDriver& driver, const DirtyLog& log);
/// And no longer.
void stop_log(NetDriver& driver);

/// The pages that a range of guest memory is in.
DirtyLog::Pages pages_of(std::uint64_t address, std::size_t bytes);
/// Those of a ring that the device writes.
DirtyLog::Pages ring_pages(NetDriver& driver, unsigned index);

} // namespace vcoal::test
