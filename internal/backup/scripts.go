package backup

import (
	"fmt"
	"io/fs"
)

// LoadScripts reads what instances run to back up, by engine: a common half, the engine's, and the call of both
// last, so that a script that was cut off does nothing.
func LoadScripts(files fs.FS) (map[EngineName]string, error) {
	common, err := fs.ReadFile(files, "backup/common.sh")
	if err != nil {
		return nil, fmt.Errorf("the script of backups: %w", err)
	}
	out := map[EngineName]string{}
	for _, name := range []EngineName{Restic, Duplicity} {
		own, err := fs.ReadFile(files, "backup/"+string(name)+".sh")
		if err != nil {
			return nil, fmt.Errorf("the script of backups: %w", err)
		}
		out[name] = string(common) + string(own) + "\nmain\n"
	}
	return out, nil
}
