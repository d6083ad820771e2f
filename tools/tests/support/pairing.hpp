// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/child.hpp"
#include "support/payload.hpp"
#include "vcoal/netns.hpp"
#include "vcoal/vhost.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace vcoal::test {

using Json = nlohmann::json;

/// What one queue has done between two looks at it.
struct QueueCounts {
    std::uint64_t packets = 0;
    std::uint64_t total = 0;
    std::uint64_t count = 0;
    std::uint64_t timer = 0;
    std::uint64_t immediate = 0;
    std::uint64_t flush = 0;
    std::uint64_t suppressed = 0;
    /// Signals that the transport consumed.
    std::uint64_t signals = 0;
    /// Times the driver was called.
    std::uint64_t callbacks = 0;
    std::uint64_t elapsed_us = 0;
};

/// The counters of a virtqueue in an answer to {"get":"stats"}; with the in-tree
/// module, only the transport's.
QueueCounts counts_of(const Json& stats, unsigned vq);
QueueCounts operator-(const QueueCounts& now, const QueueCounts& before);

/// The program `vcoal` as the build made it.
std::string vcoal_program();

/// Runs a program to its end; its output has its errors, too.
/// @param netns where; nullptr: where we are
bench::Child::End run(const std::vector<std::string>& argv, const NetNs* netns = nullptr);

/// A counter in what `ethtool -S` prints; throws Error when it is not there.
std::uint64_t counter_in(const std::string& output, const std::string& name);

/// How often @p part stands in @p text.
unsigned occurrences(const std::string& text, const std::string& part);

/// The in-tree driver of 6.1 knows no parameters per queue.
bool in_tree_driver_knows_queues();

/// Waits until somebody listens on a TCP port in a network namespace.
void await_listener(const NetNs& netns, unsigned port);

/// A running `vcoal pair --json`: the driver's interface in a network namespace of its
/// own ("guest"), the tap in the caller's ("host"), both up and with addresses. It ends
/// with this object.
class Pairing {
public:
    explicit Pairing(const std::string& vhost = vhost_node,
                     const std::vector<std::string>& arguments = {});

    const Json& up() const noexcept { return up_; }
    std::string interface() const { return up_.at("netdev"); }
    std::string tap() const { return up_.at("tap"); }
    /// N of virtioN.
    std::uint32_t virtio_index() const;
    bool accepted(const std::string& feature) const;
    pid_t pid() const noexcept { return process_.pid(); }
    const NetNs& guest_ns() const noexcept { return guest_; }
    Party host() const { return {&host_, "192.0.2.1"}; }
    Party guest() const { return {&guest_, "192.0.2.2"}; }

    /// Runs a program to its end in either namespace.
    bench::Child::End in_guest(const std::vector<std::string>& argv) const;
    bench::Child::End on_host(const std::vector<std::string>& argv) const;
    /// `ethtool OPTION INTERFACE ARGUMENTS...` on the driver's interface; throws Error
    /// when it fails.
    void ethtool(const std::string& option, const std::vector<std::string>& arguments) const;
    /// Pings the guest from the host.
    bool ping() const;
    /// Does the driver's interface have a link?
    bool has_carrier() const;
    /// Takes the device's link away and gives it back; throws Error unless the driver
    /// notices both.
    void toggle_link();
    /// Sets the driver's interface down and up a few times while @p bytes of TCP pass in
    /// each direction.
    void toggle_interface_under_traffic(std::uint64_t bytes) const;

    /// Sends a request and returns what answers it.
    Json request(const std::string& line, const std::string& key);
    Json stats() { return request(R"({"get":"stats"})", "stats"); }
    /// Counters once nothing moves and nothing is pending.
    Json settled_stats();
    /// The next event of a kind, those before it included that were passed over.
    Json await_event(const std::string& event);
    /// Events of a kind that came before the last answer, and were not awaited.
    std::size_t pending(const std::string& event) const;
    /// Control commands whose names begin with @p kind, seen since this was asked last. The
    /// driver sends those of its receive modes whenever it likes.
    std::vector<std::string> commands(const std::string& kind);
    /// Events that it dropped because nobody read them.
    unsigned lost() const noexcept { return lost_; }
    /// The device is reset, and its driver starts anew; throws Error unless it does.
    void rebind();
    /// The same while the host pings the guest as fast as it can.
    void rebind_under_traffic();
    /// Waits for the next "up" and configures the interface anew.
    void await_up();

    void send_signal(int signal) const;
    /// Exit status; throws Error when it does not end.
    int await_end() { return process_.finish(std::chrono::seconds(60)).status; }

private:
    Json next_line();
    void configure_guest();

    NetNs host_ = NetNs::current();
    NetNs guest_ = NetNs::create();
    bench::Child process_;
    std::deque<Json> events_;
    unsigned lost_ = 0;
    Json up_;
};

} // namespace vcoal::test
