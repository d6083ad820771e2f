// SPDX-License-Identifier: GPL-2.0-only
#include "support/loopback_stub.hpp"

#include "support/bench.hpp"
#include "support/conformance.hpp"
#include "support/modules.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/netns.hpp"
#include "vcoal/virtio_driver.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <unistd.h>

namespace vcoal::test {
namespace {

constexpr std::size_t header_size = 12;

std::string device_directory(std::uint32_t index) {
    return "/sys/bus/virtio/devices/virtio" + std::to_string(index);
}

} // namespace

LoopbackOptions net_options(std::uint64_t more_features) {
    LoopbackOptions options;
    options.features = feature(VIRTIO_F_VERSION_1) | feature(VIRTIO_RING_F_EVENT_IDX) |
                       feature(VIRTIO_RING_F_INDIRECT_DESC) | feature(VIRTIO_NET_F_MRG_RXBUF) |
                       feature(VIRTIO_NET_F_MAC) | feature(VIRTIO_NET_F_STATUS) |
                       feature(VIRTIO_NET_F_CTRL_VQ) | feature(VIRTIO_NET_F_CTRL_MAC_ADDR) |
                       more_features;
    options.queue_sizes = {256, 256, 64};
    virtio_net_config config{};
    const std::array<std::uint8_t, 6> mac = {0x02, 0, 0, 0, 0, 0x42};
    std::copy(mac.begin(), mac.end(), std::begin(config.mac));
    config.status = VIRTIO_NET_S_LINK_UP;
    const auto bytes = std::as_bytes(std::span(&config, 1));
    options.config.assign(bytes.begin(), bytes.end());
    return options;
}

std::vector<Role> net_roles() {
    return {Role::receive, Role::transmit, Role::control};
}

LoopbackStub::LoopbackStub(const LoopbackOptions& options, std::vector<Role> roles)
    : loopback_(options) {
    for (std::uint32_t i = 0; i < roles.size(); i++) {
        Queue& queue = queues_.emplace_back(Queue{roles[i], {}, {}, {}});
        loopback_.set_eventfds(i, queue.kick.get(), queue.call.get(), roles[i] == Role::control);
    }
}

LoopbackStub::~LoopbackStub() {
    stop_.signal();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void LoopbackStub::start() {
    thread_ = std::thread([this] { run(); });
    loopback_.start();
}

void LoopbackStub::start_and_wait() {
    start();
    if (!await(VLB_EVENT_STATUS, 0x0f) || !await(VLB_EVENT_REGISTERED)) {
        throw Error("device", "wait for a driver", ETIMEDOUT, failure());
    }
    record_driver(driver_of(loopback_.info().index));
    record_device(by_hand);
}

void LoopbackStub::run() {
    try {
        for (;;) {
            std::vector<pollfd> polled = {{stop_.get(), POLLIN, 0}};
            polled.push_back({read_events ? loopback_.get() : -1, POLLIN, 0});
            for (const Queue& queue : queues_) {
                const bool ours = queue.role != Role::external && queue.role != Role::receive;
                polled.push_back({ours ? queue.kick.get() : -1, POLLIN, 0});
            }
            ::poll(polled.data(), polled.size(), 100);
            if (polled[0].revents != 0) {
                return;
            }
            if (polled[1].revents != 0) {
                const auto event = loopback_.next_event({});
                if (!event) {
                    return;
                }
                handle(*event);
            }
            for (std::size_t i = 0; i < queues_.size(); i++) {
                if (polled[i + 2].revents != 0) {
                    queues_[i].kick.take();
                    serve(queues_[i]);
                }
            }
        }
    } catch (const std::exception& error) {
        const std::lock_guard lock(mutex_);
        failure_ = error.what();
    }
}

void LoopbackStub::handle(const vlb_event& event) {
    if (event.type == VLB_EVENT_STATUS && (event.status & VIRTIO_CONFIG_S_DRIVER_OK) != 0) {
        start_rings(event.features[0]);
    }
    if (event.type == VLB_EVENT_FEATURES && on_features) {
        on_features();
    }
    if (event.type == VLB_EVENT_RESET) {
        stop_rings();
    }
    if (event.type == VLB_EVENT_VQ_RESET) {
        stop_ring(static_cast<std::uint32_t>(event.result));
    }
    if (event.type == VLB_EVENT_VQ_ENABLE && accept_queue_enable) {
        start_ring(static_cast<std::uint32_t>(event.result), event.features[0]);
    }
    {
        const std::lock_guard lock(mutex_);
        events_.push_back(event);
    }
    acknowledge(event);
    changed_.notify_all();
}

void LoopbackStub::acknowledge(const vlb_event& event) {
    if (event.type == VLB_EVENT_FEATURES && answer_features) {
        loopback_.acknowledge(event.seq, accept_features);
    }
    if (event.type == VLB_EVENT_RESET && answer_reset) {
        loopback_.acknowledge(event.seq);
    }
    if (event.type == VLB_EVENT_VQ_RESET && answer_queue_reset) {
        loopback_.acknowledge(event.seq);
    }
    if (event.type == VLB_EVENT_VQ_ENABLE && answer_queue_enable) {
        loopback_.acknowledge(event.seq, accept_queue_enable);
    }
}

void LoopbackStub::start_rings(std::uint64_t features) {
    if (on_driver_ok) {
        on_driver_ok(features);
    }
    for (std::uint32_t i = 0; i < queues_.size(); i++) {
        start_ring(i, features);
    }
}

void LoopbackStub::start_ring(std::uint32_t index, std::uint64_t features) {
    const vlb_vq queue = loopback_.queue(index);
    if (queues_[index].role == Role::external || (queue.flags & VLB_VQ_ENABLED) == 0) {
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        queues_[index].ring = make_device_ring(loopback_, queue, features);
    }
    serve(queues_[index]);
}

void LoopbackStub::stop_ring(std::uint32_t index) {
    const std::lock_guard lock(mutex_);
    queues_[index].ring.reset();
}

void LoopbackStub::stop_rings() {
    if (on_reset) {
        on_reset();
    }
    const std::lock_guard lock(mutex_);
    for (Queue& queue : queues_) {
        queue.ring.reset();
    }
}

void LoopbackStub::serve(Queue& queue) {
    std::unique_lock lock(mutex_);
    const bool held = queue.role == Role::transmit && !serve_transmit;
    if (!queue.ring || queue.role == Role::receive || held) {
        return;
    }
    do {
        while (const auto chain = queue.ring->pop()) {
            if (queue.role == Role::transmit) {
                consume(queue, *chain);
            } else {
                answer(queue, *chain);
            }
        }
    } while (queue.ring->enable_kicks());
    const bool control = queue.role == Role::control || queue.role == Role::patient;
    lock.unlock();
    changed_.notify_all();
    if (control && on_command) {
        on_command();
    }
}

void LoopbackStub::consume(Queue& queue, const DeviceChain& chain) {
    packets_.push_back(chain.read());
    queue.ring->push(chain.head, 0);
    if (queue.ring->wants_signal() && signal_transmit) {
        queue.call.signal();
    }
}

void LoopbackStub::answer(Queue& queue, const DeviceChain& chain) {
    requests_.push_back(chain.read());
    if (!answer_control) {
        return;
    }
    std::optional<std::vector<std::byte>> answer{{std::byte{VIRTIO_NET_OK}}};
    if (reply) {
        answer = reply(requests_.back());
    }
    if (!answer) {
        return;
    }
    queue.ring->push(chain.head, static_cast<std::uint32_t>(chain.write(*answer)));
    if (signal_control) {
        queue.call.signal();
    }
}

std::vector<vlb_event> LoopbackStub::events() const {
    const std::lock_guard lock(mutex_);
    return events_;
}

std::optional<vlb_event> LoopbackStub::await(vlb_event_type type, int status, unsigned nth) const {
    std::optional<vlb_event> found;
    const auto present = [&] {
        unsigned seen = 0;
        for (const vlb_event& event : events_) {
            const bool fits = event.type == static_cast<std::uint32_t>(type) &&
                              (status < 0 || event.status == static_cast<std::uint32_t>(status));
            if (fits && ++seen == nth) {
                found = event;
            }
        }
        return found.has_value();
    };
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, generous, present);
    return found;
}

void LoopbackStub::set_status(std::uint16_t status) {
    loopback_.set_config(offsetof(virtio_net_config, status), std::as_bytes(std::span(&status, 1)));
}

bool LoopbackStub::inject(std::span<const std::byte> frame) {
    virtio_net_hdr_v1 header{};
    header.num_buffers = 1;
    static_assert(sizeof(header) == header_size);
    std::vector<std::byte> data(sizeof(header) + frame.size());
    std::memcpy(data.data(), &header, sizeof(header));
    std::copy(frame.begin(), frame.end(), data.begin() + sizeof(header));
    return inject_raw(data, static_cast<std::uint32_t>(data.size()));
}

bool LoopbackStub::inject_raw(std::span<const std::byte> bytes, std::uint32_t claimed) {
    const std::lock_guard lock(mutex_);
    Queue& queue = queues_.front();
    if (!queue.ring) {
        return false;
    }
    const auto chain = queue.ring->pop();
    if (!chain) {
        return false;
    }
    chain->write(bytes);
    queue.ring->push(chain->head, claimed);
    if (queue.ring->wants_signal()) {
        queue.call.signal();
    }
    return true;
}

std::size_t LoopbackStub::receive_buffer_length() {
    const std::lock_guard lock(mutex_);
    Queue& queue = queues_.front();
    const auto chain = queue.ring ? queue.ring->pop() : std::nullopt;
    if (!chain) {
        return 0;
    }
    queue.ring->push(chain->head, 0);
    queue.call.signal();
    return chain->writable_bytes();
}

void LoopbackStub::give_back(std::size_t index, std::uint32_t head, std::uint32_t claimed) {
    const std::lock_guard lock(mutex_);
    Queue& queue = queues_.at(index);
    if (queue.ring) {
        queue.ring->push(head, claimed);
        queue.call.signal();
    }
}

std::string LoopbackStub::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

std::vector<std::vector<std::byte>> LoopbackStub::transmitted() const {
    std::vector<std::vector<std::byte>> frames = packets();
    for (auto& frame : frames) {
        frame.erase(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(
                                                       std::min(frame.size(), header_size)));
    }
    return frames;
}

std::vector<std::vector<std::byte>> LoopbackStub::packets() const {
    const std::lock_guard lock(mutex_);
    return packets_;
}

std::vector<std::uint16_t> LoopbackStub::commands() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::uint16_t> codes;
    for (const auto& request : requests_) {
        std::uint16_t code = 0;
        std::memcpy(&code, request.data(), std::min(sizeof(code), request.size()));
        codes.push_back(code);
    }
    return codes;
}

