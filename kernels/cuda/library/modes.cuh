// What a bin makes of what it reads, and how maps lie in memory.
//
// The specialisation defines ROIKIT_MODE as avg or max, and ROIKIT_LAYOUT as NCHW or NHWC.
#pragma once

enum class Mode { avg, max };
enum class Layout { NCHW, NHWC };

constexpr Mode MODE = Mode::ROIKIT_MODE;
constexpr Layout LAYOUT = Layout::ROIKIT_LAYOUT;
