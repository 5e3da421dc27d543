// Blocks of threads, one after the other. A block's threads are fibers of one real thread, in their order from barrier to barrier, so
// that everything happens in the same order every time.
#pragma once

#include <ucontext.h>

#include "memory.hpp"

namespace ptx {

constexpr size_t STACK_BYTES = 1 << 17;  // of which a thread touches as much as it has registers
constexpr u32 WARP = 32;

typedef void (*Kernel)(Thread&);

// What a fiber that begins is to run; `makecontext` passes no pointers.
static thread_local Kernel beginning;
static thread_local Thread* beginner;

static void fiber() {
    Thread& self = *beginner;
    beginning(self);
    self.done = true;
    _longjmp(self.block->scheduler, 1);
}

// bar.sync: others run until all have come here.
__attribute__((noinline)) static void wait(Thread& self, u32 line) {
    self.waiting_at = line;
    if (!_setjmp(self.here)) _longjmp(self.block->scheduler, 1);
}

// Runs a thread until it waits or is done.
__attribute__((noinline)) static void advance(Thread& self, Kernel kernel, u8* stack) {
    if (_setjmp(self.block->scheduler)) return;
    if (self.begun) _longjmp(self.here, 1);
    self.begun = true;
    ucontext_t context;
    getcontext(&context);
    context.uc_stack.ss_sp = stack;
    context.uc_stack.ss_size = STACK_BYTES;
    context.uc_link = nullptr;
    beginning = kernel, beginner = &self;
    makecontext(&context, fiber, 0);
    setcontext(&context);
}

// Whether threads wait at a barrier that all have come to; fails if some never will, or threads of a warp wait at different ones.
static bool at_barrier(Block& block) {
    Thread *waiting = nullptr, *gone = nullptr;
    for (u32 i = 0; i < block.size; ++i) (block.threads[i].done ? gone : waiting) = &block.threads[i];
    if (!waiting) return false;
    if (gone) fail(*waiting, LEFT_BEHIND, waiting->waiting_at, GENERIC, READ, 0, -1, 0, gone->number + 1);
    for (u32 i = 0; i < block.size; ++i) {
        const Thread& first = block.threads[i / WARP * WARP];
        if (block.threads[i].waiting_at != first.waiting_at) {
            fail(block.threads[i], TORN, block.threads[i].waiting_at, GENERIC, READ, 0, -1, 0, first.number + 1);
        }
    }
    return true;
}

static void run_block(Block& block, Kernel kernel, bool barriers, u8* stacks) {
    const u32* size = block.launch->block;
    for (u32 i = 0; i < block.size; ++i) {
        Thread& thread = block.threads[i];
        thread.block = &block, thread.number = i, thread.begun = thread.done = false;
        thread.x = i % size[0], thread.y = i / size[0] % size[1], thread.z = i / size[0] / size[1];
    }
    do {
        ++block.phase;
        for (block.current = 0; block.current < block.size; ++block.current) {
            Thread& thread = block.threads[block.current];
            if (barriers) {
                advance(thread, kernel, stacks + STACK_BYTES * block.current);
            } else {
                kernel(thread);
            }
        }
    } while (barriers && at_barrier(block));
}

static void run_grid(Block& block, Kernel kernel, bool barriers, u8* stacks) {
    const Launch& launch = *block.launch;
    if (_setjmp(block.failure)) return;
    for (block.index[2] = 0; block.index[2] < launch.grid[2]; ++block.index[2]) {
        for (block.index[1] = 0; block.index[1] < launch.grid[1]; ++block.index[1]) {
            for (block.index[0] = 0; block.index[0] < launch.grid[0]; ++block.index[0]) {
                block.first_phase = block.phase + 1;
                run_block(block, kernel, barriers, stacks);
            }
        }
    }
}

template <class T> static T* many(u64 count, bool& all) {
    T* const made = static_cast<T*>(calloc(count ? count : 1, sizeof(T)));
    all = all && made;
    return made;
}

// Runs all blocks of a launch. What went wrong, if something did, is in the report.
static void run(Kernel kernel, bool barriers, const Launch* launch, Report* report) {
    Block block = {};
    block.launch = launch, block.report = report;
    block.size = launch->block[0] * launch->block[1] * launch->block[2];
    bool all = true;
    u8* const window = many<u8>(launch->shared_size + 256, all);
    block.shared = window + (256 - (u64)window % 256);
    block.shared_touched = many<Touched>(launch->shared_size, all);
    block.threads = many<Thread>(block.size, all);
    u8* const stacks = many<u8>(barriers ? STACK_BYTES * block.size : 0, all);
    for (u32 r = 0; r < launch->regions_count; ++r) {
        launch->regions[r].touched = many<Touched>(launch->regions[r].size, all);
    }
    report->fault = all ? FINE : NO_MEMORY;
    if (all) run_grid(block, kernel, barriers, stacks);
    for (u32 r = 0; r < launch->regions_count; ++r) free(launch->regions[r].touched);
    free(stacks), free(block.threads), free(block.shared_touched), free(window);
}

}  // namespace ptx
