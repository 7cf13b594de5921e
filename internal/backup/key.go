package backup

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// KeyFile is the name of the file in the data folder that holds the project's backup key. File backups cannot be decrypted
// without this key.
const KeyFile = "backup.key"

// Password returns the password that encrypts the backup repository of an instance. It is derived from the project's key and
// the instance ID, so that no instance can decrypt the backups of another. The equivalent shell command:
//
//	printf %s <instance> | openssl dgst -sha256 -mac HMAC -macopt hexkey:<key>
func Password(key []byte, instance string) string {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(instance)) // hash.Hash.Write never returns an error
	return hex.EncodeToString(mac.Sum(nil))
}

// ContainerOf returns the name of the Swift container that holds the repository of an instance. Each engine has its own
// container.
func ContainerOf(instance string, engine EngineName) string {
	if engine == Duplicity {
		return "mcm-duplicity-" + instance
	}
	return "mcm-files-" + instance
}
