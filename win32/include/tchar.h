/**
 * @file tchar.h
 * Text mappings for programs written against TCHAR, which is char here.
 */
#ifndef WIN32_TCHAR_H
#define WIN32_TCHAR_H

#include <stdio.h>
#include "windef.h"

#define _tmain main
#define _tprintf printf
#define _ftprintf fprintf
#define _tcslen strlen
#define _tcscmp strcmp
#define _ttoi atoi

#endif
