// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/child.hpp"
#include "qemu/guest_agent.hpp"
#include "support/qmp.hpp"
#include "vm/temporary_directory.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vcoal::test {

constexpr const char* guest_address = "192.0.2.2";
constexpr const char* host_address = "192.0.2.1";
constexpr std::uint16_t guest_echo_port = 7777;

/// A guest's hardware, and what drives it.
struct GuestOptions {
    std::string driver = "virtio_net";
    unsigned pairs = 1;
    unsigned processors = 1;
    /// All that the network card reads and writes is translated.
    bool iommu = false;
    /// Waits for another guest to come here, instead of booting.
    bool incoming = false;
    std::string tap = "tap0";
    /// The tap gets the host's address; without, it is for a bridge.
    bool with_host_address = true;
};

/// "kvm" when machines inside this one have the processor's help, else "tcg". Loads what
/// that needs.
const std::string& guest_accelerator();

/// A stock kernel (make-guest, VCOAL_GUEST) in a stock QEMU, whose network card is served by
/// vhost_net_coal: qemu-vhost has opened it. Ends with this object, and its kernel's log is
/// judged then.
class Guest {
public:
    /// Returns when it has booted; throws Error.
    explicit Guest(const GuestOptions& options = {});
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;
    Guest(Guest&&) = delete;
    Guest& operator=(Guest&&) = delete;
    ~Guest();

    /// Of QEMU.
    pid_t pid() const noexcept { return qemu_.pid(); }
    Qmp& monitor() { return *monitor_; }
    GuestAgent& agent() { return *agent_; }
    /// A line of shell in the guest; throws Error when it fails.
    std::string run(const std::string& command) { return agent_->run(command); }
    /// Bits that driver and device have agreed on, as the driver's kernel tells them.
    bool negotiated(unsigned feature);

    /// Has the guest's kernel reboot, and waits until it is up again; throws Error.
    void reboot();
    /// As a machine that loses its power.
    void kill();

private:
    std::string path(const std::string& name) const { return directory_.path() / name; }
    /// A kernel has its end of the agent's port open.
    void await_agent();
    void show_console();
    std::string boot_id() { return run("cat /proc/sys/kernel/random/boot_id"); }

    vm::TemporaryDirectory directory_;
    bench::Child qemu_;
    std::optional<Qmp> monitor_;
    std::optional<GuestAgent> agent_;
};

} // namespace vcoal::test
