/*
 * files.c - reading and writing files, overlapped and not, at offsets and through a port.
 */
#include "kit.h"

static OVERLAPPED at_offset(ULONGLONG offset)
{
    OVERLAPPED overlapped;
    memset(&overlapped, 0, sizeof overlapped);
    overlapped.Offset = (DWORD)offset;
    overlapped.OffsetHigh = (DWORD)(offset >> 32);
    return overlapped;
}

/** Starts a read or takes one that was done at once; either is right. */
static void must_read(HANDLE file, void *data, DWORD size, OVERLAPPED *overlapped)
{
    if (!ReadFile(file, data, size, NULL, overlapped)) {
        REQUIRE_EQ(ERROR_IO_PENDING, GetLastError());
    }
}

static void must_write(HANDLE file, const void *data, DWORD size, OVERLAPPED *overlapped)
{
    if (!WriteFile(file, data, size, NULL, overlapped)) {
        REQUIRE_EQ(ERROR_IO_PENDING, GetLastError());
    }
}

static HANDLE create_file(const char *name, DWORD flags)
{
    HANDLE file = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS, flags, NULL);
    REQUIRE(file != INVALID_HANDLE_VALUE);
    return file;
}

CASE(fact_18_reading_at_the_end_gives_38_through_the_port)
{
    char name[64], data[16];
    OVERLAPPED overlapped = at_offset(10);
    HANDLE port = new_port(0), file;
    create_pattern_file(name, 10);
    file = open_file(name, GENERIC_READ, FILE_FLAG_OVERLAPPED);
    associate(file, port, 4);
    EXPECT(!ReadFile(file, data, sizeof data, NULL, &overlapped));
    EXPECT_ERROR(ERROR_IO_PENDING);
    EXPECT_BAD(port, ERROR_HANDLE_EOF, 0, 4, &overlapped);
    overlapped = at_offset(1000); /* beyond it as well */
    EXPECT(!ReadFile(file, data, sizeof data, NULL, &overlapped));
    EXPECT_ERROR(ERROR_IO_PENDING);
    EXPECT_BAD(port, ERROR_HANDLE_EOF, 0, 4, &overlapped);
    EXPECT_NO_PACKET(port);
    CloseHandle(file);
    CloseHandle(port);
    remove(name);
}

CASE(files_reads_come_through_the_port)
{
    enum { SIZE = 100000, SLICE = 4096 };
    char name[64];
    unsigned char expected[SLICE], data[SLICE];
    HANDLE port = new_port(0), file;
    OVERLAPPED overlapped;
    DWORD total = 0;
    create_pattern_file(name, SIZE);
    file = open_file(name, GENERIC_READ, FILE_FLAG_OVERLAPPED);
    associate(file, port, 4);
    while (total < SIZE) {
        DWORD expect = SIZE - total < SLICE ? SIZE - total : SLICE;
        overlapped = at_offset(total);
        must_read(file, data, SLICE, &overlapped);
        EXPECT_GOOD(port, expect, 4, &overlapped); /* the last slice is a short one, not an error */
        for (DWORD i = 0; i < expect; i++) {
            expected[i] = pattern_byte(total + i);
        }
        EXPECT_BYTES(expected, data, expect);
        total += expect;
    }
    EXPECT_NO_PACKET(port);
    CloseHandle(file);
    CloseHandle(port);
    remove(name);
}

