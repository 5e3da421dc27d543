// Memory as a block sees it, and what watches it: every access is checked for its place, its alignment, whether what is read was ever
// written, and whether another thread touched the byte with no barrier between.
#pragma once

#include <setjmp.h>
#include <stdlib.h>

#include "numbers.hpp"

namespace ptx {

enum Space { GENERIC, GLOBAL, SHARED, PARAM, LOCAL };
enum Kind { READ, WRITE, ATOMIC };
enum Fault { FINE, OUTSIDE, MISALIGNED, UNWRITTEN, RACE, LEFT_BEHIND, TORN, NO_MEMORY };

// Of a byte: who touched it last, and in which phase. Phases are numbered through a launch, and end at barriers and with blocks.
struct Touched {
    u32 writer, written, reader, read;
};
constexpr u32 SEVERAL = ~0u;       // readers in one phase
constexpr u32 BY_ATOM = 1u << 31;  // of a writer
constexpr u32 ELSEWHERE = 1u << 31;  // of a phase: it was read in a block before the one that read it last

// An array that a launch was handed. `defined` has a byte for each of its bytes, or is null if all of it holds something.
struct Region {
    u64 begin, size;
    u8* defined;
    Touched* touched;
};

struct Launch {
    const u8* params;
    u64 params_size, shared_size;
    Region* regions;
    u32 regions_count, grid[3], block[3];
};

// What went wrong first. `place` counts from the beginning of the array `region`, of shared memory, or is an address.
struct Report {
    u32 fault, space, kind, line, bytes, other_thread, thread[3], block[3];
    int region;
    u64 place;
};

struct Thread;

struct Block {
    const Launch* launch;
    Report* report;
    u32 index[3], phase, first_phase;
    u8* shared;
    Touched* shared_touched;
    Thread* threads;
    u32 size, current;
    jmp_buf scheduler, failure;
};

struct Thread {
    Block* block;
    u32 number, x, y, z, waiting_at;
    bool begun, done;
    u8* local;
    u64 local_size;
    jmp_buf here;
};

[[noreturn]] static void fail(Thread& self, Fault fault, u32 line, Space space = GENERIC, Kind kind = READ, u32 bytes = 0,
                              int region = -1, u64 place = 0, u32 other = 0) {
    Block& block = *self.block;
    *block.report = {(u32)fault, (u32)space, (u32)kind, line, bytes, other, {self.x, self.y, self.z},
                     {block.index[0], block.index[1], block.index[2]}, region, place};
    _longjmp(block.failure, 1);
}

// Whether a touch of this thread now, of this kind, races with what is noted of the byte; notes it.
static inline bool races(const Thread& self, Touched& byte, Kind kind, bool only_block, u32& other) {
    const Block& block = *self.block;
    const u32 me = self.number + 1, first = block.first_phase;
    const u32 read = byte.read & ~ELSEWHERE;
    const bool by_atom = byte.writer & BY_ATOM;
    const bool unordered = byte.written == block.phase ? (byte.writer & ~BY_ATOM) != me
                                                       : byte.written && byte.written < first && !only_block;
    if (unordered && !(kind == ATOMIC && by_atom)) {
        other = byte.writer & ~BY_ATOM;
        return true;
    }
    if (kind == READ) {
        const u32 elsewhere = read && read < first ? ELSEWHERE : byte.read & ELSEWHERE;
        byte.reader = read == block.phase && byte.reader != me ? SEVERAL : me;
        byte.read = block.phase | elsewhere;
        return false;
    }
    const bool read_unordered = read == block.phase ? byte.reader != me : read && read < first && !only_block;
    if (read_unordered || (byte.read & ELSEWHERE && !only_block)) {
        other = byte.reader;
        return true;
    }
    byte.writer = kind == ATOMIC ? me | BY_ATOM : me;
    byte.written = block.phase;
    return false;
}

static inline u8* in_shared(Thread& self, u64 place, u32 bytes, u32 line, Kind kind, u32 used) {
    Block& block = *self.block;
    if (place + bytes > block.launch->shared_size) fail(self, OUTSIDE, line, SHARED, kind, bytes, -1, place);
    if (place % bytes) fail(self, MISALIGNED, line, SHARED, kind, bytes, -1, place);
    for (u32 i = 0; i < bytes; ++i) {
        if (!(used >> i & 1)) continue;
        Touched& byte = block.shared_touched[place + i];
        if (kind != WRITE && byte.written < block.first_phase) fail(self, UNWRITTEN, line, SHARED, kind, bytes, -1, place);
        u32 other;
        if (races(self, byte, kind, true, other)) fail(self, RACE, line, SHARED, kind, bytes, -1, place, other);
    }
    return block.shared + place;
}

static inline u8* in_global(Thread& self, u64 address, u32 bytes, u32 line, Kind kind, u32 used) {
    const Launch& launch = *self.block->launch;
    for (u32 r = 0; r < launch.regions_count; ++r) {
        Region& region = launch.regions[r];
        const u64 place = address - region.begin;
        if (place >= region.size) continue;
        if (place + bytes > region.size) fail(self, OUTSIDE, line, GLOBAL, kind, bytes, (int)r, place);
        if (address % bytes) fail(self, MISALIGNED, line, GLOBAL, kind, bytes, (int)r, place);
        for (u32 i = 0; i < bytes; ++i) {
            if (!(used >> i & 1)) continue;
            if (region.defined) {
                if (kind != WRITE && !region.defined[place + i]) fail(self, UNWRITTEN, line, GLOBAL, kind, bytes, (int)r, place);
                region.defined[place + i] |= kind != READ;
            }
            u32 other;
            if (races(self, region.touched[place + i], kind, false, other)) {
                fail(self, RACE, line, GLOBAL, kind, bytes, (int)r, place, other);
            }
        }
        return (u8*)address;
    }
    fail(self, OUTSIDE, line, GLOBAL, kind, bytes, -1, address);
}

static inline u8* in_params(Thread& self, u64 address, u32 bytes, u32 line, Kind kind) {
    const Launch& launch = *self.block->launch;
    const u64 place = address - (u64)launch.params;
    if (place > launch.params_size || place + bytes > launch.params_size) fail(self, OUTSIDE, line, PARAM, kind, bytes, -1, place);
    if (place % bytes) fail(self, MISALIGNED, line, PARAM, kind, bytes, -1, place);
    return (u8*)address;
}

static inline u8* in_local(Thread& self, u64 address, u32 bytes, u32 line, Kind kind) {
    const u64 place = address - (u64)self.local;
    if (place > self.local_size || place + bytes > self.local_size) fail(self, OUTSIDE, line, LOCAL, kind, bytes, -1, place);
    if (place % bytes) fail(self, MISALIGNED, line, LOCAL, kind, bytes, -1, place);
    return (u8*)address;
}

// The memory of an access, of whose bytes those in `used` matter. Shared memory is a window of generic addresses.
static inline u8* reach(Thread& self, Space space, u64 address, u32 bytes, u32 line, Kind kind, u32 used) {
    if (space == SHARED) return in_shared(self, (u32)address, bytes, line, kind, used);
    if (space == PARAM) return in_params(self, address, bytes, line, kind);
    if (space == LOCAL) return in_local(self, address, bytes, line, kind);
    const u64 window = address - (u64)self.block->shared;
    if (space == GENERIC && window < self.block->launch->shared_size) return in_shared(self, window, bytes, line, kind, used);
    return in_global(self, address, bytes, line, kind, used);
}

__attribute__((noinline)) static void load(Thread& self, Space space, u64 address, u32 bytes, u32 line, u32 used, void* to) {
    memcpy(to, reach(self, space, address, bytes, line, READ, used), bytes);
}

#ifdef EQUAL_STORES_ARE_READS
// Whether an array holds just these bytes at an address.
static bool holds(const Thread& self, u64 address, u32 bytes, const void* what) {
    const Launch& launch = *self.block->launch;
    for (u32 r = 0; r < launch.regions_count; ++r) {
        const u64 place = address - launch.regions[r].begin;
        if (place < launch.regions[r].size && place + bytes <= launch.regions[r].size) return !memcmp((u8*)address, what, bytes);
    }
    return false;
}
#endif

// With EQUAL_STORES_ARE_READS threads may all store what is there anyway, as kernels of others do where a result is 0.
__attribute__((noinline)) static void store(Thread& self, Space space, u64 address, u32 bytes, u32 line, const void* from) {
#ifdef EQUAL_STORES_ARE_READS
    if (space == GLOBAL && holds(self, address, bytes, from)) {
        reach(self, space, address, bytes, line, READ, ~0u);
        return;
    }
#endif
    memcpy(reach(self, space, address, bytes, line, WRITE, ~0u), from, bytes);
}

// What an atomic operation found; `combine` makes what it leaves.
template <class T, class F> static inline Bits<T> atom(Thread& self, Space space, u64 address, u32 line, F combine) {
    u8* const place = reach(self, space, address, sizeof(T), line, ATOMIC, ~0u);
    Bits<T> old;
    memcpy(&old, place, sizeof old);
    const Bits<T> left = combine(old);
    memcpy(place, &left, sizeof left);
    return old;
}

}  // namespace ptx
