// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/genl_message.hpp"

#include <memory>
#include <vector>

struct mnl_socket;

namespace vcoal {

/// What came back for a request.
struct GenlAnswer {
    NetlinkOutcome outcome;
    std::vector<GenlMessage> messages;
    /// A dump during which something came or went, so that it may lack some of it.
    bool interrupted = false;
};

/// A generic netlink socket in the current network namespace. Its methods throw Error where
/// the socket itself fails.
class GenlSocket {
public:
    enum Flags { blocking, non_blocking };
    explicit GenlSocket(Flags flags = blocking);

    /// To be polled.
    int get() const noexcept;
    /// Sends a request and takes all that answers it. What belongs to none of it is dropped.
    GenlAnswer call(GenlRequest request);
    /// Joins a multicast group.
    void join(std::uint32_t group);
    /// What the next datagram has in it; nothing when there is none.
    /// @param lost set when there were more than the socket could hold
    std::vector<GenlMessage> receive(bool& lost);

private:
    struct Close {
        void operator()(mnl_socket* socket) const noexcept;
    };

    /// Receives a datagram; its size or -1 and errno.
    std::ptrdiff_t read();

    std::unique_ptr<mnl_socket, Close> socket_;
    std::vector<std::byte> buffer_;
    std::uint32_t sequence_ = 0;
};

} // namespace vcoal