CASE(files_many_reads_at_once_give_one_packet_each)
{
    enum { COUNT = 32, SLICE = 512 };
    char name[64];
    static unsigned char data[COUNT][SLICE];
    OVERLAPPED overlapped[COUNT];
    HANDLE port = new_port(0), file;
    int seen[COUNT] = {0};
    create_pattern_file(name, COUNT * SLICE);
    file = open_file(name, GENERIC_READ, FILE_FLAG_OVERLAPPED);
    associate(file, port, 4);
    for (int i = 0; i < COUNT; i++) {
        overlapped[i] = at_offset((ULONGLONG)i * SLICE);
        must_read(file, data[i], SLICE, &overlapped[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        PACKET packet = take(port);
        EXPECT(packet.ok);
        EXPECT_EQ(SLICE, packet.bytes);
        REQUIRE(packet.overlapped >= overlapped && packet.overlapped < overlapped + COUNT);
        seen[packet.overlapped - overlapped]++;
    }
    for (int i = 0; i < COUNT; i++) {
        EXPECT_EQ(1, seen[i]);
        EXPECT_EQ(pattern_byte((size_t)i * SLICE), data[i][0]);
        EXPECT_EQ(pattern_byte((size_t)i * SLICE + SLICE - 1), data[i][SLICE - 1]);
    }
    CloseHandle(file);
    CloseHandle(port);
    remove(name);
}

CASE(files_writes_come_through_the_port_and_may_leave_holes)
{
    char name[64], data[16];
    static const char zeros[7];
    HANDLE port = new_port(0), file;
    OVERLAPPED first = at_offset(10), second = at_offset(0), reading = at_offset(0);
    LARGE_INTEGER size;
    temporary_name(name);
    file = create_file(name, FILE_FLAG_OVERLAPPED);
    associate(file, port, 4);
    must_write(file, "world", 5, &first);
    EXPECT_GOOD(port, 5, 4, &first);
    must_write(file, "abc", 3, &second);
    EXPECT_GOOD(port, 3, 4, &second);
    EXPECT(GetFileSizeEx(file, &size));
    EXPECT_EQ(15, size.QuadPart);
    must_read(file, data, sizeof data, &reading);
    EXPECT_GOOD(port, 15, 4, &reading);
    EXPECT_BYTES("abc", data, 3);
    EXPECT_BYTES(zeros, data + 3, 7);
    EXPECT_BYTES("world", data + 10, 5);
    CloseHandle(file);
    CloseHandle(port);
    remove(name);
}

CASE(files_offsets_have_64_bits)
{
    const ULONGLONG far_away = 0x100000005ULL;
    char name[64], data[4] = {0};
    HANDLE file;
    OVERLAPPED overlapped;
    LARGE_INTEGER size;
    DWORD bytes = 0;
    temporary_name(name);
    file = create_file(name, FILE_FLAG_OVERLAPPED);
    overlapped = at_offset(far_away);
    must_write(file, "far", 3, &overlapped);
    EXPECT(GetOverlappedResult(file, &overlapped, &bytes, TRUE));
    EXPECT_EQ(3, bytes);
    EXPECT(GetFileSizeEx(file, &size));
    EXPECT_EQ(far_away + 3, size.QuadPart);
    overlapped = at_offset(far_away + 1);
    must_read(file, data, sizeof data, &overlapped);
    EXPECT(GetOverlappedResult(file, &overlapped, &bytes, TRUE));
    EXPECT_EQ(2, bytes);
    EXPECT_BYTES("ar", data, 2);
    CloseHandle(file);
    remove(name);
}

CASE(files_overlapped_with_an_event)
{
    char name[64], data[16];
    HANDLE file;
    OVERLAPPED overlapped = at_offset(2);
    DWORD bytes = 0;
    create_pattern_file(name, 10);
    file = open_file(name, GENERIC_READ, FILE_FLAG_OVERLAPPED);
    overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    must_read(file, data, 4, &overlapped);
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(overlapped.hEvent, limit_ms()));
    EXPECT(GetOverlappedResult(file, &overlapped, &bytes, FALSE));
    EXPECT_EQ(4, bytes);
    EXPECT_EQ(pattern_byte(2), (unsigned char)data[0]);

    overlapped.Offset = 10; /* at the end: the event is set for failures too */
    if (!ReadFile(file, data, 4, NULL, &overlapped) && GetLastError() == ERROR_IO_PENDING) {
        EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(overlapped.hEvent, limit_ms()));
    }
    SetLastError(0);
    EXPECT(!GetOverlappedResult(file, &overlapped, &bytes, TRUE));
    EXPECT_ERROR(ERROR_HANDLE_EOF);
    EXPECT_EQ(0, bytes);
    CloseHandle(overlapped.hEvent);
    CloseHandle(file);
    remove(name);
}

CASE(files_a_low_bit_in_hEvent_suppresses_the_packet_of_a_read)
{
    char name[64], data[16];
    HANDLE port = new_port(0), file, event = CreateEventA(NULL, TRUE, FALSE, NULL);
    OVERLAPPED overlapped = at_offset(0);
    DWORD bytes = 0;
    create_pattern_file(name, 10);
    file = open_file(name, GENERIC_READ, FILE_FLAG_OVERLAPPED);
    associate(file, port, 4);
    overlapped.hEvent = (HANDLE)((ULONG_PTR)event | 1);
    must_read(file, data, sizeof data, &overlapped);
    EXPECT(GetOverlappedResult(file, &overlapped, &bytes, TRUE));
    EXPECT_EQ(10, bytes);
    EXPECT_NO_PACKET(port);
    CloseHandle(file);
    CloseHandle(port);
    CloseHandle(event);
    remove(name);
}

