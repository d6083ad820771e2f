// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/line_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <unistd.h>

namespace vcoal {

void LineReader::fill() {
    std::array<char, longest> block{};
    const ssize_t got = ::read(fd_, block.data(), block.size());
    if (got > 0) {
        buffer_.append(block.data(), static_cast<std::size_t>(got));
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        fd_ = -1;
    }
    const std::size_t last = buffer_.rfind('\n') + 1;
    buffer_.resize(std::min(buffer_.size(), last + limit_));
}

std::optional<std::string> LineReader::next() {
    const std::size_t end = buffer_.find('\n');
    if (end == std::string::npos) {
        return std::nullopt;
    }
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    return line;
}

} // namespace vcoal
