// The CUDA kernel: UTF-8 text -> shingles -> SHA-1 -> affine permutations -> minima, identical to kernel.py.
//
// A piece is a stretch of one text, so that a long text is shared by many blocks and a short one costs one. The threads
// of a block first hash the shingles that begin in a tile of the piece, one byte each; then every thread goes through
// the tile's hashes for the permutations that are its own. SHINGLE, the state and the keys of SHA-1 are given by the
// host. Nothing here needs more than C++ and the built-in names of CUDA, so that the same lines run under a C++ compiler.

typedef unsigned int word;
typedef unsigned long long place;

#define TILE 256

struct Piece {
    place start, end;  // bytes in which shingles begin
    place first, stop; // of the whole text
    place text;
};

__device__ inline word rotated(word x, int n) { return (x << n) | (x >> (32 - n)); }

__device__ inline bool begins(unsigned char byte) { return (byte & 0xC0) != 0x80; }

// End of the shingle that begins at a place; 0 where the text ends before it, unless the whole text is shorter.
__device__ inline place shingle_end(const unsigned char *data, place start, place first, place stop) {
    place end = start;
    for (int characters = 0; characters < SHINGLE; characters++) {
        if (end == stop) return start == first ? stop : 0;
        do end++; while (end < stop && !begins(data[end]));
    }
    return end;
}

// The first word of the SHA-1 of at most 20 bytes, as datasketch reads it, through the finaliser of MurmurHash3.
__device__ inline word shingle_hash(const unsigned char *data, place start, place end) {
    word w[16]; // every index is known when the loops are unrolled, so that the words stay in registers
    int length = (int)(end - start);
#pragma unroll
    for (int i = 0; i < 16; i++) w[i] = 0;
#pragma unroll
    for (int i = 0; i < 4 * SHINGLE + 1; i++) {
        word byte = i < length ? data[start + i] : i == length ? 0x80u : 0;
        w[i >> 2] |= byte << (24 - 8 * (i & 3));
    }
    w[15] = 8 * length;
    word a = START0, b = START1, c = START2, d = START3, e = START4;
#pragma unroll
    for (int t = 0; t < 80; t++) {
        if (t >= 16) w[t & 15] = rotated(w[(t - 3) & 15] ^ w[(t - 8) & 15] ^ w[(t - 14) & 15] ^ w[t & 15], 1);
        word f = t < 20 ? d ^ (b & (c ^ d)) : t < 40 || t >= 60 ? b ^ c ^ d : (b & c) | (d & (b | c));
        word k = t < 20 ? KEY0 : t < 40 ? KEY1 : t < 60 ? KEY2 : KEY3;
        word x = rotated(a, 5) + f + e + k + w[t & 15];
        e = d; d = c; c = rotated(b, 30); b = a; a = x;
    }
    word h = a + START0;
    h = (h << 24) | ((h & 0xFF00u) << 8) | ((h >> 8) & 0xFF00u) | (h >> 24);
    h = (h ^ (h >> 16)) * 0x85EBCA6Bu;
    h = (h ^ (h >> 13)) * 0xC2B2AE35u;
    return h ^ (h >> 16);
}

// One block per piece. `minima` (texts x permutations) holds the signature of the empty set before the first launch.
extern "C" __global__ void sign(const unsigned char *data, const Piece *pieces, const word *factors, const word *terms,
                                int permutations, word *minima) {
    __shared__ word hashes[TILE];
    __shared__ int count;
    const Piece piece = pieces[blockIdx.x];
    for (place tile = piece.start; tile < piece.end; tile += TILE) {
        if (threadIdx.x == 0) count = 0;
        __syncthreads();
        for (place at = tile + threadIdx.x; at < tile + TILE && at < piece.end; at += blockDim.x) {
            if (!begins(data[at])) continue;
            place end = shingle_end(data, at, piece.first, piece.stop);
            if (end) hashes[atomicAdd(&count, 1)] = shingle_hash(data, at, end);
        }
        __syncthreads();
        for (int k = threadIdx.x; k < permutations; k += blockDim.x) {
            word least = 0xFFFFFFFFu, factor = factors[k], term = terms[k];
            for (int i = 0; i < count; i++) {
                word value = factor * hashes[i] + term;
                least = value < least ? value : least;
            }
            atomicMin(&minima[piece.text * permutations + k], least);
        }
        __syncthreads();
    }
}
