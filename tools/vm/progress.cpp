// SPDX-License-Identifier: GPL-2.0-only
#include "vm/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace vcoal::vm {

Progress::Progress()
    : terminal_(::isatty(STDERR_FILENO) == 1), start_(std::chrono::steady_clock::now()) {
}

double Progress::seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Progress::booting(std::string what) {
    what_ = std::move(what);
    waiting_ = true;
    start_ = std::chrono::steady_clock::now();
    if (terminal_) {
        tick();
    } else {
        fmt::print(stderr, "vm: booting {}\n", what_);
    }
}

void Progress::tick() {
    if (!terminal_ || !waiting_) {
        return;
    }
    fmt::print(stderr, "\r\033[Kvm: booting {} {:.0f} s", what_, seconds());
    std::fflush(stderr);
    shown_ = true;
}

void Progress::up() {
    clear();
    if (waiting_ && !terminal_) {
        fmt::print(stderr, "vm: up after {:.1f} s\n", seconds());
    }
    waiting_ = false;
}

void Progress::clear() {
    if (shown_) {
        fmt::print(stderr, "\r\033[K");
    }
    shown_ = false;
}

} // namespace vcoal::vm
