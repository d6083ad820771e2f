// SPDX-License-Identifier: GPL-2.0-only
#include "bench/world.hpp"

#include "support/modules.hpp"
#include "vcoal/error.hpp"
#include "vcoal/netdev.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace vcoal::bench {
namespace {

constexpr const char* namespace_name = "guest";
constexpr const char* tap_name = "host0";
constexpr unsigned prefix_length = 24;
constexpr std::chrono::seconds patience{20};

/// A namespace of that name, as `ip netns` and ourselves find it.
NetNs make_namespace() {
    run_program({"ip", "netns", "add", namespace_name}, nullptr, patience);
    return NetNs::open(namespace_name);
}

void set_up(const std::string& interface, const char* address) {
    NetDev device(interface);
    device.disable_ipv6();
    device.set_address(address, prefix_length);
    device.set_up(true);
}

/// Either zero is off, whatever the other.
bool same(const Setting& a, const Setting& b) {
    return a == b || (a.off() && b.off());
}

} // namespace

void load_modules(const std::string& driver) {
    const char* modules = std::getenv("VCOAL_MODULES");
    if (modules == nullptr) {
        throw Error("modules", "load", ENOENT,
                    "run this in a throw-away machine, by tools/vm/vm or `make demo`");
    }
    // The last two are for the steering programs: in another root directory the kernel finds no
    // modules by itself.
    for (const char* module : {"tun", "vhost_net", "sch_ingress", "cls_bpf"}) {
        test::load_system_module(module);
    }
    const std::string ours = "drivers/net/" + driver + "/" + driver + ".ko";
    if (std::filesystem::exists(std::string(modules) + "/" + ours)) {
        test::load_our_module(ours);
    } else {
        test::load_system_module(driver);
    }
    test::load_our_module("drivers/virtio/virtio_loopback.ko");
    test::load_our_module("drivers/vhost/vhost_net_coal.ko");
}

World::World(const std::string& node, unsigned ring_size, const std::string& driver,
             const std::vector<std::string>& more)
    : host_(NetNs::current()), guest_(make_namespace()),
      pair_(std::make_unique<Pair>(
          PairOptions{node, ring_size, namespace_name, tap_name, driver, more})) {
    set_up(tap_name, host_address);
    interface_ = pair_->interface();
    if (pair_->driver() != driver) {
        throw Error(interface_, "find driver " + driver + " behind it", ENODEV,
                    "it is " + pair_->driver());
    }
    const InNetNs inside(guest_);
    set_up(interface_, guest_address);
}

World::~World() {
    pair_.reset();
    try {
        run_program({"ip", "netns", "del", namespace_name}, nullptr, patience);
    } catch (const Error&) {
        // The namespace goes with the machine.
    }
}

void World::set_coalescing(Direction direction, const Setting& setting) {
    const auto words = [](const std::string& queue, const Setting& s, unsigned off_frames) {
        return std::vector<std::string>{queue + "-usecs", std::to_string(s.off() ? 0 : s.usecs),
                                        queue + "-frames",
                                        std::to_string(s.off() ? off_frames : s.frames)};
    };
    const Setting off;
    std::vector<std::string> command{"ethtool", "-C", interface_};
    // The in-tree driver takes tx-frames 0 as "transmit without NAPI" and refuses that
    // while the link is up; 0 microseconds are off with any number of frames.
    for (const std::string& word : words("rx", direction == Direction::rx ? setting : off, 0)) {
        command.push_back(word);
    }
    for (const std::string& word : words("tx", direction == Direction::tx ? setting : off, 1)) {
        command.push_back(word);
    }
    run_program(command, &guest_, patience);

    for (const Direction queue : {Direction::rx, Direction::tx}) {
        const Setting asked = queue == direction ? setting : off;
        const Setting in_force = pair_->read(queue).setting;
        if (!same(in_force, asked)) {
            throw Error(interface_, std::string("set ") + name(queue) + " to " + name(asked),
                        EPROTO, "the device has " + name(in_force) + " in force");
        }
    }
}

void World::set_feature(const std::string& feature, bool on) {
    run_program({"ethtool", "-K", interface_, feature, on ? "on" : "off"}, &guest_, patience);
}

void World::use_threaded_napi() {
    // `ip netns exec` mounts a sysfs that shows the namespace's interfaces.
    run_program({"ip", "netns", "exec", namespace_name, "sh", "-c",
                 "echo 1 >/sys/class/net/" + interface_ + "/threaded"},
                nullptr, patience);
}

std::uint64_t World::tap_drops() const {
    const std::string path = std::string("/sys/class/net/") + tap_name + "/statistics/tx_dropped";
    std::ifstream file(path);
    std::uint64_t drops = 0;
    if (!(file >> drops)) {
        throw Error(path, "read", errno);
    }
    return drops;
}

} // namespace vcoal::bench
