// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/command.hpp"
#include "vcoal/error.hpp"
#include "vcoal/host/event_report.hpp"
#include "vcoal/host_control.hpp"
#include "vcoal/host_json.hpp"
#include "vcoal/signals.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

namespace vcoal {
namespace {

constexpr const char* epilogue =
    R"(Tells, one line each, what happens to the devices of this host, until SIGINT or SIGTERM,
which end it with status 0. Needs CAP_NET_ADMIN.

  added      a file got an owner, or another interface
  removed    it has no owner any more
  changed    parameters, and who changed them: the guest, its VMM or the host's operator
  refused    parameters that a limit or lock forbids, and who asked for them
  stalled    something was left lying, and has been set going again
  lost       more happened than could be told: read the devices anew

The first line, watching, says that all from here on will be told. Parameters are those in
force after the event. With --json standard output has one object per line:
  {"time", "event":"watching"}
  {"time", "event", "id", "owner", "interface", "queues":[{"direction", "effective",
    "requested", "after_queue_reset", "host", "limit", "by_guest", "locked"}],
    "by":{"source":"guest"|"vmm"|"host", "pid", "uid", "comm"}}
without id where it is about what devices opened later begin with. refused and stalled have
the one queue that they are about.

Examples:
  vcoal monitor
  vcoal monitor --json | jq 'select(.event == "refused")')";

class Monitor {
public:
    explicit Monitor(bool json) : json_(json), signals_(take_signals()) {}

    ExitCode run() {
        say(Json{{"event", "watching"}}, "watching");
        while (wait_for(events_.get(), POLLIN)) {
            while (const auto event = events_.next()) {
                // What a slow reader leaves waiting is lost in the kernel, which says so.
                if (!wait_for(STDOUT_FILENO, POLLOUT)) {
                    return exit_ok;
                }
                say(to_json(*event), describe_event(*event));
            }
        }
        return exit_ok;
    }

private:
    /// False when a signal came first.
    bool wait_for(int fd, short what) const {
        std::array<pollfd, 2> fds{{{signals_.get(), POLLIN, 0}, {fd, what, 0}}};
        while (::poll(fds.data(), fds.size(), -1) < 0) {
            if (errno != EINTR) {
                throw Error("event loop", "poll", errno);
            }
        }
        return fds[0].revents == 0;
    }

    void say(const Json& event, const std::string& words) const {
        const auto now = std::chrono::system_clock::now();
        if (json_) {
            Json json{{"time", iso_time(now)}};
            json.update(event);
            fmt::print("{}", json_line(json));
        } else {
            fmt::print("{} {}\n", local_time(now), words);
        }
        if (std::fflush(stdout) != 0) {
            throw Error("standard output", "write", errno);
        }
    }

    bool json_;
    Fd signals_;
    HostEvents events_;
};

} // namespace

void add_monitor_command(CLI::App& app, Invocation& invocation) {
    CLI::App* command = app.add_subcommand("monitor", "Tell what happens to the host's devices");
    command->footer(epilogue);
    command->add_flag("--json", invocation.json, "JSON lines on standard output");
    command->callback([&invocation] {
        invocation.run = [&invocation] { return Monitor(invocation.json).run(); };
    });
}

} // namespace vcoal
