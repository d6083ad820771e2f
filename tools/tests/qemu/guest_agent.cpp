// SPDX-License-Identifier: GPL-2.0-only
#include "qemu/guest_agent.hpp"

#include "support/qmp.hpp"
#include "vcoal/error.hpp"

#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <sys/socket.h>

namespace vcoal::test {

GuestAgent::GuestAgent(const std::string& path) : connection_(connect_to_qemu(path)) {
}

std::string GuestAgent::next_line() {
    for (;;) {
        const auto end = buffer_.find('\n');
        if (end != std::string::npos) {
            std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        std::array<char, 4096> part{};
        const ssize_t got = ::recv(connection_.get(), part.data(), part.size(), 0);
        if (got <= 0) {
            throw Error("guest", "wait for its answer", got < 0 ? errno : EPIPE,
                        got < 0 ? "it does not boot, or hangs" : "its QEMU has ended");
        }
        buffer_.append(part.data(), static_cast<std::size_t>(got));
    }
}

void GuestAgent::tell(const std::string& command) {
    const std::string line = fmt::format("{} {}\n", ++number_, command);
    if (::send(connection_.get(), line.data(), line.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(line.size())) {
        throw Error("guest", "ask for " + command, errno);
    }
}

GuestAgent::Answer GuestAgent::ask(const std::string& command) {
    tell(command);
    // What was told before and never answered leaves at most a part of an answer.
    const std::string mark = fmt::format("vcoal: {} ", number_);
    Answer answer{};
    for (;;) {
        const std::string line = next_line();
        if (line.starts_with(mark)) {
            answer.status = std::stoi(line.substr(mark.size()));
            answer.output.erase(answer.output.find_last_not_of('\n') + 1);
            return answer;
        }
        answer.output += line + "\n";
    }
}

std::string GuestAgent::run(const std::string& command) {
    Answer answer = ask(command);
    if (answer.status != 0) {
        throw Error("guest", command, 0,
                    fmt::format("status {}, {}", answer.status, answer.output));
    }
    return std::move(answer.output);
}

} // namespace vcoal::test
