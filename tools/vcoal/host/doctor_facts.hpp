// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/host/doctor_findings.hpp"

namespace vcoal {

/// Looks at the running system, and changes nothing.
DoctorFacts gather_facts();

} // namespace vcoal