CASE(files_skip_on_success_suppresses_the_packet_of_an_immediate_read)
{
    char name[64], data[16];
    HANDLE port = new_port(0), file;
    OVERLAPPED overlapped = at_offset(0);
    DWORD bytes = 0;
    create_pattern_file(name, 10);
    file = open_file(name, GENERIC_READ, FILE_FLAG_OVERLAPPED);
    associate(file, port, 4);
    REQUIRE(SetFileCompletionNotificationModes(file, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    if (ReadFile(file, data, sizeof data, &bytes, &overlapped)) {
        EXPECT_EQ(10, bytes);
        EXPECT_NO_PACKET(port);
    } else {
        EXPECT_ERROR(ERROR_IO_PENDING);
        EXPECT_GOOD(port, 10, 4, &overlapped);
    }
    CloseHandle(file);
    CloseHandle(port);
    remove(name);
}

CASE(files_synchronous_reads_move_the_pointer)
{
    char name[64];
    unsigned char data[16];
    HANDLE file;
    DWORD bytes = 99;
    create_pattern_file(name, 10);
    file = open_file(name, GENERIC_READ, 0);
    EXPECT(ReadFile(file, data, 4, &bytes, NULL));
    EXPECT_EQ(4, bytes);
    EXPECT_EQ(pattern_byte(0), data[0]);
    EXPECT(ReadFile(file, data, sizeof data, &bytes, NULL));
    EXPECT_EQ(6, bytes);
    EXPECT_EQ(pattern_byte(4), data[0]);
    EXPECT(ReadFile(file, data, sizeof data, &bytes, NULL)); /* the end: true and nothing */
    EXPECT_EQ(0, bytes);
    CloseHandle(file);
    remove(name);
}

CASE(files_a_synchronous_handle_takes_an_offset_too)
{
    char name[64];
    unsigned char data[16];
    HANDLE file;
    OVERLAPPED overlapped = at_offset(3);
    DWORD bytes = 99;
    create_pattern_file(name, 10);
    file = open_file(name, GENERIC_READ, 0);
    EXPECT(ReadFile(file, data, 4, &bytes, &overlapped));
    EXPECT_EQ(4, bytes);
    EXPECT_EQ(pattern_byte(3), data[0]);
    EXPECT(ReadFile(file, data, 1, &bytes, NULL)); /* and the pointer stands behind what was read */
    EXPECT_EQ(pattern_byte(7), data[0]);
    overlapped = at_offset(10);
    SetLastError(0);
    EXPECT(!ReadFile(file, data, 4, &bytes, &overlapped));
    EXPECT_ERROR(ERROR_HANDLE_EOF);
    EXPECT_EQ(0, bytes);
    CloseHandle(file);
    remove(name);
}

CASE(files_synchronous_writes_and_seeks)
{
    char name[64], data[8] = {0};
    HANDLE file;
    LARGE_INTEGER to, now;
    DWORD bytes = 99;
    temporary_name(name);
    file = create_file(name, 0);
    EXPECT(WriteFile(file, "abcdef", 6, &bytes, NULL));
    EXPECT_EQ(6, bytes);
    to.QuadPart = 2;
    EXPECT(SetFilePointerEx(file, to, &now, FILE_BEGIN));
    EXPECT_EQ(2, now.QuadPart);
    EXPECT(WriteFile(file, "XY", 2, &bytes, NULL));
    to.QuadPart = -1;
    EXPECT(SetFilePointerEx(file, to, &now, FILE_CURRENT));
    EXPECT_EQ(3, now.QuadPart);
    to.QuadPart = -6;
    EXPECT(SetFilePointerEx(file, to, NULL, FILE_END));
    EXPECT(ReadFile(file, data, sizeof data, &bytes, NULL));
    EXPECT_EQ(6, bytes);
    EXPECT_BYTES("abXYef", data, 6);
    to.QuadPart = -1;
    SetLastError(0);
    EXPECT(!SetFilePointerEx(file, to, NULL, FILE_BEGIN));
    EXPECT_ERROR(ERROR_NEGATIVE_SEEK);
    EXPECT(WriteFile(file, data, 0, &bytes, NULL));
    EXPECT_EQ(0, bytes);
    CloseHandle(file);
    remove(name);
}

CASE(files_can_be_cut_and_lengthened)
{
    char name[64];
    HANDLE file;
    LARGE_INTEGER to;
    create_pattern_file(name, 10);
    file = open_file(name, GENERIC_READ | GENERIC_WRITE, 0);
    to.QuadPart = 4;
    EXPECT(SetFilePointerEx(file, to, NULL, FILE_BEGIN));
    EXPECT(SetEndOfFile(file));
    EXPECT(GetFileSizeEx(file, &to));
    EXPECT_EQ(4, to.QuadPart);
    to.QuadPart = 20;
    EXPECT(SetFilePointerEx(file, to, NULL, FILE_BEGIN));
    EXPECT(SetEndOfFile(file));
    EXPECT(GetFileSizeEx(file, &to));
    EXPECT_EQ(20, to.QuadPart);
    EXPECT(FlushFileBuffers(file));
    CloseHandle(file);
    remove(name);
}

CASE(files_a_file_that_shrank_gives_a_short_read_and_then_38)
{
    char name[64], data[16];
    HANDLE port = new_port(0), file, writer;
    OVERLAPPED overlapped = at_offset(2);
    LARGE_INTEGER to;
    create_pattern_file(name, 10);
    file = open_file(name, GENERIC_READ, FILE_FLAG_OVERLAPPED);
    associate(file, port, 4);
    writer = open_file(name, GENERIC_WRITE, 0);
    to.QuadPart = 5;
    REQUIRE(SetFilePointerEx(writer, to, NULL, FILE_BEGIN));
    REQUIRE(SetEndOfFile(writer));
    must_read(file, data, 8, &overlapped);
    EXPECT_GOOD(port, 3, 4, &overlapped);
    overlapped = at_offset(5);
    must_read(file, data, 8, &overlapped);
    EXPECT_BAD(port, ERROR_HANDLE_EOF, 0, 4, &overlapped);
    CloseHandle(writer);
    CloseHandle(file);
    CloseHandle(port);
    remove(name);
}

/** Opens a file that exists. @return 0, or the error */
static DWORD try_open(const char *name, DWORD access, DWORD share, DWORD disposition, HANDLE *file)
{
    *file = CreateFileA(name, access, share, NULL, disposition, 0, NULL);
    return *file == INVALID_HANDLE_VALUE ? GetLastError() : 0;
}

CASE(files_share_modes_bind_in_both_directions)
{
    static const struct {
        DWORD access, share, then_access, then_share, error;
    } rows[] = {
        {GENERIC_READ, FILE_SHARE_READ, GENERIC_READ, FILE_SHARE_READ, 0},
        {GENERIC_READ, 0, GENERIC_READ, FILE_SHARE_READ, ERROR_SHARING_VIOLATION},
        {GENERIC_READ, FILE_SHARE_READ, GENERIC_READ, 0, ERROR_SHARING_VIOLATION},
        {GENERIC_READ, FILE_SHARE_READ, GENERIC_WRITE, FILE_SHARE_READ, ERROR_SHARING_VIOLATION},
        {GENERIC_WRITE, FILE_SHARE_READ, GENERIC_READ, FILE_SHARE_READ, ERROR_SHARING_VIOLATION},
        {GENERIC_WRITE, FILE_SHARE_READ, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, 0},
        {GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, GENERIC_WRITE, FILE_SHARE_READ, 0},
        {GENERIC_READ, FILE_SHARE_READ, DELETE, FILE_SHARE_READ, ERROR_SHARING_VIOLATION},
        {GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, DELETE, FILE_SHARE_READ, 0},
        {GENERIC_READ, 0, FILE_READ_ATTRIBUTES, 0, 0},
    };
    char name[64];
    HANDLE first, second;
    create_pattern_file(name, 10);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        REQUIRE_EQ(0, try_open(name, rows[i].access, rows[i].share, OPEN_EXISTING, &first));
        EXPECT_EQ(rows[i].error, try_open(name, rows[i].then_access, rows[i].then_share, OPEN_EXISTING, &second));
        if (second != INVALID_HANDLE_VALUE) {
            CloseHandle(second);
        }
        CloseHandle(first);
    }
    /* The last close gives the file back. */
    EXPECT_EQ(0, try_open(name, GENERIC_READ | GENERIC_WRITE, 0, OPEN_EXISTING, &first));
    CloseHandle(first);
    remove(name);
}

CASE(files_a_refused_open_leaves_the_file_as_it_is)
{
    char name[64];
    HANDLE first, second;
    create_pattern_file(name, 10);
    REQUIRE_EQ(0, try_open(name, GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, &first));
    EXPECT_EQ(ERROR_SHARING_VIOLATION, try_open(name, GENERIC_WRITE, FILE_SHARE_READ, CREATE_ALWAYS, &second));
    EXPECT_EQ(ERROR_SHARING_VIOLATION, try_open(name, GENERIC_WRITE, FILE_SHARE_READ, TRUNCATE_EXISTING, &second));
    EXPECT_EQ(10, GetFileSize(first, NULL));
    CloseHandle(first);
    EXPECT_EQ(0, try_open(name, GENERIC_WRITE, 0, CREATE_ALWAYS, &second));
    EXPECT_EQ(0, GetFileSize(second, NULL));
    CloseHandle(second);
    remove(name);
}

CASE(files_emptying_counts_as_writing)
{
    char name[64];
    HANDLE first, second;
    create_pattern_file(name, 10);
    WINE_DIFFERS("it asks only whether the new handle itself may write");
    REQUIRE_EQ(0, try_open(name, GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, &first));
    EXPECT_EQ(ERROR_SHARING_VIOLATION, try_open(name, GENERIC_READ, FILE_SHARE_READ, CREATE_ALWAYS, &second));
    EXPECT_EQ(10, GetFileSize(first, NULL));
    CloseHandle(first);
    EXPECT_EQ(0, try_open(name, GENERIC_READ, FILE_SHARE_READ, CREATE_ALWAYS, &second));
    EXPECT_EQ(0, GetFileSize(second, NULL));
    /* The handle that was left may only read, so it keeps no other reader out. */
    EXPECT_EQ(0, try_open(name, GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, &first));
    CloseHandle(first);
    CloseHandle(second);
    remove(name);
}

CASE(files_an_open_file_is_not_deleted_or_renamed_unless_it_shares_that)
{
    char name[64], other[64];
    HANDLE file;
    create_pattern_file(name, 10);
    create_pattern_file(other, 10);
    REQUIRE_EQ(0, try_open(name, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, OPEN_EXISTING, &file));
    EXPECT(!DeleteFileA(name));
    EXPECT_ERROR(ERROR_SHARING_VIOLATION);
    EXPECT(!MoveFileExA(name, other, MOVEFILE_REPLACE_EXISTING));
    EXPECT_ERROR(ERROR_SHARING_VIOLATION);
    EXPECT(!MoveFileExA(other, name, MOVEFILE_REPLACE_EXISTING));
    EXPECT_ERROR(ERROR_ACCESS_DENIED);
    CloseHandle(file);
    EXPECT(MoveFileExA(other, name, MOVEFILE_REPLACE_EXISTING));
    REQUIRE_EQ(0, try_open(name, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, OPEN_EXISTING, &file));
    EXPECT(MoveFileExA(name, other, 0));
    EXPECT(DeleteFileA(other));
    CloseHandle(file);
    EXPECT_EQ(INVALID_FILE_ATTRIBUTES, GetFileAttributesA(other));
}

const TEST_CASE files_cases[] = {
    TEST(fact_18_reading_at_the_end_gives_38_through_the_port),
    TEST(files_reads_come_through_the_port),
    TEST(files_many_reads_at_once_give_one_packet_each),
    TEST(files_writes_come_through_the_port_and_may_leave_holes),
    TEST(files_offsets_have_64_bits),
    TEST(files_overlapped_with_an_event),
    TEST(files_a_low_bit_in_hEvent_suppresses_the_packet_of_a_read),
    TEST(files_skip_on_success_suppresses_the_packet_of_an_immediate_read),
    TEST(files_synchronous_reads_move_the_pointer),
    TEST(files_a_synchronous_handle_takes_an_offset_too),
    TEST(files_synchronous_writes_and_seeks),
    TEST(files_can_be_cut_and_lengthened),
    TEST(files_a_file_that_shrank_gives_a_short_read_and_then_38),
    TEST(files_share_modes_bind_in_both_directions),
    TEST(files_a_refused_open_leaves_the_file_as_it_is),
    TEST(files_emptying_counts_as_writing),
    TEST(files_an_open_file_is_not_deleted_or_renamed_unless_it_shares_that),
    END_OF_CASES,
};
