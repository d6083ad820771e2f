// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/feature_report.hpp"

#include <fmt/format.h>

namespace vcoal {
namespace {

bool acknowledged(const NetDevice& device, const FeatureOffer& offer) {
    return offer.offered && (device.accepted() & feature(offer.bit)) != 0;
}

/// What is to be said beyond yes and no.
std::string remark(const NetDevice& device, const FeatureOffer& offer) {
    if (offer.offered && !acknowledged(device, offer)) {
        return "the driver did not take it";
    }
    return offer.why_not;
}

} // namespace

Json describe_features(const NetDevice& device) {
    Json features = Json::array();
    for (const FeatureOffer& offer : device.offers()) {
        Json feature{{"bit", offer.bit},
                     {"name", offer.name},
                     {"offered", offer.offered},
                     {"acknowledged", acknowledged(device, offer)}};
        const std::string why = remark(device, offer);
        if (!why.empty()) {
            feature["why"] = why;
        }
        features.push_back(std::move(feature));
    }
    return {{"features", features}};
}

std::string describe_features_in_words(const NetDevice& device) {
    std::string table =
        fmt::format("{:>3}  {:<20} {:<8} {:<6} {}\n", "bit", "feature", "offered", "taken", "why");
    for (const FeatureOffer& offer : device.offers()) {
        std::string row = fmt::format(
            "{:>3}  {:<20} {:<8} {:<6} {}", offer.bit, offer.name, offer.offered ? "yes" : "no",
            acknowledged(device, offer) ? "yes" : "no", remark(device, offer));
        row.erase(row.find_last_not_of(' ') + 1);
        table += row + '\n';
    }
    return table;
}

} // namespace vcoal
