// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/control_socket.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace vcoal {
namespace {

std::string name_of(const std::string& path) {
    return "control socket " + path;
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    constexpr std::size_t longest = sizeof(address.sun_path) - 1;
    if (path.size() > longest) {
        throw Error(name_of(path), "name", ENAMETOOLONG,
                    fmt::format("the path of a socket has up to {} bytes", longest));
    }
    if (path.empty() || path[0] == '\0') {
        throw Error("control socket", "name", EINVAL, "it needs a path");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

Fd make_socket(const std::string& path) {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) {
        throw Error(name_of(path), "create", errno);
    }
    return fd;
}

/// connect(2): 0 or the errno value.
int connect_to(const Fd& fd, const sockaddr_un& address) {
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    return ::connect(fd.get(), generic, sizeof(address)) == 0 ? 0 : errno;
}

std::string describe_listener(const Fd& connected) {
    ucred peer{};
    socklen_t length = sizeof(peer);
    const bool known =
        ::getsockopt(connected.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.pid > 0;
    return known ? fmt::format("process {} listens there", peer.pid)
                 : "another process listens there";
}

/// Makes room for a new socket where an old one is left that nobody listens on.
void remove_stale(const std::string& path, const sockaddr_un& address) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        return; // gone by itself
    }
    if (!S_ISSOCK(status.st_mode)) {
        throw Error(name_of(path), "listen", EADDRINUSE, "what is there is no socket");
    }
    const Fd probe = make_socket(path);
    const int code = connect_to(probe, address);
    if (code == 0 || code == EAGAIN) { // EAGAIN: more wait than its queue holds
        throw Error(name_of(path), "listen", EADDRINUSE, describe_listener(probe));
    }
    if (code != ECONNREFUSED) {
        throw Error(name_of(path), "see who listens there", code);
    }
    if (::unlink(path.c_str()) != 0) {
        throw Error(name_of(path), "replace", errno, "nobody listens there any more");
    }
}

Fd listen_at(const std::string& path) {
    const sockaddr_un address = address_of(path);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    Fd fd = make_socket(path);
    // Before it has a name, so that there is no moment at which others could connect.
    if (::fchmod(fd.get(), S_IRUSR | S_IWUSR) != 0) {
        throw Error(name_of(path), "set mode", errno);
    }
    int bound = ::bind(fd.get(), generic, sizeof(address));
    if (bound != 0 && errno == EADDRINUSE) {
        remove_stale(path, address);
        bound = ::bind(fd.get(), generic, sizeof(address));
    }
    if (bound != 0 || ::listen(fd.get(), ControlSocket::most_clients) != 0) {
        throw Error(name_of(path), "listen", errno);
    }
    return fd;
}

bool watch(const Fd& epoll, const Fd& fd, unsigned events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd.get();
    return ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd.get(), &event) == 0;
}

/// A client that does not take all of it at once is cut off, and read to its end by the
/// next handle().
void send_line(const Fd& fd, const Json& json) {
    const std::string line = json_line(json);
    const ssize_t sent = ::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent != static_cast<ssize_t>(line.size())) {
        ::shutdown(fd.get(), SHUT_RDWR);
    }
}

} // namespace

ControlSocket::ControlSocket(std::string path, OnRequest on_request)
    : path_(std::move(path)), on_request_(std::move(on_request)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)), listener_(listen_at(path_)) {
    // Edge-triggered: a connection that cannot be accepted must not keep the loop busy.
    if (!epoll_ || !watch(epoll_, listener_, EPOLLIN | EPOLLET)) {
        throw Error(name_of(path_), "watch", errno);
    }
    struct stat status {};
    if (::lstat(path_.c_str(), &status) != 0) {
        throw Error(name_of(path_), "look at", errno);
    }
    device_ = status.st_dev;
    inode_ = status.st_ino;
}

// While the listener is open its inode's number goes to no other file.
ControlSocket::~ControlSocket() {
    struct stat status {};
    if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
        status.st_ino == inode_) {
        ::unlink(path_.c_str());
    }
}

void ControlSocket::handle() {
    std::array<epoll_event, most_clients + 1> events{};
    const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < ready; i++) {
        for (Client& client : clients_) {
            if (client.fd.get() == events.at(static_cast<std::size_t>(i)).data.fd) {
                serve(client);
            }
        }
    }
    clients_.remove_if([](const Client& client) { return client.input.get() < 0; });
    accept_clients();
}

void ControlSocket::announce(const Json& event) {
    const std::string name = event.value("event", "");
    for (Client& client : clients_) {
        if (client.muted.insert(name).second) {
            send_line(client.fd, event);
        }
    }
}

void ControlSocket::accept_clients() {
    for (;;) {
        Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!fd) {
            return;
        }
        if (clients_.size() == most_clients) {
            send_line(fd, to_json(Error(name_of(path_), "connect", EUSERS,
                                        fmt::format("it has {} clients", most_clients))));
            continue;
        }
        if (watch(epoll_, fd, EPOLLIN)) {
            const LineReader input(fd.get());
            clients_.push_back({std::move(fd), input, {}});
        }
    }
}

void ControlSocket::serve(Client& client) {
    client.input.fill();
    while (const auto line = client.input.next()) {
        send_line(client.fd, answer(client, *line));
    }
}

Json ControlSocket::answer(Client& client, const std::string& line) {
    try {
        if (line.size() >= LineReader::longest) {
            throw Error("request", "read", EMSGSIZE,
                        fmt::format("a line has less than {} bytes", LineReader::longest));
        }
        const Json request = Json::parse(line, nullptr, false);
        if (!request.is_object()) {
            throw Error("request", "read", EINVAL, "send one JSON object per line");
        }
        Reply reply = on_request_(request);
        client.muted.erase(reply.unmutes);
        return std::move(reply.json);
    } catch (const Error& error) {
        return to_json(error);
    }
}

Fd connect_control_socket(const std::string& path) {
    Fd fd = make_socket(path);
    if (const int code = connect_to(fd, address_of(path)); code != 0) {
        throw Error(name_of(path), "connect", code,
                    code == ECONNREFUSED || code == ENOENT ? "`vcoal pair --control` makes it"
                                                           : "");
    }
    return fd;
}

} // namespace vcoal
