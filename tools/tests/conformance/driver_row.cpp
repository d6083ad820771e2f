// SPDX-License-Identifier: GPL-2.0-only
#include "conformance/driver_row.hpp"

#include "support/bench.hpp"
#include "support/frames.hpp"
#include "vcoal/netns.hpp"

#include <filesystem>

namespace vcoal::test {
namespace {

/// The kernel would let the one that came first have every device.
void leave_alone(const std::string& driver) {
    const std::string other = driver == our_driver ? in_tree_driver : our_driver;
    if (std::filesystem::exists("/sys/module/" + other)) {
        unload_module(other);
    }
}

} // namespace

void DriverRow::SetUp() {
    leave_alone(GetParam());
    if (ours()) {
        load_our_driver();
    } else {
        load_loopback();
    }
    record_driver(GetParam());
    record_device(by_hand);
}

void DriverRow::make(const LoopbackOptions& options, const std::vector<Role>& roles) {
    stub_.emplace(options, roles);
}

void DriverRow::start(const LoopbackOptions& options, const std::vector<Role>& roles) {
    make(options, roles);
    stub_->start_and_wait();
}

void DriverRow::bring_interface_up() {
    in_first_namespace([this] { bring_up(interface()); });
}

bench::Child::End DriverRow::run_inside(const std::vector<std::string>& argv) {
    const NetNs first = NetNs::open("/proc/1/ns/net");
    return run(argv, &first);
}

bench::Child::End DriverRow::ethtool(const std::string& option,
                                     const std::vector<std::string>& arguments) {
    std::vector<std::string> argv{"ethtool", option, interface()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run_inside(argv);
}

bool DriverRow::set_link(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv{"ip", "link", "set", interface()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run_inside(argv).status == 0;
}

void DriverRow::expect_traffic(unsigned count) {
    const std::size_t before = stub().transmitted().size();
    std::optional<PacketSocket> guest;
    in_first_namespace([&] {
        bring_up(interface());
        guest.emplace(interface());
    });
    for (unsigned i = 0; i < count; i++) {
        ASSERT_TRUE(eventually([&] { return stub().inject(make_frame(i)); })) << i;
        const auto frame = guest->receive(generous);
        ASSERT_TRUE(frame) << i;
        ASSERT_EQ(frame_sequence(*frame), i);
        ASSERT_TRUE(eventually([&] { return guest->send(make_frame(i)); })) << i;
    }
    EXPECT_TRUE(eventually([&] { return stub().transmitted().size() >= before + count; }))
        << stub().transmitted().size() - before << " of " << count;
}

LoopbackOptions pairs_options(std::uint64_t more_features, unsigned pairs) {
    LoopbackOptions options = net_options(more_features | feature(VIRTIO_NET_F_MQ));
    options.queue_sizes.assign(std::size_t{2} * pairs, 256);
    options.queue_sizes.push_back(64);
    set_field(options, offsetof(virtio_net_config, max_virtqueue_pairs),
              static_cast<std::uint16_t>(pairs));
    return options;
}

std::vector<Role> pairs_roles(unsigned pairs) {
    std::vector<Role> roles{Role::receive, Role::transmit};
    roles.resize(std::size_t{2} * pairs, Role::external);
    roles.push_back(Role::control);
    return roles;
}

std::uint16_t code_of(const std::vector<std::byte>& request) {
    std::uint16_t code = 0;
    std::memcpy(&code, request.data(), std::min(sizeof(code), request.size()));
    return code;
}

} // namespace vcoal::test
