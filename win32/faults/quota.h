/**
 * @file quota.h
 * A model of two resources that Windows keeps scarce: the non-paged pool, and pages locked under pending buffers.
 *
 * The figures are those of the course: about 2 KB of non-paged pool for a connected socket, 1.5 KB for an accepted one,
 * 500 bytes for each operation that is out; and the 4 KiB pages under every buffer of such an operation, a page that
 * several of them share counted once.
 */
#ifndef QUOTA_H
#define QUOTA_H

#include "../object/port.h"

/** Past these nothing more is granted. Set before use. */
void quota_limits(uint64_t nonpaged, uint64_t locked);

bool quota_take_pool(uint32_t bytes);
void quota_give_pool(uint32_t bytes);
void quota_count_connection(int change);

/** Takes what an operation needs. @return false: past a quota, nothing taken */
bool quota_take_operation(op *record);
void quota_give_operation(op *record);

/** One line about the peaks. */
void quota_report(char *text, size_t size);

#endif
