// SPDX-License-Identifier: GPL-2.0-only
#include "user_memory.h"

struct user_memory user_memory;
int user_cgroup_error;
