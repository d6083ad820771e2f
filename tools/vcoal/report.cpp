// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/report.hpp"

#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

namespace vcoal {
namespace {

constexpr std::uint64_t coalescing_features =
    feature(VIRTIO_NET_F_NOTF_COAL) | feature(VIRTIO_NET_F_VQ_NOTF_COAL);

std::string hexadecimal(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte byte : bytes) {
        text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    }
    return text;
}

Json to_json(const vhn_coal_params& params) {
    return {{"max_packets", params.max_packets}, {"max_usecs", params.max_usecs}};
}

Json to_json(const vhn_coal_state& state) {
    return {{"effective", to_json(state.effective)},
            {"requested", to_json(state.requested)},
            {"direction", to_json(state.direction)},
            {"host", to_json(state.host)},
            {"limit", to_json(state.limit)},
            {"by_guest", (state.flags & VHN_COAL_F_GUEST) != 0},
            {"locked", (state.flags & VHN_COAL_F_LOCKED) != 0},
            {"pending", state.pending}};
}

Json to_json(const vhn_vring_stats& stats) {
    return {{"packets", stats.packets},
            {"bytes", stats.bytes},
            {"kicks", stats.kicks},
            {"spurious_kicks", stats.spurious_kicks},
            {"notifications",
             {{"total", notifications(stats)},
              {"count", stats.notify_count},
              {"timer", stats.notify_timer},
              {"immediate", stats.notify_immediate},
              {"flush", stats.notify_flush}}},
            {"suppressed", stats.suppressed},
            {"drops",
             {{"malformed", stats.drop_malformed},
              {"truncated", stats.drop_truncated},
              {"backend", stats.drop_backend},
              {"unicast", stats.drop_unicast},
              {"multicast", stats.drop_multicast},
              {"broadcast", stats.drop_broadcast},
              {"vlan", stats.drop_vlan},
              {"oversize", stats.drop_oversize}}},
            {"refused", stats.refused},
            {"stalls", stats.stalls}};
}

Json to_json(const vlb_vq_stats& stats) {
    return {{"kicks", stats.kicks},         {"kicks_suppressed", stats.kicks_suppressed},
            {"signals", stats.signals},     {"wakeups", stats.wakeups},
            {"callbacks", stats.callbacks}, {"idle", stats.idle}};
}

Json to_json(const vlb_arena_stats& stats) {
    return {{"bytes", stats.bytes},
            {"ring_bytes", stats.ring_bytes},
            {"in_bytes", stats.in_bytes},
            {"out_bytes", stats.out_bytes},
            {"in_quota", stats.in_quota},
            {"out_quota", stats.out_quota},
            {"peak_bytes", stats.peak_bytes},
            {"slots", stats.slots},
            {"maps", stats.maps},
            {"fail_quota", stats.fail_quota},
            {"fail_space", stats.fail_space},
            {"bad_unmap", stats.bad_unmap},
            {"bad_sync", stats.bad_sync}};
}

Json coalescing_of(const NetDevice& device, unsigned vq) {
    const VhostPair& pair = device.pairs().at(vq / 2);
    return pair.coalesces() ? to_json(pair.vhost().coalescing(vq % 2)) : Json(nullptr);
}

Json queue_statistics(const NetDevice& device, unsigned vq) {
    const VhostPair& pair = device.pairs().at(vq / 2);
    const unsigned vring = vq % 2;
    Json queue{{"vq", vq},
               {"pair", vq / 2},
               {"direction", vring == VHN_VRING_RX ? "rx" : "tx"},
               {"loopback", to_json(device.loopback().statistics(vq))},
               {"vhost", nullptr},
               {"coalescing", coalescing_of(device, vq)}};
    if (pair.coalesces()) {
        queue["vhost"] = to_json(pair.vhost().statistics(vring));
    }
    return queue;
}

std::uint64_t monotonic_ns() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count());
}

} // namespace

Json to_json(const ControlAnswer& answer) {
    Json json{{"event", "control"},
              {"command", control_command_name(answer.request)},
              {"request", hexadecimal(answer.request)},
              {"ack", nullptr}};
    if (answer.written > 0) {
        json["ack"] = answer.ok ? "ok" : "err";
    }
    if (!answer.reason.empty()) {
        json["reason"] = answer.reason;
    }
    return json;
}

Json describe_queue(const NetDevice& device, unsigned vq, bool enabled) {
    Json json{{"event", "queue"}, {"vq", vq}, {"enabled", enabled}};
    if (enabled) {
        json["ring_size"] = device.loopback().queue(vq).num;
        json["coalescing"] = coalescing_of(device, vq);
    }
    return json;
}

Json describe_pairing(const NetDevice& device, const DriverLink& link,
                      const std::optional<std::string>& netns) {
    const NetDeviceOptions& options = device.options();
    return {{"event", "up"},
            {"pid", ::getpid()},
            {"netdev", link.link.name},
            {"netns", netns ? Json(*netns) : Json(nullptr)},
            {"driver", link.driver},
            {"virtio", fmt::format("virtio{}", device.loopback().info().index)},
            {"tap", device.tap_name()},
            {"vhost", options.vhost},
            {"queues", options.queues},
            {"ring_size", options.ring_size},
            {"mac", format_mac(options.mac)},
            {"offered", feature_names(device.loopback().offered())},
            {"accepted", feature_names(device.accepted())},
            {"coalescing", feature_names(device.accepted() & coalescing_features)}};
}

std::string describe_pairing_in_words(const NetDevice& device, const DriverLink& link,
                                      const std::optional<std::string>& netns) {
    const NetDeviceOptions& options = device.options();
    const auto coalescing = feature_names(device.accepted() & coalescing_features);
    return fmt::format(
        "{}{} ({}) and {} are paired over {}, {} queue{} of {}; coalescing: {}; features: {}",
        link.link.name, netns ? " in netns " + *netns : "", link.driver, device.tap_name(),
        options.vhost, options.queues, options.queues == 1 ? " pair" : " pairs", options.ring_size,
        coalescing.empty() ? "none" : fmt::format("{}", fmt::join(coalescing, " ")),
        fmt::join(feature_names(device.accepted() & ~coalescing_features), " "));
}

Json statistics(const NetDevice& device) {
    Json queues = Json::array();
    const std::uint64_t begin = monotonic_ns();
    for (unsigned vq = 0; vq < 2 * device.options().queues; vq++) {
        queues.push_back(queue_statistics(device, vq));
    }
    const ControlServer& control = device.control();
    return {{"stats",
             {{"time_ns", begin},
              {"read_ns", monotonic_ns() - begin},
              {"running", device.running()},
              {"active_pairs", device.active_pairs()},
              {"queues", queues},
              {"control",
               {{"commands", control.commands()},
                {"ok", control.succeeded()},
                {"unanswerable", control.unanswerable()}}},
              {"arena", to_json(device.loopback().arena_statistics())}}}};
}

} // namespace vcoal
