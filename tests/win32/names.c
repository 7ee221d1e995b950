/*
 * names.c - opening, creating, replacing and removing files by name, and the errors of that; file mappings.
 */
#include "kit.h"

static void expect_open_fails(const char *name, DWORD access, DWORD disposition, DWORD error)
{
    SetLastError(0);
    EXPECT_EQ((LONG_PTR)INVALID_HANDLE_VALUE,
              (LONG_PTR)CreateFileA(name, access, FILE_SHARE_READ, NULL, disposition, 0, NULL));
    EXPECT_ERROR(error);
}

CASE(names_what_is_not_there)
{
    char name[64], below[80];
    temporary_name(name);
    expect_open_fails(name, GENERIC_READ, OPEN_EXISTING, ERROR_FILE_NOT_FOUND);
    expect_open_fails(name, GENERIC_WRITE, TRUNCATE_EXISTING, ERROR_FILE_NOT_FOUND);
    snprintf(below, sizeof below, "%s/file", name);
    expect_open_fails(below, GENERIC_READ, OPEN_EXISTING, ERROR_PATH_NOT_FOUND);
    expect_open_fails(below, GENERIC_WRITE, CREATE_ALWAYS, ERROR_PATH_NOT_FOUND);
    SetLastError(0);
    EXPECT(!DeleteFileA(name));
    EXPECT_ERROR(ERROR_FILE_NOT_FOUND);
    SetLastError(0);
    EXPECT_EQ(INVALID_FILE_ATTRIBUTES, GetFileAttributesA(name));
    EXPECT_ERROR(ERROR_FILE_NOT_FOUND);
}

CASE(names_a_folder_is_not_opened_as_a_file)
{
    char name[64];
    temporary_name(name);
    REQUIRE(CreateDirectoryA(name, NULL));
    expect_open_fails(name, GENERIC_READ, OPEN_EXISTING, ERROR_ACCESS_DENIED);
    SetLastError(0);
    EXPECT(!CreateDirectoryA(name, NULL));
    EXPECT_ERROR(ERROR_ALREADY_EXISTS);
    EXPECT_EQ(FILE_ATTRIBUTE_DIRECTORY, GetFileAttributesA(name) & FILE_ATTRIBUTE_DIRECTORY);
    EXPECT(RemoveDirectoryA(name));
    EXPECT_EQ(INVALID_FILE_ATTRIBUTES, GetFileAttributesA(name));
}

static DWORD error_of_open(const char *name, DWORD disposition)
{
    DWORD error;
    HANDLE file;
    SetLastError(UNTOUCHED_ERROR);
    file = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, disposition, 0, NULL);
    error = GetLastError();
    REQUIRE(file != INVALID_HANDLE_VALUE);
    CloseHandle(file);
    return error;
}

CASE(names_the_five_dispositions)
{
    char name[64];
    temporary_name(name);
    error_of_open(name, CREATE_NEW);
    expect_open_fails(name, GENERIC_WRITE, CREATE_NEW, ERROR_FILE_EXISTS);
    EXPECT_EQ(ERROR_ALREADY_EXISTS, error_of_open(name, CREATE_ALWAYS)); /* a success that tells */
    EXPECT_EQ(ERROR_ALREADY_EXISTS, error_of_open(name, OPEN_ALWAYS));
    error_of_open(name, OPEN_EXISTING);
    error_of_open(name, TRUNCATE_EXISTING);
    EXPECT(DeleteFileA(name));
    EXPECT_EQ(0, error_of_open(name, OPEN_ALWAYS));
    EXPECT(DeleteFileA(name));
    EXPECT_EQ(0, error_of_open(name, CREATE_ALWAYS));
    EXPECT(DeleteFileA(name));
}

CASE(names_create_always_empties_and_open_always_does_not)
{
    char name[64];
    HANDLE file;
    LARGE_INTEGER size;
    create_pattern_file(name, 10);
    error_of_open(name, OPEN_ALWAYS);
    file = open_file(name, GENERIC_READ, 0);
    EXPECT(GetFileSizeEx(file, &size));
    EXPECT_EQ(10, size.QuadPart);
    EXPECT_EQ(FILE_TYPE_DISK, GetFileType(file));
    CloseHandle(file);
    error_of_open(name, CREATE_ALWAYS);
    file = open_file(name, GENERIC_READ, 0);
    EXPECT(GetFileSizeEx(file, &size));
    EXPECT_EQ(0, size.QuadPart);
    CloseHandle(file);
    remove(name);
}

