// A block of CUDA threads on a CPU: a thread each, meeting at a barrier. It runs the kernel's own lines.
#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#define __device__
#define __global__
#define __shared__ static

constexpr unsigned BLOCK = 8;
struct Three { unsigned x; };
static thread_local Three threadIdx;
static Three blockIdx, blockDim{BLOCK};
static std::barrier<> meeting(BLOCK);

static void __syncthreads() { meeting.arrive_and_wait(); }
static int atomicAdd(int *where, int by) { return std::atomic_ref<int>(*where).fetch_add(by); }
static void atomicMin(unsigned *where, unsigned value) {
    std::atomic_ref<unsigned> here(*where);
    unsigned old = here.load();
    while (value < old && !here.compare_exchange_weak(old, value)) {}
}

#include KERNEL

extern "C" void emulate(const unsigned char *data, const Piece *pieces, int count, const word *factors,
                        const word *terms, int permutations, word *minima) {
    for (int piece = 0; piece < count; piece++) {
        blockIdx.x = piece;
        std::vector<std::thread> threads;
        for (unsigned n = 0; n < BLOCK; n++)
            threads.emplace_back([=] { threadIdx.x = n; sign(data, pieces, factors, terms, permutations, minima); });
        for (auto &thread : threads) thread.join();
    }
}
