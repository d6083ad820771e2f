// SPDX-License-Identifier: GPL-2.0-only
#include "support/terminal.hpp"

#include "support/bench.hpp"
#include "vcoal/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <pty.h>
#include <sched.h>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace vcoal::test {
namespace {

constexpr char escape = '\033';

winsize size_of(unsigned width, unsigned height) {
    winsize size{};
    size.ws_col = static_cast<unsigned short>(width);
    size.ws_row = static_cast<unsigned short>(height);
    return size;
}

[[noreturn]] void become(const std::vector<std::string>& argv, const NetNs& netns) {
    std::vector<char*> arguments;
    for (const std::string& argument : argv) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    ::setenv("TERM", "vt100", 1);
    if (::setns(netns.get(), CLONE_NEWNET) == 0) {
        ::execv(arguments.front(), arguments.data());
    }
    ::_exit(127);
}

} // namespace

Terminal::Terminal(const std::vector<std::string>& argv, const NetNs& netns, unsigned width,
                   unsigned height)
    : lines_(height, std::string(width, ' ')) {
    const winsize size = size_of(width, height);
    int master = -1;
    pid_ = ::forkpty(&master, nullptr, nullptr, &size);
    if (pid_ < 0) {
        throw Error("terminal", "make", errno);
    }
    if (pid_ == 0) {
        become(argv, netns);
    }
    master_ = Fd(master);
}

Terminal::~Terminal() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

void Terminal::type(const std::string& keys) {
    if (::write(master_.get(), keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
        throw Error("terminal", "type " + keys, errno);
    }
}

void Terminal::resize(unsigned width, unsigned height) {
    lines_.assign(height, std::string(width, ' '));
    row_ = column_ = 0;
    const winsize size = size_of(width, height);
    if (::ioctl(master_.get(), TIOCSWINSZ, &size) != 0) {
        throw Error("terminal", "resize", errno);
    }
}

bool Terminal::shows(const std::string& text) {
    return eventually([&] {
        read(std::chrono::milliseconds(10));
        return screen().find(text) != std::string::npos;
    });
}

int Terminal::await_end() {
    while (read(generous)) {
    }
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_ &&
        !eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; })) {
        throw Error("terminal", "wait for the program's end", ETIMEDOUT, screen());
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string Terminal::screen() const {
    std::string text;
    for (const std::string& line : lines_) {
        text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
}

bool Terminal::is_as_before() const {
    termios now{};
    constexpr tcflag_t before = ECHO | ICANON;
    return ::tcgetattr(master_.get(), &now) == 0 && (now.c_lflag & before) == before;
}

bool Terminal::read(std::chrono::milliseconds timeout) {
    if (!wait_readable(master_.get(), timeout)) {
        return false;
    }
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(master_.get(), bytes.data(), bytes.size());
    if (got <= 0) {
        return false;
    }
    written_ += static_cast<std::size_t>(got);
    std::for_each_n(bytes.begin(), got, [this](char byte) { take(byte); });
    return true;
}

void Terminal::take(char byte) {
    if (!sequence_.empty()) {
        take_sequence(byte);
    } else if (byte == escape) {
        sequence_ = byte;
    } else if (byte == '\r') {
        column_ = 0;
    } else if (byte == '\n') {
        row_ = std::min(row_ + 1, lines_.size() - 1);
    } else if (byte == '\b') {
        column_ -= column_ > 0 ? 1 : 0;
    } else if (byte == '\t') {
        column_ = (column_ / 8 + 1) * 8;
    } else if (byte >= ' ') {
        put(byte);
    }
}

void Terminal::put(char byte) {
    std::string& line = lines_[row_];
    if (column_ < line.size()) {
        line[column_++] = byte;
    }
}

void Terminal::erase(std::size_t row, std::size_t from, std::size_t to) {
    std::string& line = lines_[row];
    for (std::size_t column = from; column < std::min(to, line.size()); column++) {
        line[column] = ' ';
    }
}

/// ESC [ PARAMETERS COMMAND, ESC ( CHARACTER, or ESC CHARACTER.
void Terminal::take_sequence(char byte) {
    sequence_ += byte;
    if (sequence_.size() == 2 && (byte == '[' || byte == '(' || byte == ')')) {
        return;
    }
    const bool parameter = byte == ';' || byte == '?' || (byte >= '0' && byte <= '9');
    if (sequence_[1] == '[' && parameter) {
        return;
    }
    if (sequence_[1] == '[') {
        run_sequence(byte);
    }
    sequence_.clear();
}

void Terminal::run_sequence(char command) {
    std::vector<std::size_t> numbers;
    std::istringstream parameters(sequence_.substr(2, sequence_.size() - 3));
    for (std::string number; std::getline(parameters, number, ';');) {
        numbers.push_back(std::strtoul(number.c_str(), nullptr, 10));
    }
    const auto number = [&](std::size_t n, std::size_t without) {
        return n < numbers.size() && numbers[n] > 0 ? numbers[n] : without;
    };
    const std::size_t width = lines_[row_].size();
    switch (command) {
    case 'H':
        row_ = std::min(number(0, 1), lines_.size()) - 1;
        column_ = number(1, 1) - 1;
        break;
    case 'A':
        row_ -= std::min(number(0, 1), row_);
        break;
    case 'B':
        row_ = std::min(row_ + number(0, 1), lines_.size() - 1);
        break;
    case 'C':
        column_ += number(0, 1);
        break;
    case 'D':
        column_ -= std::min(number(0, 1), column_);
        break;
    case 'J':
        cleared_ += row_ == 0 && column_ == 0 ? 1 : 0;
        erase(row_, column_, width);
        for (std::size_t row = row_ + 1; row < lines_.size(); row++) {
            erase(row, 0, width);
        }
        break;
    case 'K':
        if (number(0, 0) == 1) {
            erase(row_, 0, column_ + 1);
        } else {
            erase(row_, column_, width);
        }
        break;
    default: // attributes and modes
        break;
    }
}

} // namespace vcoal::test
