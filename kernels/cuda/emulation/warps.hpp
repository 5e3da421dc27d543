// Blocks of warps that run in step, and what is counted of them. The warps of a block take turns, a basic block each; lanes that part
// wait for each other where their ways meet again.
#pragma once

#include <setjmp.h>

#include "requests.hpp"

namespace ptx {

enum Fault { FINE, OUTSIDE, TORN, TOO_DEEP, NO_MEMORY };
constexpr u32 DEPTH = 64;  // of ways that wait for each other
constexpr u32 ANY = ~0u;
constexpr u16 NO_LOAD = 0xFFFF;

struct Report {
    u32 fault, line;
    u32 thread, block[3];
};

// What Python hands over, and what it reads afterwards. Of basic blocks: how often warps ran them, and how many lanes did; of guarded
// instructions: how many lanes did what they say; of the blocks that ran: how many instructions their warps issued.
struct Launch {
    const u8* params;
    u64 params_size, shared_size;
    Region* regions;
    const u64* chosen;
    u64* issued_of_block;
    u64 *issued, *lanes, *guarded;
    Tally* tallies;  // for each instruction that reaches memory one for global and one for shared memory
    u64* loads;      // see `Loads`
    u32 regions_count, chosen_count, cache_lines, grid[3], block[3];
};

// Of loads of global and of shared memory: how often a warp had to wait for one, how many were on their way then, and the longest chain
// of loads of which each finds its address by the one before.
struct Loads {
    u64 waits[2], flying[2], depth[2];
};

struct Thread;
struct Block;

// What a register of a warp waits for: the number of a load, of global or shared memory, and the length of the chain behind it.
struct Pending {
    u32 number, depth[2];
    u8 shared;
};

struct Way {
    u32 at, meets, mask;
};

struct Warp {
    Way ways[DEPTH];
    u32 top, alive, waiting;
    u32 asked[2], arrived[2];  // loads
    Pending* registers;
};

struct Block {
    const Launch* launch;
    Report* report;
    u32 index[3], size, request;
    u8* shared;
    u32* given;
    Asked* asked;
    Cache cache;
    Thread* threads;
    Warp* warps;
    jmp_buf failure;
};

struct Thread {
    Block* block;
    u32 number, x, y, z, at;
};

[[noreturn]] static void fail(Block& block, Fault fault, u32 thread, u32 line) {
    *block.report = {(u32)fault, line, thread, {block.index[0], block.index[1], block.index[2]}};
    _longjmp(block.failure, 1);
}

static inline Asked& note(Thread& self, u64 place, u32 bytes, Kind kind, bool shared) {
    Asked& asked = self.block->asked[self.at];
    const u32 lane = self.number % WARP;
    asked.place[lane] = place;
    asked.bytes = bytes, asked.kind = kind;
    (shared ? asked.shared : asked.global) |= 1u << lane;
    return asked;
}

// The memory of an access, of which a note is kept. Shared memory is a window of generic addresses.
__attribute__((noinline)) static u8* reach(Thread& self, Space space, u64 address, u32 bytes, u32 line, Kind kind) {
    Block& block = *self.block;
    const Launch& launch = *block.launch;
    if (space == PARAM) return (u8*)address;
    const u64 place = space == SHARED ? (u32)address : address - (u64)block.shared;
    if (space == SHARED || (space == GENERIC && place < launch.shared_size)) {
        if (place + bytes > launch.shared_size) fail(block, OUTSIDE, self.number, line);
        note(self, place, bytes, kind, true);
        return block.shared + place;
    }
    for (u32 r = 0; r < launch.regions_count; ++r) {
        const Region& region = launch.regions[r];
        if (address - region.begin >= region.size) continue;
        if (address - region.begin + bytes > region.size) fail(block, OUTSIDE, self.number, line);
        note(self, (u64)r << REGION_BITS | (address - region.begin / LINE * LINE), bytes, kind, false);
        return (u8*)address;
    }
    fail(block, OUTSIDE, self.number, line);
}

__attribute__((noinline)) static void load(Thread& self, Space space, u64 address, u32 bytes, u32 line, u32, void* to) {
    memcpy(to, reach(self, space, address, bytes, line, READ), bytes);
}

__attribute__((noinline)) static void store(Thread& self, Space space, u64 address, u32 bytes, u32 line, const void* from) {
    memcpy(reach(self, space, address, bytes, line, WRITE), from, bytes);
}

template <class T, class F> static inline Bits<T> atom(Thread& self, Space space, u64 address, u32 line, F combine) {
    u8* const place = reach(self, space, address, sizeof(T), line, ATOMIC);
    Bits<T> old;
    memcpy(&old, place, sizeof old);
    const Bits<T> left = combine(old);
    memcpy(place, &left, sizeof left);
    return old;
}

// Runs a method of the registers of each lane: a basic block, which says what comes next.
template <class R, u32 (R::*METHOD)(Thread&)> static void each(void* registers, Thread* threads, u32 mask, u32* next) {
    for (; mask; mask &= mask - 1) {
        const u32 lane = __builtin_ctz(mask);
        next[lane] = (static_cast<R*>(registers)[lane].*METHOD)(threads[lane]);
    }
}

// A basic block, as the translation has it: what lanes do, where lanes that part meet, whether it ends with a barrier, how many
// instructions it has, which of them reach memory, and which registers each reads and writes.
struct Step {
    void (*run)(void* registers, Thread* threads, u32 mask, u32* next);
    u32 meets, waits, instructions, first_asked, end_asked, line;
    const u16* flow;
};

struct Code {
    const Step* steps;
    u32 count, registers, asked;
    u64 register_bytes;
};

// Follows loads through the registers of a warp. `flow` has for each instruction: how many registers it reads, and which; how many it
// writes, and which; and the instruction that reaches memory, if it loads. NO_LOAD comes last.
static void follow(Block& block, Warp& warp, const u16* flow, Loads& loads) {
    while (*flow != NO_LOAD) {
        u32 depth[2] = {};
        for (u32 reads = *flow++; reads > 0; --reads) {
            const Pending& from = warp.registers[*flow++];
            for (int s = 0; s < 2; ++s) {
                if (from.depth[s] > depth[s]) depth[s] = from.depth[s];
            }
            if (from.number <= warp.arrived[from.shared]) continue;
            ++loads.waits[from.shared];
            loads.flying[from.shared] += warp.asked[from.shared] - warp.arrived[from.shared];
            warp.arrived[from.shared] = from.number;
        }
        const u16 *writes = flow + 1, *const end = writes + *flow;
        flow = end + 1;
        u32 number = 0, shared = 0;
        if (*end != NO_LOAD && (block.asked[*end].global || block.asked[*end].shared)) {
            shared = !block.asked[*end].global;
            number = ++warp.asked[shared];
            ++depth[shared];
            if (depth[shared] > loads.depth[shared]) loads.depth[shared] = depth[shared];
        }
        for (; writes < end; ++writes) warp.registers[*writes] = {number, {depth[0], depth[1]}, (u8)shared};
    }
}

static void settle(Block& block, const Step& step) {
    const Launch& launch = *block.launch;
    for (u32 i = step.first_asked; i < step.end_asked; ++i) {
        Asked& asked = block.asked[i];
        if (asked.global) settle_global(asked, block.cache, launch.regions, launch.tallies[2 * i]);
        if (asked.shared) settle_shared(asked, block.given, ++block.request, launch.tallies[2 * i + 1]);
        asked.global = asked.shared = 0;
    }
}

static void part(Block& block, Warp& warp, const Step& step, u32 end, u32 mask, const u32* next) {
    u32 left = mask, ended = 0;
    for (u32 lane = 0; lane < WARP; ++lane) ended |= (u32)((mask >> lane & 1) && next[lane] == end) << lane;
    warp.alive &= ~ended, left &= ~ended;
    for (u32 i = 0; i <= warp.top; ++i) warp.ways[i].mask &= ~ended;
    if (!left) return;
    const u32 first = next[__builtin_ctz(left)];
    u32 same = 0;
    for (u32 lane = 0; lane < WARP; ++lane) same |= (u32)((left >> lane & 1) && next[lane] == first) << lane;
    if (same == left) {
        warp.ways[warp.top].at = first;
        return;
    }
    // They meet where the way before waits for them, or a way that waits for them is made.
    if (warp.ways[warp.top].meets == step.meets) {
        --warp.top;
    } else {
        warp.ways[warp.top].at = step.meets;
    }
    while (left) {
        const u32 target = next[__builtin_ctz(left)];
        u32 going = 0;
        for (u32 lane = 0; lane < WARP; ++lane) going |= (u32)((left >> lane & 1) && next[lane] == target) << lane;
        left &= ~going;
        if (target == step.meets) continue;
        if (++warp.top == DEPTH) fail(block, TOO_DEEP, (u32)(&warp - block.warps) * WARP, step.line);
        warp.ways[warp.top] = {target, step.meets, going};
    }
}

// Runs a basic block of a warp. Whether there was one to run.
static bool advance(Block& block, const Code& code, u32 number, u8* registers, u64& issued, Loads& loads) {
    Warp& warp = block.warps[number];
    while (warp.top > 0 && (!warp.ways[warp.top].mask || warp.ways[warp.top].at == warp.ways[warp.top].meets)) --warp.top;
    const Way& way = warp.ways[warp.top];
    if (!way.mask || warp.waiting) return false;
    const u32 at = way.at, mask = way.mask;
    const Step& step = code.steps[at];
    u32 next[WARP];
    step.run(registers + code.register_bytes * number * WARP, block.threads + number * WARP, mask, next);
    ++block.launch->issued[at];
    block.launch->lanes[at] += __builtin_popcount(mask);
    issued += step.instructions;
    follow(block, warp, step.flow, loads);
    settle(block, step);
    if (step.waits) {
        if (mask != warp.alive) fail(block, TORN, number * WARP + __builtin_ctz(mask), step.line);
        warp.waiting = 1;
    }
    part(block, warp, step, code.count, mask, next);
    return true;
}

static void begin(Block& block, const Code& code, u32 warps) {
    const u32* size = block.launch->block;
    for (u32 i = 0; i < block.size; ++i) {
        block.threads[i] = {&block, i, i % size[0], i / size[0] % size[1], i / size[0] / size[1], 0};
    }
    for (u32 w = 0; w < warps; ++w) {
        Warp& warp = block.warps[w];
        const u32 lanes = block.size - w * WARP < WARP ? block.size - w * WARP : WARP;
        warp.alive = lanes == WARP ? ~0u : (1u << lanes) - 1;
        warp.top = warp.waiting = 0;
        warp.ways[0] = {0, ANY, warp.alive};
        memset(warp.asked, 0, sizeof warp.asked), memset(warp.arrived, 0, sizeof warp.arrived);
        memset(warp.registers, 0, sizeof(Pending) * code.registers);
    }
    if (block.cache.sets) block.cache.clear();
}

static void run_block(Block& block, const Code& code, u8* registers, u64& issued, Loads& loads) {
    const u32 warps = (block.size + WARP - 1) / WARP;
    begin(block, code, warps);
    for (bool going = true; going;) {
        going = false;
        for (u32 w = 0; w < warps; ++w) going |= advance(block, code, w, registers, issued, loads);
        if (going) continue;
        for (u32 w = 0; w < warps; ++w) {  // all that have not ended wait
            going |= block.warps[w].waiting;
            block.warps[w].waiting = 0;
        }
    }
}

template <class T> static T* many(u64 count, bool& all) {
    T* const made = static_cast<T*>(calloc(count ? count : 1, sizeof(T)));
    all = all && made;
    return made;
}

static void run_chosen(Block& block, const Code& code, u8* registers) {
    const Launch& launch = *block.launch;
    Loads& loads = *reinterpret_cast<Loads*>(launch.loads);
    if (_setjmp(block.failure)) return;
    for (u32 i = 0; i < launch.chosen_count; ++i) {
        const u64 number = launch.chosen[i];
        block.index[0] = number % launch.grid[0];
        block.index[1] = number / launch.grid[0] % launch.grid[1];
        block.index[2] = number / launch.grid[0] / launch.grid[1];
        run_block(block, code, registers, launch.issued_of_block[i], loads);
    }
}

// Runs the chosen blocks of a launch. What went wrong, if something did, is in the report.
static void run(const Code& code, const Launch* launch, Report* report) {
    Block block = {};
    block.launch = launch, block.report = report;
    block.size = launch->block[0] * launch->block[1] * launch->block[2];
    const u32 warps = (block.size + WARP - 1) / WARP;
    bool all = true;
    u8* const window = many<u8>(launch->shared_size + 256, all);
    block.shared = window + (256 - (u64)window % 256);
    block.given = many<u32>(launch->shared_size / WORD + 1, all);
    block.asked = many<Asked>(code.asked, all);
    block.cache.sets = launch->cache_lines / WAYS;
    block.cache.ways = many<Cache::Way>(block.cache.sets * WAYS, all);
    block.threads = many<Thread>(warps * WARP, all);
    block.warps = many<Warp>(warps, all);
    Pending* const pending = many<Pending>((u64)code.registers * warps, all);
    u8* const registers = many<u8>(code.register_bytes * warps * WARP, all);
    report->fault = all ? FINE : NO_MEMORY;
    for (u32 w = 0; all && w < warps; ++w) block.warps[w].registers = pending + (u64)code.registers * w;
    if (all) run_chosen(block, code, registers);
    free(registers), free(pending), free(block.warps), free(block.threads), free(block.cache.ways);
    free(block.asked), free(block.given), free(window);
}

}  // namespace ptx
