// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <stdexcept>

namespace hunter {

/// The code under test broke a rule; says which.
class Finding : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

} // namespace hunter
