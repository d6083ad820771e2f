// SPDX-License-Identifier: GPL-2.0-only
//
// The kernel's pure headers, for C++.
#pragma once

#include <cstdint>
#include <linux/types.h>
#include <linux/vhost_net_coal.h>

extern "C" {
#include "coal.h"
#include "filter.h"
#include "flow.h"
#include "policy.h"

// A parameter there is named after a C++ keyword.
#define new new_
#include "suppress.h"
#undef new
}
