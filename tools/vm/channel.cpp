// SPDX-License-Identifier: GPL-2.0-only
#include "vm/channel.hpp"

#include "vcoal/error.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace vcoal::vm {
namespace {

constexpr size_t longest_line = 4096;
constexpr size_t largest_log = 64 << 20;

template <typename T>
T number(std::string_view key, std::string_view text) {
    T n{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || end != text.data() + text.size()) {
        throw Error("side channel",
                    "message '" + std::string(key) + "': bad number '" + std::string(text) + "'",
                    0);
    }
    return n;
}

} // namespace

std::string control_message(std::string_view nonce, std::string_view key, std::string_view value) {
    std::string text(nonce);
    text += ' ';
    text += key;
    text += ' ';
    text += value;
    text += '\n';
    return text;
}

void ControlParser::feed(std::string_view data) {
    buffer_ += data;
    while (log_bytes_ ? take_log() : take_line()) {
        ;
    }
}

bool ControlParser::take_log() {
    if (buffer_.size() < *log_bytes_) {
        return false;
    }
    report_.kernel_log = buffer_.substr(0, *log_bytes_);
    buffer_.erase(0, *log_bytes_);
    log_bytes_.reset();
    return true;
}

bool ControlParser::take_line() {
    const size_t end = buffer_.find('\n');
    if (end == std::string::npos) {
        if (buffer_.size() > longest_line) {
            buffer_.clear();
        }
        return false;
    }
    const std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);

    std::string_view rest = line;
    if (!rest.starts_with(nonce_ + " ")) {
        return true;
    }
    rest.remove_prefix(nonce_.size() + 1);
    const size_t space = rest.find(' ');
    if (space == std::string_view::npos) {
        throw Error("side channel", "message without a value: '" + std::string(rest) + "'", 0);
    }
    message(rest.substr(0, space), rest.substr(space + 1));
    return true;
}

void ControlParser::message(std::string_view key, std::string_view value) {
    if (key == "up") {
        report_.up = true;
    } else if (key == "status") {
        report_.wait_status = number<int>(key, value);
    } else if (key == "exec-error") {
        report_.exec_error = number<int>(key, value);
    } else if (key == "stuck") {
        report_.stuck.emplace_back(value);
    } else if (key == "running") {
        report_.running.emplace_back(value);
    } else if (key == "dumped") {
        report_.dumped = true;
    } else if (key == "lost") {
        report_.lost_records = number<std::uint64_t>(key, value);
    } else if (key == "taint") {
        report_.taint = number<std::uint64_t>(key, value);
    } else if (key == "log") {
        log_bytes_ = number<size_t>(key, value);
        if (*log_bytes_ > largest_log) {
            throw Error("side channel", "kernel log of " + std::string(value) + " bytes", 0);
        }
    } else if (key == "end") {
        finish();
    } else {
        throw Error("side channel", "unknown message '" + std::string(key) + "'", 0);
    }
}

void ControlParser::finish() {
    if (!report_.up || !report_.taint || !report_.kernel_log ||
        report_.wait_status.has_value() == report_.exec_error.has_value()) {
        throw Error("side channel", "the report ends with parts of it missing", 0);
    }
    report_.complete = true;
}

std::string stream_trailer(std::string_view nonce) {
    // Text never begins like this, so nothing of it has to be held back.
    std::string trailer(1, '\0');
    trailer += "vcoal-end ";
    trailer += nonce;
    return trailer;
}

std::string StreamFilter::feed(std::string_view data) {
    if (ended_) {
        return {};
    }
    held_ += data;
    const size_t found = held_.find(trailer_);
    if (found != std::string::npos) {
        ended_ = true;
        std::string out = held_.substr(0, found);
        held_.clear();
        return out;
    }
    size_t keep = std::min(held_.size(), trailer_.size() - 1);
    while (keep > 0 &&
           !std::string_view(held_).ends_with(std::string_view(trailer_).substr(0, keep))) {
        --keep;
    }
    std::string out = held_.substr(0, held_.size() - keep);
    held_.erase(0, out.size());
    return out;
}

std::string StreamFilter::flush() {
    return std::exchange(held_, {});
}

} // namespace vcoal::vm
