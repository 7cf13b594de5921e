package limit_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/platform/limit"
)

func TestLimiter_Acquire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limit.Limiter
		release, err := l.Acquire(t.Context(), 2, 3)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = l.Acquire(ctx, 2, 3)
		require.ErrorIs(t, err, context.DeadlineExceeded, "2 and 2 do not fit into 3")
		one, err := l.Acquire(t.Context(), 1, 3)
		require.NoError(t, err)
		release()
		one()
		all, err := l.Acquire(t.Context(), 100, 3)
		require.NoError(t, err, "a weight above the size counts as the size")
		all()
	})
}
