// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"
#include "vcoal/packet_socket.hpp"

#include <string>
#include <thread>

namespace vcoal::test {

/// Sends every test frame that comes in on an interface back as it came, its VLAN tag
/// included, as long as it lives.
class Mirror {
public:
    explicit Mirror(const std::string& interface);
    Mirror(const Mirror&) = delete;
    Mirror& operator=(const Mirror&) = delete;
    Mirror(Mirror&&) = delete;
    Mirror& operator=(Mirror&&) = delete;
    ~Mirror();

private:
    void run();

    PacketSocket socket_;
    EventFd stop_;
    std::thread thread_;
};

} // namespace vcoal::test
