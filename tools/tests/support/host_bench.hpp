// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "support/coal_bench.hpp"
#include "support/initial_netns.hpp"
#include "vcoal/host_control.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace vcoal::test {

/// The errno value of the Error that @p action throws, or 0.
int code_of(const std::function<void()>& action);

/// A change of one queue of one file, or of all.
HostChange host_change(unsigned queue, const HostQueueChange& what,
                       std::optional<std::uint32_t> id = std::nullopt);

/// The name of this process.
std::string own_name();

/// Hears what happens to the devices.
class Listener {
public:
    /// Waits for the next event of @p kind that is about the file @p id, without one about
    /// what files begin with; those before it are dropped.
    std::optional<HostEvent> await(HostEventKind kind, std::optional<std::uint32_t> id);

    HostEvents& events() noexcept { return events_; }

private:
    HostEvents events_ = make_in_initial_netns<HostEvents>();
};

/// A test of the host's operator. What files begin with is as it was when it ends.
class Control : public testing::Test {
protected:
    void TearDown() override;

    /// Number of the file that was opened last.
    std::uint32_t newest() { return control.files().back().id; }

    HostControl control = make_in_initial_netns<HostControl>();
};

/// The same with a bench in front of a device, whose number is @p id.
class ControlOfDevice : public Control {
protected:
    HostQueue queue(unsigned index) { return control.file(id).queues.at(index); }

    CoalBench bench;
    std::uint32_t id = newest();
};

} // namespace vcoal::test
