// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/control.hpp"
#include "vcoal/device_ring.hpp"
#include "vcoal/feature_offer.hpp"
#include "vcoal/loopback.hpp"
#include "vcoal/net_config.hpp"
#include "vcoal/net_device_options.hpp"
#include "vcoal/steering.hpp"
#include "vcoal/tap.hpp"
#include "vcoal/vhost_pair.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vcoal {

/// The queue that VQ_RESET or VQ_ENABLE is about.
constexpr unsigned queue_of(const vlb_event& event) {
    return static_cast<unsigned>(event.result);
}

/// A network device on the loopback bus: its packets pass through vhost files and a
/// tap, its control queue ends in this process.
///
/// After start() the owner of the object waits for the file descriptors below and
/// calls the method that goes with each, one at a time. The driver may hold rtnl while it
/// waits for this process, so that between two of these calls the same thread makes no call
/// that takes rtnl.
class NetDevice : private ControlTarget {
public:
    explicit NetDevice(const NetDeviceOptions& options);

    /// Has the device registered.
    void start() { loopback_.start(); }

    /// loopback().get(): carries out an event, answers it where that is awaited.
    void handle(const vlb_event& event);
    /// control_kick(): answers all commands that wait.
    std::vector<ControlAnswer> serve_control();
    /// The driver's view of the link; throws Error where it has none.
    void set_link(bool up);
    /// Asks the driver to announce itself to its network; throws Error where it cannot.
    void announce();
    /// The driver wants to receive something else than when this was asked last.
    bool take_filter_change() { return std::exchange(filter_changed_, false); }

    Loopback& loopback() noexcept { return loopback_; }
    int control_kick() const noexcept { return control_.kick.get(); }
    const Loopback& loopback() const noexcept { return loopback_; }
    /// Signalled when vhost finds a ring that it cannot go on with.
    EventFd& vhost_errors() noexcept { return vhost_errors_; }
    const std::vector<VhostPair>& pairs() const noexcept { return pairs_; }
    const std::string& tap_name() const noexcept { return taps_.front().name(); }
    const NetDeviceOptions& options() const noexcept { return options_; }
    const std::vector<FeatureOffer>& offers() const noexcept { return offers_; }
    const ControlServer& control() const noexcept { return server_; }
    /// The driver's choice, without meaning before it has made one.
    std::uint64_t accepted() const noexcept { return accepted_; }
    bool running() const noexcept { return running_; }
    unsigned active_pairs() const noexcept { return active_pairs_; }

private:
    /// The eventfds of a virtqueue.
    struct QueueFds {
        EventFd kick;
        EventFd call;
    };

    /// Throws Error unless a driver is there that accepted the feature.
    void require_accepted(unsigned bit, const char* operation) const;
    bool enabled(unsigned vq) const override;
    vhn_coal_state coalescing(unsigned vq) const override;
    void set_coalescing(unsigned vq, vhn_coal_target target, vhn_coal_params params) override;
    void set_active_pairs(unsigned pairs) override;
    void set_rss(const RssConfig& config) override;
    void set_hash(const HashConfig& config) override;
    void set_filter(const RxFilter& filter) override;
    void announced() override;
    void set_offloads(std::uint64_t offloads) override;

    /// Index of the control queue: it follows from the features (spec 1.4).
    unsigned control_index() const noexcept { return 2 * server_.pairs(); }
    void negotiate(std::uint64_t features);
    void attach_eventfds(std::uint64_t features);
    /// Packets are filtered on their way to the driver.
    bool filters() const noexcept;
    void install(const RxFilter& filter);
    void on_every_pair(const std::function<void(VhostNet&)>& set,
                       const std::function<void(VhostNet&)>& put_back);
    void run();
    void start_queue(unsigned vq);
    void stop_queue(unsigned vq);
    /// Packets are steered to the receive queue of a pair, or no longer.
    void set_steered(unsigned pair, bool steered);
    /// The receive queue of a pair, started, gets packets: those that come from now on.
    void attach_receive_queue(unsigned pair);
    void detach_receive_queue(unsigned pair);
    /// The receive queues of the first @p pairs pairs get packets, and maybe more.
    void receive_on_at_least(unsigned pairs);
    /// None but those do (CTRL-D9).
    void receive_on_at_most(unsigned pairs);
    void reset();

    NetDeviceOptions options_;
    /// Closed last: that takes rtnl, which the driver lets go of only when the loopback
    /// device is gone.
    std::vector<Tap> taps_;
    std::optional<Steering> steering_;
    std::vector<FeatureOffer> offers_;
    NetConfig config_;
    Loopback loopback_;
    EventFd vhost_errors_;
    std::vector<VhostPair> pairs_;
    /// Of the queues in their places, but for the control queue, whose place depends on
    /// the features.
    std::vector<QueueFds> queues_;
    QueueFds control_;
    ControlServer server_{*this};
    std::unique_ptr<DeviceRing> control_ring_;
    HashConfig hash_;
    std::uint64_t accepted_ = 0;
    unsigned active_pairs_ = 1;
    /// Pairs whose receive queues get packets, as far as these are enabled.
    unsigned receiving_pairs_ = 1;
    bool running_ = false;
    bool filter_changed_ = false;
};

} // namespace vcoal
