// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/filter_target.hpp"

#include "vcoal/bridge_fdb.hpp"
#include "vcoal/error.hpp"

#include <cerrno>
#include <cstring>
#include <utility>
#include <variant>
#include <vector>

namespace vcoal {
namespace {

/// Nothing when there was nothing to do; else why it was refused, "" if it was not.
using Result = std::optional<std::string>;

/// Carries changes out.
class CarryOut {
public:
    /// @param mac may have been learned at another port
    /// @param made forwarding entries made here
    CarryOut(const FilterLink& link, const std::optional<MacAddress>& mac,
             std::set<MacAddress>& made)
        : link_(link), mac_(mac), made_(made) {}

    Result operator()(const SetMac& change) const { return told(set_mac(link_, change.mac)); }
    Result operator()(const SetFlag& change) const {
        return told(set_flag(link_, change.flag, change.on));
    }

    Result operator()(const AddAddress& change) {
        if (!known_) {
            known_ = list_fdb(link_.bridge);
        }
        const FdbClaim claim = claim_address(*known_, change.mac, link_.index, change.mac == mac_);
        if (claim == FdbClaim::present) {
            return std::nullopt;
        }
        if (claim == FdbClaim::taken) {
            return "the bridge knows it elsewhere";
        }
        const int code = add_fdb(link_.index, change.mac, claim == FdbClaim::learned);
        if (code == 0) {
            made_.insert(change.mac);
        }
        return told(code);
    }

    Result operator()(const RemoveAddress& change) const {
        made_.erase(change.mac);
        const int code = remove_fdb(link_.index, change.mac);
        return code == ENOENT ? std::nullopt : told(code);
    }

private:
    /// What no guest can bring about throws Error.
    static Result told(int code) {
        if (code == EPERM || code == ENODEV) {
            throw Error("rtnetlink", "program a filter", code,
                        code == EPERM ? "run this as root" : "");
        }
        return code == 0 ? "" : ::strerrordesc_np(code);
    }

    const FilterLink& link_;
    const std::optional<MacAddress>& mac_;
    std::set<MacAddress>& made_;
    std::optional<std::vector<FdbEntry>> known_;
};

} // namespace

FilterTarget::FilterTarget(std::string interface, Report report)
    : interface_(std::move(interface)), report_(std::move(report)),
      before_(find_filter_link(interface_)) {
}

FilterTarget::~FilterTarget() {
    if (kept_) {
        return;
    }
    try {
        follow(current(), before_.settings, std::nullopt, FilterOutcome::Kind::restored);
    } catch (const std::exception&) {
        return; // it is gone, or another one: there is nothing to put back
    }
}

void FilterTarget::apply(const RxFilterState& filter, const std::optional<MacAddress>& mac) {
    const FilterLink link = current();
    follow(link, plan_filter(link.point, filter, mac), mac, FilterOutcome::Kind::applied);
}

FilterLink FilterTarget::current() const {
    FilterLink link = find_filter_link(interface_);
    if (link.index != before_.index || link.bridge != before_.bridge) {
        throw Error("interface " + interface_, "program a filter", ENODEV,
                    "it is not the one that it was at the start");
    }
    return link;
}

void FilterTarget::follow(const FilterLink& link, const LinkSettings& plan,
                          const std::optional<MacAddress>& mac, FilterOutcome::Kind done) {
    LinkSettings now = link.settings;
    now.addresses = made_;
    CarryOut carry_out(link, mac, made_);
    for (const Change& change : changes_between(now, plan)) {
        if (const Result reason = std::visit(carry_out, change)) {
            report_({reason->empty() ? done : FilterOutcome::Kind::refused, change, *reason});
        }
    }
}

} // namespace vcoal
