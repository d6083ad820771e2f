// SPDX-License-Identifier: GPL-2.0-only
#include "vm/files.hpp"

#include "vcoal/error.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace vcoal::vm {

Fd create_file(const std::filesystem::path& path) {
    Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd) {
        throw Error(path.string(), "create", errno);
    }
    return fd;
}

void write_all(int fd, std::string_view data, const std::string& object) {
    while (!data.empty()) {
        const ssize_t n = ::write(fd, data.data(), data.size());
        if (n >= 0) {
            data.remove_prefix(static_cast<size_t>(n));
            continue;
        }
        if (errno == EAGAIN) {
            pollfd wait{fd, POLLOUT, 0};
            ::poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            throw Error(object, "write", errno);
        }
    }
}

std::string read_file(const std::filesystem::path& path) {
    const Fd fd = open_file(path.string(), O_RDONLY);
    std::string text;
    std::array<char, 65536> part;
    for (;;) {
        const ssize_t n = ::read(fd.get(), part.data(), part.size());
        if (n == 0) {
            return text;
        }
        if (n > 0) {
            text.append(part.data(), static_cast<size_t>(n));
        } else if (errno != EINTR) {
            throw Error(path.string(), "read", errno);
        }
    }
}

void write_file(const std::filesystem::path& path, std::string_view data) {
    const Fd fd = create_file(path);
    write_all(fd.get(), data, path.string());
}

} // namespace vcoal::vm
