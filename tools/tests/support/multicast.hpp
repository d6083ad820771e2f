// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <thread>

namespace vcoal::test {

/// Sends what is sent to an address of ours to a multicast group, through the interface
/// that has this address, as long as it lives.
class GroupSender {
public:
    GroupSender(const std::string& address, std::uint16_t port, const std::string& group);
    GroupSender(const GroupSender&) = delete;
    GroupSender& operator=(const GroupSender&) = delete;
    GroupSender(GroupSender&&) = delete;
    GroupSender& operator=(GroupSender&&) = delete;
    ~GroupSender();

private:
    void run(const sockaddr_in& group);

    Fd socket_;
    std::thread thread_;
};

/// Joins a group on the interface that has @p own, asks the sender at @p address for a
/// message to it, and says whether it comes. Throws Error.
bool hears_group(const std::string& own, const std::string& address, std::uint16_t port,
                 const std::string& group);

} // namespace vcoal::test
