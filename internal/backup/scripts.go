package backup

import (
	"fmt"
	"io/fs"
)

// LoadScripts returns the backup script that instances run, by engine. Each script consists of the common part, the part of
// the engine, and a call of main in the last line, so that a truncated script does nothing.
func LoadScripts(files fs.FS) (map[EngineName]string, error) {
	common, err := fs.ReadFile(files, "backup/common.sh")
	if err != nil {
		return nil, fmt.Errorf("read the backup script: %w", err)
	}
	out := map[EngineName]string{}
	for _, name := range []EngineName{Restic, Duplicity} {
		own, err := fs.ReadFile(files, "backup/"+string(name)+".sh")
		if err != nil {
			return nil, fmt.Errorf("read the backup script: %w", err)
		}
		out[name] = string(common) + string(own) + "\nmain\n"
	}
	return out, nil
}
