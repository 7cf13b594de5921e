package filebackup

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/backup/swiftproxy"
	"mycloudmanager/internal/openstack"
)

// repository holds the file backups of one instance. Its engine reads and writes it over the connection.
type repository struct {
	engine
	*connection
	exists bool
	locked bool
}

// open connects to the instance, and to its repository in the storage, which may not exist. The caller closes it.
func (a *Activities) open(ctx context.Context, t target) (*repository, error) {
	t.engineName, t.name = cmp.Or(t.engineName, backup.Restic), cmp.Or(t.name, t.host.Address)
	store, err := a.Cloud.Objects(ctx)
	if err != nil {
		return nil, err
	}
	c := &connection{target: t, script: a.Scripts[t.engineName], container: backup.ContainerOf(t.instance, t.engineName),
		password: backup.Password(a.Key, t.instance), store: store, records: a.Records}
	e, err := newEngine(c)
	if err != nil {
		return nil, err
	}
	c.program = e
	r := &repository{engine: e, connection: c}
	if t.access == swiftproxy.Append {
		if err := store.ContainerCreate(ctx, c.container, nil); err != nil {
			return nil, openstack.Fault("swift", err)
		}
	}
	if r.exists, r.locked, err = e.probe(ctx); err != nil {
		return nil, err
	}
	if err := c.connect(ctx, a); err != nil {
		return nil, err
	}
	return r, nil
}

// begin installs the engine, creates the repository if necessary, and removes the lock of an interrupted attempt.
func (s *repository) begin(ctx context.Context) error {
	if _, err := s.mustRun(ctx, "prepare", nil, nil); err != nil {
		return err
	}
	exists := "yes"
	if !s.exists {
		exists = "no"
	} else if !s.locked {
		return nil
	}
	_, err := s.mustRun(ctx, "begin", scriptInput{"exists": exists}, nil)
	s.exists = s.exists || err == nil
	return err
}

func tagged(list []snapshot, tag string) (snapshot, bool) {
	at := slices.IndexFunc(list, func(have snapshot) bool { return slices.Contains(have.Tags, tag) })
	if at < 0 {
		return snapshot{}, false
	}
	return list[at], true
}

// tagOf returns the value of the tag of that kind.
func tagOf(have snapshot, kind string) (string, bool) {
	for _, tag := range have.Tags {
		if value, ok := strings.CutPrefix(tag, kind); ok {
			return value, true
		}
	}
	return "", false
}
