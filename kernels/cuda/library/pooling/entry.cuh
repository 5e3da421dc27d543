// What lists of an axis hold: taps of an average, samples of a maximum.
#pragma once

template <Mode> struct entry_of {
    typedef Tap type;
};
template <> struct entry_of<Mode::max> {
    typedef Sample type;
};
typedef entry_of<MODE>::type Entry;
