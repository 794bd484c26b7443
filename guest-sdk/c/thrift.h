/* Numbers of Thrift's binary protocol, and of Crunchbox's JSON struct in it. */
#ifndef CRUNCHBOX_THRIFT_H
#define CRUNCHBOX_THRIFT_H

enum {
    T_STOP = 0,
    T_BOOL = 2,
    T_BYTE = 3,
    T_DOUBLE = 4,
    T_I16 = 6,
    T_I32 = 8,
    T_I64 = 10,
    T_STRING = 11,
    T_STRUCT = 12,
    T_MAP = 13,
    T_SET = 14,
    T_LIST = 15,
    T_UUID = 16
};

/* Fields of Json. A struct with none of them is JSON's null. */
enum { JSON_TEXT = 1, JSON_INT = 2, JSON_DOUBLE = 3, JSON_BOOL = 4, JSON_LIST = 5, JSON_MAP = 6 };

#endif
