// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/command.hpp"
#include "vcoal/control_socket.hpp"
#include "vcoal/driver_link.hpp"
#include "vcoal/line_reader.hpp"
#include "vcoal/net_device.hpp"
#include "vcoal/report.hpp"
#include "vcoal/spare_threads.hpp"
#include "vcoal/virtio_driver.hpp"

#include <chrono>
#include <exception>
#include <mutex>
#include <optional>
#include <string>

namespace vcoal {

struct PairOptions {
    NetDeviceOptions device;
    /// Network namespace for the driver's interface.
    std::optional<std::string> netns;
    /// The only driver that gets the device; any without.
    std::optional<std::string> driver;
    /// Explains the features once the driver has made its choice.
    bool show_features = false;
    /// Where a socket for requests and events is made.
    std::optional<std::string> control;
    bool json = false;
};

/// `vcoal pair`: a device from its registration to SIGINT or SIGTERM, in one loop that
/// waits for the device, its control queue, the signals, and requests on standard input.
/// The device and its control queue are served by spare threads, too: a driver may spin for
/// them.
class PairSession {
public:
    explicit PairSession(const PairOptions& options);

    /// Runs until a signal or the device's death; throws Error.
    ExitCode run();

private:
    using Clock = std::chrono::steady_clock;

    bool step();
    int timeout_ms();
    bool serve_device();
    void on_spare_threads();
    void begin_searches();
    bool turn_away(const vlb_event& event);
    void on_device();
    void on_registered(const vlb_event& event);
    void on_binding();
    void on_control();
    void on_link();
    void say_paired(const DriverLink& link);
    void on_vhost_error();
    void on_request(const std::string& line);
    Reply answer(const Json& request);
    Json set_link(const Json& request);
    void tell_of_filter();
    /// Whoever reads events takes one now.
    bool is_heard() const;
    void say(const Json& json) const;
    void report(Json event);
    /// For somebody who takes it now.
    void say_event(Json event);
    /// Standard output while it is to be told something, else -1.
    int untold_output();
    void warn(const Error& error) const;

    PairOptions options_;
    /// Held by whoever handles an event.
    std::mutex mutex_;
    Fd signals_;
    /// Joined last, these two: their threads may wait for rtnl, or for a probe, until the
    /// device is gone.
    DriverLinkFinder finder_;
    DriverBinder binder_;
    NetDevice device_;
    std::optional<ControlSocket> socket_;
    LineReader input_;
    /// The interface is to be found, and the driver to be bound, by the loop: a spare
    /// thread's child would be bound to its CPU.
    bool find_link_ = false;
    bool bind_driver_ = false;
    /// A driver has taken the device once and its interface was found.
    bool was_up_ = false;
    /// Until when a driver must have taken it for the first time.
    std::optional<Clock::time_point> deadline_;
    /// Events nobody has read, so that nobody was told.
    unsigned lost_ = 0;
    /// DEAD came, and why.
    std::optional<std::int32_t> death_;
    /// Standard output was told that the filter changed, and has not asked how.
    bool filter_muted_ = false;
    /// It is to be told as soon as it reads.
    bool filter_untold_ = false;
    /// Signalled by a spare thread for whatever it did, so that the loop looks again.
    EventFd served_;
    /// What one of them threw.
    std::exception_ptr failure_;
    std::optional<SpareThreads> spare_threads_;
};

} // namespace vcoal
