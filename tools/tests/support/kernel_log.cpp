// SPDX-License-Identifier: GPL-2.0-only
#include "support/kernel_log.hpp"

#include "vcoal/error.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace vcoal::test {
namespace {

constexpr const char* path = "/dev/kmsg";

} // namespace

KernelLog::KernelLog() : file_(open_file(path, O_RDONLY | O_NONBLOCK)) {
    if (::lseek(file_.get(), 0, SEEK_END) < 0) {
        throw Error(path, "go to its end", errno);
    }
}

std::string KernelLog::read() {
    std::string all;
    for (;;) {
        // A record for each read.
        std::array<char, 8192> record{};
        const ssize_t got = ::read(file_.get(), record.data(), record.size());
        if (got < 0 && errno == EAGAIN) {
            return all;
        }
        if (got < 0) {
            throw Error(path, "read", errno);
        }
        all.append(record.data(), static_cast<std::size_t>(got));
    }
}

} // namespace vcoal::test
