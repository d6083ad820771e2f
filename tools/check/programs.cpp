// SPDX-License-Identifier: GPL-2.0-only
#include "check/programs.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>

namespace vcoal::check {
namespace {

namespace fs = std::filesystem;

/// Tests these programs have at least, so that one that forgets its tests is noticed.
const std::map<std::string, std::size_t, std::less<>> minimum_tests{
    {"apply_filter_test", 23},
    {"busy_poll_test", 6},
    {"check_mutant_test", 3},
    {"churn_test", 4},
    {"coal_change_test", 25},
    {"coal_count_test", 34},
    {"coal_flush_test", 60},
    {"coal_ioctl_test", 15},
    {"coal_property_test", 4},
    {"coal_suppress_test", 32},
    {"coal_test", 37},
    {"concurrent_use_test", 3},
    {"conformance_test", 13},
    {"control_filter_test", 23},
    {"control_socket_test", 24},
    {"control_steering_test", 11},
    {"control_test", 25},
    {"device_row_test", 21},
    {"dirty_log_test", 11},
    {"doctor_test", 11},
    {"driver_commands_test", 25},
    {"driver_control_test", 20},
    {"driver_feature_test", 5},
    {"driver_header_test", 20},
    {"driver_hostile_test", 1},
    {"driver_negotiation_test", 35},
    {"driver_receive_test", 11},
    {"driver_ring_test", 16},
    {"driver_test", 26},
    {"driver_transmit_test", 7},
    {"driver_xdp_test", 16},
    {"errno_test", 1},
    {"feature_offer_test", 9},
    {"filter_plan_test", 15},
    {"filter_test", 7},
    {"hash_report_test", 27},
    {"hist_report_test", 6},
    {"hist_test", 32},
    {"histogram_test", 7},
    {"host_command_test", 17},
    {"host_control_test", 28},
    {"host_device_test", 12},
    {"host_event_test", 8},
    {"host_message_test", 25},
    {"host_metrics_test", 9},
    {"host_report_test", 19},
    {"host_settings_test", 14},
    {"host_watch_test", 9},
    {"hostile_ring_test", 98},
    {"hunt_test", 14},
    {"hunter_test", 6},
    {"ioctl_failure_test", 37},
    {"ioctl_walk_test", 3},
    {"iotlb_test", 20},
    {"kunit", 285},
    {"line_reader_test", 3},
    {"loopback_arena_test", 18},
    {"loopback_control_test", 14},
    {"loopback_device_test", 15},
    {"loopback_ioctl_test", 7},
    {"loopback_lifetime_test", 15},
    {"loopback_queue_reset_test", 13},
    {"loopback_traffic_test", 9},
    {"mac_policy_test", 5},
    {"netlink_fuzz_test", 6},
    {"netlink_spec_test", 4},
    {"notify_test", 12},
    {"other_backend_test", 9},
    {"packed_ring_test", 21},
    {"pair_coalescing_test", 10},
    {"pair_driver_test", 9},
    {"pair_filter_test", 28},
    {"pair_in_use_test", 4},
    {"pair_packed_test", 22},
    {"pair_resize_test", 12},
    {"pair_steering_test", 18},
    {"pair_test", 42},
    {"qemu_nics", 101},
    {"qemu_suspend_test", 2},
    {"rx_filter_json_test", 10},
    {"rx_filter_state_test", 8},
    {"rx_filter_test", 22},
    {"split_ring_test", 51},
    {"stall_test", 5},
    {"statistics_test", 14},
    {"stats_reply_test", 12},
    {"steering_test", 20},
    {"suppress_test", 10},
    {"syzkaller_const_test", 3},
    {"top_activity_test", 10},
    {"top_table_test", 16},
    {"top_test", 16},
    {"trace_format_test", 3},
    {"traffic_test", 23},
    {"vring_test", 10},
    {"worker_pool_test", 22},
    {"worker_test", 7},
};

} // namespace

std::size_t minimum(const std::string& program) {
    const auto found = minimum_tests.find(program);
    return found == minimum_tests.end() ? 1 : found->second;
}

std::vector<std::string> programs(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory)) {
        const std::string name = entry.path().stem();
        if (entry.path().extension() == ".cpp" && name.ends_with("_test")) {
            names.push_back(name);
        }
    }
    if (names.empty()) {
        throw std::runtime_error(directory + ": no tests there; run from the checkout");
    }
    std::ranges::sort(names);
    return names;
}

} // namespace vcoal::check
