// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <thread>

namespace vcoal::test {

/// Listens on a TCP port of the calling thread's network namespace and does something
/// with each connection, until it is destroyed. A connection that lasts is cut off then.
class TcpServer {
public:
    /// @param serve called in a thread for each connection; may throw
    TcpServer(std::uint16_t port, std::function<void(int connection)> serve);
    TcpServer(const TcpServer&) = delete;
    TcpServer& operator=(const TcpServer&) = delete;
    TcpServer(TcpServer&&) = delete;
    TcpServer& operator=(TcpServer&&) = delete;
    ~TcpServer();

private:
    struct Connection {
        Fd fd;
        std::thread thread;
    };

    void run();

    Fd listener_;
    std::function<void(int)> serve_;
    std::list<Connection> connections_;
    std::thread thread_;
};

/// Sends back what comes, until nothing comes any more.
void echo(int connection);

/// A connection to a server; throws Error.
Fd connect_to_server(const std::string& address, std::uint16_t port);

/// Sends @p bytes to a server that echoes and checks every byte that comes back. Throws
/// Error.
void exchange_with_echo(const std::string& address, std::uint16_t port, std::uint64_t bytes);

} // namespace vcoal::test
