// The choices of a dialect: macros of the specialisation, or with ROIKIT_RULES_AT_LAUNCH numbers that come with the launch, so that a
// CPU needs one compilation, of seconds, for all dialects. They are looked at once for each RoI or bin, where that costs nothing.
//
// `#define END ROIKIT_CHOICE(End, END)` makes END the choice that ROIKIT_END names, one of `enum class End`. `source.py` reads these
// lines, numbers them as they come, and says in ROIKIT_PLACE_OF_END which number of a launch says what.
#pragma once

#ifdef ROIKIT_RULES_AT_LAUNCH
#define ROIKIT_CHOICE(Type, name) ((Type)(int)roikit_host::rules[ROIKIT_PLACE_OF_##name])
#define ROIKIT_NUMBER(name) ((acc_t)roikit_host::rules[ROIKIT_PLACE_OF_##name])
#else
#define ROIKIT_CHOICE(Type, name) Type::ROIKIT_##name
#define ROIKIT_NUMBER(name) ((acc_t)(float)(ROIKIT_##name))
#endif
