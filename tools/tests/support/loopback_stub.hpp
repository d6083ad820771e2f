// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/device_ring.hpp"
#include "vcoal/fd.hpp"
#include "vcoal/loopback.hpp"
#include "vcoal/netdev.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace vcoal::test {

/// Who serves a queue, and how.
enum class Role {
    receive,  ///< the stub, with the frames given to inject()
    transmit, ///< the stub, which keeps the frames
    control,  ///< the stub, which answers every command with OK
    patient,  ///< as control, but the transport does not watch over the answers
    external, ///< somebody else: vhost
};

/// A device behind a Loopback: a thread that answers events and serves the rings by
/// hand. What a test wants it to leave undone, the test says in the public flags.
class LoopbackStub {
public:
    LoopbackStub(const LoopbackOptions& options, std::vector<Role> roles);
    LoopbackStub(const LoopbackStub&) = delete;
    LoopbackStub& operator=(const LoopbackStub&) = delete;
    LoopbackStub(LoopbackStub&&) = delete;
    LoopbackStub& operator=(LoopbackStub&&) = delete;
    ~LoopbackStub();

    std::atomic<bool> answer_features{true};
    std::atomic<bool> accept_features{true};
    std::atomic<bool> answer_reset{true};
    std::atomic<bool> answer_queue_reset{true};
    std::atomic<bool> answer_queue_enable{true};
    std::atomic<bool> accept_queue_enable{true};
    std::atomic<bool> answer_control{true};
    std::atomic<bool> signal_control{true};
    std::atomic<bool> serve_transmit{true};
    std::atomic<bool> signal_transmit{true};
    std::atomic<bool> read_events{true};

    /// Called in the stub's thread at FEATURES, DRIVER_OK and RESET, before the answer.
    std::function<void()> on_features;
    std::function<void(std::uint64_t features)> on_driver_ok;
    std::function<void()> on_reset;
    std::function<void()> on_command;
    /// What the device writes into the answer of a command, instead of OK; nothing: it
    /// keeps the command. Called in the stub's thread.
    std::function<std::optional<std::vector<std::byte>>(std::span<const std::byte> request)> reply;

    Loopback& loopback() noexcept { return loopback_; }
    EventFd& kick(std::size_t index) { return queues_.at(index).kick; }
    EventFd& call(std::size_t index) { return queues_.at(index).call; }

    /// Starts the device and the thread.
    void start();
    /// Starts them and waits until a driver is ready; throws Error.
    void start_and_wait();

    /// All events so far.
    std::vector<vlb_event> events() const;
    /// Waits for the @p nth event of a type, with that status unless it is -1.
    std::optional<vlb_event> await(vlb_event_type type, int status = -1, unsigned nth = 1) const;

    /// Changes the status in the configuration space.
    /// @param status VIRTIO_NET_S_*
    void set_status(std::uint16_t status);
    /// Puts a frame into the receive queue and signals; false when there is no buffer.
    bool inject(std::span<const std::byte> frame);
    /// Puts any bytes into a receive buffer and says that @p claimed were written.
    bool inject_raw(std::span<const std::byte> bytes, std::uint32_t claimed);
    /// Returns buffer @p head to the driver, whether or not there is one, and signals.
    void give_back(std::size_t index, std::uint32_t head, std::uint32_t claimed);
    /// What ended the thread before its time; empty: nothing has.
    std::string failure() const;
    /// Length of the next receive buffer, which goes back empty; 0 when there is none.
    std::size_t receive_buffer_length();
    /// Frames the driver has transmitted, without the header.
    std::vector<std::vector<std::byte>> transmitted() const;
    /// The same with all that stands before them.
    std::vector<std::vector<std::byte>> packets() const;
    /// Control commands that came, answered or not: class and command.
    std::vector<std::uint16_t> commands() const;
    /// The same, whole.
    std::vector<std::vector<std::byte>> requests() const;
    /// Forgets the commands so far.
    void forget_commands();

    /// Name of the driver's network interface, which is in the first namespace.
    std::string interface() const;

private:
    struct Queue {
        Role role;
        EventFd kick;
        EventFd call;
        std::unique_ptr<DeviceRing> ring;
    };

    void run();
    void handle(const vlb_event& event);
    void acknowledge(const vlb_event& event);
    void start_rings(std::uint64_t features);
    void start_ring(std::uint32_t index, std::uint64_t features);
    void stop_ring(std::uint32_t index);
    void stop_rings();
    void serve(Queue& queue);
    void consume(Queue& queue, const DeviceChain& chain);
    void answer(Queue& queue, const DeviceChain& chain);

    Loopback loopback_;
    std::deque<Queue> queues_;
    EventFd stop_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::vector<vlb_event> events_;
    std::vector<std::vector<std::byte>> packets_;
    std::vector<std::vector<std::byte>> requests_;
    std::string failure_;
    std::thread thread_;
};

/// Options and roles of a network device with one pair and a control queue.
LoopbackOptions net_options(std::uint64_t more_features = 0);
std::vector<Role> net_roles();

/// Loads the transport, the in-tree network driver and the selftest driver.
void load_loopback();

/// Loads the transport and our network driver, for which the in-tree one must not be there.
void load_our_driver();

/// Writes @p text to a file of the kernel's; 0 or the errno value.
int write_kernel_file(const std::string& path, const std::string& text);
std::string read_kernel_file(const std::string& path);

/// Binds or unbinds virtio device @p index; 0 or the errno value.
int bind_driver(std::uint32_t index, const std::string& driver = "virtio_net");
int unbind_driver(std::uint32_t index, const std::string& driver = "virtio_net");

/// Runs @p action in the first network namespace, where the driver's interface is.
void in_first_namespace(const std::function<void()>& action);

/// Sets an interface of the first namespace up and waits until it carries frames: what
/// is sent before is lost. To be called there.
void bring_up(const std::string& interface);

/// Takes rtnl and lets it go again.
void use_rtnl();

} // namespace vcoal::test
