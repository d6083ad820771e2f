// SPDX-License-Identifier: GPL-2.0-only
#include "support/qmp.hpp"

#include "vcoal/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <utility>

namespace vcoal::test {

using Json = nlohmann::json;

namespace {

constexpr timeval patience{120, 0};

} // namespace

Fd connect_to_qemu(const std::string& path) {
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) {
        throw Error(path, "connect", ENAMETOOLONG);
    }
    path.copy(address.sun_path, path.size());
    if (!socket ||
        ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
            0) {
        throw Error(path, "connect", errno);
    }
    return socket;
}

Qmp::Qmp(Fd connection) : connection_(std::move(connection)) {
    next_line();
    run("qmp_capabilities");
}

Json Qmp::next_line() {
    for (;;) {
        const auto end = buffer_.find('\n');
        if (end != std::string::npos) {
            const std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return Json::parse(line);
        }
        std::array<char, 4096> part{};
        const ssize_t got = ::recv(connection_.get(), part.data(), part.size(), 0);
        if (got <= 0) {
            throw Error("monitor", "read", got < 0 ? errno : EPIPE);
        }
        buffer_.append(part.data(), static_cast<std::size_t>(got));
    }
}

Json Qmp::run(const std::string& command, const Json& arguments) {
    const std::string line = Json{{"execute", command}, {"arguments", arguments}}.dump() + "\n";
    if (::send(connection_.get(), line.data(), line.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(line.size())) {
        throw Error("monitor", "ask for " + command, errno);
    }
    for (;;) {
        Json answer = next_line();
        if (answer.contains("error")) {
            throw Error("monitor", command, 0, answer.at("error").value("desc", ""));
        }
        if (answer.contains("return")) {
            return answer.at("return");
        }
        events_.push_back(std::move(answer));
    }
}

Json Qmp::await(const std::string& event) {
    for (;;) {
        const auto found = std::ranges::find_if(
            events_, [&](const Json& one) { return one.value("event", "") == event; });
        if (found != events_.end()) {
            Json result = std::move(*found);
            events_.erase(found);
            return result;
        }
        events_.push_back(next_line());
    }
}

} // namespace vcoal::test
