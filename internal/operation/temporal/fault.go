package temporal

import "mycloudmanager/internal/fault"

// Unavailable returns the Unavailable fault of a request to Temporal that failed. err must not be nil.
func Unavailable(err error) error {
	return fault.New(fault.Unavailable, err, "Temporal does not respond")
}
