// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <stdexcept>
#include <string>

namespace vcoal {

/// A failure told in full, in one line: what it happened to, what was being done,
/// the system's reason and, where there is one, what to do about it.
class Error : public std::runtime_error {
public:
    /// @param code errno value, or 0 when the system gave none.
    Error(std::string object, std::string operation, int code, std::string hint = {});

    const std::string& object() const noexcept { return object_; }
    const std::string& operation() const noexcept { return operation_; }
    int code() const noexcept { return code_; }
    const std::string& hint() const noexcept { return hint_; }

private:
    std::string object_;
    std::string operation_;
    int code_;
    std::string hint_;
};

/// The command line asks for something there is not. What there is stands in the hint.
class UsageError : public Error {
public:
    using Error::Error;
};

/// Name of an errno value as programs spell it ("EINVAL"), "0" for none.
std::string errno_name(int code);

} // namespace vcoal
