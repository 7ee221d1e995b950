/**
 * @file attributes.h
 * The host's facts about a file, in Windows' form.
 */
#ifndef ATTRIBUTES_H
#define ATTRIBUTES_H

#include "../host/host.h"
#include "../include/windows.h"

/** FILE_ATTRIBUTE_… bits. Files carry ARCHIVE, as every new file on Windows does. */
DWORD attributes_of(const host_file_information *information);
void attributes_describe(const host_file_information *information, WIN32_FILE_ATTRIBUTE_DATA *data);

#endif
