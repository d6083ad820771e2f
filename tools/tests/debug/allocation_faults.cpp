// SPDX-License-Identifier: GPL-2.0-only
#include "debug/allocation_faults.hpp"

#include "vcoal/error.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace vcoal::test {
namespace {

constexpr const char* hint = "this needs a kernel with fault injection: --kernel debug";
constexpr const char* debugfs = "/sys/kernel/debug/";
constexpr const char* pages = "fail_page_alloc/";
/// Larger than any: pages do not fail, for whether a cache needs one is chance.
constexpr const char* no_order = "99";

void put(const Fd& file, const std::string& text, const std::string& name) {
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        throw Error(name, "write '" + text + "'", errno, hint);
    }
}

void set(const std::string& knob, const std::string& value) {
    put(open_file(debugfs + knob, O_WRONLY, hint), value, debugfs + knob);
}

} // namespace

AllocationFaults::AllocationFaults()
    : nth_(open_file("/proc/thread-self/fail-nth", O_RDWR, hint)),
      at_all_(open_file("/proc/thread-self/make-it-fail", O_WRONLY, hint)) {
    for (const std::string kind : {"failslab/", pages}) {
        // Allocations that may wait are the ones there are.
        set(kind + "ignore-gfp-wait", "N");
        // A stack trace for each would be all that is in the log.
        set(kind + "verbose", "0");
        set(kind + "task-filter", "Y");
        set(kind + "times", "-1");
    }
    set(std::string(pages) + "min-order", no_order);
    // A page of this process that is not there yet would be an allocation, too.
    if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
        throw Error("memory", "lock", errno);
    }
}

FaultedCall AllocationFaults::fail_nth(unsigned nth, const std::function<int()>& call) {
    put(nth_, std::to_string(nth), "fail-nth");
    const int code = call();
    std::array<char, 16> left{};
    if (::pread(nth_.get(), left.data(), left.size() - 1, 0) <= 0) {
        throw Error("fail-nth", "read", errno);
    }
    put(nth_, "0", "fail-nth");
    return {code, std::strtoul(left.data(), nullptr, 10) == 0};
}

int AllocationFaults::fail_pages_after(unsigned had, const std::function<int()>& call) {
    set(std::string(pages) + "min-order", "0");
    set(std::string(pages) + "space", std::to_string(had));
    set(std::string(pages) + "probability", "100");
    put(at_all_, "1", "make-it-fail");
    const int code = call();
    put(at_all_, "0", "make-it-fail");
    set(std::string(pages) + "probability", "0");
    set(std::string(pages) + "min-order", no_order);
    return code;
}

} // namespace vcoal::test
