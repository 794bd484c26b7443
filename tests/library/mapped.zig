//! A step that has its file shown in places from zig's allocator, again and again, among memory that is its own. Its exit status
//! is 42 if what it sees is the file and what is its own stays so. It is built by the test `mapped`.

const std = @import("std");

extern "crunchbox_v1" fn input_size(name: [*]const u8, name_bytes: usize) i64;
extern "crunchbox_v1" fn map_input(name: [*]const u8, name_bytes: usize, address: [*]u8, length: usize) i32;
extern "crunchbox_v1" fn unmap_input(address: [*]u8, length: usize) i32;

const name = "00000000-0000-4000-8000-000000000001_x";
const place_bytes = 65536;

fn check(holds: bool, status: u8) void {
    if (!holds) std.process.exit(status);
}

fn isFile(bytes: []const u8) bool {
    for (bytes, 0..) |byte, n| {
        if (byte != n % 251) return false;
    }
    return true;
}

fn isAll(bytes: []const u8, value: u8) bool {
    for (bytes) |byte| {
        if (byte != value) return false;
    }
    return true;
}

pub fn main() !void {
    const allocator = std.heap.wasm_allocator;
    const size: usize = @intCast(input_size(name, name.len));
    check(size == 3_000_000, 2);
    const taken = std.mem.alignForward(usize, size, place_bytes);
    var round: u8 = 0;
    while (round < 20) : (round += 1) {
        const before = try allocator.alloc(u8, 100_000);
        @memset(before, round +% 1);
        const place = try allocator.alignedAlloc(u8, .fromByteUnits(place_bytes), taken);
        const behind = try allocator.alloc(u8, 100_000);
        @memset(behind, round +% 2);
        check(map_input(name, name.len, place.ptr, size) == 0, 3);
        // The heap grows and shrinks while the file is there.
        const between = try allocator.alloc(u8, 5_000_000);
        @memset(between, round +% 3);
        check(isFile(place[0..size]), 4);
        check(isAll(before, round +% 1) and isAll(behind, round +% 2) and isAll(between, round +% 3), 5);
        allocator.free(between);
        check(unmap_input(place.ptr, size) == 0, 6);
        check(isAll(place[0..size], 0), 7);
        // It is the allocator's again, to be given to whoever asks.
        @memset(place, 0xaa);
        allocator.free(place);
        check(isAll(before, round +% 1) and isAll(behind, round +% 2), 8);
        allocator.free(before);
        if (round % 2 == 0) allocator.free(behind);
    }
    std.process.exit(42);
}
