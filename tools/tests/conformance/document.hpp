// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "conformance/matrix.hpp"

#include <string>

namespace vcoal::conformance {

/// The matrix for people, in Markdown. The same runs give the same bytes.
std::string document(const Matrix& matrix);

/// The matrix for programs: an array with an object for each cell.
std::string to_json(const Matrix& matrix);

} // namespace vcoal::conformance
