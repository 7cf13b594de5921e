// Package repository holds tests of the repository itself: its scripts and documents name things that exist.
package repository
