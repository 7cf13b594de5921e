package cli

import (
	"errors"
	"time"

	"github.com/spf13/pflag"
)

// optional returns an optional field of a request: nil for the zero value, which lets the manager use its default.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// given returns the value of a flag whose zero value has a meaning: nil when the flag was not given.
func given[T any](set *pflag.FlagSet, flag string, v T) *T {
	if !set.Changed(flag) {
		return nil
	}
	return &v
}

// value returns an optional field of a response, or the zero value.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// text returns the function of a flag that sets an optional field.
func text[T ~string](field **T) func(string) error {
	return func(v string) error {
		*field = optional(T(v))
		return nil
	}
}

// timestamp returns the function of a flag that sets an optional time.
func timestamp(field **time.Time) func(string) error {
	return func(v string) error {
		t, err := time.Parse(time.RFC3339, v)
		if err != nil {
			return errors.New("use RFC 3339, for example 2026-11-25T02:30:00Z")
		}
		*field = &t
		return nil
	}
}
