// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace vcoal {

/// A command of the control queue: a row of the table in spec 2.2.
struct ControlCommand {
    unsigned command_class;
    unsigned command;
    const char* name;
    /// The feature without which there is no such command.
    unsigned feature;
    /// Bytes of data it has at least.
    std::size_t data;
};

/// The command a request is; throws Error when there is no such.
const ControlCommand& find_control_command(std::span<const std::byte> request);

/// Name of a command ("NOTF_COAL_RX_SET"), or "class C command N".
std::string control_command_name(std::span<const std::byte> request);

/// Ends a command with VIRTIO_NET_ERR: throws Error.
[[noreturn]] void refuse_command(const std::string& why);

/// Reads a command's data from its beginning on. What is missing refuses the command;
/// what nobody takes is ignored.
class ControlData {
public:
    explicit ControlData(std::span<const std::byte> bytes) : bytes_(bytes) {}

    template <typename T>
    T take() {
        T value;
        const auto bytes = take_bytes(sizeof(value));
        std::memcpy(&value, bytes.data(), sizeof(value));
        return value;
    }
    /// As many values as @p count says.
    template <typename T>
    std::vector<T> take(std::size_t count) {
        need(count, sizeof(T));
        std::vector<T> values(count);
        const auto bytes = take_bytes(count * sizeof(T));
        std::copy(bytes.begin(), bytes.end(), std::as_writable_bytes(std::span(values)).begin());
        return values;
    }

private:
    /// Refuses where fewer than @p count values of @p size bytes are left.
    void need(std::size_t count, std::size_t size) const;
    std::span<const std::byte> take_bytes(std::size_t count);

    std::span<const std::byte> bytes_;
};

} // namespace vcoal
