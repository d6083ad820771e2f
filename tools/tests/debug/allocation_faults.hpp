// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <functional>

namespace vcoal::test {

/// What came of a call one of whose allocations was to fail.
struct FaultedCall {
    /// 0 or an errno value.
    int code;
    /// The call came as far as that allocation.
    bool reached;
};

/// Has allocations fail that this thread makes in the kernel. The calls made here must not
/// allocate in user space.
class AllocationFaults {
public:
    /// Throws Error in a kernel without fault injection.
    AllocationFaults();

    /// The @p nth allocation from a cache fails, counted from 1, and no other. Very large
    /// ones of kmalloc() are allocations of pages, and do not count.
    ///
    /// A debug kernel's own books are allocated as well, some of them now and then: what
    /// is the nth once may be another the next time.
    FaultedCall fail_nth(unsigned nth, const std::function<int()>& call);
    /// All allocations of pages fail once @p pages were had, very large ones of kmalloc()
    /// among them: also those that stand in for one that has failed.
    int fail_pages_after(unsigned pages, const std::function<int()>& call);

private:
    Fd nth_;
    Fd at_all_;
};

} // namespace vcoal::test