std::vector<std::vector<std::byte>> LoopbackStub::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void LoopbackStub::forget_commands() {
    const std::lock_guard lock(mutex_);
    requests_.clear();
}

std::string LoopbackStub::interface() const {
    const std::string directory = device_directory(loopback_.info().index) + "/net";
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        return entry.path().filename();
    }
    throw Error(directory, "find an interface", ENOENT);
}

void load_loopback() {
    load_system_module("virtio_net");
    load_our_module("drivers/virtio/virtio_loopback.ko");
    load_our_module("drivers/virtio/virtio_loopback_selftest.ko");
}

void load_our_driver() {
    load_our_module("drivers/virtio/virtio_loopback.ko");
    load_our_module("drivers/net/virtio_net_coal/virtio_net_coal.ko");
}

int write_kernel_file(const std::string& path, const std::string& text) {
    const Fd file = open_file(path, O_WRONLY);
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    return written == static_cast<ssize_t>(text.size()) ? 0 : errno;
}

std::string read_kernel_file(const std::string& path) {
    std::ifstream file(path);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    return text;
}

int bind_driver(std::uint32_t index, const std::string& driver) {
    return write_kernel_file("/sys/bus/virtio/drivers/" + driver + "/bind",
                             "virtio" + std::to_string(index));
}

int unbind_driver(std::uint32_t index, const std::string& driver) {
    return write_kernel_file("/sys/bus/virtio/drivers/" + driver + "/unbind",
                             "virtio" + std::to_string(index));
}

void in_first_namespace(const std::function<void()>& action) {
    const NetNs first = NetNs::open("/proc/1/ns/net");
    const InNetNs inside(first);
    action();
}

void bring_up(const std::string& interface) {
    NetDev device(interface);
    device.disable_ipv6();
    device.set_up(true);
    const std::string state = "/sys/class/net/" + interface + "/operstate";
    if (!eventually([&] { return read_kernel_file(state) == "up"; })) {
        throw Error("interface " + interface, "wait until it is up", ETIMEDOUT);
    }
    // The state is shown before the queues are: both happen under one rtnl.
    use_rtnl();
}

void use_rtnl() {
    NetDev loopback("lo");
    loopback.set_mtu(loopback.mtu());
}

} // namespace vcoal::test
