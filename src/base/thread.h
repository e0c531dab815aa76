/*
 * What a thread is for, said to the kernel.
 */
#pragma once

/* This thread mostly sleeps, is short when it runs, and somebody waits for it: it need not wait for
 * the end of others' turns on the same core. Linux before 6.12 knows no such wish. */
void thread_is_short(void);
