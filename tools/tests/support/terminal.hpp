// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"
#include "vcoal/netns.hpp"

#include <chrono>
#include <string>
#include <sys/types.h>
#include <vector>

namespace vcoal::test {

/// A program in a terminal of its own, a VT100 as far as curses uses one, and what is to be
/// seen there. The program ends with this object.
class Terminal {
public:
    /// @param netns where it runs
    Terminal(const std::vector<std::string>& argv, const NetNs& netns, unsigned width,
             unsigned height);
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    ~Terminal();

    pid_t pid() const noexcept { return pid_; }

    void type(const std::string& keys);
    void resize(unsigned width, unsigned height);
    /// Waits until @p text is to be seen; false when it is not after a generous time.
    bool shows(const std::string& text);
    /// Waits until it has ended; its exit status, 128 + N for signal N. Throws Error when it
    /// does not end.
    int await_end();
    /// All lines, each with its end.
    std::string screen() const;
    /// What is typed is echoed, and read line by line: as a shell has it.
    bool is_as_before() const;
    /// Bytes that the program has written.
    std::size_t written() const noexcept { return written_; }
    /// How often it has cleared all of the screen.
    std::size_t cleared() const noexcept { return cleared_; }

private:
    /// Takes what comes within some time; false when nothing comes any more.
    bool read(std::chrono::milliseconds timeout);
    void take(char byte);
    void take_sequence(char byte);
    void run_sequence(char command);
    void put(char byte);
    void erase(std::size_t row, std::size_t from, std::size_t to);

    Fd master_;
    pid_t pid_ = -1;
    std::vector<std::string> lines_;
    std::size_t row_ = 0;
    std::size_t column_ = 0;
    std::size_t written_ = 0;
    std::size_t cleared_ = 0;
    /// An escape sequence that is not yet whole.
    std::string sequence_;
};

} // namespace vcoal::test
