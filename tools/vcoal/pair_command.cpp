// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/command.hpp"
#include "vcoal/error.hpp"
#include "vcoal/pair_session.hpp"

#include <bit>
#include <linux/if_ether.h>
#include <memory>
#include <random>

namespace vcoal {
namespace {

constexpr unsigned most_pairs = (VLB_MAX_VQS - 1) / 2;

constexpr const char* epilogue =
    R"(Creates a virtio network device in front of this kernel's own driver, with its packets
passing through a vhost file and a tap, and its control queue served here. Runs until
SIGINT or SIGTERM; the device goes with the process, however that ends. Prints one line
when the driver's interface is there, and one more each time it comes back.

Both interfaces are left down and without addresses. In one and the same network
namespace the kernel would send what is for the other end through lo: use --netns.

With --driver the device is kept for that driver, whichever others are loaded: they are
refused as if they could not do with the features. The line printed says who has it.

Rings of 64 and fewer entries are too short for the in-tree driver: it leaves half of them
empty, and where a packet of 64 KiB needs more than the rest, no packet comes any more.
Choose 128, --features=-guest_csum (no such packets) or --driver virtio_net_coal.

Features (--features=+NAME,-NAME,...): +NAME fails unless it can be offered, -NAME leaves
it out, with all that needs it. --show-features lists all names, and says of each whether
it is offered and whether the driver took it, and why not. Some depend on the vhost file,
some on an option (mq: --queues, mtu: --mtu, speed_duplex: --speed), some are offered only
when they are asked for.

With --json standard output has one object per line:
  {"event":"up", "pid", "netdev", "netns", "driver", "virtio", "tap", "vhost", ...}
  {"event":"down"}                        the driver has reset the device
  {"event":"queue", "vq", "enabled":false}                         it has reset a queue
  {"event":"queue", "vq", "enabled":true, "ring_size", "coalescing"}   it is back
  {"event":"control", "command", "request", "ack":"ok"|"err"|null, "reason"}
and standard input takes requests, one per line, each answered by one line:
  {"get":"stats"}               {"stats":{"time_ns", "queues":[{"vq", "pair",
                                "direction":"rx"|"tx", "loopback", "vhost",
                                "coalescing"}], "control", "arena", ...}}
  {"get":"features"}            {"features":[{"bit", "name", "offered", "acknowledged",
                                "why"}]}
  {"set":"link","up":false}     {"link":{"up":false}}
  {"set":"announce"}            {"announce":true}, and the driver announces itself
  {"execute":"query-rx-filter"}   {"rx-filter":{...}}: what the driver wants to receive
When that changes, {"event":"RX_FILTER_CHANGED","name","path"} says so, once until it is
asked. --control makes a socket that takes the same requests from up to 8 clients and tells
each of that event; vcoal apply-filter is one.
time_ns is CLOCK_MONOTONIC. vhost counts packets, bytes, kicks, notifications by reason,
suppressed ones and drops, anew from each reset of the device on; it and coalescing are
null where the vhost file has no such counters. loopback counts what reached the driver
("signals": notifications sent) from the start. A failed request is answered by
{"error":{...}}. Events that find the pipe full are dropped, and the next one has their
number as "lost"; answers are not: who asks, reads.

Examples:
  ip netns add guest && vcoal pair --netns guest
  vcoal pair --netns guest --driver virtio_net_coal
  vcoal pair --features=+ring_packed
  vcoal pair --vhost /dev/vhost-net --queues 2 --ring-size 1024 --features=-mrg_rxbuf)";

MacAddress random_mac() {
    std::random_device random;
    MacAddress mac{};
    for (auto& byte : mac) {
        byte = static_cast<std::uint8_t>(random());
    }
    mac[0] = static_cast<std::uint8_t>((mac[0] & 0xfcU) | 0x02U); // local, unicast
    return mac;
}

std::string check_ring_size(const std::string& text) {
    unsigned size = 0;
    const bool number = CLI::detail::lexical_cast(text, size);
    return number && std::has_single_bit(size) && size >= 2 && size <= VLB_MAX_RING
               ? ""
               : "a ring has 2, 4, 8, ... 32768 entries";
}

/// An option's text as a value; what is wrong with it is wrong usage.
template <typename Parse>
auto checked(Parse parse) {
    return [parse](const std::string& text) -> std::string {
        try {
            parse(text);
            return "";
        } catch (const Error& error) {
            return error.what();
        }
    };
}

} // namespace

void add_pair_command(CLI::App& app, Invocation& invocation) {
    const auto options = std::make_shared<PairOptions>();
    options->device.mac = random_mac();
    NetDeviceOptions& device = options->device;
    CLI::App* pair = app.add_subcommand("pair", "Pair this kernel's virtio-net driver with vhost");
    pair->footer(epilogue);
    pair->add_option("--vhost", device.vhost, "vhost-net node, ours or the in-tree one")
        ->type_name("PATH")
        ->default_val(vhost_node);
    pair->add_option("--queues", device.queues, "pairs of queues")
        ->type_name("N")
        ->check(CLI::Range(1U, most_pairs))
        ->default_val(1);
    pair->add_option("--ring-size", device.ring_size, "entries of each ring, a power of two")
        ->type_name("N")
        ->check(check_ring_size)
        ->default_val(256);
    pair->add_option_function<std::string>(
            "--mac", [&device](const std::string& text) { device.mac = parse_mac(text); },
            "MAC address of the driver's interface (random)")
        ->type_name("M")
        ->check(checked(parse_mac));
    pair->add_option("--mtu", device.mtu, "MTU of both ends, which the driver may not exceed")
        ->type_name("N")
        ->check(CLI::Range(68U, 65535U));
    pair->add_option("--speed", device.speed, "speed that the device reports, Mbit/s")
        ->type_name("N")
        ->check(CLI::Range(0U, 0x7fffffffU));
    pair->add_option("--tap", device.tap, "name of the tap, %d becomes a number")
        ->type_name("NAME")
        ->default_val("vcoal%d");
    pair->add_option("--netns", options->netns,
                     "existing network namespace for the driver's interface")
        ->type_name("NAME");
    pair->add_option("--driver", options->driver,
                     "the one driver that may take the device; its module is loaded")
        ->type_name("NAME")
        ->check(CLI::IsMember({"virtio_net", "virtio_net_coal"}));
    pair->add_option_function<std::string>(
            "--features",
            [&device](const std::string& text) { device.features = parse_feature_choice(text); },
            "features to require or leave out, see below")
        ->type_name("LIST")
        ->check(checked(parse_feature_choice));
    pair->add_option("--control", options->control, "unix socket to make for requests and events")
        ->type_name("SOCKET");
    pair->add_flag("--show-features", options->show_features,
                   "explain the features: offered, why not, taken");
    pair->add_flag("--json", invocation.json, "JSON lines on standard output, requests on input");
    pair->callback([options, &invocation] {
        options->json = invocation.json;
        options->device.patient_driver = options->driver == "virtio_net_coal";
        invocation.run = [options] { return PairSession(*options).run(); };
    });
}

} // namespace vcoal
