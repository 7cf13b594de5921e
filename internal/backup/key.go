package backup

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// KeyFile is the project's backup key in the data folder: without it no soft backup can be opened.
const KeyFile = "backup.key"

// Password is what the repository of an instance is encrypted with. It is made of the project's key and
// the instance's id, so that an instance never holds what opens the files of another. The same by hand:
//
//	printf %s <instance> | openssl dgst -sha256 -mac HMAC -macopt hexkey:<key>
func Password(key []byte, instance string) string {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(instance)) // a hash takes everything
	return hex.EncodeToString(mac.Sum(nil))
}

// ContainerOf is the Swift container that is the repository of an instance: each engine has its own.
func ContainerOf(instance string, engine EngineName) string {
	if engine == Duplicity {
		return "mcm-duplicity-" + instance
	}
	return "mcm-files-" + instance
}
