// SPDX-License-Identifier: GPL-2.0-only
#include "vm/agent_log.hpp"

#include "vcoal/error.hpp"
#include "vm/files.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace vcoal::vm {
namespace {

/// Takes "123" off the front of "123,rest" or "123;rest".
bool take_number(std::string_view& text, std::uint64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end == text.data() + text.size()) {
        return false;
    }
    text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
    return true;
}

} // namespace

bool format_record(std::string_view record, std::string& line, std::uint64_t& sequence) {
    const size_t semicolon = record.find(';');
    if (semicolon == std::string_view::npos) {
        return false;
    }
    std::string_view prefix = record.substr(0, semicolon + 1);
    std::uint64_t priority = 0;
    std::uint64_t microseconds = 0;
    if (!take_number(prefix, priority) || !take_number(prefix, sequence) ||
        !take_number(prefix, microseconds)) {
        return false;
    }
    std::string_view message = record.substr(semicolon + 1);
    message = message.substr(0, message.find('\n'));

    std::array<char, 48> stamp;
    std::snprintf(stamp.data(), stamp.size(), "[%5llu.%06llu] ",
                  static_cast<unsigned long long>(microseconds / 1000000),
                  static_cast<unsigned long long>(microseconds % 1000000));
    line = stamp.data();
    line += message;
    line += '\n';
    return true;
}

KernelLog read_kernel_log() {
    const Fd fd = open_file("/dev/kmsg", O_RDONLY | O_NONBLOCK);
    KernelLog log;
    std::uint64_t expected = 0;
    std::array<char, 16384> record;
    for (;;) {
        const ssize_t n = ::read(fd.get(), record.data(), record.size());
        if (n < 0 && errno == EAGAIN) {
            return log;
        }
        // EPIPE: overwritten while reading; the next record's number tells how many.
        if (n < 0 && (errno == EPIPE || errno == EINTR)) {
            continue;
        }
        if (n < 0) {
            throw Error("/dev/kmsg", "read", errno);
        }
        std::string line;
        std::uint64_t sequence = 0;
        if (!format_record({record.data(), static_cast<size_t>(n)}, line, sequence)) {
            throw Error("/dev/kmsg", "unknown form of record", 0);
        }
        log.lost += sequence - expected;
        expected = sequence + 1;
        log.text += line;
    }
}

} // namespace vcoal::vm
