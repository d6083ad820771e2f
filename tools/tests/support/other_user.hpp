// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <sys/types.h>

namespace vcoal::test {

/// This process is another user, without capabilities, while this lives. Only what it
/// opens meanwhile is that user's.
class OtherUser {
public:
    explicit OtherUser(uid_t uid);
    OtherUser(const OtherUser&) = delete;
    OtherUser& operator=(const OtherUser&) = delete;
    OtherUser(OtherUser&&) = delete;
    OtherUser& operator=(OtherUser&&) = delete;
    ~OtherUser();
};

} // namespace vcoal::test
