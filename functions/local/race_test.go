//go:build race

package main

// raced is 1 where the race detector runs.
const raced = 1
