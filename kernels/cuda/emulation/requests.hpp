// What the lanes of a warp ask of memory together, as a GPU serves it: sectors and lines of global memory, a cache in front of it, and
// the banks of shared memory. `kernels/emulation/counting.py` says what is assumed.
#pragma once

#include <stdlib.h>

#include "numbers.hpp"

namespace ptx {

constexpr u32 WARP = 32;
constexpr u32 SECTOR = 32, LINE = 128, SECTORS_OF_LINE = LINE / SECTOR;  // bytes
constexpr u32 BANKS = 32, WORD = 4;
constexpr u32 WAYS = 16;  // of a set of the cache

enum Space { GENERIC, GLOBAL, SHARED, PARAM };
enum Kind { READ, WRITE, ATOMIC };

// Of an instruction that reaches memory, over all warps: `least` is how many wavefronts there would be without bank conflicts, `missed`
// the sectors that the cache sends on.
struct Tally {
    u64 requests, lanes, bytes, sectors, wavefronts, least, missed;
};

// An array that a launch was handed. `touched` has a byte for each of its sectors: 1 if it was sent for, 2 if it was written.
struct Region {
    u64 begin, size;
    u8* touched;
};
constexpr u8 FETCHED = 1, WRITTEN = 2;

// What the lanes of a warp ask for by one instruction. Places in global memory are numbers that are the same wherever arrays lie.
struct Asked {
    u64 place[WARP];
    u32 global, shared, bytes;
    Kind kind;
};

// A set-associative cache of lines whose sectors are filled one by one; the line that was used longest ago makes room.
struct Cache {
    struct Way {
        u64 line, used;
        u8 sectors;
    };
    Way* ways;
    u32 sets;
    u64 clock;

    Way* set_of(u64 line) { return ways + (line * 0x9E3779B97F4A7C15ull >> 32) % sets * WAYS; }

    Way* find(u64 line) {
        Way* const set = set_of(line);
        for (u32 w = 0; w < WAYS; ++w) {
            if (set[w].used && set[w].line == line) return set + w;
        }
        return nullptr;
    }

    Way* make_room(u64 line) {
        Way* const set = set_of(line);
        Way* oldest = set;
        for (u32 w = 1; w < WAYS; ++w) {
            if (set[w].used < oldest->used) oldest = set + w;
        }
        oldest->line = line, oldest->sectors = 0;
        return oldest;
    }

    // Whether a sector must be sent for; from now on it is there.
    bool misses(u64 sector) {
        if (!sets) return true;
        const u64 line = sector / SECTORS_OF_LINE;
        const u8 bit = 1u << sector % SECTORS_OF_LINE;
        Way* way = find(line);
        if (!way) way = make_room(line);
        const bool missing = !(way->sectors & bit);
        way->sectors |= bit;
        way->used = ++clock;
        return missing;
    }

    void forget(u64 sector) {
        Way* const way = sets ? find(sector / SECTORS_OF_LINE) : nullptr;
        if (way) way->sectors &= ~(1u << sector % SECTORS_OF_LINE);
    }

    void clear() {
        memset(ways, 0, sizeof(Way) * sets * WAYS);
        clock = 0;
    }
};

// Numbers without repetition. Neighbouring lanes mostly ask for the same or the next, so the last ones are looked at first.
struct Distinct {
    u64 held[WARP];
    u32 count = 0;
    void add(u64 number) {
        for (u32 i = count; i-- > 0;) {
            if (held[i] == number) return;
        }
        held[count++] = number;
    }
};

constexpr u32 REGION_BITS = 48;  // of a place: below them where in an array, above them in which

static inline void settle_global(const Asked& asked, Cache& cache, Region* regions, Tally& tally) {
    Distinct sectors, lines;
    for (u32 lane = 0; lane < WARP; ++lane) {
        if (!(asked.global >> lane & 1)) continue;
        sectors.add(asked.place[lane] / SECTOR);  // accesses are aligned and have at most 16 bytes: one sector each
    }
    for (u32 i = 0; i < sectors.count; ++i) {
        const u64 sector = sectors.held[i];
        lines.add(sector / SECTORS_OF_LINE);
        u8& touched = regions[sector * SECTOR >> REGION_BITS].touched[sector & ((1ull << REGION_BITS) / SECTOR - 1)];
        if (asked.kind == READ) {
            if (!cache.misses(sector)) continue;
            touched |= FETCHED;
        } else {
            if (asked.kind == ATOMIC) cache.forget(sector);
            touched |= WRITTEN;
        }
        ++tally.missed;
    }
    const u32 lanes = __builtin_popcount(asked.global);
    ++tally.requests;
    tally.lanes += lanes;
    tally.bytes += (u64)lanes * asked.bytes;
    tally.sectors += sectors.count;
    tally.wavefronts += lines.count;
    tally.least += lines.count;
}

// Lanes that ask for 8 bytes are served by halves of the warp, for 16 by quarters. A wavefront gives a word of each bank, to whoever
// asks for it; a word that an earlier half or quarter was given comes with it.
//
// `given` says of each word of shared memory in which request it was given last; `request` is the number of this one.
static inline void settle_shared(const Asked& asked, u32* given, u32 request, Tally& tally) {
    const u32 words = asked.bytes > WORD ? asked.bytes / WORD : 1, group = WARP / words;
    for (u32 first = 0; first < WARP; first += group) {
        u32 of_bank[BANKS] = {}, most = 0;
        for (u32 lane = first; lane < first + group; ++lane) {
            if (!(asked.shared >> lane & 1)) continue;
            for (u32 w = 0; w < words; ++w) {
                const u64 word = asked.place[lane] / WORD + w;
                if (given[word] == request) continue;
                given[word] = request;
                const u32 here = ++of_bank[word % BANKS];
                if (here > most) most = here;
            }
        }
        tally.wavefronts += most;
        tally.least += most > 0;
    }
    const u32 lanes = __builtin_popcount(asked.shared);
    ++tally.requests;
    tally.lanes += lanes;
    tally.bytes += (u64)lanes * asked.bytes;
}

}  // namespace ptx