CASE(names_access_must_have_been_asked_for)
{
    char name[64], data[4] = "abc";
    HANDLE reader, writer;
    DWORD bytes = 7;
    create_pattern_file(name, 10);
    reader = open_file(name, GENERIC_READ, 0);
    SetLastError(0);
    EXPECT(!WriteFile(reader, data, 3, &bytes, NULL));
    EXPECT_ERROR(ERROR_ACCESS_DENIED);
    EXPECT_EQ(0, bytes);
    CloseHandle(reader);
    writer = open_file(name, GENERIC_WRITE, 0);
    SetLastError(0);
    EXPECT(!ReadFile(writer, data, 3, &bytes, NULL));
    EXPECT_ERROR(ERROR_ACCESS_DENIED);
    CloseHandle(writer);
    remove(name);
}

CASE(names_bad_handles_give_6)
{
    char name[64], data[4];
    OVERLAPPED overlapped = {0};
    LARGE_INTEGER size;
    HANDLE file;
    DWORD bytes;
    create_pattern_file(name, 10);
    file = open_file(name, GENERIC_READ, 0);
    EXPECT(CloseHandle(file));
    SetLastError(0);
    EXPECT(!ReadFile(file, data, 1, &bytes, NULL));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    SetLastError(0);
    EXPECT(!WriteFile(file, data, 1, &bytes, &overlapped));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    SetLastError(0);
    EXPECT(!GetFileSizeEx(file, &size));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    SetLastError(0);
    EXPECT(!CloseHandle(file));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    remove(name);
}

CASE(names_are_utf_8)
{
    /* On Windows that takes the UTF-8 code page, which a program asks for in its manifest. Without it the same bytes are
       several other characters, and the round trip below works just as well. */
    char name[80], short_name[64];
    WIN32_FILE_ATTRIBUTE_DATA data;
    temporary_name(short_name);
    snprintf(name, sizeof name, "\xC3\xA9t\xC3\xA9-%s", short_name);
    error_of_open(name, CREATE_NEW);
    EXPECT(GetFileAttributesExA(name, GetFileExInfoStandard, &data));
    EXPECT_EQ(0, data.nFileSizeLow);
    EXPECT(DeleteFileA(name));
}

CASE(names_one_file_takes_the_place_of_another)
{
    char from[64], to[64];
    HANDLE file;
    LARGE_INTEGER size;
    create_pattern_file(from, 20);
    create_pattern_file(to, 10);
    SetLastError(0);
    EXPECT(!MoveFileExA(from, to, 0));
    EXPECT_ERROR(ERROR_ALREADY_EXISTS);
    EXPECT(MoveFileExA(from, to, MOVEFILE_REPLACE_EXISTING));
    file = open_file(to, GENERIC_READ, 0);
    EXPECT(GetFileSizeEx(file, &size));
    EXPECT_EQ(20, size.QuadPart);
    CloseHandle(file);
    EXPECT_EQ(INVALID_FILE_ATTRIBUTES, GetFileAttributesA(from));
    EXPECT(DeleteFileA(to));
    EXPECT(!MoveFileExA(from, to, 0));
    EXPECT_ERROR(ERROR_FILE_NOT_FOUND);
}

CASE(names_attributes_tell_size_and_kind)
{
    char name[64];
    WIN32_FILE_ATTRIBUTE_DATA data;
    BY_HANDLE_FILE_INFORMATION information;
    HANDLE file;
    create_pattern_file(name, 1234);
    EXPECT_EQ(0, GetFileAttributesA(name) & FILE_ATTRIBUTE_DIRECTORY);
    EXPECT(GetFileAttributesExA(name, GetFileExInfoStandard, &data));
    EXPECT_EQ(1234, data.nFileSizeLow);
    EXPECT_EQ(0, data.nFileSizeHigh);
    file = open_file(name, GENERIC_READ, 0);
    EXPECT(GetFileInformationByHandle(file, &information));
    EXPECT_EQ(1234, information.nFileSizeLow);
    EXPECT_EQ(0, CompareFileTime(&information.ftLastWriteTime, &data.ftLastWriteTime));
    CloseHandle(file);
    remove(name);
}

