// SPDX-License-Identifier: GPL-2.0-only
//
// The host module's data path, for C++.
#pragma once

#include <algorithm>
#include <cstdint>
#include <linux/hunt.h>

extern "C" {
#include "queue.h"

#include <linux/eventfd.h>
#include <linux/net.h>
#include <net/sock.h>
}

#undef min
#undef max
#undef min_t
