// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"
#include "vcoal/netns.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace vcoal::bench {

/// How long to wait; nothing: for ever. In a machine whose clock counts instructions a
/// timeout passes at once while its only processor waits for a file from outside.
using Timeout = std::optional<std::chrono::milliseconds>;

/// Where a program's standard error goes: to ours, or where its standard output goes.
enum class Errors { ours, output };

/// Another program, with pipes to its standard input and from its standard output. It
/// ends with this object: SIGTERM, then SIGKILL.
class Child {
public:
    /// @param netns where it runs; nullptr: where we are
    Child(const std::vector<std::string>& argv, const NetNs* netns, Errors errors);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    pid_t pid() const noexcept { return pid_; }

    /// Adds the newline; throws Error when the program does not listen any more.
    void write_line(std::string_view line);
    /// The next line without its newline, or nothing at the end of the output. Throws
    /// Error when neither comes within @p timeout.
    std::optional<std::string> read_line(Timeout timeout);
    /// All of the output up to its end, and the exit status, 128 + N for signal N.
    struct End {
        std::string output;
        int status;
    };
    /// Throws Error when it does not end within @p timeout.
    End finish(Timeout timeout);

private:
    bool read_more(Timeout timeout);
    bool await_exit(Timeout timeout);

    std::string name_;
    pid_t pid_ = -1;
    Fd pidfd_;
    Fd in_;
    Fd out_;
    std::string buffer_;
    std::optional<int> status_;
};

/// Runs a program to its end and returns its output, errors included; throws Error when
/// it fails.
std::string run_program(const std::vector<std::string>& argv, const NetNs* netns, Timeout timeout);

} // namespace vcoal::bench
