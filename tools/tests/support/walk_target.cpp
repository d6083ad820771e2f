// SPDX-License-Identifier: GPL-2.0-only
#include "support/walk_target.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace vcoal::test {

WalkTarget::WalkTarget(std::string node, std::span<const CatalogIoctl> ioctls, Answers answers)
    : node_(std::move(node)), fd_(open_file(node_, O_RDWR | O_NONBLOCK)), ioctls_(ioctls),
      answers_(std::move(answers)) {
}

void WalkTarget::reopen() {
    const Fd fresh = open_file(node_, O_RDWR | O_NONBLOCK);
    if (::dup2(fresh.get(), fd_.get()) < 0) {
        throw Error(node_, "exchange", errno);
    }
}

std::uint32_t odd_number(Chance& chance) {
    return chance.of({0U, 1U, 2U, 3U, 100U, 0x7fffU, 0x8000U, 0xffffU, 0x10000U, 0x7fffffffU,
                      0x80000000U, ~0U, chance.between(0, ~0U)});
}

} // namespace vcoal::test
