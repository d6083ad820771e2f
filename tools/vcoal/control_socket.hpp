// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"
#include "vcoal/json.hpp"
#include "vcoal/line_reader.hpp"

#include <cstddef>
#include <functional>
#include <list>
#include <set>
#include <string>
#include <sys/types.h>

namespace vcoal {

/// What a request is answered with.
struct Reply {
    Json json;
    /// Event of which who asked may hear again: the answer tells what it announced.
    std::string unmutes;
};

/// A unix socket on which clients ask, one JSON object per line, and hear of events. It
/// waits for nobody: a client that does not read what it is sent is disconnected.
class ControlSocket {
public:
    static constexpr std::size_t most_clients = 8;

    /// Answers a request; an Error that it throws is the answer, too.
    using OnRequest = std::function<Reply(const Json& request)>;

    /// Listens at @p path, which is for this user alone. A socket there on which nobody
    /// listens any more gives way; anything else does not. Throws Error.
    ControlSocket(std::string path, OnRequest on_request);
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;
    ~ControlSocket();

    /// For poll(): readable when handle() has something to do.
    int get() const noexcept { return epoll_.get(); }
    void handle();
    /// Tells every client once, by the event's name: it hears no more of that name until
    /// a reply to it unmutes it. A client that comes later is not told of what was.
    void announce(const Json& event);

private:
    struct Client {
        Fd fd;
        LineReader input;
        /// Names of the events that it was told of.
        std::set<std::string> muted;
    };

    void accept_clients();
    void serve(Client& client);
    Json answer(Client& client, const std::string& line);

    std::string path_;
    OnRequest on_request_;
    Fd epoll_;
    Fd listener_;
    /// The file that was made: another one at the same path is somebody else's.
    dev_t device_ = 0;
    ino_t inode_ = 0;
    std::list<Client> clients_;
};

/// Connects to the socket at @p path, not blocking; throws Error.
Fd connect_control_socket(const std::string& path);

} // namespace vcoal