/* ---- mappings ---- */

CASE(mapping_shows_the_file)
{
    enum { SIZE = 100000 };
    char name[64];
    HANDLE file, mapping;
    const unsigned char *view;
    int wrong = 0;
    create_pattern_file(name, SIZE);
    file = open_file(name, GENERIC_READ, 0);
    mapping = CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL);
    REQUIRE(mapping != NULL);
    view = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
    REQUIRE(view != NULL);
    EXPECT(CloseHandle(mapping)); /* the view keeps what it needs */
    EXPECT(CloseHandle(file));
    for (size_t i = 0; i < SIZE; i++) {
        wrong += view[i] != pattern_byte(i);
    }
    EXPECT_EQ(0, wrong);
    EXPECT(UnmapViewOfFile(view));
    remove(name);
}

CASE(mapping_parts_start_at_the_granularity)
{
    char name[64];
    HANDLE file, mapping;
    const unsigned char *view;
    SYSTEM_INFO system;
    DWORD grain;
    GetSystemInfo(&system);
    grain = system.dwAllocationGranularity;
    create_pattern_file(name, grain + 10);
    file = open_file(name, GENERIC_READ, 0);
    mapping = CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL);
    REQUIRE(mapping != NULL);
    view = MapViewOfFile(mapping, FILE_MAP_READ, 0, grain, 10);
    REQUIRE(view != NULL);
    EXPECT_EQ(pattern_byte(grain), view[0]);
    EXPECT_EQ(pattern_byte(grain + 9), view[9]);
    EXPECT(UnmapViewOfFile(view));
    SetLastError(0);
    EXPECT(MapViewOfFile(mapping, FILE_MAP_READ, 0, 1, 10) == NULL);
    EXPECT_ERROR(ERROR_MAPPED_ALIGNMENT);
    CloseHandle(mapping);
    CloseHandle(file);
    remove(name);
}

CASE(mapping_writes_reach_the_file)
{
    char name[64], data[4] = {0};
    HANDLE file, mapping;
    unsigned char *view;
    DWORD bytes;
    create_pattern_file(name, 10);
    file = open_file(name, GENERIC_READ | GENERIC_WRITE, 0);
    mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    REQUIRE(mapping != NULL);
    view = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0);
    REQUIRE(view != NULL);
    memcpy(view, "new", 3);
    EXPECT(UnmapViewOfFile(view));
    EXPECT(ReadFile(file, data, 3, &bytes, NULL));
    EXPECT_BYTES("new", data, 3);
    CloseHandle(mapping);
    CloseHandle(file);
    remove(name);
}

CASE(mapping_an_empty_file_gives_1006)
{
    char name[64];
    HANDLE file;
    create_pattern_file(name, 0);
    file = open_file(name, GENERIC_READ, 0);
    SetLastError(0);
    EXPECT_PTR(NULL, CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL));
    EXPECT_ERROR(ERROR_FILE_INVALID);
    CloseHandle(file);
    remove(name);
}

const TEST_CASE names_cases[] = {
    TEST(names_what_is_not_there),
    TEST(names_a_folder_is_not_opened_as_a_file),
    TEST(names_the_five_dispositions),
    TEST(names_create_always_empties_and_open_always_does_not),
    TEST(names_access_must_have_been_asked_for),
    TEST(names_bad_handles_give_6),
    TEST(names_are_utf_8),
    TEST(names_one_file_takes_the_place_of_another),
    TEST(names_attributes_tell_size_and_kind),
    TEST(mapping_shows_the_file),
    TEST(mapping_parts_start_at_the_granularity),
    TEST(mapping_writes_reach_the_file),
    TEST(mapping_an_empty_file_gives_1006),
    END_OF_CASES,
};
