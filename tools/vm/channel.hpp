// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vcoal::vm {

/// What the agent in the VM tells over the side channel.
struct Report {
    bool up = false;
    /// Wait status of the command.
    std::optional<int> wait_status;
    /// errno of an exec that failed.
    std::optional<int> exec_error;
    std::optional<std::uint64_t> taint;
    std::optional<std::string> kernel_log;
    /// Kernel log records that were overwritten before they could be read.
    std::uint64_t lost_records = 0;
    /// Processes that outlived SIGKILL.
    std::vector<std::string> stuck;
    /// The processes there were when the runner's patience ended.
    std::vector<std::string> running;
    /// The agent has done what dump_request asks for.
    bool dumped = false;
    /// The agent has said everything, and it made sense.
    bool complete = false;
};

/// Reads the side channel: lines `NONCE KEY VALUE`, and for the key `log` as many
/// bytes after the line as the value says. Everything that does not begin with
/// the nonce is somebody else's and is dropped; what does must be well formed.
class ControlParser {
public:
    explicit ControlParser(std::string nonce) : nonce_(std::move(nonce)) {}

    /// Takes the next piece of the stream; throws Error on a malformed message.
    void feed(std::string_view data);
    const Report& report() const { return report_; }

private:
    bool take_log();
    bool take_line();
    void message(std::string_view key, std::string_view value);
    void finish();

    std::string nonce_;
    std::string buffer_;
    std::optional<size_t> log_bytes_;
    Report report_;
};

/// One message of the side channel.
std::string control_message(std::string_view nonce, std::string_view key, std::string_view value);

/// The one thing the runner says to the agent: tell what is going on, for the
/// time is up. The answer is `running` messages, stacks on the console, `dumped`.
inline constexpr std::string_view dump_request = "dump\n";

/// What the agent writes behind the last byte of an output stream, so that the
/// runner knows that nothing of it is still under way.
std::string stream_trailer(std::string_view nonce);

/// Passes an output stream on at once, but for its trailer.
class StreamFilter {
public:
    explicit StreamFilter(std::string trailer) : trailer_(std::move(trailer)) {}

    /// Returns what may be shown now; nothing behind the trailer ever is.
    std::string feed(std::string_view data);
    /// What was held back and turned out not to be a trailer: the stream broke off.
    std::string flush();
    bool ended() const { return ended_; }

private:
    std::string trailer_;
    std::string held_;
    bool ended_ = false;
};

} // namespace vcoal::vm
